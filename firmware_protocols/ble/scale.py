"""Weight Measurement, GATT characteristic 0x2A9D (Bluetooth Weight Scale Service 1.0, 3.2).

The one idea: two kilograms in three days are the sign of a failing heart, so a weight must be the resident's:
what the scale measured of another of its users says nothing of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from firmware_protocols.ble.device_time import DeviceTime, observed_at, once, read_time, time_bytes
from firmware_protocols.ble.ieee11073 import Special
from firmware_protocols.ble.layout import Fields, uint_bytes
from firmware_protocols.ble.measured import Believed, Value, reading
from firmware_protocols.ble.uuids import full
from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.model import Quantity
from firmware_protocols.ranges import RANGES

SERVICE_UUID: Final = full(0x181D)
CHARACTERISTIC_UUID: Final = full(0x2A9D)

UNSUCCESSFUL: Final = 0xFFFF
"""Weight: "Measurement Unsuccessful" (Weight Scale Service 1.0, 3.2.1.2)."""
UNKNOWN_USER: Final = 0xFF

_POUNDS: Final = 0x01
_TIME: Final = 0x02
_USER: Final = 0x04
_BODY_MASS: Final = 0x08

_KG_PER_STEP: Final = 0.005
_LB_PER_STEP: Final = 0.01
_KG_PER_LB: Final = 0.45359237
"""Exact by definition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """One measurement as the scale wrote it. A field that the flags leave out is ``None``.

    ``steps``: of 5 g, or of 0.01 lb if ``pounds``; ``UNSUCCESSFUL``: it failed. ``body_mass``: index in
    tenths and height in steps of 1 mm or 0.1 in, which are of no use here.
    """

    steps: int
    pounds: bool = False
    taken: DeviceTime | None = None
    user: int | None = None
    body_mass: tuple[int, int] | None = None


def parse(payload: bytes) -> Weight:
    """Read the characteristic's value.

    Raises:
        Truncated: a field that the flags announce is missing or cut.
    """
    fields = Fields(payload)
    flags = fields.uint(1)
    return Weight(
        steps=fields.uint(2),
        pounds=bool(flags & _POUNDS),
        taken=read_time(fields) if flags & _TIME else None,
        user=fields.uint(1) if flags & _USER else None,
        body_mass=(fields.uint(2), fields.uint(2)) if flags & _BODY_MASS else None,
    )


def encode(measurement: Weight) -> bytes:
    """Return the characteristic's value; ``parse`` reads it back unchanged.

    Raises:
        ValueError: a number does not fit its field.
    """
    taken, user, mass = measurement.taken, measurement.user, measurement.body_mass
    optional = (
        (_TIME, None if taken is None else time_bytes(taken)),
        (_USER, None if user is None else uint_bytes(user, 1)),
        (_BODY_MASS, None if mass is None else b"".join(uint_bytes(part, 2) for part in mass)),
    )
    flags = sum(flag for flag, field in optional if field is not None)
    flags |= _POUNDS if measurement.pounds else 0
    head = bytes((flags,)) + uint_bytes(measurement.steps, 2)
    return head + b"".join(field for _, field in optional if field)


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return the weight, at the scale's time if that can be true.

    Raises:
        Truncated: a field that the flags announce is missing or cut.
    """
    measurement = parse(frame.payload)
    if security.user is not None and measurement.user not in {None, UNKNOWN_USER, security.user}:
        return Decoded(())
    at = observed_at(measurement.taken, frame)
    believed = Believed(*RANGES[Quantity.BODY_WEIGHT])
    weight = reading(frame.device, Quantity.BODY_WEIGHT, _kg(measurement), at, believed=believed)
    user = UNKNOWN_USER if measurement.user is None else measurement.user
    name = once(measurement.taken, b"weight", bytes((user,)), uint_bytes(measurement.steps, 2))
    return Decoded((weight,), once=name)


def _kg(measurement: Weight) -> Value:
    if measurement.steps == UNSUCCESSFUL:
        return Special.NAN
    if measurement.pounds:
        return round(measurement.steps * _LB_PER_STEP * _KG_PER_LB, 3)
    return round(measurement.steps * _KG_PER_STEP, 3)
