"""What radars of every family say alike: a state that is on or off, a fall, a number measured or not.

What it is not: a format. The one idea: these sentences must come out the same whoever built the radar,
because the rules compare one radar with another.
"""

from __future__ import annotations

import math

from firmware_protocols.codec import Frame
from firmware_protocols.errors import UnknownFormat
from firmware_protocols.model import Event, EventKind, Observation, Quality, Quantity, Reading


def flag(number: int) -> bool:
    """Return the state that ``number`` stands for.

    Raises:
        UnknownFormat: neither 0 nor 1.
    """
    if number not in {0, 1}:
        raise UnknownFormat(f"state {number}, only 0 and 1 exist")
    return bool(number)


def state(frame: Frame, quantity: Quantity, value: bool) -> Reading:
    """Return a state as a reading."""
    return Reading(frame.device, quantity, value, frame.received_at)


def fall(frame: Frame, fallen: bool) -> tuple[Observation, ...]:
    """Return the fall state, and for a fall, behind it, the event that the rules act on."""
    reading = state(frame, Quantity.FALL_STATE, fallen)
    if not fallen:
        return (reading,)
    return (reading, Event(frame.device, EventKind.FALL_SUSPECTED, "radar", frame.received_at))


def measured(frame: Frame, quantity: Quantity, value: float, *, lowest: float, highest: float) -> Reading:
    """Return a number from ``lowest`` to ``highest``; 0, infinite and "not a number" are "none measured"."""
    if value == 0 or not math.isfinite(value):
        return Reading(frame.device, quantity, None, frame.received_at, Quality.NO_VALUE)
    if not lowest <= value <= highest:
        return Reading(frame.device, quantity, None, frame.received_at, Quality.OUT_OF_RANGE)
    return Reading(frame.device, quantity, value, frame.received_at)
