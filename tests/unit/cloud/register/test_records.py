"""The register over HTTP: every kind of record by the same five routes, against the real database."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httpx
import msgspec
import pytest

from cloud.auth import Role
from cloud.db import Connection
from cloud.people import roster, roster_store
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON, Town
from tests.unit.cloud.web.test_incidents import raise_alarm

CONTACT: Final = {"rank": 2, "name": "向明", "relation": "family", "phone": "+8613800000009", "has_key": True}
RESIDENT: Final = {"name": "滕树英", "birth_year": 1938, "sex": "f"}
HOME: Final = {"key": "new", "division": "431202000000", "address": "new lane 3"}
PERSON: Final = {"username": "new", "password": "correct horse", "role": "operator", "name": "新"}
GATEWAY: Final = {"id": "gw-new", "shard": 7, "secret": "sixteen random bytes"}
DEVICE: Final = {"name": "bed", "kind": "bed_mat", "room": "bedroom"}
CENTRE: Final = {"name": "城南站", "latitude": 27.55, "longitude": 109.98}


def within(town: Town) -> dict[str, dict[str, Any]]:
    """What a new record of each kind looks like, and what it belongs to."""
    return {
        "contacts": {"home_id": town.yellow, "record": CONTACT},
        "homes": {"record": HOME},
        "staff": {"record": PERSON},
        "gateways": {"home_id": town.yellow, "record": GATEWAY},
        "devices": {"gateway_id": "gw-yellow", "record": DEVICE},
        "centres": {"record": CENTRE},
    }


async def added(browser: httpx.AsyncClient, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await browser.post(f"/register/{kind}", json=body)
    assert answer.status_code == 201, answer.text
    kept: dict[str, Any] = answer.json()
    return kept


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("contacts", {"phone": "", "channels": ["sms:+8613800000010"]}),
        ("homes", {"address": "new lane 4", "latitude": 27.5}),
        ("staff", {"role": "caseworker", "homes": ["yellow"], "password": ""}),
        ("gateways", {"phone": "+8613800000011", "secret": ""}),
        ("devices", {"room": "kitchen"}),
        ("centres", {"latitude": 27.56}),
    ],
)
async def test_a_record_is_added_read_changed_and_retired(
    site: Site, kind: str, change: dict[str, Any]
) -> None:
    browser = await site.signed_in("admin")
    body = within(site.town)[kind]
    kept = await added(browser, kind, body)
    shown = {name: value for name, value in body["record"].items() if name not in {"password", "secret"}}
    assert kept["record"] | shown == kept["record"]
    where = f"/register/{kind}/{kept['id']}"
    assert (await browser.get(where)).json() == kept
    record = body["record"] | change
    changed = await browser.put(where, json={"version": kept["version"], "record": record})
    assert changed.status_code == 200, changed.text
    assert changed.json()["version"] == kept["version"] + 1
    assert (await browser.get(where)).json() == changed.json()
    version = changed.json()["version"]
    retired = await browser.post(f"{where}/retire", json={"version": version})
    assert retired.status_code == 200, retired.text
    assert retired.json()["retired_at"] is not None
    assert (await browser.get(where)).json() == retired.json()
    listed = [item["id"] for item in (await browser.get(f"/register/{kind}")).json()["items"]]
    with_retired = (await browser.get(f"/register/{kind}", params={"retired": True})).json()["items"]
    assert kept["id"] not in listed
    assert kept["id"] in [item["id"] for item in with_retired]
    late = await browser.put(where, json={"version": retired.json()["version"], "record": record})
    assert (late.status_code, late.json()["code"]) == (409, "retired")


async def test_nothing_that_goes_in_as_a_secret_comes_out(site: Site) -> None:
    browser = await site.signed_in("admin")
    await added(browser, "staff", within(site.town)["staff"])
    await added(browser, "gateways", within(site.town)["gateways"])
    for kind in ("staff", "gateways"):
        text = (await browser.get(f"/register/{kind}")).text
        assert "correct horse" not in text
        assert "sixteen random" not in text
        assert "$" not in text


async def test_of_two_who_change_the_same_version_one_is_told_what_the_other_did(
    site: Site, town: Town
) -> None:
    first, second = await site.signed_in("admin"), await site.signed_in("admin")
    kept = await added(first, "contacts", {"home_id": town.yellow, "record": CONTACT})
    where = f"/register/contacts/{kept['id']}"
    answers = await asyncio.gather(
        first.put(where, json={"version": 1, "record": CONTACT | {"name": "one"}}),
        second.put(where, json={"version": 1, "record": CONTACT | {"name": "two"}}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (lost.json()["code"], lost.json()["current"]) == ("conflict", won.json())


async def test_a_record_loaded_from_a_file_meanwhile_is_not_overwritten(site: Site, conn: Connection) -> None:
    browser = await site.signed_in("admin")
    before = (await browser.get(f"/register/homes/{site.town.yellow}")).json()
    place = {**before["record"], "address": "by the loader"}
    document = {
        "divisions": [{"code": "431202000000", "name": "鹤城区"}],
        "tenant": {
            "code": "hecheng",
            "name": "鹤城区",
            "division": "431202000000",
            "second_factor_roles": [],
        },
        "homes": [{**place, "resident": RESIDENT}],
    }
    await roster_store.load(conn, roster.parse(msgspec.json.encode(document)))
    await conn.commit()
    mine = {"version": before["version"], "record": before["record"] | {"address": "by hand"}}
    answer = await browser.put(f"/register/homes/{site.town.yellow}", json=mine)
    assert answer.status_code == 409
    assert answer.json()["current"]["record"]["address"] == "by the loader"


async def test_a_retired_contact_is_no_longer_called_and_their_place_is_free(
    site: Site, conn: Connection, town: Town
) -> None:
    browser = await site.signed_in("admin")
    listed = await browser.get("/register/contacts", params={"home_id": town.yellow})
    (neighbour,) = listed.json()["items"]
    await browser.post(f"/register/contacts/{neighbour['id']}/retire", json={"version": 1})
    await added(browser, "contacts", {"home_id": town.yellow, "record": CONTACT | {"rank": 1}})
    incident = await raise_alarm(conn, site)
    pane = (await browser.get(f"/incidents/{incident}")).json()
    assert [rung["name"] for rung in pane["ladder"]] == ["向明"]
    assert [
        contact["name"] for contact in (await browser.get(f"/homes/{town.yellow}")).json()["contacts"]
    ] == ["向明"]


async def test_who_moves_in_takes_the_place_of_who_left_everywhere(
    site: Site, conn: Connection, town: Town
) -> None:
    browser = await site.signed_in("admin")
    (old,) = (await browser.get("/register/residents", params={"home_id": town.yellow})).json()["items"]
    body = {"home_id": town.yellow, "record": RESIDENT}
    occupied = await browser.post("/register/residents", json=body)
    assert (occupied.status_code, occupied.json()["code"]) == (409, "occupied")
    await browser.post(f"/register/residents/{old['id']}/retire", json={"version": old["version"]})
    await added(browser, "residents", body)
    incident = await raise_alarm(conn, site)
    snapshot = (await browser.get("/snapshot")).json()
    assert next(home for home in snapshot["homes"] if home["id"] == town.yellow)["resident"] == "滕树英"
    assert (await browser.get(f"/incidents/{incident}")).json()["incident"]["resident"] == "滕树英"
    assert (await browser.get(f"/homes/{town.yellow}")).json()["resident"]["name"] == "滕树英"


async def test_a_home_with_an_open_incident_stays_and_a_retired_one_takes_its_gateway_along(
    site: Site, conn: Connection, town: Town
) -> None:
    browser = await site.signed_in("admin")
    incident = await raise_alarm(conn, site, "green")
    where = f"/register/homes/{town.green}/retire"
    busy = await browser.post(where, json={"version": 1})
    assert (busy.status_code, busy.json()["code"]) == (409, "incident_open")
    acked = await browser.post(f"/incidents/{incident}/ack", json={"version": 1})
    await browser.post(
        f"/incidents/{incident}/close", json={"version": acked.json()["version"], "outcome": "C1"}
    )
    assert (await browser.post(where, json={"version": 1})).status_code == 200
    assert (await browser.get("/register/gateways/gw-green")).json()["retired_at"] == "2026-11-20T12:00:00Z"
    assert town.green not in [home["id"] for home in (await browser.get("/snapshot")).json()["homes"]]
    told = await (await conn.execute("select topic, home_id from change order by id desc limit 1")).fetchone()
    assert told == {"topic": "reset", "home_id": town.green}, "no change takes a home off a screen"


async def test_a_plan_takes_the_resident_along_and_is_numbered_here(site: Site, town: Town) -> None:
    browser = await site.signed_in("admin")
    where = f"/register/plans/{town.yellow}"
    assert (await browser.get(where)).json()["version"] == 0
    said = {"version": 0, "record": {"confirm_s": 30}}
    first = (await browser.put(where, json=said)).json()
    assert (first["version"], first["record"]["confirm_s"]) == (1, 30)
    assert (await browser.put(where, json=said)).status_code == 409
    (resident,) = (await browser.get("/register/residents", params={"home_id": town.yellow})).json()["items"]
    changed = {"version": resident["version"], "record": resident["record"] | {"ability_level": 3}}
    await browser.put(f"/register/residents/{resident['id']}", json=changed)
    second = (await browser.get(where)).json()
    assert (second["version"], second["record"]["person"]["ability_level"]) == (2, 3)
    wrong = await browser.put(where, json={"version": 2, "record": {"devices": {"absent": {}}}})
    assert wrong.status_code == 422


async def test_a_retired_person_is_signed_out_and_nobody_locks_themselves_out(site: Site) -> None:
    admin, operator = await site.signed_in("admin"), await site.signed_in("operator")
    staff = site.town.staff
    assert (
        await admin.post(f"/register/staff/{staff['operator']}/retire", json={"version": 1})
    ).status_code == 200
    assert (await operator.get("/session")).status_code == 401
    oneself = await admin.post(f"/register/staff/{staff['admin']}/retire", json={"version": 1})
    assert (oneself.status_code, oneself.json()["code"]) == (409, "oneself")


@pytest.mark.parametrize(
    ("kind", "change", "where"),
    [
        ("contacts", {"rank": 0}, ["body", "record", "rank"]),
        ("contacts", {"name": ""}, ["body", "record", "name"]),
        ("contacts", {"name": "a\x00b"}, ["body", "record", "name"]),
        ("contacts", {"locale": "fr"}, ["body", "record", "locale"]),
        ("contacts", {"channels": ["ok", 3]}, ["body", "record", "channels", 1]),
        ("contacts", {"age": 3}, ["body", "record", "age"]),
        ("homes", {"latitude": 91}, ["body", "record", "latitude"]),
        ("homes", {"division": "000000000000"}, ["body", "record"]),
        ("staff", {"password": "short"}, ["body", "record", "password"]),
        ("staff", {"role": "boss"}, ["body", "record", "role"]),
        ("staff", {"homes": ["foreign"]}, ["body", "record"]),
        ("gateways", {"secret": "short"}, ["body", "record"]),
        ("gateways", {"phone": "call me"}, ["body", "record"]),
        ("gateways", {"id": "a/b"}, ["body", "record"]),
        ("devices", {"name": "x" * 65}, ["body", "record", "name"]),
    ],
)
async def test_what_the_roster_refuses_the_register_refuses_and_names_the_field(
    site: Site, kind: str, change: dict[str, Any], where: list[str | int]
) -> None:
    browser = await site.signed_in("admin")
    body = within(site.town)[kind]
    answer = await browser.post(f"/register/{kind}", json=body | {"record": body["record"] | change})
    assert answer.status_code == 422, answer.text
    assert [field["where"] for field in answer.json()["fields"]] == [where]


@pytest.mark.parametrize("kind", ["contacts", "homes", "staff", "gateways", "devices"])
async def test_what_is_there_already_is_not_added_twice(site: Site, kind: str) -> None:
    browser = await site.signed_in("admin")
    body = within(site.town)[kind]
    await added(browser, kind, body)
    again = await browser.post(f"/register/{kind}", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "taken")


@pytest.mark.parametrize(
    ("kind", "name"), [("homes", "key"), ("staff", "username"), ("gateways", "id"), ("devices", "name")]
)
async def test_the_name_outside_stays(site: Site, kind: str, name: str) -> None:
    browser = await site.signed_in("admin")
    body = within(site.town)[kind]
    kept = await added(browser, kind, body)
    said = {"version": 1, "record": body["record"] | {name: "other"}}
    answer = await browser.put(f"/register/{kind}/{kept['id']}", json=said)
    assert answer.status_code == 422


async def test_a_command_repeated_with_its_key_adds_once_and_keeps_nothing_readable(
    site: Site, conn: Connection
) -> None:
    browser = await site.signed_in("admin")
    browser.headers["Idempotency-Key"] = "0123456789abcdef"
    body = within(site.town)["contacts"]
    first = await browser.post("/register/contacts", json=body)
    again = await browser.post("/register/contacts", json=body)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    row = await (await conn.execute("select * from idempotency")).fetchone()
    assert row is not None
    assert "0123456789abcdef" not in str(row)
    assert "向明".encode() not in bytes(row["answer"])


@pytest.mark.parametrize("role", [role.value for role in Role if role is not Role.ADMIN])
async def test_only_administrators_keep_the_register(site: Site, role: str) -> None:
    if role not in site.town.staff:
        pytest.skip("nobody of this role lives in the town")
    browser = await site.signed_in(role)
    assert (await browser.get("/register/homes")).status_code == 403
    assert (await browser.post("/register/homes", json={"record": HOME})).status_code == 403


async def test_a_tenant_does_not_move_itself_to_another_division(site: Site) -> None:
    """Its division says whose figures it counts in and, for a city's roles, whose it sees."""
    browser = await site.signed_in("admin")
    kept = (await browser.get(f"/register/tenants/{site.town.hecheng}")).json()
    said = {"version": kept["version"], "record": kept["record"] | {"division": "431221000000"}}
    answer = await browser.put(f"/register/tenants/{site.town.hecheng}", json=said)
    assert (answer.status_code, answer.json()["code"]) == (409, "division_reserved")


