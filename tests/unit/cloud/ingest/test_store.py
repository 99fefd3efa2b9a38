"""Storing: each batch once, nothing thrown away, and an alarm never lost to the failure of its hook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from cloud.audit import audit
from cloud.db import Connection, connect
from cloud.incidents.model import HomeView
from cloud.incidents.store import attach_or_open
from cloud.ingest.alarms import hand_on_due
from cloud.ingest.model import Delivery, Message, StoredAlarm
from cloud.ingest.read import read
from cloud.ingest.rows import MOST_DEVICES
from cloud.ingest.silence import SILENT, mark_silent
from cloud.ingest.station import EVERY_SHARD
from cloud.ingest.store import store
from cloud.people import roster as people
from cloud.people import roster_store
from firmware_protocols.model import AlarmState, ClockState, DeviceId, Event, EventKind, GatewayId
from firmware_protocols.wire import control, envelope
from firmware_protocols.wire.control import Ack, LaneState, State
from firmware_protocols.wire.envelope import Batch, Gap, Record
from firmware_protocols.wire.topics import Lane
from tests.harness import alarm, reading, roster

NOW = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)
GATEWAY = GatewayId("gw-h001")


@pytest.fixture
async def home(conn: Connection) -> Connection:
    """A connection to a database with the homes h001 and h002."""
    await roster_store.load(conn, people.parse(msgspec.json.encode(roster(2))))
    await conn.execute("delete from change")
    return conn


async def no_hook(_conn: Connection, _alarm: StoredAlarm, _now: datetime) -> None:
    """Nothing happens with an alarm."""


def batch(first: int, *records: Record, lane: Lane = Lane.BULK, gateway: str = GATEWAY) -> Batch:
    return Batch(GatewayId(gateway), "e1", lane, first, "boot", ClockState.SYNCED, records)


def message(batch: Batch, *, shard: int | None = None) -> Message:
    where = shard if shard is not None else int(batch.gateway[-3:])
    return read(Delivery(f"anban/1/{where}/{batch.gateway}/{batch.lane}", envelope.encode(batch), NOW))


def readings(first: int, count: int) -> Batch:
    return batch(first, *(reading(60.0 + n, at=NOW + timedelta(seconds=n)) for n in range(count)))


async def rows(conn: Connection, sql: str) -> list[dict[str, Any]]:
    return await (await conn.execute(sql)).fetchall()


async def count(conn: Connection, table: str) -> int:
    return int((await rows(conn, f"select count(*) as n from {table}"))[0]["n"])


async def stored(conn: Connection, messages: Sequence[Message]) -> list[tuple[GatewayId, Ack]]:
    return await store(conn, messages, no_hook, NOW)


async def test_a_batch_becomes_rows_and_is_acknowledged(home: Connection) -> None:
    event = Event(DeviceId("door"), EventKind.LEFT_OPEN, "10 min", NOW)
    acks = await stored(home, [message(batch(1, reading(71.5, at=NOW), event))])
    assert acks == [(GATEWAY, Ack("e1", Lane.BULK, (1,)))]
    (one,) = await rows(home, "select r.*, name from reading r join device on device.id = device_id")
    assert (one["observed_at"], one["quantity"], one["quality"], one["value"], one["name"]) == (
        NOW, 1, 0, 71.5, "pendant",
    )  # fmt: skip
    (two,) = await rows(home, "select e.*, name, last_at from event e join device on device.id = device_id")
    assert (two["kind"], two["detail"], two["name"], two["last_at"]) == ("left_open", "10 min", "door", NOW)


async def test_the_same_batch_again_stores_nothing_and_is_acknowledged_again(home: Connection) -> None:
    first = await stored(home, [message(readings(1, 5))])
    again = await stored(home, [message(readings(1, 5)), message(readings(1, 5))])
    assert again == first
    assert await count(home, "reading") == 5


async def test_a_batch_twice_in_one_transaction_is_stored_once(home: Connection) -> None:
    await stored(home, [message(readings(1, 5)), message(readings(1, 5))])
    assert await count(home, "reading") == 5


async def test_batches_out_of_order_are_all_stored(home: Connection) -> None:
    acks = await stored(home, [message(readings(first, 3)) for first in (7, 1, 4)])
    assert acks == [(GATEWAY, Ack("e1", Lane.BULK, (1, 4, 7)))]
    assert await count(home, "reading") == 9


async def test_each_of_a_gateways_batches_is_judged_by_itself(home: Connection) -> None:
    await stored(home, [message(readings(first, 5)) for first in (1, 11, 31)])
    again, between, recut, fills_the_gap, last = (1, 5), (6, 5), (14, 4), (21, 10), (36, 5)
    sent = [message(readings(*one)) for one in (last, again, recut, between, fills_the_gap)]
    other = message(batch(1, reading(at=NOW), gateway="gw-h002"))
    acks = await stored(home, [*sent, other])
    assert [ack.b for _, ack in acks] == [(1, 6, 14, 21, 36), (1,)]
    assert await count(home, "reading") == 15 + 5 + 10 + 5 + 1
    assert await rows(home, "select reason from quarantine") == [{"reason": "overlaps a stored batch"}]
    ours = "select first_seq, n, readings from batch where gateway_id = 'gw-h001' order by 1"
    assert [tuple(row.values()) for row in await rows(home, ours)] == [
        (1, 5, 5), (6, 5, 5), (11, 5, 5), (21, 10, 10), (31, 5, 5), (36, 5, 5),
    ]  # fmt: skip


@pytest.mark.parametrize(("first", "size"), [(1, 4), (3, 5), (4, 2), (2, 20)])
async def test_a_batch_cut_anew_goes_to_quarantine_instead_of_storing_twice(
    home: Connection, first: int, size: int
) -> None:
    await stored(home, [message(readings(1, 5))])
    acks = await stored(home, [message(readings(first, size))])
    assert acks == [(GATEWAY, Ack("e1", Lane.BULK, (first,)))]
    assert await count(home, "reading") == 5
    (kept,) = await rows(home, "select reason, payload from quarantine")
    assert kept["reason"] == "overlaps a stored batch"
    assert envelope.parse(kept["payload"]) == readings(first, size)


async def test_the_same_numbers_of_another_epoch_or_lane_are_other_records(home: Connection) -> None:
    other = replace(readings(1, 5), epoch="e2")
    alarms = batch(1, alarm(at=NOW), lane=Lane.ALARM)
    await stored(home, [message(readings(1, 5)), message(other), message(alarms)])
    assert (await count(home, "reading"), await count(home, "alarm"), await count(home, "batch")) == (
        10,
        1,
        3,
    )


async def test_a_gap_is_written_down(home: Connection) -> None:
    gap = Gap("e1", Lane.BULK, 10, 19, "storage full", NOW)
    await stored(home, [message(batch(20, gap))])
    (kept,) = await rows(home, "select first_seq, last_seq, reason from gap")
    assert tuple(kept.values()) == (10, 19, "storage full")


async def test_an_alarm_is_stored_and_handed_on_in_the_same_transaction(home: Connection) -> None:
    seen: list[StoredAlarm] = []

    async def hook(conn: Connection, one: StoredAlarm, _now: datetime) -> None:
        seen.append(one)
        assert await count(conn, "alarm") == 1

    await store(home, [message(batch(1, alarm(7, at=NOW), lane=Lane.ALARM))], hook, NOW)
    (one,) = seen
    assert (one.alarm.id, one.gateway, one.room) == (alarm(7).id, GATEWAY, "bedroom")
    assert await rows(home, "select id from alarm where due_at is not null") == []


async def test_a_failing_hook_loses_neither_the_alarm_nor_the_readings(home: Connection) -> None:
    async def hook(conn: Connection, _one: StoredAlarm, _now: datetime) -> None:
        await conn.execute("select 1 / 0")

    messages = [message(batch(1, alarm(at=NOW), lane=Lane.ALARM)), message(readings(1, 5))]
    assert len(await store(home, messages, hook, NOW)) == 2
    assert (await count(home, "alarm"), await count(home, "reading")) == (1, 5)
    (kept,) = await rows(home, "select due_at, attempts from alarm")
    assert (kept["due_at"], kept["attempts"]) == (NOW + timedelta(seconds=1), 1)


async def test_an_alarm_whose_hook_failed_is_handed_on_again_until_it_succeeds(home: Connection) -> None:
    failures = 2
    seen: list[StoredAlarm] = []

    async def hook(_conn: Connection, one: StoredAlarm, _now: datetime) -> None:
        seen.append(one)
        if len(seen) <= failures:
            raise RuntimeError("not yet")

    original = alarm(3, at=NOW, state=AlarmState.SUSPECTED, confirm_s=20.0)
    await store(home, [message(batch(1, original, lane=Lane.ALARM))], hook, NOW)
    assert not await hand_on_due(home, hook, NOW), "too early"
    assert await hand_on_due(home, hook, NOW + timedelta(seconds=1))
    assert not await hand_on_due(home, hook, NOW + timedelta(seconds=2)), "it waits longer each time"
    assert await hand_on_due(home, hook, NOW + timedelta(seconds=3))
    assert not await hand_on_due(home, hook, NOW + timedelta(days=1)), "it is settled"
    assert len(seen) == 3
    assert seen == [seen[0]] * 3, "each time the same alarm"


async def test_a_home_that_somebody_has_locked_and_hangs_does_not_hold_up_the_alarm_of_another(
    home: Connection, database: str
) -> None:
    await home.commit()
    await home.execute("set lock_timeout = '100ms'")
    hung = await connect(database)
    await hung.execute("select id from home where key = 'h001' for update")
    messages = [
        message(batch(1, alarm(number, at=NOW), lane=Lane.ALARM, gateway=f"gw-h00{number}"))
        for number in (1, 2)
    ]
    assert len(await store(home, messages, attach_or_open, NOW)) == 2
    assert await rows(home, "select key from incident join home on home.id = home_id") == [{"key": "h002"}]
    await hung.close()
    assert await hand_on_due(home, attach_or_open, NOW + timedelta(seconds=1))
    assert await count(home, "incident") == 2


async def test_a_message_that_is_no_batch_is_kept_whole_and_counted_when_it_comes_again(
    home: Connection,
) -> None:
    poison = read(Delivery("anban/1/1/gw-h001/t", b"\xff\x00garbage", NOW))
    assert await stored(home, [poison]) == []
    assert await stored(home, [poison]) == []
    (kept,) = await rows(home, "select topic, payload, seen, gateway_id from quarantine")
    assert tuple(kept.values()) == ("anban/1/1/gw-h001/t", b"\xff\x00garbage", 2, "gw-h001")


def unreadable(record: dict[str, Any], **envelope_fields: Any) -> Message:
    """A batch of the alarm lane that this version cannot read, with one record in it."""
    document = msgspec.json.decode(envelope.encode(batch(1, alarm(at=NOW), lane=Lane.ALARM)))
    document["r"] = [record]
    payload = msgspec.json.encode({**document, **envelope_fields})
    return read(Delivery("anban/1/1/gw-h001/a", payload, NOW))


CALL = {"k": "a", "d": "pendant", "id": "01J", "n": "sos", "st": "raised"}


@pytest.mark.parametrize(
    ("message", "kind", "acknowledged"),
    [
        (unreadable(CALL | {"new": 1}), "sos", True),
        (unreadable(CALL | {"n": "fall", "st": "suspected", "cs": "20 s"}), "fall", True),
        (unreadable(CALL | {"n": "choking"}), "sos", True),
        (unreadable(CALL, v=2), "sos", True),
        (unreadable(CALL, e="\0"), "sos", False),
        (read(Delivery("anban/1/1/gw-h001/a", b"\xff\x00 damaged", NOW)), "device_fault", False),
        (read(Delivery("anban/1/1/gw-h001/a", b'{"v":1,"gw":"gw-h0', NOW)), "device_fault", False),
        (read(Delivery("anban/1/9/gw-h001/a", unreadable(CALL, v=2).delivery.payload, NOW)), "sos", False),
    ],
)
async def test_a_call_for_help_that_cannot_be_read_is_heard_once(
    home: Connection, message: Message, kind: str, acknowledged: bool
) -> None:
    for _ in range(2):
        acks = await store(home, [message], attach_or_open, NOW)
        assert bool(acks) == acknowledged
    (one,) = await rows(home, "select kind, version from incident")
    assert tuple(one.values()) == (kind, 1)
    assert await count(home, "quarantine") == 1
    report = await audit(home)
    assert (report.missing, report.doubled) == (0, 0)


@pytest.mark.parametrize(
    "message",
    [
        unreadable({"k": "e", "d": "pendant", "n": "an event from the future"}),
        unreadable(CALL | {"st": "cancelled", "new": 1}),
        read(Delivery("anban/1/1/gw-h001/t", b"\xff\x00 damaged", NOW)),
        read(Delivery("anban/1/1/gw-x99/a", b"\xff\x00 damaged", NOW)),
    ],
)
async def test_what_calls_nobody_is_only_kept(home: Connection, message: Message) -> None:
    await store(home, [message], attach_or_open, NOW)
    assert (await count(home, "incident"), await count(home, "quarantine")) == (0, 1)


async def test_a_broken_batch_with_an_identity_is_kept_and_acknowledged_so_its_lane_goes_on(
    home: Connection,
) -> None:
    document = msgspec.json.decode(envelope.encode(readings(1, 3)))
    document["r"][1] = {"k": "r", "d": "pendant", "n": "a quantity from the future", "v": 1}
    broken = read(Delivery("anban/1/1/gw-h001/t", msgspec.json.encode(document), NOW))
    acks = await stored(home, [broken, message(readings(4, 2))])
    assert acks == [(GATEWAY, Ack("e1", Lane.BULK, (1, 4)))]
    (ledger,) = await rows(home, "select n, refused from batch where first_seq = 1")
    assert (ledger["n"], ledger["refused"]) == (3, 3)
    assert (await count(home, "quarantine"), await count(home, "reading")) == (1, 2)


@pytest.mark.parametrize(
    ("gateway", "shard", "revoked"), [("gw-h001", 9, False), ("gw-h001", 1, True), ("gw-x99", 1, False)]
)
async def test_what_enrolment_does_not_cover_is_kept_but_not_acknowledged(
    home: Connection, gateway: str, shard: int, revoked: bool
) -> None:
    if revoked:
        await home.execute("update gateway set revoked_at = %s", [NOW])
    acks = await stored(home, [message(replace(readings(1, 3), gateway=GatewayId(gateway)), shard=shard)])
    assert acks == []
    assert (await count(home, "quarantine"), await count(home, "reading"), await count(home, "batch")) == (
        1,
        0,
        0,
    )


async def test_a_batch_refused_for_its_shard_is_stored_once_enrolment_is_put_right(home: Connection) -> None:
    late = message(readings(1, 3), shard=9)
    assert await stored(home, [late]) == []
    await home.execute("update gateway set shard = 9 where id = 'gw-h001'")
    assert await stored(home, [late]) == [(GATEWAY, Ack("e1", Lane.BULK, (1,)))]
    assert await count(home, "reading") == 3


async def test_a_reading_from_the_future_is_refused_alone_and_the_batch_acknowledged(
    home: Connection,
) -> None:
    ahead = reading(at=NOW + timedelta(minutes=6))
    acks = await stored(home, [message(batch(1, reading(at=NOW), ahead))])
    assert acks == [(GATEWAY, Ack("e1", Lane.BULK, (1,)))]
    (ledger,) = await rows(home, "select n, readings, refused from batch")
    assert tuple(ledger.values()) == (2, 1, 1)
    (kept,) = await rows(home, "select reason from quarantine")
    assert kept["reason"].startswith("1 of 2 records refused: time 2026-05-01T03:06")


async def test_a_gateway_cannot_name_devices_without_end(home: Connection) -> None:
    for first in range(0, 600, 100):
        named = [reading(at=NOW, device=f"d{first + n}") for n in range(100)]
        await stored(home, [message(batch(first + 1, *named))])
    assert MOST_DEVICES <= await count(home, "device") < 600
    assert await count(home, "quarantine") == 1


async def test_a_gateway_that_has_named_too_many_devices_may_still_call_for_help(home: Connection) -> None:
    await home.execute(
        "insert into device (gateway_id, name) select 'gw-h001', 'd' || n from generate_series(1, 600) n"
    )
    seen: list[StoredAlarm] = []

    async def hook(_conn: Connection, one: StoredAlarm, _now: datetime) -> None:
        seen.append(one)

    called = replace(alarm(at=NOW), device=DeviceId("a new pendant"))
    await store(home, [message(batch(1, called, lane=Lane.ALARM))], hook, NOW)
    (one,) = seen
    assert (one.alarm.device, one.alarm.evidence) == ("unnamed", {"reported_device": "a new pendant"})
    assert await rows(home, "select alarms, refused from batch") == [{"alarms": 1, "refused": 0}]


async def test_a_message_the_database_cannot_hold_fails_alone_with_a_data_error(home: Connection) -> None:
    state = control.encode(State(online=True, epoch="a\0b"))
    with pytest.raises(psycopg.DataError):
        await stored(home, [read(Delivery("anban/1/1/gw-h001/s", state, NOW))])


async def test_coming_online_is_shown_once_with_the_shape_of_a_home_view(home: Connection) -> None:
    state = State(online=True, epoch="e1", lanes={Lane.BULK: LaneState(5, 2)})
    online = read(Delivery("anban/1/1/gw-h001/s", control.encode(state), NOW))
    await stored(home, [online])
    await stored(home, [online])
    (change,) = await rows(home, "select topic, body from change")
    view = HomeView.model_validate(change["body"])
    assert change["topic"] == "home"
    assert set(change["body"]) == set(HomeView.model_fields)
    assert (view.online, view.state_at, view.age, view.resident) == (True, NOW, 84, "住户1")


@pytest.mark.parametrize("was_online", [True, False])
async def test_what_a_broker_kept_never_shows_a_gateway_online_but_may_show_it_offline(
    home: Connection, was_online: bool
) -> None:
    await home.execute("update gateway set online = %s", [not was_online])
    kept = control.encode(State(online=was_online))
    await stored(home, [read(Delivery("anban/1/1/gw-h001/s", kept, NOW, retained=True))])
    assert await rows(home, "select online from gateway where id = 'gw-h001'") == [{"online": False}]


async def test_a_last_will_takes_the_gateway_offline_but_keeps_what_it_last_said(home: Connection) -> None:
    said = State(online=True, epoch="e1", lanes={Lane.BULK: LaneState(5, 2)})
    for state in (said, State(online=False)):
        await stored(home, [read(Delivery("anban/1/1/gw-h001/s", control.encode(state), NOW))])
    (gateway,) = await rows(home, "select online, state from gateway where id = 'gw-h001'")
    assert not gateway["online"]
    assert msgspec.convert(gateway["state"], State).lanes == said.lanes
    assert await count(home, "change") == 2


async def test_a_state_on_a_wrong_shard_fills_one_quarantine_row_however_often_it_comes(
    home: Connection,
) -> None:
    for minute in range(3):
        state = State(online=True, at=float(minute))
        await stored(home, [read(Delivery("anban/1/9/gw-h001/s", control.encode(state), NOW))])
    (kept,) = await rows(home, "select seen, reason from quarantine")
    assert tuple(kept.values()) == (3, "shard 9, enrolled with 1")


async def test_a_gateway_that_falls_silent_without_a_last_will_is_marked_offline(home: Connection) -> None:
    await stored(home, [read(Delivery("anban/1/1/gw-h001/s", control.encode(State(online=True)), NOW))])
    assert await mark_silent(home, EVERY_SHARD, NOW + SILENT) == 0
    assert await mark_silent(home, EVERY_SHARD, NOW + SILENT + timedelta(seconds=1)) == 1
    assert await mark_silent(home, EVERY_SHARD, NOW + SILENT + timedelta(seconds=2)) == 0
    assert [row["online"] for row in await rows(home, "select body ->> 'online' as online from change")] == [
        "true", "false",
    ]  # fmt: skip
