"""Battery Level, GATT characteristic 0x2A19: one byte of per cent (Bluetooth Battery Service 1.1, 3.1)."""

from __future__ import annotations

from typing import Final

from firmware_protocols.ble.layout import Fields
from firmware_protocols.ble.uuids import full
from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.model import Quality, Quantity, Reading

SERVICE_UUID: Final = full(0x180F)
CHARACTERISTIC_UUID: Final = full(0x2A19)
_FULL: Final = 100


def decode(frame: Frame, security: Security = NO_SECURITY) -> Decoded:
    """Return the battery level in per cent; 101-255 are reserved and carry no value.

    Raises:
        Truncated: the value is empty.
    """
    level = Fields(frame.payload).uint(1)
    good = level <= _FULL
    reading = Reading(
        frame.device,
        Quantity.BATTERY,
        float(level) if good else None,
        frame.received_at,
        Quality.GOOD if good else Quality.OUT_OF_RANGE,
    )
    return Decoded((reading,))


def encode(percent: int) -> bytes:
    """Return the characteristic's value for ``percent`` (0-100).

    Raises:
        ValueError: ``percent`` is out of range.
    """
    if not 0 <= percent <= _FULL:
        raise ValueError(f"{percent} % is outside 0-{_FULL}")
    return bytes((percent,))
