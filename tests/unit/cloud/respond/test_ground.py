"""What place and hour say of who goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cloud.respond import ground
from cloud.respond.ground import Hours
from cloud.respond.model import Surroundings
from cloud.respond.travel import Mode, Point, distance_m

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
"""A Thursday."""
DOOR = Point(27.56, 109.99)
WEEKDAYS = frozenset(range(1, 6))


@pytest.mark.parametrize(
    ("code", "lives"),
    [
        ("431202001001", Surroundings.TOWN),
        ("431202001199", Surroundings.TOWN),
        ("431202001200", Surroundings.RURAL),
        ("431202001399", Surroundings.RURAL),
        ("431202000000", Surroundings.TOWN),
    ],
)
def test_a_committees_code_says_whether_people_live_in_a_town(code: str, lives: Surroundings) -> None:
    assert ground.surroundings(code) is lives


@pytest.mark.parametrize(("hour", "night"), [(21, False), (22, True), (0, True), (5, True), (6, False)])
def test_night_is_from_ten_to_six(hour: int, night: bool) -> None:
    assert ground.is_night(NOON.replace(hour=hour)) is night


def test_somebody_is_asked_in_their_hours_only() -> None:
    office = Hours(WEEKDAYS, 8 * 60, 18 * 60)
    assert office.include(NOON.replace(hour=8))
    assert not office.include(NOON.replace(hour=7, minute=59))
    assert not office.include(NOON.replace(hour=18))
    assert not office.include(NOON + timedelta(days=2)), "a Saturday"


def test_hours_past_midnight_belong_to_the_day_on_which_they_began() -> None:
    friday_night = Hours(frozenset({5}), 20 * 60, 6 * 60)
    friday, saturday = NOON + timedelta(days=1), NOON + timedelta(days=2)
    assert friday_night.include(friday.replace(hour=22))
    assert friday_night.include(saturday.replace(hour=5))
    assert not friday_night.include(friday.replace(hour=5))
    assert not friday_night.include(saturday.replace(hour=22))


def test_a_place_tells_who_is_there_who_moves_and_when_they_will_come() -> None:
    began, on_the_way, at_the_door = Point(27.60, 109.99), Point(27.58, 109.99), Point(27.5605, 109.99)
    assert ground.seen(began, at_the_door, DOOR, Mode.CAR, NOON) == ground.Seen(NOON, moves=True, there=True)
    told = ground.seen(began, on_the_way, DOOR, Mode.CAR, NOON)
    assert (told.moves, told.there) == (True, False)
    assert timedelta(minutes=5) < told.expected_at - NOON < timedelta(minutes=8)
    assert not ground.seen(began, began, DOOR, Mode.CAR, NOON).moves
    assert not ground.seen(None, began, DOOR, Mode.CAR, NOON).moves


def test_nobody_within_a_way_lies_outside_the_degrees_around_a_door() -> None:
    north, east = ground.around(DOOR, 6_000)
    assert distance_m(DOOR, Point(DOOR.latitude + north, DOOR.longitude)) == pytest.approx(6_000)
    assert distance_m(DOOR, Point(DOOR.latitude, DOOR.longitude + east)) == pytest.approx(6_000, rel=1e-3)
    assert ground.around(Point(90, 0), 6_000)[1] == 180


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 1), (60, 1), (61, 2), (600, 10)])
def test_people_promise_whole_minutes(seconds: int, minutes: int) -> None:
    assert ground.whole_minutes(timedelta(seconds=seconds)) == timedelta(minutes=minutes)
