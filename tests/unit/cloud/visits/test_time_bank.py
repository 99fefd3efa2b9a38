"""The time bank over HTTP and a real database: booked once, given within the rules, certified, checked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import psycopg
import pytest

from cloud import sealed
from cloud.db import Connection
from tests.unit.cloud.conftest import Site

RING = sealed.parse(f"k1 aes {'A' * 43}=")
MORNING = {"began_at": "2026-11-20T08:00:00+08:00", "ended_at": "2026-11-20T10:00:00+08:00"}
NOON = {"began_at": "2026-11-20T10:00:00+08:00", "ended_at": "2026-11-20T12:30:00+08:00"}


@pytest.fixture
async def desk(site: Site) -> httpx.AsyncClient:
    """A supervisor's browser; the installation has a key."""
    site.app.state.parts = replace(site.app.state.parts, ring=RING)
    return await site.signed_in("supervisor")


async def told(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


async def opened(desk: httpx.AsyncClient, **holder: object) -> int:
    return int((await told(await desk.post("/time/accounts", json=holder)))["id"])


async def of_staff(desk: httpx.AsyncClient, site: Site, name: str) -> int:
    return await opened(desk, staff_id=site.town.staff[name])


async def booked(desk: httpx.AsyncClient, account: int, source: str = "visit:1", **at: str) -> Any:
    return await desk.post(f"/time/accounts/{account}/visits", json=(at or MORNING) | {"source": source})


async def gift(
    desk: httpx.AsyncClient, account: int, kind: str, minutes: int, other: int | None = None
) -> Any:
    body = {"kind": kind, "minutes": minutes, "source": "by word of mouth", "other": other}
    return await desk.post(f"/time/accounts/{account}/gifts", json=body)


async def held(desk: httpx.AsyncClient) -> dict[str, int]:
    rows = (await told(await desk.get("/time/accounts")))["items"]
    assert sum(row["balance_min"] for row in rows) == 0
    return {row["name"] or row["sort"]: row["balance_min"] for row in rows}


async def test_hours_go_from_a_visit_to_a_neighbour_and_back_into_help(
    desk: httpx.AsyncClient, site: Site
) -> None:
    helper = await of_staff(desk, site, "responder")
    yang = await opened(desk, resident_id=1)
    worth = await told(await booked(desk, helper))
    assert worth == {"kept_min": 120, "donated_min": 0, "uncounted_min": 0}
    await told(await gift(desk, helper, "transfer", 60, yang))
    await told(await gift(desk, helper, "donate", 30))
    await told(await gift(desk, yang, "grant", 20))
    await told(await gift(desk, yang, "redeem", 80))
    assert await held(desk) == {"services": -40, "pool": 10, "responder 某": 30, "向秀英": 0}
    entries = (await told(await desk.get("/time/entries", params={"account_id": helper})))["items"]
    assert [(one["kind"], one["minutes"]) for one in entries] == [
        ("earn", 120),
        ("transfer", 60),
        ("donate", 30),
    ]
    assert {one["actor"] for one in entries} == {f"staff:{site.town.staff['supervisor']}"}


async def test_a_visit_is_paid_once_and_nobody_is_at_two_doors(desk: httpx.AsyncClient, site: Site) -> None:
    helper, other = await of_staff(desk, site, "responder"), await of_staff(desk, site, "caseworker")
    await told(await booked(desk, helper))
    again = await booked(desk, other)
    assert (again.status_code, again.json()["code"]) == (409, "twice")
    elsewhere = await booked(desk, helper, "visit:2")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "overlaps")
    await told(await booked(desk, helper, "visit:2", **NOON))
    assert (await held(desk))["responder 某"] == 270


async def test_the_county_says_what_one_may_keep(desk: httpx.AsyncClient, site: Site) -> None:
    helper = await of_staff(desk, site, "responder")
    assert (await told(await desk.get("/time/rules"))) == {
        "day_min": None,
        "held_min": 90_000,
        "donates": True,
    }
    bounds = {"day_min": 180, "held_min": 150, "donates": True}
    assert await told(await desk.put("/time/rules", json=bounds)) == bounds
    await told(await booked(desk, helper))
    worth = await told(await booked(desk, helper, "visit:2", **NOON))
    assert worth == {"kept_min": 30, "donated_min": 30, "uncounted_min": 90}
    assert await held(desk) == {"services": -180, "pool": 30, "responder 某": 150}


@pytest.mark.parametrize(
    ("began_at", "ended_at"),
    [
        ("2026-11-20T11:30:00Z", "2026-11-20T12:30:00Z"),
        ("2025-11-19T08:00:00Z", "2025-11-19T09:00:00Z"),
        ("2026-11-19T08:00:00Z", "2026-11-19T21:00:00Z"),
        ("2026-11-19T09:00:00Z", "2026-11-19T08:00:00Z"),
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T01:00:00Z"),
    ],
)
async def test_what_is_not_over_or_long_past_or_endless_is_no_visit(
    desk: httpx.AsyncClient, site: Site, began_at: str, ended_at: str
) -> None:
    helper = await of_staff(desk, site, "responder")
    answer = await booked(desk, helper, "visit:9", began_at=began_at, ended_at=ended_at)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_visit")


