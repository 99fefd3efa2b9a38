"""Temperature Measurement, GATT characteristic 0x2A1C (Bluetooth Health Thermometer Service 1.0, 3.1).

The one idea: a fever must be a fever. A thermometer that lies on the table, shows "Lo" or touches a finger
must not look like the temperature of a body.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from firmware_protocols.ble.device_time import DeviceTime, observed_at, once, read_time, time_bytes
from firmware_protocols.ble.ieee11073 import Special, decode_float, encode_float
from firmware_protocols.ble.layout import Fields, uint_bytes
from firmware_protocols.ble.measured import Believed, Value, reading
from firmware_protocols.ble.uuids import full
from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.model import Quality, Quantity

SERVICE_UUID: Final = full(0x1809)
CHARACTERISTIC_UUID: Final = full(0x2A1C)

# Temperature Type, Health Thermometer Service 1.0, 3.1.1.4 (GATT 0x2A1D)
ARMPIT: Final = 1
BODY: Final = 2
EAR: Final = 3
FINGER: Final = 4
MOUTH: Final = 6
RECTUM: Final = 7
TOE: Final = 8
EARDRUM: Final = 9

_FAHRENHEIT: Final = 0x01
_TIME: Final = 0x02
_SITE: Final = 0x04

_NOT_THE_CORE: Final = frozenset({FINGER, TOE})
_BODIES: Final = Believed(25.0, 45.0)
"""Degrees Celsius, D.: from deep hypothermia to beyond survival; less is a room, more is a cup of tea."""
_FREEZING_F: Final = 32.0
_F_PER_C: Final = 1.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperature:
    """One measurement as the thermometer wrote it. A field that the flags leave out is ``None``.

    ``value`` is in degrees Celsius, or Fahrenheit if ``fahrenheit``; ``site``: where on the body, one of the
    constants above.
    """

    value: Value
    fahrenheit: bool = False
    taken: DeviceTime | None = None
    site: int | None = None


def parse(payload: bytes) -> Temperature:
    """Read the characteristic's value.

    Raises:
        Truncated: a field that the flags announce is missing or cut.
    """
    fields = Fields(payload)
    flags = fields.uint(1)
    return Temperature(
        value=decode_float(fields.uint(4)),
        fahrenheit=bool(flags & _FAHRENHEIT),
        taken=read_time(fields) if flags & _TIME else None,
        site=fields.uint(1) if flags & _SITE else None,
    )


def encode(measurement: Temperature) -> bytes:
    """Return the characteristic's value; ``parse`` reads it back unchanged.

    Raises:
        ValueError: a number does not fit its field.
    """
    taken, site = measurement.taken, measurement.site
    flags = (
        (_FAHRENHEIT if measurement.fahrenheit else 0)
        | (0 if taken is None else _TIME)
        | (0 if site is None else _SITE)
    )
    return (
        bytes((flags,))
        + uint_bytes(encode_float(measurement.value), 4)
        + (b"" if taken is None else time_bytes(taken))
        + (b"" if site is None else uint_bytes(site, 1))
    )


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return the body temperature, at the thermometer's time if that can be true.

    Raises:
        Truncated: a field that the flags announce is missing or cut.
    """
    measurement = parse(frame.payload)
    at = observed_at(measurement.taken, frame)
    trust = Quality.ESTIMATED if measurement.site in _NOT_THE_CORE else Quality.GOOD
    celsius = _celsius(measurement)
    seen = reading(frame.device, Quantity.BODY_TEMPERATURE, celsius, at, believed=_BODIES, trust=trust)
    name = once(measurement.taken, b"temperature", uint_bytes(encode_float(measurement.value), 4))
    return Decoded((seen,), once=name)


def _celsius(measurement: Temperature) -> Value:
    if isinstance(measurement.value, Special) or not measurement.fahrenheit:
        return measurement.value
    return round((measurement.value - _FREEZING_F) / _F_PER_C, 2)
