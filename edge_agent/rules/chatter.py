"""A sensor that says without a pause that something happens, while the others say little: it lies.

What it is not: one that sticks (``upkeep``) or sees nobody (``blind``). Guests make every sensor busy, so one
alone is compared with the busiest other. Told once; it is over when the sensor has been calm for an hour.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from edge_agent.rules.home import Home
from edge_agent.rules.sight import Evidence, Sight
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    DeviceId,
    JsonValue,
    Quality,
    Quantity,
    Reading,
)

_HOUR_S: Final = 3_600.0
_BUSIER: Final = 4
"""So many times busier than any other sensor. D. Where people go in and out, more than one sensor sees
them.
"""
_COUNTED: Final = frozenset({Quantity.MOTION, Quantity.OPENING, Quantity.PRESENCE, Quantity.VIBRATION})


class ChatterRule:
    """Counts the changes of each sensor in an hour."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._value: dict[tuple[DeviceId, Quantity], bool] = {}
        self._count: dict[DeviceId, int] = {}
        self._hour_s = 0.0
        self._told: dict[DeviceId, AlarmId] = {}

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """A state: a change to "yes" counts."""
        match sight:
            case Reading(quantity=quantity, value=bool(value), quality=Quality.GOOD) if quantity in _COUNTED:
                if value and not self._value.get((sight.device, quantity), False):
                    self._count[sight.device] = self._count.get(sight.device, 0) + 1
                self._value[sight.device, quantity] = value
        return []

    def tick(self, now: datetime) -> list[Alarm]:
        """Judge an hour when it is over."""
        around = self._home.surroundings
        if around.since(self._hour_s) < _HOUR_S:
            return []
        counts, self._count, self._hour_s = self._count, {}, around.listened_s
        return [alarm for device in self._home.kinds for alarm in self._judge(device, counts, now)]

    def state(self) -> JsonValue:
        """The hour's counts, and what was told."""
        return {
            "hour_s": round(self._hour_s),
            "count": {str(device): count for device, count in self._count.items()},
            "told": {str(device): str(alarm) for device, alarm in self._told.items()},
        }

    def restore(self, state: JsonValue) -> None:
        """Take it up again."""
        try:
            self._restore(state)
        except (KeyError, TypeError, ValueError, AttributeError):
            self._count, self._told, self._hour_s = {}, {}, 0.0

    def _restore(self, state: Any) -> None:
        self._hour_s = float(state["hour_s"])
        self._count = {DeviceId(device): int(count) for device, count in state["count"].items()}
        self._told = {DeviceId(device): AlarmId(alarm) for device, alarm in state["told"].items()}

    def _judge(self, device: DeviceId, counts: dict[DeviceId, int], now: datetime) -> list[Alarm]:
        upkeep, count = self._home.plan.rules.upkeep, counts.get(device, 0)
        others = max((other for name, other in counts.items() if name != device), default=0)
        lies = upkeep.armed and count >= upkeep.per_hour and count >= _BUSIER * others
        if lies and device not in self._told:
            self._told[device] = self._home.new_id()
            evidence: Evidence = {"fault": "chatter", "per_hour": count}
            return [self._record(self._told[device], device, AlarmState.RAISED, now, evidence)]
        calm = count < upkeep.per_hour / 2 and self._home.surroundings.speaks(device)
        if calm and device in self._told:
            return [
                self._record(self._told.pop(device), device, AlarmState.CANCELLED, now, {"restored": True})
            ]
        return []

    @staticmethod
    def _record(alarm: AlarmId, device: DeviceId, state: AlarmState, now: datetime, said: Evidence) -> Alarm:
        return Alarm(alarm, AlarmKind.DEVICE_FAULT, state, device, now, said)
