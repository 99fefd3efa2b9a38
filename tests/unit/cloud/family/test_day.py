"""A day in plain moments: what a neighbour would notice, to five minutes, and nothing inside the home."""

from __future__ import annotations

from datetime import datetime, timedelta

from cloud.db import Queries
from cloud.detect.rules.house import House, walk
from cloud.detect.rules.model import Device
from cloud.family import day
from cloud.family.day import Moment, Visited, What
from firmware_protocols.model import Quantity
from firmware_protocols.wire.plan import DEFAULT
from tests.unit.cloud.detect.rules.resident import DAY, ROOMS, Resident, at

DEVICES = {
    number: Device(number, name, kind, room)
    for number, (name, (kind, room)) in enumerate(
        [*ROOMS.items(), ("cuff", ("blood_pressure", "living_room"))], start=1
    )
}
NUMBERS = {device.name: number for number, device in DEVICES.items()}


class Somebody(Resident):
    """A resident whose devices are ``DEVICES``."""

    def _id(self, device: str) -> int:
        return NUMBERS[device]


def house(somebody: Somebody, until: datetime) -> House:
    return walk(somebody.said, DEVICES, DEFAULT, at("12:00", -1), until)


def told(somebody: Somebody, until: datetime, *visits: Visited) -> list[tuple[str, str, str]]:
    found = day.moments(house(somebody, until), DEFAULT, DAY, visits)
    return [(DEFAULT.local(one.at).strftime("%H:%M"), one.what.value, one.detail or one.who) for one in found]


def morning() -> Somebody:
    somebody = Somebody()
    for clock in ("23:30", "02:10"):
        somebody.moves("bath", at(clock, -1 if clock == "23:30" else 0))
        somebody.moves("bedroom", at(clock, -1 if clock == "23:30" else 0) + timedelta(minutes=4))
    somebody.moves("bedroom", at("06:38"))
    somebody.moves("kitchen", at("06:43"))
    somebody.moves("living", at("06:58"))
    return somebody


def test_a_morning_is_getting_up_breakfast_and_leaving() -> None:
    somebody = morning()
    somebody.through_door(at("08:12"))
    assert told(somebody, at("09:30")) == [("06:40", "up", ""), ("06:40", "meal", "0"), ("08:10", "left", "")]


def test_who_comes_home_is_back_and_who_only_takes_out_the_rubbish_never_left() -> None:
    somebody = morning()
    somebody.through_door(at("08:12"))
    somebody.through_door(at("10:03"))
    somebody.moves("living", at("10:06"))
    somebody.through_door(at("12:30"))
    somebody.through_door(at("12:34"))
    somebody.moves("living", at("12:40"))
    assert [one for one in told(somebody, at("13:00")) if one[1] in {"left", "back"}] == [
        ("08:10", "left", ""),
        ("10:00", "back", ""),
    ]


def test_a_trip_to_the_bathroom_at_night_is_counted_and_is_no_moment() -> None:
    seen = house(morning(), at("07:30"))
    assert day.nights_up(seen, DEFAULT, DAY) == 2
    assert What.UP not in {one.what for one in day.moments(house(morning(), at("05:30")), DEFAULT, DAY)}


def test_measuring_three_times_in_a_row_is_told_once_and_without_a_value() -> None:
    somebody = Somebody()
    for minutes in (0, 2, 4, 200):
        moment = at("06:51") + timedelta(minutes=minutes)
        somebody.says("cuff", Quantity.SYSTOLIC, 138.0, moment)
    assert told(somebody, at("12:00"))[1:] == [
        ("06:50", "measured", "blood_pressure"),
        ("10:10", "measured", "blood_pressure"),
    ]


def test_a_visit_names_who_came() -> None:
    assert told(Somebody(), at("12:00"), Visited(at("08:07"), "regular", "张凤英")) == [
        ("08:05", "visit", "regular")
    ]
    assert day.moments(House(), DEFAULT, DAY, [Visited(at("08:07", 1), "regular", "张凤英")]) == []


def test_times_are_coarse() -> None:
    assert day.rounded(at("06:44") + timedelta(seconds=59)) == at("06:40")
    assert Moment(at("06:40"), What.UP) in day.moments(house(morning(), at("07:00")), DEFAULT, DAY)


def test_what_a_home_said_is_cut_into_stretches_as_the_rules_cut_it() -> None:
    """Only where it is read from differs: here it is what this reader may see."""
    rules, family = (
        Queries(package)["signs"].split("), marked as (")
        for package in ("cloud.detect.rules", "cloud.family")
    )
    assert family[1] == rules[1]
