"""On which days an order brings somebody, and what has to change so that the visits are those days. Pure.

What this is: an order, its pauses and the person's absences to the visits that are wanted; those and the
visits that are there to what is to be added, altered, dropped, or taken up again. What it is not: who goes
(``plans``). The one idea: visits follow from the order and are never counted on: the same look twice changes
nothing, and what was changed in between comes right with the next.

Days are those of the tenant's calendar; every n days are counted from the order's first day, so a pause does
not shift them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from cloud.visits.duty import Absence

AHEAD_DAYS: Final = 9
"""Today, tomorrow, and the week that tomorrow's duties reach into (``plans.weeks.DAYS``)."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """Days on which an order rests, both included; ``until``: ``None``: nobody knows yet."""

    since: date
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the order rests on that day."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Order:
    """``weekdays``: 1 is Monday; or ``every_days`` from ``since`` on; one of the two. ``until``: the last
    day, or ``None``. A visit begins between ``open_min`` and ``due_min``, in minutes from midnight.
    """

    since: date
    until: date | None
    weekdays: frozenset[int]
    every_days: int | None
    open_min: int
    due_min: int

    def __post_init__(self) -> None:
        if bool(self.weekdays) == (self.every_days is not None):
            raise ValueError("an order: weekdays or every_days, one of the two")

    def asks(self, day: date) -> bool:
        """Whether it would bring somebody on that day, if nothing rested."""
        if day < self.since or (self.until is not None and day > self.until):
            return False
        if self.every_days is not None:
            return (day - self.since).days % self.every_days == 0
        return day.isoweekday() in self.weekdays


class State(StrEnum):
    """Where a visit of an order stands. ``DROPPED``: the loop cancelled it, and may take it up again;
    ``PEOPLE``: people cancelled it, or it has begun, so it stays as it is.
    """

    OPEN = "open"
    DROPPED = "dropped"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class Span:
    """Between which times a visit begins."""

    open_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class There:
    """A visit that is there. ``same``: what is done at it is what the order says."""

    number: int
    state: State
    span: Span
    same: bool = True


@dataclass(frozen=True, slots=True)
class Changes:
    """``add``: days and spans of new visits. ``alter``: visits to be told what the order says, with the
    spans; those that were dropped are taken up again. ``drop``: visits that nobody has to make.
    """

    add: tuple[tuple[date, Span], ...] = ()
    alter: tuple[tuple[int, Span], ...] = ()
    drop: tuple[int, ...] = ()


def wanted(
    order: Order, pauses: Iterable[Pause], absences: Iterable[Absence], now: datetime, zone: ZoneInfo
) -> dict[date, Span]:
    """Visits that are still to begin, from today on. Whoever is away for the whole of the time is not
    visited; whoever comes back within it is.
    """
    resting, away = tuple(pauses), tuple(absences)
    today = now.astimezone(zone).date()
    found = {}
    for day in (today + number * _DAY for number in range(AHEAD_DAYS)):
        if not order.asks(day) or any(one.holds(day) for one in resting):
            continue
        span = _span(order, day, zone)
        if span.due_at >= now and not any(_covers(one, span) for one in away):
            found[day] = span
    return found


def changes(wants: Mapping[date, Span], there: Mapping[date, There], now: datetime) -> Changes:
    """What makes ``there`` be ``wants``. What people cancelled is not made again, and what has begun or is
    over is nobody's to change.
    """
    return Changes(
        tuple((day, span) for day, span in wants.items() if day not in there),
        tuple(_altered(wants, there)),
        tuple(
            one.number
            for day, one in there.items()
            if day not in wants and one.state is State.OPEN and one.span.due_at >= now
        ),
    )


def _altered(wants: Mapping[date, Span], there: Mapping[date, There]) -> Iterator[tuple[int, Span]]:
    for day, span in wants.items():
        one = there.get(day)
        if one is None or one.state is State.PEOPLE:
            continue
        if one.state is State.DROPPED or one.span != span or not one.same:
            yield one.number, span


def _span(order: Order, day: date, zone: ZoneInfo) -> Span:
    midnight = datetime.combine(day, time(), zone)
    return Span(midnight + timedelta(minutes=order.open_min), midnight + timedelta(minutes=order.due_min))


def _covers(absence: Absence, span: Span) -> bool:
    return absence.since <= span.open_at and (absence.until is None or absence.until > span.due_at)
