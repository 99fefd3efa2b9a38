"""What a day was like: some thirty numbers of each day alone.

What this is: vectorised arithmetic on counts (days, 96, 8). What it is not: a comparison
(``compare.py``). The one idea: each number is on a scale on which one step means about the same for a
lively and a quiet home, so counts are logarithms, and each carries the smallest spread that is taken
seriously.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from cloud.detect.routine.grid import HOUR, MEALS, SLOTS, Bools, Floats, Place, hourly

COUNT: Final = 0.1
"""Smallest spread of a logarithm of a count: ten per cent."""
STEP: Final = 1.0
"""Smallest spread of a number of slots or places."""
SHARE: Final = 0.01
PARTS: Final = ((0, 5), (1, 4), (5, 8), (8, 10), (10, 12), (12, 17), (17, 22), (22, 24))
"""Parts of the day, in hours; (1, 4) is the hours in which nearly everybody sleeps."""
CAP: Final = 3
"""More activations in one slot say nothing more about when a person is up."""
WAKING: Final = 5 * HOUR
"""A day's own course is told from five o'clock on."""

FLOORS: Final[Mapping[str, float]] = {
    "total": COUNT,
    **{f"at_{place.name.lower()}": COUNT for place in Place},
    **{f"from_{a}_to_{b}": COUNT for a, b in PARTS},
    "active_slots": STEP,
    "night_slots": STEP,
    "night_places": STEP,
    "first": STEP,
    "last": STEP,
    "longest_pause": STEP,
    "longest_day_pause": STEP,
    "meals": COUNT,
    "meals_share": STEP,
    "meal_hours": STEP,
    "bathroom_share": SHARE,
    "bathroom_hours": STEP,
    **{f"course_{share}": STEP for share in (5, 25, 50, 75)},
    **{f"meals_course_{share}": STEP for share in (5, 50)},
}
"""Names of the measures, in order, and the smallest spread of each."""


def measure(counts: Floats) -> Floats:
    """(days, measures) of (days, 96, 8), columns as in ``FLOORS``."""
    hours, slots, places = hourly(counts), counts.sum(axis=2), counts.sum(axis=1)
    total, active = places.sum(axis=1), slots > 0
    by_hour = hours.sum(axis=2)
    meals = counts[:, :, MEALS].sum(axis=2)
    eaten = meals.sum(axis=1)
    bathroom = places[:, Place.BATHROOM]
    columns: list[Floats] = [
        np.log1p(total),
        *np.log1p(places).T,
        *(np.log1p(by_hour[:, a:b].sum(axis=1)) for a, b in PARTS),
        active.sum(axis=1),
        active[:, HOUR : 4 * HOUR].sum(axis=1),
        (hours[:, 1:4].sum(axis=1) > 0).sum(axis=1),
        _first(active[:, WAKING:]),
        SLOTS - _first(active[:, ::-1]),
        longest_pause(active[:, WAKING:]),
        longest_pause(active[:, 6 * HOUR : 22 * HOUR]),
        np.log1p(eaten),
        eaten / (total + 5),
        (hours[:, :, MEALS].sum(axis=2) > 0).sum(axis=1),
        (bathroom + 1) / (total + 5),
        (hours[:, :, Place.BATHROOM] > 0).sum(axis=1),
        *_course(slots[:, WAKING:], (5, 25, 50, 75)),
        *_course(meals[:, WAKING:], (5, 50)),
    ]
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def longest_pause(active: Bools) -> Floats:
    """Length, in slots, of the longest run without activity in each row."""
    return longest(np.ones(active.shape), active)


def longest(weight: Floats, active: Bools) -> Floats:
    """The largest sum of ``weight`` over one run of slots without activity, for each row."""
    best = run = np.zeros(len(active))
    for slot in range(active.shape[1]):
        run = np.where(active[:, slot], 0.0, run + weight[..., slot])
        best = np.maximum(best, run)
    return best


def _first(active: Bools) -> Floats:
    """The first active slot of each row; the number of slots where there is none."""
    at: Floats = np.where(active.any(axis=1), active.argmax(axis=1), active.shape[1]).astype(np.float64)
    return at


def _course(counts: Floats, shares: tuple[int, ...]) -> list[Floats]:
    """The slot by which ``shares`` per cent of each row's (capped) activity had happened."""
    run = np.cumsum(np.minimum(counts, CAP), axis=1)
    whole = run[:, -1:] + 1e-9
    return [(run >= whole * share / 100).argmax(axis=1).astype(np.float64) for share in shares]
