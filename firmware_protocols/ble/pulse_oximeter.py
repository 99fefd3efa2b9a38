"""Pulse oximeter, GATT characteristics 0x2A5E (spot check) and 0x2A5F (continuous); PLXS 1.0.1.

The one idea: an oximeter says in two status words how far its numbers can be trusted, and those words decide.
A finger that left the clip, a demonstration, or a value out of storage must never look like a saturation
of now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from firmware_protocols.ble.device_time import DeviceTime, read_time, time_bytes
from firmware_protocols.ble.ieee11073 import QUALITIES, Special, decode_sfloat, encode_sfloat
from firmware_protocols.ble.layout import Fields, uint_bytes
from firmware_protocols.ble.measured import Value
from firmware_protocols.ble.uuids import full
from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.model import Quality, Quantity, Reading

SERVICE_UUID: Final = full(0x1822)
SPOT_UUID: Final = full(0x2A5E)
CONTINUOUS_UUID: Final = full(0x2A5F)

# Measurement Status, PLXS 1.0.1, table 3.4
ONGOING: Final = 1 << 5
EARLY_ESTIMATE: Final = 1 << 6
VALIDATED: Final = 1 << 7
FULLY_QUALIFIED: Final = 1 << 8
FROM_STORAGE: Final = 1 << 9
DEMONSTRATION: Final = 1 << 10
TESTING: Final = 1 << 11
CALIBRATION: Final = 1 << 12
UNAVAILABLE: Final = 1 << 13
QUESTIONABLE: Final = 1 << 14
INVALID: Final = 1 << 15

# Device and Sensor Status, PLXS 1.0.1, table 3.5
MALFUNCTION: Final = 1 << 1
PROCESSING_IRREGULARITY: Final = 1 << 2
INADEQUATE_SIGNAL: Final = 1 << 3
POOR_SIGNAL: Final = 1 << 4
LOW_PERFUSION: Final = 1 << 5
ERRATIC_SIGNAL: Final = 1 << 6
NON_PULSATILE: Final = 1 << 7
QUESTIONABLE_PULSE: Final = 1 << 8
ANALYSIS_ONGOING: Final = 1 << 9
INTERFERENCE: Final = 1 << 10
UNCONNECTED_TO_USER: Final = 1 << 11
UNKNOWN_SENSOR: Final = 1 << 12
SENSOR_DISPLACED: Final = 1 << 13
SENSOR_MALFUNCTION: Final = 1 << 14
SENSOR_DISCONNECTED: Final = 1 << 15

_NOT_WORN: Final = UNCONNECTED_TO_USER | SENSOR_DISPLACED | SENSOR_DISCONNECTED
_DEVICE_UNUSABLE: Final = (
    MALFUNCTION | INADEQUATE_SIGNAL | NON_PULSATILE | UNKNOWN_SENSOR | SENSOR_MALFUNCTION
)
_DEVICE_DOUBTFUL: Final = (
    PROCESSING_IRREGULARITY
    | POOR_SIGNAL
    | LOW_PERFUSION
    | ERRATIC_SIGNAL
    | QUESTIONABLE_PULSE
    | ANALYSIS_ONGOING
    | INTERFERENCE
)
_UNUSABLE: Final = DEMONSTRATION | TESTING | CALIBRATION | UNAVAILABLE | INVALID
_DOUBTFUL: Final = EARLY_ESTIMATE | QUESTIONABLE

_LIMITS: Final = {
    Quantity.SPO2: 100.0,
    Quantity.PULSE_RATE: 500.0,  # beyond any heart; the field itself reaches 2e10
    Quantity.PULSE_AMPLITUDE: 100.0,
}


class Pair(NamedTuple):
    """Saturation in per cent and pulse in beats per minute."""

    spo2: Value
    pulse: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measurement:
    """What both characteristics carry. A field that the flags leave out is ``None``."""

    normal: Pair
    status: int | None = None
    device_status: int | None = None
    amplitude: Value | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot(_Measurement):
    """One spot check; ``clock_unset``: the device knows that ``taken`` is wrong."""

    taken: DeviceTime | None = None
    clock_unset: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuous(_Measurement):
    """One continuous measurement; ``fast`` and ``slow`` are the same pair, averaged differently."""

    fast: Pair | None = None
    slow: Pair | None = None


_SPOT_TIME: Final = 0x01
_SPOT_CLOCK_UNSET: Final = 0x10
_SPOT_TAIL: Final = 1
_CONTINUOUS_FAST: Final = 0x01
_CONTINUOUS_SLOW: Final = 0x02
_CONTINUOUS_TAIL: Final = 2
"""Bit of the status flag; device status and amplitude follow in the next two bits."""


def parse_spot(payload: bytes) -> Spot:
    """Read the value of 0x2A5E.

    Raises:
        Truncated: a field that the flags announce is missing or cut.
    """
    fields = Fields(payload)
    flags = fields.uint(1)
    normal = _pair(fields)
    taken = read_time(fields) if flags & _SPOT_TIME else None
    status, device_status, amplitude = _tail(fields, flags >> _SPOT_TAIL)
    return Spot(
        normal=normal,
        status=status,
        device_status=device_status,
        amplitude=amplitude,
        taken=taken,
        clock_unset=bool(flags & _SPOT_CLOCK_UNSET),
    )


def parse_continuous(payload: bytes) -> Continuous:
    """Read the value of 0x2A5F.

    Raises:
        Truncated: a field that the flags announce is missing or cut.
    """
    fields = Fields(payload)
    flags = fields.uint(1)
    normal = _pair(fields)
    fast = _pair(fields) if flags & _CONTINUOUS_FAST else None
    slow = _pair(fields) if flags & _CONTINUOUS_SLOW else None
    status, device_status, amplitude = _tail(fields, flags >> _CONTINUOUS_TAIL)
    return Continuous(
        normal=normal,
        status=status,
        device_status=device_status,
        amplitude=amplitude,
        fast=fast,
        slow=slow,
    )


def encode_spot(spot: Spot) -> bytes:
    """Return the value of 0x2A5E; ``parse_spot`` reads it back unchanged.

    Raises:
        ValueError: a number does not fit its field.
    """
    time_flag = 0 if spot.taken is None else _SPOT_TIME
    flags = time_flag | _tail_flags(spot) << _SPOT_TAIL | (_SPOT_CLOCK_UNSET if spot.clock_unset else 0)
    taken = b"" if spot.taken is None else time_bytes(spot.taken)
    return bytes((flags,)) + _pair_bytes(spot.normal) + taken + _tail_bytes(spot)


def encode_continuous(measurement: Continuous) -> bytes:
    """Return the value of 0x2A5F; ``parse_continuous`` reads it back unchanged.

    Raises:
        ValueError: a number does not fit its field.
    """
    flags = (
        (0 if measurement.fast is None else _CONTINUOUS_FAST)
        | (0 if measurement.slow is None else _CONTINUOUS_SLOW)
        | _tail_flags(measurement) << _CONTINUOUS_TAIL
    )
    pairs = (measurement.normal, measurement.fast, measurement.slow)
    body = b"".join(_pair_bytes(pair) for pair in pairs if pair is not None)
    return bytes((flags,)) + body + _tail_bytes(measurement)


def decode_spot(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what a spot check (0x2A5E) says; one out of the device's storage says nothing of now.

    The device's clock has no time zone and is often unset, so readings carry the frame's time.

    Raises:
        Truncated: a field that the flags announce is missing or cut.
    """
    return Decoded(_observe(parse_spot(frame.payload), frame))


