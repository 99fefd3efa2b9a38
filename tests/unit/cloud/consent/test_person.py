"""One person's data: all of them in one archive, all of them gone, and no table forgotten by either."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from cloud.audit import audit
from cloud.db import Connection, Pool, Queries, open_pool
from cloud.incidents.store import attach_or_open
from cloud.ingest.model import Delivery
from cloud.ingest.read import read
from cloud.ingest.store import store
from cloud.people import plans, roster_store
from cloud.people import roster as people
from cloud.privacy import command, erase, export, holds, retention, tables, wish
from cloud.sealed import NO_KEYS, Key, Keyring
from firmware_protocols.model import AlarmKind, ClockState, DeviceId, GatewayId, Quantity, Reading
from firmware_protocols.wire import envelope
from firmware_protocols.wire.envelope import Batch, Record
from firmware_protocols.wire.plan import Phones, Plan
from firmware_protocols.wire.topics import Lane
from tests.harness import alarm, roster

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KEEP = 395
MARKS = (
    "夏桂英",
    "+8613800001111",
    "喜欢下棋",
    "杨再兴",
    "+8613800002222",
    "城北路7号",
    "ntfy://zaixing",
    "81.25",
)
"""Of resident, contact, home and what was measured."""
SWEPT = Queries("cloud.privacy", "retention.sql")["drop_incidents"]
WISH = wish.Asked(1, "moved away", "console")


@pytest.fixture
async def home(conn: Connection) -> Connection:
    """Two homes; in the first somebody who fell, with readings of three days."""
    county = roster(2)
    contact = {"rank": 1, "name": MARKS[3], "relation": "family", "phone": MARKS[4], "channels": [MARKS[6]]}
    resident = county["homes"][0]["resident"] | {"name": MARKS[0], "phone": MARKS[1], "notes": MARKS[2]}
    plan = {"phones": {"contacts": [MARKS[4]]}}
    county["homes"][0] |= {"address": MARKS[5], "resident": resident, "contacts": [contact], "plan": plan}
    await roster_store.load(conn, people.parse(msgspec.json.encode(county)))
    for number in (1, 2):
        for days in (3, 2, 0):
            await deliver(conn, number, spo2(NOW - days * DAY))
    fell = replace(alarm(1, kind=AlarmKind.FALL, at=NOW), evidence={"spo2": 81.25})
    await deliver(conn, 1, fell)
    await conn.execute(
        "update incident set closed_at = %s, note = %s, responder = %s", [NOW, MARKS[0], MARKS[3]]
    )
    await squeeze(conn)
    await conn.commit()
    return conn


async def squeeze(conn: Connection) -> None:
    """Compress the readings, on a server that can (``--outside``)."""
    found = await conn.execute("select from pg_extension where extname = 'timescaledb'")
    if found.rowcount:
        await conn.execute("select compress_chunk(part) from show_chunks('reading') as part")


def spo2(at: datetime) -> Reading:
    return Reading(DeviceId("pendant"), Quantity.SPO2, 81.25, at)


async def deliver(conn: Connection, number: int, record: Record) -> None:
    lane = Lane.BULK if isinstance(record, Reading) else Lane.ALARM
    gateway, epoch = GatewayId(f"gw-h{number:03}"), f"{record.observed_at:%d%H%M}"
    batch = Batch(gateway, epoch, lane, 1, "boot", ClockState.SYNCED, (record,))
    message = read(Delivery(f"anban/1/{number}/{gateway}/{lane}", envelope.encode(batch), NOW))
    await store(conn, [message], attach_or_open, NOW)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database, size=2) as opened:
        yield opened


async def everything(conn: Connection) -> str:
    """Every row of every table as text, but for the log of who looked."""
    names = await _tables(conn)
    found = []
    for name in sorted(names - {"audit_entry"}):
        cursor = await conn.execute(f"select row_to_json(t)::text as row from {name} t".encode())
        found += [f"{name} {row['row']}" for row in await cursor.fetchall()]
    await conn.commit()
    return "\n".join(found)


async def _tables(conn: Connection) -> set[str]:
    """Every table that is no part of another, and none of the migrations' book."""
    statement = (
        "select relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace"
        " where nspname = 'public' and relkind in ('r', 'p') and not relispartition"
    )
    rows = await (await conn.execute(statement)).fetchall()
    return {row["relname"] for row in rows if "yoyo" not in row["relname"]}


