"""Heart Rate Measurement, GATT characteristic 0x2A37 (Bluetooth Heart Rate Service 1.0, 3.1).

The one idea: a sensor that lost the skin says so, and then its number is not a heart rate. Contact lost
becomes "not worn" and a reading without value, never "heart rate 0".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from firmware_protocols.ble.layout import Fields, uint_bytes
from firmware_protocols.ble.measured import Believed, reading
from firmware_protocols.ble.uuids import full
from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.model import DeviceId, Quality, Quantity, Reading

SERVICE_UUID: Final = full(0x180D)
CHARACTERISTIC_UUID: Final = full(0x2A37)

RR_UNITS_PER_S: Final = 1024
"""Heart Rate Service 1.0, 3.1.1.4: RR intervals are counted in 1/1024 s."""

_RATES: Final = Believed(1.0, 300.0)
"""Beats per minute, D., as of a cuff; the field reaches 65,535, and no heart does."""
_WIDE: Final = 0x01
_CONTACT_DETECTED: Final = 0x02
_CONTACT_SUPPORTED: Final = 0x04
_ENERGY: Final = 0x08
_RR: Final = 0x10
_BYTE_MAX: Final = 0xFF


@dataclass(frozen=True, slots=True)
class HeartRate:
    """One measurement as the device wrote it.

    ``bpm``: 0-65535, 0 where the device has no number. ``contact``: skin contact, ``None`` where the device
    cannot tell. ``energy_kj``: expended since it was reset. ``rr``: beat-to-beat intervals in 1/1024 s,
    oldest first.
    """

    bpm: int
    contact: bool | None = None
    energy_kj: int | None = None
    rr: tuple[int, ...] = ()


def parse(payload: bytes) -> HeartRate:
    """Read the characteristic's value.

    Raises:
        Truncated: a field that the flags announce is missing or cut.
    """
    fields = Fields(payload)
    flags = fields.uint(1)
    bpm = fields.uint(2 if flags & _WIDE else 1)
    contact = bool(flags & _CONTACT_DETECTED) if flags & _CONTACT_SUPPORTED else None
    energy_kj = fields.uint(2) if flags & _ENERGY else None
    rr: list[int] = []
    while flags & _RR and fields.left:
        rr.append(fields.uint(2))
    return HeartRate(bpm, contact, energy_kj, tuple(rr))


def encode(measurement: HeartRate) -> bytes:
    """Return the characteristic's value; the exact inverse of ``parse``.

    Raises:
        ValueError: a number does not fit its field.
    """
    wide = measurement.bpm > _BYTE_MAX
    flags = (
        (_WIDE if wide else 0)
        | (0 if measurement.contact is None else _CONTACT_SUPPORTED)
        | (_CONTACT_DETECTED if measurement.contact else 0)
        | (0 if measurement.energy_kj is None else _ENERGY)
        | (_RR if measurement.rr else 0)
    )
    parts = [bytes((flags,)), uint_bytes(measurement.bpm, 2 if wide else 1)]
    if measurement.energy_kj is not None:
        parts.append(uint_bytes(measurement.energy_kj, 2))
    parts.extend(uint_bytes(interval, 2) for interval in measurement.rr)
    return b"".join(parts)


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return heart rate, contact, energy and RR intervals, as far as the frame carries them.

    Raises:
        Truncated: a field that the flags announce is missing or cut.
    """
    measurement = parse(frame.payload)
    device, at = frame.device, frame.received_at
    readings = [_heart_rate(measurement, device, at)]
    if measurement.contact is not None:
        readings.append(Reading(device, Quantity.WORN, measurement.contact, at))
    if measurement.energy_kj is not None:
        readings.append(Reading(device, Quantity.ENERGY_EXPENDED, float(measurement.energy_kj), at))
    if measurement.contact is not False:
        readings.extend(_rr_intervals(measurement.rr, device, at))
    return Decoded(tuple(readings))


def _heart_rate(measurement: HeartRate, device: DeviceId, at: datetime) -> Reading:
    if measurement.contact is False:
        return Reading(device, Quantity.HEART_RATE, None, at, Quality.NOT_WORN)
    if measurement.bpm == 0:  # sensors without contact detection send 0 while they search for a pulse
        return Reading(device, Quantity.HEART_RATE, None, at, Quality.NO_VALUE)
    return reading(device, Quantity.HEART_RATE, float(measurement.bpm), at, believed=_RATES)


def _rr_intervals(rr: tuple[int, ...], device: DeviceId, at: datetime) -> list[Reading]:
    """Place each interval at the beat that ended it: the last one now, the others before it."""
    readings: list[Reading] = []
    for units in reversed(rr):
        seconds = units / RR_UNITS_PER_S
        readings.append(Reading(device, Quantity.RR_INTERVAL, seconds, at))
        at -= timedelta(seconds=seconds)
    return readings[::-1]
