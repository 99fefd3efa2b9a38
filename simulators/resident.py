"""An old person's day: when they are in which room, and what they do there.

What this is: a plan of the day drawn from a seeded random source, and a clock that may run fast. What it is
not: no devices; ``home`` makes the sensors follow the plan. The one idea: a day is a list of stays, so that
anything can ask "where now, and until when" without simulating the hours before.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MINUTE: Final = 60.0
HOUR: Final = 3_600.0
DAY: Final = 86_400.0


class Doing(StrEnum):
    """What the resident does, as far as a sensor can tell."""

    SLEEPING = "sleeping"
    RESTING = "resting"
    MOVING = "moving"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Stay:
    """From ``start_s`` (seconds since midnight) until the next stay, in ``room`` (``""``: not at home)."""

    start_s: float
    room: str
    doing: Doing


_HABITS: Final = (
    # about when (h), spread (min), room, doing
    (0.0, 0, "bedroom", Doing.SLEEPING),
    (2.6, 40, "bathroom", Doing.MOVING),
    (2.75, 4, "bedroom", Doing.SLEEPING),
    (6.3, 25, "bathroom", Doing.MOVING),
    (6.6, 8, "kitchen", Doing.MOVING),
    (7.2, 10, "living_room", Doing.RESTING),
    (8.4, 20, "", Doing.OUT),
    (10.1, 25, "hall", Doing.MOVING),
    (10.3, 5, "living_room", Doing.RESTING),
    (11.2, 15, "kitchen", Doing.MOVING),
    (12.1, 10, "living_room", Doing.RESTING),
    (12.8, 15, "bedroom", Doing.SLEEPING),
    (14.3, 20, "bathroom", Doing.MOVING),
    (14.5, 8, "living_room", Doing.RESTING),
    (16.0, 25, "", Doing.OUT),
    (17.0, 20, "kitchen", Doing.MOVING),
    (18.2, 15, "living_room", Doing.RESTING),
    (20.8, 20, "bathroom", Doing.MOVING),
    (21.2, 10, "bedroom", Doing.RESTING),
    (21.9, 20, "bedroom", Doing.SLEEPING),
)


def day(rng: random.Random) -> tuple[Stay, ...]:
    """Draw one day, midnight to midnight, stays in order of their start."""
    stays: list[Stay] = []
    for hour, spread_min, room, doing in _HABITS:
        # Whole seconds: sums with whole days are then exact, and a stay begins where the last one ends.
        start = round(hour * HOUR + rng.uniform(-spread_min, spread_min) * MINUTE)
        earliest = stays[-1].start_s + MINUTE if stays else 0.0
        stays.append(Stay(float(max(start, earliest)), room, doing))
    return tuple(stays)


class Days:
    """One resident's days, each drawn from ``seed`` and its number; any moment can be asked for."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._number = -1
        self._day: tuple[Stay, ...] = ()

    def at(self, moment_s: float) -> tuple[Stay, float]:
        """The stay at ``moment_s`` (seconds since midnight of day 0), and when, on the same axis, it ends."""
        number = int(moment_s // DAY)
        if number != self._number:
            self._number = number
            self._day = day(random.Random(f"{self._seed}/{number}"))
        index = bisect_right([stay.start_s for stay in self._day], moment_s - number * DAY) - 1
        ends = self._day[index + 1].start_s if index + 1 < len(self._day) else DAY
        return self._day[index], number * DAY + ends

    def moves(self, from_s: float, until_s: float) -> Iterator[tuple[float, Stay]]:
        """Every stay that begins in the half-open span, with the moment it begins."""
        moment = self.at(from_s)[1]
        while moment < until_s:
            stay, ends = self.at(moment)
            yield moment, stay
            moment = ends


@dataclass(frozen=True, slots=True)
class RoutineClock:
    """The residents' time of day. ``speed`` 1 is real time; ``elapsed_s``: real seconds since the start."""

    elapsed_s: Callable[[], float]
    start_s: float = 7 * HOUR
    speed: float = 1.0

    def moment_s(self) -> float:
        """Now, in seconds since midnight of day 0."""
        return self.start_s + self.elapsed_s() * self.speed

    def real_s(self, until_moment_s: float) -> float:
        """Real seconds to wait until ``until_moment_s``."""
        return max(0.0, (until_moment_s - self.moment_s()) / self.speed)
