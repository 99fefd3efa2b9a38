"""The visiting rate: its denominator, who fell out of it and why, and whom nobody has seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud.visits.duty import IN_PERSON, Absence, Contact, History, Person, Way
from cloud.visits.rate import Span, Standing, rates, standing

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
UNTIL = datetime(2026, 12, 1, tzinfo=UTC)
NOVEMBER = Span(SINCE, UNTIL)
DAY = timedelta(days=1)
PERSON = Person(1940, SINCE - 100 * DAY)
MID = SINCE + 14 * DAY


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (History((Contact(MID, Way.HOME),)), Standing.VISITED),
        (History((Contact(SINCE, Way.HOME),)), Standing.VISITED),
        (History((Contact(UNTIL, Way.HOME),)), Standing.NOBODY_CAME),
        (History((Contact(MID, Way.HOME, seen=False),)), Standing.NO_ACCESS),
        (History((Contact(MID, Way.PHONE),)), Standing.OTHER_WAY),
        (History((Contact(MID, Way.PHONE, seen=False),)), Standing.NOBODY_CAME),
        (History(), Standing.NOBODY_CAME),
        (History(absences=(Absence(SINCE - DAY),)), Standing.AWAY),
        (History(absences=(Absence(SINCE + DAY),)), Standing.NOBODY_CAME),
    ],
)
def test_everybody_stands_somewhere(history: History, expected: Standing) -> None:
    assert standing(PERSON, history, IN_PERSON, NOVEMBER) is expected


def test_who_came_or_left_within_the_month_is_named_and_not_counted() -> None:
    assert standing(replace(PERSON, since=MID), History(), IN_PERSON, NOVEMBER) is Standing.NEW
    assert standing(replace(PERSON, ended_at=MID), History(), IN_PERSON, NOVEMBER) is Standing.ENDED
    visit = History((Contact(MID, Way.HOME),))
    assert standing(replace(PERSON, since=MID), visit, IN_PERSON, NOVEMBER) is Standing.VISITED


def test_a_call_counts_where_the_county_lets_it() -> None:
    call = History((Contact(MID, Way.PHONE),))
    assert standing(PERSON, call, frozenset({Way.HOME, Way.PHONE}), NOVEMBER) is Standing.VISITED


TOWN = [
    (1, "431202001001", Standing.VISITED),
    (2, "431202001001", Standing.NO_ACCESS),
    (3, "431202001002", Standing.VISITED),
    (4, "431202001002", Standing.AWAY),
    (5, "431202002001", Standing.NOBODY_CAME),
    (6, "431202002002", Standing.NEW),
]


def test_the_rate_goes_from_the_county_down_to_the_missed_person() -> None:
    county = rates(TOWN, 6)["431202"]
    assert (county.visited, county.owed, county.share) == (2, 4, 0.5)
    towns = rates(TOWN, 9)
    assert {town: rate.share for town, rate in towns.items()} == {"431202001": 2 / 3, "431202002": 0}
    assert rates(TOWN, 12)["431202001001"].missed == (2,)


def test_nobody_to_visit_is_not_the_same_as_all_visited() -> None:
    assert rates(TOWN, 12)["431202002002"].share is None


@pytest.mark.parametrize("digits", [4, 6, 9, 12])
def test_no_level_loses_anybody(digits: int) -> None:
    areas = rates(TOWN, digits).values()
    assert sorted(who for rate in areas for found in rate.people.values() for who in found) == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
