"""Situation 30: a place that falls silent is one trouble; scattered homes are troubles of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cloud.detect.rules.area import Home, Outage, is_over, outages

NOW = datetime(2026, 3, 30, 3, 0, tzinfo=UTC)
COUNTY, TOWN, EAST, WEST = "431202000000", "431202001000", "431202001001", "431202001002"
PARENTS = {COUNTY: None, TOWN: COUNTY, EAST: TOWN, WEST: TOWN}


def village(division: str, first: int, heard: int, silent: int, silent_min: float = 4) -> list[Home]:
    """So many homes that are heard, and so many that fell silent together."""
    ids = range(first, first + heard + silent)
    ages = [0.5] * heard + [silent_min] * silent
    return [
        Home(number, division, NOW - timedelta(minutes=age)) for number, age in zip(ids, ages, strict=True)
    ]


def found(*homes: Home) -> list[Outage]:
    return outages(homes, PARENTS, NOW)


def places(*homes: Home) -> list[str]:
    return [outage.division for outage in found(*homes)]


def test_a_third_of_a_village_that_falls_silent_together_is_one_outage_with_its_homes() -> None:
    homes = [*village(EAST, 1, heard=6, silent=3), *village(WEST, 100, heard=30, silent=0)]
    (outage,) = found(*homes)
    assert outage == Outage(EAST, NOW - timedelta(minutes=4), (7, 8, 9), of=9)


def test_less_than_that_are_single_homes() -> None:
    assert places(*village(EAST, 1, heard=8, silent=3)) == []


def test_two_neighbours_are_no_village() -> None:
    assert places(*village(EAST, 1, heard=0, silent=2)) == []


def test_homes_that_have_been_silent_for_long_are_not_part_of_it() -> None:
    assert places(*village(EAST, 1, heard=10, silent=5, silent_min=60)) == []


def test_two_villages_that_fall_silent_are_one_outage_of_their_town() -> None:
    homes = [*village(EAST, 1, heard=1, silent=5), *village(WEST, 100, heard=1, silent=5)]
    assert places(*homes) == [TOWN]


def test_a_village_is_not_blamed_on_its_town_for_being_all_that_is_silent() -> None:
    assert places(*village(EAST, 1, heard=0, silent=5)) == [EAST]


def test_it_is_over_when_half_of_them_are_heard_again() -> None:
    homes = village(EAST, 1, heard=3, silent=3)
    assert not is_over(homes, (1, 4, 5, 6), NOW)
    assert is_over(homes, (1, 2, 4, 5), NOW)
    assert is_over(homes, (7, 8), NOW)


def test_a_place_outside_the_tree_is_judged_alone() -> None:
    assert places(*village("999999999999", 1, heard=0, silent=3)) == ["999999999999"]
