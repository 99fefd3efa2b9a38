"""What a wall shows, to whom, and what it never shows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from cloud.db import Connection
from cloud.wall import masks
from firmware_protocols.model import AlarmKind
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.web.test_incidents import raise_alarm


async def draw(site: Site, **asked: Any) -> httpx.Response:
    admin = await site.signed_in("admin")
    return await admin.post("/tokens", json={"name": "大厅", "permissions": ["read_wall"], **asked})


async def device(site: Site, **asked: Any) -> httpx.AsyncClient:
    """A wall that has been given a token, and nothing else."""
    browser = site.browser()
    browser.headers["Authorization"] = f"Bearer {(await draw(site, **asked)).json()['token']}"
    return browser


async def shown(browser: httpx.AsyncClient) -> dict[str, Any]:
    answer = await browser.get("/wall")
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = json.loads(answer.text.partition("data: ")[2])
    return view


@pytest.mark.parametrize(
    ("name", "left"),
    [("向玉珍", "向"), ("欧阳修文", "欧阳"), ("欧阳", "欧"), ("Mary Smith", "M."), (" 石", "石"), ("", "")],
)
def test_of_a_name_only_the_surname_is_left(name: str, left: str) -> None:
    assert masks.surname(name) == left


def test_a_dot_stands_for_several_homes_and_is_a_kilometre_wide() -> None:
    assert masks.dot(27.556789, 109.991234, 3) == (27.56, 109.99)
    assert masks.dot(27.556789, 109.991234, 2) is None
    assert masks.dot(None, None, 9) is None


async def test_a_wall_says_what_and_where_and_of_whom_only_the_surname(site: Site, conn: Connection) -> None:
    incident = await raise_alarm(conn, site)
    view = await shown(await device(site))
    (row,) = view["rows"]
    assert (row["id"], row["kind"], row["surname"], row["sex"], row["area_name"]) == (
        incident, "sos", "向", "f", "鹤城区",
    )  # fmt: skip
    assert view["name"] == "鹤城区"
    assert view["numbers"]["unacknowledged"] == 1
    assert (view["numbers"]["homes"], view["numbers"]["online"]) == (2, 2)
    assert view["rate"]["ten_minutes"] == 1
    assert [(place["name"], place["homes"], place["open"]) for place in view["places"]] == [("鹤城区", 2, 1)]


async def test_nothing_that_names_a_person_or_a_door_leaves_the_server(site: Site, conn: Connection) -> None:
    await raise_alarm(conn, site)
    text = (await (await device(site)).get("/wall")).text
    for secret in ("向秀英", "lane", "+86138", "hard of hearing", "operator", "27.56,", "gw-"):
        assert secret not in text


async def test_three_homes_without_power_are_one_row_that_names_nobody(site: Site, conn: Connection) -> None:
    for home in ("yellow", "green"):
        await raise_alarm(conn, site, home, AlarmKind.MAINS_LOST)
    await conn.execute(
        "insert into home (tenant_id, key, division_code, address)"
        " select tenant_id, 'third', division_code, 'x' from home where id = %s",
        [site.town.green],
    )
    await conn.execute(
        "insert into incident (tenant_id, home_id, kind, family, priority, state, state_since, observed_at,"
        " opened_at, evidence) select tenant_id, (select max(id) from home), kind, family, priority, state,"
        " state_since, observed_at, opened_at, '{}' from incident limit 1"
    )
    await conn.commit()
    (row,) = (await shown(await device(site)))["rows"]
    assert (row["cause"], row["homes"], row["incidents"], row["surname"]) == ("outage", 3, 3, "")
    operator = await site.signed_in("operator")
    (group,) = (await operator.get("/queue")).json()["rows"]
    assert group["group"]["homes"] == 3
    assert group["group"]["area_name"] == "鹤城区"
    assert len(group["incidents"]) == 3


async def test_a_wall_reads_nothing_else(site: Site) -> None:
    wall = await device(site)
    for path in ("/snapshot", "/queue", f"/homes/{site.town.yellow}", "/stream", "/figures", "/tokens"):
        assert (await wall.get(path)).status_code == 403, path
    assert (await wall.get("/wall")).status_code == 200


async def test_a_revoked_wall_goes_dark(site: Site) -> None:
    admin = await site.signed_in("admin")
    drawn = (await draw(site)).json()
    wall = site.browser()
    wall.headers["Authorization"] = f"Bearer {drawn['token']}"
    assert (await wall.get("/wall")).status_code == 200
    assert (await admin.delete(f"/tokens/{drawn['id']}")).status_code == 204
    assert (await wall.get("/wall")).status_code == 401


async def test_a_wall_of_one_place_shows_that_place(site: Site, conn: Connection) -> None:
    await conn.execute("insert into division values ('431202001000', '坨院街道', '431202000000')")
    await conn.execute("update home set division_code = '431202001000' where id = %s", [site.town.green])
    await raise_alarm(conn, site, "yellow")
    await raise_alarm(conn, site, "green")
    view = await shown(await device(site, division="431202001000"))
    assert [row["area_name"] for row in view["rows"]] == ["坨院街道"]
    assert view["numbers"]["homes"] == 1


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"permissions": ["read_wall", "read_home"]}, "wall_alone"),
        ({"permissions": ["read_home"], "division": "431202000000"}, "division_of_wall"),
        ({"division": "431221000000"}, "division_unknown"),
        ({"division": "431202999000"}, "division_unknown"),
    ],
)
async def test_a_token_that_asks_for_more_than_a_wall_is_refused(
    site: Site, asked: dict[str, Any], code: str
) -> None:
    refused = await draw(site, **asked)
    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_opening_a_wall_leaves_one_entry_for_all_homes(site: Site, conn: Connection) -> None:
    await (await device(site)).get("/wall")
    rows = await conn.execute("select actor, purpose, homes from audit_entry where action = 'followWall'")
    assert [(row["actor"][:6], row["purpose"], row["homes"]) for row in await rows.fetchall()] == [
        ("token:", "wall", None)
    ]


async def test_the_rate_counts_ten_minutes_and_a_day(site: Site, conn: Connection) -> None:
    await raise_alarm(conn, site)
    site.clock.turn(timedelta(minutes=11))
    operator = await site.signed_in("operator")
    rate = (await operator.get("/alarm-rate")).json()
    assert (rate["ten_minutes"], rate["day"]) == (0, 1)
