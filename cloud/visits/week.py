"""Which day of the week ahead each open duty is given, and why that one. Pure.

What this is: duties of one township, the minutes that people have on each day, and a day for each duty, so
that no day is overfull and nothing comes late. What it is not: a plan of a day (``plans``); who goes when is
asked on the evening before. The one idea: minutes flow from full days to free ones along the cheapest chain
of at most three duties (successive shortest paths over eight days), so each duty that is not on the day that
suits it best can name the day that was full.

Days are numbers from the first one, 0, that is still to be planned.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise, permutations
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

Skills = frozenset[str]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SLACK: Final = 0.85
"""The share of a day that is given away; the rest is kept for emergencies (``dispatch.md`` 3.3: 15 %)."""
WHOLE: Final = 1.0
"""The share that is given away rather than let somebody wait too long."""
SECOND_TRY_MIN: Final = 8.0
"""What it is worth to come a day before the last one, because some do not open. D."""
KEPT_MIN: Final = 20.0
"""What it is worth not to give another day than yesterday evening. D, as much as another carer is worth."""
SOONER_MIN: Final = 15.0
"""What a day of waiting costs somebody to whom something has happened. D."""
LATE_MIN: Final = 1_000.0
"""What a day costs that somebody waits too long; more than any way."""
CHAIN: Final = 3
"""Duties that change their day at once, at most."""
GROUPS: Final = 256
"""Sets of needs that are looked at together, about. They double with each skill that somebody asks for, and
that is anybody's word; the plan of the day asks all of them. D.
"""
_ENOUGH_MIN: Final = 1e-6


class Because(StrEnum):
    """Why a duty has its day."""

    OVERDUE = "overdue"
    LATE = "late"
    ROOM = "room"
    SOONER = "sooner"
    NEAR = "near"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A day, by its number, and why."""

    day: int
    because: Because


@dataclass(frozen=True, slots=True)
class Owed:
    """A duty. ``minutes``: of each who goes, with the way; ``needs``: what each must be able to do. ``last``:
    the last day on which it is not late, below 0 for what is overdue, also behind the week. ``period_days``:
    the next one is owed so long after this one, so coming early is work done twice. ``sooner``: something has
    happened. ``ways``: minutes to the nearest place to which somebody goes anyway, for each day.
    """

    key: Hashable
    minutes: float
    needs: tuple[Skills, ...]
    last: int
    period_days: float
    ways: tuple[float, ...]
    sooner: bool = False
    kept: Chosen | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """What has its day already. ``minutes``, ``needs``: as of what is owed."""

    day: int
    minutes: float
    needs: tuple[Skills, ...]


Room = Mapping[Skills, float]
"""Minutes that people have on one day, by what they are able to do."""


def choose(
    owed: Sequence[Owed], rooms: Sequence[Room], booked: Sequence[Booked] = (), share: float = SLACK
) -> dict[Hashable, Chosen]:
    """A day for each of ``owed``. ``rooms``: the days, the first one first; ``booked``: what takes of them
    already.

    What does not fit into ``share`` of the days until it is due may take what was kept for emergencies, and
    then comes late, by as few days as can be. A week with too little room for all leaves days overfull.
    """
    if not owed:
        return {}
    week = _Week(owed, rooms, booked)
    week.level(share, in_time=True)
    week.level(WHOLE, in_time=False)
    return {one.key: Chosen(int(week.day[row]), week.because(row)) for row, one in enumerate(owed)}


def overfull_min(
    owed: Sequence[Owed], rooms: Sequence[Room], days: Mapping[Hashable, int], share: float
) -> Floats:
    """By how many minutes each day asks for more than ``share`` of those who are able have."""
    week = _Week(owed, rooms)
    week.day[:] = [days[one.key] for one in owed]
    by_day: Floats = week.over(week.loads(), share).max(axis=1)
    return by_day


