"""The score as the Royal College of Physicians prints it, and what it says of what is missing."""

from __future__ import annotations

import pytest

from cloud.detect.vitals.model import Person
from cloud.detect.vitals.news2 import Parameter, score
from firmware_protocols.model import Quantity
from tests.unit.cloud.detect.measuring import found, rules, sample

EDGES: list[tuple[Parameter, list[tuple[float, int]]]] = [
    (Parameter.RESPIRATION, [(8, 3), (9, 1), (11, 1), (12, 0), (20, 0), (21, 2), (24, 2), (25, 3)]),
    (Parameter.SPO2, [(91, 3), (92, 2), (93, 2), (94, 1), (95, 1), (96, 0), (100, 0)]),
    (Parameter.SYSTOLIC, [(90, 3), (91, 2), (100, 2), (101, 1), (110, 1), (111, 0), (219, 0), (220, 3)]),
    (
        Parameter.PULSE,
        [(40, 3), (41, 1), (50, 1), (51, 0), (90, 0), (91, 1), (110, 1), (111, 2), (130, 2), (131, 3)],
    ),
    (
        Parameter.TEMPERATURE,
        [(35.0, 3), (35.1, 1), (36.0, 1), (36.1, 0), (38.0, 0), (38.1, 1), (39.0, 1), (39.1, 2)],
    ),
]


@pytest.mark.parametrize(
    ("parameter", "value", "points"),
    [(parameter, value, points) for parameter, edges in EDGES for value, points in edges],
)
def test_each_band_begins_and_ends_where_the_chart_says(
    parameter: Parameter, value: float, points: int
) -> None:
    assert score({parameter: value}).points == {parameter: points}


@pytest.mark.parametrize(
    ("value", "on_air", "on_oxygen"),
    [(83, 3, 3), (85, 2, 2), (87, 1, 1), (88, 0, 0), (92, 0, 0), (94, 0, 1), (96, 0, 2), (97, 0, 3)],
)
def test_scale_two_asks_whether_there_is_oxygen(value: float, on_air: int, on_oxygen: int) -> None:
    for oxygen, points in ((False, on_air), (True, on_oxygen)):
        assert score({Parameter.SPO2: value}, scale2=True, oxygen=oxygen).points[Parameter.SPO2] == points


def test_what_scale_two_cannot_know_is_missing_and_not_normal() -> None:
    assert score({Parameter.SPO2: 95}, scale2=True).points == {}
    assert score({Parameter.SPO2: 86}, scale2=True).points == {Parameter.SPO2: 1}


def test_a_partial_score_says_how_many_of_the_seven_it_knows() -> None:
    partial = score({Parameter.PULSE: 95, Parameter.SPO2: 95})
    assert (partial.total, partial.n) == (2, 2)
    assert score({Parameter.PULSE: 95}, oxygen=True).n == 2


ILL = (
    sample(Quantity.SPO2, 92, device=1),
    sample(Quantity.PULSE_RATE, 118, device=1),
    sample(Quantity.SYSTOLIC, 98, device=2),
    sample(Quantity.BODY_TEMPERATURE, 38.4, device=3),
)


def test_an_emergency_that_three_devices_agree_on_needs_no_second_measurement() -> None:
    (emergency,) = [one for one in found(*ILL) if one.rule == "news2_emergency"]
    assert emergency.confirmed
    assert (emergency.numbers["total"], emergency.numbers["known"], emergency.numbers["of"]) == (7, 4, 7)
    assert len(emergency.rows) == 4


def test_a_single_slipped_finger_is_not_believed_at_once() -> None:
    slipped = rules(sample(Quantity.SPO2, 85), sample(Quantity.PULSE_RATE, 135))
    assert ("news2_urgent", False) in slipped
    assert not any(confirmed for _, confirmed in slipped)


def test_what_was_measured_two_hours_ago_is_not_scored() -> None:
    assert rules(sample(Quantity.SPO2, 85, minutes_ago=120)) == set()


def test_scale_two_is_used_only_where_the_record_says_so() -> None:
    twice = (sample(Quantity.SPO2, 89), sample(Quantity.SPO2, 90, minutes_ago=5))
    assert rules(*twice) == {("news2_single", True)}
    assert rules(*twice, person=Person(scale2=True)) == set()
