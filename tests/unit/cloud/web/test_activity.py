"""A home's day: where somebody was noticed, where nobody listened, and who has looked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from cloud.db import Connection
from cloud.series.activity import strip
from firmware_protocols.model import Quantity
from tests.sql.series import catch_up
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON
from tests.unit.cloud.web.test_incidents import raise_alarm

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = {"begin": (NOON - 24 * HOUR).isoformat(), "end": NOON.isoformat()}


async def _sensor(conn: Connection, home: str, kind: str, room: str) -> int:
    cursor = await conn.execute(
        "insert into device (gateway_id, name, kind, room) values (%s, %s, %s, %s) returning id",
        [f"gw-{home}", f"{kind}-{room}", kind, room],
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row["id"])


async def _say(
    conn: Connection, home: int, device: int, quantity: Quantity, said: Sequence[tuple[datetime, float]]
) -> None:
    for at, value in said:
        await conn.execute(
            "insert into reading values (%s, 1, %s, %s, %s, 0, %s)",
            [at, home, device, quantity.number, value],
        )


async def _lived_in(site: Site, conn: Connection) -> int:
    """Yesterday noon to noon: up in the kitchen, then in bed; the hall says every hour that it is there."""
    home = site.town.yellow
    kitchen = await _sensor(conn, "yellow", "motion", "kitchen")
    hall = await _sensor(conn, "yellow", "door", "hall")
    bed = await _sensor(conn, "yellow", "bed", "bedroom")
    await _say(conn, home, kitchen, Quantity.MOTION, [(NOON - 20 * HOUR, 1.0), (NOON - 4 * HOUR, 1.0)])
    await _say(conn, home, hall, Quantity.OPENING, [(NOON - n * HOUR, 0.0) for n in range(24, 0, -1)])
    await _say(conn, home, bed, Quantity.IN_BED, [(NOON - 13 * HOUR, 0.0), (NOON - 12 * HOUR, 1.0)])
    await _say(conn, home, bed, Quantity.IN_BED, [(NOON - HOUR, 1.0), (NOON - 30 * MINUTE, 0.0)])
    await conn.commit()
    await catch_up(conn)
    return home


async def _get(site: Site, who: str, path: str, asked: dict[str, Any] | None = None) -> Any:
    return await (await site.signed_in(who)).get(path, params=asked or {})


async def test_the_strip_shows_each_place_and_where_nobody_listened(site: Site, conn: Connection) -> None:
    home = await _lived_in(site, conn)
    view = (await _get(site, "operator", f"/homes/{home}/activity", DAY)).json()
    lines = {(line["room"], line["place"]): line["signs"] for line in view["lines"]}
    assert (view["step_s"], {len(line) for line in lines.values()}) == (900, {96})
    assert set(lines) == {("kitchen", "room"), ("hall", "door"), ("bedroom", "bed")}
    kitchen = lines["kitchen", "room"]
    assert [slot for slot, n in enumerate(kitchen) if n] == [16, 80]
    assert kitchen[40] is None  # sixteen hours without a word: nobody knows
    assert set(lines["hall", "door"]) == {0}  # heard all day, never opened
    assert [slot for slot, n in enumerate(lines["bedroom", "bed"]) if n] == [48, 94]


async def test_the_last_place_comes_first_to_the_second_where_it_is_new(site: Site, conn: Connection) -> None:
    home = await _lived_in(site, conn)
    places = (await _get(site, "operator", f"/homes/{home}/places")).json()["places"]
    told = [(one["room"], one["sign_at"], one["within_s"]) for one in places]
    assert told == [
        ("bedroom", (NOON - 30 * MINUTE).isoformat().replace("+00:00", "Z"), 0),
        ("kitchen", (NOON - 4 * HOUR).isoformat().replace("+00:00", "Z"), 900),
        ("hall", None, 0),
    ]


async def test_what_the_resident_withholds_is_left_out(site: Site, conn: Connection) -> None:
    home = await _lived_in(site, conn)
    await conn.execute(
        "insert into withheld (home_id, purpose, standing, asked, kinds, quantities, events, alarms)"
        " values (%s, 'monitoring', true, true, '{motion,door}', %s, '{left_open}', '{}')",
        [home, [Quantity.IN_BED.number]],
    )
    await conn.execute(
        "insert into event select %s, 1, %s, id, said, ''"
        " from device, unnest('{left_open,all_well}'::text[]) said where name = 'bed-bedroom'",
        [NOON - HOUR, home],
    )
    await conn.commit()
    view = (await _get(site, "operator", f"/homes/{home}/activity", DAY)).json()
    assert [(line["room"], any(line["signs"])) for line in view["lines"]] == [("bedroom", False)]
    events = (await _get(site, "operator", f"/homes/{home}/events", DAY)).json()["events"]
    assert [one["kind"] for one in events] == ["all_well"]


async def test_events_come_newest_first_within_their_span(site: Site, conn: Connection) -> None:
    home, button = site.town.yellow, await _sensor(conn, "yellow", "sos_button", "hall")
    for n in range(4):
        await conn.execute(
            "insert into event values (%s, 1, %s, %s, 'button', %s)",
            [NOON - n * 12 * HOUR, home, button, str(n)],
        )
    await conn.commit()
    view = (await _get(site, "operator", f"/homes/{home}/events", DAY)).json()
    assert ([one["detail"] for one in view["events"]], view["more"]) == (["1", "2"], False)


@pytest.mark.parametrize("path", ["activity", "places", "events", "trail"])
async def test_a_home_out_of_scope_looks_exactly_like_one_that_does_not_exist(site: Site, path: str) -> None:
    asked = DAY if path in {"activity", "events"} else {}
    hidden = await _get(site, "supervisor", f"/homes/{site.town.foreign}/{path}", asked)
    absent = await _get(site, "supervisor", f"/homes/999999/{path}", asked)
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.content == absent.content


async def test_more_than_eight_days_are_refused(site: Site) -> None:
    asked = DAY | {"begin": (NOON - timedelta(days=9)).isoformat()}
    assert (await _get(site, "operator", f"/homes/{site.town.yellow}/activity", asked)).status_code == 422


async def test_who_leads_sees_by_name_who_did_what_at_a_home(site: Site, conn: Connection) -> None:
    incident = await raise_alarm(conn, site)
    operator = await site.signed_in("operator")
    await operator.get(f"/homes/{site.town.yellow}")
    await operator.post(f"/incidents/{incident}/ack", json={"version": 1})
    await operator.get(f"/homes/{site.town.green}")
    trail = f"/homes/{site.town.yellow}/trail"
    found = (await _get(site, "supervisor", trail)).json()["items"]
    told = [(one["name"], one["action"], one["status"]) for one in found]
    assert told == [("operator 某", "acknowledgeIncident", 0), ("operator 某", "readHome", 200)]
    of_incident = (await _get(site, "supervisor", trail, {"incident_id": incident})).json()["items"]
    assert [one["action"] for one in of_incident] == ["acknowledgeIncident"]
    changes = (await _get(site, "supervisor", trail, {"changes": True, "limit": 1})).json()
    assert ([one["action"] for one in changes["items"]], changes["next"]) == (["acknowledgeIncident"], None)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], [None, None, None, None]),
        ([0], [0, 0, 0, 0]),
        ([1, 11], [0, 0] + [None] * 9 + [0]),
        ([0, 9], [0] * 10),
        ([12], [None] * 12 + [0]),
        ([99], [None, None, None, None]),
    ],
)
def test_two_hours_without_a_word_are_a_gap(words: list[int], line: list[int | None]) -> None:
    assert strip(len(line), [([], words)]) == line
