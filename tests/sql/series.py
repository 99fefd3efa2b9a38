"""What the tests of time series share: homes, rows, and how each kind of server catches up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from cloud.db import Connection
from cloud.series import rollup

NOON: Final = datetime(2026, 5, 1, 12, tzinfo=UTC)
FLOOR: Final = datetime(2025, 1, 1, tzinfo=UTC)
AGGREGATES: Final = {"reading_15m": "15 minutes", "reading_1h": "1 hour", "reading_1d": "24 hours"}
ENROL: Final = """
    insert into division (code, name) values ('431202000000', 'd'), ('431203000000', 'e');
    insert into tenant (code, name, division_code)
    values ('t', 't', '431202000000'), ('u', 'u', '431203000000');
    insert into home (tenant_id, key, division_code, address)
    select tenant.id, 'h' || n, tenant.division_code, '' from tenant, generate_series(1, 2) n
    order by tenant.id, n;
    insert into gateway (id, home_id, shard, secret) select 'gw-' || id, id, 1, 's' from home;
    insert into device (gateway_id, name) select 'gw-' || home.id, n::text
    from home, generate_series(1, 2) n order by home.id, n;
"""
"""Tenants 1 and 2; homes 1, 2 and 3, 4; gateway ``gw-N`` of home N with devices 2N - 1 and 2N."""

UNSET_CLOCK: Final = """
    insert into timeline (
        gateway_id, epoch, lane, boot, believed_at, first_seq, last_seq, first_at, last_at
    ) values ('gw-1', 'e', 't', 'b', %(at)s, 1, 1, %(at)s, %(at)s)
"""
"""Timeline 1: a boot of home 1 whose time is not known yet."""


class Row(NamedTuple):
    """One reading; ``value`` ``None``: the sensor said that it has none."""

    observed_at: datetime
    home: int = 1
    device: int = 1
    quantity: int = 1
    value: float | None = 1.0
    timeline: int | None = None


async def write(conn: Connection, rows: Iterable[Row]) -> None:
    """Store readings as ingest does."""
    async with conn.cursor() as cursor:
        statement = (
            "copy reading (observed_at, tenant_id, home_id, device_id, quantity, quality, value, timeline_id)"
            " from stdin"
        )
        async with cursor.copy(statement) as stream:
            for row in rows:
                tenant = (row.home + 1) // 2
                quality = 2 if row.value is None else 0
                await stream.write_row(
                    [
                        row.observed_at,
                        tenant,
                        row.home,
                        row.device,
                        row.quantity,
                        quality,
                        row.value,
                        row.timeline,
                    ]
                )


async def catch_up(conn: Connection, *, floor: datetime = FLOOR) -> None:
    """Bring the roll-ups up to date. Outside a transaction."""
    before = conn.autocommit
    await conn.set_autocommit(True)
    if await is_timescale(conn):
        for name in AGGREGATES:
            await conn.execute("call refresh_continuous_aggregate(%s, %s, null)", [name, floor])
    else:
        while await _turn(conn, floor):
            pass
    await conn.set_autocommit(before)


async def _turn(conn: Connection, floor: datetime) -> bool:
    async with conn.transaction():
        return await rollup.roll(conn, floor)


async def is_timescale(conn: Connection) -> bool:
    """Whether this database has the extension."""
    return bool(await rows_of(conn, "select from pg_extension where extname = 'timescaledb'"))


async def compress(conn: Connection) -> None:
    """Compress all that is stored; nothing on plain PostgreSQL."""
    if await is_timescale(conn):
        await conn.execute(
            "select compress_chunk(c) from unnest(array['reading', 'event']) t, show_chunks(t) c"
        )


async def rows_of(conn: Connection, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """All rows as tuples."""
    cursor = await conn.execute(statement, values)
    return [tuple(row.values()) for row in await cursor.fetchall()]


async def direct(conn: Connection, step: str) -> list[tuple[Any, ...]]:
    """What a roll-up by ``step`` must hold, computed from the readings themselves."""
    return await rows_of(
        conn,
        "select date_bin(%s::interval, observed_at, '2000-01-01 00:00+08') as bucket, tenant_id, home_id,"
        " device_id, quantity, count(*) as n, sum(value), sum(value * value) as sum2, min(value), max(value)"
        " from reading where quality < 2 group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5",
        step,
    )


async def rolled(conn: Connection, name: str) -> list[tuple[Any, ...]]:
    """What the roll-up ``name`` holds."""
    return await rows_of(
        conn,
        f"select bucket, tenant_id, home_id, device_id, quantity, n, sum, sum2, min, max from {name}"
        " order by 1, 2, 3, 4, 5",
    )
