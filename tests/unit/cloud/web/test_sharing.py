"""Help across the border: one incident, one home, for a time, and nothing beside it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from cloud import worker
from cloud.db import Connection, Pool
from cloud.notify import deliver
from firmware_protocols.model import AlarmKind
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.locks import somebody_waits
from tests.unit.cloud.web.test_incidents import raise_alarm

ASKED = {"version": 1, "tenant": "zhongfang", "hours": 2, "reason": "the bridge is out"}


async def shared(site: Site, conn: Connection, **more: Any) -> tuple[int, httpx.AsyncClient, int]:
    """An incident at ``yellow``, shared with zhongfang; hecheng's browser; the grant."""
    incident = await raise_alarm(conn, site)
    operator = await site.signed_in("operator")
    given = await operator.post(f"/incidents/{incident}/grants", json=ASKED | more)
    assert given.status_code == 201, given.text
    return incident, operator, given.json()["id"]


async def test_a_neighbour_sees_and_acts_on_the_shared_incident_and_its_home(
    site: Site, conn: Connection
) -> None:
    incident, operator, _ = await shared(site, conn)
    neighbour = await site.signed_in("stranger")
    queue = (await neighbour.get("/snapshot")).json()
    assert [one["id"] for one in queue["incidents"]] == [incident]
    seen = (await neighbour.get(f"/incidents/{incident}")).json()
    assert (seen["incident"]["resident"], seen["resident_phone"]) == ("向秀英", "+8613800000001")
    assert (await neighbour.get(f"/homes/{site.town.yellow}")).json()["address"] == "yellow lane 1"
    done = await neighbour.post(f"/incidents/{incident}/ack", json={"version": seen["incident"]["version"]})
    assert done.status_code == 200, done.text
    assert (await operator.get(f"/incidents/{incident}")).json()["incident"]["owner"] == "stranger 某"


async def test_nothing_beside_it_is_opened(site: Site, conn: Connection) -> None:
    other = await raise_alarm(conn, site, kind=AlarmKind.GAS)
    green = await raise_alarm(conn, site, home="green")
    await shared(site, conn)
    neighbour = await site.signed_in("stranger")
    for path in (f"/incidents/{other}", f"/incidents/{green}", f"/homes/{site.town.green}"):
        assert (await neighbour.get(path)).status_code == 404
    assert (await neighbour.post(f"/incidents/{other}/ack", json={"version": 1})).status_code == 404
    on = ASKED | {"tenant": "hecheng"}
    assert (await neighbour.post(f"/incidents/{other}/grants", json=on)).status_code == 404


@pytest.mark.parametrize("how", ["taken back", "closed", "over"])
async def test_the_help_ends(site: Site, conn: Connection, how: str) -> None:
    incident, operator, grant = await shared(site, conn)
    neighbour = await site.signed_in("stranger")
    assert (await neighbour.get(f"/incidents/{incident}")).status_code == 200
    if how == "taken back":
        assert (await operator.delete(f"/incidents/{incident}/grants/{grant}")).status_code == 204
    elif how == "over":
        site.clock.turn(timedelta(hours=2, seconds=1))
        neighbour, operator = await site.signed_in("stranger"), await site.signed_in("operator")
    else:
        version = (await operator.get(f"/incidents/{incident}")).json()["incident"]["version"]
        taken = await operator.post(f"/incidents/{incident}/ack", json={"version": version})
        body = {"version": taken.json()["version"], "outcome": "C1"}
        closed = await operator.post(f"/incidents/{incident}/close", json=body)
        assert closed.status_code == 200, closed.text
    assert (await neighbour.get(f"/incidents/{incident}")).status_code == 404
    assert (await neighbour.get(f"/homes/{site.town.yellow}")).status_code == 404
    assert (await neighbour.get("/snapshot")).json()["incidents"] == []
    grants = (await operator.get(f"/incidents/{incident}/grants")).json()["grants"]
    assert [(one["tenant"], one["stands"]) for one in grants] == [("中方县", False)]


async def test_whoever_helped_reads_anew_when_the_time_is_over(
    site: Site, conn: Connection, pool: Pool
) -> None:
    _, _, grant = await shared(site, conn)
    (job,) = [job for job in worker.jobs(pool, deliver.Post({}, "")) if job.name == "grants"]
    over = site.clock.now + timedelta(hours=2)
    assert await worker.tick(pool, job, worker.SetAside(), over - timedelta(seconds=1)) == 0
    assert await worker.tick(pool, job, worker.SetAside(), over) == 1
    assert await worker.tick(pool, job, worker.SetAside(), over) == 0
    last = await (await conn.execute("select tenant_id, topic, body from change order by id desc")).fetchone()
    assert last == {"tenant_id": site.town.zhongfang, "topic": "reset", "body": {"reason": "scope"}}
    row = await (await conn.execute("select ended_at from incident_grant where id = %s", [grant])).fetchone()
    assert row == {"ended_at": over}


async def test_taking_back_and_closing_at_the_same_moment_do_not_wait_for_each_other(
    site: Site, conn: Connection
) -> None:
    incident, operator, grant = await shared(site, conn)
    await conn.execute("select from home where id = %s for no key update", [site.town.yellow])
    async with asyncio.TaskGroup() as tasks:
        taking = tasks.create_task(operator.delete(f"/incidents/{incident}/grants/{grant}"))
        await somebody_waits(conn)
        await conn.execute("update incident set closed_at = %s where id = %s", [site.clock.now, incident])
        await conn.commit()
    assert taking.result().status_code == 404, "it was over already"


async def test_each_side_hears_of_each_step(site: Site, conn: Connection) -> None:
    incident, operator, grant = await shared(site, conn)
    assert (await operator.delete(f"/incidents/{incident}/grants/{grant}")).status_code == 204
    cursor = await conn.execute(
        "select tenant_id, topic, body ->> 'id' as id from change where topic <> 'home' order by id"
    )
    heard = [(row["tenant_id"], row["topic"], row["id"]) for row in await cursor.fetchall()]
    own, theirs = site.town.hecheng, site.town.zhongfang
    number = str(incident)
    assert heard == [
        (own, "inc", number), (own, "inc", number), (theirs, "inc", number),
        (own, "inc", number), (theirs, "reset", None),
    ]  # fmt: skip


async def test_only_the_neighbours_desk_and_responders_see_it(site: Site, conn: Connection) -> None:
    """Family and caseworkers there have their own homes, and no others."""
    incident, _, _ = await shared(site, conn)
    for role, status in (("responder", 200), ("caseworker", 404)):
        await conn.execute("update staff set tenant_id = %s where username = %s", [site.town.zhongfang, role])
        await conn.commit()
        assert (await (await site.signed_in(role)).get(f"/incidents/{incident}")).status_code == status


@pytest.mark.parametrize(
    ("more", "code"),
    [({"tenant": "nowhere"}, "tenant_unknown"), ({"tenant": "hecheng"}, "own_tenant")],
)
async def test_a_share_with_nobody_is_refused(
    site: Site, conn: Connection, more: dict[str, Any], code: str
) -> None:
    incident = await raise_alarm(conn, site)
    operator = await site.signed_in("operator")
    answer = await operator.post(f"/incidents/{incident}/grants", json=ASKED | more)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
