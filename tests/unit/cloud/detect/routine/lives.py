"""Days of an invented person, for tests: regular, with a little chance."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import numpy as np

from cloud.detect.routine.grid import DAY_S, Ints, Place
from cloud.detect.routine.history import Calendar, History, read
from cloud.detect.routine.occupancy import Interval

MIDNIGHT: Final = datetime(2026, 3, 2, tzinfo=UTC)
UP_H: Final = 7
TO_BED_H: Final = 22


def lived(days: int, seed: int = 1) -> tuple[Ints, Ints]:
    """Seconds since the first midnight and places: up at about 7, three meals, to bed at about 22."""
    random = np.random.default_rng(seed)
    seconds, places = list[Ints](), list[Ints]()
    for day in range(days):
        rise, bed = (UP_H + random.normal(0, 0.2)) * 3600, (TO_BED_H + random.normal(0, 0.2)) * 3600
        at = np.sort(random.uniform(rise, bed, 150)).astype(np.int64)
        seconds.append(at + day * DAY_S)
        places.append(random.choice([0, 0, 1, 1, 2, 3, 4, 5], len(at)).astype(np.int64))
    return np.concatenate(seconds), np.concatenate(places)


def history(seconds: Ints, places: Ints, days: int, unheard: tuple[Interval, ...] = ()) -> History:
    return read(seconds, places, unheard, midnight=MIDNIGHT, days=days, calendar=Calendar())


def without(seconds: Ints, places: Ints, start_h: float, end_h: float) -> tuple[Ints, Ints]:
    """The same life with nothing from ``start_h`` to ``end_h`` (hours since the first midnight)."""
    keep = (seconds < start_h * 3600) | (seconds >= end_h * 3600)
    return seconds[keep], places[keep]


DOOR: Final = int(Place.FRONT_DOOR)
