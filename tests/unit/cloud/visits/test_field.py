"""What a visitor's telephone takes along, over HTTP and a real database."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, Final

import httpx
import pytest

from cloud.visits.ability.items import ITEMS
from cloud.visits.forms.table import FORMS
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON
from tests.unit.cloud.visits.test_visits import YANG, Phone, told

GREEN: Final = 2
"""The resident of the home that the caseworker is not assigned to."""


@pytest.fixture
async def phone(site: Site) -> Phone:
    """The caseworker's."""
    return Phone(await site.signed_in("caseworker"), site)


@pytest.fixture
async def office(site: Site) -> httpx.AsyncClient:
    """The supervisor's browser."""
    return await site.signed_in("supervisor")


async def planned(office: httpx.AsyncClient, site: Site, hours: int, **more: Any) -> Any:
    """A visit by the caseworker, so many hours from noon."""
    at = (NOON + timedelta(hours=hours)).isoformat()
    wanted = {"resident_id": YANG, "kind": "regular", "workers": [site.town.staff["caseworker"]]}
    return await told(await office.post("/visits", json={**wanted, "planned_at": at, **more}))


async def test_a_day_stands_in_the_order_of_the_way_with_all_that_a_door_needs(
    phone: Phone, office: httpx.AsyncClient, site: Site
) -> None:
    later = await planned(office, site, 3, kind="service", services=["bathing", "meals"])
    first = await planned(office, site, 1)
    await planned(office, site, 24)  # tomorrow
    await planned(office, site, 2, workers=[site.town.staff["operator"]])
    day = await told(await phone.browser.get("/visits/today"))
    assert [one["visit"]["id"] for one in day["visits"]] == [first["id"], later["id"]]
    assert (day["day"], day["now"], day["time_zone"]) == (
        "2026-11-20",
        "2026-11-20T12:00:00Z",
        "Asia/Shanghai",
    )
    shown = day["visits"][0]
    assert (shown["latitude"], shown["longitude"], shown["age"]) == (27.56, 109.99, 84)
    assert (shown["phone"], shown["notes"]) == ("+8613800000001", "hard of hearing")
    assert shown["keys"] == [{"name": "邻居", "relation": "neighbour", "phone": "+8613900000002"}]
    assert (shown["minutes"], shown["people"], shown["skills"]) == (30, 1, [])
    bath = day["visits"][1]
    assert (bath["minutes"], bath["people"], bath["skills"]) == (80, 2, ["bathing"])


async def test_what_nobody_began_stays_for_a_week_and_what_is_over_only_for_its_day(
    phone: Phone, office: httpx.AsyncClient, site: Site
) -> None:
    left = await planned(office, site, -48)
    undated = await planned(office, site, 0, planned_at=None)
    await planned(office, site, -24 * 9)
    cancelled = await planned(office, site, -24)
    await told(await office.post(f"/visits/{cancelled['id']}/cancel", json={"why": "moved"}))
    done = await planned(office, site, -24)
    ago = timedelta(hours=24)
    await phone.send(
        phone.event(key := uuid.UUID(done["key"]), "arrive", ago), phone.event(key, "depart", ago)
    )
    day = await told(await phone.browser.get("/visits/today"))
    assert [one["visit"]["id"] for one in day["visits"]] == [left["id"], undated["id"]]
    yesterday = await told(await phone.browser.get("/visits/today", params={"day": "2026-11-19"}))
    numbers = [one["visit"]["id"] for one in yesterday["visits"]]
    assert numbers == [left["id"], cancelled["id"], done["id"], undated["id"]]


async def test_a_day_says_what_is_owed_and_what_was_found_the_last_time(
    phone: Phone, office: httpx.AsyncClient, site: Site
) -> None:
    said = {"words": "她说胸口闷"}
    await told(await office.post(f"/visits/people/{YANG}/concerns", json=said))
    before = phone.round(uuid.uuid4())
    before[1]["answers"]["mood"] = "low"
    await phone.send(*before)
    await planned(office, site, 1)
    (shown,) = (await told(await phone.browser.get("/visits/today")))["visits"][-1:]
    assert shown["last"] == {"at": "2026-11-20T10:20:00Z", "worries": ["mood"], "worse": []}
    assert {one["reason"] for one in shown["owed"]} >= {"change"}


async def test_a_home_that_is_no_longer_ones_own_is_in_nobodys_day(
    phone: Phone, office: httpx.AsyncClient, site: Site
) -> None:
    await planned(office, site, 1, resident_id=GREEN)
    assert (await told(await phone.browser.get("/visits/today")))["visits"] == []


async def test_ones_own_homes_can_be_taken_along_and_an_area_only_searched(
    phone: Phone, office: httpx.AsyncClient
) -> None:
    await told(await office.post(f"/visits/people/{YANG}/concerns", json={"words": "她走路不稳"}))
    own = await told(await phone.browser.get("/visits/doors"))
    assert ([one["resident_id"] for one in own["items"]], own["more"]) == ([YANG], False)
    (door,) = own["items"]
    assert (door["kind"], door["notes"], door["age"]) == ("regular", "hard of hearing", 84)
    assert {one["reason"] for one in door["owed"]} >= {"change"}
    assert "last" not in door
    strangers = await told(await phone.browser.get("/visits/doors", params={"q": "zzz"}))
    assert strangers == {"items": [], "more": False}
    assert await told(await office.get("/visits/doors")) == {"items": [], "more": True}
    found = await told(await office.get("/visits/doors", params={"q": door["resident"]}))
    assert YANG in {one["resident_id"] for one in found["items"]}


async def test_the_forms_name_every_question_and_how_an_assessment_is_scored(phone: Phone) -> None:
    shown = await told(await phone.browser.get("/visits/forms"))
    by_kind = {form["kind"]: form for form in shown["forms"]}
    assert {kind: [one["key"] for one in form["questions"]] for kind, form in by_kind.items()} == {
        kind.value: [one.key for one in form.questions] for kind, form in FORMS.items()
    }
    questions = {one["key"]: one for one in by_kind["regular"]["questions"]}
    assert questions["mood"]["options"] == ["cheerful", "calm", "low", "hopeless"]
    assert (questions["mood"]["worry"], questions["falls"]["most"], questions["seen"]["worry"]) == (
        "low",
        99,
        False,
    )
    assert (questions["mood"]["only"], questions["mood"]["only_is"]) == ("seen", True)
    assert by_kind["regular"]["proof"] == ["arrival", "departure"]
    assert [item["key"] for item in shown["ability"]["items"]] == [item.key for item in ITEMS]
    assert [(one["level"], one["least"]) for one in shown["ability"]["levels"]] == [
        (0, 90), (1, 66), (2, 46), (3, 30), (4, 0),
    ]  # fmt: skip


async def test_ones_own_hours_are_those_of_ones_visits_and_of_ones_account(
    phone: Phone, office: httpx.AsyncClient, site: Site
) -> None:
    none = await told(await phone.browser.get("/time/own"))
    assert (none["visits"], none["balance_min"], none["entries"]) == (0, None, [])
    await told(await office.post("/time/accounts", json={"staff_id": site.town.staff["caseworker"]}))
    await phone.send(*phone.round(uuid.uuid4()))
    own = await told(await phone.browser.get("/time/own"))
    assert (own["month"], own["visits"], own["minutes"], own["incomplete"]) == ("2026-11-01", 1, 40, 0)
    assert own["balance_min"] == 40
    assert [(one["kind"], one["minutes"]) for one in own["entries"]] == [("earn", 40)]
    others = await told(await office.get("/time/own"))
    assert (others["visits"], others["balance_min"]) == (0, None)
