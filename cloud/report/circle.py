"""Which homes lie within the 15-minute circle of somebody who may be called.

What this is: places where help starts from, and a distance to each. What it is not: a router, or a claim
about who is on duty; arrivals are timed for themselves (``circle_15``). The one idea: the same reach as the
map draws.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.report.indicators import CIRCLE
from cloud.respond.travel import Mode, Point, distance_m, reach_m

_DEGREE_M: Final = 110_500
"""Less than any degree of latitude is long: a cheap test that never errs."""
_SQL: Final = Queries(__package__ or "")


@dataclass(frozen=True, slots=True)
class Base:
    """Where somebody starts from, and how far they get as the crow flies."""

    at: Point
    reach_m: float

    def reaches(self, place: Point) -> bool:
        """Whether they get there in time."""
        north_m = abs(self.at.latitude - place.latitude) * _DEGREE_M
        return north_m <= self.reach_m and distance_m(self.at, place) <= self.reach_m


async def bases(conn: Connection, scope: Scope) -> Mapping[int, list[Base]]:
    """Of each tenant: its centres, by car, and everybody of the register who has a place, as they travel."""
    found: dict[int, list[Base]] = defaultdict(list)
    for row in await (await conn.execute(_SQL["bases"], scope.params)).fetchall():
        at = Point(row["latitude"], row["longitude"])
        found[row["tenant_id"]].append(Base(at, reach_m(CIRCLE, Mode(row["mode"]))))
    return found


def near(home: Mapping[str, Any], starts: Iterable[Base]) -> bool | None:
    """Whether anybody reaches ``home`` in time; ``None``: nobody knows where it is."""
    if home["latitude"] is None:
        return None
    place = Point(home["latitude"], home["longitude"])
    return any(one.reaches(place) for one in starts)
