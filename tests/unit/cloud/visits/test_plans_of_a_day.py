"""Plans over HTTP, a real database and a process of its own: asked for, made, and told why not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import httpx
import pytest

from cloud.db import Connection, Pool
from cloud.visits.plans import job
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.visits.test_duties import begun
from tests.unit.cloud.visits.test_visits import AT_THE_DOOR, YANG, told

TOMORROW: Final = "2026-11-21"
"""The town's clock stands at noon of the day before, which is eight in the evening there."""
HOURS: Final[dict[str, Any]] = {
    "township": "431202000", "skills": ["bathing"], "mode": "bike", "latitude": AT_THE_DOOR["latitude"],
    "longitude": AT_THE_DOOR["longitude"], "begin_min": 480, "end_min": 1020, "rests": True,
}  # fmt: skip


@pytest.fixture
async def office(site: Site) -> httpx.AsyncClient:
    """The supervisor's browser."""
    return await site.signed_in("supervisor")


async def at_work(office: httpx.AsyncClient, site: Site, *who: str) -> None:
    """Let some of the staff be sent."""
    for name in who:
        await told(await office.put(f"/visits/workers/{site.town.staff[name]}", json=HOURS))


async def made(pool: Pool, site: Site) -> int:
    """Let the worker's loop make what is due; how many plans that were."""
    async with pool.connection() as conn:
        ids = await job.due(conn, site.clock(), [], 100)
    for one in ids:
        assert await job.work(pool, None, one, site.clock())
        assert not await job.work(pool, None, one, site.clock())
    return len(ids)


async def plans(office: httpx.AsyncClient) -> Any:
    return (await told(await office.get("/visits/plans", params={"day": TOMORROW})))["plans"]


async def test_a_day_that_was_asked_for_becomes_visits_and_says_why_not(
    pool: Pool, site: Site, office: httpx.AsyncClient
) -> None:
    await at_work(office, site, "caseworker")
    await begun(office)
    for _ in range(2):
        await told(await office.post("/visits/plans", json={"day": TOMORROW}))
    assert [one["made_at"] for one in await plans(office)] == [None]
    assert await made(pool, site) == 1
    (plan,) = await plans(office)
    assert (plan["appointments"], plan["left_out"], plan["faults"]) == (1, 1, [])
    (visit,) = (await told(await office.get("/visits", params={"resident_id": YANG})))["items"]
    assert visit["staff_id"] == site.town.staff["caseworker"]
    assert "2026-11-21T00:00:00Z" <= visit["planned_at"] <= "2026-11-21T09:00:00Z"
    (left,) = (await told(await office.get(f"/visits/plans/{plan['id']}/left")))["left"]
    assert (left["kind"], left["why"]) == ("assessment", "no_skill")
    assert left["sentence"] == "当天上班的人中没有人会做这项服务。"


async def test_a_bath_brings_two_and_what_is_planned_stays(
    pool: Pool, site: Site, office: httpx.AsyncClient
) -> None:
    await at_work(office, site, "caseworker", "responder")
    bath = {
        "resident_id": YANG, "kind": "service", "services": ["bathing"],
        "open_at": "2026-11-21T01:00:00Z", "due_at": "2026-11-21T02:00:00Z",
    }  # fmt: skip
    await told(await office.post("/visits", json=bath))
    await told(await office.post("/visits/plans", json={"day": TOMORROW}))
    assert await made(pool, site) == 1
    who = {site.town.staff["caseworker"], site.town.staff["responder"]}
    before = (await told(await office.get("/visits")))["items"]
    assert [{one["staff_id"], one["second_id"]} for one in before] == [who]
    await told(await office.post("/visits/plans", json={"day": TOMORROW}))
    assert await made(pool, site) == 1
    assert (await told(await office.get("/visits")))["items"] == before


async def test_a_duty_is_made_on_the_day_that_it_was_given_and_not_before(
    pool: Pool, site: Site, office: httpx.AsyncClient
) -> None:
    await at_work(office, site, "caseworker")
    await begun(office, days=2)  # due within seven days of that
    await made(pool, site)
    (plan,) = await plans(office)
    assert (plan["appointments"], plan["left_out"]) == (0, 0)
    left = (await told(await office.get(f"/visits/plans/{plan['id']}/left", params={"locale": "en"})))["left"]
    assert [(one["kind"], one["why"], one["on_day"]) for one in left] == [("regular", "later", "2026-11-24")]
    day = "Tuesday 2026-11-24: that is before it is due, and sooner is not needed"
    assert left[0]["sentence"] == f"Its day is {day}."
    asked: dict[str, Any] = {"within_days": 7, "unplanned": True, "locale": "en"}
    (line,) = (await told(await office.get("/visits/duty", params=asked)))["items"]
    assert (line["on_day"], line["because"]) == ("2026-11-24", "due")
    assert (line["left_on"], line["not_yet"]) == (TOMORROW, f"Its day is {day}.")
    site.clock.turn(timedelta(days=3))
    await made(pool, site)
    office = await site.signed_in("supervisor")
    (visit,) = (await told(await office.get("/visits", params={"resident_id": YANG})))["items"]
    assert "2026-11-24T00:00:00Z" <= visit["planned_at"] <= "2026-11-24T09:00:00Z"
    assert (await told(await office.get("/visits/duty", params=asked)))["items"] == []


async def test_in_the_evening_tomorrow_is_planned_once_without_being_asked_for(
    pool: Pool, site: Site, office: httpx.AsyncClient
) -> None:
    await at_work(office, site, "caseworker")
    assert await made(pool, site) == 1
    assert [one["asked_by"] for one in await plans(office)] == [None]
    assert await made(pool, site) == 0
    site.clock.turn(timedelta(hours=5))  # one in the morning
    assert await made(pool, site) == 0
    site.clock.turn(timedelta(hours=17))
    assert await made(pool, site) == 1


async def test_without_the_module_nothing_is_planned(
    pool: Pool, site: Site, conn: Connection, office: httpx.AsyncClient
) -> None:
    await at_work(office, site, "caseworker")
    await conn.execute("update tenant set modules = array_remove(modules, 'visits')")
    await conn.commit()
    assert await made(pool, site) == 0


async def test_somebody_of_another_county_is_not_sent(site: Site, office: httpx.AsyncClient) -> None:
    answer = await office.put(f"/visits/workers/{site.town.staff['stranger']}", json=HOURS)
    assert answer.status_code == 404


async def test_hours_that_end_before_they_begin_are_refused(site: Site, office: httpx.AsyncClient) -> None:
    wrong = HOURS | {"begin_min": 900, "end_min": 480}
    answer = await office.put(f"/visits/workers/{site.town.staff['caseworker']}", json=wrong)
    assert answer.status_code == 422
