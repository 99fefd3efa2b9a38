"""What the API says and hears of assessments.

What this is: the shapes on the wire. What it is not: a level: it is worked out, and whoever sends one is
refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator

from cloud.access import Text
from cloud.visits.ability.due import Reason
from cloud.visits.ability.items import ITEMS, Domain
from cloud.visits.ability.judge import Answers, Diagnosis, Override, RiskEvent
from cloud.visits.records.views import MeantVisit


class Informant(StrEnum):
    """Who answered."""

    SELF = "self"
    FAMILY = "family"
    CARER = "carer"
    OTHER = "other"


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DiagnosisView(_Said):
    """``code``: ICD-10. ``by_psychiatrist``: who made it."""

    code: Annotated[Text, Field(min_length=3, max_length=10)]
    by_psychiatrist: StrictBool = False


class NewAssessment(_Said):
    """The 26 items by their keys, more points for more able. ``key``: drawn once by the device, so that it
    may be sent again. ``visit_id`` or ``visit``: where it was held; that visit then bears its signatures.
    ``risk_events`` of the 30 days before: left out, they are counted from what is known.
    """

    key: UUID
    visit_id: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    visit: MeantVisit | None = None
    reason: Reason
    assessed_on: date
    informant: Informant
    points: dict[Annotated[str, Field(max_length=40)], StrictInt] = Field(max_length=2 * len(ITEMS))
    coma: StrictBool = False
    diagnoses: list[DiagnosisView] = Field(default=[], max_length=50)
    risk_events: dict[RiskEvent, Annotated[int, Field(ge=0, le=99)]] = {}

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if self.visit_id is not None and self.visit is not None:
            raise ValueError("one of visit_id and visit")
        return self

    @property
    def answers(self) -> Answers:
        """As the judge takes them."""
        diagnoses = tuple(Diagnosis(one.code, one.by_psychiatrist) for one in self.diagnoses)
        return Answers(self.points, self.coma, diagnoses, self.risk_events)


class Second(_Said):
    """Whether the second assessor judges the same; ``why`` not, in words."""

    agrees: StrictBool
    why: Annotated[Text, Field(max_length=1_000)] = ""


class NewCareEvent(_Said):
    """A fall, a choking, a wandering that no alarm has told."""

    kind: RiskEvent
    on_day: date
    words: Annotated[Text, Field(max_length=1_000)] = ""


class AssessmentView(_View):
    """An assessment: how it came about, by points and by what moved it. It holds once both have signed;
    ``refused_at``: the second judged otherwise.
    """

    id: int
    resident_id: int
    home_id: int
    visit_id: int | None
    reason: Reason
    assessed_on: date
    informant: Informant
    points: Mapping[str, int]
    coma: bool
    diagnoses: list[DiagnosisView]
    risk_events: Mapping[RiskEvent, int]
    total: int
    domains: Mapping[Domain, int]
    by_points: int
    level: int
    overrides: list[Override]
    first_id: int
    first_by: str | None
    first_signed_at: datetime
    second_id: int | None
    second_by: str | None
    second_signed_at: datetime | None
    refused_at: datetime | None
    refused_why: str


class AbilityView(_View):
    """How it stands with somebody's ability. ``level``: that holds now, of the register where nobody has
    assessed them. ``proposed``: why they should be assessed now; ``due_at``: by when. ``counted``:
    care-risk events of the last 30 days. ``assessments``: the newest first.
    """

    resident_id: int
    home_id: int
    level: int
    proposed: Reason | None
    due_at: datetime | None
    counted: Mapping[RiskEvent, int]
    assessments: list[AssessmentView]
