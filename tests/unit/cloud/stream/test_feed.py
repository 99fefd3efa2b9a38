"""The feed: what a listener gets, and what happens when it is slow or the log is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from cloud import feed as feeds
from cloud.auth import Purpose, Scope
from cloud.db import Connection
from cloud.feed import QUEUE, Change, Feed, Listener, change
from tests.unit.cloud.stream.console import until
from tests.unit.cloud.town import NOON, Town

ALL_OF_ONE = Scope((1,), None, Purpose.CONSOLE)


def _change(number: int, tenant: int = 1, home: int | None = 1) -> Change:
    return Change(number, tenant, home, f"frame {number}".encode())


@pytest.mark.parametrize(
    ("item", "scope", "seen"),
    [
        (_change(1, tenant=1), Scope((1,), None, Purpose.CONSOLE), True),
        (_change(1, tenant=2), Scope((1,), None, Purpose.CONSOLE), False),
        (_change(1, tenant=2), Scope((1, 2), None, Purpose.CONSOLE), True),
        (_change(1, home=5), Scope((1,), (5, 6), Purpose.CONSOLE), True),
        (_change(1, home=7), Scope((1,), (5, 6), Purpose.CONSOLE), False),
        (_change(1, home=5), Scope((1,), (), Purpose.CONSOLE), False),
        (_change(1, home=None), Scope((1,), (5,), Purpose.CONSOLE), False),
        (_change(1, home=None), Scope((1,), None, Purpose.CONSOLE), True),
        (_change(1, tenant=2, home=5), Scope((1,), (5,), Purpose.CONSOLE), False),
    ],
)
def test_a_change_is_seen_inside_the_scope_only(item: Change, scope: Scope, *, seen: bool) -> None:
    assert item.visible_to(scope) is seen


def test_what_is_filtered_out_still_moves_the_place_forward() -> None:
    listener = Listener(ALL_OF_ONE, 10)
    listener.offer(_change(11, tenant=2))
    assert listener.take() == []
    assert listener.offered == 11


def test_what_the_snapshot_already_holds_is_not_repeated() -> None:
    listener = Listener(ALL_OF_ONE, 10)
    listener.skip_to(12)
    for number in (11, 12, 13):
        listener.offer(_change(number))
    assert [item.id for item in listener.take()] == [13]


def test_a_slow_listener_costs_bounded_memory_and_knows_that_it_missed_something() -> None:
    listener = Listener(ALL_OF_ONE, 0)
    for number in range(1, QUEUE + 1):
        listener.offer(_change(number))
    assert not listener.overrun
    listener.offer(_change(QUEUE + 1))
    assert listener.overrun
    assert listener.take() == []
    listener.offer(_change(QUEUE + 2))
    assert listener.take() == []


async def test_waiting_ends_with_a_change_or_with_the_time() -> None:
    listener = Listener(ALL_OF_ONE, 0)
    await listener.wait(0.01)
    waiting = asyncio.create_task(listener.wait(60))
    await asyncio.sleep(0)
    listener.offer(_change(1))
    await asyncio.wait_for(waiting, 60)
    await listener.wait(60)  # something is still waiting to be taken


def test_a_home_can_wait_and_an_incident_cannot() -> None:
    row = {"id": 1, "tenant_id": 1, "home_id": 1, "body": "{}"}
    assert [change({**row, "topic": topic}).patient for topic in ("home", "inc", "reset")] == [
        True,
        False,
        False,
    ]


def _body(number: int) -> str:
    return f'{{"n": {number}}}'


async def _append(conn: Connection, tenant: int, number: int) -> int:
    cursor = await conn.execute(
        "select append_change(%s, null, 'inc', %s::jsonb, %s) as id", [tenant, _body(number), NOON]
    )
    row = await cursor.fetchone()
    await conn.commit()
    assert row is not None
    return int(row["id"])


CUT = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""


@pytest.fixture
async def running(database: str, town: Town) -> AsyncIterator[Feed]:
    """A feed at work, already at the end of the log; its ring holds three changes."""
    feed = Feed(database, ring=3)
    task = asyncio.create_task(feed.run())
    await until(lambda: feed.current)
    yield feed
    task.cancel()
    await asyncio.wait([task])


async def _say(conn: Connection, town: Town, *topics: str) -> None:
    for topic in topics:
        said = [town.hecheng, town.yellow, topic, NOON]
        await conn.execute("select append_change(%s, %s, %s, '{}', %s)", said)
    await conn.commit()


async def test_a_change_of_a_home_waits_for_company_and_goes_with_what_cannot_wait(
    running: Feed, conn: Connection, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "GATHER_S", 600)
    with running.listen(Scope((town.hecheng,), None, Purpose.CONSOLE)) as listener:
        waiting = asyncio.create_task(listener.wait())
        await _say(conn, town, "home", "home")
        await until(lambda: len(listener.waiting) == 2)
        assert not waiting.done()
        await _say(conn, town, "inc")
        async with asyncio.timeout(60):
            await waiting
        assert [item.id for item in listener.take()] == [1, 2, 3]


async def test_a_change_of_a_home_without_company_goes_alone_and_the_next_one_waits_again(
    running: Feed, conn: Connection, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "GATHER_S", 0.01)
    with running.listen(Scope((town.hecheng,), None, Purpose.CONSOLE)) as listener:
        for number in (1, 2):
            await _say(conn, town, "home")
            async with asyncio.timeout(60):
                await listener.wait()
            assert [item.id for item in listener.take()] == [number]
    assert running.listeners == set()


async def _taken(listener: Listener, count: int) -> list[Change]:
    taken: list[Change] = []
    async with asyncio.timeout(60):
        while len(taken) < count:
            await listener.wait(60)
            taken += listener.take()
    return taken


async def test_a_committed_change_reaches_every_listener_as_one_ready_frame(
    running: Feed, conn: Connection, town: Town
) -> None:
    scope = Scope((town.hecheng,), None, Purpose.CONSOLE)
    with running.listen(scope) as one, running.listen(scope) as two:
        number = await _append(conn, town.hecheng, 1)
        [first], [second] = await _taken(one, 1), await _taken(two, 1)
    assert first.frame == f'id: {number}\nevent: inc\ndata: {{"n": 1}}\n\n'.encode()
    assert first.frame is second.frame


async def test_a_cut_connection_loses_nothing(running: Feed, conn: Connection, town: Town) -> None:
    with running.listen(Scope((town.hecheng,), None, Purpose.CONSOLE)) as listener:
        before = await _append(conn, town.hecheng, 1)
        await conn.execute(CUT)
        after = [await _append(conn, town.hecheng, number) for number in range(2, 6)]
        assert [item.id for item in await _taken(listener, 5)] == [before, *after]


async def test_without_any_notification_the_poll_finds_the_change(
    running: Feed, conn: Connection, town: Town
) -> None:
    with running.listen(Scope((town.hecheng,), None, Purpose.CONSOLE)) as listener:
        silent = "insert into change (tenant_id, topic, body, at) values (%s, 'inc', '{}', %s)"
        await conn.execute(silent, [town.hecheng, NOON])
        await conn.commit()
        assert len(await _taken(listener, 1)) == 1


async def test_a_restored_older_log_makes_every_listener_start_anew(
    running: Feed, conn: Connection, town: Town
) -> None:
    with running.listen(Scope((town.hecheng,), None, Purpose.CONSOLE)) as listener:
        await _append(conn, town.hecheng, 1)
        await _taken(listener, 1)
        await conn.execute("truncate change restart identity")
        await conn.execute(CUT)
        await conn.commit()
        async with asyncio.timeout(60):
            while not listener.overrun:
                await listener.wait(60)
    assert running.last_id == 0


async def test_the_ring_answers_for_what_it_holds_and_for_nothing_else(
    running: Feed, conn: Connection, town: Town
) -> None:
    scope = Scope((town.hecheng,), None, Purpose.CONSOLE)
    with running.listen(scope) as listener:
        ids = [await _append(conn, town.hecheng, number) for number in range(5)]
        await _taken(listener, 5)
    assert running.remembered(ids[0], scope) is None
    assert [item.id for item in running.remembered(ids[1], scope) or []] == ids[2:]
    assert running.remembered(ids[4], Scope((town.zhongfang,), None, Purpose.CONSOLE)) == []
    assert running.remembered(ids[4], scope) == []
    assert running.remembered(ids[4] + 1, scope) is None


async def test_a_feed_that_cannot_read_is_not_current(database: str, town: Town) -> None:
    elapsed = [0.0]
    feed = Feed(database, lambda: elapsed[0])
    assert not feed.current
    task = asyncio.create_task(feed.run())
    await until(lambda: feed.current)
    task.cancel()
    await asyncio.wait([task])
    elapsed[0] += feeds.STALE_S
    assert not feed.current