async def run(pool: Pool, number: int, *, most: int = 1_000) -> int:
    """Work an erasure, at most so many steps."""
    steps = 0
    while steps < most and await erase.work(pool, number, NOW):
        steps += 1
    return steps


async def asked(conn: Connection) -> int:
    number = await wish.ask(conn, WISH, NOW)
    await wish.confirm(conn, WISH.resident_id, NOW)
    await conn.commit()
    return number


async def test_every_table_is_exported_or_argued_and_erased_or_argued(conn: Connection) -> None:
    schema = await _tables(conn)
    assert schema == set(export.TABLES) | set(tables.NOT_EXPORTED)
    assert not set(export.TABLES) & set(tables.NOT_EXPORTED)
    assert schema == set(tables.ERASED) | set(tables.NOT_ERASED)
    assert not set(tables.ERASED) & set(tables.NOT_ERASED)


async def test_the_archive_holds_all_that_is_known(home: Connection, tmp_path: Path) -> None:
    file = tmp_path / "person.zip"
    n = await export.to_file(home, 1, file, NO_KEYS, NOW)
    with zipfile.ZipFile(file) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(texts) == {
        *(f"{table}.{'csv' if table in tables.SERIES else 'json'}" for table in export.TABLES),
        "README.txt",
    }
    whole = "\n".join(texts.values())
    assert [mark for mark in MARKS if mark not in whole] == []
    assert (
        texts["reading.csv"].splitlines()[1].startswith("2026-04-28T08:00:00+00:00,pendant,spo2,good,81.25")
    )
    assert len(json.loads(texts["consent.json"])) == 3
    assert n > 10
    assert "batch: numbers of batches" in texts["README.txt"]


async def test_whom_the_gateway_texts_is_sealed_where_it_is_stored_and_open_in_the_archive(
    home: Connection, tmp_path: Path
) -> None:
    ring = Keyring((Key.of("k1", "aes", bytes(32)),))
    circle = await plans.circle_numbers(home, NO_KEYS, 1)
    await plans.put(home, ring, 1, Plan(phones=Phones(centre="+8674512345", contacts=tuple(circle))))
    (stored,) = await (await home.execute("select body #>> '{phones}' as phones from plan")).fetchall()
    assert not any(number in stored["phones"] for number in ("+8674512345", *circle))
    await export.to_file(home, 1, tmp_path / "person.zip", ring, NOW)
    with zipfile.ZipFile(tmp_path / "person.zip") as archive:
        (plan,) = json.loads(archive.read("plan.json"))
    assert plan["body"]["phones"] == {"centre": "+8674512345", "contacts": circle}


async def test_nothing_of_the_person_is_left_and_all_of_the_neighbour(home: Connection, pool: Pool) -> None:
    before = await everything(home)
    assert [mark for mark in MARKS if mark not in before] == []
    await run(pool, await asked(home))
    left = await everything(home)
    neighbour = ("81.25",)
    assert [mark for mark in MARKS if mark in left and mark not in neighbour] == []
    found = await (await home.execute("select home_id, count(*) as n from reading group by 1")).fetchall()
    assert [tuple(row.values()) for row in found] == [(2, 3)]
    kept = await (await home.execute("select kind, state, evidence from incident")).fetchall()
    assert [tuple(row.values()) for row in kept] == [("fall", "raised", {})]
    assert (await audit(home)).off == (), "what was erased is not missing"
    told = await (await home.execute("select home_id, topic from change where home_id = 1")).fetchall()
    assert [tuple(row.values()) for row in told] == [(1, "reset")], "open screens read anew"


async def test_an_erasure_that_is_killed_goes_on_where_it_stopped(home: Connection, pool: Pool) -> None:
    number = await asked(home)
    whole = 0
    while step := await run(pool, number, most=3):  # a process that lives for three steps
        whole += step
        assert await asked(home) == number, "asking again begins nothing anew"
    assert whole > len(tables.ERASED)
    row = await (await home.execute("select finished_at, due_at, reason from erasure")).fetchone()
    assert row is not None
    assert (row["finished_at"], row["reason"]) == (NOW, "")


