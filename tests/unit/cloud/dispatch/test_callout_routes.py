"""Who may be called, as leaders and workers tell the API; and the dispatch dialog."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from cloud.db import Connection, Pool
from cloud.incidents import store
from cloud.ingest.model import StoredAlarm
from cloud.notify import tokens
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, GatewayId
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON

pytestmark = pytest.mark.services

DOOR = {"latitude": 27.56, "longitude": 109.99}
ROUND_THE_CORNER = {"latitude": 27.562, "longitude": 109.99}
FAR = {"latitude": 27.60, "longitude": 109.99}
VOLUNTEER = {"kind": "volunteer", "name": "龙大哥", "phone": "13700000001", "consent_how": "paper", **DOOR}


@pytest.fixture
async def incident(site: Site, pool: Pool) -> int:
    """Somebody calls for help at the yellow house, and nobody has taken it yet."""
    pressed = Alarm(
        AlarmId("01JA0000000000000000000001"), AlarmKind.SOS, AlarmState.RAISED, DeviceId("pendant"), NOON
    )
    town = site.town
    stored = StoredAlarm(pressed, town.hecheng, town.yellow, GatewayId("gw-yellow"), 1, "", NOON)
    async with pool.connection() as conn:
        await store.attach_or_open(conn, stored, NOON)
        row = await (await conn.execute("select id from incident")).fetchone()
        assert row is not None
        return int(row["id"])


async def posted(browser: httpx.AsyncClient, path: str, body: Any, status: int = 200) -> dict[str, Any]:
    answer = await browser.post(path, json=body)
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def enrolled(site: Site, name: str) -> int:
    """A member of staff who may be called, and has a telephone."""
    leader = await site.signed_in("supervisor")
    asked = {"kind": "worker", "staff_id": site.town.staff[name], "phone": "13700000009", "mode": "car"}
    return int((await posted(leader, "/responders", asked, 201))["id"])


async def on_duty(site: Site, name: str) -> httpx.AsyncClient:
    worker = await site.signed_in(name)
    assert (await worker.put("/duty", json={"on": True})).json()["on"]
    return worker


async def messages(conn: Connection) -> list[tuple[str, str]]:
    found = await conn.execute("select template, state from message where ask_id is not null order by id")
    return [(row["template"], row["state"]) for row in await found.fetchall()]


async def test_a_leader_registers_somebody_who_agreed_and_ties_them_to_a_home(site: Site) -> None:
    leader = await site.signed_in("supervisor")
    number = (await posted(leader, "/responders", VOLUNTEER, 201))["id"]
    tie = {"has_key": True, "knows": True, "barred": False}
    tied = await leader.put(f"/responders/{number}/homes/{site.town.yellow}", json=tie)
    assert tied.json()["homes"] == [{"home_id": site.town.yellow, "home": "yellow", **tie}]
    assert tied.json()["consent_at"] is not None
    assert [one["name"] for one in (await leader.get("/responders")).json()["items"]] == ["龙大哥"]


async def test_a_tie_is_forgotten_and_cannot_be_forgotten_twice(site: Site) -> None:
    leader = await site.signed_in("supervisor")
    number = (await posted(leader, "/responders", VOLUNTEER, 201))["id"]
    where = f"/responders/{number}/homes/{site.town.yellow}"
    await leader.put(where, json={"barred": True})
    assert (await leader.delete(where)).json()["homes"] == []
    assert (await leader.delete(where)).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"consent_how": ""},
        {"name": " "},
        {"kind": "worker"},
        {"staff_id": 1},
        {"longitude": None},
        {"channels": ["json://169.254.169.254/"]},
    ],
)
async def test_nobody_is_registered_without_consent_name_or_place_or_with_an_address_of_a_host(
    site: Site, wrong: dict[str, Any]
) -> None:
    leader = await site.signed_in("supervisor")
    await posted(leader, "/responders", VOLUNTEER | wrong, 422)


async def test_a_register_is_its_tenants_own(site: Site) -> None:
    leader = await site.signed_in("supervisor")
    number = (await posted(leader, "/responders", VOLUNTEER, 201))["id"]
    foreign = await leader.put(f"/responders/{number}/homes/{site.town.foreign}", json={})
    assert foreign.status_code == 404
    other = {"kind": "worker", "staff_id": site.town.staff["stranger"]}
    await posted(leader, "/responders", other, 404)


async def test_a_worker_on_duty_is_asked_by_hand_and_seen_on_the_way_to_the_door(
    site: Site, incident: int, conn: Connection
) -> None:
    number = await enrolled(site, "responder")
    desk = await site.signed_in("operator")
    assert (await desk.get(f"/callouts/{incident}")).json()["nearest"] == [], "nobody is on duty"
    await posted(desk, f"/callouts/{incident}/asks", {"responder_id": number}, 409)
    worker = await on_duty(site, "responder")
    await posted(worker, "/duty/places", FAR)
    shown = (await desk.get(f"/callouts/{incident}")).json()["nearest"]
    assert [(one["responder_id"], one["reasons"]) for one in shown] == [(number, [])]

    asked = await posted(desk, f"/callouts/{incident}/asks", {"responder_id": number})
    assert [one["state"] for one in asked["asks"]] == ["asked"]
    await posted(desk, f"/callouts/{incident}/asks", {"responder_id": number}, 409)
    (mine,) = (await worker.get("/duty")).json()["asks"]
    assert (mine["resident"], mine["address"]) == ("向秀英", "yellow lane 1")
    site.clock.turn(timedelta(seconds=30))
    answered = await posted(
        worker, f"/duty/incidents/{incident}/answer", {"said": "accept", "within_minutes": 9}
    )
    assert answered == {"outcome": "go", "responder": "responder 某"}
    site.clock.turn(timedelta(seconds=60))
    await posted(worker, "/duty/places", ROUND_THE_CORNER)
    (ask,) = (await desk.get(f"/callouts/{incident}")).json()["asks"]
    assert ask["state"] == "accepted"
    assert ask["expected_at"] < ask["promised_at"], "nearer than they thought"
    site.clock.turn(timedelta(seconds=60))
    await posted(worker, "/duty/places", DOOR)
    shown = (await desk.get(f"/callouts/{incident}")).json()
    assert (shown["asks"][0]["state"], shown["asks"][0]["arrived_by"]) == ("arrived", "place")
    assert shown["accountable"] == "responder 某"
    assert (await desk.get(f"/incidents/{incident}")).json()["incident"]["state"] == "on_site"


async def test_whoever_is_stood_down_is_told_and_sees_the_home_no_more(
    site: Site, incident: int, conn: Connection
) -> None:
    number = await enrolled(site, "responder")
    desk, worker = await site.signed_in("operator"), await on_duty(site, "responder")
    await posted(worker, "/duty/places", FAR)
    await posted(desk, f"/callouts/{incident}/asks", {"responder_id": number})
    await posted(worker, f"/duty/incidents/{incident}/answer", {"said": "accept"})
    shown = await posted(desk, f"/callouts/{incident}/asks/{number}/relieve", {})
    assert [one["state"] for one in shown["asks"]] == ["relieved"]
    assert (await worker.get("/duty")).json()["asks"] == []
    assert ("relieved", "queued") in await messages(conn)
    assert (await desk.get(f"/incidents/{incident}")).json()["incident"]["responder"] == ""


async def test_what_somebody_says_on_the_telephone_is_written_down_by_the_desk(
    site: Site, incident: int
) -> None:
    leader, desk = await site.signed_in("supervisor"), await site.signed_in("operator")
    number = (await posted(leader, "/responders", VOLUNTEER, 201))["id"]
    await posted(desk, f"/callouts/{incident}/asks/{number}/answer", {"said": "accept"}, 409)
    await posted(desk, f"/callouts/{incident}/asks", {"responder_id": number})
    shown = await posted(desk, f"/callouts/{incident}/asks/{number}/answer", {"said": "arrived"})
    assert [(one["state"], one["arrived_by"]) for one in shown["asks"]] == [("arrived", "desk")]


async def test_whoever_withdraws_is_forgotten_and_gets_no_message_any_more(
    site: Site, incident: int, conn: Connection
) -> None:
    leader, desk = await site.signed_in("supervisor"), await site.signed_in("operator")
    number = (await posted(leader, "/responders", VOLUNTEER, 201))["id"]
    await posted(desk, f"/callouts/{incident}/asks", {"responder_id": number})
    gone = await posted(leader, f"/responders/{number}/withdraw", {})
    assert (gone["phone"], gone["latitude"], gone["homes"]) == ("", None, [])
    assert {state for _, state in await messages(conn)} == {"withdrawn"}
    assert (await desk.get(f"/callouts/{incident}")).json()["nearest"] == []
    await posted(desk, f"/callouts/{incident}/asks", {"responder_id": number}, 409)
    again = await leader.put(f"/responders/{number}", json={"phone": "13700000001"})
    assert again.status_code == 404


def shift(begin_h: float, end_h: float) -> dict[str, str]:
    """From so many hours after noon to so many."""
    begin, end = (NOON + timedelta(hours=hours) for hours in (begin_h, end_h))
    return {"begin_at": begin.isoformat(), "end_at": end.isoformat()}


async def test_whoever_has_a_shift_is_on_duty_from_its_beginning_to_its_end(
    site: Site, incident: int
) -> None:
    number = await enrolled(site, "responder")
    leader = await site.signed_in("supervisor")
    await leader.put(f"/responders/{number}", json={"phone": "13700000009", "mode": "car", **DOOR})
    entered = await posted(leader, f"/responders/{number}/shifts", shift(1, 3), 201)
    near = []
    for _ in range(4):  # so much later that they sign in anew
        leader, worker = await site.signed_in("supervisor"), await site.signed_in("responder")
        duty = (await worker.get("/duty")).json()
        callout = (await leader.get(f"/callouts/{incident}")).json()
        near.append((duty["on"], len(callout["nearest"])))
        site.clock.turn(timedelta(minutes=75))
    assert near == [(False, 0), (True, 1), (True, 1), (False, 0)]
    assert entered["end_at"] == "2026-11-20T15:00:00Z"
    leader = await site.signed_in("supervisor")
    assert (await leader.get(f"/responders/{number}/shifts")).json()["shifts"] == []


async def test_whoever_says_that_they_are_off_duty_is_whatever_was_entered(site: Site) -> None:
    number = await enrolled(site, "responder")
    leader, worker = await site.signed_in("supervisor"), await site.signed_in("responder")
    await posted(leader, f"/responders/{number}/shifts", shift(-1, 3), 201)
    duty = (await worker.get("/duty")).json()
    assert (duty["on"], duty["until"]) == (True, "2026-11-20T15:00:00Z")
    assert not (await worker.put("/duty", json={"on": False})).json()["on"]


async def test_a_shift_is_taken_back_and_meets_no_other(site: Site) -> None:
    number = await enrolled(site, "responder")
    leader = await site.signed_in("supervisor")
    shifts = f"/responders/{number}/shifts"
    first = await posted(leader, shifts, shift(1, 3), 201)
    assert (await posted(leader, shifts, shift(2, 4), 409))["code"] == "shifts_meet"
    await posted(leader, shifts, shift(3, 4), 201)
    assert (await leader.delete(f"{shifts}/{first['id']}")).status_code == 204
    assert (await leader.delete(f"{shifts}/{first['id']}")).status_code == 404
    assert [one["begin_at"] for one in (await leader.get(shifts)).json()["shifts"]] == [
        "2026-11-20T15:00:00Z"
    ]


@pytest.mark.parametrize("wrong", [shift(3, 3), shift(3, 1), shift(1, 38), shift(-3, -1)])
async def test_a_shift_that_cannot_be_is_refused(site: Site, wrong: dict[str, str]) -> None:
    number = await enrolled(site, "responder")
    leader = await site.signed_in("supervisor")
    await posted(leader, f"/responders/{number}/shifts", wrong, 422)


async def test_off_duty_nobody_is_asked_and_their_places_are_forgotten(site: Site, incident: int) -> None:
    await enrolled(site, "responder")
    desk, worker = await site.signed_in("operator"), await on_duty(site, "responder")
    await posted(worker, "/duty/places", FAR)
    assert len((await desk.get(f"/callouts/{incident}")).json()["nearest"]) == 1
    assert not (await worker.put("/duty", json={"on": False})).json()["on"]
    await worker.put("/duty", json={"on": True})
    assert (await desk.get(f"/callouts/{incident}")).json()["nearest"] == [], "nobody knows where they are"


async def test_a_worker_who_was_not_asked_answers_for_nobody(site: Site, incident: int) -> None:
    await enrolled(site, "responder")
    worker = await on_duty(site, "responder")
    await posted(worker, f"/duty/incidents/{incident}/answer", {"said": "accept"}, 404)
    stranger = await site.signed_in("caseworker")
    assert (await stranger.get("/duty")).status_code == 404


async def test_free_units_are_told_where_to_wait(site: Site) -> None:
    await enrolled(site, "responder")
    desk, worker = await site.signed_in("operator"), await on_duty(site, "responder")
    await posted(worker, "/duty/places", {"latitude": 28.9, "longitude": 109.99})
    told = (await desk.get("/standby")).json()
    assert [(one["name"], one["division"]) for one in told["posts"]] == [("responder 某", "鹤城区")]
    assert told["covered_now"] == 0
    assert told["covered"] > 0.5
    await worker.put("/duty", json={"on": True, "busy_until": (NOON + timedelta(hours=1)).isoformat()})
    assert (await desk.get("/standby")).json()["units"] == 0


async def test_a_neighbour_answers_by_the_page_and_says_there_that_they_have_come(
    site: Site, incident: int, pool: Pool
) -> None:
    leader, desk = await site.signed_in("supervisor"), await site.signed_in("operator")
    number = (await posted(leader, "/responders", VOLUNTEER, 201))["id"]
    await posted(desk, f"/callouts/{incident}/asks", {"responder_id": number})
    async with pool.connection() as conn:
        await conn.execute(
            "insert into answer_token select %s, id, %s from message where ask_id is not null",
            [tokens.digest("secret"), NOON],
        )
    door = httpx.AsyncClient(transport=httpx.ASGITransport(site.app), base_url="http://anban.test")
    said = await door.post("/a/secret", content="answer=accept", headers={"Accept-Language": "en"})
    assert 'value="arrived"' in said.text
    said = await door.post("/a/secret", content="answer=arrived", headers={"Accept-Language": "en"})
    assert "knows that you are there" in said.text
    assert (await desk.get(f"/incidents/{incident}")).json()["incident"]["state"] == "on_site"
    await door.aclose()


async def visits(
    conn: Connection, site: Site, home: int, began_at: datetime, ended_at: datetime | None
) -> None:
    """The responder was at ``home``."""
    await conn.execute(
        "insert into visit"
        " (key, tenant_id, home_id, resident_id, kind, way, made_at, began_at, ended_at, by_id)"
        " select gen_random_uuid(), %s, home_id, id, 'care', 'home', %s, %s, %s, %s from resident"
        " where home_id = %s",
        [site.town.hecheng, began_at, began_at, ended_at, site.town.staff["responder"], home],
    )
    await conn.commit()


async def test_a_worker_is_where_they_last_checked_in_and_may_be_called_out_of_a_visit(
    site: Site, incident: int, conn: Connection
) -> None:
    await enrolled(site, "responder")
    desk = await site.signed_in("operator")
    await on_duty(site, "responder")
    await visits(conn, site, site.town.green, NOON - timedelta(hours=1), NOON - timedelta(minutes=5))
    (near,) = (await desk.get(f"/callouts/{incident}")).json()["nearest"]
    assert (near["distance_m"], near["reasons"]) == (0, []), "both homes stand at one place"
    await visits(conn, site, site.town.green, NOON - timedelta(minutes=4), None)
    (near,) = (await desk.get(f"/callouts/{incident}")).json()["nearest"]
    assert near["reasons"] == ["in_visit"]
    assert (await desk.get("/standby")).json()["units"] == 0


async def test_the_code_at_the_door_shows_that_somebody_is_there(
    site: Site, incident: int, conn: Connection
) -> None:
    number = await enrolled(site, "responder")
    desk, worker = await site.signed_in("operator"), await on_duty(site, "responder")
    await posted(worker, "/duty/places", FAR)
    await posted(desk, f"/callouts/{incident}/asks", {"responder_id": number})
    for home, tag in ((site.town.yellow, "yellow door"), (site.town.green, "green door")):
        await conn.execute(
            "insert into door_tag (home_id, digest, made_by, made_at) values (%s, sha256(%s::bytea), %s, %s)",
            [home, tag, site.town.staff["admin"], NOON],
        )
    await conn.commit()
    path, there = f"/duty/incidents/{incident}/answer", {"said": "arrived"}
    await posted(worker, path, there | {"tag": "green door"}, 422)
    assert (await posted(worker, path, there | {"tag": "yellow door"}))["outcome"] == "there"
    (ask,) = (await desk.get(f"/callouts/{incident}")).json()["asks"]
    assert ask["arrived_by"] == "tag"
