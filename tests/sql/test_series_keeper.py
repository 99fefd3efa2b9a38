"""The keeper of a plain database: parts ahead, an empty default, exact roll-ups, an end for what is old."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.db import Connection, Pool, connect, open_pool, roles
from cloud.series import keeper, parts, rollup
from cloud.settings import Storage
from tests.conftest import Server
from tests.sql.series import AGGREGATES, ENROL, FLOOR, NOON, UNSET_CLOCK, Row, direct, rolled, rows_of, write

MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
KEEP: Final = Storage(keep=30)


@pytest.fixture
async def conn(database: str) -> AsyncIterator[Connection]:
    """A connection that commits each statement, in a database with four homes."""
    connection = await connect(database, autocommit=True)
    await connection.execute(ENROL)
    yield connection
    await connection.close()


@pytest.fixture
async def pool(postgres: Server, database: str) -> AsyncIterator[Pool]:
    """What the keeper works with: the worker's role, which owns none of it."""
    async with open_pool(postgres.as_role(database, roles.SERVICE), size=3) as opened:
        yield opened


async def _parts(conn: Connection, name: str) -> list[datetime]:
    return [low for (low,) in await rows_of(conn, "select low from series_parts(%s) order by 1", name)]


async def test_parts_stand_ready_for_a_week(conn: Connection, pool: Pool) -> None:
    await keeper.turn(pool, KEEP, NOON)
    midnight = NOON.replace(hour=0)
    assert await _parts(conn, "reading") == [midnight + n * DAY for n in range(8)]
    weeks = await _parts(conn, "event")
    assert len(weeks) == 8
    assert weeks[0] <= NOON < weeks[0] + 7 * DAY


async def test_a_second_turn_changes_nothing(conn: Connection, pool: Pool) -> None:
    await keeper.turn(pool, KEEP, NOON)
    before = await _parts(conn, "reading")
    await keeper.turn(pool, KEEP, NOON)
    assert await _parts(conn, "reading") == before


async def test_what_no_part_was_ready_for_is_moved_to_one(conn: Connection, pool: Pool) -> None:
    late, early, now = NOON - 9 * DAY, NOON + 20 * DAY, NOON
    await write(conn, [Row(at, value=n) for n, at in enumerate((late, early, now))])
    assert await rows_of(conn, "select count(*) from reading_default") == [(3,)]
    await keeper.turn(pool, KEEP, NOON)
    assert await rows_of(conn, "select count(*) from reading_default") == [(0,)]
    assert await rows_of(conn, "select observed_at, value from reading order by value") == [
        (late, 0.0),
        (early, 1.0),
        (now, 2.0),
    ]


async def test_an_unset_clock_makes_no_part_and_is_not_forgotten(conn: Connection, pool: Pool) -> None:
    """Rows of 2020 wait in the default until their time is known; whatever else is too old goes."""
    unset = datetime(2020, 1, 1, tzinfo=UTC)
    await conn.execute(UNSET_CLOCK, {"at": unset})
    await write(conn, [Row(unset, timeline=1), Row(unset + DAY)])
    await keeper.turn(pool, KEEP, NOON)
    assert min(await _parts(conn, "reading")) == NOON.replace(hour=0)
    assert await rows_of(conn, "select timeline_id from reading") == [(1,)]
    assert await rows_of(conn, "select gateway_id, name, n from forgotten") == [("gw-1", "reading", 1)]


async def test_old_parts_go_and_their_rollups_stay(conn: Connection, pool: Pool) -> None:
    await write(conn, [Row(NOON)])
    await keeper.turn(pool, KEEP, NOON)
    await keeper.turn(pool, KEEP, NOON + 40 * DAY)
    assert await rows_of(conn, "select from reading") == []
    assert await rows_of(conn, "select n from reading_1d") == [(1,)]
    assert min(await _parts(conn, "reading")) > NOON
    await write(conn, [Row(NOON + MINUTE)])
    await keeper.turn(pool, KEEP, NOON + 40 * DAY)
    assert await rows_of(conn, "select n from reading_15m") == [(1,)], (
        "a straggler must not replace what was known"
    )


async def test_quarters_end_and_hours_stay(conn: Connection, pool: Pool) -> None:
    await write(conn, [Row(NOON)])
    await keeper.turn(pool, KEEP, NOON)
    await keeper.turn(pool, Storage(keep=3, keep_quarters=5), NOON + 6 * DAY)
    assert await rows_of(conn, "select from reading_15m") == []
    assert await rows_of(conn, "select n from reading_1h") == [(1,)]


