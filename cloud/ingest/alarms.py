"""Stores alarm records and hands each to the incidents, at once or again later.

The one idea: storing an alarm never depends on what is made of it. The hook runs behind a savepoint; if
it fails, the alarm stays stored with a ``due_at`` and is handed on again until it succeeds.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from psycopg.types.json import Jsonb

from cloud.db import Connection, Queries
from cloud.ingest.model import Gateway, StoredAlarm
from cloud.ingest.rows import Device
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId

OnAlarm: TypeAlias = Callable[[Connection, StoredAlarm, datetime], Awaitable[None]]
"""Called for each stored alarm record, inside its transaction, behind a savepoint."""

Path: TypeAlias = Literal["mqtt", "sms", "cloud"]
"""How a record came: only what came by ``mqtt`` stands in the ledger that the audit counts."""

_NO_ROW: Final = 0
_SQL: Final = Queries(__package__ or "")
_log = logging.getLogger(__name__)


async def store(
    conn: Connection,
    gateway: Gateway,
    found: Sequence[tuple[Alarm, Device]],
    on_alarm: OnAlarm,
    now: datetime,
    *,
    path: Path = "mqtt",
    timeline: int | None = None,
) -> None:
    """Insert the alarm records of ``gateway`` and hand each on. ``timeline``: whose times may be put right
    later.
    """
    for alarm, device in found:
        values = {
            "alarm_id": alarm.id,
            "home_id": gateway.home_id,
            "gateway_id": gateway.id,
            "device_id": device.id,
            "kind": alarm.kind.value,
            "state": alarm.state.value,
            "observed_at": alarm.observed_at,
            "now": now,
            "confirm_s": alarm.confirm_s,
            "evidence": Jsonb(dict(alarm.evidence)),
            "actions": list(alarm.actions),
            "path": path,
            "timeline": timeline,
        }
        row = await (await conn.execute(_SQL["add_alarm"], values)).fetchone()
        await _hand_on(conn, row["id"] if row else _NO_ROW, _told(gateway, alarm, device, now), on_alarm, now)


async def tell(
    conn: Connection,
    gateway: Gateway,
    found: Sequence[tuple[Alarm, Device]],
    on_alarm: OnAlarm,
    now: datetime,
) -> None:
    """Hand on alarms that belong to no batch of the ledger, so that no row may be counted for them; they come
    again as long as their gateway keeps them.
    """
    for alarm, device in found:
        await _hand_on(conn, _NO_ROW, _told(gateway, alarm, device, now), on_alarm, now)


def _told(gateway: Gateway, alarm: Alarm, device: Device, now: datetime) -> StoredAlarm:
    return StoredAlarm(alarm, gateway.tenant_id, gateway.home_id, gateway.id, device.id, device.room, now)


async def hand_on_due(conn: Connection, on_alarm: OnAlarm, now: datetime) -> bool:
    """Hand on one alarm whose time has come; false when there is none."""
    row = await (await conn.execute(_SQL["due_alarms"], {"now": now})).fetchone()
    if row is None:
        return False
    await _hand_on(conn, row["id"], _stored(row), on_alarm, now)
    return True


async def _hand_on(
    conn: Connection, number: int, stored: StoredAlarm, on_alarm: OnAlarm, now: datetime
) -> None:
    try:
        async with conn.transaction():
            await on_alarm(conn, stored, now)
            await conn.execute(_SQL["settle_alarm"], {"id": number})
    except Exception as error:
        if conn.broken or conn.closed:
            raise  # the whole transaction is lost, so the broker delivers it again
        where = traceback.extract_tb(error.__traceback__)[-1]
        _log.error(
            "alarm not handed on yet alarm=%s gateway=%s error=%s at=%s:%s",
            *(stored.alarm.id, stored.gateway, type(error).__name__, where.filename, where.lineno),
        )
        await conn.execute(_SQL["postpone_alarm"], {"id": number, "now": now})


def _stored(row: Mapping[str, Any]) -> StoredAlarm:
    alarm = Alarm(
        AlarmId(row["alarm_id"]),
        AlarmKind(row["kind"]),
        AlarmState(row["state"]),
        DeviceId(row["device"]),
        row["observed_at"],
        row["evidence"],
        tuple(row["actions"]),
        row["confirm_s"],
    )
    return StoredAlarm(
        alarm,
        row["tenant_id"],
        row["home_id"],
        row["gateway_id"],
        row["device_id"],
        row["room"],
        row["stored_at"],
    )
