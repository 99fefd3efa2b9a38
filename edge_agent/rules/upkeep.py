"""The devices themselves: power that is out, a battery near its end, a case that was opened, a sensor that
sticks.

The one idea: each is a *fault* of one device that begins, lasts and ends. It is told once when it has lasted
long enough, and once more when it has ended; one that comes back within the hour is the same alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from edge_agent.rules.home import Home
from edge_agent.rules.sight import Repeats, Sight
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    DeviceId,
    JsonValue,
    Quantity,
    Reading,
)
from firmware_protocols.wire.plan import Upkeep

_SAME_FAULT_S: Final = 3_600.0
_CHARGED_PERCENT: Final = 5.0
"""A battery is well again only so far above its limit: its voltage recovers while nothing is sent. D."""
_STUCK_S: Final = 14_400.0
"""D. "Motion" without a pause for so long is a sensor that sticks; it is believed for the first hour only."""


@dataclass(frozen=True, slots=True)
class Fault:
    """``begins``: whether a value means the fault, the opposite, or neither (``None``). ``wait_s``: how
    long it lasts before it is told.
    """

    kind: AlarmKind
    begins: Callable[[float | bool, Upkeep], bool | None]
    wait_s: Callable[[Upkeep], float] = lambda _: 0.0


def _battery(percent: float | bool, upkeep: Upkeep) -> bool | None:
    if percent <= upkeep.battery_percent:
        return True
    return False if percent > upkeep.battery_percent + _CHARGED_PERCENT else None


FAULTS: Final[Mapping[Quantity, Fault]] = {
    Quantity.MAINS: Fault(AlarmKind.MAINS_LOST, lambda on, _: not on, lambda upkeep: upkeep.mains_s),
    Quantity.BATTERY: Fault(AlarmKind.BATTERY_LOW, _battery),
    Quantity.BATTERY_LOW: Fault(AlarmKind.BATTERY_LOW, lambda low, _: bool(low)),
    Quantity.TAMPER: Fault(AlarmKind.TAMPER, lambda opened, _: bool(opened)),
    Quantity.MOTION: Fault(AlarmKind.DEVICE_FAULT, lambda moves, _: bool(moves), lambda _: _STUCK_S),
}


@dataclass(frozen=True, slots=True)
class _Begun:
    """A fault of one device: since when, its last value, and the alarm that told of it, if any."""

    since_s: float
    value: float
    alarm: AlarmId | None = None


class UpkeepRule:
    """Tells of each device's faults."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._begun: dict[tuple[DeviceId, Quantity], _Begun] = {}
        self._repeats = {quantity: Repeats(_SAME_FAULT_S) for quantity in FAULTS}

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """A device's state: a fault begins, goes on, or ends."""
        if not isinstance(sight, Reading) or sight.quantity not in FAULTS or sight.value is None:
            return []
        key, value = (sight.device, sight.quantity), float(sight.value)
        faulty = FAULTS[sight.quantity].begins(sight.value, self._home.plan.rules.upkeep)
        if faulty is None:
            return []
        if not faulty:
            return self._end(key, now)
        begun = self._begun.get(key)
        if begun is None or (begun.alarm is None and self._has_paused(key)):
            begun = _Begun(self._home.surroundings.listened_s, value)
        self._begun[key] = replace(begun, value=value)
        return self._tell_due(now)

    def tick(self, now: datetime) -> list[Alarm]:
        """Tell what has lasted."""
        return self._tell_due(now)

    def state(self) -> JsonValue:
        """What has begun."""
        return [
            [device, str(quantity), round(begun.since_s), begun.value, begun.alarm]
            for (device, quantity), begun in self._begun.items()
        ]

    def restore(self, state: JsonValue) -> None:
        """Take it up again."""
        try:
            self._restore(state)
        except (TypeError, ValueError):
            self._begun = {}

    def _restore(self, state: Any) -> None:
        self._begun = {
            (DeviceId(device), Quantity(quantity)): _Begun(
                float(since_s), float(value), alarm and AlarmId(alarm)
            )
            for device, quantity, since_s, value, alarm in state
        }

    def _has_paused(self, key: tuple[DeviceId, Quantity]) -> bool:
        """Whether a sensor of motion has made a pause: then it does not stick."""
        device, quantity = key
        return quantity is Quantity.MOTION and self._home.surroundings.held_s(device, quantity) == 0.0

    def _tell_due(self, now: datetime) -> list[Alarm]:
        upkeep, now_s = self._home.plan.rules.upkeep, self._home.surroundings.listened_s
        if not upkeep.armed:
            return []
        due = [
            key
            for key, begun in self._begun.items()
            if begun.alarm is None and now_s - begun.since_s >= FAULTS[key[1]].wait_s(upkeep)
        ]
        return [alarm for key in due for alarm in self._tell(key, now)]

    def _tell(self, key: tuple[DeviceId, Quantity], now: datetime) -> list[Alarm]:
        device, quantity = key
        begun, kind, repeats = self._begun[key], FAULTS[quantity].kind, self._repeats[quantity]
        lasted_s = self._home.surroundings.listened_s - begun.since_s
        evidence = _EVIDENCE.get(quantity, _plain)(begun.value, lasted_s)
        told = repeats.report(device, kind, now, evidence, self._home.new_id)
        self._begun[key] = replace(begun, alarm=repeats.open_alarm(device, kind))
        return told

    def _end(self, key: tuple[DeviceId, Quantity], now: datetime) -> list[Alarm]:
        begun = self._begun.pop(key, None)
        if begun is None or begun.alarm is None:
            return []
        device, quantity = key
        kind = FAULTS[quantity].kind
        return [Alarm(begun.alarm, kind, AlarmState.UPDATED, device, now, {"restored": True})]


def _plain(_value: float, _lasted_s: float) -> Mapping[str, JsonValue]:
    return {}


_EVIDENCE: Final[Mapping[Quantity, Callable[[float, float], Mapping[str, JsonValue]]]] = {
    Quantity.MAINS: lambda _, lasted_s: {"out_s": round(lasted_s)},
    Quantity.BATTERY: lambda value, _: {"battery": value},
    Quantity.MOTION: lambda _, lasted_s: {"fault": "stuck", "stuck_min": int(lasted_s // 60)},
}
