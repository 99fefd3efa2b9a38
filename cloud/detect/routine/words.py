"""The two numbers of a day's sentence: what was counted, and what is usual.

What this is: for each kind one number of a day that a person can picture. What it is not: what the model
weighs (``compare``). The one idea: whoever reads the sentence must be able to check it against the home's
rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from cloud.detect.routine.findings import Kind
from cloud.detect.routine.grid import HOUR, MEALS, Floats, Place
from cloud.detect.routine.measures import WAKING, longest_pause

_NIGHT: Final = slice(0, 5 * HOUR)


def in_words(kind: Kind, past: Floats, day: Floats) -> Mapping[str, float]:
    """``now`` of ``day`` (96, 8) and the ``usual`` median of ``past`` (n, 96, 8)."""
    of = _TOLD[kind]
    now, usual = float(of(day[None])[0]), float(np.median(of(past)))
    return {"now": round(now, 1), "usual": round(usual, 1)}


def _active(counts: Floats) -> Floats:
    """Quarters of an hour with any sign."""
    slots: Floats = (counts.sum(axis=2) > 0).sum(axis=1).astype(np.float64)
    return slots


def _total(counts: Floats) -> Floats:
    total: Floats = counts.sum(axis=(1, 2))
    return total


def _pause_h(counts: Floats) -> Floats:
    """Longest pause after five o'clock, in hours."""
    return longest_pause(counts.sum(axis=2)[:, WAKING:] > 0) / HOUR


def _half_by_h(counts: Floats) -> Floats:
    """The hour by which half of the day's signs had come."""
    run = np.cumsum(counts[:, WAKING:].sum(axis=2), axis=1)
    at: Floats = ((run >= run[:, -1:] / 2).argmax(axis=1) + WAKING) / HOUR
    return at


def _meals(counts: Floats) -> Floats:
    return _total(counts[:, :, MEALS])


def _bathroom(counts: Floats) -> Floats:
    return _total(counts[:, :, [Place.BATHROOM]])


_TOLD: Final[Mapping[Kind, Callable[[Floats], Floats]]] = {
    Kind.DOES_NOT_RISE: _pause_h,
    Kind.COLLAPSE: _pause_h,
    Kind.NIGHT_WANDERING: lambda counts: _active(counts[:, _NIGHT]),
    Kind.NO_MEALS: _meals,
    Kind.SHIFTED_DAY: _half_by_h,
    Kind.HALF_ACTIVITY: _total,
    Kind.BATHROOM_OFTEN: _bathroom,
}
