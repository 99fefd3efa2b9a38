"""Break glass on its whole road: told to the reviewer, told again when late, shown before and after."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from cloud.consent.emergency import REVIEW_WITHIN
from cloud.db import Connection, Pool
from cloud.privacy import reviews
from cloud.standing import QUESTIONS, ask
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON
from tests.unit.cloud.web.test_incidents import raise_alarm

DUTY = "json://127.0.0.1:9/duty"
HOUR = timedelta(hours=1)


@pytest.fixture
async def broken(site: Site, conn: Connection) -> httpx.AsyncClient:
    """A caseworker who has broken the glass at the home ``yellow``; its duty manager has a channel."""
    await conn.execute("update tenant set duty_channels = %s", [[DUTY]])
    incident = await raise_alarm(conn, site)
    await conn.execute(
        "insert into withheld values (1, 'vitals', %s, null, true, true, '{}', '{}', '{}', '{}')", [NOON]
    )
    await conn.commit()
    caseworker = await site.signed_in("caseworker")
    answer = await caseworker.post(f"/incidents/{incident}/emergency-access", json={"reason": "unconscious"})
    assert answer.status_code == 201, answer.text
    return caseworker


async def turn(pool: Pool, now: datetime) -> int:
    """One turn of the worker's loop; how many reviewers were told of."""
    async with pool.connection() as conn:
        due = await reviews.due(conn, now, [], 100)
    return sum([await reviews.work(pool, one, now) for one in due])


async def messages(conn: Connection) -> list[dict[str, Any]]:
    found = await conn.execute(
        "select address, template, params ->> 'resident' as resident, due_at from message"
        " where template = 'review' order by id"
    )
    return await found.fetchall()


async def waiting(conn: Connection, now: datetime) -> dict[str, float]:
    """What the metric says at ``now``."""
    question = next(one for one in QUESTIONS if one.metric == "anban_reviews")
    family = await ask(conn, question, now)
    return {sample.labels["state"]: sample.value for sample in family.samples}


async def test_the_reviewer_is_told_at_once_and_every_day_from_the_third_on(
    broken: httpx.AsyncClient, conn: Connection, pool: Pool
) -> None:
    assert await turn(pool, NOON) == 1
    assert await messages(conn) == [{"address": DUTY, "template": "review", "resident": "", "due_at": NOON}]
    late = NOON + REVIEW_WITHIN
    days = [NOON + HOUR, late - HOUR, late, late + HOUR, late + timedelta(days=1)]
    assert [await turn(pool, now) for now in days] == [0, 0, 1, 0, 1]


async def test_a_review_ends_the_telling_and_the_counting_and_stays_to_be_seen(
    site: Site, broken: httpx.AsyncClient, conn: Connection, pool: Pool
) -> None:
    late = NOON + REVIEW_WITHIN
    assert await waiting(conn, NOON) == {"waiting": 1, "overdue": 0}
    assert await waiting(conn, late) == {"waiting": 0, "overdue": 1}
    await conn.commit()
    site.clock.turn(REVIEW_WITHIN)
    admin = await site.signed_in("admin")
    (access,) = (await admin.get("/emergency-access", params={"reviewed": False})).json()["items"]
    assert (access["overdue"], access["reason"]) == (True, "unconscious")
    verdict = {"justified": False, "remark": "the neighbour was there"}
    assert (await admin.post(f"/emergency-access/{access['id']}/review", json=verdict)).status_code == 204
    assert await turn(pool, late + HOUR) == 0
    assert await waiting(conn, late) == {"waiting": 0, "overdue": 0}
    (seen,) = (await admin.get("/emergency-access", params={"reviewed": True})).json()["items"]
    assert (seen["justified"], seen["remark"]) == (False, "the neighbour was there")
    assert seen["reviewed_by"] == site.town.staff["admin"]


async def test_many_are_listed_page_by_page(site: Site, broken: httpx.AsyncClient, conn: Connection) -> None:
    await conn.execute(
        "insert into emergency_access"
        " (tenant_id, home_id, incident_id, staff_id, reason, at, until, review_by, due_at)"
        " select tenant_id, home_id, incident_id, staff_id, n::text, at, until, review_by, due_at"
        " from emergency_access, generate_series(1, 230) as n"
    )
    await conn.commit()
    admin = await site.signed_in("admin")
    first = (await admin.get("/emergency-access", params={"limit": 200})).json()
    rest = (await admin.get("/emergency-access", params={"limit": 200, "cursor": first["next"]})).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (200, 31, None)


async def test_the_glass_is_whole_again_when_the_incident_is_closed(
    site: Site, broken: httpx.AsyncClient, conn: Connection
) -> None:
    assert (await broken.get("/homes/1")).json()["opened"] is True
    await conn.execute("update incident set closed_at = %s", [NOON])
    await conn.commit()
    assert (await broken.get("/homes/1")).json()["opened"] is False


async def test_whoever_handles_the_incident_sees_that_it_was_broken(
    site: Site, broken: httpx.AsyncClient
) -> None:
    operator = await site.signed_in("operator")
    (incident,) = (await operator.get("/snapshot")).json()["incidents"]
    timeline = (await operator.get(f"/incidents/{incident['id']}")).json()["timeline"]
    (entry,) = [one for one in timeline if one["trigger"] == "emergency_access"]
    assert entry["actor"] == f"staff:{site.town.staff['caseworker']}"
    assert entry["detail"] == {"note": "unconscious"}


async def test_what_was_read_under_it_is_told_apart_in_the_audit_trail(
    site: Site, broken: httpx.AsyncClient, conn: Connection
) -> None:
    await broken.get("/homes/1")
    found = await conn.execute("select purpose from audit_entry where action = 'readHome' order by id")
    assert [row["purpose"] for row in await found.fetchall()] == ["emergency"]
