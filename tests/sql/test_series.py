"""Readings by time: the same contract on plain PostgreSQL and on TimescaleDB."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from cloud.audit import audit
from cloud.db import Connection, Queries, connect, open_pool, roles
from cloud.series import engine, keeper, parts
from cloud.series.engine import Engine
from cloud.settings import Storage
from tests.conftest import Server
from tests.sql.series import (
    AGGREGATES,
    ENROL,
    NOON,
    UNSET_CLOCK,
    Row,
    catch_up,
    compress,
    direct,
    rolled,
    rows_of,
    write,
)

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(params=list(Engine))
def kind(request: pytest.FixtureRequest) -> Engine:
    """Plain always; TimescaleDB where ``ANBAN_TEST_DSN`` says."""
    chosen: Engine = request.param
    return chosen


@pytest.fixture
def database(kind: Engine, request: pytest.FixtureRequest) -> Iterator[str]:
    """A new, migrated database of either kind."""
    server: Server = request.getfixturevalue("timescale" if kind is Engine.TIMESCALE else "postgres")
    dsn = server.create(server.template)
    yield dsn
    server.drop(dsn)


@pytest.fixture
async def conn(database: str) -> AsyncIterator[Connection]:
    """A connection that commits each statement, in a database with four homes."""
    connection = await connect(database, autocommit=True)
    await connection.execute(ENROL)
    yield connection
    await connection.close()


async def test_the_database_says_what_it_is(conn: Connection, kind: Engine) -> None:
    assert await engine.read(conn) is kind


async def test_rollups_equal_a_direct_computation(conn: Connection) -> None:
    await write(
        conn,
        (
            Row(NOON + n * MINUTE, home, device=2 * home - n % 2, quantity=1 + n % 3, value=n / 4)
            for n in range(-200, 3_000, 7)
            for home in (1, 2, 3)
        ),
    )
    await catch_up(conn)
    for name, step in AGGREGATES.items():
        assert await rolled(conn, name) == await direct(conn, step) != []


async def test_a_reading_without_a_value_is_not_rolled_up(conn: Connection) -> None:
    await write(conn, [Row(NOON, value=None), Row(NOON + HOUR, value=3.0)])
    await catch_up(conn)
    assert await rows_of(conn, "select n, sum from reading_1d") == [(1, 3.0)]


async def test_a_value_that_cannot_be_squared_stops_no_rollup(conn: Connection) -> None:
    await write(conn, [Row(NOON, value=1e300), Row(NOON, value=-1e300), Row(NOON, value=2.0)])
    await catch_up(conn)
    assert await rows_of(conn, "select n, sum2 from reading_1d") == [(1, 4.0)]


async def test_days_are_those_of_the_communities(conn: Connection) -> None:
    """Midnight in UTC+8 is 16 o'clock in UTC."""
    await write(conn, [Row(NOON + 4 * HOUR - MINUTE), Row(NOON + 4 * HOUR)])
    await catch_up(conn)
    assert await rows_of(conn, "select bucket - %s::timestamptz from reading_1d order by 1", NOON) == [
        (-20 * HOUR,),
        (4 * HOUR,),
    ]


async def test_late_readings_are_rolled_up_exactly_even_into_what_is_compressed(conn: Connection) -> None:
    await write(conn, (Row(NOON + n * MINUTE, value=n) for n in range(100)))
    await catch_up(conn)
    await compress(conn)
    await write(conn, (Row(NOON + n * MINUTE, device=2, value=n) for n in range(0, 100, 3)))
    await write(conn, (Row(NOON + n * MINUTE + MINUTE / 2, value=n) for n in range(0, 100, 3)))
    await catch_up(conn)
    for name, step in AGGREGATES.items():
        assert await rolled(conn, name) == await direct(conn, step)
    assert await rows_of(conn, "select sum(n)::int from reading_1d") == [(168,)]


@pytest.mark.parametrize("compressed", [False, True])
async def test_times_are_put_right_across_parts(conn: Connection, compressed: bool) -> None:
    """As ``ingest.retime`` does it, over many days and after compression."""
    retime = Queries("cloud.ingest", "retime.sql")
    await write(conn, (Row(NOON + n * HOUR, value=n, timeline=7) for n in range(60)))
    await write(conn, (Row(NOON + n * HOUR, value=n) for n in range(60)))
    await catch_up(conn)
    if compressed:
        await compress(conn)
    values = {"id": 7, "by": 40 * DAY, "first_at": NOON, "last_at": NOON + 59 * HOUR}
    async with conn.transaction():
        await conn.execute(retime["lift_limit"])
        await conn.execute(retime["move_readings"], values)
        await conn.execute(retime["move_events"], values)
    moved = "select value, observed_at - %s::timestamptz from reading where timeline_id = 7 order by 1"
    assert await rows_of(conn, moved, NOON) == [(n, 40 * DAY + n * HOUR) for n in range(60)]
    assert await rows_of(conn, "select count(*) from reading") == [(120,)]
    await catch_up(conn)
    for name, step in AGGREGATES.items():
        assert await rolled(conn, name) == await direct(conn, step)


async def _enter(conn: Connection, gateway: str, n: int) -> None:
    await conn.execute(
        "insert into batch (gateway_id, epoch, lane, first_seq, n, stored_at, readings)"
        " values (%s, 'e', 't', 1, %s, %s, %s)",
        [gateway, n, NOON, n],
    )