async def test_a_legal_hold_or_an_open_incident_stops_it(home: Connection, pool: Pool) -> None:
    await holds.hold(home, replace(WISH, reason="court"), NOW)
    with pytest.raises(wish.PersonError, match="legal hold"):
        await wish.ask(home, WISH, NOW)
    await holds.lift(home, 1, NOW)
    await home.execute("update incident set closed_at = null")
    with pytest.raises(wish.PersonError, match="close it first"):
        await wish.ask(home, WISH, NOW)
    with pytest.raises(wish.PersonError, match="no resident 99"):
        await wish.ask(home, replace(WISH, resident_id=99), NOW)


async def test_an_incident_that_opens_meanwhile_is_helped_with_first(home: Connection, pool: Pool) -> None:
    number = await asked(home)
    await deliver(home, 1, alarm(2, kind=AlarmKind.SOS, at=NOW + HOUR))
    await home.commit()
    assert await run(pool, number) == 0
    ladder = await (await home.execute("select name from rung join incident on incident.id = incident_id"
                                       " where closed_at is null")).fetchall()  # fmt: skip
    assert [row["name"] for row in ladder] == [MARKS[3]], "whom to ask is still known"
    await home.execute("update incident set closed_at = %s where closed_at is null", [NOW])
    await home.commit()
    assert await run(pool, number) > 0
    assert MARKS[3] not in await everything(home)


async def test_whoever_lives_with_somebody_leaves_the_home_as_it_is(home: Connection, pool: Pool) -> None:
    await home.execute(
        "insert into resident (home_id, name, birth_year, sex) values (1, '龙绍德', 1940, 'm')"
    )
    await home.commit()
    await run(pool, await asked(home))
    left = await everything(home)
    assert MARKS[2] not in left
    assert MARKS[5] in left
    assert "龙绍德" in left


async def _sweep(pool: Pool, now: datetime) -> None:
    while True:
        async with pool.connection() as conn:
            due = await retention.due(conn, now, [], 100)
        if not due:
            return
        for one in due:
            while await retention.work(pool, one, now):
                pass


async def _count(conn: Connection, table: str) -> int:
    row = await (await conn.execute(f"select count(*) as n from {table}".encode())).fetchone()
    await conn.commit()
    assert row is not None
    return int(row["n"])


async def test_what_a_tenant_no_longer_keeps_goes_and_the_rest_stays(home: Connection, pool: Pool) -> None:
    await retention.set_days(home, 1, retention.Class.RAW, 1, KEEP)
    await holds.hold(home, replace(WISH, resident_id=2, reason="court"), NOW)
    await home.commit()
    raw = next(one for one in await retention.kept(home, NOW + HOUR) if one.of is retention.Class.RAW)
    assert raw.n == 4
    await home.commit()
    await _sweep(pool, NOW + HOUR)
    found = await (
        await home.execute("select home_id, count(*) as n from reading group by 1 order by 1")
    ).fetchall()
    assert [tuple(row.values()) for row in found] == [(1, 1), (2, 3)], "the second home is under a hold"
    assert await _count(home, "incident") == 1
    assert await _count(home, "alarm") == 1
    await _sweep(pool, NOW + 3_651 * DAY)
    assert (await _count(home, "incident"), await _count(home, "alarm")) == (0, 0)
    assert (await audit(home)).off == ()


