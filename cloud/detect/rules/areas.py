"""Places that are out, in the database: one look at one tenant's homes is one decision, in one transaction.

What this is: read when each home was heard, ask ``area``, write what it says. The one idea: the alarm is
that of one of the homes, which speaks for all: an incident stands where a person can go and see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from cloud.db import Connection, Pool, Queries
from cloud.detect.rules.area import Home, Outage, is_over, outages
from cloud.detect.rules.store import gateway_of
from cloud.incidents.store import attach_or_open
from cloud.ingest import alarms
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState

PACE: Final = timedelta(minutes=1)
"""A place is out before the first of its homes is told of on its own. D."""
_MOST_LISTED: Final = 200
"""Homes that the evidence names. D."""

_SQL: Final = Queries(__package__ or "", "area.sql")


async def due(conn: Connection, now: datetime, skip: Sequence[int] = (), limit: int = 100) -> list[int]:
    """Tenants whose homes to look at together."""
    found = await conn.execute(_SQL["due_tenants"], {"now": now, "skip": list(skip), "limit": limit})
    return [row["id"] for row in await found.fetchall()]


async def work(pool: Pool, tenant_id: int, now: datetime) -> bool:
    """Look at the homes of one tenant; ``False`` when another worker does or did."""
    async with pool.connection() as conn, conn.transaction():
        await conn.execute(_SQL["begin_tenant"], {"tenant_id": tenant_id})
        if not await _rows(conn, "lock_tenant", tenant_id=tenant_id, now=now):
            return False
        await _look(conn, tenant_id, now)
        await conn.execute(_SQL["looked_at_tenant"], {"tenant_id": tenant_id, "due_at": now + PACE})
        return True


async def _look(conn: Connection, tenant_id: int, now: datetime) -> None:
    homes = [
        Home(row["id"], row["division_code"], row["heard_at"])
        for row in await _rows(conn, "homes", tenant_id=tenant_id, now=now)
    ]
    standing = await _rows(conn, "standing_outages", tenant_id=tenant_id)
    for row in standing:
        if is_over(homes, row["homes"], now):
            await _end(conn, row, now)
    spoken_for = {home for row in standing for home in row["homes"]}
    places = {row["code"]: row for row in await _rows(conn, "places")} if homes else {}
    parents = {code: row["parent_code"] for code, row in places.items()}
    for outage in outages((home for home in homes if home.id not in spoken_for), parents, now):
        await _begin(conn, tenant_id, outage, places[outage.division]["name"], now)


async def _begin(conn: Connection, tenant_id: int, outage: Outage, place: str, now: datetime) -> None:
    alarm_id = _alarm_id(tenant_id, outage)
    values = {
        "tenant_id": tenant_id,
        "division": outage.division,
        "since": outage.since,
        "now": now,
        "homes": list(outage.homes),
        "alarm_id": alarm_id,
    }
    (row,) = await _rows(conn, "add_outage", **values)
    await conn.execute(_SQL["look_soon"], {"homes": list(outage.homes), "now": now})
    if row["alarm_id"] != alarm_id:
        return
    evidence = {
        "finding": "area_outage",
        "situation": 30,
        "numbers": {"homes": len(outage.homes), "of": outage.of, "place": place},
        "homes": list(outage.homes[:_MOST_LISTED]),
    }
    await _tell(conn, outage.homes[0], alarm_id, AlarmState.RAISED, outage.since, evidence, now)


async def _end(conn: Connection, row: Mapping[str, Any], now: datetime) -> None:
    await conn.execute(_SQL["end_outage"], {"id": row["id"], "now": now})
    await _tell(
        conn, row["homes"][0], AlarmId(row["alarm_id"]), AlarmState.CANCELLED, now, {"restored": True}, now
    )
    await conn.execute(_SQL["look_soon"], {"homes": row["homes"], "now": now})


async def _tell(  # noqa: PLR0917 - one alarm of one home
    conn: Connection,
    home_id: int,
    alarm_id: AlarmId,
    state: AlarmState,
    at: datetime,
    evidence: Mapping[str, Any],
    now: datetime,
) -> None:
    source = await gateway_of(conn, home_id)
    if source is not None:
        alarm = Alarm(alarm_id, AlarmKind.AREA_OUTAGE, state, source.name, at, evidence)
        await alarms.store(conn, source.gateway, [(alarm, source.device)], attach_or_open, now, path="cloud")


def _alarm_id(tenant_id: int, outage: Outage) -> AlarmId:
    """The same for the same outage, whoever finds it."""
    key = f"outage {tenant_id} {outage.division} {outage.since.isoformat()}"
    return AlarmId(sha256(key.encode()).hexdigest()[:26].upper())


async def _rows(conn: Connection, statement: str, **values: object) -> list[dict[str, Any]]:
    return await (await conn.execute(_SQL[statement], values)).fetchall()
