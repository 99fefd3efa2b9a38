"""On which days an order brings somebody: weekdays, every n days, pauses, absences, leap years."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.visits.duty import Absence
from cloud.visits.orders.calendar import (
    AHEAD_DAYS,
    Changes,
    Order,
    Pause,
    Span,
    State,
    There,
    changes,
    wanted,
)

ZONE: Final = ZoneInfo("Asia/Shanghai")
DAY: Final = timedelta(days=1)
MONDAYS_AND_FRIDAYS: Final = Order(date(2027, 1, 1), None, frozenset({1, 5}), None, 660, 720)


def at(day: date, hour: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)


def days(
    order: Order, first: date, *, pauses: tuple[Pause, ...] = (), away: tuple[Absence, ...] = ()
) -> list[date]:
    return sorted(wanted(order, pauses, away, at(first), ZONE))


def test_weekdays_come_by_the_tenants_calendar_and_within_the_window() -> None:
    found = wanted(MONDAYS_AND_FRIDAYS, (), (), at(date(2027, 1, 1)), ZONE)
    assert sorted(found) == [date(2027, 1, 1), date(2027, 1, 4), date(2027, 1, 8)]
    assert found[date(2027, 1, 4)] == Span(
        datetime(2027, 1, 4, 3, tzinfo=UTC), datetime(2027, 1, 4, 4, tzinfo=UTC)
    )


def test_every_third_day_goes_on_over_the_leap_day_and_a_pause_does_not_shift_it() -> None:
    order = Order(date(2028, 2, 23), None, frozenset(), 3, 480, 540)
    assert days(order, date(2028, 2, 26)) == [date(2028, 2, 26), date(2028, 2, 29), date(2028, 3, 3)]
    rests = Pause(date(2028, 2, 27), date(2028, 3, 1))
    assert days(order, date(2028, 2, 26), pauses=(rests,)) == [date(2028, 2, 26), date(2028, 3, 3)]


def test_nobody_comes_before_the_first_day_after_the_last_or_when_the_window_is_over() -> None:
    daily = Order(date(2027, 1, 2), date(2027, 1, 4), frozenset(), 1, 480, 540)
    assert days(daily, date(2027, 1, 1)) == [date(2027, 1, day) for day in (2, 3, 4)]
    assert sorted(wanted(daily, (), (), at(date(2027, 1, 2), 10), ZONE)) == [
        date(2027, 1, 3),
        date(2027, 1, 4),
    ]


def test_whoever_is_away_for_all_of_the_window_is_not_visited_and_whoever_comes_back_in_it_is() -> None:
    daily = Order(date(2027, 1, 1), None, frozenset(), 1, 480, 600)
    back = datetime(2027, 1, 3, 9, tzinfo=ZONE)
    found = days(daily, date(2027, 1, 1), away=(Absence(at(date(2027, 1, 2)), back),))
    assert date(2027, 1, 2) not in found
    assert {date(2027, 1, 1), date(2027, 1, 3)} <= set(found)
    assert days(daily, date(2027, 1, 1), away=(Absence(at(date(2027, 1, 2))),)) == [date(2027, 1, 1)]


def test_an_order_says_weekdays_or_every_n_days() -> None:
    with pytest.raises(ValueError, match="one of the two"):
        Order(date(2027, 1, 1), None, frozenset({1}), 3, 480, 540)


def test_what_people_cancelled_or_began_stays_and_what_the_loop_dropped_comes_back() -> None:
    now = at(date(2027, 1, 1))
    wants = wanted(Order(date(2027, 1, 1), date(2027, 1, 4), frozenset(), 1, 480, 540), (), (), now, ZONE)
    spans = list(wants.values())
    moved = Span(spans[2].open_at + DAY / 24, spans[2].due_at + DAY / 24)
    there = {
        date(2027, 1, 1): There(1, State.PEOPLE, spans[0]),
        date(2027, 1, 2): There(2, State.DROPPED, spans[1]),
        date(2027, 1, 3): There(3, State.OPEN, moved),
        date(2027, 1, 5): There(5, State.OPEN, Span(spans[3].open_at + DAY, spans[3].due_at + DAY)),
    }
    assert changes(wants, there, now) == Changes(
        ((date(2027, 1, 4), spans[3]),), ((2, spans[1]), (3, spans[2])), (5,)
    )


@settings(max_examples=10, deadline=None)
@given(
    weekdays=st.frozensets(st.integers(1, 7), max_size=7),
    every=st.integers(1, 40),
    rests=st.lists(st.tuples(st.integers(0, 3_700), st.integers(0, 40)), max_size=4),
    away=st.lists(st.tuples(st.integers(0, 3_700), st.integers(1, 60)), max_size=4),
    steps=st.lists(st.integers(AHEAD_DAYS - 2, AHEAD_DAYS), min_size=1, max_size=5),
)
def test_over_ten_years_each_day_of_an_order_is_there_once_however_seldom_one_looks(
    weekdays: frozenset[int],
    every: int,
    rests: list[tuple[int, int]],
    away: list[tuple[int, int]],
    steps: list[int],
) -> None:
    first = date(2026, 11, 26)
    order = Order(first, None, weekdays, None if weekdays else every, 480, 540)
    pauses = [Pause(first + begin * DAY, first + (begin + lasts) * DAY) for begin, lasts in rests]
    absent = [Absence(at(first + begin * DAY), at(first + (begin + lasts) * DAY)) for begin, lasts in away]
    there: dict[date, There] = {}
    today, turn = first, 0
    while today < date(2036, 12, 1):
        lately = dict(list(there.items())[-2 * AHEAD_DAYS :])
        made = changes(wanted(order, pauses, absent, at(today), ZONE), lately, at(today))
        assert (made.alter, made.drop) == ((), ())
        there |= {day: There(len(there), State.OPEN, span) for day, span in made.add}
        today, turn = today + steps[turn % len(steps)] * DAY, turn + 1
    expected = {
        day
        for day in (first + number * DAY for number in range((today - first).days))
        if (day.isoweekday() in weekdays if weekdays else (day - first).days % every == 0)
        and not any(one.holds(day) for one in pauses)
        and not any(one.since <= at(day, 8) and one.until and one.until > at(day, 9) for one in absent)
    }
    assert expected <= there.keys()
    assert {day for day in there if day < today} == expected
    assert all(one.span.open_at.astimezone(ZONE).hour == 8 for one in there.values())
