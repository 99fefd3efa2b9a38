"""Two stories of a month, with the worker's own loops: somebody is due and visited; somebody is forgotten."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from cloud import sealed
from cloud.auth import Purpose, Scope
from cloud.db import Connection, Pool
from cloud.visits import tasks
from cloud.visits.forms.table import VisitKind
from tests.scenario.clockwork import Clockwork, clockwork
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON
from tests.unit.cloud.visits.test_visits import YANG, Phone, told

RING: Final = sealed.parse(f"k1 aes {'A' * 43}=")
MONTH: Final = {"since": "2026-11-20", "until": "2026-12-19"}


def workers(pool: Pool, site: Site) -> Clockwork:
    """The worker's loop of duties, by the clock of the site."""
    all_of_them = clockwork(pool, site.clock())
    return replace(all_of_them, jobs=tuple(job for job in all_of_them.jobs if job.name == "duties"))


async def test_somebody_is_due_visited_without_a_network_told_twice_and_counted_once(
    site: Site, pool: Pool, conn: Connection
) -> None:
    site.app.state.parts = replace(site.app.state.parts, ring=RING)
    await workers(pool, site).settle()  # both homes' duties begin today
    office = await site.signed_in("supervisor")
    helper = site.town.staff["caseworker"]
    account = (await told(await office.post("/time/accounts", json={"staff_id": helper})))["id"]

    site.clock.turn(timedelta(days=8))
    await workers(pool, site).settle()
    office = await site.signed_in("supervisor")
    due = [line["resident_id"] for line in (await told(await office.get("/visits/duty")))["items"]]
    assert YANG in due

    today, scope = date(2026, 11, 28), Scope((site.town.hecheng,), None, Purpose.CONSOLE)
    (task,) = [
        one
        for one in await tasks.open_tasks(conn, scope, today)
        if one.resident_id == YANG and one.kind is VisitKind.REGULAR
    ]
    number = await tasks.plan(conn, scope, task, (helper,), site.clock() + timedelta(hours=1), site.clock())
    await conn.commit()

    phone = Phone(await site.signed_in("caseworker"), site, fast=timedelta(minutes=17))
    (mine,) = (await told(await phone.browser.get("/visits", params={"staff_id": helper})))["items"]
    assert (mine["id"], mine["state"]) == (number, "planned")
    site.clock.turn(timedelta(hours=30))  # in the mountains, until the next day
    phone.browser = await site.signed_in("caseworker")
    said = phone.round(uuid.UUID(mine["key"]))
    await phone.send(*reversed(said))
    *_, last = await phone.send(*said)
    assert last["visit"]["complete"]
    assert (last["visit"]["hours"], last["visit"]["clock_off_s"]) == ("booked", 17 * 60)

    office = await site.signed_in("supervisor")
    left = [line["resident_id"] for line in (await told(await office.get("/visits/duty")))["items"]]
    assert left == [who for who in due if who != YANG]
    asked = MONTH | {"standing": "visited"}
    seen = await told(await office.get("/visits/rate/people", params=asked))
    assert [one["resident_id"] for one in seen["people"]] == [YANG]
    days = {"since": "2026-11-01", "until": "2026-11-30"}
    paper = await told(await office.post(f"/time/accounts/{account}/certificates", json=days))
    assert (paper["served_min"], paper["visits"]) == (40, 1)
    check = {"number": paper["number"], "holder": paper["holder"], "code": paper["code"]}
    assert (await told(await office.post("/time/certificates/check", json=check)))["right"]


async def test_nobody_comes_and_every_list_names_her(site: Site, pool: Pool) -> None:
    await workers(pool, site).settle()
    site.clock.turn(timedelta(days=31))
    await workers(pool, site).settle()
    office = await site.signed_in("supervisor")
    lines = (await told(await office.get("/visits/duty")))["items"]
    assert [(one["resident"], one["seen_at"], one["tried_at"]) for one in lines] == [
        ("向秀英", None, None),
        ("杨再兴", None, None),
    ]
    assert {one["due_at"] for one in lines} == {(NOON + timedelta(days=7)).isoformat().replace("+00:00", "Z")}
    rate = {"since": "2026-11-21", "until": "2026-12-20"}
    (area,) = (await told(await office.get("/visits/rate", params=rate)))["areas"]
    assert (area["visited"], area["owed"], area["share"], area["people"]) == (0, 2, 0.0, {"nobody_came": 2})
    missed = await told(await office.get("/visits/rate/people", params=rate | {"standing": "nobody_came"}))
    assert [one["name"] for one in missed["people"]] == ["向秀英", "杨再兴"]
