"""A running day is mended over HTTP and a real database: somebody is away or called, a visit comes on top."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import httpx
import pytest

from cloud.db import Connection, Pool
from cloud.visits.plans import job, mending
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.visits.test_plans_of_a_day import TOMORROW, at_work, made
from tests.unit.cloud.visits.test_visits import YANG, told

LONG: Final = timedelta(hours=12, minutes=30)
"""From the evening on which the day is planned to half past eight of the morning on which it runs."""
SOON: Final = timedelta(seconds=2)
MEAL: Final = {
    "resident_id": YANG, "kind": "service", "services": ["meals"],
    "open_at": "2026-11-21T01:00:00Z", "due_at": "2026-11-21T01:10:00Z",
}  # fmt: skip
"""Nine in the morning, there."""


@dataclass(frozen=True)
class Morning:
    """A day that was planned in the evening and runs: its office, its visit, and who works."""

    pool: Pool
    site: Site
    office: httpx.AsyncClient

    async def visit(self) -> Any:
        (found,) = (await told(await self.office.get("/visits", params={"resident_id": YANG})))["items"]
        return found

    async def name(self, staff_id: int) -> str:
        return next(name for name, number in self.site.town.staff.items() if number == staff_id)

    async def away(self, staff_id: int, **more: Any) -> Any:
        """They say so themselves."""
        phone = await self.site.signed_in(await self.name(staff_id))
        asked = {"why": "sick", **more}
        return await told(await phone.post(f"/visits/workers/{staff_id}/away", json=asked))

    async def mended(self) -> list[Any]:
        """Let the worker's loop mend what is due; all mends of the day."""
        async with self.pool.connection() as conn:
            ids = await mending.due(conn, self.site.clock(), [], 100)
        for one in ids:
            assert await mending.work(self.pool, None, one, self.site.clock())
            assert not await mending.work(self.pool, None, one, self.site.clock())
        answer = await told(await self.office.get("/visits/mends", params={"day": TOMORROW}))
        return list(answer["mends"])

    async def moved(self, mend: Any) -> list[tuple[str, list[int], list[int]]]:
        found = (await told(await self.office.get(f"/visits/mends/{mend['id']}/moved")))["moved"]
        return [(one["why"], one["was"], one["now"]) for one in found]


Planned = Callable[..., Awaitable[Morning]]


@pytest.fixture
async def planned(pool: Pool, site: Site) -> Planned:
    """A morning on which ``who`` works, and ``visits`` were planned."""

    async def make(*who: str, visits: tuple[dict[str, Any], ...] = (MEAL,)) -> Morning:
        evening = await site.signed_in("supervisor")
        await at_work(evening, site, *who)
        for one in visits:
            await told(await evening.post("/visits", json=one))
        await told(await evening.post("/visits/plans", json={"day": TOMORROW}))
        assert await made(pool, site) == 1
        site.clock.turn(LONG)
        return Morning(pool, site, await site.signed_in("supervisor"))

    return make


async def test_who_reports_sick_is_stood_in_for_and_it_is_said_why(planned: Planned) -> None:
    day = await planned("caseworker", "responder")
    before = await day.visit()
    absence = await day.away(before["staff_id"])
    assert (absence["why"], absence["back_at"]) == ("sick", None)
    (mend,) = await day.mended()
    assert (mend["why"], mend["moved"], mend["left_out"], mend["faults"]) == (["away"], 1, 0, [])
    after = await day.visit()
    staff = day.site.town.staff
    assert {before["staff_id"], after["staff_id"]} == {staff["caseworker"], staff["responder"]}
    assert await day.moved(mend) == [("away", [before["staff_id"]], [after["staff_id"]])]
    words = await told(await day.office.get(f"/visits/mends/{mend['id']}/moved", params={"locale": "en"}))
    assert words["moved"][0]["sentence"] == "Whoever was to go cannot."
    day.site.clock.turn(SOON)
    assert await day.mended() == [mend]


async def test_where_nobody_else_can_go_the_visit_is_nobodys_again(planned: Planned) -> None:
    day = await planned("caseworker")
    who = (await day.visit())["staff_id"]
    await day.away(who)
    (mend,) = await day.mended()
    assert (mend["moved"], mend["left_out"]) == (1, 1)
    assert await day.moved(mend) == [("nobody", [who], [])]
    visit = await day.visit()
    assert (visit["staff_id"], visit["planned_at"], visit["cancelled_at"]) == (None, None, None)


