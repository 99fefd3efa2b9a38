"""Vital signs outside a person's limits: the second reading calls, a cold finger does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocols.model import AlarmKind, AlarmState, DeviceId, Quality, Quantity, Reading
from firmware_protocols.wire.plan import LIMITS
from tests.unit.edge_agent.rules.dwelling import DISTURBANCES, Dwelling, at

VITALS = AlarmKind.VITALS


def measured(*values: float | None, plan: dict[str, Any] | None = None, pause_min: float = 5) -> Dwelling:
    """Oxygen measured once every ``pause_min``."""
    home = Dwelling(at("09:00"), plan or {})
    for value in values:
        home.read("oximeter", Quantity.SPO2, value, "good" if value is not None else "no_value")
        home.wait_min(pause_min)
    return home


@pytest.mark.parametrize(
    ("quantity", "outside", "inside"),
    [
        (Quantity.SPO2, (91, 60), (92, 100)),
        (Quantity.HEART_RATE, (40, 131), (41, 130)),
        (Quantity.PULSE_RATE, (40, 131), (41, 130)),
        (Quantity.RESPIRATION_RATE, (8, 25), (9, 24)),
        (Quantity.SYSTOLIC, (90, 220), (91, 219)),
        (Quantity.BODY_TEMPERATURE, (35.0, 39.1), (35.1, 39.0)),
    ],
)
def test_the_defaults_are_a_single_three_of_news2(
    quantity: Quantity, outside: tuple[float, ...], inside: tuple[float, ...]
) -> None:
    for values, calls in ((outside, 1), (inside, 0)):
        for value in values:
            home = Dwelling(at("09:00"))
            for _ in range(2):
                home.read("cuff", quantity, float(value))
                home.wait_min(5)
            assert len(home.raised(VITALS)) == calls, value


@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_the_second_reading_calls_and_says_what_was_measured(disturbance: str) -> None:
    home = Dwelling(at("09:00"))
    home.read("oximeter", Quantity.SPO2, 88.0)
    home.wait_min(3)
    DISTURBANCES[disturbance](home)
    home.wait_min(2)
    home.read("oximeter", Quantity.SPO2, 87.0)
    (alarm,) = home.raised(VITALS)
    assert (alarm.device, alarm.confirm_s) == ("oximeter", 0)
    assert alarm.evidence == {"quantity": "spo2", "value": 87.0, "limit": 91.0, "count": 1}


def test_one_bad_reading_a_good_one_between_or_one_too_late_call_nobody() -> None:
    assert not measured(88).raised(VITALS)
    assert not measured(88, 96, 88).raised(VITALS)
    assert not measured(88, 88, pause_min=16).raised(VITALS)
    assert measured(88, None, 88).raised(VITALS), "no value is no good value"


def test_what_a_bridge_remembers_is_no_measurement() -> None:
    home = Dwelling(at("09:00"))
    for _ in range(3):
        home.read("oximeter", Quantity.SPO2, 80.0, "estimated")
        home.wait_min(5)
    assert not home.told


def test_sugar_that_is_very_low_calls_at_once_and_out_of_a_meters_memory_never() -> None:
    for minutes_ago, calls in ((0, 1), (59, 1), (61, 0), (60 * 24, 0)):
        home = Dwelling(at("09:00"))
        taken = home.wall - timedelta(minutes=minutes_ago)
        home.see(Reading(DeviceId("meter"), Quantity.GLUCOSE, 2.8, taken, Quality.GOOD))
        assert len(home.raised(VITALS)) == calls, minutes_ago


def test_a_finger_that_slips_for_some_seconds_calls_nobody() -> None:
    home = Dwelling(at("09:00"))
    for second in range(120):
        home.read("oximeter", Quantity.SPO2, 85.0 if 40 <= second < 60 else 97.0)
        home.wait(1)
    assert not home.told


def test_a_radar_must_go_on_saying_so() -> None:
    home = Dwelling(at("09:00"))
    for _ in range(17):
        home.read("radar-bath", Quantity.RESPIRATION_RATE, 27.0)
        home.wait(10)
    assert not home.raised(VITALS)
    home.wait(10)
    home.read("radar-bath", Quantity.RESPIRATION_RATE, 27.0)
    assert len(home.raised(VITALS)) == 1


def test_who_stays_ill_is_one_alarm_that_says_so_again_and_who_falls_ill_later_is_another() -> None:
    home = measured(*[88] * 30)
    assert home.states(VITALS) == [AlarmState.RAISED, AlarmState.UPDATED]
    assert len({alarm.id for alarm in home.alarms(VITALS)}) == 1
    for value in (96.0, 88.0, 88.0):
        home.read("oximeter", Quantity.SPO2, value)
        home.wait_min(5)
    assert len(home.raised(VITALS)) == 1, "soon after is the same trouble"
    for value in (96.0, 96.0, 88.0, 88.0):
        home.read("oximeter", Quantity.SPO2, value)
        home.wait_min(5 if value < 90 else 70)
    assert len(home.raised(VITALS)) == 2


def test_limits_are_the_persons_own() -> None:
    own = {"version": 1, "limits": {"spo2": {"low": 83}, "systolic": {"high": 180, "twice": False}}}
    assert not measured(88, 88, plan=own).raised(VITALS)
    home = measured(83, 83, plan=own)
    assert home.raised(VITALS)[0].evidence["limit"] == 83.0
    home.read("cuff", Quantity.SYSTOLIC, 181.0)
    assert len(home.raised(VITALS)) == 2, "once is enough here"


def test_what_is_not_watched_or_disarmed_is_not_judged() -> None:
    home = measured(88, 88, plan={"version": 1, "rules": {"vitals": {"armed": False}}})
    home.read("cuff", Quantity.DIASTOLIC, 10.0)
    assert not home.raised(VITALS)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(60, 100), st.floats(1, 1200)), max_size=8))
def test_whoever_is_called_for_had_two_readings_outside_in_a_row(readings: list[tuple[float, float]]) -> None:
    home = Dwelling(at("09:00"), devices={"oximeter": ("pulse_oximeter", "")})
    outside: list[float] = []
    for value, pause_s in readings:
        before = len(home.raised(VITALS))
        home.read("oximeter", Quantity.SPO2, value)
        low = LIMITS[Quantity.SPO2].usual.low
        outside = [*outside, value] if low is not None and value <= low else []
        if len(home.raised(VITALS)) > before:
            assert len(outside) >= 2
        home.wait(pause_s)
