"""Seven ways in which a day goes wrong, made out of a clean one.

What this is: the alterations of the published-data protocol R1, for training and for measuring. What it is
not: a simulation of illness. The one idea: everything else about the day stays as it was lived.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from cloud.detect.routine.findings import Kind
from cloud.detect.routine.grid import DAY_S, MEALS, Bools, Ints, Place

Day = tuple[Ints, Ints]
"""Seconds since midnight, and places."""
LATE_S: Final = 3 * 3600
HALF: Final = 0.5
SPREAD_S: Final = 5400
"""Two more visits fall within an hour and a half of each visit to the bathroom."""


def _kept(day: Day, mask: Bools) -> Day:
    return day[0][mask], day[1][mask]


def _does_not_rise(day: Day, _start: int, _random: np.random.Generator) -> Day:
    return _kept(day, (day[0] < 5 * 3600) | (day[0] >= 12 * 3600))


def _collapse(day: Day, start: int, _random: np.random.Generator) -> Day:
    return _kept(day, day[0] < start * 3600)


def _night(day: Day, start: int, _random: np.random.Generator) -> Day:
    begin = min(start, 17) * 3600
    block = (day[0] >= begin) & (day[0] < begin + LATE_S)
    return np.where(block, day[0] - begin + 3600, day[0]), day[1]


def _no_meals(day: Day, _start: int, _random: np.random.Generator) -> Day:
    return _kept(day, ~np.isin(day[1], MEALS))


def _late(day: Day, _start: int, _random: np.random.Generator) -> Day:
    seconds, places = _kept(day, day[0] < DAY_S - LATE_S)
    return seconds + LATE_S, places


def _half(day: Day, _start: int, random: np.random.Generator) -> Day:
    return _kept(day, random.random(len(day[0])) < HALF)


def _bathroom(day: Day, _start: int, random: np.random.Generator) -> Day:
    visits = np.tile(day[0][day[1] == Place.BATHROOM], 2)
    more = np.clip(visits + random.integers(-SPREAD_S, SPREAD_S, len(visits)), 0, DAY_S - 1)
    return np.concatenate([day[0], more]), np.concatenate([day[1], np.full(len(more), int(Place.BATHROOM))])


_WAYS: Final[Mapping[Kind, Callable[[Day, int, np.random.Generator], Day]]] = {
    Kind.DOES_NOT_RISE: _does_not_rise,
    Kind.COLLAPSE: _collapse,
    Kind.NIGHT_WANDERING: _night,
    Kind.NO_MEALS: _no_meals,
    Kind.SHIFTED_DAY: _late,
    Kind.HALF_ACTIVITY: _half,
    Kind.BATHROOM_OFTEN: _bathroom,
}


def altered(kind: Kind, day: Day, start_hour: int, random: np.random.Generator) -> Day:
    """``day`` with ``kind``; ``start_hour`` (8 to 18) is when the collapse or the moved block begins."""
    return _WAYS[kind](day, start_hour, random)