async def test_what_is_too_old_goes_whole_and_the_audit_stays_exact(conn: Connection) -> None:
    await write(conn, (Row(NOON + day * DAY) for day in range(-3, 3)))
    await _enter(conn, "gw-1", 6)
    for day in range(-3, 3):
        await parts.add(conn, "reading", NOON + day * DAY)
    await catch_up(conn)
    dropped = []
    while (part := await parts.drop(conn, "reading", NOON)) is not None:
        dropped.append(part)
    assert len(dropped) == 3
    left = "select (observed_at - %s::timestamptz) from reading order by 1"
    assert await rows_of(conn, left, NOON) == [(day * DAY,) for day in range(3)]
    assert await rows_of(conn, "select sum(n)::int from reading_1d") == [(6,)], (
        "roll-ups outlive what they tell of"
    )
    report = await audit(conn)
    assert (report.missing, report.doubled, report.off) == (0, 0, ())


async def test_a_part_whose_times_are_not_true_yet_is_kept(conn: Connection) -> None:
    await conn.execute(UNSET_CLOCK, {"at": NOON})
    await write(conn, [Row(NOON, timeline=1), Row(NOON + DAY)])
    for day in range(2):
        await parts.add(conn, "reading", NOON + day * DAY)
    await compress(conn)
    assert await parts.drop(conn, "reading", NOON + 9 * DAY) is not None
    assert await parts.drop(conn, "reading", NOON + 9 * DAY) is None
    assert await rows_of(conn, "select timeline_id from reading") == [(1,)]
    await conn.execute("update timeline set mark = 'estimated'")
    assert await parts.drop(conn, "reading", NOON + 9 * DAY) is not None


@pytest.mark.parametrize("compressed", [False, True])
async def test_a_home_that_withdraws_leaves_nothing(conn: Connection, compressed: bool) -> None:
    await write(conn, (Row(NOON + n * HOUR, home, device=2 * home) for n in range(50) for home in (1, 2)))
    await conn.execute("insert into event select %s, 1, 1, 1, 'button', ''", [NOON])
    await _enter(conn, "gw-1", 50)
    await conn.execute("update batch set events = 1")
    await catch_up(conn)
    if compressed:
        await compress(conn)
    async with conn.transaction():
        assert await parts.forget(conn, [1]) == 51
    await catch_up(conn)
    for name in ("reading", "event", *AGGREGATES):
        assert await rows_of(conn, f"select from {name} where home_id = 1") == []
    for name, step in AGGREGATES.items():
        assert await rolled(conn, name) == await direct(conn, step) != []
    assert (await audit(conn)).off == ()


async def test_a_shorter_retention_takes_the_past_of_some_homes(conn: Connection) -> None:
    await write(conn, (Row(NOON + n * DAY, home, device=2 * home) for n in range(4) for home in (1, 2)))
    await catch_up(conn)
    await compress(conn)
    assert await parts.forget(conn, [1], NOON + 2 * DAY - 20 * HOUR) == 2
    await catch_up(conn)
    assert await rows_of(conn, "select count(*) from reading where home_id = 1") == [(2,)]
    for name, step in AGGREGATES.items():
        assert await rolled(conn, name) == await direct(conn, step)


async def test_a_turn_of_the_keeper_ends_what_is_old_in_the_workers_own_role(
    conn: Connection, kind: Engine, database: str, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue("timescale" if kind is Engine.TIMESCALE else "postgres")
    storage = Storage(keep=30, keep_quarters=60)
    await write(conn, [Row(NOON)])
    async with open_pool(server.as_role(database, roles.SERVICE), size=3) as pool:
        await keeper.turn(pool, storage, NOON)
        await catch_up(conn)
        await keeper.turn(pool, storage, NOON + 40 * DAY)
        assert await rows_of(conn, "select from reading") == []
        assert await rows_of(conn, "select n from reading_15m") == [(1,)]
        await keeper.turn(pool, storage, NOON + 90 * DAY)
        await keeper.configure(pool, storage)
    assert await rows_of(conn, "select from reading_15m") == []
    assert await rows_of(conn, "select n from reading_1h") == [(1,)]


async def _seen(conn: Connection, view: str, **settings: str) -> list[int]:
    async with conn.transaction():
        for name, value in settings.items():
            await conn.execute("select set_config(%s, %s, true)", [f"anban.{name}", value])
        return [home for (home,) in await rows_of(conn, f"select distinct home_id from {view} order by 1")]


@pytest.mark.parametrize("view", ["reading_seen", "event_seen", *(f"{name}_seen" for name in AGGREGATES)])
async def test_a_view_shows_what_the_transaction_may_see(conn: Connection, view: str) -> None:
    await write(conn, (Row(NOON, home, device=2 * home) for home in (1, 2, 3, 4)))
    await conn.execute(
        "insert into event select %s, (h + 1) / 2, h, h, 'button', '' from generate_series(1, 4) h", [NOON]
    )
    await catch_up(conn)
    await compress(conn)
    assert await _seen(conn, view) == []
    assert await _seen(conn, view, homes="{1,3}") == []
    assert await _seen(conn, view, tenants="{1}") == [1, 2]
    assert await _seen(conn, view, tenants="{1,2}") == [1, 2, 3, 4]
    assert await _seen(conn, view, tenants="{1}", homes="{2,3}") == [2]
    assert await _seen(conn, view, tenants="{1}", homes="{}") == []
    assert await _seen(conn, view) == [], "a setting ends with its transaction"


async def test_a_view_stands_between_a_filter_and_the_rows(conn: Connection) -> None:
    """A function that would tell what it is called with never sees a row beyond the barrier."""
    await write(conn, [Row(NOON, 1), Row(NOON, 3, device=5, value=77.0)])
    await conn.execute(
        "create function tell(v float8) returns bool language plpgsql cost 0.000001 as"
        " $$ begin if v = 77 then raise exception 'leaked'; end if; return true; end $$"
    )
    async with conn.transaction():
        await conn.execute("select set_config('anban.tenants', '{1}', true)")
        assert await rows_of(conn, "select value from reading_seen where tell(value)") == [(1.0,)]
