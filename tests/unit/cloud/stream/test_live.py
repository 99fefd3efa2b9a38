"""The stream over a real server: what a browser gets on the wire."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import pytest

from cloud import roll, stream
from cloud.db import Connection
from cloud.listener import Listener
from cloud.serve import serving
from cloud.sessions import IDLE, LIFETIME
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.stream.console import ServerEvent, events, until
from tests.unit.cloud.town import NOON, PASSWORD

BEAT_S = 0.1


@dataclass(frozen=True)
class Live:
    """The site, served."""

    site: Site
    browser: httpx.AsyncClient

    @asynccontextmanager
    async def stream(
        self, after: int | None = None, last_event_id: str | None = None
    ) -> AsyncIterator[AsyncIterator[ServerEvent]]:
        """Open a stream; a test that waits longer than a minute for an event fails."""
        params = {} if after is None else {"after": after}
        headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
        async with (
            asyncio.timeout(60),
            self.browser.stream("GET", "/stream", params=params, headers=headers) as answer,
        ):
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield events(answer.aiter_bytes())


@asynccontextmanager
async def _served(site: Site) -> AsyncIterator[Live]:
    async with (
        serving(site.app, "127.0.0.1", 0) as address,
        httpx.AsyncClient(base_url=f"{address}/api/v1", headers={"X-Anban": "1"}, timeout=60) as browser,
    ):
        answer = await browser.post("/session", json={"username": "operator", "password": PASSWORD})
        assert answer.status_code == 200
        yield Live(site, browser)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll, "EVERY_S", BEAT_S)
    monkeypatch.setattr("cloud.feed.POLL_S", 600)  # what arrives was told, not found
    monkeypatch.setattr("cloud.serve.GRACE_S", 600)  # what ends was ended, not given up


@pytest.fixture
async def live(site: Site) -> AsyncIterator[Live]:
    """The application in uvicorn on a free port, the operator signed in."""
    async with _served(site) as served:
        yield served


async def _append(conn: Connection, tenant: int, home: int, n: int) -> int:
    statement = "select append_change(%s, %s, 'inc', jsonb_build_object('n', %s::int), %s) as id"
    cursor = await conn.execute(statement, [tenant, home, n, NOON])
    row = await cursor.fetchone()
    await conn.commit()
    assert row is not None
    return int(row["id"])


async def _next(incoming: AsyncIterator[ServerEvent], name: str) -> ServerEvent:
    async for event in incoming:
        if event.name == name:
            return event
    raise AssertionError("the stream ended")


async def _rest(incoming: AsyncIterator[ServerEvent]) -> list[str]:
    return [event.name async for event in incoming]


async def test_a_change_arrives_at_once_and_the_heartbeat_vouches_for_it(
    live: Live, conn: Connection
) -> None:
    town = live.site.town
    async with live.stream(after=0) as incoming:
        first = await _next(incoming, "hb")
        assert first.data == {"seq": 0, "now": "2026-11-20T12:00:00Z"}
        number = await _append(conn, town.hecheng, town.yellow, 1)
        event = await _next(incoming, "inc")
        assert (event.id, event.data) == (str(number), {"n": 1})
        assert (await _next(incoming, "hb")).data["seq"] == number


async def test_the_other_tenants_changes_never_appear_but_the_place_moves_on(
    live: Live, conn: Connection
) -> None:
    town = live.site.town
    async with live.stream(after=0) as incoming:
        await _next(incoming, "hb")
        foreign = await _append(conn, town.zhongfang, town.foreign, 666)
        async for event in incoming:
            assert event.name == "hb"
            if event.data["seq"] == foreign:
                break


async def test_a_reconnect_continues_after_the_last_event_whatever_the_address_says(
    live: Live, conn: Connection
) -> None:
    town = live.site.town
    ids = [await _append(conn, town.hecheng, town.yellow, n) for n in range(3)]
    async with live.stream(after=0, last_event_id=str(ids[0])) as incoming:
        assert [(await _next(incoming, "inc")).id for _ in range(2)] == [str(ids[1]), str(ids[2])]


async def test_without_a_place_the_stream_begins_now(live: Live, conn: Connection) -> None:
    town = live.site.town
    old = await _append(conn, town.hecheng, town.yellow, 1)
    async with live.stream(last_event_id=str(old)) as incoming:
        await _next(incoming, "hb")  # the feed has seen it
    async with live.stream() as incoming:
        assert (await _next(incoming, "hb")).data["seq"] == old


@pytest.mark.parametrize("place", [10**6, 2**62])
async def test_a_place_beyond_the_log_means_start_anew(live: Live, place: int) -> None:
    async with live.stream(after=place) as incoming:
        reset = await _next(incoming, "reset")
        assert (reset.id, reset.data) == ("", {"reason": "unknown"})
        assert await _rest(incoming) == []


async def test_a_place_that_was_tidied_away_means_start_anew(site: Site, conn: Connection) -> None:
    town = site.town
    ids = [await _append(conn, town.hecheng, town.yellow, n) for n in range(3)]
    await stream.forget_changes(conn, NOON + stream.CHANGES_KEPT)
    await conn.commit()
    cursor = await conn.execute("select id from change")
    assert [row["id"] for row in await cursor.fetchall()] == ids[-1:]
    async with _served(site) as live:
        async with live.stream(after=ids[0]) as incoming:
            assert (await _next(incoming, "reset")).data == {"reason": "unknown"}
        async with live.stream(after=ids[1]) as incoming:
            assert (await _next(incoming, "inc")).id == str(ids[2])


async def test_a_change_of_a_clock_that_is_behind_leaves_no_hole_in_the_log(
    site: Site, conn: Connection
) -> None:
    town = site.town
    for days in (2, 0, 2, 0):
        at = NOON - timedelta(days=days)
        await conn.execute("select append_change(%s, %s, 'inc', '{}', %s)", [town.hecheng, town.yellow, at])
    await stream.forget_changes(conn, NOON)
    left = await (await conn.execute("select id from change order by id")).fetchall()
    assert [row["id"] for row in left] == [2, 3, 4]


async def test_signing_out_ends_the_open_stream(live: Live) -> None:
    async with live.stream(after=0) as incoming:
        await _next(incoming, "hb")
        assert (await live.browser.delete("/session")).status_code == 204
        assert set(await _rest(incoming)) <= {"hb"}


async def test_a_watched_console_is_not_idle_but_its_shift_ends(live: Live, conn: Connection) -> None:
    clock = live.site.clock
    async with live.stream(after=0) as incoming:
        for _ in range(3):
            clock.turn(IDLE - timedelta(seconds=1))
            while await _seen_at(conn) < clock():
                await _next(incoming, "hb")
        clock.turn(LIFETIME)
        assert set(await _rest(incoming)) <= {"hb"}


async def _seen_at(conn: Connection) -> datetime:
    (row,) = await (await conn.execute("select seen_at from session")).fetchall()
    await conn.commit()
    seen_at: datetime = row["seen_at"]
    return seen_at


async def test_a_changed_right_ends_the_stream_and_asks_for_a_new_snapshot(
    live: Live, conn: Connection
) -> None:
    async with live.stream(after=0) as incoming:
        await _next(incoming, "hb")
        await conn.execute("update staff set role = 'evaluator' where username = 'operator'")
        await conn.commit()
        assert (await _next(incoming, "reset")).data == {"reason": "scope"}
        assert await _rest(incoming) == []


async def test_a_stream_ends_after_its_life(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LIFE_S", 3 * BEAT_S)
    async with live.stream(after=0) as incoming:
        assert set(await _rest(incoming)) <= {"hb"}


async def test_a_slow_screen_is_told_to_start_anew(
    live: Live, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.feed.QUEUE", 3)
    town = live.site.town
    async with live.stream(after=0) as incoming:
        await _next(incoming, "hb")
        flood = "select append_change(%s, %s, 'inc', '{}', %s) from generate_series(1, 50)"
        await conn.execute(flood, [town.hecheng, town.yellow, NOON])
        await conn.commit()
        assert (await _next(incoming, "reset")).data == {"reason": "overrun"}
        assert await _rest(incoming) == []


async def test_no_heartbeat_claims_that_all_is_well_while_the_database_does_not_answer(
    live: Live, conn: Connection
) -> None:
    heard: list[ServerEvent] = []

    async def listen(incoming: AsyncIterator[ServerEvent]) -> None:
        async for event in incoming:
            heard.append(event)  # noqa: PERF401 - looked at while it grows

    async with live.stream(after=0) as incoming, asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(listen(incoming))
        await until(lambda: len(heard) > 0)
        await conn.execute("alter table session rename to out_of_reach")
        await conn.commit()
        under_way = len(heard) + 1
        await asyncio.sleep(10 * BEAT_S)
        assert len(heard) <= under_way
        await conn.execute("alter table out_of_reach rename to session")
        await conn.commit()
        await until(lambda: len(heard) > under_way)
        listening.cancel()


async def test_a_client_that_takes_nothing_is_cut_off(
    live: Live, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SEND_S", 0.2)
    town, feed = live.site.town, live.site.app.state.feed
    host, port = live.browser.base_url.host, live.browser.base_url.port
    assert port is not None
    with socket.create_connection((host, port)) as idle:
        cookie = live.browser.cookies["anban"]
        idle.sendall(
            f"GET /api/v1/stream?after=0 HTTP/1.1\r\nHost: x\r\nCookie: anban={cookie}\r\n\r\n".encode()
        )
        await until(lambda: len(feed.listeners) == 1)
        large = "to_jsonb(repeat('x', 60000))"
        flood = f"select append_change(%s, %s, 'inc', {large}, %s) from generate_series(1, 400)"
        await conn.execute(flood, [town.hecheng, town.yellow, NOON])
        await conn.commit()
        await until(lambda: not feed.listeners)


async def test_stopping_the_server_ends_its_streams_at_once(site: Site) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient(headers={"X-Anban": "1"}, timeout=60) as browser:
        async with serving(site.app, "127.0.0.1", 0) as address:
            api = f"{address}/api/v1"
            await browser.post(f"{api}/session", json={"username": "operator", "password": PASSWORD})
            opened = browser.stream("GET", f"{api}/stream", params={"after": 0})
            answer = await opened.__aenter__()
            incoming = events(answer.aiter_bytes())
            await _next(incoming, "hb")
        assert set(await _rest(incoming)) <= {"hb"}
        await opened.__aexit__(None, None, None)


async def test_a_port_in_use_is_an_error_of_its_own(site: Site) -> None:
    async with serving(site.app, "127.0.0.1", 0) as address:
        port = int(address.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            async with serving(site.app, "127.0.0.1", port):
                pass


async def test_an_answer_is_not_held_back_until_its_head_is_acknowledged(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client acknowledges a head that comes alone 40 ms later; each answer would take that long."""
    sockets: list[socket.socket] = []
    came = Listener.connection_made

    def look(self: Listener, transport: asyncio.Transport) -> None:
        sockets.append(transport.get_extra_info("socket"))
        came(self, transport)

    monkeypatch.setattr(Listener, "connection_made", look)
    async with serving(site.app, "127.0.0.1", 0) as address, httpx.AsyncClient(timeout=60) as browser:
        await browser.get(f"{address}/api/v1/health")
        (taken,) = sockets
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
