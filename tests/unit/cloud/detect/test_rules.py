"""Fever, pressure, weight and what is usual for one person, each at its edge."""

from __future__ import annotations

import pytest

from cloud.detect.vitals.model import Limit, Person
from firmware_protocols.model import Quantity
from tests.unit.cloud.detect.measuring import days, found, rules, sample

TEMPERATURE = Quantity.BODY_TEMPERATURE


@pytest.mark.parametrize(
    ("celsius", "rule"),
    [(37.2, set()), (37.8, set()), (37.9, {("fever", True)}), (39.1, {("fever_high", True)})],
)
def test_one_measurement_above_37_8_is_fever_in_an_older_adult(
    celsius: float, rule: set[tuple[str, bool]]
) -> None:
    assert rules(sample(TEMPERATURE, celsius)) == rule


def test_37_3_again_after_four_hours_is_fever_and_after_one_is_not_yet() -> None:
    assert rules(sample(TEMPERATURE, 37.3), sample(TEMPERATURE, 37.4, minutes_ago=300)) == {
        ("fever_repeated", True)
    }
    assert rules(sample(TEMPERATURE, 37.3), sample(TEMPERATURE, 37.4, minutes_ago=60)) == set()


def test_a_normal_measurement_between_ends_what_was_repeated() -> None:
    between = sample(TEMPERATURE, 36.6, minutes_ago=150)
    assert rules(sample(TEMPERATURE, 37.3), between, sample(TEMPERATURE, 37.4, minutes_ago=300)) == set()


def test_a_rise_over_the_persons_own_baseline_is_fever_below_37() -> None:
    own = days(TEMPERATURE, [35.8, 35.7, 35.9, 35.8, 35.8, 35.7, 35.8])
    assert rules(sample(TEMPERATURE, 37.0), past=own) == {("fever_rise", True)}
    assert rules(sample(TEMPERATURE, 36.8), past=own) == set()
    assert rules(sample(TEMPERATURE, 37.0), past=own[1:]) == set()  # six days are no baseline


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (184, 178, {("level", True)}),
        (184, 186, {("pressure_high", True)}),
        (None, 186, {("pressure_high", False)}),
        (None, 98, {("pressure_low", False)}),
        (97, 98, {("pressure_low", True)}),
        (None, 134, set()),
    ],
)
def test_pressure_is_believed_the_second_time(
    first: float | None, second: float, expected: set[tuple[str, bool]]
) -> None:
    earlier = [] if first is None else [sample(Quantity.SYSTOLIC, first, minutes_ago=5)]
    assert rules(sample(Quantity.SYSTOLIC, second), *earlier) == expected


def test_somebody_whose_pressure_is_always_low_is_not_told_of_daily() -> None:
    low = (sample(Quantity.SYSTOLIC, 99), sample(Quantity.SYSTOLIC, 98, minutes_ago=5))
    assert ("pressure_low", True) in rules(*low)
    assert ("pressure_low", True) not in rules(*low, past=days(Quantity.SYSTOLIC, [104] * 10))


def test_the_mean_of_a_week_is_told_from_the_fourth_day() -> None:
    assert rules(sample(Quantity.SYSTOLIC, 138), past=days(Quantity.SYSTOLIC, [137, 140, 139])) == {
        ("pressure_mean", True)
    }
    assert rules(sample(Quantity.SYSTOLIC, 138), past=days(Quantity.SYSTOLIC, [137, 140])) == set()


def test_weight_that_climbs_is_told_and_one_that_jumps_is_weighed_again() -> None:
    climbing = days(Quantity.BODY_WEIGHT, [61.0, 61.9, 62.6])
    assert rules(sample(Quantity.BODY_WEIGHT, 63.1), past=climbing) == {("weight_gain", True)}
    steady = days(Quantity.BODY_WEIGHT, [61.0, 61.1, 61.0])
    assert rules(sample(Quantity.BODY_WEIGHT, 63.2), past=steady) == {("weight_gain", False)}
    twice = sample(Quantity.BODY_WEIGHT, 63.3, minutes_ago=2)
    assert rules(sample(Quantity.BODY_WEIGHT, 63.2), twice, past=steady) == {("weight_gain", True)}


