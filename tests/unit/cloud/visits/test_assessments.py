"""Assessments over HTTP and a real database: judged here, signed by two, and followed by all that counts."""

from __future__ import annotations

import uuid
from typing import Any, Final

import httpx
import pytest

from cloud.db import Connection
from cloud.visits.ability.items import ITEMS
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.visits.test_visits import AT_THE_DOOR, YANG, Phone, told

ABLE: Final = {item.key: item.best for item in ITEMS}
FRAIL: Final = ABLE | {
    "bathing": 0,
    "walking": 0,
    "stairs": 0,
    "transport": 0,
    "memory": 0,
    "upper_dressing": 0,
}
"""90 - 22 = 68 points: slight loss."""


@pytest.fixture
async def first(site: Site) -> httpx.AsyncClient:
    """The caseworker, who signs first."""
    return await site.signed_in("caseworker")


@pytest.fixture
async def second(site: Site) -> httpx.AsyncClient:
    """The supervisor, who signs second."""
    return await site.signed_in("supervisor")


def drawn(**more: Any) -> dict[str, Any]:
    base = {"key": str(uuid.uuid4()), "reason": "first", "assessed_on": "2026-11-20", "informant": "self"}
    return base | {"points": FRAIL} | more


async def added(browser: httpx.AsyncClient, **more: Any) -> Any:
    return await told(await browser.post(f"/visits/people/{YANG}/assessments", json=drawn(**more)))


async def signed(browser: httpx.AsyncClient, number: int, **more: Any) -> httpx.Response:
    return await browser.post(f"/visits/assessments/{number}/second", json={"agrees": True} | more)


async def ability(browser: httpx.AsyncClient) -> Any:
    return await told(await browser.get(f"/visits/people/{YANG}/assessments"))


async def test_a_level_holds_from_the_second_signature_on(
    first: httpx.AsyncClient, second: httpx.AsyncClient
) -> None:
    made = await added(first)
    assert (made["total"], made["by_points"], made["level"], made["overrides"]) == (68, 1, 1, [])
    assert (await ability(first))["level"] == 0
    shown = await told(await signed(second, made["id"]))
    assert (shown["first_by"], shown["second_by"]) == ("caseworker 某", "supervisor 某")
    after = await ability(first)
    assert (after["level"], after["proposed"]) == (1, None)


async def test_nobody_signs_twice_and_nothing_is_signed_again(
    first: httpx.AsyncClient, second: httpx.AsyncClient
) -> None:
    made = await added(first)
    assert (await signed(first, made["id"])).json()["code"] == "same_hand"
    await told(await signed(second, made["id"]))
    assert (await signed(second, made["id"])).json()["code"] == "signed"


async def test_who_judges_otherwise_refuses_with_a_reason_and_it_never_holds(
    first: httpx.AsyncClient, second: httpx.AsyncClient
) -> None:
    made = await added(first)
    shown = await told(await signed(second, made["id"], agrees=False, why="he walks alone"))
    assert (shown["refused_why"], shown["second_signed_at"]) == ("he walks alone", None)
    assert (await ability(first))["level"] == 0


async def test_what_comes_twice_is_one_assessment(first: httpx.AsyncClient) -> None:
    one = drawn()
    numbers = {
        (await told(await first.post(f"/visits/people/{YANG}/assessments", json=one)))["id"] for _ in range(2)
    }
    assert len(numbers) == 1


async def test_the_newest_that_is_signed_holds_also_when_an_older_one_is_signed_later(
    first: httpx.AsyncClient, second: httpx.AsyncClient
) -> None:
    older = await added(first, assessed_on="2026-11-10", points=ABLE)
    newer = await added(first)
    for one in (newer, older):
        await told(await signed(second, one["id"]))
    shown = await ability(first)
    assert (shown["level"], [one["level"] for one in shown["assessments"]]) == (1, [1, 0])


