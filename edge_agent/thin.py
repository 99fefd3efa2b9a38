"""Thinning: which of a device's many reports are worth a place on the disk and on the line. Pure.

What it is not: a filter of what the rules see; they see every observation. The one idea: a reading is
compared with the last one that was *kept*, never with the last one seen, so a value that creeps is followed
however slowly. What stays the same is kept about once a minute: "still so" is not "no longer heard".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from firmware_protocols.model import DeviceId, Event, EventKind, Quantity, Reading

KEPT_EVERY: Final = timedelta(seconds=55)
"""ADR 0022 says once a minute; less what the clock of a device that reports once a minute may be off. [D]"""

TOLERANCES: Final[Mapping[Quantity, float]] = {
    Quantity.HEART_RATE: 1,
    Quantity.PULSE_RATE: 1,
    Quantity.RESPIRATION_RATE: 1,
    Quantity.PULSE_AMPLITUDE: 0.5,
    Quantity.BODY_MOVEMENT: 5,
    Quantity.DISTANCE: 0.2,
    Quantity.SPEED: 0.1,
    Quantity.HEIGHT: 0.1,
    Quantity.STILL_TIME: 10,
    Quantity.BED_LOAD: 2,
    Quantity.ACCELERATION: 0.5,
    Quantity.TEMPERATURE: 0.1,
    Quantity.HUMIDITY: 1,
    Quantity.ILLUMINANCE: 10,
    Quantity.VOLTAGE: 0.05,
    Quantity.POWER: 2,
    Quantity.CO_CONCENTRATION: 5,
}
"""How far apart, in the quantity's unit, two readings still say the same. A state, and whatever is not named
here, must be equal: one percent of SpO2 is a step of the scale that people are judged by. [D]"""

EACH: Final = frozenset(
    {
        Quantity.SYSTOLIC,
        Quantity.DIASTOLIC,
        Quantity.MEAN_ARTERIAL_PRESSURE,
        Quantity.BODY_TEMPERATURE,
        Quantity.RR_INTERVAL,
    }
)
"""Measured by a person's hand, or beat by beat: each one counts, however alike."""

ANNOUNCED_BY: Final[Mapping[EventKind, Quantity]] = {EventKind.FALL_SUSPECTED: Quantity.FALL_STATE}
"""Events that come again with every report of the state that announces them: a radar tells of a fall as
long as somebody lies there, and each event is a commit of its own. Every other event is an occurrence."""

_ROUNDING: Final = 1e-9


@dataclass(slots=True)
class Thinning:
    """What was kept last of each device's quantities. ``thinned``: reports not kept so far."""

    thinned: int = 0
    _kept: dict[tuple[DeviceId, Quantity], Reading] = field(default_factory=dict)

    def keeps(self, report: Reading | Event) -> bool:
        """Whether ``report`` is to be stored; a reading that is, is what the next one is compared with.

        Its age is its own ``observed_at``: a device that hands over yesterday's measurements at once is not
        repeating itself. Of a frame, the state comes before the event that it announces.
        """
        keeps = self._keeps_event(report) if isinstance(report, Event) else self._keeps_reading(report)
        self.thinned += not keeps
        return keeps

    def _keeps_reading(self, reading: Reading) -> bool:
        last = self._kept.get((reading.device, reading.quantity))
        if last is not None and reading.quantity not in EACH and _repeats(last, reading):
            return False
        self._kept[reading.device, reading.quantity] = reading
        return True

    def _keeps_event(self, event: Event) -> bool:
        """Unless a state that was kept shortly before, in another frame, has announced it already."""
        quantity = ANNOUNCED_BY.get(event.kind)
        state = self._kept.get((event.device, quantity)) if quantity else None
        if state is None or state.value is not True:
            return True
        return state.observed_at == event.observed_at or not _soon(state, event)


def _soon(one: Reading, other: Reading | Event) -> bool:
    return abs(other.observed_at - one.observed_at) < KEPT_EVERY


def _repeats(last: Reading, reading: Reading) -> bool:
    """Whether ``reading`` says what ``last`` said, and soon after (or before) it."""
    return _soon(last, reading) and reading.quality is last.quality and _same(last, reading)


def _same(last: Reading, reading: Reading) -> bool:
    tolerance = TOLERANCES.get(reading.quantity)
    if tolerance is None or last.value is None or reading.value is None:
        return last.value == reading.value
    return abs(reading.value - last.value) <= tolerance + _ROUNDING