async def test_a_part_in_use_is_left_and_whoever_stores_does_not_wait(
    conn: Connection, pool: Pool, database: str
) -> None:
    await keeper.turn(pool, KEEP, NOON)
    await write(conn, [Row(NOON)])
    reader = await connect(database)
    try:
        await reader.execute("select from reading")
        dropping = asyncio.create_task(keeper.turn(pool, KEEP, NOON + 40 * DAY))
        while not dropping.done():
            async with asyncio.timeout(60):
                await write(conn, [Row(NOON + 40 * DAY)])
        await dropping
        assert (NOON.replace(hour=0)) in await _parts(conn, "reading")
        await reader.rollback()
        await keeper.turn(pool, KEEP, NOON + 40 * DAY)
        assert (NOON.replace(hour=0)) not in await _parts(conn, "reading")
    finally:
        await reader.close()


async def test_two_keepers_at_once_do_each_thing_once(conn: Connection, pool: Pool) -> None:
    await write(conn, (Row(NOON + n * MINUTE, value=n) for n in range(-3_000, 3_000, 50)))
    await asyncio.gather(*(keeper.turn(pool, KEEP, NOON) for _ in range(2)))
    await keeper.turn(pool, KEEP, NOON)
    assert len(set(await _parts(conn, "reading"))) == len(await _parts(conn, "reading"))
    for name, step in AGGREGATES.items():
        assert await rolled(conn, name) == await direct(conn, step)


async def test_a_row_stored_while_a_turn_is_under_way_is_in_the_next(
    conn: Connection, pool: Pool, database: str
) -> None:
    """Its mark is committed with it, so a turn sees both or neither."""
    writer = await connect(database)
    try:
        await write(writer, [Row(NOON, value=5.0)])
        await write(conn, [Row(NOON + MINUTE, value=1.0)])
        await keeper.turn(pool, KEEP, NOON)
        assert await rows_of(conn, "select sum from reading_15m") == [(1.0,)]
        await writer.commit()
    finally:
        await writer.close()
    await keeper.turn(pool, KEEP, NOON)
    assert await rows_of(conn, "select sum from reading_15m") == [(6.0,)]


async def test_a_turn_takes_all_that_a_home_waits_for_the_longest_waiting_first(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup, "MOST", 4)
    for turn in range(3):  # each quarter is marked three times
        await write(conn, [Row(NOON + n * 15 * MINUTE + turn * MINUTE, home=1) for n in range(1, 4)])
        await write(conn, [Row(NOON + n * 15 * MINUTE + turn * MINUTE, home=2) for n in range(3)])
        await write(conn, [Row(NOON + 60 * MINUTE + turn * MINUTE, home=3)])
    turns = []
    for _ in range(2):
        async with conn.transaction():
            more = await rollup.roll(conn, FLOOR)
        turns.append((more, await rows_of(conn, "select distinct home_id from reading_dirty order by 1")))
    assert turns == [(True, [(3,)]), (False, [])]
    for name, step in AGGREGATES.items():
        assert await rolled(conn, name) == await direct(conn, step)


_at = st.integers(0, 4 * 24 * 12).map(lambda n: NOON + n * 5 * MINUTE)
_row = st.builds(
    Row,
    _at,
    home=st.integers(1, 2),
    device=st.integers(1, 2),
    quantity=st.integers(1, 2),
    value=st.none() | st.integers(-400, 400).map(lambda n: n / 4),
    timeline=st.none() | st.just(7),
)
_step = st.one_of(
    st.tuples(st.just("write"), st.lists(_row, max_size=8)),
    st.tuples(st.just("move"), st.integers(-600, 600).map(lambda n: n * MINUTE)),
    st.tuples(st.just("forget"), st.tuples(st.integers(1, 2), _at)),
    st.tuples(st.just("update"), st.integers(-300, 300).map(lambda n: n * MINUTE)),
    st.tuples(st.just("part"), _at),
    st.tuples(st.just("turn"), st.none()),
)


async def _do(conn: Connection, what: tuple[str, Any]) -> None:
    match what:
        case ("write", list(rows)):
            await write(conn, rows)
        case ("move", by):
            await conn.execute(
                "with moved as (delete from reading where timeline_id = 7 returning *)"
                " insert into reading select observed_at + %s, tenant_id, home_id, device_id, quantity,"
                " quality, value, timeline_id from moved",
                [by],
            )
        case ("update", by):
            await conn.execute("update reading set observed_at = observed_at + %s where value < 0", [by])
        case ("forget", (home, before)):
            await parts.forget(conn, [home], before)
        case ("part", datetime() as at):
            await parts.add(conn, "reading", at)
        case _:
            async with conn.transaction():
                await rollup.roll(conn, FLOOR)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_step, max_size=12))
async def test_rollups_are_exact_whatever_happened(conn: Connection, steps: list[tuple[str, Any]]) -> None:
    """Stored late, moved in time, forgotten, parts made in between: after the marks are worked off, the
    roll-ups are what the readings say.
    """
    await conn.execute("truncate reading, reading_dirty, reading_15m, reading_1h, reading_1d, forgotten")
    for done in steps:
        await _do(conn, done)
    async with conn.transaction():
        await rollup.roll(conn, FLOOR)
    for name, step in AGGREGATES.items():
        assert await rolled(conn, name) == await direct(conn, step)
