"""``GET /map``: who is where and how far each gets, by the estimate that the search for helpers uses."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.commands.maps import COMMANDS
from cloud.db import Connection
from cloud.respond.standby import WITHIN
from cloud.respond.travel import STOP, Mode, Point, distance_m, expected, reach_m
from cloud.settings import ConfigError, Database, Settings
from tests.unit.cloud.atlas.test_boundary import SQUARE, collection, polygon
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON

DOOR = Point(27.55, 109.95)
OUTLINE = {"name": "鹤城区", "lines": [[[27.5, 110.0], [27.6, 110.0]]]}


@given(
    mode=st.sampled_from(Mode),
    place=st.builds(Point, st.floats(27.4, 27.7), st.floats(109.8, 110.1)),
    within=st.timedeltas(min_value=timedelta(), max_value=timedelta(hours=1)),
)
def test_within_the_circle_is_whoever_is_expected_in_time(
    mode: Mode, place: Point, within: timedelta
) -> None:
    if within >= STOP:
        in_circle = distance_m(DOOR, place) <= reach_m(within, mode)
        early, late = within - timedelta(seconds=0.001), within + timedelta(seconds=0.001)
        assert (expected(DOOR, place, mode) <= late) if in_circle else (expected(DOOR, place, mode) > early)
    else:
        assert reach_m(within, mode) == 0


async def helper(conn: Connection, kind: str, name: str, **columns: Any) -> None:
    """Somebody of the register of 鹤城区, who lives at the door unless told otherwise."""
    values = {"latitude": DOOR.latitude, "longitude": DOOR.longitude, "consent_at": NOON, **columns}
    names, slots = ", ".join(values), ", ".join(f"%({column})s" for column in values)
    statement = (
        f"insert into responder (tenant_id, kind, name, {names})"
        f" select id, %(kind)s, %(name)s, {slots} from tenant where code = 'hecheng'"
    )
    await conn.execute(statement.encode(), {"kind": kind, "name": name, **values})


async def worker(site: Site, conn: Connection, **columns: Any) -> None:
    staff = site.town.staff["responder"]
    await helper(conn, "worker", "小李", staff_id=staff, mode="bike", consent_at=None, **columns)


async def shown(site: Site, username: str = "operator") -> dict[str, Any]:
    answer = await (await site.signed_in(username)).get("/map")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_worker_on_duty_is_shown_where_they_last_said_they_were(site: Site, conn: Connection) -> None:
    await worker(site, conn, duty_since=NOON - timedelta(hours=1))
    await conn.execute(
        "insert into responder_place select id, %s, 27.6, 110.0 from responder", [NOON - timedelta(minutes=4)]
    )
    await conn.commit()
    (one,) = (await shown(site))["helpers"]
    assert (one["latitude"], one["longitude"], one["free"]) == (27.6, 110.0, True)
    assert one["seen_at"] == "2026-11-20T11:56:00Z"
    assert one["reach_m"] == pytest.approx(reach_m(WITHIN, Mode.BIKE))


@pytest.mark.parametrize(
    ("columns", "free"),
    [
        ({"duty_since": None}, None),
        ({"duty_since": NOON - timedelta(hours=9), "duty_until": NOON - timedelta(hours=1)}, None),
        ({"duty_since": NOON, "busy_until": NOON + timedelta(minutes=20)}, False),
        ({"duty_since": NOON}, True),
        ({"duty_since": NOON, "latitude": None, "longitude": None}, None),
    ],
    ids=["off duty", "shift over", "at work in a home", "free", "nobody knows where"],
)
async def test_who_cannot_come_is_not_free_or_not_there(
    site: Site, conn: Connection, columns: dict[str, Any], free: bool | None
) -> None:
    await worker(site, conn, **columns)
    await conn.commit()
    found = (await shown(site))["helpers"]
    assert [one["free"] for one in found] == ([] if free is None else [free])


async def test_a_neighbour_is_free_in_the_hours_they_have_said(site: Site, conn: Connection) -> None:
    await helper(conn, "neighbour", "杨", from_min=8 * 60, to_min=20 * 60)  # noon in UTC is 20:00 there
    await helper(conn, "volunteer", "舒", from_min=8 * 60, to_min=21 * 60)
    await helper(conn, "warden", "滕", withdrawn_at=NOON)
    await conn.commit()
    assert {one["name"]: one["free"] for one in (await shown(site))["helpers"]} == {"杨": False, "舒": True}


async def test_villages_and_townships_stand_in_the_middle_of_their_homes(
    site: Site, conn: Connection
) -> None:
    await conn.execute("update home set latitude = 27.5, longitude = 110.0 where id = %s", [site.town.yellow])
    await conn.execute("update home set latitude = 27.6, longitude = 110.2 where id = %s", [site.town.green])
    await conn.commit()
    places = (await shown(site))["places"]
    assert [(p["latitude"], p["longitude"], p["homes"]) for p in places] == [
        (pytest.approx(27.55), pytest.approx(110.1), 2)
    ]


async def test_a_centre_of_the_register_is_on_the_map_until_it_is_retired(site: Site) -> None:
    admin = await site.signed_in("admin")
    record = {"name": "城南站", "latitude": 27.55, "longitude": 109.98}
    kept = (await admin.post("/register/centres", json={"record": record})).json()
    (one,) = (await shown(site))["centres"]
    assert one == {"id": kept["id"], **record, "reach_m": pytest.approx(reach_m(WITHIN, Mode.CAR))}
    again = await admin.post("/register/centres", json={"record": record})
    assert (again.status_code, again.json()["code"]) == (409, "taken")
    await admin.post(f"/register/centres/{kept['id']}/retire", json={"version": kept["version"]})
    assert (await shown(site))["centres"] == []


async def test_whoever_looks_at_helpers_is_in_the_trail(site: Site, conn: Connection) -> None:
    await shown(site)
    found = await conn.execute("select purpose from audit_entry where action = 'readMap'")
    assert [row["purpose"] for row in await found.fetchall()] == ["console"]


def commanded(dsn: str, *words: str) -> None:
    """``anban-cloud map`` with these words."""
    command, parser = COMMANDS["map"], argparse.ArgumentParser()
    command.arguments(parser)
    command.run(Settings(database=Database(dsn=dsn)), parser.parse_args(words))


RIGHTS = ("--datum", "gcj02", "--attribution", "湖南省地图院", "--review-no", "湘S(2026)001号")


def test_an_imported_outline_is_listed_replaced_and_removed(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "huaihua.geojson"
    file.write_bytes(collection(polygon(SQUARE)))
    commanded(database, "import", str(file), *RIGHTS)
    assert "huaihua: 1 outlines" in capsys.readouterr().out
    commanded(database, "import", str(file), *RIGHTS[:4], "--review-no", "")
    capsys.readouterr()
    commanded(database, "list")
    assert capsys.readouterr().out.startswith("huaihua\t湖南省地图院\tno review number\t")
    commanded(database, "remove", "huaihua")
    with pytest.raises(ConfigError, match="no layer 'huaihua'"):
        commanded(database, "remove", "huaihua")


def test_a_file_that_is_refused_leaves_the_map_as_it_is(database: str, tmp_path: Path) -> None:
    file = tmp_path / "huaihua.geojson"
    file.write_text("{}")
    with pytest.raises(ConfigError, match="this is no GeoJSON"):
        commanded(database, "import", str(file), *RIGHTS)
    with pytest.raises(ConfigError, match="No such file"):
        commanded(database, "import", str(tmp_path / "absent"), *RIGHTS)


def test_nothing_is_imported_without_saying_whose_it_is(database: str, tmp_path: Path) -> None:
    for words in (RIGHTS[:2], RIGHTS[2:], (*RIGHTS[:2], "--attribution", " ", *RIGHTS[4:])):
        with pytest.raises(SystemExit):
            commanded(database, "import", str(tmp_path), *words)


async def test_screens_get_the_outlines_with_their_rights(site: Site, conn: Connection) -> None:
    await conn.execute(
        "insert into map_layer (name, datum, attribution, review_no, outlines, within_m, imported_at)"
        " values ('huaihua', 'gcj02', '湖南省地图院', 'S1', %s, 5, %s)",
        [json.dumps([OUTLINE]), NOON],
    )
    await conn.commit()
    (layer,) = (await shown(site))["layers"]
    assert (layer["attribution"], layer["review_no"], layer["within_m"]) == ("湖南省地图院", "S1", 5.0)
    browser = await site.signed_in("caseworker")
    found = (await browser.get(f"/map/layers/{layer['id']}")).json()
    assert found == {"outlines": [OUTLINE]}
    assert (await browser.get("/map/layers/999")).status_code == 404


async def test_a_base_map_that_is_not_configured_is_not_there(site: Site) -> None:
    browser = await site.signed_in("operator")
    assert (await shown(site))["tiles"] == []
    assert (await browser.get("/tiles/vec/7/103/53")).status_code == 404
