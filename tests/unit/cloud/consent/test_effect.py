"""What follows from a word: what is withheld, the plan, what ingest leaves out, what is erased when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from cloud.audit import audit
from cloud.auth import Purpose as Reason
from cloud.auth import Scope
from cloud.consent import store
from cloud.consent.decide import By, Decision, Entry, How
from cloud.consent.purposes import Purpose
from cloud.db import Connection, Pool, open_pool
from cloud.incidents.store import attach_or_open
from cloud.ingest.model import Delivery, StoredAlarm
from cloud.ingest.read import read
from cloud.ingest.store import store as ingest
from cloud.people import roster as people
from cloud.people import roster_store
from cloud.privacy import tasks
from firmware_protocols.model import (
    Alarm,
    AlarmKind,
    AlarmState,
    ClockState,
    DeviceId,
    GatewayId,
    Quantity,
    Reading,
)
from firmware_protocols.wire import envelope
from firmware_protocols.wire.envelope import Batch, Record
from firmware_protocols.wire.topics import Lane
from tests.harness import alarm, roster
from tests.unit.cloud.consent.test_person import squeeze

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
GATEWAY = GatewayId("gw-h001")
SCOPE = Scope((1,), None, Reason.CARE)
WITHDRAWN = Entry(Purpose.VITALS, Decision.WITHDRAWN, By.SELF, How.VOICE, NOW, "")
GIVEN = replace(WITHDRAWN, decision=Decision.GIVEN, how=How.PAPER, text_version="2026-1")


@pytest.fixture
async def home(conn: Connection) -> Connection:
    """A home with a pendant, a finger clip and a motion sensor."""
    county = roster(1)
    county["homes"][0]["devices"] = [
        {"name": "pendant", "kind": "pendant", "room": ""},
        {"name": "clip", "kind": "pulse_oximeter", "room": ""},
        {"name": "hall", "kind": "motion", "room": "hall"},
    ]
    await roster_store.load(conn, people.parse(msgspec.json.encode(county)))
    await conn.commit()
    return conn


async def say(conn: Connection, entry: Entry, now: datetime = NOW) -> None:
    await store.record(conn, SCOPE, store.Said(1, entry, "staff:1"), now)


async def rows(conn: Connection, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in await (await conn.execute(statement.encode())).fetchall()]


async def no_hook(_conn: Connection, _alarm: StoredAlarm, _now: datetime) -> None:
    """Nothing happens with an alarm."""


async def deliver(
    conn: Connection, first: int, *records: Record, now: datetime, clock: ClockState = ClockState.SYNCED
) -> None:
    lane = Lane.ALARM if any(isinstance(record, Alarm) for record in records) else Lane.BULK
    batch = Batch(GATEWAY, "e1", lane, first, "boot", clock, records)
    delivery = Delivery(f"anban/1/1/{GATEWAY}/{lane}", envelope.encode(batch), now)
    await ingest(conn, [read(delivery)], no_hook, now)


def spo2(at: datetime, value: float = 97.0) -> Reading:
    return Reading(DeviceId("clip"), Quantity.SPO2, value, at)


def motion(at: datetime) -> Reading:
    return Reading(DeviceId("hall"), Quantity.MOTION, True, at)


async def test_an_enrolled_home_withholds_nothing_that_works_today(home: Connection) -> None:
    found = await rows(home, "select purpose from withheld where standing order by purpose")
    assert [purpose for (purpose,) in found] == [
        "camera",
        "doctor_sharing",
        "government_sharing",
        "location",
        "research",
        "voice_recording",
    ]
    assert await rows(home, "select * from plan") == []
    assert {tuple(row) for row in await rows(home, "select how, actor from consent")} == {
        ("roster", "roster")
    }


async def test_a_withdrawal_reaches_the_plan_and_a_new_consent_takes_it_back(home: Connection) -> None:
    await say(home, WITHDRAWN)
    ((version, withheld),) = await rows(home, "select version, withheld -> 'withheld' from plan")
    assert (version, withheld["kinds"]) == (1, ["pulse_oximeter"])
    assert "spo2" in withheld["quantities"]
    await say(home, replace(GIVEN, at=NOW + HOUR), NOW + HOUR)
    assert await rows(home, "select version, withheld from plan") == [(2, {})]
    assert await rows(home, "select * from consent_task") == []


async def test_loading_the_roster_again_undoes_no_withdrawal(home: Connection) -> None:
    await say(home, WITHDRAWN)
    await roster_store.load(home, people.parse(msgspec.json.encode(roster(1))))
    assert await rows(home, "select true from withheld where purpose = 'vitals' and standing") == [(True,)]
    assert await rows(home, "select version from plan") == [(1,)]


async def test_a_roster_brings_what_is_on_file(conn: Connection) -> None:
    county = roster(1)
    county["homes"][0]["resident"]["consents"] = [
        {"purpose": "camera", "at": "2026-01-01T00:00:00Z", "how": "paper", "witness": "村医"},
        {"purpose": "family_sharing", "decision": "refused", "at": "2026-01-01T00:00:00Z"},
    ]
    for _ in range(2):
        await roster_store.load(conn, people.parse(msgspec.json.encode(county)))
    assert len(await rows(conn, "select * from consent")) == 4
    standing = await store.standing(conn, SCOPE, 1)
    assert Purpose.FAMILY in {one.purpose for one in standing}
    assert Purpose.CAMERA not in {one.purpose for one in standing}


async def test_a_backlog_is_told_apart_by_when_it_was_observed(home: Connection) -> None:
    await say(home, WITHDRAWN)
    later = NOW + DAY
    await deliver(home, 1, spo2(NOW - HOUR), spo2(NOW + HOUR), motion(NOW + HOUR), now=later)
    stored = await rows(home, "select observed_at, quantity from reading order by observed_at, quantity")
    assert stored == [(NOW - HOUR, Quantity.SPO2.number), (NOW + HOUR, Quantity.MOTION.number)]
    assert await rows(home, "select n, readings, withheld, refused from batch") == [(3, 2, 1, 0)]
    assert await rows(home, "select * from quarantine") == []
    report = await audit(home, None)
    assert report.off == ()


async def test_what_is_withheld_beside_a_bad_record_is_not_quarantined(home: Connection) -> None:
    await say(home, WITHDRAWN)
    bad = replace(motion(NOW + HOUR), observed_at=datetime(1999, 1, 1, tzinfo=UTC))
    await deliver(home, 1, spo2(NOW + HOUR, 81.5), bad, now=NOW + DAY)
    ((reason, payload),) = await rows(home, "select reason, payload from quarantine")
    assert "1 of 2 records refused" in reason
    assert payload == b""


async def test_a_clock_that_was_never_set_decides_nothing(home: Connection) -> None:
    await say(home, WITHDRAWN)
    await deliver(home, 1, spo2(NOW - HOUR), now=NOW + DAY, clock=ClockState.UNSYNCED)
    assert await rows(home, "select withheld from batch") == [(1,)]


async def test_a_consent_that_ends_one_day_withholds_nothing_of_an_unset_clock_before(
    home: Connection,
) -> None:
    await say(home, replace(GIVEN, valid_until=NOW + 100 * DAY))
    await deliver(home, 1, spo2(NOW - HOUR), now=NOW + DAY, clock=ClockState.UNSYNCED)
    assert await rows(home, "select readings, withheld from batch") == [(1, 0)]


async def test_an_alarm_is_kept_without_the_evidence_that_is_withheld(home: Connection) -> None:
    await say(home, WITHDRAWN)
    vitals = replace(alarm(1, kind=AlarmKind.VITALS, at=NOW + HOUR), evidence={"value": 81.0})
    sos = replace(alarm(2, at=NOW + HOUR), evidence={"count": 1, "frames": [{"x": "00"}]})
    before = replace(alarm(3, kind=AlarmKind.VITALS, at=NOW - HOUR), evidence={"value": 80.0})
    await deliver(home, 1, vitals, sos, before, now=NOW + DAY)
    found = await rows(home, "select kind, evidence from alarm order by id")
    assert found == [("vitals", {}), ("sos", {"count": 1}), ("vitals", {"value": 80.0})]


@pytest.fixture
async def pool(database: str) -> Any:
    async with open_pool(database, size=2) as opened:
        yield opened


async def worked(pool: Pool, now: datetime) -> int:
    """Work what is due until nothing is; return how many pieces that took."""
    pieces = 0
    while True:
        async with pool.connection() as conn:
            due = await tasks.due(conn, now, [], 100)
        if not due:
            return pieces
        for task in due:
            pieces += await tasks.work(pool, task, now)


async def test_after_the_time_of_grace_what_only_that_purpose_justified_is_gone(
    home: Connection, pool: Pool
) -> None:
    records = [spo2(NOW - 30 * HOUR), spo2(NOW - HOUR), motion(NOW - HOUR)]
    await deliver(home, 1, *records, now=NOW)
    held = replace(alarm(1, kind=AlarmKind.VITALS, at=NOW), evidence={"value": 81.0})
    await deliver(home, 1, held, now=NOW)
    await say(home, WITHDRAWN)
    await squeeze(home)
    await home.commit()

    await worked(pool, NOW + 6 * DAY)
    assert len(await rows(home, "select * from reading")) == 3, "hidden, and there in case of a mistake"
    await home.commit()
    assert await worked(pool, NOW + 8 * DAY) >= 3, "a day of the home at a time"
    assert await rows(home, "select quantity from reading") == [(Quantity.MOTION.number,)]
    assert await rows(home, "select kind, evidence from alarm") == [("vitals", {})]
    report = await audit(home, None)
    assert report.off == (), "what was erased on purpose is not missing"


async def test_a_legal_hold_keeps_what_would_go(home: Connection, pool: Pool) -> None:
    await deliver(home, 1, spo2(NOW - HOUR), now=NOW)
    await say(home, WITHDRAWN)
    hold = "insert into legal_hold (resident_id, reason, actor, at) values (1, 'court', 'console', now())"
    await home.execute(hold)
    await home.commit()
    await worked(pool, NOW + 8 * DAY)
    assert len(await rows(home, "select * from reading")) == 1
    await home.execute("update legal_hold set lifted_at = now()")
    await home.commit()
    await worked(pool, NOW + 10 * DAY)
    assert await rows(home, "select * from reading") == []


async def test_a_consent_runs_out_by_itself(home: Connection, pool: Pool) -> None:
    await say(home, replace(GIVEN, valid_until=NOW + DAY))
    await home.commit()
    assert not [one for one in await store.standing(home, SCOPE, 1) if one.purpose is Purpose.VITALS]
    await home.commit()
    await worked(pool, NOW + DAY)
    assert [one.since for one in await store.standing(home, SCOPE, 1) if one.purpose is Purpose.VITALS] == [
        NOW + DAY
    ]
    assert await rows(home, "select version from plan") == [(1,)]


async def test_what_has_run_out_stays_so_when_another_word_is_said(home: Connection, pool: Pool) -> None:
    await say(home, replace(GIVEN, valid_until=NOW + DAY))
    await home.commit()
    await worked(pool, NOW + DAY)
    await say(home, replace(WITHDRAWN, purpose=Purpose.FAMILY, at=NOW + 2 * DAY), NOW + 2 * DAY)
    assert Purpose.VITALS in {one.purpose for one in await store.standing(home, SCOPE, 1)}
    assert "spo2" in str(await rows(home, "select withheld from plan"))


async def test_a_word_is_never_changed(home: Connection) -> None:
    with pytest.raises(psycopg.errors.RaiseException):
        await home.execute("update consent set decision = 'withdrawn'")


async def test_a_word_that_does_not_count_changes_nothing(home: Connection) -> None:
    with pytest.raises(store.NotCounted, match="witness"):
        await say(home, replace(GIVEN, how=How.VOICE))
    with pytest.raises(store.UnknownResident):
        await store.record(home, Scope((2,), None, Reason.CARE), store.Said(1, WITHDRAWN, "staff:1"), NOW)
    assert await rows(home, "select * from consent where decision = 'withdrawn'") == []


async def test_the_family_is_not_told_any_more(home: Connection) -> None:
    await say(home, replace(WITHDRAWN, purpose=Purpose.FAMILY))
    fall = StoredAlarm(
        replace(alarm(1, kind=AlarmKind.FALL, state=AlarmState.RAISED), device=DeviceId("pendant")),
        1, 1, GATEWAY, 1, "", NOW,
    )  # fmt: skip
    await home.execute("update contact set relation = 'family', channels = '{ntfy://x}'")
    await attach_or_open(home, fall, NOW)
    assert await rows(home, "select * from message where step is not null") == []
