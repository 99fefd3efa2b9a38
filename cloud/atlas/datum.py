"""Positions on the earth, and the same positions as maps of mainland China show them. Pure.

What this is: WGS-84 to GCJ-02 and back. What it is not: a projection, or Baidu's further shift. The one idea:
inside the platform every position is WGS-84; what comes in or goes out in GCJ-02 passes here, once.

The formula was never published; this is the one that everybody uses, which agrees with what map services
answer to centimetres. Outside a rectangle around China nothing is shifted.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Final

from cloud.respond.travel import Point

AXIS_M: Final = 6_378_245.0
"""Semi-major axis of Krasovsky's ellipsoid (1940)."""
ECCENTRICITY_2: Final = 0.00669342162296594323
"""Of the same ellipsoid, squared."""
CENTRE: Final = Point(35.0, 105.0)
"""About which the shift is developed."""
LATITUDES: Final = (0.8293, 55.8271)
LONGITUDES: Final = (72.004, 137.8347)
"""Where positions are shifted at all."""
ROUNDS: Final = 4
"""Each makes what is left over smaller by more than a thousand: after four it is below a micrometre."""


class Datum(StrEnum):
    """To what positions refer."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"


def to_gcj02(place: Point) -> Point:
    """``place`` (WGS-84) as a map in GCJ-02 shows it."""
    if not _shifted(place):
        return place
    north_m, east_m = _shift_m(place.longitude - CENTRE.longitude, place.latitude - CENTRE.latitude)
    latitude = math.radians(place.latitude)
    bulge = 1 - ECCENTRICITY_2 * math.sin(latitude) ** 2
    meridian_m = AXIS_M * (1 - ECCENTRICITY_2) / bulge**1.5
    parallel_m = AXIS_M / math.sqrt(bulge) * math.cos(latitude)
    return Point(
        place.latitude + math.degrees(north_m / meridian_m),
        place.longitude + math.degrees(east_m / parallel_m),
    )


def to_wgs84(place: Point, datum: Datum = Datum.GCJ02) -> Point:
    """Where ``place`` of ``datum`` truly is. GCJ-02 has no inverse in closed form, so it is approached."""
    if datum is Datum.WGS84:
        return place
    guess = place
    for _ in range(ROUNDS):
        shown = to_gcj02(guess)
        guess = Point(
            guess.latitude + place.latitude - shown.latitude,
            guess.longitude + place.longitude - shown.longitude,
        )
    return guess


def _shifted(place: Point) -> bool:
    south, north = LATITUDES
    west, east = LONGITUDES
    return south <= place.latitude <= north and west <= place.longitude <= east


def _shift_m(x: float, y: float) -> tuple[float, float]:
    """How far north and east, at ``x`` degrees east and ``y`` north of ``CENTRE``."""
    root = math.sqrt(abs(x))
    fast = 20 * _wave(x, 6) + 20 * _wave(x, 2)
    north = -100 + 2 * x + 3 * y + 0.2 * y**2 + 0.1 * x * y + 0.2 * root
    north += (
        2
        / 3
        * (fast + 20 * _wave(y, 1) + 40 * _wave(y, 1 / 3) + 160 * _wave(y, 1 / 12) + 320 * _wave(y, 1 / 30))
    )
    east = 300 + x + 2 * y + 0.1 * x**2 + 0.1 * x * y + 0.1 * root
    east += (
        2
        / 3
        * (fast + 20 * _wave(x, 1) + 40 * _wave(x, 1 / 3) + 150 * _wave(x, 1 / 12) + 300 * _wave(x, 1 / 30))
    )
    return north, east


def _wave(degrees: float, times: float) -> float:
    return math.sin(math.pi * times * degrees)
