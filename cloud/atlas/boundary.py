"""Outlines of counties, townships or villages, out of the GeoJSON that an operator brings. Pure.

What this is: reading, checking, converting and simplifying. What it is not: areas; nothing asks whether a
home lies inside, so a line is all that is kept. The one idea: whatever the file holds, what comes out is
small enough to be sent to every screen, and says how exact it still is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec

from cloud.atlas.datum import Datum, to_wgs84
from cloud.respond.travel import EARTH_M, Point

LONGEST_FILE: Final = 64 * 2**20
"""D. Bytes of a file; the townships of a province have about 20 MiB."""
LARGEST: Final = 60_000
"""Bytes of the outlines as they are sent."""
FINEST_M: Final = 5.0
COARSEST_M: Final = 2_560.0
"""D. Between these the tolerance is doubled until the outlines are small enough."""
DIGITS: Final = 5
"""Of a degree: 1 m."""
CLOSED: Final = 3
"""Fewer positions are no ring; fewer than two are no line."""

Position = Annotated[list[float], msgspec.Meta(min_length=2, max_length=4)]
Line = Annotated[list[Position], msgspec.Meta(min_length=2)]
Latlong = tuple[float, float]


class Polygon(msgspec.Struct, tag_field="type"):
    """Rings; that of holes too."""

    coordinates: list[Line]


class MultiPolygon(msgspec.Struct, tag_field="type"):
    """Several polygons."""

    coordinates: list[list[Line]]


class LineString(msgspec.Struct, tag_field="type"):
    """One line."""

    coordinates: Line


class MultiLineString(msgspec.Struct, tag_field="type"):
    """Several lines."""

    coordinates: list[Line]


Geometry = Polygon | MultiPolygon | LineString | MultiLineString


class Feature(msgspec.Struct, tag_field="type"):
    """A geometry; of its properties only ``name`` is used."""

    geometry: Geometry | None = None
    properties: dict[str, Any] | None = None


class FeatureCollection(msgspec.Struct, tag_field="type"):
    """The usual file."""

    features: list[Feature]


class BoundaryError(ValueError):
    """The file cannot be used; ``str()`` says where and what to do."""


class Outline(msgspec.Struct, frozen=True):
    """``lines``: of latitude and longitude, WGS-84."""

    name: str
    lines: tuple[tuple[Latlong, ...], ...]


@dataclass(frozen=True, slots=True)
class Boundary:
    """``within_m``: no point of the file's lines is farther than this from what was kept."""

    outlines: tuple[Outline, ...]
    within_m: float

    def encoded(self) -> bytes:
        """As it is stored and sent: JSON."""
        return msgspec.json.encode(self.outlines)


def read(text: bytes, datum: Datum) -> Boundary:
    """The outlines in a GeoJSON file whose positions refer to ``datum``.

    Raises:
        BoundaryError: no GeoJSON, no lines, positions that are none, or too much.
    """
    if len(text) > LONGEST_FILE:
        raise BoundaryError(
            f"the file is larger than {LONGEST_FILE // 2**20} MiB: bring one of this county only"
        )
    try:
        document = msgspec.json.decode(text, type=FeatureCollection | Feature | Geometry)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BoundaryError(f"this is no GeoJSON with outlines: {error}") from error
    outlines = tuple(_outline(feature, datum) for feature in _features(document) if feature.geometry)
    if not outlines:
        raise BoundaryError("there is no outline in the file: want Polygon, MultiPolygon or lines")
    return _small(outlines)


def _features(document: FeatureCollection | Feature | Geometry) -> list[Feature]:
    match document:
        case FeatureCollection():
            return document.features
        case Feature():
            return [document]
        case _:
            return [Feature(document)]


def _outline(feature: Feature, datum: Datum) -> Outline:
    name = (feature.properties or {}).get("name")
    lines = tuple(tuple(_places(line, datum)) for line in _lines(feature.geometry))
    return Outline(name[:64] if isinstance(name, str) else "", lines)


def _lines(geometry: Geometry | None) -> list[list[list[float]]]:
    match geometry:
        case MultiPolygon():
            return [ring for polygon in geometry.coordinates for ring in polygon]
        case Polygon() | MultiLineString():
            return geometry.coordinates
        case LineString():
            return [geometry.coordinates]
        case None:
            return []


def _places(line: Iterable[Sequence[float]], datum: Datum) -> Iterator[Latlong]:
    """GeoJSON says longitude first (RFC 7946); a file in metres or the other way round is found out here."""
    for longitude, latitude, *_ in line:
        try:
            place = to_wgs84(Point(latitude, longitude), datum)
        except ValueError as error:
            raise BoundaryError(
                f"[{longitude}, {latitude}] is no place: want longitude, then latitude, in degrees"
            ) from error
        yield place.latitude, place.longitude


# Simplifying --------------------------------------------------------------------------------------------


def _small(outlines: tuple[Outline, ...]) -> Boundary:
    tolerance_m, off_m = FINEST_M, 0.0
    while tolerance_m <= COARSEST_M:
        outlines = tuple(_simplified(outline, tolerance_m) for outline in outlines)
        off_m += tolerance_m  # each round starts from what the one before left
        boundary = Boundary(tuple(_rounded(outline) for outline in outlines), off_m)
        if len(boundary.encoded()) <= LARGEST:
            return boundary
        tolerance_m *= 2
    raise BoundaryError("there are too many outlines in the file: bring one of this county only")


def _simplified(outline: Outline, tolerance_m: float) -> Outline:
    """Without rings that have become so small that nobody sees them."""
    lines = (tuple(simplify(line, tolerance_m)) for line in outline.lines)
    return Outline(outline.name, tuple(line for line in lines if len(line) > CLOSED or line[0] != line[-1]))


def _rounded(outline: Outline) -> Outline:
    lines = (tuple((round(a, DIGITS), round(b, DIGITS)) for a, b in line) for line in outline.lines)
    return Outline(outline.name, tuple(lines))


def simplify(line: Sequence[Latlong], tolerance_m: float) -> list[Latlong]:
    """The fewest of its own points that Douglas and Peucker (1973) leave: none of the others is farther than
    ``tolerance_m`` from the line through them. The ends stay.
    """
    flat = list(_flat(line))
    kept = {0, len(line) - 1}
    waiting = [(0, len(line) - 1)]
    while waiting:
        first, last = waiting.pop()
        away_m, far = max(
            ((_away_m(flat[i], flat[first], flat[last]), i) for i in range(first + 1, last)),
            default=(0.0, first),
        )
        if away_m > tolerance_m:
            kept.add(far)
            waiting += [(first, far), (far, last)]
    return [line[i] for i in sorted(kept)]


def _flat(line: Sequence[Latlong]) -> Iterator[Latlong]:
    """In metres, as on a sheet of paper: an outline is small against the earth."""
    narrow = math.cos(math.radians(line[0][0]))
    for latitude, longitude in line:
        yield math.radians(latitude) * EARTH_M, math.radians(longitude) * EARTH_M * narrow


def _away_m(point: Latlong, begins: Latlong, ends: Latlong) -> float:
    """From ``point`` to the stretch between the two."""
    along = (ends[0] - begins[0], ends[1] - begins[1])
    to = (point[0] - begins[0], point[1] - begins[1])
    length_2 = along[0] ** 2 + along[1] ** 2
    share = 0.0 if length_2 == 0 else min(1.0, max(0.0, (to[0] * along[0] + to[1] * along[1]) / length_2))
    return math.hypot(to[0] - share * along[0], to[1] - share * along[1])
