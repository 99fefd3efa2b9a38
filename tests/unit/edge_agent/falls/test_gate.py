"""A sensor that cannot be believed: its peaks are not judged, and it is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge_agent.falls.candidates import Floats
from edge_agent.falls.detector import FallDetector
from edge_agent.falls.gate import CONSTANT_S, SensorFault
from edge_agent.falls.model import load_model
from firmware_protocols.model import MotionWindow
from tests.unit.edge_agent.falls.falling import DEVICE, fall, packets, rotated, walk


def after(windows: list[MotionWindow]) -> FallDetector:
    """A detector that has heard ``windows`` and found nothing in them."""
    detector = FallDetector(load_model("waist"))
    assert [finding for window in windows for finding in detector.feed(window)] == []
    return detector


def in_metres_per_second_squared(samples: Floats) -> Floats:
    return samples * 9.81


def in_milli_g_taken_for_micro_g(samples: Floats) -> Floats:
    return samples / 1000


def clipped(samples: Floats) -> Floats:
    """An amplifier that has failed: one axis rests at the end of its range."""
    stuck = samples.copy()
    stuck[:, 0] = 2.0
    return stuck


def test_before_ten_seconds_nothing_is_said_of_a_sensor() -> None:
    assert after(list(packets(walk(9.0)))).fault(DEVICE) is None


@pytest.mark.parametrize("movement", [walk(60.0), rotated(walk(60.0))])
def test_a_sensor_on_a_body_has_no_fault(movement: Floats) -> None:
    assert after(list(packets(movement))).fault(DEVICE) == ""


def test_a_fall_is_no_fault() -> None:
    detector = FallDetector(load_model("waist"))
    found = [finding for window in packets(fall(30.0)) for finding in detector.feed(window)]
    assert len(found) == 1
    assert detector.fault(DEVICE) == ""
    assert not detector.gated


def test_a_wrong_unit_is_shown_and_its_peaks_are_not_judged() -> None:
    falls = np.concatenate([fall(), fall(), walk(20.0)])
    detector = after(list(packets(in_metres_per_second_squared(falls), range_g=200.0)))
    assert detector.fault(DEVICE) == SensorFault.NO_GRAVITY
    assert detector.gated[SensorFault.NO_GRAVITY] > 0


def test_a_unit_that_leaves_nothing_of_gravity_is_shown() -> None:
    detector = after(list(packets(in_milli_g_taken_for_micro_g(walk(30.0)))))
    assert detector.fault(DEVICE) == SensorFault.NO_GRAVITY


def test_a_clipped_sensor_is_shown_and_its_peaks_are_not_judged() -> None:
    detector = after(list(packets(clipped(np.concatenate([fall(), fall()])), range_g=2.0)))
    assert detector.fault(DEVICE) == SensorFault.CLIPPED
    assert detector.gated[SensorFault.CLIPPED] > 0


def test_a_sensor_that_says_the_same_for_ten_minutes_is_shown() -> None:
    same = np.tile([0.0, 0.6, 0.8], (round((CONSTANT_S + 20) * 50), 1))
    shorter = same[: round((CONSTANT_S - 20) * 50)]
    assert after(list(packets(shorter))).fault(DEVICE) == ""
    assert after(list(packets(same))).fault(DEVICE) == SensorFault.CONSTANT


def test_a_sensor_that_changes_its_value_now_and_then_is_not_constant() -> None:
    steps = np.tile([0.0, 0.6, 0.8], (round((CONSTANT_S + 20) * 50), 1))
    steps[15_000:, 2] += 0.016
    assert after(list(packets(steps))).fault(DEVICE) == ""


def test_packets_that_no_sensor_can_have_measured_are_shown() -> None:
    wrong = [replace(window, range_g=0.5) for window in packets(walk(12.0))]
    assert after(wrong).fault(DEVICE) == SensorFault.REFUSED


def test_a_sensor_is_believed_again_when_it_is_well() -> None:
    ill = list(packets(in_metres_per_second_squared(walk(20.0)), range_g=200.0))
    well = list(packets(walk(30.0), range_g=200.0, counter=len(ill), start=ill[-1].observed_at))
    assert after(ill + well).fault(DEVICE) == ""