async def test_every_fault_is_named_at_once(first: httpx.AsyncClient) -> None:
    wrong = drawn(points=ABLE | {"eating": 5, "singing": 1}, coma=True)
    answer = await first.post(f"/visits/people/{YANG}/assessments", json=wrong)
    assert answer.status_code == 422
    assert {one["rule"] for one in answer.json()["fields"]} == {
        "eating: points are whole, 0 to 4",
        "singing: no such item",
        "consciousness: 0 in a coma",
    }


@pytest.mark.parametrize("day", ["2026-11-21", "2025-11-18"])
async def test_a_day_that_cannot_be_is_refused(first: httpx.AsyncClient, day: str) -> None:
    answer = await first.post(f"/visits/people/{YANG}/assessments", json=drawn(assessed_on=day))
    assert (answer.status_code, answer.json()["code"]) == (422, "no_day")


async def test_two_falls_in_thirty_days_are_counted_and_make_it_one_step_worse(
    first: httpx.AsyncClient, site: Site, conn: Connection
) -> None:
    """One that an alarm turned out to be, and one that was written down."""
    await conn.execute(
        "insert into incident (tenant_id, home_id, kind, family, priority, state, state_since, observed_at,"
        " opened_at, outcome, closed_at) values (%s, %s, 'fall', 'person', 1, 'closed', '2026-11-10Z',"
        " '2026-11-10Z', '2026-11-10Z', 'A2', '2026-11-10Z')",
        [site.town.hecheng, site.town.yellow],
    )
    await conn.commit()
    fall = {"kind": "fall", "on_day": "2026-11-18", "words": "in the yard"}
    shown = await told(await first.post(f"/visits/people/{YANG}/care-events", json=fall))
    assert shown["counted"] == {"fall": 2}
    made = await added(first)
    assert (made["by_points"], made["level"], made["overrides"]) == (1, 2, ["risk_events"])


async def test_a_fall_after_the_last_assessment_asks_for_another_at_once(
    first: httpx.AsyncClient, second: httpx.AsyncClient
) -> None:
    made = await added(first, assessed_on="2026-11-10")
    await told(await signed(second, made["id"]))
    assert (await ability(first))["due_at"] == "2027-11-09T16:00:00Z"
    fall = {"kind": "fall", "on_day": "2026-11-18"}
    shown = await told(await first.post(f"/visits/people/{YANG}/care-events", json=fall))
    assert (shown["proposed"], shown["due_at"]) == ("change", "2026-12-01T16:00:00Z")
    asked: dict[str, str | int] = {"reason": "assessment", "within_days": 30}
    (line,) = (await told(await second.get("/visits/duty", params=asked)))["items"]
    assert (line["reason"], line["name"]) == ("assessment", "change")


async def test_the_signatures_are_those_of_the_visit_at_which_it_was_held(
    first: httpx.AsyncClient, second: httpx.AsyncClient, site: Site
) -> None:
    phone, visit = Phone(first, site), uuid.uuid4()
    *_, last = await phone.send(
        phone.event(visit, "arrive", kind="assessment", place=AT_THE_DOOR),
        phone.event(visit, "answers", kind="assessment", answers={"seen": True, "informant": "self"}),
    )
    assert last["visit"]["faults"] == ["second_signature: missing", "signature: missing"]
    made = await added(first, visit_id=last["visit"]["id"])
    await told(await signed(second, made["id"]))
    shown = (await told(await second.get(f"/visits/{last['visit']['id']}")))["visit"]
    assert (shown["complete"], shown["faults"]) == (True, [])


async def test_the_plan_of_the_home_goes_by_the_level_that_was_found(
    first: httpx.AsyncClient, second: httpx.AsyncClient, site: Site, conn: Connection
) -> None:
    await conn.execute(
        "insert into plan (home_id, version, body) values (%s, 3, '{\"version\": 3}')", [site.town.yellow]
    )
    await conn.commit()
    made = await added(first)
    await told(await signed(second, made["id"]))
    row = await (await conn.execute("select version, body from plan")).fetchone()
    assert row is not None
    assert (row["version"], row["body"]["person"]["ability_level"]) == (4, 1)