def decode_continuous(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what a continuous measurement (0x2A5F) says, from its normally averaged pair.

    Raises:
        Truncated: a field that the flags announce is missing or cut.
    """
    return Decoded(_observe(parse_continuous(frame.payload), frame))


def _observe(measurement: _Measurement, frame: Frame) -> tuple[Reading, ...]:
    status, device_status = measurement.status or 0, measurement.device_status or 0
    if status & FROM_STORAGE:
        return ()
    trust = _trust(status, device_status)
    values = (
        (Quantity.SPO2, measurement.normal.spo2),
        (Quantity.PULSE_RATE, measurement.normal.pulse),
        (Quantity.PULSE_AMPLITUDE, measurement.amplitude),
    )
    readings = [_reading(frame, quantity, value, trust) for quantity, value in values if value is not None]
    if measurement.device_status is not None:
        worn = not device_status & _NOT_WORN
        readings.append(Reading(frame.device, Quantity.WORN, worn, frame.received_at))
    return tuple(readings)


def _trust(status: int, device_status: int) -> Quality:
    if device_status & _NOT_WORN:
        return Quality.NOT_WORN
    if status & _UNUSABLE or device_status & _DEVICE_UNUSABLE:
        return Quality.NO_VALUE
    if status & _DOUBTFUL or device_status & _DEVICE_DOUBTFUL:
        return Quality.ESTIMATED
    return Quality.GOOD


def _reading(frame: Frame, quantity: Quantity, value: Value, trust: Quality) -> Reading:
    quality = trust if trust in {Quality.NOT_WORN, Quality.NO_VALUE} else _quality(quantity, value, trust)
    if isinstance(value, Special) or quality not in {Quality.GOOD, Quality.ESTIMATED}:
        return Reading(frame.device, quantity, None, frame.received_at, quality)
    return Reading(frame.device, quantity, value, frame.received_at, quality)


def _quality(quantity: Quantity, value: Value, trust: Quality) -> Quality:
    if isinstance(value, Special):
        return QUALITIES[value]
    if value == 0 and quantity is not Quantity.PULSE_AMPLITUDE:  # sent while the device looks for a pulse
        return Quality.NO_VALUE
    return trust if 0 <= value <= _LIMITS[quantity] else Quality.OUT_OF_RANGE


def _pair(fields: Fields) -> Pair:
    return Pair(decode_sfloat(fields.uint(2)), decode_sfloat(fields.uint(2)))


def _pair_bytes(pair: Pair) -> bytes:
    return b"".join(uint_bytes(encode_sfloat(value), 2) for value in pair)


def _tail(fields: Fields, flags: int) -> tuple[int | None, int | None, Value | None]:
    status = fields.uint(2) if flags & 0b001 else None
    device_status = fields.uint(3) if flags & 0b010 else None
    amplitude = decode_sfloat(fields.uint(2)) if flags & 0b100 else None
    return status, device_status, amplitude


def _tail_flags(measurement: _Measurement) -> int:
    present = (measurement.status, measurement.device_status, measurement.amplitude)
    return sum(1 << bit for bit, field in enumerate(present) if field is not None)


def _tail_bytes(measurement: _Measurement) -> bytes:
    status, device_status, amplitude = measurement.status, measurement.device_status, measurement.amplitude
    return (
        (b"" if status is None else uint_bytes(status, 2))
        + (b"" if device_status is None else uint_bytes(device_status, 3))
        + (b"" if amplitude is None else uint_bytes(encode_sfloat(amplitude), 2))
    )
