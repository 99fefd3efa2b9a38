"""What the cloud notices of whole days, situation by situation, and what is usually taken for it. Every test
has the number of its situation (``docs/situations.md``). The days are told sensor by sensor and gone through
as the worker does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from cloud.detect.rules import reading
from cloud.detect.rules.device_days import with_equipment
from cloud.detect.rules.habits import Day, day_of
from cloud.detect.rules.house import walk
from cloud.detect.rules.table import RULES
from firmware_protocols.model import Quantity
from firmware_protocols.wire.plan import DEFAULT, parse
from tests.unit.cloud.detect.rules.resident import DAY, ROOMS, Resident, at, runs

HOME = {**ROOMS, "watch": ("wearable", "")}
OF_DAYS = tuple(spec for spec in RULES if spec.number in {27, 28})
Habit = Callable[[Resident, int], None]


def usual(home: Resident, day: int) -> None:
    """Up at seven, about until nine in the evening, in bed by ten, with a watch on."""
    home.lies(at("06:50", day), down=False)
    home.busy("kitchen", at("07:00", day), at("12:00", day), every_min=10)
    home.busy("living", at("12:00", day), at("21:00", day), every_min=10)
    home.lies(at("21:50", day), down=True)


def wears(begins: str, ends: str) -> Habit:
    """The watch says each five minutes from ``begins`` to ``ends`` that it is worn, and else that it is
    not.
    """

    def worn(home: Resident, day: int) -> None:
        moment = at("06:00", day)
        while moment < at("22:00", day):
            on = at(begins, day) <= moment < at(ends, day)
            home.says("watch", Quantity.WORN, float(on), moment)
            moment += timedelta(minutes=5)

    return worn


def lived(*days: tuple[int, Habit]) -> Resident:
    """As many days as each says, by its habit, besides the usual; looked at on the next morning."""
    home = Resident(devices=dict(HOME), rules=OF_DAYS)
    number = 0
    for count, habit in days:
        for _ in range(count):
            usual(home, number)
            habit(home, number)
            number += 1
    home.days = tuple((DAY + timedelta(days=day), learnt(home, day)) for day in range(number))
    home.said = [sign for sign in home.said if sign.at > at("00:00", number - 1)]
    home.now = at("08:00", number)
    home.until(at("09:00", number))
    return home


def learnt(home: Resident, day: int) -> Day:
    """The numbers of a day, from its signs."""
    begins, ends = at("12:00", day - 1), at("00:00", day + 1)
    signs = runs(sign for sign in home.said if begins <= sign.at < ends)
    rows = [home._device(name) for name in home.devices]
    devices = {one.id: one for one in map(reading.device, rows)}
    house = walk(signs, devices, DEFAULT, begins, ends)
    date = DAY + timedelta(days=day)
    return with_equipment(day_of(house, DEFAULT, date, {}), signs, house, devices, DEFAULT, date)


def nothing(_home: Resident, _day: int) -> None:
    """The usual day."""


# -- 27: a pendant that is not worn ------------------------------------------------------------------


def test_27_a_pendant_in_the_drawer_for_three_days_is_told_of_once() -> None:
    home = lived((5, wears("07:00", "21:00")), (3, wears("07:00", "09:00")))
    assert home.found == [("not_worn", 4)]
    (_, finding) = home.raised[0]
    assert finding.subject == "watch"
    assert finding.numbers["days"] == 3
    assert float(finding.numbers["worn_percent"]) < 25
    home.until(at("20:00", 8))
    assert len(home.raised) == 1


@pytest.mark.parametrize(
    ("habits", "why"),
    [
        ([(8, wears("07:00", "17:00"))], "it charges in the evening"),
        ([(6, wears("07:00", "21:00")), (2, wears("07:00", "08:00"))], "two days"),
        ([(8, nothing)], "it has never said that it is worn"),
    ],
)
def test_27_a_charger_two_days_and_a_button_without_that_sense_are_none(
    habits: list[tuple[int, Habit]], why: str
) -> None:
    assert lived(*habits).found == [], why


def test_27_somebody_who_wears_it_only_in_the_morning_by_agreement_is_left_alone() -> None:
    worn = lived((5, wears("07:00", "21:00")), (3, wears("07:00", "11:00")))
    plan = parse({"version": 1, "watch": {"not_worn": {"least": 0.2}}})
    agreed = Resident(plan, days=worn.days, devices=dict(HOME), rules=OF_DAYS, now=at("08:00", 8))
    agreed.until(at("09:00", 8))
    assert (worn.found, agreed.found) == ([("not_worn", 4)], [])


def test_27_a_watch_that_is_lost_is_not_unworn() -> None:
    home = lived((5, wears("07:00", "21:00")), (3, nothing))
    assert home.found == [("not_worn", 4)]
    lost = Resident(
        devices=dict(HOME), rules=OF_DAYS, days=home.days, now=at("08:00", 8), dead={"watch": at("08:00", 6)}
    )
    lost.until(at("09:00", 8))
    assert lost.found == []


# -- 28: a sensor that lies --------------------------------------------------------------------------


def without(device: str) -> Habit:
    """The usual day, of which ``device`` told nothing."""

    def cut(home: Resident, day: int) -> None:
        number = home._id(device)
        home.said = [one for one in home.said if one.device_id != number or one.at < at("00:00", day)]

    return cut


def flutters(home: Resident, day: int) -> None:
    """The contact of the door opens and shuts six times a minute for an hour."""
    for step in range(360):
        moment = at("15:00", day) + timedelta(seconds=10 * step)
        home.says("door", Quantity.OPENING, 1, moment)
        home.says("door", Quantity.OPENING, 0, moment + timedelta(seconds=5))


def party(home: Resident, day: int) -> None:
    """Guests in every room: each sensor speaks all the time, the door too."""
    flutters(home, day)
    for room in ("kitchen", "living", "bedroom", "bath"):
        for step in range(180):
            moment = at("15:00", day) + timedelta(seconds=20 * step)
            home.says(f"pir-{room}", Quantity.MOTION, 1, moment)
            home.says(f"pir-{room}", Quantity.MOTION, 0, moment + timedelta(seconds=10))


def test_28_a_sensor_that_spoke_every_day_and_is_dumb_is_told_of() -> None:
    home = lived((8, nothing), (1, without("pir-kitchen")))
    assert home.found == [("sensor_dumb", 4)]
    assert home.raised[0][1].subject == "pir-kitchen"
    bed = lived((8, nothing), (2, without("bed")))
    assert [finding.subject for _, finding in bed.raised] == ["bed"]


def test_28_a_contact_that_flutters_alone_is_told_of() -> None:
    home = lived((7, nothing), (1, flutters))
    assert home.found == [("sensor_restless", 4)]
    assert home.raised[0][1].subject == "door"


def test_28_guests_a_night_in_the_armchair_and_an_empty_home_are_none() -> None:
    def empty(home: Resident, day: int) -> None:
        home.said = [one for one in home.said if one.at < at("00:00", day)]

    assert lived((8, nothing), (1, party)).found == []
    assert lived((8, nothing), (1, without("bed"))).found == []
    assert lived((8, nothing), (1, empty)).found == []
