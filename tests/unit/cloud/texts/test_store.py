"""Texts at the alarm centre: believed by their MAC, one incident with the other path's copy, and missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from cloud.audit import audit
from cloud.db import Connection
from cloud.incidents.store import attach_or_open
from cloud.ingest.model import Delivery
from cloud.ingest.read import read
from cloud.ingest.store import store
from cloud.people import roster as people
from cloud.people import roster_store
from cloud.texts.judge import DOUBLED
from cloud.texts.store import FIRST_TEST, NEXT_TEST, REMIND, due, miss, take
from firmware_protocols.model import Alarm, AlarmKind, AlarmState, ClockState, DeviceId, GatewayId
from firmware_protocols.wire import envelope
from firmware_protocols.wire.envelope import Batch
from firmware_protocols.wire.sms import Sms, encode, key_of
from firmware_protocols.wire.topics import Lane
from tests.harness import alarm, roster, secret_of

NOW = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)
GATEWAY = GatewayId("gw-h001")
CALL = alarm(1, at=NOW)


@pytest.fixture
async def home(conn: Connection) -> Connection:
    """A connection to a database with the homes h001 and h002; texts are expected of the first."""
    await roster_store.load(conn, people.parse(msgspec.json.encode(county())))
    return conn


def county(phone: str = "+8613700137000") -> dict[str, Any]:
    made = roster(2)
    made["homes"][0]["gateway"]["phone"] = phone
    return made


def said(one: Alarm = CALL, *, copy: int = 1, test: bool = False, gateway: GatewayId = GATEWAY) -> str:
    sms = Sms(gateway, one.id, one.kind, one.state, one.device, one.observed_at, copy, test)
    return encode(sms, key_of(secret_of(gateway)))


def later(**by: float) -> datetime:
    return NOW + timedelta(**by)


async def by_mqtt(conn: Connection, *records: Alarm, first: int = 1, now: datetime = NOW) -> None:
    batch = Batch(GATEWAY, "e1", Lane.ALARM, first, "boot", ClockState.SYNCED, records)
    message = read(Delivery(f"anban/1/1/{GATEWAY}/a", envelope.encode(batch), now))
    await store(conn, [message], attach_or_open, now)


async def rows(conn: Connection, sql: str) -> list[dict[str, Any]]:
    return await (await conn.execute(sql)).fetchall()


async def incidents(conn: Connection) -> list[tuple[Any, ...]]:
    found = await rows(conn, "select kind, state, room from incident order by id")
    return [tuple(row.values()) for row in found]


async def refused(conn: Connection) -> list[tuple[Any, ...]]:
    found = await rows(conn, "select gateway_id, reason, seen from quarantine order by id")
    return [tuple(row.values()) for row in found]


# -- what opens an incident ----------------------------------------------------------------------------


async def test_a_text_opens_the_incident_with_the_room_and_the_time_of_the_call(home: Connection) -> None:
    assert await take(home, said(), later(seconds=20))
    assert await incidents(home) == [("sos", "raised", "bedroom")]
    (row,) = await rows(home, "select observed_at, opened_at, evidence from incident")
    assert (row["observed_at"], row["opened_at"]) == (NOW, later(seconds=20))
    assert row["evidence"] == {"path": "sms"}
    (step,) = await rows(home, "select detail from incident_event")
    assert step["detail"]["actions"] == ["sms"]


@pytest.mark.parametrize("order", ["text first", "text last", "text between"])
async def test_both_copies_make_one_incident_in_any_order(order: str, home: Connection) -> None:
    suspected = replace(CALL, kind=AlarmKind.FALL, state=AlarmState.SUSPECTED, confirm_s=20.0)
    raised = replace(CALL, kind=AlarmKind.FALL, observed_at=later(seconds=20))
    if order == "text first":
        await take(home, said(raised), later(seconds=40))
    await by_mqtt(home, suspected, now=later(seconds=60))
    if order == "text between":
        await take(home, said(raised), later(seconds=61))
    await by_mqtt(home, raised, first=2, now=later(seconds=62))
    if order == "text last":
        await take(home, said(raised), later(seconds=63))
    texted = replace(raised, state=AlarmState.UPDATED, actions=("sms",), evidence={"sms_to": "centre"})
    await by_mqtt(home, texted, first=3, now=later(seconds=64))
    assert [row[:2] for row in await incidents(home)] == [("fall", "raised")]
    assert await refused(home) == []


async def test_the_repeats_of_a_call_join_it(home: Connection) -> None:
    for copy in range(1, 6):
        assert await take(home, said(copy=copy), later(minutes=copy))
    assert await incidents(home) == [("sos", "raised", "bedroom")]


async def test_a_repeat_after_people_have_settled_it_opens_nothing(home: Connection) -> None:
    await take(home, said(), later(seconds=20))
    await home.execute(
        "update incident set state = 'resolved', closed_at = %s, due_at = null", [later(minutes=5)]
    )
    assert await take(home, said(copy=2), later(minutes=6))
    texted = replace(CALL, state=AlarmState.UPDATED, actions=("sms",))
    await by_mqtt(home, texted, now=later(minutes=7))
    assert [row[:2] for row in await incidents(home)] == [("sos", "resolved")]


async def test_a_device_that_nobody_enrolled_costs_the_room_and_not_the_call(home: Connection) -> None:
    await take(home, said(replace(CALL, device=DeviceId("new-button"))), NOW)
    assert await incidents(home) == [("sos", "raised", "")]


async def test_a_clock_that_is_wrong_by_years_is_no_reason_to_refuse(home: Connection) -> None:
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    assert await take(home, said(replace(CALL, observed_at=long_ago)), NOW)
    (row,) = await rows(home, "select observed_at, evidence from incident")
    assert row["observed_at"] == NOW
    assert row["evidence"]["reported_at"] == long_ago.isoformat()


async def test_a_call_that_was_held_up_for_days_is_still_a_call(home: Connection) -> None:
    assert await take(home, said(), later(days=3))
    assert len(await incidents(home)) == 1


async def test_the_ledger_and_its_audit_do_not_count_texts(home: Connection) -> None:
    await take(home, said(), NOW)
    await by_mqtt(home, CALL)
    await home.commit()
    report = await audit(home)
    assert (report.missing, report.doubled) == (0, 0)


# -- what is not believed ------------------------------------------------------------------------------


async def test_another_key_is_refused_and_kept(home: Connection) -> None:
    forged = encode(Sms(GATEWAY, CALL.id, CALL.kind, CALL.state, None, NOW), key_of("x" * 20))
    assert not await take(home, forged, NOW)
    assert await incidents(home) == []
    (row,) = await rows(home, "select topic, gateway_id, reason, payload from quarantine")
    assert (row["topic"], row["gateway_id"], bytes(row["payload"])) == ("sms", GATEWAY, forged.encode())
    assert "MAC does not fit" in row["reason"]


async def test_a_changed_word_is_refused(home: Connection) -> None:
    assert not await take(home, said(test=True).replace(" test ", " call "), NOW)
    assert await incidents(home) == []


async def test_an_unknown_and_a_revoked_gateway_are_refused(home: Connection) -> None:
    assert not await take(home, said(gateway=GatewayId("gw-nobody")), NOW)
    await home.execute("update gateway set revoked_at = %s", [NOW])
    assert not await take(home, said(), NOW)
    assert [reason for _, reason, _ in await refused(home)] == ["unknown gateway", "revoked gateway"]
    assert await incidents(home) == []


async def test_a_gateway_that_was_enrolled_before_there_were_keys_is_named(home: Connection) -> None:
    await home.execute("update gateway set sms_key = null")
    assert not await take(home, said(), NOW)
    assert await refused(home) == [(GATEWAY, "no key for texts: load the roster again", 1)]
    await roster_store.load(home, people.parse(msgspec.json.encode(county())))
    assert await take(home, said(), NOW)


async def test_a_text_that_is_delivered_twice_is_one_text(home: Connection) -> None:
    assert await take(home, said(), NOW)
    assert not await take(home, said(), NOW + DOUBLED)
    assert not await take(home, f" {said()}\r\n", NOW + DOUBLED)
    assert await refused(home) == []
    assert len(await rows(home, "select 1 from alarm")) == 1


@pytest.mark.parametrize("test", [True, False])
async def test_a_text_that_is_played_back_later_is_refused_and_proves_nothing(
    test: bool, home: Connection
) -> None:
    await take(home, said(test=test), NOW)
    heard = await rows(home, "select heard_at, due_at from second_path")
    for day in range(1, 4):
        assert not await take(home, said(test=test), later(days=day))
    (row,) = await refused(home)
    assert row == (GATEWAY, f"replayed: the same text came {NOW.isoformat()}", 3)
    assert await rows(home, "select heard_at, due_at from second_path") == heard


@pytest.mark.parametrize(
    "texts",
    [
        ["", "hello", "救命", "\x00", "a" * 5_000, "\ud800", "ANBAN1", "'; drop table alarm; --"],
        [said().replace("ANBAN1", "ANBAN9"), said()[:-1], said() + "X", said().replace("raised", "lowered")],
        [said(gateway=GatewayId(f"gw-made-up-{number}")) for number in range(20)],
        [said()[:-16] + f"{number:016}" for number in range(20)],
    ],
)
async def test_nobody_fills_the_quarantine_by_texting(texts: Sequence[str], home: Connection) -> None:
    for text in texts:
        assert not await take(home, text, NOW)
    kinds = len({reason for _, reason, _ in await refused(home)})
    assert kinds <= 3
    assert sum(seen for _, _, seen in await refused(home)) == len(texts)
    assert await incidents(home) == []


# -- the path itself -----------------------------------------------------------------------------------


async def test_a_test_opens_nothing_and_proves_the_path_for_a_month(home: Connection) -> None:
    assert await take(home, said(test=True), NOW)
    assert await incidents(home) == []
    assert await rows(home, "select heard_at, due_at from second_path") == [
        {"heard_at": NOW, "due_at": NOW + NEXT_TEST}
    ]


async def work(conn: Connection, now: datetime) -> int:
    return sum([await miss(conn, path, now) for path in await due(conn, now)])


async def test_a_path_that_is_never_heard_is_a_fault_after_two_days_and_told_again(home: Connection) -> None:
    assert await work(home, NOW) == 1, "it begins to count"
    assert await work(home, NOW + FIRST_TEST - timedelta(seconds=1)) == 0
    assert await work(home, NOW + FIRST_TEST) == 1
    (row,) = await rows(home, "select kind, state, evidence, priority from incident")
    assert (row["kind"], row["state"], row["priority"]) == ("device_fault", "raised", 3)
    assert row["evidence"] == {"fault": "text messages do not arrive", "last_text": "never"}
    assert await work(home, NOW + FIRST_TEST) == 0
    assert await work(home, NOW + FIRST_TEST + REMIND) == 1
    assert len(await incidents(home)) == 1, "an open one is joined"


async def test_a_missed_month_is_a_fault_and_the_next_text_ends_it(home: Connection) -> None:
    await take(home, said(test=True), NOW)
    assert await work(home, NOW + NEXT_TEST) == 1
    assert [row[:2] for row in await incidents(home)] == [("device_fault", "raised")]
    await take(home, said(alarm(2, at=NOW), test=True), later(days=33))
    assert [row[:2] for row in await incidents(home)] == [("device_fault", "auto_resolved")]


async def test_a_real_call_proves_the_path_as_well(home: Connection) -> None:
    await take(home, said(), NOW)
    assert await work(home, NOW + FIRST_TEST) == 0


async def test_nothing_is_expected_of_a_home_without_a_modem_or_of_a_revoked_gateway(
    home: Connection,
) -> None:
    assert [row["gateway_id"] for row in await rows(home, "select gateway_id from second_path")] == [GATEWAY]
    await home.execute("update gateway set revoked_at = %s", [NOW])
    assert await work(home, later(days=99)) == 0


async def test_a_modem_that_is_taken_away_is_no_longer_expected_and_one_that_texts_is(
    home: Connection,
) -> None:
    await roster_store.load(home, people.parse(msgspec.json.encode(county(phone=""))))
    assert await rows(home, "select 1 from second_path") == []
    await take(home, said(test=True), NOW)
    await roster_store.load(home, people.parse(msgspec.json.encode(county(phone=""))))
    assert len(await rows(home, "select 1 from second_path")) == 1


async def test_the_secret_cannot_be_had_back_from_what_is_kept(home: Connection) -> None:
    (row, _) = await rows(home, "select secret, sms_key from gateway order by id")
    assert secret_of(GATEWAY).encode() not in bytes(row["sms_key"])
    assert bytes(row["sms_key"]) == key_of(secret_of(GATEWAY))


def test_a_phone_that_is_no_number_is_refused_with_its_gateway() -> None:
    with pytest.raises(people.RosterError, match=r"gateway gw-h001: its phone is not an international"):
        people.parse(msgspec.json.encode(county(phone="13700137000")))
