"""Texts in the database: each function is one decision, in the transaction that its caller opened.

What this is: judge, keep, hand the alarm to the same storing as ingest. What it is not: it reads no port and
no request (``modem``, ``routes``). The one idea: the alarm's id makes the copies of both paths one incident,
in whatever order they come, so nothing here asks which came first.

Locks are taken in the order of incidents, after the row of the gateway's path.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from cloud.db import Connection, Queries
from cloud.incidents.store import attach_or_open
from cloud.ingest import alarms
from cloud.ingest.admit import UNNAMED
from cloud.ingest.model import Delivery, Gateway, Poison
from cloud.ingest.rows import Device, unnamed
from cloud.ingest.store import add_quarantine
from cloud.texts.judge import Known, Refusal, as_alarm, believe, read, replayed
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, GatewayId
from firmware_protocols.wire.sms import Sms, SmsKey

FIRST_TEST: Final = timedelta(days=2)
"""A gateway tests its path within a day of its start (``edge_agent.second_path``); another for whoever comes
late."""
NEXT_TEST: Final = timedelta(days=32)
"""It tests again after 30 days; the longest supervision time that EN 50136-1 knows, SP1's, is 32 days (to be
checked in a bought copy)."""
REMIND: Final = timedelta(days=7)
"""D. A path that is still missed is told again."""
LONGEST: Final = 1_000
"""Characters of a text that are looked at and kept; ten segments have 1,530."""
GATEWAY_DEVICE: Final = DeviceId("gateway")
"""The device of records that speak of the gateway itself, as the gateway names it."""
_TOPIC: Final = "sms"

_SQL: Final = Queries(__package__ or "")
_log = logging.getLogger(__name__)


async def take(conn: Connection, text: str, now: datetime) -> bool:
    """Take one text that came to the alarm centre's number; true if it was believed.

    What is not believed goes to quarantine with the reason. Safe to repeat.
    """
    signed = read(text[:LONGEST])
    if isinstance(signed, Refusal):
        return await _refuse(conn, text, signed, now)
    believed = believe(signed, await _gateway(conn, signed.sms.gateway))
    if isinstance(believed, Refusal):
        return await _refuse(conn, text, believed, now)
    said, gateway = believed.said, believed.gateway
    digest = sha256(f"{signed.body} {signed.mac}".encode()).digest()
    if await _came_before(conn, text, said, digest, now):
        return False
    _log.warning(
        "text believed gateway=%s alarm=%s test=%s copy=%d", said.gateway, said.alarm, said.test, said.copy
    )
    await _path_proven(conn, gateway, now)
    if not said.test:
        await _store(conn, gateway, as_alarm(said, now), "sms", now)
    return True


async def due(conn: Connection, now: datetime, skip: Sequence[int] = (), limit: int = 100) -> list[int]:
    """Second paths whose next text is overdue, or that nobody has begun to count."""
    params = {"now": now, "skip": list(skip), "limit": limit}
    return [row["id"] for row in await (await conn.execute(_SQL["due_paths"], params)).fetchall()]


async def miss(conn: Connection, path: int, now: datetime) -> bool:
    """Begin to count, or tell people that the path is silent; false when another worker is at it or was."""
    row = await (await conn.execute(_SQL["path_for_update"], {"id": path, "now": now})).fetchone()
    if row is None:
        return False
    if row["due_at"] is None:
        await conn.execute(_SQL["expect"], {"id": path, "due_at": now + FIRST_TEST, "fault": ""})
        return True
    known = await _gateway(conn, row["gateway_id"])
    if known is None:
        return False
    heard = row["heard_at"].isoformat() if row["heard_at"] else "never"
    fault = _fault(AlarmId(_fault_id(row["gateway_id"], row["due_at"])), AlarmState.RAISED, heard, now)
    await conn.execute(_SQL["expect"], {"id": path, "due_at": now + REMIND, "fault": fault.id})
    await _store(conn, known.gateway, fault, "cloud", now)
    return True


async def _gateway(conn: Connection, gateway: GatewayId) -> Known | None:
    row = await (await conn.execute(_SQL["gateway"], {"gateway": gateway})).fetchone()
    if row is None:
        return None
    key = row.pop("sms_key")
    return Known(Gateway(**row), None if key is None else SmsKey(key))


async def _came_before(conn: Connection, text: str, said: Sms, digest: bytes, now: datetime) -> bool:
    values: dict[str, Any] = {"gateway": said.gateway, "alarm": said.alarm, "test": said.test}
    if (await conn.execute(_SQL["first_time"], {**values, "digest": digest, "now": now})).rowcount:
        return False
    row = await (await conn.execute(_SQL["came_at"], {"digest": digest})).fetchone()
    refusal = replayed(said, row["stored_at"], now) if row else None
    if refusal is not None:
        await _refuse(conn, text, refusal, now)
    return True


async def _path_proven(conn: Connection, gateway: Gateway, now: datetime) -> None:
    """A text has come through: count from now, and end the fault that said none does."""
    values = {"gateway": gateway.id, "now": now, "due_at": now + NEXT_TEST}
    row = await (await conn.execute(_SQL["path_proven"], values)).fetchone()
    if row is not None and row["fault"]:
        end = _fault(AlarmId(row["fault"]), AlarmState.CANCELLED, now.isoformat(), now)
        await _store(conn, gateway, end, "cloud", now)


async def _store(conn: Connection, gateway: Gateway, alarm: Alarm, path: alarms.Path, now: datetime) -> None:
    device = await _device(conn, gateway, alarm.device)
    await alarms.store(conn, gateway, [(alarm, device)], attach_or_open, now, path=path)


async def _device(conn: Connection, gateway: Gateway, name: DeviceId) -> Device:
    """The device that an alarm names; one that nobody enrolled or heard of stands for itself."""
    row = await (await conn.execute(_SQL["device"], {"gateway": gateway.id, "name": name})).fetchone()
    if row is not None:
        return Device(**row)
    return (await unnamed(conn, [gateway.id]))[gateway.id, UNNAMED]


async def _refuse(conn: Connection, text: str, refusal: Refusal, now: datetime) -> bool:
    delivery = Delivery(_TOPIC, text[:LONGEST].encode("utf-8", "replace"), now)
    same = refusal.same.encode()
    await add_quarantine(conn, Poison(delivery, refusal.reason, refusal.gateway, same=same), now)
    return False


def _fault_id(gateway: GatewayId, due_at: datetime) -> str:
    """The same for the same miss, whoever tells of it."""
    return sha256(f"second path {gateway} {due_at.isoformat()}".encode()).hexdigest()[:26].upper()


def _fault(alarm: AlarmId, state: AlarmState, heard: str, now: datetime) -> Alarm:
    evidence = {"fault": "text messages do not arrive", "last_text": heard}
    return Alarm(alarm, AlarmKind.DEVICE_FAULT, state, GATEWAY_DEVICE, now, evidence)
