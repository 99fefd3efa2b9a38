"""The card of one home."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cloud.db import Connection
from cloud.people.card import EVENTS
from cloud.people.phones import mask
from firmware_protocols.model import Quality, Quantity
from tests.sql.series import catch_up
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON

MINUTE = timedelta(minutes=1)


async def _device(conn: Connection, home: str) -> int:
    cursor = await conn.execute("select id from device where gateway_id = %s", [f"gw-{home}"])
    row = await cursor.fetchone()
    assert row is not None
    return int(row["id"])


async def test_the_card_shows_who_lives_there_and_whom_to_call(site: Site) -> None:
    card = (await (await site.signed_in("operator")).get(f"/homes/{site.town.yellow}")).json()
    assert card["resident"] == {
        "id": 1,
        "name": "向秀英",
        "age": 84,
        "sex": "f",
        "lives_alone": True,
        "ability_level": 0,
        "phone": "+8613800000001",
        "id_number": "",
        "notes": "hard of hearing",
    }
    assert [contact["phone"] for contact in card["contacts"]] == ["+8613900000002"]
    assert [device["name"] for device in card["devices"]] == ["pendant"]
    assert (card["key"], card["online"], card["readings"], card["events"]) == ("yellow", True, [], [])


async def test_the_card_shows_the_newest_reading_of_each_quantity(site: Site, conn: Connection) -> None:
    device = await _device(conn, "yellow")
    insert = "insert into reading values (%s, 1, %s, %s, %s, %s, %s)"
    home, heart, battery = site.town.yellow, Quantity.HEART_RATE.number, Quantity.BATTERY.number
    good, unworn = Quality.GOOD.number, Quality.NOT_WORN.number
    for at, quantity, quality, value in [
        (NOON - 2 * MINUTE, heart, good, 71.0),
        (NOON, heart, unworn, None),
        (NOON - MINUTE, heart, good, 73.0),
        (NOON - MINUTE, battery, good, 88.0),
        (NOON, 32_000, good, 1.0),  # a quantity that only a newer gateway knows
    ]:
        await conn.execute(insert, [at, home, device, quantity, quality, value])
    await conn.execute(insert, [NOON, site.town.green, await _device(conn, "green"), heart, good, 199.0])
    await conn.commit()
    card = (await (await site.signed_in("operator")).get(f"/homes/{home}")).json()
    shown = [(r["quantity"], r["value"], r["quality"], r["unit"]) for r in card["readings"]]
    assert shown == [("heart_rate", None, "not_worn", "beat/min"), ("battery", 88.0, "good", "%EL")]


async def test_the_card_finds_what_was_last_heard_long_ago(site: Site, conn: Connection) -> None:
    """A weekly pressure is not among the last days' readings; its roll-up says on which day it is."""
    device, home = await _device(conn, "yellow"), site.town.yellow
    systolic, long_ago = Quantity.SYSTOLIC.number, NOON - timedelta(days=40)
    for at, value in [(long_ago, 141.0), (long_ago + MINUTE, 139.0), (NOON - timedelta(days=80), 150.0)]:
        await conn.execute(
            "insert into reading values (%s, 1, %s, %s, %s, 0, %s)", [at, home, device, systolic, value]
        )
    await conn.commit()
    await catch_up(conn)
    card = (await (await site.signed_in("operator")).get(f"/homes/{home}")).json()
    assert [(r["quantity"], r["value"]) for r in card["readings"]] == [("systolic", 139.0)]


async def test_the_card_shows_the_newest_events_only(site: Site, conn: Connection) -> None:
    device = await _device(conn, "yellow")
    for number in range(EVENTS + 5):
        await conn.execute(
            "insert into event values (%s, 1, %s, %s, 'button', %s)",
            [NOON + number * MINUTE, site.town.yellow, device, str(number)],
        )
    await conn.commit()
    card = (await (await site.signed_in("operator")).get(f"/homes/{site.town.yellow}")).json()
    assert [event["detail"] for event in card["events"]] == [str(n) for n in range(EVENTS + 4, 4, -1)]


async def test_family_gets_no_notes_and_masked_numbers(site: Site) -> None:
    answer = await (await site.signed_in("family")).get(f"/homes/{site.town.yellow}")
    card = answer.json()
    assert card["resident"]["notes"] == ""
    assert card["resident"]["phone"] == "**********0001"
    assert "1390000" not in answer.text


@pytest.mark.parametrize(
    ("who", "home"),
    [
        ("operator", "foreign"),
        ("stranger", "yellow"),
        ("caseworker", "green"),
        ("family", "green"),
        ("family", "foreign"),
    ],
)
async def test_a_home_out_of_scope_looks_exactly_like_one_that_does_not_exist(
    site: Site, who: str, home: str
) -> None:
    browser = await site.signed_in(who)
    hidden = await browser.get(f"/homes/{getattr(site.town, home)}")
    absent = await browser.get("/homes/999999")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content


@pytest.mark.parametrize("home", ["0", "-1", "2147483648", "x", "1e3", "%00"])
async def test_a_number_that_is_none_is_refused(site: Site, home: str) -> None:
    assert (await (await site.signed_in("operator")).get(f"/homes/{home}")).status_code == 422


def test_a_mask_shows_the_end_of_long_numbers_only() -> None:
    assert mask("+8613800000001") == "**********0001"
    assert mask("2345678") == "*******"
    assert mask("") == ""
