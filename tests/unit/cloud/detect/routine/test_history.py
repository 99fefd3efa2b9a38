"""Which days say what is usual."""

from __future__ import annotations

from datetime import date

import numpy as np

from cloud.detect.routine.grid import DAY_S
from cloud.detect.routine.history import BASELINE_DAYS, Calendar, DayState, DayType, read
from cloud.detect.routine.occupancy import Interval
from tests.unit.cloud.detect.routine.lives import DOOR, MIDNIGHT, history, lived, without


def test_the_baseline_is_the_last_twenty_eight_usual_days_before() -> None:
    known = history(*lived(40), days=40)
    assert known.baseline(35).tolist() == list(range(35 - BASELINE_DAYS, 35))


def test_a_day_that_was_not_heard_is_no_baseline() -> None:
    known = history(*lived(10), days=10, unheard=(Interval(3 * DAY_S, 3 * DAY_S + 8 * 3600),))
    assert known.states[3] is DayState.UNHEARD
    assert 3 not in known.baseline(9)


def test_an_outing_of_a_day_freezes_the_baseline() -> None:
    seconds, places = without(*lived(12), 10 * 24 + 8, 10 * 24 + 20)
    order = np.argsort(np.append(seconds, 10 * DAY_S + 8 * 3600), kind="stable")
    seconds = np.append(seconds, 10 * DAY_S + 8 * 3600)[order]
    places = np.append(places, DOOR)[order]
    assert history(seconds, places, days=12).states[10] is DayState.AWAY


def test_a_house_full_of_people_freezes_the_baseline() -> None:
    seconds, places = lived(20)
    busy = np.arange(7 * 3600, 22 * 3600, 60) + 15 * DAY_S
    seconds, places = np.append(seconds, busy), np.append(places, np.arange(len(busy)) % 8)
    order = np.argsort(seconds, kind="stable")
    assert history(seconds[order], places[order], days=20).states[15] is DayState.VISITED


def test_market_days_come_every_fifth_day_and_a_festival_goes_before() -> None:
    calendar = Calendar(festivals=frozenset({date(2026, 3, 7)}), market=date(2026, 3, 2))
    seen = [calendar.type_of(date(2026, 3, day)) for day in (2, 3, 7, 8, 12)]
    assert seen == [DayType.MARKET, DayType.ORDINARY, DayType.FESTIVAL, DayType.WEEKEND, DayType.MARKET]


def test_a_market_day_is_compared_with_market_days_once_seven_are_known() -> None:
    seconds, places = lived(60)
    calendar = Calendar(market=MIDNIGHT.date())
    known = read(seconds, places, (), midnight=MIDNIGHT, days=60, calendar=calendar)
    assert known.baseline(20).tolist() == list(range(20))
    assert known.baseline(50).tolist() == list(range(0, 50, 5))
