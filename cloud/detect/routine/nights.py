"""Nights, out of days: visits to the bathroom, time in bed, and times up.

What this is: arithmetic on a home's days. What it is not: polysomnography; where no mat lies in the bed,
quiet stands in for sleep. The one idea: a night belongs to the day on which it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cloud.detect.routine.grid import HOUR, SLOTS, Bools, Floats, Place
from cloud.detect.routine.history import DayState, History
from cloud.detect.routine.quarters import UNKNOWN, WHOLE, Bytes

NIGHT_H: Final = (22, 6)
"""Row 10 of the domain table counts visits from ten to six."""
BED_H: Final = (20, 10)
"""D. Time in bed is counted from eight to ten."""
OUT: Final = 90
"""D. Per cent of a quarter in bed; less, and somebody was up."""


@dataclass(frozen=True, slots=True, eq=False)
class Nights:
    """One value a day: of the night that ends on it. ``own``: wholly heard, without visitors or absence.

    ``visits`` to the bathroom, ``rest_h`` hours in bed or quiet, ``exits``: times up between first and last
    rest.
    """

    own: Bools
    visits: Floats
    rest_h: Floats
    exits: Floats


def nights_of(history: History, in_bed: Bytes) -> Nights:
    """The nights of all days; the first day's is unknown and not its own."""
    active = history.counts.sum(axis=2) > 0
    resting = np.where(in_bed == UNKNOWN, np.where(active, 0, WHOLE), in_bed)
    bed = _across(resting, BED_H)
    usual = np.array([state is DayState.USUAL for state in history.states], dtype=np.bool_)
    heard = _across(history.heard, BED_H).all(axis=1)
    own = heard & usual & np.concatenate([[False], usual[:-1]])
    return Nights(
        own,
        np.array([runs(night) for night in _across(history.counts[:, :, Place.BATHROOM] > 0, NIGHT_H)]),
        bed.sum(axis=1) / WHOLE / HOUR,
        np.array([_exits(night) for night in bed]),
    )


def runs(mask: Bools) -> float:
    """How many runs of true there are in ``mask``."""
    return float(mask[:1].sum() + (mask[1:] & ~mask[:-1]).sum())


def _across(values: Floats | Bools | Bytes, hours: tuple[int, int]) -> Floats | Bools | Bytes:
    """(days, slots) from the first hour of the day before to the last one of each day."""
    evening, morning = hours[0] * HOUR, hours[1] * HOUR
    before = np.concatenate([np.zeros((1, SLOTS), dtype=values.dtype), values[:-1]])
    return np.hstack([before[:, evening:], values[:, :morning]])


def _exits(night: Floats) -> float:
    rest = np.flatnonzero(night >= OUT)
    return runs(night[rest[0] : rest[-1]] < OUT) if len(rest) else 0.0