def test_weight_that_falls_is_told_too() -> None:
    assert rules(sample(Quantity.BODY_WEIGHT, 58.8), past=days(Quantity.BODY_WEIGHT, [61.0, 60.1, 59.6])) == {
        ("weight_loss", True)
    }


def test_what_is_far_from_the_persons_own_weeks_is_told_and_one_bad_day_changes_nothing() -> None:
    own = days(Quantity.PULSE_RATE, [62, 60, 61, 63, 180, 62, 61, 60, 62])
    twice = (sample(Quantity.PULSE_RATE, 88), sample(Quantity.PULSE_RATE, 90, minutes_ago=5))
    (one,) = found(*twice, past=own)
    assert (one.rule.value, one.confirmed, one.numbers["usual"], one.numbers["days"]) == (
        "unusual",
        True,
        62,
        9,
    )
    assert rules(*twice, past=own[-6:]) == set()  # six days are not usual yet


def test_a_drift_of_the_resting_pulse_is_a_note_for_the_doctor() -> None:
    own = days(Quantity.PULSE_RATE, [*[60.0] * 20, *[72.0] * 6])
    (one,) = found(sample(Quantity.PULSE_RATE, 72), past=own)
    assert (one.rule.value, one.priority, one.numbers["middle"], one.numbers["before"]) == (
        "drift",
        4,
        72,
        60,
    )


def test_a_named_clinicians_limit_replaces_the_levels_of_its_quantity() -> None:
    limits = {Quantity.SYSTOLIC: Limit(None, 175, "欧阳医生")}
    high = (sample(Quantity.SYSTOLIC, 168), sample(Quantity.SYSTOLIC, 166, minutes_ago=5))
    assert rules(*high) == {("level", True)}
    assert rules(*high, person=Person(limits=limits)) == set()


def test_only_the_gravest_of_one_quantity_is_told() -> None:
    twice = (sample(Quantity.SYSTOLIC, 88), sample(Quantity.SYSTOLIC, 86, minutes_ago=5))
    assert rules(*twice, past=days(Quantity.SYSTOLIC, [130] * 10)) == {("news2_single", True)}


def test_a_sensor_that_never_stops_counts_by_its_median() -> None:
    spiky = [sample(Quantity.RESPIRATION_RATE, 16, minutes_ago=n / 4) for n in range(1, 40)]
    assert rules(sample(Quantity.RESPIRATION_RATE, 40), *spiky) == set()


def test_the_mean_of_a_week_does_not_hide_that_today_is_to_be_measured_again() -> None:
    assert rules(sample(Quantity.SYSTOLIC, 164), past=days(Quantity.SYSTOLIC, [150] * 6)) == {
        ("level", False),
        ("pressure_mean", True),
    }


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (None, 5.4, set()),
        (None, 3.0, {("sugar_very_low", True)}),
        (None, 3.9, {("sugar_low", False)}),
        (3.8, 3.7, {("sugar_low", True)}),
        (3.5, 4.6, set()),
        (None, 17.0, {("sugar_high", False)}),
        (18.2, 17.0, {("sugar_high", True)}),
        (None, 33.3, {("sugar_very_high", True)}),
        (None, 36.0, {("sugar_very_high", True)}),
        (None, 0.5, {("sugar_very_low", True)}),
    ],
)
def test_low_sugar_waits_for_a_second_drop_of_blood_only_where_there_is_time(
    first: float | None, second: float, expected: set[tuple[str, bool]]
) -> None:
    earlier = [] if first is None else [sample(Quantity.GLUCOSE, first, minutes_ago=15)]
    assert rules(sample(Quantity.GLUCOSE, second), *earlier) == expected


def test_sugar_is_judged_by_a_clinicians_limits_where_there_are_any() -> None:
    own = Person(limits={Quantity.GLUCOSE: Limit(4.5, 20, "Dr Wu")})
    assert rules(sample(Quantity.GLUCOSE, 17.0), person=own) == set()
    assert rules(sample(Quantity.GLUCOSE, 4.4), person=own) == {("clinician_limit", False)}
