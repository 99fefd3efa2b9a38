"""What the API says and hears of who is away, and of days that were mended.

What this is: the shapes on the wire. What it is not: a rule about them (``running``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cloud.auth import Locale
from cloud.visits.check import Fault
from cloud.visits.plans.running import Why
from cloud.visits.plans.views import Township
from cloud.visits.plans.words import MOVED


class AwayWhy(StrEnum):
    """Why somebody cannot be sent."""

    SICK = "sick"
    LEAVE = "leave"
    OTHER = "other"


class MendWhy(StrEnum):
    """What happened to a day."""

    AWAY = "away"
    CALLED = "called"
    ADDED = "added"
    CANCELLED = "cancelled"
    ASKED = "asked"


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class AwayAsked(BaseModel):
    """That somebody cannot be sent from now on. ``back_at``: nothing while nobody knows."""

    model_config = ConfigDict(extra="forbid")

    why: AwayWhy
    back_at: AwareDatetime | None = None


class BackAsked(BaseModel):
    """When somebody is back."""

    model_config = ConfigDict(extra="forbid")

    back_at: AwareDatetime


class AwayView(_View):
    """Somebody who cannot be sent."""

    id: int
    staff_id: int
    name: str
    why: AwayWhy
    since: datetime
    back_at: datetime | None


class AwayList(_View):
    """Those who are away now or later."""

    away: list[AwayView]


class MendAsked(BaseModel):
    """Which running day; without a township: each that was planned."""

    model_config = ConfigDict(extra="forbid")

    township: Township | None = None


class MendView(_View):
    """A running day that was looked at again. ``made_at``: nothing until it is done. ``moved``: visits that
    others make, or nobody; ``left_out``: visits to which nobody goes now. ``faults``: why the checker
    refused it; then nothing was changed.
    """

    id: int
    township: str
    on_day: date
    why: list[MendWhy]
    asked_at: datetime
    asked_by: int | None
    made_at: datetime | None
    moved: int | None
    left_out: int | None
    faults: list[Fault]


class MendList(_View):
    """Of one day, the newest last."""

    mends: list[MendView]


class MovedView(_View):
    """One visit that was moved: who was to go when, who goes now, and why in a word and a sentence."""

    visit_id: int
    resident_id: int
    home_id: int
    name: str
    was: Annotated[list[int], Field(description="numbers of staff; empty: nobody")]
    now: list[int]
    was_at: datetime | None
    now_at: datetime | None
    why: Why
    sentence: str

    @classmethod
    def of(cls, row: Mapping[str, Any], locale: Locale) -> Self:
        """From a row of the database, in words of ``locale``."""
        return cls(**row, sentence=MOVED[locale][Why(row["why"])])


class MovedList(_View):
    """In the order of the day, at most 500."""

    moved: list[MovedView]