class _Week:
    """The duties as rows, the days as columns; ``day`` is what is looked for."""

    def __init__(self, owed: Sequence[Owed], rooms: Sequence[Room], booked: Sequence[Booked] = ()) -> None:
        self.owed = owed
        needs = [one.needs for one in owed] + [one.needs for one in booked]
        groups = list(_groups({need for each in needs for need in each}))
        self.takes = np.array([[_takes(one, group) for group in groups] for one in owed])
        self.has = np.array([[_has(room, group) for group in groups] for room in rooms])
        self.asked = np.zeros_like(self.has)
        for visit in booked:
            self.asked[visit.day] += [_takes(visit, group) for group in groups]
        self.cost = np.array([_costs(one, len(rooms)) for one in owed])
        self.lasts = np.array([max(one.last, 0) for one in owed])
        self.best = self.cost.argmin(axis=1)
        self.day = self.best.copy()
        self.rows, self.days = np.arange(len(owed)), np.arange(len(rooms))

    def loads(self) -> Floats:
        """Minutes that each day asks of each group."""
        found = self.asked.copy()
        np.add.at(found, self.day, self.takes)
        return found

    def over(self, loads: Floats, share: float) -> Floats:
        """Minutes beyond ``share`` of what each group has."""
        return np.maximum(loads - share * self.has, 0.0)

    def level(self, share: float, *, in_time: bool) -> None:
        """Let duties leave full days until none is overfull, or nothing helps any more."""
        allowed = self.days[None, :] <= self.lasts[:, None]
        if not in_time:
            allowed = np.ones_like(allowed)
        stuck = np.zeros_like(self.has, dtype=bool)
        while True:
            loads = self.loads()
            over = np.where(stuck, 0.0, self.over(loads, share))
            if over.max() <= _ENOUGH_MIN:
                return
            full, group = np.unravel_index(over.argmax(), over.shape)
            if not self._relieve(int(full), int(group), loads, share, allowed):
                stuck[full, group] = True

    def _relieve(self, full: int, group: int, loads: Floats, share: float, allowed: Flags) -> bool:
        """Carry out the cheapest chain that leads away from ``full`` and leaves less than before beyond."""
        before = self.over(loads, share).sum()
        for chain in self._chains(full, group, loads, share, allowed):
            self.day[list(chain)], was = list(chain.values()), self.day[list(chain)]
            if self.over(self.loads(), share).sum() < before - _ENOUGH_MIN:
                return True
            self.day[list(chain)] = was
        return False

    def _chains(
        self, full: int, group: int, loads: Floats, share: float, allowed: Flags
    ) -> list[dict[int, int]]:
        """Duties and the days that they go to, the cheapest by minute first."""
        minutes = self.takes[:, group]
        now = self.cost[self.rows, self.day]
        with np.errstate(divide="ignore", invalid="ignore"):
            price = np.where(
                allowed & (minutes[:, None] > 0), (self.cost - now[:, None]) / minutes[:, None], inf
            )
        fits = ((loads[None, :, :] + self.takes[:, None, :] <= share * self.has[None, :, :]).all(axis=2)) | (
            self.takes[:, None, :] == 0
        ).all(axis=2)
        passing, ending = self._cheapest(price), self._cheapest(np.where(fits, price, inf))
        others = [int(one) for one in self.days if one != full]
        found: list[tuple[float, dict[int, int]]] = []
        for length in range(1, CHAIN + 1):
            for path in permutations(others, length):
                steps = list(pairwise((full, *path)))
                edges = [*(passing[step] for step in steps[:-1]), ending[steps[-1]]]
                total = sum(cost for cost, _ in edges)
                if total < inf:
                    found.append((total, {row: day for (_, row), (_, day) in zip(edges, steps, strict=True)}))
        return [chain for _, chain in sorted(found, key=lambda one: one[0])]

    def _cheapest(self, price: Floats) -> dict[tuple[int, int], tuple[float, int]]:
        """For each pair of days, the duty that changes from one to the other at the least price."""
        found: dict[tuple[int, int], tuple[float, int]] = {}
        for here in self.days:
            rows = np.flatnonzero(self.day == here)
            for there in self.days:
                least = rows[price[rows, there].argmin()] if len(rows) else 0
                cost = float(price[least, there]) if len(rows) else inf
                found[int(here), int(there)] = cost, int(least)
        return found

    def because(self, row: int) -> Because:
        """Why a duty has the day that it has."""
        one, day = self.owed[row], int(self.day[row])
        if day > max(one.last, 0):
            return Because.LATE
        if one.last < 0:
            return Because.OVERDUE
        if one.kept is not None and one.kept.day == day:
            return one.kept.because
        if day != self.best[row]:
            return Because.ROOM
        if one.sooner:
            return Because.SOONER
        alone = int(np.argmin(_costs(one, len(self.days), ways=False)))
        return Because.DUE if day == alone else Because.NEAR


def _groups(needs: set[Skills]) -> Iterator[frozenset[Skills]]:
    """Sets of needs whose minutes together may not be more than those of the people who are able to do any of
    them (Hall's condition); only those that differ in who is able, each need alone and all together in any
    case.
    """
    alone = {frozenset(other for other in needs if need <= other) for need in needs}
    known = alone | {frozenset(needs)}
    for one in sorted(alone, key=_by_size):
        if 2 * len(known) > GROUPS:
            break
        known |= {one | other for other in known}
    yield from sorted(known, key=_by_size)


def _by_size(group: frozenset[Skills]) -> tuple[int, list[list[str]]]:
    return len(group), sorted(map(sorted, group))


def _takes(one: Owed | Booked, group: frozenset[Skills]) -> float:
    return one.minutes * sum(need in group for need in one.needs)


def _has(room: Room, group: frozenset[Skills]) -> float:
    return sum(minutes for skills, minutes in room.items() if any(need <= skills for need in group))


def _costs(one: Owed, days: int, *, ways: bool = True) -> list[float]:
    return [_cost(one, day) + (one.ways[day] if ways else 0.0) for day in range(days)]


def _cost(one: Owed, day: int) -> float:
    """Of making it on ``day``, in minutes of people, without the way."""
    last = max(one.last, 0)
    if day > last:
        return LATE_MIN * (day - last)
    cost = SOONER_MIN * day if one.sooner else one.minutes * (last - day) / one.period_days
    cost += SECOND_TRY_MIN * (day == last and last > 0)
    return cost + KEPT_MIN * (one.kept is not None and one.kept.day != day)
