"""Encoders refuse what their format cannot carry, instead of sending something else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from firmware_protocols.ble import (
    battery,
    device_information,
    heart_rate,
    motion,
    pendant,
    pulse_oximeter,
    sealed,
)
from firmware_protocols.ble.device_information import Fact, Line
from firmware_protocols.ble.heart_rate import HeartRate
from firmware_protocols.ble.pulse_oximeter import Pair, Spot
from firmware_protocols.codec import Frame
from firmware_protocols.model import DeviceId, MotionWindow
from firmware_protocols.serial import ld2410, ld2450, micradar, tinyframe
from tests.vectors import Vector, load

WINDOW = MotionWindow(DeviceId("wrist"), datetime(2026, 3, 1, tzinfo=UTC), 1, 50.0, 8.0, ((0, 0, 1000),))


@pytest.mark.parametrize("vector", [v for v in load("heart_rate") if v.refused is None], ids=str)
def test_a_heart_rate_is_written_as_the_golden_frames_are(vector: Vector) -> None:
    payload = vector.frame.payload
    assert heart_rate.encode(heart_rate.parse(payload)) == payload


def _golden(codec: str) -> list[bytes]:
    """Our own frames, which take the shortest form of each number; others may write 100 as 1000e-1."""
    return [vector.frame.payload for vector in load(codec) if vector.refused is None and vector.ours]


def test_a_pendants_frame_is_written_as_the_golden_frames_are() -> None:
    for vector in load("pendant"):
        if vector.refused is None:
            decoded = pendant.decode(vector.frame, vector.security)
            plain = sealed.unseal(vector.security, _pendant_nonce(vector), vector.frame.payload[4:], tag=6)
            assert decoded.counter is not None
            assert vector.security.key is not None
            written = pendant.seal(
                pendant.parse(plain),
                key=vector.security.key,
                address=vector.frame.address,
                counter=decoded.counter,
            )
            assert written == vector.frame.payload


def _pendant_nonce(vector: Vector) -> bytes:
    """As the page says: address, version, counter, three zeros."""
    return bytes.fromhex(vector.frame.address.replace(":", "")) + vector.frame.payload[:4] + bytes(3)


@pytest.mark.parametrize("text", ["", " padded", "two\nlines", "x" * 65])
def test_a_line_about_a_device_that_would_not_come_back_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        device_information.encode(Line(Fact.MODEL, text))


@pytest.mark.parametrize("counter", [-1, pendant.MAX_COUNTER + 1])
def test_a_pendants_counter_has_24_bits(counter: int) -> None:
    with pytest.raises(ValueError, match="fit"):
        pendant.seal(
            pendant.Message(pendant.Call.PRESS), key=bytes(16), address="C4:0A:00:01:00:00", counter=counter
        )


def test_a_key_of_another_length_seals_nothing() -> None:
    with pytest.raises(ValueError, match="16 needed"):
        pendant.seal(
            pendant.Message(pendant.Call.PRESS), key=bytes(15), address="C4:0A:00:01:00:00", counter=1
        )


def test_a_spot_check_is_written_as_the_golden_frames_are() -> None:
    for payload in _golden("pulse_oximeter_spot"):
        assert pulse_oximeter.encode_spot(pulse_oximeter.parse_spot(payload)) == payload


def test_a_continuous_measurement_is_written_as_the_golden_frames_are() -> None:
    for payload in _golden("pulse_oximeter_continuous"):
        assert pulse_oximeter.encode_continuous(pulse_oximeter.parse_continuous(payload)) == payload


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_battery_has_0_to_100_per_cent(percent: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        battery.encode(percent)


@pytest.mark.parametrize("measurement", [HeartRate(-1), HeartRate(65_536), HeartRate(60, rr=(70_000,))])
def test_a_heart_rate_fits_its_fields(measurement: HeartRate) -> None:
    with pytest.raises(ValueError, match="fit"):
        heart_rate.encode(measurement)


def test_a_status_fits_its_field() -> None:
    with pytest.raises(ValueError, match="fit"):
        pulse_oximeter.encode_spot(Spot(normal=Pair(97.0, 72.0), status=1 << 16))


@pytest.mark.parametrize(
    "window",
    [
        replace(WINDOW, counter=65_536),
        replace(WINDOW, counter=-1),
        replace(WINDOW, rate_hz=0.0),
        replace(WINDOW, rate_hz=700.0),
        replace(WINDOW, rate_hz=float("nan")),
        replace(WINDOW, range_g=2.5),
        replace(WINDOW, range_g=32.0),
        replace(WINDOW, range_g=float("inf")),
        replace(WINDOW, samples_mg=()),
        replace(WINDOW, samples_mg=((0, 0, 0),) * (motion.MAX_SAMPLES + 1)),
    ],
    ids=lambda window: f"{window.counter} {window.rate_hz} {window.range_g} {len(window.samples_mg)}",
)
def test_a_window_that_does_not_fit_is_refused(window: MotionWindow) -> None:
    with pytest.raises(ValueError, match="fit"):
        motion.encode(window)


def test_a_sample_beyond_the_range_is_clipped_as_a_sensor_would() -> None:
    frame = Frame(
        WINDOW.device, motion.encode(replace(WINDOW, samples_mg=((9_000, -9_000, 0),))), WINDOW.observed_at
    )
    (clipped,) = motion.decode(frame).observations
    assert clipped == replace(WINDOW, samples_mg=((8_000, -8_000, 0),))


def test_the_fullest_window_fits_a_notification_at_an_mtu_of_185() -> None:
    fullest = replace(WINDOW, samples_mg=((1, 2, 3),) * motion.MAX_SAMPLES)
    assert len(motion.encode(fullest)) <= 185 - 3  # ATT keeps three bytes


def test_a_radar_frame_carries_at_most_its_bound() -> None:
    with pytest.raises(ValueError, match="at most"):
        micradar.encode(micradar.FALL, bytes(micradar.MAX_DATA + 1))


def test_a_query_is_the_vendors_documented_one() -> None:
    assert micradar.query(micradar.FALL) == bytes.fromhex("53 59 83 81 00 01 0F C0 54 43")


def test_a_tinyframe_carries_at_most_its_bound() -> None:
    with pytest.raises(ValueError, match="at most"):
        tinyframe.encode(tinyframe.TARGETS, bytes(tinyframe.MAX_DATA + 1))


@pytest.mark.parametrize(("kind", "number"), [(0x1_0000, 0), (-1, 0), (0, 0x1_0000), (0, -1)])
def test_a_tinyframes_numbers_fit_their_fields(kind: int, number: int) -> None:
    with pytest.raises(ValueError, match="fit"):
        tinyframe.encode(kind, number=number)


def test_the_hosts_queries_are_the_documented_ones() -> None:
    assert tinyframe.encode(tinyframe.PARAMETERS) == bytes.fromhex("01 00 00 00 00 0E 06 F6")
    assert tinyframe.encode(0x2110) == bytes.fromhex("01 00 00 00 00 21 10 CF")


def test_an_ld2410_report_fits_its_fields() -> None:
    with pytest.raises(ValueError, match="fit"):
        ld2410.encode(ld2410.Report(ld2410.Target.MOVING, moving_cm=65_536))
    with pytest.raises(ValueError, match="at most"):
        ld2410.encode(ld2410.Report(ld2410.Target.MOVING), gates=bytes(60))


@pytest.mark.parametrize("x_mm", [32_768, -32_768])
def test_an_ld2450_track_fits_its_fields(x_mm: int) -> None:
    with pytest.raises(ValueError, match="fit"):
        ld2450.encode([ld2450.Track(x_mm, 0, 0, 360)])


def test_an_ld2450_has_three_slots() -> None:
    with pytest.raises(ValueError, match="at most"):
        ld2450.encode([ld2450.Track(0, 1000, 0, 360)] * 4)
