"""What a database held before is carried over: by the migration, and again when TimescaleDB comes later."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import psycopg
import pytest

from cloud.audit import audit
from cloud.db import Connection, connect
from cloud.db.migrate import migrate, names
from cloud.db.timescale import use_timescale
from cloud.series import engine, parts
from cloud.series.engine import Engine
from cloud.settings import ConfigError
from tests.conftest import Server, has_timescale
from tests.sql.series import AGGREGATES, ENROL, NOON, Row, catch_up, direct, rolled, rows_of, write

BEFORE: Final = "0008_enrolment"
FILL: Final = """
    insert into reading (observed_at, home_id, device_id, quantity, quality, value, timeline_id)
    select '2026-05-01 00:00+00'::timestamptz + n * interval '37 minutes', 1 + n % 4, 1 + 2 * (n % 4),
        1 + n % 3, case when n % 5 = 0 then 2 else 0 end, case when n % 5 > 0 then n / 4.0 end,
        case when n % 7 = 0 then 1 end
    from generate_series(0, 499) n;
    insert into reading values ('2020-01-01 00:00+00', 1, 1, 1, 0, 5, 1),
        ('2026-05-01', 99, 1, 1, 0, 6, null);
    insert into event (observed_at, home_id, device_id, kind, detail, timeline_id)
    select '2026-05-01 00:00+00'::timestamptz + n * interval '5 hours', 1 + n % 4, 1, 'button', n::text, null
    from generate_series(0, 99) n;
    insert into timeline (gateway_id, epoch, lane, boot, believed_at, first_seq, last_seq, first_at, last_at)
    values ('gw-1', 'e', 't', 'b', '2020-01-01', 1, 1, '2020-01-01', '2026-05-30');
    insert into batch (gateway_id, epoch, lane, first_seq, n, stored_at, readings, events)
    select 'gw-' || h, 'e', 't', 1, 1, now(),
        (select count(*) from reading join device on device.id = device_id where gateway_id = 'gw-' || h),
        (select count(*) from event join device on device.id = device_id where gateway_id = 'gw-' || h)
    from generate_series(1, 4) h;
"""
"""Values and none, a clock that was not set, a home that is not there any more."""
READINGS: Final = (
    "select observed_at, home_id, device_id, quantity, quality, value, timeline_id from reading order by 1, 2"
)
EVENTS: Final = "select observed_at, home_id, device_id, kind, detail, timeline_id from event order by 1, 2"


@pytest.fixture(params=list(Engine))
def server(request: pytest.FixtureRequest) -> Server:
    """Plain always; TimescaleDB where ``ANBAN_TEST_DSN`` says."""
    found: Server = request.getfixturevalue("timescale" if request.param is Engine.TIMESCALE else "postgres")
    return found


@pytest.fixture
def old(server: Server) -> Iterator[str]:
    """A database of the time before, with something in it."""
    dsn = server.create(None)
    _add_extension(dsn)
    migrate(dsn, last=BEFORE)
    with psycopg.connect(dsn) as conn:
        conn.execute(ENROL.encode())
        conn.execute(FILL.encode())
    yield dsn
    server.drop(dsn)


@pytest.fixture
def plain_on_timescale(timescale: Server) -> Iterator[str]:
    """A plain database on a server that could do more."""
    dsn = timescale.create(None)
    migrate(dsn)
    yield dsn
    timescale.drop(dsn)


def _add_extension(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        if has_timescale(conn):
            conn.execute("create extension timescaledb")


def _stop_jobs(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("select alter_job(job_id, scheduled => false) from timescaledb_information.jobs")
        conn.execute("select _timescaledb_functions.stop_background_workers()")


def _all(dsn: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as conn:
        return conn.execute(statement.encode()).fetchall()


@asynccontextmanager
async def _of(dsn: str) -> AsyncIterator[Connection]:
    conn = await connect(dsn, autocommit=True)
    try:
        yield conn
    finally:
        await conn.close()


async def test_the_upgrade_keeps_every_row_and_learns_its_tenant(old: str) -> None:
    readings, events = _all(old, READINGS), _all(old, EVENTS)
    assert migrate(old) == [name for name in names() if name > BEFORE]
    assert _all(old, READINGS) == readings
    assert _all(old, EVENTS) == events
    tenants = "select distinct r.home_id, r.tenant_id from {} r order by 1"
    assert _all(old, tenants.format("reading")) == [(1, 1), (2, 1), (3, 2), (4, 2), (99, 0)]
    assert _all(old, tenants.format("event")) == [(1, 1), (2, 1), (3, 2), (4, 2)]
    async with _of(old) as conn:
        await catch_up(conn, floor=NOON - timedelta(days=3_000))
        for name, step in AGGREGATES.items():
            assert await rolled(conn, name) == await direct(conn, step) != []
        assert (await audit(conn)).off == ()


async def test_an_upgraded_database_goes_on(old: str) -> None:
    migrate(old)
    async with _of(old) as conn:
        await write(conn, [Row(NOON), Row(NOON + timedelta(days=400))])
        assert await rows_of(conn, "select count(*) from reading") == [(504,)]


async def test_timescale_may_come_later(plain_on_timescale: str) -> None:
    dsn = plain_on_timescale
    async with _of(dsn) as conn:
        await conn.execute(ENROL)
        await parts.add(conn, "reading", NOON)
        await write(conn, (Row(NOON + n * timedelta(hours=7), value=n) for n in range(50)))
        await catch_up(conn)
        await conn.execute("create role reader")
        await conn.execute("grant select on reading, reading_15m, reading_seen to reader")
    before, known = _all(dsn, READINGS), _all(dsn, "select bucket, n, sum from reading_1d order by 1")
    with pytest.raises(ConfigError, match="create extension timescaledb"):
        use_timescale(dsn)
    _add_extension(dsn)
    try:
        async with _of(dsn) as conn:
            assert await engine.read(conn) is Engine.PLAIN, "an extension alone changes nothing"
        assert use_timescale(dsn)
        _stop_jobs(dsn)
        assert not use_timescale(dsn)
        assert _all(dsn, READINGS) == before
        assert _all(dsn, "select bucket, n, sum from reading_1d order by 1") == known
        async with _of(dsn) as conn:
            assert await engine.read(conn) is Engine.TIMESCALE
            await write(conn, [Row(NOON, device=2)])
            await catch_up(conn)
            for name, step in AGGREGATES.items():
                assert await rolled(conn, name) == await direct(conn, step)
            await conn.execute("set role reader")
            for name in ("reading", "reading_15m", "reading_seen"):
                await conn.execute(f"select from {name}")
            await conn.execute("reset role")
            await conn.execute("select set_config('anban.tenants', '{1}', false)")
            assert await rows_of(conn, "select count(*) from reading_seen") == [(51,)]
    finally:
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute("drop owned by reader; drop role reader")
