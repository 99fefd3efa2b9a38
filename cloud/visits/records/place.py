"""Whether somebody stood at a door. Pure.

What this is: how strong each sign is, and when a place is near enough. What it is not: a trace: where
somebody was is looked at once, and only the distance in whole metres is kept. The one idea: a sign is
named and never hidden, so that whoever reads a visit knows what it rests on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cloud.respond.travel import Point, distance_m

NEAR_M: Final = 100.0
"""A home's fence (domain practice: within 100 m)."""
WORST_M: Final = 100.0
"""A place that is less certain than this says nothing. D."""


class How(StrEnum):
    """What shows that somebody was there, the strongest first. ``SAID``: their word alone."""

    TAG = "tag"
    PLACE = "place"
    VOUCHED = "vouched"
    SAID = "said"


STRENGTH: Final = {how: rank for rank, how in enumerate(How)}
"""0 is the strongest."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device is, within ``accuracy_m``."""

    point: Point
    accuracy_m: float


@dataclass(frozen=True, slots=True)
class Sign:
    """What was shown. ``distance_m``: between the device and the home, where both are known."""

    how: How
    distance_m: int | None = None


def sign(home: Point | None, place: Place | None, *, tag: bool) -> Sign:
    """``tag``: the code of a tag that hangs at this very door."""
    away_m = None if home is None or place is None else distance_m(home, place.point)
    distance = None if away_m is None else round(away_m)
    if tag:
        return Sign(How.TAG, distance)
    near = away_m is not None and place is not None and place.accuracy_m <= WORST_M and away_m <= NEAR_M
    return Sign(How.PLACE if near else How.SAID, distance)


def strongest(signs: list[How]) -> How | None:
    """The one that a visit rests on; ``None``: nobody said anything."""
    return min(signs, key=STRENGTH.__getitem__, default=None)
