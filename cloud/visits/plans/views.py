"""What the API says and hears of plans of a day.

What this is: the shapes on the wire. What it is not: a rule about them (``build``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud.auth import Locale
from cloud.visits.check import Fault
from cloud.visits.forms.table import VisitKind
from cloud.visits.plans.build import Why
from cloud.visits.plans.words import sentence
from cloud.visits.week import Because

Township = Annotated[str, Field(pattern=r"^[0-9]{9}$", description="the first nine digits of a division")]
Minute = Annotated[int, Field(ge=0, le=1440, description="from midnight")]
Skill = Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]


class Travels(StrEnum):
    """How somebody travels to their visits."""

    WALK = "walk"
    BIKE = "bike"
    CAR = "car"


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class WorkerAsked(BaseModel):
    """When and from where somebody may be sent, and what they are able to do."""

    model_config = ConfigDict(extra="forbid")

    township: Township
    skills: Annotated[list[Skill], Field(max_length=20)]
    mode: Travels
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    begin_min: Minute
    end_min: Minute
    rests: bool

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end_min <= self.begin_min:
            raise ValueError("end_min: want later than begin_min")
        return self


class WorkerView(WorkerAsked):
    """Somebody who may be sent."""

    staff_id: int
    name: str


class WorkerList(_View):
    """Those of one township, or all."""

    workers: list[WorkerView]


class PlanAsked(BaseModel):
    """Which day, and which township; without one: each in which somebody works."""

    model_config = ConfigDict(extra="forbid")

    day: date
    township: Township | None = None


class PlanView(_View):
    """A plan that was asked for. ``made_at``: nothing until it is made. ``left_out``: what was to be made on
    this day; who was given another one is not counted. ``faults``: why the checker refused it; then no visit
    was planned by it.
    """

    id: int
    township: str
    on_day: date
    asked_at: datetime
    asked_by: int | None
    made_at: datetime | None
    appointments: int | None
    left_out: int | None
    travel_min: int | None
    faults: list[Fault]


class PlanList(_View):
    """Of one day, the last that was made of a township last."""

    plans: list[PlanView]


class LeftView(_View):
    """Who is not visited on this day, and why not in a word and a sentence. ``on_day``, ``because``: the day
    that they were given, and why; null where there is none.
    """

    resident_id: int
    home_id: int
    name: str
    kind: VisitKind
    due_at: datetime | None
    why: Why
    on_day: date | None
    because: Because | None
    sentence: str

    @classmethod
    def of(cls, row: Mapping[str, Any], locale: Locale) -> Self:
        """From a row of the database, in words of ``locale``."""
        because = Because(row["because"]) if row["because"] else None
        return cls(**row, sentence=sentence(locale, Why(row["why"]), row["on_day"], because))


class LeftList(_View):
    """Those owed the longest first, at most 500."""

    left: list[LeftView]
