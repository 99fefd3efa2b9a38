"""Routers are asked as they document it, in blocks; one that fails or knows no way leaves the estimate."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from cloud.respond.travel import Mode, Point, expected
from cloud.visits.plans.build import Asked, Carer, day_of
from cloud.visits.plans.router import BLOCK, Kind, Router

HERE, THERE, ISLAND = Point(27.5, 109.9), Point(27.6, 109.8), Point(27.7, 109.7)
Answer = Callable[[str, Any], tuple[int, Any]]


@contextmanager
def listening(answer: Answer) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """A server that answers, its address, and what it was asked."""
    asked: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append((self.path, json.loads(body) if body else None))
            status, said = answer(*asked[-1])
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        do_GET = do_POST = _reply  # noqa: N815 - the names that the library calls

        def log_message(self, *_: object) -> None:
            """Nothing is written to the test's output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def osrm(path: str, _: Any) -> tuple[int, Any]:
    """Ten minutes everywhere, and no way to the island (its seconds are null, as documented)."""
    places = urlsplit(path).path.rsplit("/", 1)[1].split(";")
    wanted = parse_qs(urlsplit(path).query)
    rows = [
        [
            None if "109.700000,27.700000" in (places[int(one)], places[int(two)]) else 600
            for two in wanted["destinations"][0].split(";")
        ]
        for one in wanted["sources"][0].split(";")
    ]
    return 200, {"code": "Ok", "durations": rows}


def valhalla(_: str, body: Any) -> tuple[int, Any]:
    """The same in Valhalla's words."""
    rows = [
        [
            {"distance": 1.0, "time": None if 27.7 in (one["lat"], two["lat"]) else 600}
            for two in body["targets"]
        ]
        for one in body["sources"]
    ]
    return 200, {"sources_to_targets": rows, "units": "kilometers"}


@pytest.mark.parametrize(("kind", "answer"), [(Kind.OSRM, osrm), (Kind.VALHALLA, valhalla)])
async def test_minutes_are_read_with_the_way_to_the_door_and_no_way_is_no_answer(
    kind: Kind, answer: Answer
) -> None:
    with listening(answer) as (url, _):
        found = await Router(kind, url).minutes([HERE, THERE, ISLAND], Mode.BIKE)
    assert found == {(HERE, THERE): 11.5, (THERE, HERE): 11.5}


async def test_osrm_is_asked_by_profile_longitude_first() -> None:
    with listening(osrm) as (url, asked):
        await Router(Kind.OSRM, url).minutes([HERE, THERE], Mode.CAR)
    ((path, _),) = asked
    assert path.startswith("/table/v1/driving/109.900000,27.500000;109.800000,27.600000;")
    assert parse_qs(urlsplit(path).query) == {
        "annotations": ["duration"], "sources": ["0;1"], "destinations": ["2;3"],
    }  # fmt: skip


async def test_valhalla_is_asked_by_costing() -> None:
    with listening(valhalla) as (url, asked):
        await Router(Kind.VALHALLA, url).minutes([HERE], Mode.WALK)
    place = {"lat": 27.5, "lon": 109.9}
    body = {"sources": [place], "targets": [place], "costing": "pedestrian"}
    assert asked == [("/sources_to_targets", body)]


async def test_many_places_are_asked_in_blocks_that_a_default_server_allows() -> None:
    places = [Point(27 + number / 1000, 109.9) for number in range(BLOCK + 1)]
    with listening(osrm) as (url, asked):
        found = await Router(Kind.OSRM, url).minutes(places, Mode.BIKE)
    assert (len(asked), len(found)) == (4, (BLOCK + 1) * BLOCK)


@pytest.mark.parametrize(
    "answer",
    [
        lambda *_: (400, {"code": "TooBig"}),
        lambda *_: (503, "busy"),
        lambda *_: (200, {"code": "Ok"}),
        lambda *_: (200, "a page of something else"),
    ],
)
async def test_a_router_that_fails_leaves_everything_to_the_estimate(answer: Answer) -> None:
    with listening(answer) as (url, asked):
        assert await Router(Kind.OSRM, url).minutes([HERE, THERE], Mode.BIKE) == {}
    assert len(asked) == 1


async def test_a_router_that_is_not_there_leaves_everything_to_the_estimate() -> None:
    with listening(osrm) as (url, _):
        pass
    assert await Router(Kind.OSRM, url).minutes([HERE, THERE], Mode.BIKE) == {}


def test_a_day_takes_the_routers_word_and_estimates_the_rest() -> None:
    carers = tuple(
        Carer(number, frozenset(), Mode.BIKE, home, 480, 1020, rests=False)
        for number, home in enumerate((HERE, THERE, ISLAND))
    )
    asked = Asked(date(2026, 11, 26), ZoneInfo("Asia/Shanghai"), (), carers)
    day = day_of(replace(asked, routed={Mode.BIKE: {(HERE, THERE): 11.5}}))
    travel = day.travel["bike"]
    assert travel[0][1] == 11.5
    assert travel[0][2] == expected(HERE, ISLAND, Mode.BIKE).total_seconds() / 60
