"""How long somebody needs to a door."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.respond.travel import ENOUGH, Journey, Learned, Mode, Point, distance_m, expected, factor, learn

TOWN = Point(27.55, 109.95)
PLACES = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_a_minute_of_latitude_is_a_nautical_mile() -> None:
    assert distance_m(TOWN, Point(27.55 + 1 / 60, 109.95)) == pytest.approx(1_853, abs=1)


def test_a_degree_of_longitude_is_shorter_away_from_the_equator() -> None:
    there = distance_m(TOWN, Point(27.55, 110.95))
    assert there == pytest.approx(111_195 * math.cos(math.radians(27.55)), rel=1e-4)


@given(one=PLACES, other=PLACES)
def test_the_way_there_is_as_long_as_the_way_back_and_no_longer_than_half_the_earth(
    one: Point,
    other: Point,
) -> None:
    assert distance_m(one, other) == pytest.approx(distance_m(other, one), abs=0.01)
    assert 0 <= distance_m(one, other) <= 20_015_200


def test_on_foot_takes_longer_than_by_car_and_the_last_steps_are_the_same() -> None:
    village = Point(27.60, 109.95)
    on_foot, by_car = (expected(TOWN, village, mode) for mode in (Mode.WALK, Mode.CAR))
    assert on_foot / minutes(1) == pytest.approx(98, abs=1)
    assert by_car / minutes(1) == pytest.approx(15, abs=1)
    assert expected(TOWN, TOWN, Mode.WALK) == timedelta(seconds=90)


def test_a_place_is_believed_after_thirty_journeys_and_the_place_above_it_before() -> None:
    slow, few = Learned(1.6, ENOUGH), Learned(9.0, ENOUGH - 1)
    assert factor([few, slow, Learned(1.1, 500)]) == 1.6
    assert factor([few, None]) == 1.0


def test_one_journey_by_way_of_the_market_does_not_slow_the_village() -> None:
    journeys = [Journey(minutes(10), minutes(took)) for took in (11, 12, 13, 14, 240)]
    assert learn(journeys) == Learned(1.3, 5)
    assert learn([]) is None


@pytest.mark.parametrize(("latitude", "longitude"), [(90.1, 0), (0, 180.1), (math.nan, 0), (0, math.inf)])
def test_no_such_place(latitude: float, longitude: float) -> None:
    with pytest.raises(ValueError, match="no such place on earth"):
        Point(latitude, longitude)


@pytest.mark.parametrize(("said", "took"), [(0, 5), (5, -1)])
def test_no_such_journey(said: float, took: float) -> None:
    with pytest.raises(ValueError, match="takes no less than none"):
        Journey(minutes(said), minutes(took))