async def test_a_group_may_only_donate(desk: httpx.AsyncClient, site: Site) -> None:
    school, yang = await opened(desk, group="第一中学"), await opened(desk, resident_id=1)
    await told(await booked(desk, school))
    assert (await gift(desk, school, "transfer", 60, yang)).json()["code"] == "no_road"
    await told(await gift(desk, school, "donate", 120))
    assert await held(desk) == {"services": -120, "pool": 120, "第一中学": 0, "向秀英": 0}


async def test_two_who_spend_the_same_hours_at_once_spend_them_once(
    desk: httpx.AsyncClient, site: Site
) -> None:
    helper, yang = await of_staff(desk, site, "responder"), await opened(desk, resident_id=1)
    await told(await booked(desk, helper))
    answers = await asyncio.gather(*(gift(desk, helper, "transfer", 120, yang) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert (await held(desk))["向秀英"] == 120


async def test_an_entry_is_taken_back_once_and_stays_in_the_books(
    desk: httpx.AsyncClient, site: Site
) -> None:
    helper = await of_staff(desk, site, "responder")
    await told(await booked(desk, helper))
    (entry,) = (await told(await desk.get("/time/entries")))["items"]
    undo = await told(await desk.post(f"/time/entries/{entry['id']}/undo", json={"source": "wrong person"}))
    assert (undo["kind"], undo["undoes"], undo["minutes"]) == ("undo", entry["id"], 120)
    again = await desk.post(f"/time/entries/{entry['id']}/undo", json={"source": "wrong person"})
    assert again.status_code == 409
    assert await held(desk) == {"services": 0, "pool": 0, "responder 某": 0}
    await told(await booked(desk, helper, "visit:1, corrected"))


async def test_an_account_is_closed_when_it_is_empty_and_then_takes_nothing(
    desk: httpx.AsyncClient, site: Site
) -> None:
    helper = await of_staff(desk, site, "responder")
    await told(await booked(desk, helper))
    assert (await desk.post(f"/time/accounts/{helper}/close")).json()["code"] == "not_empty"
    await told(await gift(desk, helper, "donate", 120))
    assert (await told(await desk.post(f"/time/accounts/{helper}/close")))["closed_at"] is not None
    assert (await booked(desk, helper, "visit:3", **NOON)).json()["code"] == "closed"


async def test_a_paper_is_right_with_its_own_name_and_code_only(desk: httpx.AsyncClient, site: Site) -> None:
    helper = await of_staff(desk, site, "responder")
    await told(await booked(desk, helper))
    days = {"since": "2026-01-01", "until": "2026-11-20"}
    paper = await told(await desk.post(f"/time/accounts/{helper}/certificates", json=days))
    assert (paper["holder"], paper["served_min"], paper["visits"]) == ("responder 某", 120, 1)
    asked = {"number": paper["number"], "holder": paper["holder"], "code": paper["code"].lower()}
    answer = await told(await desk.post("/time/certificates/check", json=asked))
    assert (answer["right"], answer["served_min"]) == (True, 120)
    for wrong in ({"holder": "somebody else"}, {"code": "0000-0000-0000-0000"}):
        answer = await told(await desk.post("/time/certificates/check", json=asked | wrong))
        assert answer == {"right": False, "served_min": None, "visits": None, "since": None, "until": None}
    unserved = await desk.post(
        f"/time/accounts/{helper}/certificates", json={"since": "2025-01-01", "until": "2025-12-31"}
    )
    assert unserved.json()["code"] == "nothing"


async def test_without_a_key_no_paper_is_made(desk: httpx.AsyncClient, site: Site) -> None:
    helper = await of_staff(desk, site, "responder")
    await told(await booked(desk, helper))
    site.app.state.parts = replace(site.app.state.parts, ring=sealed.NO_KEYS)
    days = {"since": "2026-01-01", "until": "2026-11-20"}
    answer = await desk.post(f"/time/accounts/{helper}/certificates", json=days)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_key")


@pytest.mark.parametrize("holder", [{}, {"staff_id": 1, "resident_id": 1}, {"group": "  "}])
async def test_an_account_is_exactly_one_persons_or_groups(
    desk: httpx.AsyncClient, holder: dict[str, Any]
) -> None:
    assert (await desk.post("/time/accounts", json=holder)).status_code == 422


async def test_somebody_has_one_account(desk: httpx.AsyncClient, site: Site) -> None:
    await of_staff(desk, site, "responder")
    again = await desk.post("/time/accounts", json={"staff_id": site.town.staff["responder"]})
    assert again.status_code == 404


async def test_the_database_itself_refuses_what_would_break_the_books(
    desk: httpx.AsyncClient, site: Site, conn: Connection
) -> None:
    helper = await of_staff(desk, site, "responder")
    row = "insert into time_entry (tenant_id, kind, giver, taker, minutes, on_day, at, actor, source) values"
    for tenant, giver, taker, minutes in (
        (site.town.hecheng, helper, helper, 5),
        (site.town.hecheng, helper, 1, 0),
        (site.town.zhongfang, helper, 1, 5),
    ):
        with pytest.raises(psycopg.errors.IntegrityError):
            await conn.execute(
                f"{row} (%s, 'donate', %s, %s, %s, '2026-11-20', now(), 'x', 'x')".encode(),
                [tenant, giver, taker, minutes],
            )
        await conn.rollback()
