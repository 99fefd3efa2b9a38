"""Ingest's whole work, done by its own role of the database: what it may is enough."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import pytest

from cloud.db import Connection, connect, roles
from cloud.incidents.store import attach_or_open
from cloud.ingest import commands, plans
from cloud.ingest.alarms import hand_on_due
from cloud.ingest.model import Delivery
from cloud.ingest.read import read
from cloud.ingest.shards import Range
from cloud.ingest.silence import SILENT, mark_silent
from cloud.ingest.store import store
from cloud.people import roster as people
from cloud.people import roster_store
from cloud.sealed import NO_KEYS
from firmware_protocols.model import AlarmKind, AlarmState, ClockState, DeviceId, Event, EventKind
from firmware_protocols.wire import control, envelope
from firmware_protocols.wire.control import Result, State
from firmware_protocols.wire.envelope import Batch, Record
from firmware_protocols.wire.topics import Lane
from tests.conftest import Server
from tests.harness import alarm, reading, roster
from tests.unit.cloud.ingest.test_retime import anchored, minutes_ago, stored, times, unset
from tests.unit.cloud.ingest.test_store import GATEWAY, NOW

DOOR = DeviceId("door")
pytestmark = pytest.mark.services


@pytest.fixture
async def ingest(postgres: Server, database: str, conn: Connection) -> AsyncIterator[Connection]:
    """Signed in as ingest, where two homes with a plan and a neighbour each are registered."""
    county = roster(
        2, contacts=[{"rank": 1, "name": "吴嫂", "relation": "neighbour", "phone": "13800000001"}]
    )
    county["homes"][0]["plan"] = {"person": {"wanders": True}}
    await roster_store.load(conn, people.parse(msgspec.json.encode(county)))
    await conn.commit()
    async with await connect(postgres.as_role(database, roles.INGEST)) as own:
        yield own


async def hear(conn: Connection, channel: str, payload: bytes) -> None:
    """One message of the first home's gateway, stored as it arrives."""
    await store(conn, [read(Delivery(f"anban/1/1/{GATEWAY}/{channel}", payload, NOW))], attach_or_open, NOW)


async def deliver(conn: Connection, seq: int, *records: Record, lane: Lane) -> None:
    batch = Batch(GATEWAY, "e1", lane, seq, "boot", ClockState.SYNCED, records)
    await hear(conn, lane.value, envelope.encode(batch))


async def states(conn: Connection) -> list[str]:
    return [
        row["state"]
        for row in await (await conn.execute("select state from incident order by id")).fetchall()
    ]


async def test_what_a_home_sends_is_stored_and_a_call_opens_an_incident_that_its_end_closes(
    ingest: Connection,
) -> None:
    opened = Event(DOOR, EventKind.LEFT_OPEN, "", NOW)
    await deliver(ingest, 1, reading(61.0, at=NOW), opened, lane=Lane.BULK)
    fall = alarm(1, kind=AlarmKind.FALL, state=AlarmState.SUSPECTED, at=NOW, confirm_s=20)
    await deliver(ingest, 1, fall, lane=Lane.ALARM)
    await deliver(ingest, 2, replace(fall, state=AlarmState.CANCELLED), lane=Lane.ALARM)
    (ended,) = await states(ingest)
    await deliver(ingest, 3, alarm(2, at=NOW), lane=Lane.ALARM)
    assert await states(ingest) == [ended, "raised"]
    await hear(ingest, "b", b"no batch")
    (kept,) = await (await ingest.execute("select count(*) as n from quarantine")).fetchall()
    assert kept["n"] == 1


async def test_an_alarm_whose_hook_failed_is_handed_on(ingest: Connection) -> None:
    async def fails(_conn: Connection, _alarm: object, _now: datetime) -> None:
        raise RuntimeError

    batch = Batch(GATEWAY, "e1", Lane.ALARM, 1, "boot", ClockState.SYNCED, (alarm(1, at=NOW),))
    message = read(Delivery(f"anban/1/1/{GATEWAY}/a", envelope.encode(batch), NOW))
    await store(ingest, [message], fails, NOW)
    assert await states(ingest) == []
    assert await hand_on_due(ingest, attach_or_open, NOW + timedelta(minutes=2))
    assert await states(ingest) == ["raised"]


async def test_a_clock_that_is_set_puts_right_what_came_before(ingest: Connection) -> None:
    late = unset(1, reading(at=minutes_ago(50)), Event(DOOR, EventKind.LEFT_OPEN, "", minutes_ago(50)))
    await stored(ingest, late, unset(1, alarm(at=minutes_ago(1)), lane=Lane.ALARM))
    await stored(ingest, anchored(2, 3))
    while await hand_on_due(ingest, attach_or_open, NOW):
        pass
    for table, at in {"reading": 50, "event": 50, "alarm": 1, "incident": 1}.items():
        assert await times(ingest, table) == [minutes_ago(at)], table


async def test_a_plan_goes_out_is_answered_and_a_silent_home_is_marked(ingest: Connection) -> None:
    await hear(ingest, "s", control.encode(State(online=True)))
    await plans.offer(ingest, NOW)
    ((gateway, command),) = await commands.claim(ingest, NO_KEYS, (0, 255), NOW)
    assert (gateway, command.name) == (GATEWAY, "plan")
    await hear(ingest, "r", control.encode(Result(command.id, ok=True, detail="version 1 in force")))
    await mark_silent(ingest, Range(0, 255), NOW + 2 * SILENT)
    (row,) = await (await ingest.execute("select online from gateway where id = %s", [GATEWAY])).fetchall()
    assert row["online"] is False