async def test_alarms_go_with_their_incident_however_many_and_those_of_a_held_home_stay(
    home: Connection, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ALARMS_AT_A_TIME", 2)
    for number in range(2, 9):
        await deliver(home, 1 if number < 7 else 2, alarm(number, at=NOW - number * MINUTE))
    await home.execute("update incident set closed_at = %s", [NOW])
    await home.execute("update alarm set stored_at = %s where alarm_id like '%%8'", [NOW + 3_650 * DAY])
    await holds.hold(home, replace(WISH, reason="court"), NOW)
    await home.commit()
    await _sweep(pool, NOW + 3_651 * DAY)
    asked = await home.execute("select home_id, count(*) as n from alarm group by 1 order by 1")
    assert [tuple(row.values()) for row in await asked.fetchall()] == [(1, 6), (2, 1)], "a hold; a young one"
    await holds.lift(home, 1, NOW)
    await home.commit()
    await _sweep(pool, NOW + 3_653 * DAY)
    assert [await _count(home, table) for table in ("alarm", "incident")] == [1, 0]
    assert (await audit(home)).off == ()


async def test_an_incident_that_another_tenant_helped_with_goes_with_its_grants(
    home: Connection, pool: Pool
) -> None:
    await home.execute(
        "insert into staff (tenant_id, username, password_hash, role, name)"
        " values (1, 'giver', 'x', 'admin', '向')"
    )
    await home.execute(
        "insert into incident_grant (incident_id, tenant_id, kind, given_by, given_at, expires_at, ended_at)"
        " select incident.id, 1, 'share', staff.id, %s, %s, %s from incident, staff where username = 'giver'",
        [NOW, NOW + HOUR, NOW],
    )
    await home.commit()
    await _sweep(pool, NOW + 3_651 * DAY)
    assert await _count(home, "incident") == 0


async def test_every_table_that_speaks_of_an_incident_goes_with_it(home: Connection) -> None:
    """Each by name: one that is forgotten stops the sweep at the first incident that has such a row."""
    found = await home.execute(
        "select conrelid::regclass::text as name from pg_constraint"
        " where contype = 'f' and confrelid in ('incident'::regclass, 'message'::regclass)"
    )
    speaking = {row["name"] for row in await found.fetchall()}
    assert {name for name in speaking if f"delete from {name} " not in SWEPT} == set()


async def test_the_law_sets_a_floor(home: Connection) -> None:
    with pytest.raises(ValueError, match="at least"):
        await retention.set_days(home, 1, retention.Class.AUDIT, 30, KEEP)
    with pytest.raises(ValueError, match="at most 395 days"):
        await retention.set_days(home, 1, retention.Class.RAW, KEEP + 1, KEEP)
    assert await retention.tenant_of(home, "nobody") is None


async def test_the_commands_say_what_they_did_and_what_to_do(
    home: Connection, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "cloud.toml"
    config.write_text(f'[database]\ndsn = "{database}"\n', encoding="utf-8")
    archive = tmp_path / "person.zip"

    async def run(*arguments: str) -> int:
        given = [*arguments[1:], "--config", str(config)]
        return await asyncio.to_thread(command.main, arguments[0], given)

    assert await run("person", "export", "1", "--to", str(archive)) == 0
    assert zipfile.is_zipfile(archive)
    assert await run("person", "hold", "1", "--reason", "court") == 0
    assert await run("person", "erase", "1", "--reason", "moved") == 2
    assert "legal hold" in capsys.readouterr().err
    assert await run("person", "release", "1") == 0
    assert await run("person", "erase", "1", "--reason", "moved") == 0
    assert await run("retention", "set", "hecheng", "audit", "30") == 2
    assert await run("retention") == 0
    shown = capsys.readouterr().out
    assert "resident 1 is erased" in shown
    assert "hecheng incidents 3650 d: 0 rows would go now" in shown
    assert MARKS[0] not in await everything(home)


async def test_where_helpers_were_goes_after_thirty_days_and_no_tenant_keeps_it_longer(
    home: Connection, pool: Pool
) -> None:
    await home.execute(
        "insert into responder (tenant_id, kind, name, consent_at) values (1, 'neighbour', '龙', %s)", [NOW]
    )
    await home.execute(
        "insert into responder_place select id, at, 27.56, 109.99 from responder,"
        " unnest(array[%s, %s]::timestamptz[]) as at",
        [NOW - 31 * DAY, NOW - 29 * DAY],
    )
    await home.commit()
    with pytest.raises(ValueError, match="at most 30 days"):
        await retention.set_days(home, 1, retention.Class.LOCATION, 31, KEEP)
    await _sweep(pool, NOW)
    assert await _count(home, "responder_place") == 1