async def test_another_tenants_records_do_not_exist(site: Site, conn: Connection, town: Town) -> None:
    browser = await site.signed_in("admin")
    cursor = await conn.execute("select id from contact where home_id = %s", [town.foreign])
    contact = (await cursor.fetchone() or {})["id"]
    for where in (
        f"homes/{town.foreign}", f"contacts/{contact}", f"staff/{town.staff['stranger']}",
        "gateways/gw-foreign", f"plans/{town.foreign}", f"tenants/{town.zhongfang}",
    ):  # fmt: skip
        assert (await browser.get(f"/register/{where}")).status_code == 404
    for kind in ("homes", "contacts", "staff", "gateways", "devices", "plans", "tenants", "residents"):
        listed = (await browser.get(f"/register/{kind}", params={"limit": 200})).text
        assert "foreign" not in listed
        assert "石金花" not in listed
    stolen = await browser.post("/register/contacts", json={"home_id": town.foreign, "record": CONTACT})
    retired = await browser.post(f"/register/contacts/{contact}/retire", json={"version": 1})
    assert stolen.status_code == retired.status_code == 404


async def test_lists_go_on_where_they_stopped_and_narrow_by_filter(site: Site, town: Town) -> None:
    browser = await site.signed_in("admin")
    seen: list[int] = []
    cursor: dict[str, str | int] = {}
    while True:
        page = (await browser.get("/register/staff", params=cursor | {"limit": 2})).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == sorted(number for name, number in town.staff.items() if name != "stranger")
    operators = (await browser.get("/register/staff", params={"role": "operator"})).json()["items"]
    assert [item["record"]["username"] for item in operators] == ["operator"]
    divisions = (await browser.get("/register/divisions")).json()["items"]
    assert [item["record"]["name"] for item in divisions] == ["鹤城区", "中方县"]
    homes = (await browser.get("/register/homes", params={"key": "green"})).json()["items"]
    assert [item["id"] for item in homes] == [town.green]


