"""How much longer ways take than expected, learned from visits that were checked at both ends. Pure.

What this is: journeys to one factor for a pair of areas, a mode and a part of the day. What it is not: a
router, or an estimate of one way (``travel``). The one idea: every level is drawn towards the one above it
as long as it has shown little: all journeys, those of a mode, those between two areas, and those at this
part of the day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from math import exp, log
from statistics import median
from typing import Final

from cloud.respond.travel import ENOUGH, Mode

PARTS: Final = ((7, 9), (9, 11), (11, 14), (14, 17), (17, 19))
"""Hours of the day that have a traffic of their own; the rest is night. D."""
PLAUSIBLE: Final = (0.2, 5.0)
"""Took by expected: less is two tags scanned at once, more is a way with something between. D."""


@dataclass(frozen=True, slots=True)
class Journey:
    """From one home to the next. ``origin``, ``goal``: areas; ``hour``: of the departure, by the clock
    there.
    """

    origin: str
    goal: str
    mode: Mode
    hour: int
    expected: timedelta
    took: timedelta


@dataclass(frozen=True, slots=True)
class Ways:
    """What was learned: logarithms of took by expected, and over how many journeys, by level."""

    seen: Mapping[Hashable, tuple[float, int]] = field(default_factory=dict)

    def factor(self, origin: str, goal: str, mode: Mode, hour: int) -> float:
        """By what an expected time is to be multiplied; 1 where nothing was learned."""
        drawn = 0.0
        for level in _levels(origin, goal, mode, hour):
            shown, journeys = self.seen.get(level, (0.0, 0))
            drawn = (journeys * shown + ENOUGH * drawn) / (journeys + ENOUGH)
        return exp(drawn)


NOTHING: Final = Ways()


def learn(journeys: Iterable[Journey]) -> Ways:
    """What plausible journeys show, by the median of each level."""
    logs: dict[Hashable, list[float]] = defaultdict(list)
    least, most = PLAUSIBLE
    for one in journeys:
        if one.expected <= timedelta() or not least <= one.took / one.expected <= most:
            continue
        for level in _levels(one.origin, one.goal, one.mode, one.hour):
            logs[level].append(log(one.took / one.expected))
    return Ways({level: (median(found), len(found)) for level, found in logs.items()})


def part_of(hour: int) -> int:
    """The part of the day that an hour (0 to 23) belongs to; -1: night."""
    return next((number for number, (since, until) in enumerate(PARTS) if since <= hour < until), -1)


def _levels(origin: str, goal: str, mode: Mode, hour: int) -> tuple[Hashable, ...]:
    """From the widest to the narrowest; there and back are one pair."""
    pair = (min(origin, goal), max(origin, goal))
    return ((), (mode,), (mode, pair), (mode, pair, part_of(hour)))
