"""The roster: checked as a whole before anything changes, and safe to load again."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud import machine_secret
from cloud.db import Connection, connect
from cloud.passwords import verify
from cloud.people import roster as people
from cloud.people import roster_store
from cloud.people.accounts import gateway_accounts
from firmware_protocols.wire.sms import key_of
from tests.harness import roster, secret_of

STAFF = {
    "username": "op1",
    "password": "correct horse",
    "role": "operator",
    "name": "向玉珍",
    "locale": "zh-Hans",
    "homes": [],
}
CONTACT = {
    "rank": 1,
    "name": "邻居",
    "relation": "neighbour",
    "phone": "+860000",
    "has_key": True,
    "locale": "zh-Hans",
    "channels": ["json://127.0.0.1:9/x"],
}


def parsed(document: dict[str, Any]) -> people.Roster:
    return people.parse(msgspec.json.encode(document))


async def rows(conn: Connection, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in await (await conn.execute(sql)).fetchall()]


async def test_a_roster_becomes_rows(conn: Connection) -> None:
    await roster_store.load(conn, parsed(roster(2, staff=[STAFF], contacts=[CONTACT])))
    assert await rows(conn, "select key, tenant_id, address from home order by key") == [
        ("h001", 1, "城北路1号"),
        ("h002", 1, "城北路2号"),
    ]
    assert await rows(conn, "select name, birth_year, lives_alone from resident where home_id = 1") == [
        ("住户1", 1942, True)
    ]
    assert await rows(conn, "select rank, name, has_key, channels from contact where home_id = 1") == [
        (1, "邻居", True, ["json://127.0.0.1:9/x"])
    ]
    assert await rows(conn, "select name, kind, room from device where gateway_id = 'gw-h001'") == [
        ("pendant", "pendant", "bedroom")
    ]
    ((password,),) = await rows(conn, "select password_hash from staff")
    assert await verify(password, "correct horse")
    accounts = await gateway_accounts(conn)
    assert [one.user for one in accounts] == ["gw-h001", "gw-h002"]
    assert machine_secret.matches(secret_of("gw-h001"), accounts[0].secret_hash)


async def test_loading_again_changes_nothing_not_even_a_hash(conn: Connection) -> None:
    tables = ("division", "tenant", "home", "resident", "gateway", "device", "contact", "staff", "staff_home")
    document = roster(2, staff=[{**STAFF, "role": "family", "homes": ["h001"]}], contacts=[CONTACT])
    await roster_store.load(conn, parsed(document))
    before = {table: await rows(conn, f"select * from {table} order by 1, 2") for table in tables}
    await roster_store.load(conn, parsed(document))
    assert before == {table: await rows(conn, f"select * from {table} order by 1, 2") for table in tables}


async def test_corrections_are_taken_over(conn: Connection) -> None:
    document = roster(2, staff=[{**STAFF, "role": "family", "homes": ["h001"]}], contacts=[CONTACT])
    await roster_store.load(conn, parsed(document))
    changed = deepcopy(document)
    changed["homes"][0]["resident"]["name"] = "改名"
    changed["homes"][0]["contacts"] = [{**CONTACT, "rank": 2, "name": "女儿"}]
    changed["homes"][0]["gateway"]["secret"] = "another-secret-0123456789"
    changed["staff"][0] |= {"password": "battery staple", "homes": ["h002"]}
    await roster_store.load(conn, parsed(changed))
    assert await rows(conn, "select name from resident where home_id = 1") == [("改名",)]
    called = "select rank, name from contact where home_id = 1 and retired_at is null"
    assert await rows(conn, called) == [(2, "女儿")]
    assert await rows(conn, "select home_id from staff_home") == [(2,)]
    ((password,),) = await rows(conn, "select password_hash from staff")
    assert await verify(password, "battery staple")
    accounts = await gateway_accounts(conn)
    assert machine_secret.matches("another-secret-0123456789", accounts[0].secret_hash)


async def test_a_gateway_without_a_secret_signs_in_by_certificate_only(conn: Connection) -> None:
    document = roster(2)
    del document["homes"][0]["gateway"]["secret"]
    await roster_store.load(conn, parsed(document))
    await conn.execute("update gateway set sms_key = 'given at enrolment' where id = 'gw-h001'")
    assert [one.user for one in await gateway_accounts(conn)] == ["gw-h002"]
    del document["homes"][1]["gateway"]["secret"]
    await roster_store.load(conn, parsed(document))
    assert [one.user for one in await gateway_accounts(conn)] == ["gw-h002"], "what is not named stays"
    rows = await (await conn.execute("select sms_key from gateway order by id")).fetchall()
    assert [row["sms_key"] for row in rows] == [b"given at enrolment", key_of(secret_of("gw-h002"))]


async def test_a_gateway_of_another_home_is_not_taken_over(conn: Connection) -> None:
    await roster_store.load(conn, parsed(roster(2)))
    stolen = roster(3)
    stolen["homes"] = [stolen["homes"][2]]
    stolen["homes"][0]["gateway"]["id"] = "gw-h001"
    with pytest.raises(people.RosterError, match="gw-h001 belongs to another home"):
        await roster_store.load(conn, parsed(stolen))


async def test_a_user_name_of_another_tenant_is_not_taken_over(conn: Connection) -> None:
    await roster_store.load(conn, parsed(roster(1, staff=[STAFF])))
    other = roster(0, staff=[STAFF])
    other["tenant"]["code"] = "other"
    with pytest.raises(people.RosterError, match="op1 belongs to another tenant"):
        await roster_store.load(conn, parsed(other))


async def test_a_revoked_gateway_may_not_sign_in(conn: Connection) -> None:
    await roster_store.load(conn, parsed(roster(2)))
    await conn.execute("update gateway set revoked_at = '2026-05-01' where id = 'gw-h001'")
    assert [one.user for one in await gateway_accounts(conn)] == ["gw-h002"]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("homes 1 gateway id", "gw-h001", "gateway gw-h001 is listed twice"),
        ("homes 1 key", "h001", "home h001 is listed twice"),
        ("homes 0 contacts", [CONTACT, CONTACT], "home h001: rank 1 is listed twice"),
        ("homes 0 devices", [{"name": "door"}, {"name": "door"}], "home h001: device door is listed twice"),
        ("homes 0 division", "999999999999", "division 999999999999 is not listed"),
        ("homes 0 division", "43", "at `$.homes[0].division`"),
        ("homes 0 gateway secret", "1234", "gateway gw-h001: its secret must have 16-72 bytes"),
        ("homes 0 gateway id", "gw/#", "gateway id 'gw/#' is not valid"),
        ("homes 0 adress", "x", "unknown field `adress`"),
        ("staff 0 role", "king", "Invalid enum value 'king' - at `$.staff[0].role`"),
        ("staff 0 homes", ["h999"], "staff op1: home h999 is not listed"),
        ("staff", [STAFF, STAFF], "username op1 is listed twice"),
    ],
)
def test_a_roster_at_odds_with_itself_is_refused_with_the_place(
    path: str, value: object, message: str
) -> None:
    document: Any = roster(2, staff=[STAFF], contacts=[CONTACT])
    *folders, key = path.split()
    place = document
    for folder in folders:
        place = place[int(folder) if folder.isdigit() else folder]
    place[key] = value
    with pytest.raises(people.RosterError) as caught:
        parsed(document)
    assert message in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"tenant": {}}'])
def test_what_is_no_roster_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "roster.json"
    file.write_bytes(content)
    with pytest.raises(people.RosterError, match="roster"):
        people.read(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(people.RosterError, match="cannot read the roster"):
        people.read(tmp_path / "none.json")


def test_a_time_zone_that_does_not_exist_is_refused_because_messages_would_tell_a_wrong_time() -> None:
    document = roster(1)
    document["tenant"]["time_zone"] = "Asia/Shanghia"
    with pytest.raises(people.RosterError, match="time_zone 'Asia/Shanghia'"):
        parsed(document)


@pytest.mark.parametrize(("password", "live"), [(STAFF["password"], 1), ("another horse", 0)])
async def test_a_new_password_signs_out_whoever_knew_the_old_one(
    conn: Connection, password: str, live: int
) -> None:
    await roster_store.load(conn, parsed(roster(1, staff=[STAFF])))
    await conn.execute(
        "insert into session select '\\x00', id, now(), now(), now() + interval '1 hour' from staff"
    )
    await roster_store.load(conn, parsed(roster(1, staff=[STAFF | {"password": password}])))
    assert await rows(conn, "select count(*) from session") == [(live,)]


async def test_a_file_that_changes_nothing_of_a_home_waits_for_no_alarm_and_holds_up_none(
    conn: Connection, database: str
) -> None:
    document = parsed(roster(1, contacts=[CONTACT]) | {"staff": []})
    await roster_store.load(conn, document)
    await conn.commit()
    async with await connect(database) as alarm:
        await alarm.execute("set lock_timeout = '200ms'")
        await alarm.execute("select id from home for no key update")
        await roster_store.load(conn, document)
        await alarm.rollback()
        await alarm.execute("set lock_timeout = '200ms'")
        await alarm.execute("select id from home for no key update")
        await alarm.rollback()
