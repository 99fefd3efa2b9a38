"""Glucose Measurement, GATT characteristic 0x2A18 (Bluetooth Glucose Service 1.0.1, 3.1).

The one idea: a meter that shows "LO" or "HI" has measured the most dangerous values there are. They come out
as the end of what strips can measure, which is sure, and never as "no value". What a meter measured of its
control solution is no person's blood and says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from firmware_protocols.ble.device_time import PLAUSIBLE_AGE, DeviceTime, once, read_time, time_bytes
from firmware_protocols.ble.ieee11073 import Special, decode_sfloat, encode_sfloat
from firmware_protocols.ble.layout import Fields, uint_bytes
from firmware_protocols.ble.measured import Believed, Value, reading
from firmware_protocols.ble.uuids import full
from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.model import Quality, Quantity, Reading
from firmware_protocols.ranges import RANGES

SERVICE_UUID: Final = full(0x1808)
CHARACTERISTIC_UUID: Final = full(0x2A18)

# Sensor Status Annunciation, Glucose Service 1.0.1, table 3.4
SENSOR_FAULT: Final = 1 << 1
SAMPLE_TOO_SMALL: Final = 1 << 2
STRIP_FAULT: Final = 1 << 3
WRONG_STRIP: Final = 1 << 4
TOO_HIGH: Final = 1 << 5
TOO_LOW: Final = 1 << 6
TOO_WARM: Final = 1 << 7
TOO_COLD: Final = 1 << 8
INTERRUPTED: Final = 1 << 9
DEVICE_FAULT: Final = 1 << 10
TIME_FAULT: Final = 1 << 11

CONTROL_SOLUTION: Final = 10
"""Type of sample (low nibble): none of a person's."""
CONTROL_LOCATION: Final = 4
"""Location of sample (high nibble): the same."""

_OFFSET: Final = 0x01
_CONCENTRATION: Final = 0x02
_MOLAR: Final = 0x04
_STATUS: Final = 0x08
_CONTEXT: Final = 0x10

_FAILED: Final = SENSOR_FAULT | SAMPLE_TOO_SMALL | STRIP_FAULT | WRONG_STRIP | INTERRUPTED | DEVICE_FAULT
_DOUBTFUL: Final = TOO_WARM | TOO_COLD
_MMOL_PER_KG: Final = 1e6 / 180.156
"""Glucose weighs 180.156 g/mol."""
_MMOL_PER_MOL: Final = 1e3
LOWEST_MMOL_L: Final = 0.6
HIGHEST_MMOL_L: Final = 33.3
"""The ends of what common meters show: 10 and 600 mg/dL (instructions of Accu-Chek Guide and Contour Plus).
"""
_BLOODS: Final = Believed(*RANGES[Quantity.GLUCOSE])


@dataclass(frozen=True, slots=True, kw_only=True)
class Glucose:
    """One record as the meter wrote it. A field that the flags leave out is ``None``.

    ``taken`` plus ``offset_min`` is what the meter's user sees on its clock. ``concentration`` is in kg/L, or
    in mol/L if ``molar``; ``sample``: type in the low nibble, location in the high one.
    """

    number: int
    taken: DeviceTime
    offset_min: int | None = None
    concentration: Value | None = None
    sample: int | None = None
    molar: bool = False
    status: int | None = None
    context_follows: bool = False


def parse(payload: bytes) -> Glucose:
    """Read the characteristic's value.

    Raises:
        Truncated: a field that the flags announce is missing or cut.
    """
    fields = Fields(payload)
    flags = fields.uint(1)
    number, taken = fields.uint(2), read_time(fields)
    measured = bool(flags & _CONCENTRATION)
    return Glucose(
        number=number,
        taken=taken,
        offset_min=_signed(fields.uint(2)) if flags & _OFFSET else None,
        concentration=decode_sfloat(fields.uint(2)) if measured else None,
        sample=fields.uint(1) if measured else None,
        molar=bool(flags & _MOLAR),
        status=fields.uint(2) if flags & _STATUS else None,
        context_follows=bool(flags & _CONTEXT),
    )


