"""What the routes of consent answer with, and what they take."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cloud.access import Text
from cloud.auth import Role
from cloud.consent.decide import By, Decision, Entry, How
from cloud.consent.purposes import Purpose
from cloud.cursors import Asked, Page


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class PurposeView(_View):
    """One purpose as it stands. ``allowed``: now. ``since``: since when it is not, if somebody ever said so.
    ``basis``: the law's other ground. ``recipient``: whether consent must name who receives the data.
    """

    purpose: Purpose
    allowed: bool
    since: datetime | None
    device_kinds: list[str]
    quantities: list[str]
    events: list[str]
    readers: list[Role]
    basis: str
    recipient: bool


class ConsentView(_View):
    """One word, as it was written down. ``at`` unset: before anything was collected."""

    id: int
    purpose: Purpose
    decision: Decision
    at: datetime | None
    recorded_at: datetime | None
    actor: str
    by_whom: By
    by_name: str
    authority: str
    capacity: str
    how: How
    witness: str
    recipient: str
    text_version: str
    valid_until: datetime | None


class Consents(_View):
    """All that a resident has said, oldest first, and how each purpose stands."""

    resident_id: int
    home_id: int
    purposes: list[PurposeView]
    records: list[ConsentView]


class NewConsent(BaseModel):
    """A word to write down. ``at``: when it was said. ``by_name``, ``authority``: the guardian or relative
    and the document that lets them speak. ``capacity``: why the person can decide in spite of a loss.
    """

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose
    decision: Decision
    by: By
    how: How
    at: AwareDatetime
    text_version: Text = Field(default="", max_length=64)
    by_name: Text = Field(default="", max_length=100)
    authority: Text = Field(default="", max_length=200)
    capacity: Text = Field(default="", max_length=500)
    witness: Text = Field(default="", max_length=100)
    recipient: Text = Field(default="", max_length=200)
    valid_until: AwareDatetime | None = None

    @property
    def entry(self) -> Entry:
        """The same for ``decide``."""
        return Entry(**self.model_dump())


class Reason(BaseModel):
    """Why somebody must read on."""

    model_config = ConfigDict(extra="forbid")

    reason: Text = Field(min_length=3, max_length=500)


class EmergencyAccess(_View):
    """The glass is broken: until ``until`` the home's card is shown to this reader as if nothing were
    withheld. ``evidence``: what the incident rests on.
    """

    id: int
    home_id: int
    until: datetime
    evidence: dict[str, Any]


class AccessView(_View):
    """One time that somebody read in spite of a missing consent. ``home``: its key, empty where it is
    another tenant's. ``review_by``: by when somebody else has to
    have looked at it; ``overdue``: nobody has. ``reviewed_by``: number of that person.
    """

    id: int
    home_id: int
    home: str
    incident_id: int
    staff_id: int
    reader: str
    reason: str
    at: datetime
    until: datetime
    review_by: datetime
    overdue: bool
    reviewed_by: int | None
    reviewed_at: datetime | None
    justified: bool | None
    remark: str


class AccessesAsked(Asked):
    """Which of them."""

    reviewed: Annotated[
        bool | None, Field(description="true: only reviewed ones; false: only those that wait")
    ] = None


class ReviewPage(Page[AccessView]):
    """Some of them, the oldest first."""


class Review(BaseModel):
    """What the second person makes of it."""

    model_config = ConfigDict(extra="forbid")

    justified: bool
    remark: Text = Field(default="", max_length=1_000)
