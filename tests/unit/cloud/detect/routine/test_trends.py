"""What weeks show, and what they only seem to show: rows 10, 11, 14, 15 and 16 of the domain table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest

from cloud.detect.routine.findings import Trend
from cloud.detect.routine.grid import DAY_S, HOUR, SLOTS, Bools, Floats, Place
from cloud.detect.routine.history import Calendar, History, known
from cloud.detect.routine.quarters import UNKNOWN, Bytes
from cloud.detect.routine.trends import see_trends
from tests.unit.cloud.detect.routine.lives import MIDNIGHT, lived

DAYS = 50
SLEEP = (22, 7)

Change = Callable[[Floats, Bytes], None]


def days() -> tuple[Floats, Bytes]:
    """Regular days: up at seven, to bed at ten, once to the bathroom at three, out at nine for an hour."""
    seconds, places = lived(DAYS)
    counts: Floats = np.zeros((DAYS, SLOTS, len(Place)))
    np.add.at(counts, (seconds // DAY_S, seconds % DAY_S // 900, places), 1)
    counts[:, 3 * HOUR, Place.BATHROOM] = 1
    goes_out(counts, range(DAYS))
    in_bed = np.full((DAYS, SLOTS), UNKNOWN, dtype=np.uint8)
    return counts, in_bed


def goes_out(counts: Floats, when: range) -> None:
    for day in when:
        counts[day, 9 * HOUR : 10 * HOUR] = 0
        counts[day, 9 * HOUR, Place.FRONT_DOOR] = 2


def stays_in(counts: Floats, when: range) -> None:
    for day in when:
        counts[day, 9 * HOUR : 10 * HOUR, Place.LIVING] = 1
        counts[day, :, Place.FRONT_DOOR] = 0


def nights(counts: Floats, when: range, hours: range) -> None:
    for day in when:
        for hour in hours:
            counts[day, hour * HOUR, Place.BATHROOM] = 1


def seen(change: Change, heard: Bools | None = None) -> set[Trend | str]:
    counts, in_bed = days()
    change(counts, in_bed)
    listening = np.ones((DAYS, SLOTS), dtype=np.bool_) if heard is None else heard
    history: History = known(counts, listening, midnight=MIDNIGHT, calendar=Calendar())
    return {one.kind for one in see_trends(history, in_bed, MIDNIGHT + timedelta(seconds=DAYS * DAY_S))}


def test_days_like_any_other_show_no_trend() -> None:
    assert seen(lambda _counts, _bed: None) == set()


def test_row_10_the_bathroom_four_times_on_two_nights_of_three() -> None:
    assert Trend.TOILETING in seen(lambda counts, _: nights(counts, range(DAYS - 2, DAYS), range(6)))


def test_row_10_a_pot_of_tea_on_one_evening_is_no_trend() -> None:
    assert seen(lambda counts, _: nights(counts, range(DAYS - 1, DAYS), range(6))) == set()


def guests(counts: Floats, _: Bytes) -> None:
    nights(counts, range(DAYS - 2, DAYS), range(6))
    counts[DAYS - 2 :, 8 * HOUR : 22 * HOUR, :6] = 2


def test_row_10_guests_who_use_the_bathroom_are_no_trend() -> None:
    assert Trend.TOILETING not in seen(guests)


def on_the_mat(nights_awake: int) -> Change:
    def change(_: Floats, in_bed: Bytes) -> None:
        in_bed[:] = 0
        in_bed[:, SLEEP[0] * HOUR :] = in_bed[:, : SLEEP[1] * HOUR] = 100
        in_bed[DAYS - nights_awake :, 1 * HOUR : 4 * HOUR] = 0

    return change


def test_row_11_three_hours_less_in_bed_for_three_nights() -> None:
    assert Trend.SLEEP in seen(on_the_mat(3))


def test_row_11_two_hot_nights_are_no_trend() -> None:
    assert seen(on_the_mat(2)) == set()


def less_moved(days: int) -> Change:
    def change(counts: Floats, _: Bytes) -> None:
        counts[DAYS - days :, 1::2] = 0
        goes_out(counts, range(DAYS - days, DAYS))

    return change


def test_row_14_a_third_less_movement_for_two_weeks() -> None:
    assert Trend.MOBILITY in seen(less_moved(14))


def test_row_14_five_days_of_rain_are_no_trend() -> None:
    assert Trend.MOBILITY not in seen(less_moved(5))


def test_row_15_no_more_outings_for_two_weeks() -> None:
    assert Trend.WITHDRAWAL in seen(lambda counts, _: stays_in(counts, range(DAYS - 15, DAYS)))


def test_row_15_a_week_of_bad_weather_is_no_trend() -> None:
    assert seen(lambda counts, _: stays_in(counts, range(DAYS - 7, DAYS))) == set()


@pytest.mark.parametrize("first", range(5))
def test_row_15_whoever_only_goes_to_market_every_fifth_day_does_not_withdraw(first: int) -> None:
    def change(counts: Floats, _: Bytes) -> None:
        stays_in(counts, range(DAYS))
        goes_out(counts, range(first, DAYS, 5))

    assert seen(change) == set()


def turned_round(days: int) -> Change:
    def change(counts: Floats, _: Bytes) -> None:
        for day in range(DAYS - days, DAYS):
            counts[day, : 6 * HOUR, Place.LIVING] = 1
            counts[day, 10 * HOUR : 16 * HOUR : 2] = 0

    return change


def test_row_16_a_week_of_days_and_nights_that_change_places() -> None:
    assert Trend.REVERSAL in seen(turned_round(7))


def test_row_16_guests_on_three_nights_are_no_reversal() -> None:
    assert Trend.REVERSAL not in seen(turned_round(3))


def test_what_was_not_heard_is_no_trend() -> None:
    silent = np.ones((DAYS, SLOTS), dtype=np.bool_)
    silent[DAYS - 14 :] = False
    assert seen(less_moved(14), silent) == set()
