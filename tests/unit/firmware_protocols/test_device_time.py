"""When a measurement was made, and which measurement it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from firmware_protocols.ble import blood_pressure, thermometer
from firmware_protocols.ble.blood_pressure import BloodPressure
from firmware_protocols.ble.device_time import PLAUSIBLE_AGE, DeviceTime, observed_at
from firmware_protocols.ble.thermometer import Temperature
from firmware_protocols.codec import Frame
from firmware_protocols.model import DeviceId

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
AT_HOME = timedelta(hours=8)
TAKEN = DeviceTime(2026, 3, 1, 10, 45, 0)
CUFF = BloodPressure(systolic=120.0, diastolic=80.0, mean=93.0, taken=TAKEN, user=1, status=0)


def frame(payload: bytes = b"", utc_offset: timedelta = AT_HOME) -> Frame:
    return Frame(DeviceId("cuff"), payload, NOW, utc_offset=utc_offset)


def name(measurement: BloodPressure) -> int | None:
    return blood_pressure.decode(frame(blood_pressure.encode(measurement))).once


def test_the_devices_clock_is_local_time() -> None:
    assert observed_at(TAKEN, frame()) == NOW - timedelta(minutes=15)


def test_in_another_zone_the_same_digits_are_in_the_future_and_not_believed() -> None:
    assert observed_at(TAKEN, frame(utc_offset=timedelta())) == NOW


@pytest.mark.parametrize(
    ("age", "believed"),
    [
        (timedelta(), True),
        (timedelta(seconds=-1), False),
        (PLAUSIBLE_AGE, True),
        (PLAUSIBLE_AGE + timedelta(seconds=1), False),
    ],
)
def test_a_time_is_believed_if_it_is_past_and_not_too_long_past(age: timedelta, believed: bool) -> None:
    taken = DeviceTime.of(NOW + AT_HOME - age)
    assert observed_at(taken, frame()) == (NOW - age if believed else NOW)


@pytest.mark.parametrize(
    "taken",
    [None, DeviceTime(0, 0, 0, 0, 0, 0), DeviceTime(2026, 2, 30, 0, 0, 0), DeviceTime(2026, 3, 1, 24, 0, 0)],
)
def test_what_is_no_time_is_now(taken: DeviceTime | None) -> None:
    assert observed_at(taken, frame()) == NOW


@pytest.mark.parametrize("edge", [DeviceTime(1, 1, 1, 0, 0, 0), DeviceTime(9999, 12, 31, 23, 59, 59)])
def test_the_edges_of_the_calendar_do_no_harm(edge: DeviceTime) -> None:
    for hours in (-14, 14):
        assert observed_at(edge, frame(utc_offset=timedelta(hours=hours))) == NOW


def test_a_measurement_keeps_its_name_when_it_is_told_again() -> None:
    again = replace(CUFF, status=blood_pressure.IRREGULAR_PULSE, pulse=72.0)
    assert name(CUFF) == name(again) is not None


@pytest.mark.parametrize(
    "other",
    [
        replace(CUFF, taken=TAKEN._replace(second=1)),
        replace(CUFF, user=2),
        replace(CUFF, user=None),
        replace(CUFF, systolic=121.0),
        replace(CUFF, diastolic=81.0),
        replace(CUFF, mean=94.0),
    ],
    ids=["a second later", "another user", "no user", "systolic", "diastolic", "mean"],
)
def test_another_measurement_has_another_name(other: BloodPressure) -> None:
    assert name(other) != name(CUFF)


def test_without_a_time_nothing_can_be_told_apart() -> None:
    assert name(replace(CUFF, taken=None)) is None


def test_a_cuff_and_a_thermometer_never_share_a_name() -> None:
    temperature = Temperature(value=36.4, taken=TAKEN)
    assert thermometer.decode(frame(thermometer.encode(temperature))).once not in {None, name(CUFF)}
