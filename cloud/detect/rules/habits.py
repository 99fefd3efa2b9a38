"""What is usual for this person: a few numbers of each of their days, and what those days say together. Pure.

What this is: ``day_of`` (a day's numbers) and ``Habits`` (up to 28 of them). What it is not: a model; the
days are few and anybody can check them. The one idea: below seven days nothing is usual, and rules for
everybody hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Final

import msgspec

from cloud.detect.rules.house import BATHROOM, BEDROOM, House, Life
from firmware_protocols.wire.plan import Plan
from firmware_protocols.wire.plan_rules import Hours

DAYS: Final = 28
FEWEST: Final = 7
"""Days of a person's own below which the rules for everybody hold (care domain, section 5)."""
RISING: Final = time(5)
"""Whoever is up before that was up in the night. D."""
_TELLING: Final = 10
"""A day with fewer signs of life was not seen. D."""
_AWAY: Final = timedelta(hours=8)
"""A day with so long an outing is a day of absence, as in ``cloud.detect.routine.history``. D."""
_HALL: Final = "hall"
MIDNIGHT: Final = time(0)
ONE_DAY: Final = timedelta(days=1)
PLUGS: Final = frozenset({"plug"})
NOT_UP_IN: Final = frozenset({"", BEDROOM, BATHROOM, _HALL})
"""Where somebody may be between two sleeps; a sign of life elsewhere is of somebody who is up. D."""


class Day(msgspec.Struct, frozen=True, omit_defaults=True):
    """One local day of somebody. Minutes after midnight: ``up``: first seen to be up; ``uses``: the first
    use of each plug, by device. Minutes: ``gap``: the longest without a sign of life by day, at home;
    ``outings``, ``baths``: each, by its end.

    By device: ``worn``: the share of the hours with somebody about in which it was; ``fired``: how often it
    said that somebody is there; ``peak``: how often in its busiest hour (``device_days``).

    ``told``: enough was seen to say anything. ``ate``: how many signs of life the kitchen gave in each meal
    window of the plan."""

    told: bool = False
    up: float | None = None
    gap: float = 0.0
    outings: tuple[float, ...] = ()
    baths: tuple[float, ...] = ()
    uses: dict[str, float] = {}
    ate: tuple[int, ...] = ()
    worn: dict[str, float] = {}
    fired: dict[str, int] = {}
    peak: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Habits:
    """The last days of which anything is known, by date. ``latest``: the last day that was gone through."""

    days: tuple[tuple[date, Day], ...] = ()
    latest: date | None = None

    @property
    def known(self) -> bool:
        """Whether there are enough days for anything to be usual."""
        return len(self.days) >= FEWEST

    def ups(self) -> list[float]:
        """When they were up, minutes after midnight."""
        return [day.up for _, day in self.days if day.up is not None]

    def gaps(self) -> list[float]:
        """The longest gap of each day, minutes."""
        return [day.gap for _, day in self.days if day.gap]

    def outings(self) -> list[float]:
        """All outings, minutes."""
        return [minutes for _, day in self.days for minutes in day.outings]

    def baths(self) -> list[float]:
        """All stays in the bathroom, minutes."""
        return [minutes for _, day in self.days for minutes in day.baths]

    def first_uses(self, device: str) -> list[float]:
        """When ``device`` was first used, minutes after midnight, on the days on which it was."""
        return [day.uses[device] for _, day in self.days if device in day.uses]

    def eats_in(self, window: int) -> float | None:
        """On which share of days the kitchen was used in this meal window; ``None``: not known yet."""
        counts = [day.ate[window] for _, day in self.days if len(day.ate) > window]
        return sum(count > 0 for count in counts) / len(counts) if len(counts) >= FEWEST else None


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest of ``values`` below or at which ``share`` of them lie. There must be one."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def is_up(life: Life) -> bool:
    """Whether this is the sign of somebody who is up, and not only awake."""
    return life.kind != "bed" and life.room not in NOT_UP_IN


def local_time(plan: Plan, day: date, at: time) -> datetime:
    """That time of that day at home."""
    return datetime.combine(day, at, plan.zone)


def span(plan: Plan, day: date, hours: Hours) -> tuple[datetime, datetime]:
    """When ``hours`` of ``day`` begin and end."""
    begins = local_time(plan, day, time.fromisoformat(hours.begins))
    ends = local_time(plan, day, time.fromisoformat(hours.ends))
    return begins, ends if ends > begins else ends + timedelta(days=1)


def minutes(length: timedelta) -> int:
    """Whole minutes."""
    return int(length // timedelta(minutes=1))


def windows(plan: Plan, day: date) -> Iterator[tuple[datetime, datetime]]:
    """The meal windows of ``day``."""
    for hours in plan.watch.meals.windows:
        yield span(plan, day, hours)


def day_of(house: House, plan: Plan, day: date, names: Mapping[int, str]) -> Day:
    """The numbers of ``day``, which is wholly known. ``names``: of the plugs, by device."""
    begins, ends = local_time(plan, day, MIDNIGHT), local_time(plan, day + ONE_DAY, MIDNIGHT)
    lives = house.between(begins, ends)
    if len(lives) < _TELLING or house.was_out(begins, ends, _AWAY) or house.was_deaf(begins, ends):
        return Day()
    rising = local_time(plan, day, RISING)
    ups = (life.at for life in lives if life.at >= rising and is_up(life))
    uses: dict[str, float] = {}
    for life in lives:
        if life.sign.device_id in names and life.at >= rising:
            uses.setdefault(names[life.sign.device_id], _minutes(life.at - begins))
    return Day(
        told=True,
        up=next((_minutes(at - begins) for at in ups), None),
        gap=_longest_gap(house, plan, day),
        outings=tuple(stay.minutes(ends) for stay in house.outings if _ends_in(stay.until, begins, ends)),
        baths=tuple(stay.minutes(ends) for stay in house.baths if _ends_in(stay.until, begins, ends)),
        uses=uses,
        ate=tuple(
            sum(life.room == "kitchen" for life in house.between(*window)) for window in windows(plan, day)
        ),
    )


def _longest_gap(house: House, plan: Plan, day: date) -> float:
    """Minutes; gaps in which they were out do not count."""
    lives = house.between(*span(plan, day, plan.rules.stillness.day))
    gaps = (
        _minutes(after.at - before.at)
        for before, after in pairwise(lives)
        if not house.was_out(before.at, after.at, timedelta(minutes=1))
    )
    return max(gaps, default=0.0)


def _ends_in(until: datetime | None, begins: datetime, ends: datetime) -> bool:
    return until is not None and begins <= until < ends


def _minutes(span: timedelta) -> float:
    return round(span / timedelta(minutes=1), 1)
