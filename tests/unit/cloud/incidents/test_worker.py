"""A worker who calls for help for themselves, over HTTP and a real database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import httpx
import pytest

from cloud.db import Connection
from cloud.incidents import store
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON
from tests.unit.cloud.visits.test_visits import YANG, told

HERE: Final = {"latitude": 27.58, "longitude": 109.97, "accuracy_m": 15}


@pytest.fixture
async def worker(site: Site) -> httpx.AsyncClient:
    return await site.signed_in("caseworker")


@pytest.fixture
async def desk(site: Site) -> httpx.AsyncClient:
    return await site.signed_in("operator")


async def incident(desk: httpx.AsyncClient, number: int) -> Any:
    return await told(await desk.get(f"/incidents/{number}"))


async def test_a_call_is_a_p1_at_the_door_and_asks_nobody_of_the_residents_circle(
    worker: httpx.AsyncClient, desk: httpx.AsyncClient, site: Site, conn: Connection
) -> None:
    said = {"home_id": site.town.yellow, "place": HERE, "words": "有人持刀"}
    heard = await told(await worker.post("/sos", json=said))
    shown = await incident(desk, heard["incident_id"])
    card = shown["incident"]
    assert (card["kind"], card["priority"], card["state"], card["home_id"]) == (
        "worker", 1, "raised", site.town.yellow,
    )  # fmt: skip
    assert card["evidence"] == {
        "worker": "caseworker 某",
        "staff_id": site.town.staff["caseworker"],
        "place_unsure": False,
        "words": "有人持刀",
        **HERE,
    }
    assert (shown["ladder"], shown["messages"]) == ([], [])
    row = await (await conn.execute("select count(*) as n from command")).fetchone()
    assert row == {"n": 0}  # the home's loudspeaker says nothing


async def test_nobody_takes_it_up_and_it_goes_on_by_itself(
    worker: httpx.AsyncClient, desk: httpx.AsyncClient, site: Site, conn: Connection
) -> None:
    heard = await told(await worker.post("/sos", json={"home_id": site.town.yellow}))
    for late in (31, 61):
        assert await store.fire(conn, heard["incident_id"], NOON + timedelta(seconds=late))
    await conn.commit()
    assert (await incident(desk, heard["incident_id"]))["incident"]["state"] == "dispatching"


async def test_a_second_press_joins_the_first(
    worker: httpx.AsyncClient, desk: httpx.AsyncClient, site: Site
) -> None:
    first = await told(await worker.post("/sos", json={"home_id": site.town.yellow}))
    again = await told(await worker.post("/sos", json={"home_id": site.town.yellow, "words": "快"}))
    assert again == first
    assert [one["trigger"] for one in (await incident(desk, first["incident_id"]))["timeline"]] == [
        "alarm"
    ] * 2


async def test_without_a_home_it_is_the_nearest_one_assigned_or_not(
    worker: httpx.AsyncClient, desk: httpx.AsyncClient, site: Site, conn: Connection
) -> None:
    await conn.execute("update home set latitude = 27.581 where id = %s", [site.town.green])
    await conn.commit()
    heard = await told(await worker.post("/sos", json={"place": HERE}))
    assert (await incident(desk, heard["incident_id"]))["incident"]["home_id"] == site.town.green


async def test_without_a_place_it_is_where_they_are_going_and_says_that_this_is_not_sure(
    worker: httpx.AsyncClient, desk: httpx.AsyncClient, site: Site
) -> None:
    wanted = {"resident_id": YANG, "kind": "regular", "workers": [site.town.staff["caseworker"]]}
    await told(
        await desk.post("/visits", json={**wanted, "planned_at": (NOON + timedelta(hours=1)).isoformat()})
    )
    heard = await told(await worker.post("/sos", json={"waited_s": 90}))
    card = (await incident(desk, heard["incident_id"]))["incident"]
    assert (card["home_id"], card["evidence"]["place_unsure"]) == (site.town.yellow, True)
    assert card["observed_at"] == "2026-11-20T11:58:30Z"


async def test_who_is_nowhere_is_told_to_call_110(worker: httpx.AsyncClient) -> None:
    answer = await worker.post("/sos", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "nowhere")
    assert "110" in answer.json()["detail"]


async def test_another_tenants_home_is_not_opened(worker: httpx.AsyncClient, site: Site) -> None:
    answer = await worker.post("/sos", json={"home_id": site.town.foreign})
    assert answer.status_code == 409
