"""Festivals are proposed in time, by the calendar that the routine goes by."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cloud.visits.campaign import DOUBLE_NINTH, SHOWN_DAYS, Festival, proposed

ZONE: Final = ZoneInfo("Asia/Shanghai")


def near(day: date) -> list[tuple[Festival, date]]:
    return [(one.festival, one.on) for one in proposed(datetime.combine(day, datetime.min.time(), UTC), ZONE)]


def test_each_year_has_its_three_festivals_each_proposed_once() -> None:
    seen = {
        one for number in range(9 * 365 // 30) for one in near(date(2027, 1, 1) + timedelta(days=30 * number))
    }
    by_year = {year: sorted(one.value for one, on in seen if on.year == year) for year in range(2027, 2036)}
    assert all(found == sorted(Festival) for found in by_year.values()), by_year


def test_people_are_asked_after_before_the_festival_and_those_missed_afterwards() -> None:
    (one,) = proposed(datetime(2027, 1, 10, tzinfo=UTC), ZONE)
    assert (one.festival, one.on) == (Festival.SPRING, date(2027, 2, 5))  # the eve of the new year
    asked = one.campaign
    assert asked.since.astimezone(ZONE).date() == date(2027, 1, 26)
    assert asked.by == datetime(2027, 2, 5, tzinfo=ZONE)
    assert asked.until.date() == date(2027, 2, 12)


def test_nothing_is_proposed_where_none_is_near() -> None:
    assert near(date(2027, 4, 1)) == []
    assert near(DOUBLE_NINTH[1] - timedelta(days=SHOWN_DAYS))[-1] == (Festival.DOUBLE_NINTH, DOUBLE_NINTH[1])
