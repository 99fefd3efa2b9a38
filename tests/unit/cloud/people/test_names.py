"""Whoever fills in a form says what a thing is called, and is told its number; nobody is told of others."""

from __future__ import annotations

from uuid import uuid4

import pytest

from cloud.db import Connection
from cloud.people import name_routes
from tests.unit.cloud.conftest import Site


async def test_a_home_is_found_by_its_key_its_street_and_who_lives_there(site: Site) -> None:
    lead, town = await site.signed_in("supervisor"), site.town
    for words in ("yellow", "YELLOW LANE", "向秀"):
        found = (await lead.get("/names/homes", params={"q": words})).json()
        assert found["items"] == [{"id": town.yellow, "name": "yellow", "about": "向秀英 · yellow lane 1"}]


async def test_people_and_accounts_are_found_by_name_and_told_apart(site: Site, conn: Connection) -> None:
    lead, town = await site.signed_in("supervisor"), site.town
    resident = (await lead.get("/names/residents", params={"q": "杨"})).json()["items"][0]
    assert (resident["name"], resident["about"]) == ("杨再兴", "green · green lane 1")
    staff = (await lead.get("/names/staff", params={"q": "casew"})).json()["items"]
    assert staff == [{"id": town.staff["caseworker"], "name": "caseworker 某", "about": "caseworker"}]
    for whose in ({"resident_id": resident["id"]}, {"group": "门球队"}):
        answer = await lead.post("/time/accounts", json=whose, headers={"Idempotency-Key": str(uuid4())})
        assert answer.is_success, answer.text
    names = (await lead.get("/names/accounts")).json()["items"]
    assert {(one["name"], one["about"]) for one in names} == {("杨再兴", "green"), ("门球队", "")}
    rows = await conn.execute("select homes from audit_entry where action = 'findTimeAccounts'")
    assert [row["homes"] for row in await rows.fetchall()] == [[town.green]]


async def test_what_begins_with_the_words_comes_first_and_no_more_than_can_be_looked_through(
    site: Site, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await conn.execute("update home set address = 'near green' where key = 'yellow'")
    await conn.commit()
    lead = await site.signed_in("admin")
    found = (await lead.get("/names/homes", params={"q": "green"})).json()
    assert [one["name"] for one in found["items"]] == ["green", "yellow"]
    monkeypatch.setattr(name_routes, "MOST", 1)
    found = (await lead.get("/names/homes", params={"q": "green"})).json()
    assert [one["name"] for one in found["items"]] == ["green"]


async def test_neither_another_tenant_nor_what_is_out_of_use_is_named(site: Site, conn: Connection) -> None:
    await conn.execute("update home set retired_at = now() where key = 'green'")
    await conn.execute("update staff set disabled_at = now() where username = 'responder'")
    await conn.commit()
    lead = await site.signed_in("supervisor")
    homes = (await lead.get("/names/homes")).json()["items"]
    assert [one["name"] for one in homes] == ["yellow"]
    staff = {one["about"] for one in (await lead.get("/names/staff")).json()["items"]}
    assert "supervisor" in staff
    assert not staff & {"responder", "stranger"}
