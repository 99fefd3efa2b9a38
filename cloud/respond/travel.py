"""How long somebody needs to a door, without a map and without the internet.

What this is: the great circle, a factor for winding roads, a speed for how they travel, and what was learned
from journeys that were checked at both ends. What it is not: a router; one that knows the roads can stand in
its place and answer the same question. The one idea: a place that has shown how slow its roads are is
believed once it has shown it often enough, and else the place above it.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class Mode(StrEnum):
    """How somebody travels."""

    WALK = "walk"
    RUN = "run"
    BIKE = "bike"
    CAR = "car"


EARTH_M: Final = 6_371_008.8
"""Mean radius (IUGG)."""
WINDING: Final = 1.3
"""D. Road by great circle; the literature has 1.2 to 1.5."""
SPEED_M_S: Final[Mapping[Mode, float]] = {
    Mode.WALK: 4.5 / 3.6,
    Mode.RUN: 2.5,
    Mode.BIKE: 17 / 3.6,
    Mode.CAR: 32 / 3.6,
}
"""D. To begin with: on foot, as a volunteer runs, by electric bicycle, by car through a town."""
STOP: Final = timedelta(seconds=90)
"""D. From the road to the door."""
POLE: Final = 90.0
DATE_LINE: Final = 180.0
ENOUGH: Final = 30
"""D. Journeys after which a place is believed."""


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees, WGS 84; latitude -90 to 90, longitude -180 to 180."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not (abs(self.latitude) <= POLE and abs(self.longitude) <= DATE_LINE):
            raise ValueError("no such place on earth: want latitude -90 to 90 and longitude -180 to 180")


def distance_m(one: Point, other: Point) -> float:
    """As the crow flies (haversine)."""
    north = math.radians(other.latitude - one.latitude) / 2
    east = math.radians(other.longitude - one.longitude) / 2
    parallels = math.cos(math.radians(one.latitude)) * math.cos(math.radians(other.latitude))
    return (
        2 * EARTH_M * math.asin(min(1.0, math.sqrt(math.sin(north) ** 2 + parallels * math.sin(east) ** 2)))
    )


def expected(one: Point, other: Point, mode: Mode) -> timedelta:
    """To the door of ``other``, where nothing was learned."""
    return timedelta(seconds=WINDING * distance_m(one, other) / SPEED_M_S[mode]) + STOP


def reach_m(within: timedelta, mode: Mode) -> float:
    """As the crow flies, how far away a door may be that is still reached ``within``: the other way round of
    ``expected``. 0: none is.
    """
    return max(0.0, (within - STOP).total_seconds()) * SPEED_M_S[mode] / WINDING


@dataclass(frozen=True, slots=True)
class Journey:
    """Somebody was checked out of one home and into the next: what was expected, and what it took."""

    expected: timedelta
    took: timedelta

    def __post_init__(self) -> None:
        if self.expected <= timedelta() or self.took < timedelta():
            raise ValueError("a journey is expected to take some time, and takes no less than none")


@dataclass(frozen=True, slots=True)
class Learned:
    """Of one place, mode and part of the day: the median of took by expected, over ``journeys``."""

    ratio: float
    journeys: int


def learn(journeys: Sequence[Journey]) -> Learned | None:
    """What ``journeys`` show; ``None``: nothing, for there are none."""
    if not journeys:
        return None
    return Learned(statistics.median(one.took / one.expected for one in journeys), len(journeys))


def factor(places: Sequence[Learned | None]) -> float:
    """By what an expected time is to be multiplied. ``places``: the village first, then what it lies in; the
    first that was seen often enough is believed, and without one nothing is changed.
    """
    return next((one.ratio for one in places if one is not None and one.journeys >= ENOUGH), 1.0)
