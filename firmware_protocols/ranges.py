"""Numbers of devices that say what they measure: which are believed.

The one idea: a number out of its quantity's range is a reading without a value, so that a wrong unit or a
broken sensor shows as such and not as a measurement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from firmware_protocols.model import DeviceId, Quality, Quantity, Reading

RANGES: Final[Mapping[Quantity, tuple[float, float]]] = {
    Quantity.HEART_RATE: (1, 250),
    Quantity.PULSE_RATE: (1, 250),
    Quantity.RESPIRATION_RATE: (1, 60),
    Quantity.SPO2: (1, 100),
    Quantity.BODY_TEMPERATURE: (20, 45),
    Quantity.BODY_WEIGHT: (5, 300),
    Quantity.BODY_WATER: (1, 99),
    Quantity.GLUCOSE: (0.1, 60),
    Quantity.TEMPERATURE: (-60, 125),
    Quantity.HUMIDITY: (0, 100),
    Quantity.BATTERY: (0, 100),
    Quantity.VOLTAGE: (0, 500),
    Quantity.POWER: (-30_000, 30_000),
    Quantity.ILLUMINANCE: (0, 200_000),
    Quantity.BODY_MOVEMENT: (0, 100),
    Quantity.BED_LOAD: (0, 100),
    Quantity.DISTANCE: (0, 20),
    Quantity.CO_CONCENTRATION: (0, 10_000),
    Quantity.STILL_TIME: (0, 7 * 86_400),
    Quantity.TARGETS: (0, 20),
}
"""Lowest and highest value believed, in the quantity's unit. D. Of other quantities any number is."""
NONE_AT_ZERO: Final = frozenset(
    {Quantity.HEART_RATE, Quantity.PULSE_RATE, Quantity.RESPIRATION_RATE, Quantity.SPO2}
)
"""Zero is "none measured", never a person without a pulse."""


def measured(device: DeviceId, quantity: Quantity, value: float | None, at: datetime) -> Reading:
    """Return the reading of ``value`` (in the quantity's unit); none or not a number: without a value."""
    quality = _quality(quantity, value)
    usable = value if value is not None and quality is Quality.GOOD else None
    return Reading(device, quantity, usable, at, quality)


def _quality(quantity: Quantity, value: float | None) -> Quality:
    if value is None or math.isnan(value) or (value == 0 and quantity in NONE_AT_ZERO):
        return Quality.NO_VALUE
    lowest, highest = RANGES.get(quantity, (-math.inf, math.inf))
    fits = math.isfinite(value) and lowest <= value <= highest
    return Quality.GOOD if fits else Quality.OUT_OF_RANGE
