"""Two transactions at once: a copy at another worker adds nothing, an alarm waits for no readings; and counts
that say how a home's batches arrived.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from cloud.db import Connection, connect
from cloud.ingest.admit import LATE, OLDEST
from cloud.ingest.model import Delivery, Message, StoredAlarm
from cloud.ingest.read import read
from cloud.ingest.store import store
from cloud.people import roster as people
from cloud.people import roster_store
from firmware_protocols.model import ClockState, GatewayId
from firmware_protocols.wire import envelope
from firmware_protocols.wire.envelope import Batch, Record
from firmware_protocols.wire.topics import Lane
from tests.harness import alarm, reading, roster

NOW = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)
GATEWAY = GatewayId("gw-h001")


@pytest.fixture
async def pair(database: str) -> AsyncIterator[tuple[Connection, Connection]]:
    """Two connections to a database with one home."""
    both = await connect(database), await connect(database)
    await roster_store.load(both[0], people.parse(msgspec.json.encode(roster(1))))
    await both[0].commit()
    yield both
    for one in both:
        await one.close()


async def no_hook(_conn: Connection, _alarm: StoredAlarm, _now: datetime) -> None:
    """Nothing happens with an alarm."""


def message(first: int, *records: Record, lane: Lane = Lane.BULK) -> Message:
    batch = Batch(GATEWAY, "e1", lane, first, "boot", ClockState.SYNCED, records)
    return read(Delivery(f"anban/1/1/{GATEWAY}/{lane}", envelope.encode(batch), NOW))


def taken(*ago: timedelta) -> list[Record]:
    return [reading(at=NOW - one) for one in ago]


async def counted(conn: Connection, lane: str = "t") -> dict[str, Any]:
    found = await conn.execute(
        "select day::text, batches, records, late, refused, repeated from delivery_day where lane = %s",
        [lane],
    )
    row = await found.fetchone()
    assert row
    return row


async def test_a_copy_that_another_worker_is_just_storing_is_acknowledged_and_adds_nothing(
    pair: tuple[Connection, Connection],
) -> None:
    ours, theirs = pair
    one = message(1, *taken(timedelta(0), timedelta(seconds=1)))
    first = await store(ours, [one], no_hook, NOW)
    copy = asyncio.create_task(store(theirs, [one], no_hook, NOW))
    await asyncio.sleep(0)
    await ours.commit()
    assert await copy == first
    await theirs.commit()
    found = await (await ours.execute("select count(*) as n from reading")).fetchone()
    assert found == {"n": 2}


async def test_an_alarm_waits_for_no_readings_of_its_home_that_are_being_stored(
    pair: tuple[Connection, Connection],
) -> None:
    bulk, prompt = pair
    await prompt.execute("set lock_timeout = '1ms'")
    await store(bulk, [message(1, *taken(timedelta(0)))], no_hook, NOW)
    acks = await store(prompt, [message(1, alarm(1, at=NOW), lane=Lane.ALARM)], no_hook, NOW)
    assert [ack.b for _, ack in acks] == [(1,)]


async def test_what_came_late_twice_or_could_not_be_kept_is_counted_by_home_and_day(
    pair: tuple[Connection, Connection],
) -> None:
    conn, _ = pair
    late = LATE + timedelta(seconds=1)
    one = message(1, *taken(timedelta(0), late, LATE))
    two = message(4, *taken(timedelta(0), OLDEST + timedelta(days=1), -timedelta(minutes=6)))
    await store(conn, [one, two], no_hook, NOW)
    await store(conn, [one], no_hook, NOW)
    for _ in ("at QoS 0", "at QoS 1"):
        await store(conn, [message(1, alarm(1, at=NOW), lane=Lane.ALARM)], no_hook, NOW)
    day = {"day": "2026-05-01"}
    assert await counted(conn) == {
        **day, "batches": 2, "records": 6, "late": 1, "refused": 2, "repeated": 1,
    }  # fmt: skip
    assert await counted(conn, "a") == {
        **day, "batches": 1, "records": 1, "late": 0, "refused": 0, "repeated": 0,
    }  # fmt: skip


async def test_a_day_is_that_of_the_community(pair: tuple[Connection, Connection]) -> None:
    conn, _ = pair
    await store(conn, [message(1, *taken(timedelta(0)))], no_hook, NOW.replace(hour=17))
    assert (await counted(conn))["day"] == "2026-05-02"
