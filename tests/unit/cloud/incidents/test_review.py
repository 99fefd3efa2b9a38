"""One in ten closed incidents is reviewed, by somebody who had no part in it."""

from __future__ import annotations

from typing import Final

import pytest

from cloud.db import Connection
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON, Town

pytestmark = pytest.mark.services

MANY: Final = 400


@pytest.fixture
async def sampled(conn: Connection, town: Town) -> list[int]:
    """Closed incidents of priority 1; the numbers of those that are drawn."""
    await conn.execute(
        "insert into incident (tenant_id, home_id, kind, family, priority, state, state_since, observed_at,"
        " opened_at, outcome, closed_at) select %s, %s, 'fall', 'person', 1, 'closed', %s, %s, %s, 'A2', %s"
        " from generate_series(1, %s)",
        [town.hecheng, town.yellow, NOON, NOON, NOON, NOON, MANY],
    )
    found = await conn.execute("select id from incident where is_sampled(id) order by id")
    numbers = [row["id"] for row in await found.fetchall()]
    await conn.commit()
    return numbers


async def test_the_numbers_draw_one_in_ten_and_always_the_same(conn: Connection, sampled: list[int]) -> None:
    assert MANY // 20 < len(sampled) < MANY // 5
    assert sampled[:3] == [12, 14, 59]


async def test_a_supervisor_sees_the_sample_and_says_how_it_was_handled(
    site: Site, sampled: list[int]
) -> None:
    browser = await site.signed_in("supervisor")
    listed = (await browser.get("/reviews", params={"limit": 200})).json()["items"]
    assert [one["id"] for one in listed] == sampled
    said = {"verdict": "improve", "findings": ["script", "late", "late"]}
    told = await browser.post(f"/reviews/{sampled[0]}", json=said)
    assert told.status_code == 200, told.text
    assert (told.json()["verdict"], told.json()["findings"]) == ("improve", ["late", "script"])
    assert told.json()["reviewed_by"] == "supervisor 某"
    left = (await browser.get("/reviews", params={"limit": 200})).json()["items"]
    done = (await browser.get("/reviews", params={"done": "true"})).json()["items"]
    assert ([one["id"] for one in left], [one["id"] for one in done]) == (sampled[1:], sampled[:1])
    again = await browser.post(f"/reviews/{sampled[0]}", json=said)
    assert (again.status_code, again.json()["code"]) == (409, "reviewed")


async def test_nobody_reviews_what_they_had_a_part_in(
    site: Site, conn: Connection, town: Town, sampled: list[int]
) -> None:
    await conn.execute(
        "insert into incident_event values (%s, 1, %s, %s, 'ack', 'raised', 'acked', '{}')",
        [sampled[0], NOON, f"staff:{town.staff['supervisor']}"],
    )
    await conn.commit()
    for who, code in (("supervisor", 409), ("admin", 200)):
        told = await (await site.signed_in(who)).post(f"/reviews/{sampled[0]}", json={"verdict": "good"})
        assert told.status_code == code, told.text


async def test_what_was_not_drawn_is_not_reviewed_and_a_bad_verdict_says_why(
    site: Site, sampled: list[int]
) -> None:
    browser = await site.signed_in("supervisor")
    other = next(number for number in range(1, MANY) if number not in sampled)
    assert (await browser.post(f"/reviews/{other}", json={"verdict": "good"})).status_code == 404
    silent = await browser.post(f"/reviews/{sampled[0]}", json={"verdict": "wrong"})
    assert (silent.status_code, silent.json()["code"]) == (422, "finding_required")
