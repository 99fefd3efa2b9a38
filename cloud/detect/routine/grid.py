"""A day as numbers: how often each place of a home was active in each quarter of an hour.

What this is: the vocabulary of places and the counting. What it is not: judgement. The one idea: everything
that the detector needs of a day fits into 96 x 8 small counts, so a month of a home is 86 kB.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Place(IntEnum):
    """Columns of a day's counts. A bed mat counts as ``BEDROOM``, a kettle or stove as ``KITCHEN``."""

    KITCHEN = 0
    LIVING = 1
    HALL = 2
    BEDROOM = 3
    BATHROOM = 4
    FRIDGE = 5
    FRONT_DOOR = 6
    BACK_DOOR = 7


MEALS: Final = (Place.KITCHEN, Place.FRIDGE)
DOORS: Final = (Place.FRONT_DOOR, Place.BACK_DOOR)
DAY_S: Final = 86_400
SLOT_S: Final = 900
SLOTS: Final = DAY_S // SLOT_S
HOUR: Final = 3600 // SLOT_S
"""Slots in an hour."""


def grid(seconds: Ints, places: Ints) -> Floats:
    """Counts (96, 8) of one day; ``seconds`` since local midnight, 0 to 86,399."""
    counts = np.zeros((SLOTS, len(Place)))
    np.add.at(counts, (seconds // SLOT_S, places), 1)
    return counts


def hourly(counts: Floats) -> Floats:
    """Counts (days, 24, 8) of days (days, 96, 8)."""
    hours: Floats = counts.reshape(len(counts), 24, HOUR, len(Place)).sum(axis=2)
    return hours
