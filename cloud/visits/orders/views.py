"""What the API says and hears of orders.

What this is: the shapes on the wire. What it is not: which days those are (``calendar``).
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud.visits.orders.store import Kept
from cloud.visits.plans.views import Skill
from cloud.visits.records.views import Id, Service

Weekday = Annotated[int, Field(ge=1, le=7, description="1 is Monday")]
Minute = Annotated[int, Field(ge=0, lt=24 * 60, description="from midnight, by the tenant's clock")]
_EARLIEST: Final = date(2020, 1, 1)
_LATEST: Final = date(2199, 12, 31)
Day = Annotated[date, Field(ge=_EARLIEST, le=_LATEST, description="by the tenant's calendar")]


class OrderKind(StrEnum):
    """Which visits come again and again."""

    SERVICE = "service"
    ASSESSMENT = "assessment"
    REGULAR = "regular"
    WELFARE = "welfare"


class PauseWhy(StrEnum):
    """Why an order rests."""

    HOSPITAL = "hospital"
    AWAY = "away"
    OTHER = "other"


class EndWhy(StrEnum):
    """Why an order ended: somebody said so, or the person is not there any more."""

    SAID = "said"
    DIED = "died"
    MOVED = "moved"


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OrderSaid(_Said):
    """What comes when. ``weekdays``, or ``every_days`` counted from ``since``; one of the two. Begins between
    ``open_min`` and ``due_min``. ``minutes``, ``people``: null: as the services take; ``skills``: beside
    those that they take. ``until``: the last day; null: until somebody ends it.
    """

    kind: OrderKind
    services: list[Service] = Field(default=[], max_length=len(Service))
    weekdays: list[Weekday] = Field(default=[], max_length=7)
    every_days: Annotated[int, Field(ge=1, le=366)] | None = None
    open_min: Minute
    due_min: Minute
    minutes: Annotated[int, Field(ge=1, le=480)] | None = None
    people: Annotated[int, Field(ge=1, le=2)] | None = None
    skills: list[Skill] = Field(default=[], max_length=20)
    since: Day
    until: Day | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.weekdays) == (self.every_days is not None):
            raise ValueError("weekdays or every_days: one of the two, please")
        if self.due_min < self.open_min:
            raise ValueError("due_min is not before open_min")
        if self.until is not None and self.until < self.since:
            raise ValueError("until is not before since")
        if bool(self.services) != (self.kind is OrderKind.SERVICE):
            raise ValueError("services belong to an order of kind service, and it has some")
        return self


class NewOrder(OrderSaid):
    """An order for somebody."""

    resident_id: Id


class OrderChanged(OrderSaid):
    """The whole order as it shall be, and which version of it that was."""

    version: Id


class Paused(_Said):
    """Days on which nobody comes, both included; ``until``: null: nobody knows yet."""

    why: PauseWhy
    since: Day
    until: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("until is not before since")
        return self


class Resumed(_Said):
    """``day``: the first one on which somebody comes again."""

    day: Day


class PauseView(_View):
    """Days on which an order rests."""

    since: date
    until: date | None
    why: PauseWhy


class OrderView(_View):
    """An order. ``days``: those of the next nine on which somebody comes. ``pauses``: those that are not
    over; in hospital and away are left out by themselves.
    """

    id: int
    home_id: int
    resident_id: int
    resident: str
    kind: OrderKind
    services: list[str]
    weekdays: list[int]
    every_days: int | None
    open_min: int
    due_min: int
    minutes: int | None
    people: int | None
    skills: list[str]
    since: date
    until: date | None
    version: int
    made_at: datetime
    ended_at: datetime | None
    ended_why: EndWhy | None
    days: list[date]
    pauses: list[PauseView]

    @classmethod
    def of(cls, kept: Kept) -> Self:
        """As it is kept."""
        named = {key: kept.row[key] for key in cls.model_fields.keys() & kept.row.keys()}
        pauses = [PauseView(since=one["since"], until=one["until"], why=one["why"]) for one in kept.pauses]
        return cls(**named, days=sorted(kept.days), pauses=pauses)


class OrderList(_View):
    """Of one home, the newest first, at most 100."""

    orders: list[OrderView]