def encode(record: Glucose) -> bytes:
    """Return the characteristic's value; ``parse`` reads it back unchanged.

    Raises:
        ValueError: a number does not fit its field, or a concentration comes without its sample.
    """
    if (record.concentration is None) != (record.sample is None):
        raise ValueError("concentration and sample go together")
    optional = (
        (_OFFSET, None if record.offset_min is None else uint_bytes(record.offset_min & 0xFFFF, 2)),
        (_CONCENTRATION, _concentration(record)),
        (_STATUS, None if record.status is None else uint_bytes(record.status, 2)),
    )
    flags = sum(flag for flag, field in optional if field is not None)
    flags |= (_MOLAR if record.molar else 0) | (_CONTEXT if record.context_follows else 0)
    head = bytes((flags,)) + uint_bytes(record.number, 2) + time_bytes(record.taken)
    return head + b"".join(field for _, field in optional if field)


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return what was measured, at the meter's time; a record out of the past that nobody can date, nothing.

    Raises:
        Truncated: a field that the flags announce is missing or cut.
    """
    del security  # a meter of one person is not told apart
    record = parse(frame.payload)
    at = _observed_at(record, frame)
    if at is None or _of_control_solution(record):
        return Decoded(())
    name = once(record.taken, b"glucose", uint_bytes(record.number, 2))
    return Decoded((_observe(record, frame, at),), once=name)


def _observe(record: Glucose, frame: Frame, at: datetime) -> Reading:
    status = record.status or 0
    ends = {TOO_LOW: LOWEST_MMOL_L, TOO_HIGH: HIGHEST_MMOL_L}
    end = next((value for bit, value in ends.items() if status & bit), _end(record.concentration))
    if status & _FAILED:
        return Reading(frame.device, Quantity.GLUCOSE, None, at, Quality.NO_VALUE)
    if end is not None:
        return Reading(frame.device, Quantity.GLUCOSE, end, at)
    trust = Quality.ESTIMATED if status & _DOUBTFUL else Quality.GOOD
    value = Special.NAN if record.concentration is None else _mmol_l(record.concentration, record)
    return reading(frame.device, Quantity.GLUCOSE, value, at, believed=_BLOODS, trust=trust)


def _end(concentration: Value | None) -> float | None:
    """What "more" and "less than can be measured" stand for, where the number itself says so."""
    ends = {Special.POSITIVE_INFINITY: HIGHEST_MMOL_L, Special.NEGATIVE_INFINITY: LOWEST_MMOL_L}
    return ends.get(concentration) if isinstance(concentration, Special) else None


def _mmol_l(concentration: Value, record: Glucose) -> Value:
    if isinstance(concentration, Special):
        return concentration
    return round(concentration * (_MMOL_PER_MOL if record.molar else _MMOL_PER_KG), 2)


def _of_control_solution(record: Glucose) -> bool:
    sample = record.sample or 0
    return sample & 0x0F == CONTROL_SOLUTION or sample >> 4 == CONTROL_LOCATION


def _observed_at(record: Glucose, frame: Frame) -> datetime | None:
    """The meter's time; now, if its clock runs ahead; ``None`` for a record of long ago.

    A meter tells its whole memory: what is old is history and must not look like a measurement of now.
    """
    moment = record.taken.moment(frame.utc_offset)
    if moment is None:
        return None
    try:
        moment += timedelta(minutes=record.offset_min or 0)
    except OverflowError:
        return None
    if moment < frame.received_at - PLAUSIBLE_AGE:
        return None
    return min(moment, frame.received_at)


def _concentration(record: Glucose) -> bytes | None:
    if record.concentration is None or record.sample is None:
        return None
    return uint_bytes(encode_sfloat(record.concentration), 2) + uint_bytes(record.sample, 1)


def _signed(raw: int) -> int:
    return raw - 0x1_0000 if raw & 0x8000 else raw