async def test_who_goes_to_an_emergency_leaves_the_visit_to_others(
    planned: Planned, conn: Connection
) -> None:
    day = await planned("caseworker", "responder")
    who, now = (await day.visit())["staff_id"], day.site.clock()
    called = {"staff": who, "now": now, "there": now + timedelta(minutes=10), "home": day.site.town.green}
    await conn.execute(
        "with called as (insert into incident (tenant_id, home_id, kind, family, priority, state,"
        " state_since, observed_at, opened_at, room) select tenant_id, id, 'fall', 'person', 1,"
        " 'en_route', %(now)s, %(now)s, %(now)s, '' from home where id = %(home)s returning id),"
        " who as (insert into responder (tenant_id, kind, staff_id, name, duty_since)"
        " select tenant_id, 'worker', id, name, %(now)s from staff where id = %(staff)s returning id)"
        " insert into callout_ask (incident_id, responder_id, asked_at, asked_by, night, travel_s,"
        " distance_m, in_visit, has_key, answer, answered_at, promised_at, expected_at)"
        " select called.id, who.id, %(now)s, 'policy', false, 60, 100, false, false, 'yes', %(now)s,"
        " %(there)s, %(there)s from called, who",
        called,
    )
    await conn.commit()
    assert await day.mended() == []
    day.site.clock.turn(SOON)
    (mend,) = await day.mended()
    assert (mend["why"], mend["asked_by"], mend["moved"]) == (["called"], None, 1)
    assert (await day.visit())["staff_id"] != who
    day.site.clock.turn(SOON)
    assert await day.mended() == [mend]


async def test_a_visit_that_comes_on_top_is_given_to_somebody_once(planned: Planned) -> None:
    day = await planned("caseworker", visits=())
    await told(await day.office.post("/visits", json=MEAL))
    day.site.clock.turn(SOON)
    (mend,) = await day.mended()
    who = day.site.town.staff["caseworker"]
    assert (mend["why"], await day.moved(mend)) == (["added"], [("new", [], [who])])
    assert (await day.visit())["staff_id"] == who
    day.site.clock.turn(SOON)
    assert await day.mended() == [mend]


async def test_a_visit_that_is_cancelled_leaves_room_and_moves_nobody(planned: Planned) -> None:
    day = await planned("caseworker")
    number = (await day.visit())["id"]
    await told(await day.office.post(f"/visits/{number}/cancel", json={"why": "snow"}))
    day.site.clock.turn(SOON)
    (mend,) = await day.mended()
    assert (mend["why"], mend["moved"], mend["left_out"]) == (["cancelled"], 0, 0)


async def test_what_people_change_meanwhile_is_not_written_over(
    planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = await planned("caseworker", "responder")
    before, searched = await day.visit(), 0
    chosen = {"workers": [day.site.town.staff["supervisor"]], "planned_at": "2026-11-21T03:00:00Z"}
    search = job.apart

    async def interrupted(*asked: Any) -> Any:
        nonlocal searched
        searched += 1
        found = await search(*asked)
        if searched == 1:
            await told(await day.office.put(f"/visits/{before['id']}/plan", json=chosen))
        return found

    monkeypatch.setattr(job, "apart", interrupted)
    await day.away(before["staff_id"])
    (mend,) = await day.mended()
    assert (searched, mend["moved"]) == (2, 0)
    assert (await day.visit())["staff_id"] == day.site.town.staff["supervisor"]


async def test_a_day_that_nobody_planned_is_not_mended(site: Site, pool: Pool) -> None:
    office = await site.signed_in("supervisor")
    await at_work(office, site, "caseworker")
    day = Morning(pool, site, office)
    await day.away(site.town.staff["caseworker"])
    assert await day.mended() == []


async def test_whoever_is_away_is_in_no_plan_until_they_are_back(planned: Planned) -> None:
    day = await planned("caseworker", visits=())
    who = day.site.town.staff["caseworker"]
    absence = await day.away(who)
    await told(await day.office.post("/visits", json=MEAL))
    await told(await day.office.post("/visits/plans", json={"day": TOMORROW}))
    assert await made(day.pool, day.site) == 1
    assert (await day.visit())["staff_id"] is None
    back = {"back_at": (day.site.clock() + SOON).isoformat()}
    await told(await day.office.post(f"/visits/away/{absence['id']}/end", json=back))
    assert (await told(await day.office.get("/visits/away")))["away"][0]["back_at"] is not None
    day.site.clock.turn(SOON + SOON)
    assert (await told(await day.office.get("/visits/away")))["away"] == []


async def test_nobody_but_a_leader_says_that_somebody_else_is_away(site: Site) -> None:
    phone = await site.signed_in("caseworker")
    answer = await phone.post(f"/visits/workers/{site.town.staff['responder']}/away", json={"why": "sick"})
    assert answer.status_code == 404
    early = {"why": "sick", "back_at": "2026-11-01T00:00:00Z"}
    answer = await phone.post(f"/visits/workers/{site.town.staff['caseworker']}/away", json=early)
    assert (answer.status_code, answer.json()["code"]) == (422, "past")
