"""What cannot be true is told apart from the person, by its fault."""

from __future__ import annotations

import pytest

from cloud.detect.vitals.gate import sift
from cloud.detect.vitals.model import Sample
from firmware_protocols.model import Quality, Quantity
from tests.unit.cloud.detect.measuring import looked, sample

FAULTS = [
    (sample(Quantity.SPO2, None, quality=Quality.NOT_WORN), "not_worn"),
    (sample(Quantity.SPO2, None, quality=Quality.NO_VALUE), "no_value"),
    (sample(Quantity.SPO2, None, quality=Quality.OUT_OF_RANGE), "implausible"),
    (sample(Quantity.SPO2, 0.97), "wrong_unit"),
    (sample(Quantity.BODY_TEMPERATURE, 98.6), "wrong_unit"),
    (sample(Quantity.SYSTOLIC, 16.5), "wrong_unit"),
    (sample(Quantity.BODY_TEMPERATURE, 45), "clipped"),
    (sample(Quantity.HEART_RATE, 250), "clipped"),
    (sample(Quantity.BODY_TEMPERATURE, 24), "implausible"),
    (sample(Quantity.BODY_WEIGHT, 12), "implausible"),
]


@pytest.mark.parametrize(("one", "fault"), FAULTS)
def test_a_sample_that_cannot_be_true_has_its_fault(one: Sample, fault: str) -> None:
    good, gated = sift([one])
    assert (good, [gate.fault.value for gate in gated]) == ([], [fault])


def test_a_full_saturation_is_no_sensor_at_its_end() -> None:
    assert sift([sample(Quantity.SPO2, 100)])[1] == []


@pytest.mark.parametrize(
    ("systolic", "diastolic", "loose"), [(88, 82, True), (118, 76, False), (190, 40, True)]
)
def test_a_cuff_that_sits_loose_says_two_numbers_that_do_not_fit(
    systolic: float, diastolic: float, *, loose: bool
) -> None:
    good, gated = sift([sample(Quantity.SYSTOLIC, systolic), sample(Quantity.DIASTOLIC, diastolic)])
    assert len(gated) == (2 if loose else 0)
    assert len(good) == (0 if loose else 2)


def test_a_cold_finger_is_not_scored_and_a_warm_one_is() -> None:
    cold = [sample(Quantity.SPO2, 84), sample(Quantity.PULSE_AMPLITUDE, 0.1)]
    warm = [sample(Quantity.SPO2, 84), sample(Quantity.PULSE_AMPLITUDE, 3.0)]
    assert [gate.fault.value for gate in sift(cold)[1]] == ["weak_signal"]
    assert [one.value for one in sift(warm)[0]] == [84]


def test_a_pulse_that_never_changes_is_a_sensor_that_hangs() -> None:
    hung = [sample(Quantity.HEART_RATE, 44, minutes_ago=n / 2) for n in range(40)]
    alive = [sample(Quantity.HEART_RATE, 44 + n % 2, minutes_ago=n / 2) for n in range(40)]
    assert {gate.fault.value for gate in sift(hung)[1]} == {"constant"}
    assert sift(alive)[1] == []


def test_what_is_gated_is_asked_for_again_and_calls_nobody() -> None:
    judged = looked(sample(Quantity.SYSTOLIC, 88), sample(Quantity.DIASTOLIC, 82))
    assert {(one.rule.value, one.priority, one.confirmed) for one in judged.findings} == {
        ("unusable", None, False)
    }
