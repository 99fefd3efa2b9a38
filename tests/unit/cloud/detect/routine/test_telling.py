"""What is told, when a home is looked at, and in which words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from cloud.detect.routine.findings import BEHAVIOUR, URGENCY, Kind, Trend, finding
from cloud.detect.routine.follow import Before, to_tell
from cloud.detect.routine.history import DayType
from cloud.detect.routine.times import calendar, look_at, next_look
from cloud.festivals import FESTIVALS
from dashboards.words import LOCALES, catalogue
from tests.unit.cloud.detect.routine.lives import MIDNIGHT

SHANGHAI: Final = "Asia/Shanghai"
NIGHT = MIDNIGHT + timedelta(days=1)


def found(kind: Kind | Trend, at: datetime = NIGHT) -> Before:
    return Before(kind.value, URGENCY[kind].priority, at - timedelta(hours=12), at)


def test_one_day_is_one_alert_and_the_gravest_is_told() -> None:
    both = [finding(kind, {}, MIDNIGHT, NIGHT) for kind in (Kind.HALF_ACTIVITY, Kind.NO_MEALS)]
    assert [one.kind for one in to_tell(both, (), NIGHT)] == [Kind.NO_MEALS]


def test_what_is_graver_than_what_was_told_of_the_day_is_told_too() -> None:
    fell = finding(Kind.COLLAPSE, {}, MIDNIGHT + timedelta(hours=20), NIGHT)
    earlier = found(Kind.NO_MEALS)
    assert to_tell([fell], [earlier], NIGHT) == (fell,)
    assert to_tell([replace(fell, kind=Kind.HALF_ACTIVITY, priority=4)], [earlier], NIGHT) == ()


def test_the_same_trend_is_not_told_again_within_its_cool_down() -> None:
    again = finding(Trend.TOILETING, {}, MIDNIGHT, NIGHT)
    assert to_tell([again], [found(Trend.TOILETING, NIGHT - timedelta(days=6))], NIGHT) == ()
    assert to_tell([again], [found(Trend.TOILETING, NIGHT - timedelta(days=8))], NIGHT) == (again,)
    worse = replace(again, priority=3)
    assert to_tell([worse], [found(Trend.TOILETING, NIGHT - timedelta(days=1))], NIGHT) == (worse,)


def test_a_trend_and_a_day_are_two_things() -> None:
    both = [finding(kind, {}, MIDNIGHT, NIGHT) for kind in (Trend.MOBILITY, Kind.HALF_ACTIVITY)]
    assert len(to_tell(both, (), NIGHT)) == 2


def test_looks_follow_the_full_hours_of_the_day_and_two_in_the_night() -> None:
    at, looks = datetime(2026, 3, 2, 15, 10, tzinfo=UTC), list[str]()
    for _ in range(21):
        at = next_look(look_at(at, SHANGHAI))
        looks.append(f"{at.astimezone(look_at(at, SHANGHAI).midnight.tzinfo):%H:%M}")
    assert looks == ["00:05", "02:05", *(f"{hour:02}:05" for hour in range(6, 24)), "00:05"]


def test_midnight_closes_the_day_before() -> None:
    look = look_at(datetime(2026, 3, 2, 16, 5, tzinfo=UTC), SHANGHAI)
    assert (look.of_day.date(), look.waking) == (date(2026, 3, 2), True)
    assert not look.judges_yesterday(date(2026, 3, 1))
    assert look_at(datetime(2026, 3, 2, 18, 5, tzinfo=UTC), SHANGHAI).judges_yesterday(date(2026, 3, 1))


def test_festivals_and_market_days_are_days_of_their_own() -> None:
    known = calendar(date(2026, 3, 2), FESTIVALS)
    seen = [known.type_of(day) for day in (date(2026, 2, 16), date(2027, 2, 12), date(2026, 3, 7))]
    assert seen == [DayType.FESTIVAL, DayType.FESTIVAL, DayType.MARKET]


SENTENCES: Final = {
    **{f"routine_{kind}": {"now", "usual"} for kind in BEHAVIOUR[2:]},
    **{f"routine_{kind}": {"quiet_h", "usual"} for kind in BEHAVIOUR[:2]},
    **{f"routine_{kind}_first_week": {"quiet_h"} for kind in BEHAVIOUR[:2]},
    "routine_no_meals_first_week": {"now"},
    "trend_toileting": {"now", "usual", "nights"},
    "trend_sleep": {"now_h", "usual_h", "exits", "usual_exits"},
    "trend_mobility": {"now", "usual", "percent"},
    "trend_withdrawal": {"now", "usual", "days"},
    "trend_reversal": {"now", "usual", "days"},
}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_finding_has_a_sentence_of_numbers_that_it_carries(locale: str) -> None:
    words = catalogue(locale)
    for key, numbers in SENTENCES.items():
        assert set(re.findall(r"{(\w+)}", words[f"finding.{key}"])) <= numbers, key
