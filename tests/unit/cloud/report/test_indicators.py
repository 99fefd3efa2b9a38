"""What each indicator counts, by one case that holds everything and what differs from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.incidents.model import OutcomeCode
from cloud.report.cases import BatteryCase, Case, IncidentCase
from cloud.report.indicators import INDICATORS, parts
from tests.unit.cloud.report.case import AT, FALL, MONTH, SEEN, WHO


def counted(case: Case) -> dict[str, tuple[float, float]]:
    return {name: (part, whole) for name, part, whole in parts(case)}


def test_every_indicator_says_what_it_divides_by_what_and_where_its_target_comes_from() -> None:
    for one in INDICATORS.values():
        assert one.numerator, one.name
        assert one.denominator, one.name
        assert one.target is None or one.target.source, one.name


def test_a_fall_that_was_answered_and_helped_in_time_holds_every_target() -> None:
    found = counted(FALL)
    held = [
        "answered_60", "answered_180", "on_the_way", "circle_15", "on_site_45", "on_site_60", "access_5",
        "without_ambulance", "first_rung",
    ]  # fmt: skip
    assert {name: found[name] for name in held} == dict.fromkeys(held, (1, 1))
    assert found["missed_p1"] == (0, 1)
    assert found["false_alarms"] == (0, 1)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("answered_60", {"answered_at": AT + timedelta(seconds=60, milliseconds=1)}),
        ("answered_180", {"answered_at": AT + timedelta(seconds=181)}),
        ("on_the_way", {"coming_at": AT + timedelta(minutes=3, seconds=1)}),
        ("circle_15", {"there_at": AT + timedelta(minutes=16, seconds=1)}),
        ("on_site_45", {"there_at": AT + timedelta(minutes=46, seconds=1)}),
        ("on_site_60", {"there_at": None}),
        ("access_5", {"inside_at": AT + timedelta(minutes=17, seconds=1)}),
        ("access_5", {"inside_at": None}),
        ("first_rung", {"rung": 2}),
    ],
)  # fmt: skip
def test_a_moment_too_late_is_in_the_denominator_only(name: str, changed: dict[str, object]) -> None:
    assert counted(replace(FALL, **changed))[name] == (0, 1)  # type: ignore[arg-type] # fields by name


def test_exactly_in_time_is_in_time() -> None:
    case = replace(FALL, answered_at=AT + timedelta(seconds=60), there_at=AT + timedelta(minutes=16))
    assert counted(case)["answered_60"] == (1, 1)
    assert counted(case)["circle_15"] == (1, 1)


def test_a_p1_that_nobody_answered_within_the_hour_is_missed() -> None:
    assert counted(replace(FALL, answered_at=None))["missed_p1"] == (1, 1)
    assert counted(replace(FALL, answered_at=AT + timedelta(minutes=61)))["missed_p1"] == (1, 1)


@pytest.mark.parametrize(
    "case",
    [
        replace(FALL, raised_at=None, answered_at=None),
        replace(FALL, priority=3),
        replace(FALL, test=True),
    ],
    ids=["called off at home", "not urgent", "a test"],
)
def test_what_calls_nobody_at_once_is_in_no_answer_time(case: IncidentCase) -> None:
    assert not {"answered_60", "on_site_45", "access_5", "missed_p1"} & set(counted(case))


@pytest.mark.parametrize("code", ["C1", "C2", "C3", "D1"])
def test_a_false_alarm_is_one_that_people_called_so(code: str) -> None:
    assert counted(replace(FALL, outcome=code))["false_alarms"] == (1, 1)


def test_a_test_and_what_is_still_open_are_in_no_share_of_outcomes() -> None:
    for outcome in ("D2", None):
        found = counted(replace(FALL, outcome=outcome))
        assert not {"false_alarms", "without_ambulance", "outcome_a2"} & set(found)


def test_the_outcomes_of_one_incident_add_up_to_one() -> None:
    for code in OutcomeCode:
        found = counted(replace(FALL, outcome=code.value))
        shares = [part for name, (part, _) in found.items() if name.startswith("outcome_")]
        assert sum(shares) == (0 if code is OutcomeCode.D2 else 1)


def test_a_home_is_a_repeat_caller_from_the_third_call_on() -> None:
    assert [counted(replace(MONTH, calls=calls)).get("repeat_callers") for calls in (0, 1, 2, 3)] == [
        None,
        (0, 1),
        (0, 1),
        (1, 1),
    ]


def test_a_home_that_was_never_heard_is_not_covered_and_has_no_days() -> None:
    found = counted(replace(MONTH, days=0, heard_days=0, alarms=0, calls=0, paths_heard=0))
    assert found == {"circle_homes": (1, 1), "coverage": (0, 1), "path_tests": (0, 1)}


def test_whoever_was_not_to_be_visited_is_in_no_rate() -> None:
    assert counted(replace(SEEN, visited=False)) == {"visiting_rate": (0, 1), "overdue_days": (0, 1)}
    assert counted(replace(SEEN, owed=False)) == {}


def test_a_battery_that_lasted_a_week_was_told_in_time() -> None:
    assert counted(BatteryCase(WHO, 1, lasted=False)) == {"battery_lead": (0, 1)}
