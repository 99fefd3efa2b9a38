"""A roster by upload: every fault with its line, a trial that changes nothing, nothing beyond one tenant."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

import pytest

from cloud.db import Connection, Pool
from cloud.register.lines import line_of, lines
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.locks import somebody_waits

DIVISION: Final = {"code": "431202000000", "name": "鹤城区"}
CITY: Final = {"code": "431200000000", "name": "怀化市"}
TENANT: Final = {"code": "hecheng", "name": "鹤城区", "division": "431202000000"}
RESIDENT: Final = {"name": "滕树英", "birth_year": 1938, "sex": "f"}
HOME: Final = {"key": "new", "division": "431202000000", "address": "new lane 3", "resident": RESIDENT}
PERSON: Final = {"username": "new", "password": "correct horse", "role": "operator", "name": "新"}


def county(**more: Any) -> dict[str, Any]:
    """A small roster of the town's own tenant."""
    return {"divisions": [DIVISION], "tenant": TENANT, "homes": [HOME], "staff": [PERSON], **more}


async def _homes(conn: Connection) -> int:
    row = await (await conn.execute("select count(*) as n from home")).fetchone()
    await conn.commit()
    return int((row or {"n": -1})["n"])


async def test_a_trial_says_what_would_happen_and_changes_nothing_and_then_it_happens(
    site: Site, conn: Connection
) -> None:
    browser = await site.signed_in("admin")
    trial = await browser.post("/register/import", params={"dry_run": True}, json=county())
    assert trial.json() == {"loaded": False, "homes": 1, "staff": 1, "faults": []}
    assert await _homes(conn) == 3
    loaded = await browser.post("/register/import", json=county())
    assert loaded.json() == {"loaded": True, "homes": 1, "staff": 1, "faults": []}
    assert await _homes(conn) == 4


async def test_an_open_desk_reads_anew_what_a_file_brought(site: Site, conn: Connection) -> None:
    await (await site.signed_in("admin")).post("/register/import", json=county())
    told = await (await conn.execute("select tenant_id, topic, home_id from change")).fetchall()
    assert told == [{"tenant_id": site.town.hecheng, "topic": "reset", "home_id": None}]


async def test_a_file_may_take_longer_than_a_transaction_may_idle(
    site: Site, conn: Connection, api_pool: Pool
) -> None:
    browser = await site.signed_in("admin")
    async with api_pool.connection() as lent:
        await lent.execute("set idle_in_transaction_session_timeout = '200ms'")
    await conn.execute("select from home where key = 'yellow' for update")
    home = {**HOME, "key": "yellow"}
    async with asyncio.TaskGroup() as tasks:
        loading = tasks.create_task(browser.post("/register/import", json=county(homes=[home])))
        await somebody_waits(conn)
        await asyncio.sleep(0.5)  # of idling, on purpose
        await conn.rollback()
    answer = loading.result()
    assert (answer.status_code, answer.json().get("loaded")) == (200, True)


async def test_every_fault_of_a_file_is_named_with_its_line_and_field(site: Site, conn: Connection) -> None:
    browser = await site.signed_in("admin")
    wrong = {**HOME, "latitude": 91, "resident": {**RESIDENT, "sex": "x"}, "colour": "red"}
    text = json.dumps(county(homes=[HOME, wrong], staff=[{**PERSON, "password": "short"}]), indent=1)
    headers = {"Content-Type": "application/json"}
    answer = (await browser.post("/register/import", content=text, headers=headers)).json()
    assert answer["loaded"] is False
    named = {".".join(map(str, fault["where"])): fault["line"] for fault in answer["faults"]}
    at = text.splitlines()
    assert set(named) == {
        "homes.1.latitude", "homes.1.resident.sex", "homes.1.colour", "staff.0.password",
    }  # fmt: skip
    assert "91" in at[named["homes.1.latitude"] - 1]
    assert '"x"' in at[named["homes.1.resident.sex"] - 1]
    assert "short" in at[named["staff.0.password"] - 1]
    assert await _homes(conn) == 3


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"tenant": {"code": "zhongfang", "name": "x", "division": "431202000000"}}, "not your tenant"),
        ({"tenant": {**TENANT, "division": "430000000000"}}, "whoever runs the installation"),
        ({"divisions": [{**DIVISION, "name": "renamed"}]}, "another name here"),
        ({"divisions": [{**DIVISION, "parent": "431200000000"}, CITY]}, "another parent here"),
        ({"divisions": [DIVISION, {"code": "431221001000", "name": "x"}]}, "does not lie in yours"),
        ({"staff": [{**PERSON, "role": "auditor"}]}, "not given by administrators"),
        ({"staff": [{**PERSON, "username": "auditor"}]}, "not given by administrators"),
        ({"staff": [{**PERSON, "username": "stranger"}]}, "belongs to another tenant"),
        ({"homes": [HOME, HOME]}, "listed twice"),
        ({"homes": [{**HOME, "gateway": {"id": "gw-foreign", "shard": 1}}]}, "belongs to another home"),
    ],
)
async def test_a_file_reaches_nothing_beyond_its_administrator(
    site: Site, conn: Connection, change: dict[str, Any], rule: str
) -> None:
    browser = await site.signed_in("admin")
    answer = (await browser.post("/register/import", json=county(**change))).json()
    assert answer["loaded"] is False
    assert [rule in fault["rule"] for fault in answer["faults"]] == [True]
    assert await _homes(conn) == 3


async def test_a_file_adds_no_home_beyond_the_quota_and_changes_those_that_stand(
    site: Site, conn: Connection
) -> None:
    await conn.execute("insert into quota values (%s, 'homes', 2)", [site.town.hecheng])
    await conn.commit()
    browser = await site.signed_in("admin")
    for dry_run in (True, False):
        answer = await browser.post("/register/import", params={"dry_run": dry_run}, json=county())
        rules = [fault["rule"] for fault in answer.json()["faults"]]
        assert rules == [
            "roster: with it the tenant would have 3 homes, and may have 2: ask the city for more"
        ]
        assert await _homes(conn) == 3
    await conn.execute("update quota set most = 1")  # the city takes places away, and nobody's home
    await conn.commit()
    same = county(homes=[{**HOME, "key": "green", "address": "green lane 2"}])
    assert (await browser.post("/register/import", json=same)).json()["loaded"] is True


def test_lines_are_found_through_strings_that_look_like_structure() -> None:
    text = '{"a": "}\\"{",\n "b": [1,\n  {"c": "x,y"}],\n "d":\n null}'
    found = lines(text)
    assert found == {
        (): 1, ("a",): 1, ("b",): 2, ("b", 0): 2, ("b", 1): 3, ("b", 1, "c"): 3, ("d",): 5,
    }  # fmt: skip
    assert line_of(found, ("b", 1, "missing")) == 3
