"""Blood Pressure Measurement, GATT characteristic 0x2A35 (Bluetooth Blood Pressure Service 1.1, 3.1).

The one idea: a cuff measures alone and tells later, everything it has kept and often again. Each measurement
carries the cuff's own time and is taken once; a failed one is "no value", never a pressure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from firmware_protocols.ble.device_time import DeviceTime, observed_at, once, read_time, time_bytes
from firmware_protocols.ble.ieee11073 import Special, decode_sfloat, encode_sfloat
from firmware_protocols.ble.layout import Fields, uint_bytes
from firmware_protocols.ble.measured import Believed, Value, reading
from firmware_protocols.ble.uuids import full
from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.model import Event, EventKind, Observation, Quality, Quantity

SERVICE_UUID: Final = full(0x1810)
CHARACTERISTIC_UUID: Final = full(0x2A35)

MMHG_PER_KPA: Final = 7.500617
"""1 mmHg is 133.322 Pa (NIST SP 811, B.8)."""

# Measurement Status, Blood Pressure Service 1.1, table 3.3
BODY_MOVED: Final = 1 << 0
CUFF_LOOSE: Final = 1 << 1
IRREGULAR_PULSE: Final = 1 << 2
PULSE_BEYOND_RANGE: Final = 0b11 << 3
IMPROPER_POSITION: Final = 1 << 5

_KILOPASCAL: Final = 0x01
_TIME: Final = 0x02
_PULSE: Final = 0x04
_USER: Final = 0x08
_STATUS: Final = 0x10

_DOUBTFUL: Final = BODY_MOVED | CUFF_LOOSE | IMPROPER_POSITION
_PRESSURES: Final = Believed(1.0, 300.0)
"""mmHg, D. Cuffs for the home end at 280 to 300; 0 is what some send when they failed."""
_PULSES: Final = Believed(1.0, 300.0)
"""Beats per minute, D."""
_NO_USER: Final = 0xFF


@dataclass(frozen=True, slots=True, kw_only=True)
class BloodPressure:
    """One measurement as the cuff wrote it. A field that the flags leave out is ``None``.

    Pressures are in mmHg, or in kPa if ``kilopascal``; ``pulse`` in beats per minute; ``user``: which of the
    cuff's users, 255 for one it does not know.
    """

    systolic: Value
    diastolic: Value
    mean: Value
    kilopascal: bool = False
    taken: DeviceTime | None = None
    pulse: Value | None = None
    user: int | None = None
    status: int | None = None


def parse(payload: bytes) -> BloodPressure:
    """Read the characteristic's value.

    Raises:
        Truncated: a field that the flags announce is missing or cut.
    """
    fields = Fields(payload)
    flags = fields.uint(1)
    systolic, diastolic, mean = (decode_sfloat(fields.uint(2)) for _ in range(3))
    return BloodPressure(
        systolic=systolic,
        diastolic=diastolic,
        mean=mean,
        kilopascal=bool(flags & _KILOPASCAL),
        taken=read_time(fields) if flags & _TIME else None,
        pulse=decode_sfloat(fields.uint(2)) if flags & _PULSE else None,
        user=fields.uint(1) if flags & _USER else None,
        status=fields.uint(2) if flags & _STATUS else None,
    )


def encode(measurement: BloodPressure) -> bytes:
    """Return the characteristic's value; ``parse`` reads it back unchanged.

    Raises:
        ValueError: a number does not fit its field.
    """
    pulse, user, status = measurement.pulse, measurement.user, measurement.status
    optional = (
        (_TIME, None if measurement.taken is None else time_bytes(measurement.taken)),
        (_PULSE, None if pulse is None else uint_bytes(encode_sfloat(pulse), 2)),
        (_USER, None if user is None else uint_bytes(user, 1)),
        (_STATUS, None if status is None else uint_bytes(status, 2)),
    )
    flags = sum(flag for flag, field in optional if field is not None)
    flags |= _KILOPASCAL if measurement.kilopascal else 0
    return bytes((flags,)) + _pressures(measurement) + b"".join(field for _, field in optional if field)


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return pressures and pulse, at the cuff's time if that can be true, and an irregular pulse as an event.

    Of a cuff whose users are known apart, what it measured of somebody else says nothing of the resident.

    Raises:
        Truncated: a field that the flags announce is missing or cut.
    """
    measurement = parse(frame.payload)
    if security.user is not None and measurement.user not in {None, _NO_USER, security.user}:
        return Decoded(())
    return Decoded(tuple(_observe(measurement, frame)), once=_name(measurement))


def _observe(measurement: BloodPressure, frame: Frame) -> list[Observation]:
    device, at, status = frame.device, observed_at(measurement.taken, frame), measurement.status or 0
    trust = Quality.ESTIMATED if status & _DOUBTFUL else Quality.GOOD
    values = {
        Quantity.SYSTOLIC: (_mmhg(measurement.systolic, measurement), _PRESSURES),
        Quantity.DIASTOLIC: (_mmhg(measurement.diastolic, measurement), _PRESSURES),
        Quantity.MEAN_ARTERIAL_PRESSURE: (_mmhg(measurement.mean, measurement), _PRESSURES),
        Quantity.PULSE_RATE: (measurement.pulse, _PULSES),
    }
    seen: list[Observation] = [
        reading(device, quantity, value, at, believed=believed, trust=trust)
        for quantity, (value, believed) in values.items()
        if value is not None
    ]
    if status & IRREGULAR_PULSE:
        seen.append(Event(device, EventKind.IRREGULAR_PULSE, "blood pressure cuff", at))
    return seen


def _name(measurement: BloodPressure) -> int | None:
    """Time, user and pressures name a measurement; a status may change when it is told again."""
    user = _NO_USER if measurement.user is None else measurement.user
    return once(measurement.taken, b"pressure", bytes((user,)), _pressures(measurement))


def _pressures(measurement: BloodPressure) -> bytes:
    values = (measurement.systolic, measurement.diastolic, measurement.mean)
    return b"".join(uint_bytes(encode_sfloat(value), 2) for value in values)


def _mmhg(value: Value, measurement: BloodPressure) -> Value:
    if isinstance(value, Special) or not measurement.kilopascal:
        return value
    return round(value * MMHG_PER_KPA, 1)
