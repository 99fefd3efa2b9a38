"""Each status bit, and each number at its very limit, by the figures of the specifications."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from firmware_protocols.ble import pulse_oximeter
from firmware_protocols.codec import Frame
from firmware_protocols.errors import BadMessage, Truncated
from firmware_protocols.model import DeviceId, Quality, Reading
from firmware_protocols.serial import micradar
from firmware_protocols.wire.strict import check_json, tidy

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)

# PLXS 1.0.1, tables 3.4 and 3.5: bit to what it makes of a good value.
STATUS = dict.fromkeys((0, 4, 5, 7, 8), Quality.GOOD) | dict.fromkeys((6, 14), Quality.ESTIMATED)
STATUS |= dict.fromkeys((10, 11, 12, 13, 15), Quality.NO_VALUE)
DEVICE_STATUS = dict.fromkeys((0, 16, 23), Quality.GOOD)
DEVICE_STATUS |= dict.fromkeys((2, 4, 5, 6, 8, 9, 10), Quality.ESTIMATED)
DEVICE_STATUS |= dict.fromkeys((1, 3, 7, 12, 14), Quality.NO_VALUE)
DEVICE_STATUS |= dict.fromkeys((11, 13, 15), Quality.NOT_WORN)


def frame(payload: bytes) -> Frame:
    return Frame(DeviceId("device"), payload, NOW)


def saturation(payload: bytes) -> Reading:
    reading = pulse_oximeter.decode_continuous(frame(payload)).observations[0]
    assert isinstance(reading, Reading)
    return reading


@pytest.mark.parametrize(("bit", "quality"), STATUS.items())
def test_a_bit_of_the_measurement_status_decides(bit: int, quality: Quality) -> None:
    payload = bytes.fromhex("04 6100 4800") + (1 << bit).to_bytes(2, "little")
    assert saturation(payload).quality is quality


@pytest.mark.parametrize(("bit", "quality"), DEVICE_STATUS.items())
def test_a_bit_of_the_device_status_decides(bit: int, quality: Quality) -> None:
    payload = bytes.fromhex("08 6100 4800") + (1 << bit).to_bytes(3, "little")
    assert saturation(payload).quality is quality


def test_the_slow_pair_stands_before_the_status() -> None:
    payload = bytes.fromhex("06 6100 4800 6000 4700 0080")
    assert saturation(payload).quality is Quality.NO_VALUE


@pytest.mark.parametrize(
    ("payload", "quality"),
    [
        (micradar.encode_body_movement(100), Quality.GOOD),
        (micradar.encode_body_movement(101), Quality.OUT_OF_RANGE),
        (micradar.encode_body_movement(0), Quality.GOOD),
        (micradar.encode_breathing_rate(60), Quality.GOOD),
        (micradar.encode_breathing_rate(61), Quality.OUT_OF_RANGE),
        (micradar.encode_heart_rate(250), Quality.GOOD),
        (micradar.encode_heart_rate(251), Quality.OUT_OF_RANGE),
        (micradar.encode_distance(2000), Quality.GOOD),
        (micradar.encode_distance(2001), Quality.OUT_OF_RANGE),
        (micradar.encode_distance(0), Quality.NO_VALUE),
    ],
    ids=lambda value: value.hex(" ") if isinstance(value, bytes) else str(value),
)
def test_a_radars_number_is_believed_up_to_its_limit(payload: bytes, quality: Quality) -> None:
    (reading,) = micradar.decode(frame(payload)).observations
    assert isinstance(reading, Reading)
    assert reading.quality is quality


def test_a_radar_frame_without_data_is_a_frame() -> None:
    assert micradar.decode(frame(micradar.encode(micradar.HEARTBEAT, b""))).observations == ()
    with pytest.raises(Truncated):
        micradar.decode(frame(micradar.encode(micradar.FALL, b"")))


def test_a_radar_frame_at_its_bound_is_framed() -> None:
    longest = micradar.encode((0x83, 0x0E), bytes(micradar.MAX_DATA))
    assert micradar.framer().feed(longest) == [longest]


def test_a_long_length_is_written_high_byte_first() -> None:
    assert micradar.encode((0x83, 0x0E), bytes(0x40))[4:6] == b"\x00\x40"


def _nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


def test_evidence_may_be_eight_levels_deep() -> None:
    check_json(_nested(8))
    assert tidy(_nested(8)) == _nested(8)
    with pytest.raises(BadMessage):
        check_json(_nested(9))
    check_json(tidy(_nested(9)))


@pytest.mark.parametrize("sign", [1, -1])
def test_an_integer_may_be_as_large_as_a_double_keeps_exact(sign: int) -> None:
    largest = sign * (2**53 - 1)
    check_json({"n": largest})
    assert tidy(largest) == largest
    with pytest.raises(BadMessage):
        check_json(largest + sign)
    assert tidy(largest + sign) is None
