"""Minutes between places, asked of a router that knows the roads: OSRM or Valhalla, at one's own address.

What this is: their documented matrix services over HTTP, in blocks that their default limits allow. What it
is not: an estimate; where the router does not answer or knows no way, the offline estimate stands. The one
idea: no plan waits for a router that is down: it is asked for a bounded time, and what it did not say is
estimated.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

import httpx
import msgspec

from cloud.respond.travel import STOP, Mode, Point

BLOCK: Final = 50
"""Places on each side of one question: OSRM answers 100 in all (``--max-table-size``), Valhalla 2,500 pairs
(``max_matrix_location_pairs``), unless configured otherwise.
"""
AT_MOST_S: Final = 10.0
"""How long one question may take. D."""
_MINUTE: Final = timedelta(minutes=1)
_log = logging.getLogger(__name__)

Minutes = Mapping[tuple[Point, Point], float]


class Kind(StrEnum):
    """Which router answers."""

    OSRM = "osrm"
    VALHALLA = "valhalla"


@dataclass(frozen=True, slots=True)
class Router:
    """``url``: where it listens, without a path."""

    kind: Kind
    url: str

    async def minutes(self, places: Sequence[Point], mode: Mode) -> Minutes:
        """From each place to each other one, with the way from the road to the door; without those that it
        knows no way between. Nothing more is asked once it has failed.
        """
        found: dict[tuple[Point, Point], float] = {}
        distinct = list(dict.fromkeys(places))
        async with httpx.AsyncClient(base_url=self.url, timeout=AT_MOST_S, trust_env=False) as client:
            try:
                for origins, goals in _blocks(distinct):
                    rows = await _ASK[self.kind](client, origins, goals, mode)
                    found |= _pairs(origins, goals, rows)
            except (httpx.HTTPError, msgspec.ValidationError, msgspec.DecodeError) as error:
                _log.warning(
                    "router does not answer, ways are estimated kind=%s error=%s",
                    self.kind,
                    type(error).__name__,
                )
        return found


Seconds = list[list[float | None]]


class _Table(msgspec.Struct):
    """OSRM: ``code`` is ``Ok`` or what is wrong."""

    durations: Seconds


class _Cell(msgspec.Struct):
    time: float | None = None


class _Matrix(msgspec.Struct):
    """Valhalla."""

    sources_to_targets: list[list[_Cell]]


async def _osrm(
    client: httpx.AsyncClient, origins: Sequence[Point], goals: Sequence[Point], mode: Mode
) -> Seconds:
    """The table service: ``/table/v1/{profile}/{lon},{lat};...``."""
    profile = {Mode.BIKE: "cycling", Mode.CAR: "driving"}.get(mode, "foot")
    places = ";".join(f"{one.longitude:.6f},{one.latitude:.6f}" for one in (*origins, *goals))
    first, last = len(origins), len(origins) + len(goals)
    asked = {
        "annotations": "duration",
        "sources": ";".join(map(str, range(first))),
        "destinations": ";".join(map(str, range(first, last))),
    }
    answer = await client.get(f"/table/v1/{profile}/{places}", params=asked)
    answer.raise_for_status()
    return msgspec.json.decode(answer.content, type=_Table).durations


async def _valhalla(
    client: httpx.AsyncClient, origins: Sequence[Point], goals: Sequence[Point], mode: Mode
) -> Seconds:
    """The matrix service: ``/sources_to_targets``."""

    def places(points: Sequence[Point]) -> list[dict[str, float]]:
        return [{"lat": one.latitude, "lon": one.longitude} for one in points]

    costing = {Mode.BIKE: "bicycle", Mode.CAR: "auto"}.get(mode, "pedestrian")
    asked: dict[str, Any] = {"sources": places(origins), "targets": places(goals), "costing": costing}
    answer = await client.post("/sources_to_targets", json=asked)
    answer.raise_for_status()
    matrix = msgspec.json.decode(answer.content, type=_Matrix).sources_to_targets
    return [[cell.time for cell in row] for row in matrix]


_ASK: Final = {Kind.OSRM: _osrm, Kind.VALHALLA: _valhalla}


def _blocks(places: Sequence[Point]) -> Iterator[tuple[Sequence[Point], Sequence[Point]]]:
    for here in range(0, len(places), BLOCK):
        for there in range(0, len(places), BLOCK):
            yield places[here : here + BLOCK], places[there : there + BLOCK]


def _pairs(origins: Sequence[Point], goals: Sequence[Point], rows: Seconds) -> Minutes:
    return {
        (origin, goal): seconds / 60 + STOP / _MINUTE
        for origin, row in zip(origins, rows, strict=False)
        for goal, seconds in zip(goals, row, strict=False)
        if seconds is not None and origin != goal
    }