async def test_a_new_home_appears_on_the_open_screens(site: Site, conn: Connection) -> None:
    kept = await added(await site.signed_in("admin"), "homes", {"record": HOME})
    cursor = await conn.execute("select topic, body ->> 'address' as address, home_id from change")
    assert await cursor.fetchall() == [{"topic": "home", "address": "new lane 3", "home_id": kept["id"]}]


async def test_a_change_of_a_home_reaches_the_open_screens(site: Site, conn: Connection, town: Town) -> None:
    browser = await site.signed_in("admin")
    before = (await browser.get(f"/register/homes/{town.yellow}")).json()
    said = {"version": before["version"], "record": before["record"] | {"address": "round the corner"}}
    assert (await browser.put(f"/register/homes/{town.yellow}", json=said)).status_code == 200
    cursor = await conn.execute("select topic, home_id, body ->> 'address' as address, at from change")
    assert await cursor.fetchall() == [
        {"topic": "home", "home_id": town.yellow, "address": "round the corner", "at": NOON}
    ]


# Lists ------------------------------------------------------------------------------------------------------


async def _listed(browser: httpx.AsyncClient, kind: str, **asked: Any) -> list[dict[str, Any]]:
    """All of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        params = asked | ({"cursor": cursor} if cursor else {})
        answer = await browser.get(f"/register/{kind}", params=params)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next"]
        if cursor is None:
            return found


@pytest.mark.parametrize(
    ("kind", "q", "found"),
    [
        ("homes", "YELLOW", 1),
        ("homes", "lane", 2),
        ("homes", "_", 0),
        ("residents", "向秀", 1),
        ("residents", "green lane", 1),
        ("residents", "石金花", 0),
        ("contacts", "邻居", 2),
        ("gateways", "gw-green", 1),
        ("devices", "pendant", 2),
        ("devices", "yellow", 1),
        ("staff", "supervisor", 1),
        ("divisions", "鹤城", 1),
    ],
)
async def test_a_list_is_searched_by_words_of_the_record_and_of_its_home(
    site: Site, kind: str, q: str, found: int
) -> None:
    browser = await site.signed_in("admin")
    assert len(await _listed(browser, kind, q=q)) == found


@pytest.mark.parametrize("sort", ["number", "newest", "name"])
async def test_a_sorted_list_goes_on_where_the_page_ended(site: Site, town: Town, sort: str) -> None:
    browser = await site.signed_in("admin")
    for rank, name in enumerate(("丙", "甲" * 200, "甲", "乙"), 2):
        body = {"home_id": town.yellow, "record": CONTACT | {"rank": rank, "name": name}}
        await added(browser, "contacts", body)
    whole = await _listed(browser, "contacts", sort=sort)
    assert await _listed(browser, "contacts", sort=sort, limit=1) == whole
    keys: dict[str, Any] = {
        "number": [one["id"] for one in whole],
        "newest": [-one["id"] for one in whole],
        "name": [one["record"]["name"][:40].encode() for one in whole],
    }
    assert keys[sort] == sorted(keys[sort])


async def test_what_lies_in_a_home_names_it(site: Site, town: Town) -> None:
    browser = await site.signed_in("admin")
    for kind in ("residents", "contacts", "gateways", "devices"):
        listed = await _listed(browser, kind, home_id=town.yellow)
        assert {one["home_key"] for one in listed} == {"yellow"}, kind
