"""What a person may ask of a county, at a screen: to see all, to be forgotten, to be kept, and by when."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import httpx
import pyotp
import pytest

from cloud.access import PRESENT_FOR
from cloud.auth import Role
from cloud.db import Connection, Pool
from cloud.privacy import erase, export, retention, tables
from tests.unit.cloud import town as towns
from tests.unit.cloud.auth.test_second_factor import enrolled
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON, PASSWORD
from tests.unit.cloud.web.test_incidents import raise_alarm

YELLOW = 1
"""Number of the resident of the home ``yellow``."""
FOREIGN = 3
"""Of the resident of the other tenant."""
WHY = {"reason": "moved away"}


@pytest.fixture
async def town(site: Site, conn: Connection) -> Site:
    """The town with a second administrator, and one in the other tenant."""
    await towns.person(conn, site.town.hecheng, "second", Role.ADMIN)
    await towns.person(conn, site.town.zhongfang, "elsewhere", Role.ADMIN)
    await conn.execute("update resident set phone = '+8613800001111', notes = '喜欢下棋' where id = 1")
    await conn.commit()
    return site


async def present(site: Site, username: str = "admin") -> httpx.AsyncClient:
    """A browser in which ``username`` has just shown again who they are."""
    browser = await site.signed_in(username)
    answer = await browser.post("/session/presence", json={"password": PASSWORD})
    assert answer.status_code == 204, answer.text
    return browser


async def finish(pool: Pool, conn: Connection) -> None:
    """Work every erasure that is due to its end."""
    for number in await erase.due(conn, NOON, [], 10):
        while await erase.work(pool, number, NOON):
            pass
    await conn.commit()


async def audited(conn: Connection, action: str) -> list[tuple[Any, ...]]:
    found = await conn.execute(
        "select actor, purpose, homes from audit_entry where action = %s order by id", [action]
    )
    return [tuple(row.values()) for row in await found.fetchall()]


# Who is at the screen --------------------------------------------------------------------------------


async def test_what_cannot_be_taken_back_asks_who_is_at_the_screen_and_only_for_minutes(town: Site) -> None:
    admin = await town.signed_in("admin")
    refused = await admin.post(f"/residents/{YELLOW}/erasure", json=WHY)
    assert (refused.status_code, refused.json()["code"]) == (403, "presence_needed")
    wrong = await admin.post("/session/presence", json={"password": "guessed"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "presence_refused")
    assert (await admin.get(f"/residents/{YELLOW}/export")).json()["code"] == "presence_needed"
    assert (await admin.put("/retention/raw", json={"days": 30})).json()["code"] == "presence_needed"
    assert (await admin.post("/session/presence", json={"password": PASSWORD})).status_code == 204
    assert (await admin.post(f"/residents/{YELLOW}/erasure", json=WHY)).status_code == 201
    town.clock.turn(PRESENT_FOR)
    late = await admin.get(f"/residents/{YELLOW}/export")
    assert late.json()["code"] == "presence_needed"


async def test_whoever_has_a_second_factor_shows_it_again(town: Site) -> None:
    admin, secret, _ = await enrolled(town)
    without = await admin.post("/session/presence", json={"password": PASSWORD})
    assert without.json()["code"] == "presence_refused"
    code = pyotp.TOTP(secret).at(int(town.clock.now.timestamp()))
    whole = {"password": PASSWORD, "code": code}
    assert (await admin.post("/session/presence", json=whole)).status_code == 204
    again = await admin.post("/session/presence", json=whole)
    assert again.json()["code"] == "presence_refused", "a code works once"


async def test_guesses_at_the_screen_count_like_those_at_the_door(town: Site) -> None:
    admin = await town.signed_in("admin")
    for _ in range(6):
        await admin.post("/session/presence", json={"password": "guessed"})
    right = await admin.post("/session/presence", json={"password": PASSWORD})
    assert right.json()["code"] == "presence_refused", "the account rests"


# To see all -----------------------------------------------------------------------------------------


async def test_a_person_takes_along_all_that_is_stored_and_it_is_written_down(
    town: Site, conn: Connection
) -> None:
    admin = await present(town)
    answer = await admin.get(f"/residents/{YELLOW}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="person-1.zip"'
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = {name.partition(".")[0] for name in archive.namelist()}
        (resident,) = json.loads(archive.read("resident.json"))
    assert names == {*export.TABLES, "README"}
    assert (resident["phone"], resident["notes"]) == ("+8613800001111", "喜欢下棋")
    admin_id = town.town.staff["admin"]
    assert await audited(conn, "exportPerson") == [(f"staff:{admin_id}", "rights", [town.town.yellow])]


async def test_nobody_elsewhere_gets_anything_of_somebody_here(town: Site, conn: Connection) -> None:
    stranger = await present(town, "elsewhere")
    hold = (await (await present(town)).post(f"/residents/{YELLOW}/holds", json=WHY)).json()
    tried = [
        await stranger.get(f"/residents/{YELLOW}/export"),
        await stranger.get(f"/residents/{YELLOW}/erasure"),
        await stranger.post(f"/residents/{YELLOW}/erasure", json=WHY),
        await stranger.post(f"/residents/{YELLOW}/erasure/confirmation"),
        await stranger.delete(f"/residents/{YELLOW}/erasure"),
        await stranger.post(f"/residents/{YELLOW}/holds", json=WHY),
        await stranger.post(f"/residents/{YELLOW}/holds/{hold['id']}/lift"),
        await stranger.post(f"/residents/{FOREIGN}/holds/{hold['id']}/lift"),
    ]
    assert [answer.status_code for answer in tried] == [404] * len(tried)
    for path in ("/holds", "/deletions"):
        assert (await stranger.get(path)).json()["items"] == [], path
    await stranger.put("/retention/raw", json={"days": 3})
    mine = (await (await town.signed_in("admin")).get("/retention")).json()["kept"]
    assert [one["days"] for one in mine if one["of"] == "raw"] == [90]
    standing = await (await conn.execute("select id from legal_hold where lifted_at is null")).fetchall()
    assert standing == [{"id": hold["id"]}]


# To be forgotten ------------------------------------------------------------------------------------


async def test_one_administrator_asks_another_confirms_and_then_the_person_is_gone(
    town: Site, conn: Connection, pool: Pool
) -> None:
    first = await present(town)
    before = (await first.get(f"/residents/{YELLOW}/erasure")).json()
    assert (before["step"], before["obstacles"]) == ("not_asked", [])
    kept = {one["what"]: one["why"] for one in before["held_back"]}
    assert set(kept) == set(tables.HELD_BACK)
    assert "proof" in kept["incident"]

    asked = (await first.post(f"/residents/{YELLOW}/erasure", json=WHY)).json()
    assert (asked["step"], asked["asked_by"]) == ("asked", town.town.staff["admin"])
    own = await first.post(f"/residents/{YELLOW}/erasure/confirmation")
    assert (own.status_code, own.json()["code"]) == (409, "own_wish")
    await finish(pool, conn)
    (due,) = [one for one in (await first.get("/deletions")).json()["items"] if one["kind"] == "erasure"]
    assert (due["resident_id"], due["waits_for"]) == (YELLOW, "second_person")

    second = await present(town, "second")
    assert (await second.post(f"/residents/{YELLOW}/erasure/confirmation")).json()["step"] == "under_way"
    late = await first.delete(f"/residents/{YELLOW}/erasure")
    assert (late.status_code, late.json()["code"]) == (409, "erasure_begun")
    await finish(pool, conn)
    done = (await second.get(f"/residents/{YELLOW}/erasure")).json()
    assert (done["step"], done["reason"]) == ("finished", "")
    row = await (await conn.execute("select name, notes from resident where id = 1")).fetchone()
    assert row == {"name": "erased-1", "notes": ""}


async def test_a_wish_is_withdrawn_while_nothing_has_happened(town: Site, conn: Connection) -> None:
    admin = await present(town)
    assert (await admin.delete(f"/residents/{YELLOW}/erasure")).json()["code"] == "not_asked"
    await admin.post(f"/residents/{YELLOW}/erasure", json=WHY)
    assert (await admin.delete(f"/residents/{YELLOW}/erasure")).json()["step"] == "not_asked"
    second = await present(town, "second")
    none = await second.post(f"/residents/{YELLOW}/erasure/confirmation")
    assert none.json()["code"] == "not_asked"


async def test_a_repeated_command_asks_and_confirms_once(town: Site, conn: Connection) -> None:
    first, second = await present(town), await present(town, "second")
    key = {"Idempotency-Key": "a1b2"}
    asked = [await first.post(f"/residents/{YELLOW}/erasure", json=WHY, headers=key) for _ in range(2)]
    assert asked[0].json() == asked[1].json()
    where = f"/residents/{YELLOW}/erasure/confirmation"
    told = [await second.post(where, headers=key) for _ in range(2)]
    assert told[0].json() == told[1].json()
    holds = [
        await first.post("/residents/2/holds", json=WHY, headers=key | {"Idempotency-Key": "c3"})
        for _ in "12"
    ]
    assert holds[0].json() == holds[1].json()
    assert len((await first.get("/holds")).json()["items"]) == 1


async def test_what_stands_in_the_way_is_said_and_refused(town: Site, conn: Connection) -> None:
    admin, caseworker = await present(town), await town.signed_in("caseworker")
    incident = await raise_alarm(conn, town)
    await caseworker.post(f"/incidents/{incident}/emergency-access", json={"reason": "unconscious"})
    hold = (await admin.post(f"/residents/{YELLOW}/holds", json=WHY)).json()
    shown = (await admin.get(f"/residents/{YELLOW}/erasure")).json()
    assert shown["obstacles"] == ["legal_hold", "incident_open", "access_unreviewed"]

    async def refused() -> str:
        answer = await admin.post(f"/residents/{YELLOW}/erasure", json=WHY)
        return str(answer.json().get("code", answer.status_code))

    assert await refused() == "legal_hold"
    assert (await admin.post(f"/residents/{YELLOW}/holds/{hold['id']}/lift")).status_code == 204
    assert await refused() == "incident_open"
    await conn.execute("update incident set closed_at = %s", [NOON])
    await conn.commit()
    assert await refused() == "access_unreviewed"
    (access,) = (await admin.get("/emergency-access")).json()["items"]
    await admin.post(f"/emergency-access/{access['id']}/review", json={"justified": True})
    assert await refused() == "201"


# To be kept, and by when ----------------------------------------------------------------------------


async def test_a_hold_is_listed_lifted_by_its_number_and_written_down(town: Site, conn: Connection) -> None:
    admin = await town.signed_in("admin")
    first, second = [
        (await admin.post(f"/residents/{YELLOW}/holds", json={"reason": why})).json()
        for why in ("court", "police")
    ]
    listed = (await admin.get("/holds", params={"limit": 1})).json()
    assert listed["items"] == [first]
    rest = (await admin.get("/holds", params={"limit": 1, "cursor": listed["next"]})).json()
    assert (rest["items"], rest["next"]) == ([second], None)
    lift = f"/residents/{YELLOW}/holds/{first['id']}/lift"
    assert [(await admin.post(lift)).status_code for _ in range(2)] == [204, 404]
    assert (await admin.get("/holds")).json()["items"] == [second]
    admin_id, yellow = town.town.staff["admin"], town.town.yellow
    assert await audited(conn, "placeHold") == [(f"staff:{admin_id}", "rights", [yellow])] * 2


async def test_what_is_to_be_deleted_is_listed_with_what_it_waits_for(town: Site, conn: Connection) -> None:
    admin = await town.signed_in("admin")
    await conn.execute(
        "insert into consent_task (home_id, purpose, task, due_at) values"
        " (1, 'vitals', 'erase', %(later)s), (2, 'monitoring', 'erase', %(soon)s),"
        " (1, 'vitals', 'stop', %(soon)s), (3, 'vitals', 'erase', %(soon)s)",
        {"soon": NOON, "later": NOON + timedelta(days=1)},
    )
    await retention.fill_in(conn)
    await conn.commit()
    await admin.post(f"/residents/{YELLOW}/holds", json=WHY)
    pages, cursor = [], None
    while True:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await admin.get("/deletions", params=asked)).json()
        pages += page["items"]
        if (cursor := page["next"]) is None:
            break
    swept = {"raw", "aggregates", "incidents", "location", "recordings"}
    assert {one["what"] for one in pages[: len(swept)]} == swept
    assert [(one["kind"], one["what"], one["home_id"], one["waits_for"]) for one in pages[len(swept) :]] == [
        ("withdrawal", "monitoring", 2, None),
        ("withdrawal", "vitals", 1, "legal_hold"),
    ]


async def test_a_tenant_keeps_things_within_bounds_and_it_is_written_down(
    town: Site, conn: Connection
) -> None:
    admin = await present(town)
    shown = {one["of"]: one for one in (await admin.get("/retention")).json()["kept"]}
    assert set(shown) == {one.value for one in retention.Class}
    raw, audit = shown["raw"], shown["audit"]
    assert (raw["days"], raw["least"], raw["most"]) == (90, 1, 395)
    assert (audit["least"], audit["note"] != "") == (1_096, True)
    changed = await admin.put("/retention/raw", json={"days": 30})
    assert changed.status_code == 200, changed.text
    assert [one["days"] for one in changed.json()["kept"] if one["of"] == "raw"] == [30]
    for of, days in (("raw", 396), ("audit", 100)):
        answer = await admin.put(f"/retention/{of}", json={"days": days})
        assert (answer.status_code, answer.json()["code"]) == (422, "out_of_bounds")
    admin_id = town.town.staff["admin"]
    assert await audited(conn, "setRetention") == [(f"staff:{admin_id}", "rights", [])] * 3
