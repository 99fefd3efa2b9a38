"""Ways are learned from check-ins: one is believed little, a hundred are, and a pause is no way."""

from __future__ import annotations

from datetime import timedelta
from math import sqrt

import pytest

from cloud.respond.travel import ENOUGH, Mode
from cloud.respond.ways import NOTHING, Journey, learn, part_of

TEN = timedelta(minutes=10)
SHORE, HILL, TOWN = "431202001001", "431202001002", "431202002001"


def journeys(
    times: float, count: int, origin: str = SHORE, goal: str = HILL, *, hour: int = 10
) -> list[Journey]:
    return [Journey(origin, goal, Mode.BIKE, hour, TEN, TEN * times)] * count


def test_where_nothing_was_learned_nothing_is_changed() -> None:
    assert NOTHING.factor(SHORE, HILL, Mode.BIKE, 10) == 1


def test_a_hundred_journeys_are_believed_and_one_is_not() -> None:
    few, many = (learn(journeys(2, count)).factor(SHORE, HILL, Mode.BIKE, 10) for count in (1, 1000))
    assert few < 1.1
    assert many == pytest.approx(2, rel=0.01)


def test_there_and_back_are_one_way() -> None:
    ways = learn(journeys(2, 40))
    assert ways.factor(SHORE, HILL, Mode.BIKE, 10) == ways.factor(HILL, SHORE, Mode.BIKE, 10)


def test_the_narrow_is_drawn_to_the_wide_as_long_as_it_has_shown_little() -> None:
    ways = learn(journeys(2, ENOUGH, hour=10) + journeys(1, 3, TOWN, TOWN))
    assert ways.factor(SHORE, HILL, Mode.BIKE, 10) > ways.factor(SHORE, HILL, Mode.BIKE, 15)
    assert 1 < ways.factor(TOWN, TOWN, Mode.BIKE, 10) < ways.factor(SHORE, SHORE, Mode.BIKE, 10)
    assert 1 < ways.factor(SHORE, SHORE, Mode.CAR, 10) < ways.factor(SHORE, SHORE, Mode.BIKE, 10)


def test_half_of_the_believed_number_goes_half_the_way() -> None:
    alone = learn(journeys(4, ENOUGH))
    assert alone.factor(TOWN, TOWN, Mode.CAR, 3) == pytest.approx(sqrt(4))


@pytest.mark.parametrize("times", [0, 0.1, 8])
def test_two_tags_at_once_and_a_pause_between_teach_nothing(times: float) -> None:
    assert learn(journeys(times, 500)) == learn([])


def test_one_wild_journey_moves_the_middle_no_more_than_another() -> None:
    calm = learn(journeys(1.2, 99)).factor(SHORE, HILL, Mode.BIKE, 10)
    assert learn(journeys(1.2, 99) + journeys(4.9, 1)).factor(SHORE, HILL, Mode.BIKE, 10) == pytest.approx(
        calm, rel=0.01
    )


def test_the_day_has_parts_and_the_rest_is_night() -> None:
    assert [part_of(hour) for hour in (3, 7, 8, 9, 12, 16, 18, 19, 23)] == [-1, 0, 0, 1, 2, 3, 4, -1, -1]
