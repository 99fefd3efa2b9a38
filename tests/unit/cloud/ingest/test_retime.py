"""A gateway without a battery-backed clock wakes in the past and learns the time: its rows end right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from cloud.audit import audit, lines
from cloud.db import Connection
from cloud.incidents.store import attach_or_open
from cloud.ingest.alarms import hand_on_due
from cloud.ingest.store import store
from firmware_protocols.model import AlarmState, ClockState, GatewayId
from firmware_protocols.wire.envelope import Anchor, Batch, Record
from firmware_protocols.wire.topics import Lane
from tests.harness import alarm, reading
from tests.unit.cloud.ingest.test_store import GATEWAY, NOW, home, message

__all__ = ["home"]

FORTNIGHT = timedelta(days=14)
BOOTED = NOW - timedelta(hours=1)
"""When the boot that is put right truly began."""


def unset(first: int, *records: Record, lane: Lane = Lane.BULK, boot: str = "b1") -> Batch:
    """A batch of a clock that is two weeks late; its records are given with their true times."""
    late = [_at(record, record.observed_at - FORTNIGHT) for record in records]
    up_s = (records[0].observed_at - BOOTED).total_seconds()
    return Batch(GATEWAY, "e1", lane, first, boot, ClockState.UNSYNCED, tuple(late), up_s)


def anchored(
    first: int, bulk_next: int, *, at: datetime = NOW, boot: str = "b1", up_s: float = 3600.0
) -> Batch:
    """The anchor of a boot that is ``up_s`` old at ``at``."""
    return Batch(GATEWAY, "e1", Lane.ALARM, first, boot, ClockState.SYNCED, (Anchor(bulk_next, at),), up_s)


def _at(record: Record, at: datetime) -> Any:
    return type(record)(**{name: getattr(record, name) for name in record.__slots__} | {"observed_at": at})


async def stored(conn: Connection, *batches: Batch, now: datetime = NOW) -> None:
    await store(conn, [message(one) for one in batches], attach_or_open, now)


async def times(conn: Connection, table: str = "reading") -> Sequence[datetime]:
    rows = await (await conn.execute(f"select observed_at from {table} order by 1".encode())).fetchall()
    return [row["observed_at"] for row in rows]


async def unsure(conn: Connection) -> Sequence[tuple[str, str, int]]:
    return (await audit(conn)).unsure


def minutes_ago(minutes: int) -> datetime:
    return NOW - timedelta(minutes=minutes)


async def test_readings_stored_before_the_anchor_end_at_the_right_time(home: Connection) -> None:
    await stored(home, unset(1, reading(at=minutes_ago(50)), reading(at=minutes_ago(49))))
    assert await times(home) == [minutes_ago(50) - FORTNIGHT, minutes_ago(49) - FORTNIGHT]
    assert await unsure(home) == ((GATEWAY, "open", 2),)
    await stored(home, anchored(1, 3))
    assert await times(home) == [minutes_ago(50), minutes_ago(49)]
    assert await unsure(home) == ()


async def test_readings_that_arrive_after_the_anchor_are_stored_right_at_once(home: Connection) -> None:
    await stored(home, anchored(1, 3))
    await stored(home, unset(1, reading(at=minutes_ago(50))))
    await stored(home, unset(2, reading(at=minutes_ago(40))))
    assert await times(home) == [minutes_ago(50), minutes_ago(40)]


async def test_a_backlog_and_its_anchor_in_one_transaction_and_in_any_order(home: Connection) -> None:
    await stored(
        home, unset(2, reading(at=minutes_ago(40))), anchored(1, 3), unset(1, reading(at=minutes_ago(50)))
    )
    assert await times(home) == [minutes_ago(50), minutes_ago(40)]


async def test_the_same_anchor_and_the_same_batch_again_move_nothing_twice(home: Connection) -> None:
    batches = [unset(1, reading(at=minutes_ago(50))), anchored(1, 2)]
    for _ in range(3):
        await stored(home, *batches)
    assert await times(home) == [minutes_ago(50)]


async def test_an_alarm_of_an_unset_clock_opens_its_incident_at_once_and_learns_the_time_later(
    home: Connection,
) -> None:
    await stored(home, unset(1, alarm(at=minutes_ago(1)), lane=Lane.ALARM))
    (opened,) = await (await home.execute("select opened_at, observed_at from incident")).fetchall()
    assert (opened["opened_at"], opened["observed_at"]) == (NOW, minutes_ago(1) - FORTNIGHT)
    await stored(home, anchored(2, 1))
    while await hand_on_due(home, attach_or_open, NOW):
        pass
    assert await times(home, "alarm") == [minutes_ago(1)]
    assert await times(home, "incident") == [minutes_ago(1)]
    (told,) = await (await home.execute("select count(*) as n from incident_event")).fetchall()
    assert told["n"] == 1, "nothing happened to the incident but its time"


async def test_a_suspicion_of_an_unset_clock_waits_no_longer_than_its_window(home: Connection) -> None:
    suspected = alarm(state=AlarmState.SUSPECTED, at=minutes_ago(0), confirm_s=20.0)
    await stored(home, unset(1, suspected, lane=Lane.ALARM))
    (opened,) = await (await home.execute("select due_at from incident")).fetchall()
    assert opened["due_at"] is None or opened["due_at"] <= NOW + timedelta(seconds=60)


async def test_a_boot_that_never_synchronised_is_placed_before_the_next_and_marked(home: Connection) -> None:
    """It believes to be at 02:10 two weeks late; the next boot began at 02:00 and says so."""
    late = unset(1, reading(at=minutes_ago(50) + FORTNIGHT), reading(at=minutes_ago(49) + FORTNIGHT))
    await stored(home, late)
    await stored(home, anchored(1, 3, boot="b2"))
    assert await times(home) == [BOOTED - timedelta(minutes=1), BOOTED]
    report = await audit(home)
    assert report.unsure == ((GATEWAY, "estimated", 2),)
    assert report.missing == report.doubled == 0
    assert any("is estimated" in line for line in lines(report))


async def test_an_anchor_that_comes_after_all_replaces_the_estimate(home: Connection) -> None:
    await stored(home, unset(1, reading(at=minutes_ago(50))))
    await stored(home, anchored(2, 2, boot="b2", up_s=60.0))
    await stored(home, anchored(1, 2))
    assert await times(home) == [minutes_ago(50)]
    assert await unsure(home) == ()


async def test_a_clock_that_is_stepped_before_it_is_in_step_makes_two_lines_each_put_right(
    home: Connection,
) -> None:
    first = unset(1, reading(at=minutes_ago(50)))
    second = Batch(
        GATEWAY, "e1", Lane.BULK, 2, "b1", ClockState.UNSYNCED, (reading(at=minutes_ago(40)),), 20 * 60.0
    )
    await stored(home, first, second, anchored(1, 3))
    assert await times(home) == [minutes_ago(50), minutes_ago(40)]


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=3650)])
async def test_an_anchor_in_the_future_is_refused_alone_and_moves_nothing(
    home: Connection, ahead: timedelta
) -> None:
    await stored(home, unset(1, reading(at=minutes_ago(50))), anchored(1, 2, at=NOW + ahead))
    assert await times(home) == [minutes_ago(50) - FORTNIGHT]
    (kept,) = await (await home.execute("select reason from quarantine")).fetchall()
    assert "is impossible" in kept["reason"]


async def test_a_gateway_that_says_nothing_of_its_boot_is_stored_as_before(home: Connection) -> None:
    old = Batch(
        GatewayId(GATEWAY), "e1", Lane.BULK, 1, "b1", ClockState.UNSYNCED, (reading(at=minutes_ago(5)),)
    )
    await stored(home, old, anchored(1, 2))
    assert await times(home) == [minutes_ago(5)]
