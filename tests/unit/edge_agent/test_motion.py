"""The glue to the fall model, with the shipped model."""

from __future__ import annotations

from datetime import timedelta

from edge_agent.falls.candidates import Floats
from edge_agent.motion import QUIET, MotionWatch, load_watch
from edge_agent.rules import FallSign
from edge_agent.rules.upkeep import FAULTS
from firmware_protocols.model import Quantity, Reading
from tests.unit.edge_agent.falls.falling import IMPACT_S, START, fall, packets, walk

BROKEN_OFF = timedelta(seconds=IMPACT_S + 1.5)


def worn(watch: MotionWatch, movement: Floats) -> list[FallSign | Reading]:
    """What the watch says while the packets come; the link breaks one and a half seconds after the impact."""
    windows = [one for one in packets(movement) if one.observed_at - START <= BROKEN_OFF]
    return [sign for window in windows for sign in watch.see(window, window.observed_at)]


def test_a_fall_that_breaks_the_link_is_judged_when_the_wearable_stays_silent() -> None:
    watch = load_watch("waist")
    assert worn(watch, fall()) == []
    assert watch.tick(START + BROKEN_OFF) == []
    (sign,) = watch.tick(START + BROKEN_OFF + QUIET)
    assert abs(sign.observed_at - START - timedelta(seconds=IMPACT_S)) < timedelta(seconds=0.2)
    assert watch.tick(START + BROKEN_OFF + 2 * QUIET) == []


def test_a_wearable_that_is_only_taken_off_raises_nothing() -> None:
    watch = load_watch("waist")
    assert worn(watch, walk()) == []
    assert watch.tick(START + BROKEN_OFF + QUIET) == []


def test_a_sensor_that_cannot_be_believed_is_told_once_and_taken_back() -> None:
    watch = load_watch("waist")
    ill = list(packets(walk(40.0) * 9.81, range_g=200.0))
    well = list(packets(walk(40.0), range_g=200.0, counter=len(ill), start=ill[-1].observed_at))
    told = [sight for window in ill + well for sight in watch.see(window, window.observed_at)]
    assert [(sight.quantity, sight.value) for sight in told if isinstance(sight, Reading)] == [
        (Quantity.PROBLEM, True),
        (Quantity.PROBLEM, False),
    ]
    assert Quantity.PROBLEM in FAULTS
