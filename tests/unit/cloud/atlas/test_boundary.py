"""Outlines out of an operator's file: what is taken, what is refused, and how much is left of them."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.atlas import boundary
from cloud.atlas.boundary import LARGEST, BoundaryError, read, simplify
from cloud.atlas.datum import Datum, to_gcj02
from cloud.respond.travel import Point, distance_m

SQUARE = [[109.9, 27.5], [110.1, 27.5], [110.1, 27.7], [109.9, 27.7], [109.9, 27.5]]


def polygon(ring: list[list[float]], name: str = "鹤城区") -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {"name": name, "adcode": 431202}, "geometry": geometry}


def collection(*features: dict[str, Any]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def circle(points: int, wobble: float = 0.0) -> list[list[float]]:
    """Closed; with ``wobble`` every other point lies farther out."""
    ring = []
    for i in range(points):
        radius = 0.2 * (1 + wobble * (i % 2))
        angle = 2 * math.pi * i / points
        ring.append([110 + radius * math.cos(angle), 27.5 + radius * math.sin(angle)])
    return [*ring, ring[0]]


def test_a_polygon_becomes_a_line_of_latitude_and_longitude_with_its_name() -> None:
    (outline,) = read(collection(polygon(SQUARE)), Datum.WGS84).outlines
    assert outline.name == "鹤城区"
    assert outline.lines == (((27.5, 109.9), (27.5, 110.1), (27.7, 110.1), (27.7, 109.9), (27.5, 109.9)),)


def test_an_outline_of_a_shifted_map_is_put_where_it_truly_is() -> None:
    shown = [[p.longitude, p.latitude] for p in (to_gcj02(Point(lat, lon)) for lon, lat in SQUARE)]
    (outline,) = read(collection(polygon(shown)), Datum.GCJ02).outlines
    for (latitude, longitude), (true_longitude, true_latitude) in zip(outline.lines[0], SQUARE, strict=True):
        assert distance_m(Point(latitude, longitude), Point(true_latitude, true_longitude)) < 1.5


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "LineString", "coordinates": SQUARE},
        {"type": "MultiLineString", "coordinates": [SQUARE]},
        {"type": "Polygon", "coordinates": [SQUARE]},
        {"type": "MultiPolygon", "coordinates": [[SQUARE]]},
    ],
    ids=lambda geometry: str(geometry["type"]),
)
def test_every_kind_of_outline_is_taken_alone_too(geometry: dict[str, Any]) -> None:
    (outline,) = read(json.dumps(geometry).encode(), Datum.WGS84).outlines
    assert len(outline.lines[0]) == 5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"no json", "no GeoJSON"),
        (b"\xff\xfe", "no GeoJSON"),
        (b"[" * 10_000, "no GeoJSON"),
        (b'{"type": "Topology", "objects": {}}', "Topology"),
        (b'{"type": "Point", "coordinates": [110, 27]}', "Point"),
        (collection(), "no outline"),
        (collection({"type": "Feature", "properties": None, "geometry": None}), "no outline"),
        (collection(polygon([[110.0], [110.0], [110.0]])), "length"),
        (collection(polygon([[27.5, 109.9]] * 5)), "longitude, then latitude"),
        (collection(polygon([[12_245_143.9, 3_187_000.2]] * 5)), "in degrees"),
    ],
    ids=["text", "bytes", "deep", "topology", "point", "empty", "nothing", "short", "swapped", "metres"],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(text: bytes, says: str) -> None:
    with pytest.raises(BoundaryError, match=says):
        read(text, Datum.WGS84)


def test_a_file_beyond_all_measure_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundary, "LONGEST_FILE", 100)
    with pytest.raises(BoundaryError, match="larger than"):
        read(collection(polygon(SQUARE)), Datum.WGS84)


def test_a_detailed_outline_is_made_small_and_says_how_exact_it_still_is() -> None:
    text = collection(*(polygon(circle(4_000, wobble=0.001)) for _ in range(5)))
    found = read(text, Datum.WGS84)
    assert len(text) > 10 * LARGEST
    assert len(found.encoded()) <= LARGEST
    assert 5 <= found.within_m < 100


def test_rings_too_small_to_be_seen_go_before_the_outline_does() -> None:
    crumbs = [
        polygon([[110 + d, 27.0], [110.00001 + d, 27.0], [110 + d, 27.00001], [110 + d, 27.0]])
        for d in (1, 2)
    ]
    found = read(collection(polygon(SQUARE), *crumbs), Datum.WGS84)
    assert [len(outline.lines) for outline in found.outlines] == [1, 0, 0]


def test_more_than_a_screen_can_be_sent_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundary, "LARGEST", 100)
    with pytest.raises(BoundaryError, match="too many outlines"):
        read(collection(*(polygon(SQUARE, name=str(i)) for i in range(9))), Datum.WGS84)


LINES = st.lists(st.tuples(st.floats(27, 28), st.floats(109, 110)), min_size=2, max_size=40)


@given(line=LINES, tolerance_m=st.floats(1, 20_000))
def test_no_point_that_goes_was_farther_from_what_stays_than_it_might(
    line: list[tuple[float, float]], tolerance_m: float
) -> None:
    kept = simplify(line, tolerance_m)
    assert kept[0] == line[0]
    assert kept[-1] == line[-1]
    flat, stays = list(boundary._flat(line)), [i for i, p in enumerate(line) if p in kept]
    for i, point in enumerate(flat):
        ends = [(flat[a], flat[b]) for a, b in pairwise(stays)] or [(flat[0], flat[-1])]
        away = min(boundary._away_m(point, *pair) for pair in ends)
        assert away <= tolerance_m + 1e-6, i
