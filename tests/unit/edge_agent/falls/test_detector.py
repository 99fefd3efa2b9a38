"""The detector as the gateway uses it: the shipped model on invented movements."""

from __future__ import annotations

import logging
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from edge_agent.falls.detector import HOLD_OFF, MOST_DEVICES, FallDetector, FallFinding, judge
from edge_agent.falls.model import load_model
from edge_agent.falls.stream import Arrival, MotionStream
from firmware_protocols.model import DeviceId, MotionWindow
from tests.unit.edge_agent.falls.falling import DEVICE, IMPACT_S, START, fall, packets, rotated, walk


def found_in(windows: list[MotionWindow]) -> list[FallFinding]:
    detector = FallDetector(load_model("waist"))
    return [finding for window in windows for finding in detector.feed(window)]


def test_a_fall_is_found_once_with_its_time_and_its_numbers() -> None:
    (finding,) = found_in(list(packets(fall())))
    assert finding.at == START + timedelta(seconds=IMPACT_S)
    assert timedelta(seconds=3) <= finding.decided_at - finding.at <= timedelta(seconds=3.5)
    assert finding.probability >= load_model("waist").threshold
    assert finding.peak_g == pytest.approx(6.1, abs=0.1)
    assert finding.numbers["turn_total"] == pytest.approx(90, abs=3)
    assert finding.numbers["bridged"] == 0


def test_the_impact_after_a_judged_stumble_is_the_one_that_is_told() -> None:
    samples = fall()
    samples[round((IMPACT_S - 1.2) * 50)] = [1.5, 0.0, 1.5]
    stream = MotionStream()
    stumble, impact = (candidate for window in packets(samples) for candidate in stream.feed(window)[1])
    for candidate in (stumble, impact):
        finding = judge(load_model("waist"), candidate)
        assert finding.at == START + timedelta(seconds=IMPACT_S)
        assert finding.peak_g == pytest.approx(6.1, abs=0.1)


def test_walking_and_lying_are_no_fall() -> None:
    assert found_in(list(packets(walk(120.0)))) == []
    assert found_in(list(packets(np.tile([0.0, 1.0, 0.0], (3000, 1))))) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_fall_is_found_however_the_sensor_is_worn(seed: int) -> None:
    assert len(found_in(list(packets(rotated(fall(), seed))))) == 1


def test_a_fall_is_found_although_one_packet_was_lost() -> None:
    windows = list(packets(fall()))
    del windows[9]
    assert len(found_in(windows)) == 1


def test_a_second_impact_within_the_hold_off_is_the_same_fall() -> None:
    twice = np.concatenate([fall(8.5), fall(12.0)])
    assert len(found_in(list(packets(twice)))) == 1


def test_a_second_fall_after_the_hold_off_is_found_too() -> None:
    pause = np.tile([0.0, 0.0, 1.0], (round(HOLD_OFF.total_seconds() * 50), 1))
    assert len(found_in(list(packets(np.concatenate([fall(), pause, fall()]))))) == 2


def test_two_wearers_do_not_disturb_each_other() -> None:
    one = list(packets(fall()))
    other = list(packets(walk(), device=DeviceId("other"), counter=900))
    mixed = [window for pair in zip(one, other, strict=True) for window in pair]
    assert found_in(mixed) == found_in(one)


def test_an_impact_before_the_link_is_lost_is_judged_when_told_so() -> None:
    detector = FallDetector(load_model("waist"))
    soon = START + timedelta(seconds=IMPACT_S + 1.6)
    for window in packets(fall()):
        if window.observed_at <= soon:
            assert detector.feed(window) == []
    assert [finding.at for finding in detector.finish(DEVICE)] == [START + timedelta(seconds=IMPACT_S)]
    assert detector.finish(DEVICE) == []
    assert detector.finish(DeviceId("unknown")) == []


def test_a_device_may_have_a_threshold_of_its_own() -> None:
    probability = found_in(list(packets(fall())))[0].probability
    own: dict[str, float] = {DEVICE: min(probability + 0.001, 1.0)}
    assert FallDetector(load_model("waist"), own).model.threshold < probability
    strict, lax = FallDetector(load_model("waist"), own), FallDetector(load_model("waist"), {"other": 1.0})
    assert [one for window in packets(fall()) for one in strict.feed(window)] == []
    assert len([one for window in packets(fall()) for one in lax.feed(window)]) == 1


def test_only_so_many_devices_are_remembered() -> None:
    detector = FallDetector(load_model("waist"))
    (window,) = packets(walk(0.5))
    for number in range(MOST_DEVICES + 10):
        detector.feed(replace(window, device=DeviceId(f"d{number}")))
    assert len(detector._wearers) == MOST_DEVICES


def test_a_device_that_sends_nonsense_is_logged_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    detector = FallDetector(load_model("waist"))
    with caplog.at_level(logging.WARNING):
        for window in packets(walk(5.0)):
            assert detector.feed(replace(window, rate_hz=-1.0)) == []
    assert detector.arrivals == {Arrival.REFUSED: 10}
    assert len(caplog.records) == 1


def test_the_detector_needs_no_scikit_learn() -> None:
    program = (
        "import sys; from edge_agent.falls.detector import FallDetector;"
        "from edge_agent.falls.model import load_model; FallDetector(load_model('waist'));"
        "sys.exit(any(name.split('.')[0] in {'sklearn', 'scipy', 'joblib'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
