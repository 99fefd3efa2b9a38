"""Orders over HTTP and a real database: what comes again and again, changes, rests and ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import httpx
import pytest

from cloud.db import Connection, Pool
from cloud.visits.orders import keeper
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.visits.test_duties import begun
from tests.unit.cloud.visits.test_visits import YANG, told

MEALS: Final[dict[str, Any]] = {
    "resident_id": YANG, "kind": "service", "services": ["meals"], "every_days": 2,
    "open_min": 660, "due_min": 750, "since": "2026-11-21",
}  # fmt: skip
"""From tomorrow on; the town's clock stands at eight in the evening of the 20th."""


@pytest.fixture
async def office(site: Site) -> httpx.AsyncClient:
    """The supervisor's browser."""
    return await site.signed_in("supervisor")


async def looked(pool: Pool, site: Site) -> int:
    """Let the worker's loop look at every order whose time has come; how many that were."""
    async with pool.connection() as conn:
        ids = await keeper.due(conn, site.clock(), [], 100)
    for one in ids:
        assert await keeper.work(pool, one, site.clock())
    return len(ids)


async def meals(office: httpx.AsyncClient) -> list[tuple[str, str]]:
    """The days of November of visits of orders, and where each stands."""
    found = (await told(await office.get("/visits", params={"resident_id": YANG})))["items"]
    return sorted((one["open_at"][8:13], one["state"]) for one in found)


async def test_an_order_becomes_visits_once_and_a_change_lets_them_follow(
    pool: Pool, site: Site, office: httpx.AsyncClient
) -> None:
    order = await told(await office.post("/visits/orders", json=MEALS))
    assert order["days"] == ["2026-11-21", "2026-11-23", "2026-11-25", "2026-11-27"]
    due = [(day + "T03", "planned") for day in ("21", "23", "25", "27")]
    assert await meals(office) == due
    assert await looked(pool, site) == 1
    assert await looked(pool, site) == 0
    assert await meals(office) == due
    path = f"/visits/orders/{order['id']}"
    later = {**MEALS, "weekdays": [6], "every_days": None, "open_min": 720, "version": order["version"]}
    del later["resident_id"]
    changed = await told(await office.put(path, json=later))
    assert changed["days"] == ["2026-11-21", "2026-11-28"]
    assert await meals(office) == [
        ("21T04", "planned"), ("23T03", "cancelled"), ("25T03", "cancelled"), ("27T03", "cancelled"),
        ("28T04", "planned"),
    ]  # fmt: skip
    assert (await office.put(path, json=later)).json()["code"] == "stale"


async def test_it_rests_while_somebody_is_in_hospital_and_goes_on_when_they_are_back(
    pool: Pool, site: Site, office: httpx.AsyncClient
) -> None:
    order = await told(await office.post("/visits/orders", json=MEALS))
    path = f"/visits/orders/{order['id']}"
    rests = {"why": "other", "since": "2026-11-21", "until": "2026-11-22"}
    assert (await told(await office.post(f"{path}/pause", json=rests)))["days"][0] == "2026-11-23"
    await begun(office)
    since = (site.clock() + timedelta(days=2)).isoformat()
    away = {"why": "hospital", "since": since}
    await told(await office.post(f"/visits/people/{YANG}/absences", json=away))
    site.clock.turn(keeper.AGAIN)
    assert await looked(pool, site) == 1
    office = await site.signed_in("supervisor")
    assert [state for _, state in await meals(office)] == ["cancelled"] * 4
    assert (await told(await office.post(f"{path}/resume", json={"day": "2026-11-21"})))["days"] == [
        "2026-11-21"
    ]
    back = (site.clock() + timedelta(days=4)).isoformat()
    await told(await office.post(f"/visits/people/{YANG}/return", json={"at": back}))
    site.clock.turn(keeper.AGAIN)
    await looked(pool, site)
    office = await site.signed_in("supervisor")
    assert [day for day, state in await meals(office) if state == "planned"] == ["21T03", "25T03", "27T03"]


async def test_it_ends_by_a_word_or_with_the_person_and_nothing_is_made_afterwards(
    pool: Pool, site: Site, conn: Connection, office: httpx.AsyncClient
) -> None:
    orders = [await told(await office.post("/visits/orders", json=MEALS)) for _ in range(2)]
    ended = await told(await office.post(f"/visits/orders/{orders[0]['id']}/end"))
    assert (ended["ended_why"], ended["days"]) == ("said", [])
    again = await office.post(f"/visits/orders/{orders[0]['id']}/end")
    assert (again.status_code, again.json()["code"]) == (409, "ended")
    await conn.execute("update resident set died_at = %s where id = %s", (site.clock(), YANG))
    await conn.commit()
    site.clock.turn(keeper.AGAIN)
    assert (await looked(pool, site), await looked(pool, site)) == (1, 0)
    office = await site.signed_in("supervisor")
    assert {state for _, state in await meals(office)} == {"cancelled"}
    asked = {"home_id": orders[0]["home_id"], "ended": True}
    shown = (await told(await office.get("/visits/orders", params=asked)))["orders"]
    assert [one["ended_why"] for one in shown] == ["died", "said"]
    assert (await office.post("/visits/orders", json=MEALS)).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [{"weekdays": [1]}, {"due_min": 600}, {"until": "2026-11-20"}, {"services": []}, {"every_days": 0}],
)
async def test_an_order_that_says_two_things_or_nothing_is_refused(
    office: httpx.AsyncClient, wrong: dict[str, Any]
) -> None:
    assert (await office.post("/visits/orders", json=MEALS | wrong)).status_code == 422
