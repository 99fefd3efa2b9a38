"""Somebody's day as their family may hear of it: a handful of plain moments. Pure.

What this is: which signs of a home become a moment (got up, in the kitchen at a meal time, left, came home,
measured something, was visited). What it is not: words (``words``), or a judgement; nothing here says well
or ill. The one idea: a family hears what a neighbour across the yard would notice, and no more: no rooms,
no coming and going inside, and times only to five minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from cloud.detect.rules.habits import MIDNIGHT, ONE_DAY, RISING, is_up, local_time, windows
from cloud.detect.rules.house import House, Life, Stay
from firmware_protocols.supervision import BY_HAND
from firmware_protocols.wire.plan import Plan

ROUNDED: Final = timedelta(minutes=5)
"""[D] Coarser than any sensor, fine enough to know when to call."""
SHORTEST_OUTING: Final = timedelta(minutes=10)
"""[D] Whoever takes out the rubbish has not left home."""
_NIGHT_FROM: Final = time(22)
_ONCE: Final = timedelta(hours=1)
"""[D] Three readings one after the other are one measurement."""
KITCHEN: Final = "kitchen"


class What(StrEnum):
    """What happened."""

    UP = "up"
    MEAL = "meal"
    LEFT = "left"
    BACK = "back"
    MEASURED = "measured"
    VISIT = "visit"


@dataclass(frozen=True, slots=True)
class Moment:
    """``at``: when it began, rounded down. ``detail``: which meal (``0`` the first), which device, what kind
    of visit. ``who``: a visitor's name.
    """

    at: datetime
    what: What
    detail: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Visited:
    """Somebody of the centre was there. ``kind``: ``cloud.visits.forms.table.VisitKind``."""

    at: datetime
    kind: str
    who: str


def moments(house: House, plan: Plan, day: date, visits: Iterable[Visited] = ()) -> list[Moment]:
    """The moments of ``day``, in order."""
    begins, ends = local_time(plan, day, MIDNIGHT), local_time(plan, day + ONE_DAY, MIDNIGHT)
    seen = [
        *_up(house, local_time(plan, day, RISING), ends),
        *_meals(house, plan, day),
        *_outings(house.outings, begins, ends),
        *_measured(house.between(begins, ends)),
        *(Moment(one.at, What.VISIT, one.kind, one.who) for one in visits if begins <= one.at < ends),
    ]
    return [Moment(rounded(one.at), one.what, one.detail, one.who) for one in sorted(seen, key=_at)]


def nights_up(house: House, plan: Plan, day: date) -> int:
    """How often they went to the bathroom in the night before ``day``."""
    begins = local_time(plan, day - ONE_DAY, _NIGHT_FROM)
    return sum(begins <= stay.since < local_time(plan, day, RISING) for stay in house.baths)


def rounded(at: datetime) -> datetime:
    """``at``, down to ``ROUNDED``."""
    return at - timedelta(
        minutes=at.minute % (ROUNDED // timedelta(minutes=1)), seconds=at.second, microseconds=at.microsecond
    )


def _up(house: House, rising: datetime, ends: datetime) -> Iterator[Moment]:
    first = next((life for life in house.between(rising, ends) if is_up(life)), None)
    if first is not None and not house.was_deaf(rising, first.at):
        yield Moment(first.at, What.UP)


def _meals(house: House, plan: Plan, day: date) -> Iterator[Moment]:
    for number, (begins, ends) in enumerate(windows(plan, day)):
        used = next((life for life in house.between(begins, ends) if life.room == KITCHEN), None)
        if used is not None:
            yield Moment(used.at, What.MEAL, str(number))


def _outings(outings: Iterable[Stay], begins: datetime, ends: datetime) -> Iterator[Moment]:
    """One that still lasts counts: whoever is out is out."""
    for stay in outings:
        if stay.until is not None and stay.until - stay.since < SHORTEST_OUTING:
            continue
        if begins <= stay.since < ends:
            yield Moment(stay.since, What.LEFT)
        if stay.until is not None and begins <= stay.until < ends:
            yield Moment(stay.until, What.BACK)


def _measured(lives: Iterable[Life]) -> Iterator[Moment]:
    last: dict[str, datetime] = {}
    for life in lives:
        if life.kind not in BY_HAND:
            continue
        if life.kind not in last or life.at - last[life.kind] >= _ONCE:
            yield Moment(life.at, What.MEASURED, life.kind)
        last[life.kind] = life.at


def _at(moment: Moment) -> datetime:
    return moment.at
