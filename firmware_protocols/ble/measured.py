"""A number out of a medical device, made into a reading: what is not a usable number carries no value."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, TypeAlias

from firmware_protocols.ble.ieee11073 import QUALITIES, Special
from firmware_protocols.model import DeviceId, Quality, Quantity, Reading

Value: TypeAlias = float | Special
"""A number, or the reason why there is none."""


class Believed(NamedTuple):
    """The closed range in which a number is believed, in the quantity's unit."""

    low: float
    high: float


def reading(
    device: DeviceId,
    quantity: Quantity,
    value: Value,
    at: datetime,
    *,
    believed: Believed,
    trust: Quality = Quality.GOOD,
) -> Reading:
    """Return ``value`` as a reading of ``trust``, or without value if it is special or not believed."""
    if isinstance(value, Special):
        return Reading(device, quantity, None, at, QUALITIES[value])
    if not believed.low <= value <= believed.high:
        return Reading(device, quantity, None, at, Quality.OUT_OF_RANGE)
    return Reading(device, quantity, value, at, trust)
