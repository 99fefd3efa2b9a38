"""Strangers against a running cloud: refused in bounded time and memory, while an operator goes on."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import pytest
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from benchmarks import hostile
from benchmarks import hostile_bytes as raw
from cloud.listener import Door
from cloud.serve import serving
from tests import visit
from tests.harness import System

QUICK = ("paths", "bodies", "malformed requests", "floods of headers", "pipelines", "one address")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with visit.town(tmp_path_factory.mktemp("hostile")) as running:
        yield running


@pytest.mark.services
@pytest.mark.timeout(600)
def test_whatever_strangers_send_is_refused_and_the_operator_is_served(system: System) -> None:
    report = hostile.run(system, QUICK, quiet_s=1.0)
    assert report.faults == []
    assert report.outcomes[-1].answers["429"] > 0
    assert {one.attack: one.mib for one in report.outcomes if one.mib > 64} == {}
    assert {one.attack: one.worst_s for one in report.outcomes if one.worst_s > 60} == {}


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A server with few places and short deadlines, and an answer too long to wait in a buffer."""

    async def small(_: Request) -> Response:
        return PlainTextResponse("here")

    async def large(_: Request) -> Response:
        return PlainTextResponse("x" * 20_000_000)

    app = Starlette(routes=[Route("/small", small), Route("/large", large)])
    async with serving(app, "127.0.0.1", 0, Door(most=20, head_s=1.0, take_s=1.0)) as served:
        yield served


@pytest.mark.parametrize("begun", [b"", raw.SLOW_HEAD], ids=["silent", "half a head"])
async def test_a_head_that_does_not_come_is_not_waited_for(address: str, begun: bytes) -> None:
    ended = await to_thread.run_sync(lambda: list(raw.slow(address, begun, 5)))
    assert [answer for answer, _ in ended] == ["408"] * 5


async def test_an_answer_that_nobody_takes_is_given_up(address: str) -> None:
    def ask() -> str:
        with raw.connect(address, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n", buffer=2_048) as held:
            return "given up" if raw.ends(held) else "open"

    assert await to_thread.run_sync(ask) == "given up"


async def test_whoever_asks_is_served_although_the_silent_take_all_places(address: str) -> None:
    def ask() -> tuple[bytes, int]:
        place = urlsplit(address)
        silent = [raw.connect(address, b"") for _ in range(60)]
        with socket.create_connection((place.hostname, place.port), timeout=60) as asking:
            asking.sendall(b"GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: asking.recv(4_096), b""))
        sent_away = sum(raw.ends(each) for each in silent[:41])
        for each in silent:
            each.close()
        return answer, sent_away

    answer, sent_away = await to_thread.run_sync(ask)
    assert answer.startswith(b"HTTP/1.1 200")
    assert sent_away == 41


async def test_what_is_no_request_gets_a_problem(address: str) -> None:
    def ask() -> bytes:
        with raw.connect(address, b"\x16\x03\x01 hello\r\n\r\n") as held:
            return b"".join(iter(lambda: held.recv(4_096), b""))

    began = time.monotonic()
    answer = await to_thread.run_sync(ask)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in answer
    assert b'"code": "malformed"' in answer
    assert time.monotonic() - began < 60
