"""What place and hour say: how far apart people live, whether it is night, and who is there.

What this is: small pure rules over a division's code, a wall clock and two points. What it is not: a map.
The one idea: each rule is right without anything that a county would first have to survey.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cloud.respond.model import Surroundings
from cloud.respond.travel import DATE_LINE, EARTH_M, Mode, Point, distance_m, expected

COMMITTEES: Final = range(1, 200)
"""Last three digits of the statistics code of a neighbourhood committee in a town (001-199); villages have
200-399 (National Bureau of Statistics, rules for codes of divisions).
"""
NIGHT: Final = (22, 6)
"""D. From ten to six by the wall clock people sleep and must dress first."""
HERE_M: Final = 100.0
"""D. So near a door somebody is there: telephones know their place to 10-50 m outdoors."""
MOVED_M: Final = 150.0
"""D. So far from where they said yes somebody has set out, whatever the place wavers."""
WATCHED_FOR: Final = timedelta(minutes=10)
"""D. Whose telephone has told a place so lately is seen to set out; others are believed that they did."""
MINUTES_OF_DAY: Final = 24 * 60


def surroundings(division_code: str) -> Surroundings:
    """How far apart people live in a division of 12 digits; a place above the villages counts as town."""
    last = int(division_code[-3:])
    return Surroundings.TOWN if last in COMMITTEES or last == 0 else Surroundings.RURAL


def is_night(local: datetime) -> bool:
    """By the wall clock of the home."""
    begins, ends = NIGHT
    return local.hour >= begins or local.hour < ends


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody may be asked: on ISO weekdays ``days``, from minute ``since`` of the day until before
    ``until`` (0 to 1,440). Past midnight where ``until`` is not later; that belongs to the day it began on.
    """

    days: frozenset[int]
    since: int = 0
    until: int = MINUTES_OF_DAY

    def include(self, local: datetime) -> bool:
        """Whether they may be asked at this wall clock time."""
        minute, today = local.hour * 60 + local.minute, local.isoweekday()
        if self.since < self.until:
            return today in self.days and self.since <= minute < self.until
        yesterday = (local - timedelta(days=1)).isoweekday()
        return (today in self.days and minute >= self.since) or (
            yesterday in self.days and minute < self.until
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """What a place tells of somebody on the way: when they will be there, whether they move or are there."""

    expected_at: datetime
    moves: bool
    there: bool


def seen(began: Point | None, place: Point, door: Point, mode: Mode, now: datetime) -> Seen:
    """``began``: where they said yes; ``None``: not known, so only nearness to the door tells anything."""
    there = distance_m(place, door) <= HERE_M
    moves = there or (began is not None and distance_m(began, place) >= MOVED_M)
    return Seen(now if there else now + expected(place, door, mode), moves, there)


def around(door: Point, within_m: float) -> tuple[float, float]:
    """How many degrees of latitude and longitude, at the most, somebody within this way is from ``door``."""
    north = math.degrees(within_m / EARTH_M)
    return north, min(DATE_LINE, north / max(math.cos(math.radians(door.latitude)), 1e-6))


def whole_minutes(travel: timedelta) -> timedelta:
    """``travel`` as people promise it: in whole minutes, rounded up, at least one."""
    minutes = -(-travel // timedelta(minutes=1))
    return timedelta(minutes=max(1, minutes))
