"""The devices themselves: power that is out, an empty battery, an opened case, a sensor that sticks.

The one idea: each is a *fault* of one device that begins, lasts and ends. It is told once it has lasted
long enough, and taken back once it has stayed away for a while; one that comes and goes meanwhile is the
same alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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
from firmware_protocols.wire.plan_rules import Upkeep

_AWAY_S: Final = 600.0
"""A fault that has stayed away for so long is over. D."""
_CHARGED_PERCENT: Final = 5.0
"""A battery is well again only so far above its limit: its voltage recovers while nothing is sent. D."""
_STUCK_S: Final = 14_400.0
"""D. "Motion" without a pause for so long is a sensor that sticks; it is believed for the first hour only."""

_PROBLEM_S: Final = 300.0
"""D. A device that says of itself, or whose broker says of it, that it does not work: a restart of it, or of
the network between, takes a minute or two.
"""


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
    Quantity.PROBLEM: Fault(AlarmKind.DEVICE_FAULT, lambda bad, _: bool(bad), lambda _: _PROBLEM_S),
    Quantity.MOTION: Fault(AlarmKind.DEVICE_FAULT, lambda moves, _: bool(moves), lambda _: _STUCK_S),
}


@dataclass(frozen=True, slots=True)
class _Begun:
    """A fault of one device: since when, its last value, the alarm that told of it, how often it has come
    since, and when it went away.
    """

    since_s: float
    value: float
    alarm: AlarmId | None = None
    count: int = 1
    ended_s: float | None = None


class UpkeepRule:
    """Tells of each device's faults."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._begun: dict[tuple[DeviceId, Quantity], _Begun] = {}

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """A device's state: a fault begins, goes on, goes away, or comes back. A memory is none."""
        if not isinstance(sight, Reading) or sight.quantity not in FAULTS:
            return []
        if sight.value is None or sight.quality is not Quality.GOOD:
            return []
        key = sight.device, sight.quantity
        faulty = FAULTS[sight.quantity].begins(sight.value, self._home.plan.rules.upkeep)
        if faulty is None:
            return []
        return self._come(key, float(sight.value), now) if faulty else self._go(key)

    def tick(self, now: datetime) -> list[Alarm]:
        """Tell what has lasted; take back what has stayed away."""
        told = [alarm for key in list(self._begun) for alarm in self._tell_if_due(key, now)]
        return told + [alarm for key in list(self._begun) for alarm in self._end_if_over(key, now)]

    def state(self) -> JsonValue:
        """What has begun."""
        return [
            [
                device,
                str(quantity),
                round(begun.since_s),
                begun.value,
                begun.alarm,
                begun.count,
                begun.ended_s,
            ]
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
                float(since_s), float(value), alarm and AlarmId(alarm), int(count), ended_s
            )
            for device, quantity, since_s, value, alarm, count, ended_s in state
        }

    def _come(self, key: tuple[DeviceId, Quantity], value: float, now: datetime) -> list[Alarm]:
        begun, now_s = self._begun.get(key), self._home.surroundings.listened_s
        if begun is None or (begun.alarm is None and self._has_paused(key)):
            begun = _Begun(now_s, value)
        back = begun.ended_s is not None
        begun = replace(begun, value=value, ended_s=None, count=begun.count + back)
        self._begun[key] = begun
        if back and begun.count & (begun.count - 1) == 0:
            return self._record(key, begun, AlarmState.UPDATED, now, {"count": begun.count})
        return self._tell_if_due(key, now)

    def _go(self, key: tuple[DeviceId, Quantity]) -> list[Alarm]:
        begun = self._begun.get(key)
        if begun is None or begun.alarm is None:
            self._begun.pop(key, None)
        elif begun.ended_s is None:
            self._begun[key] = replace(begun, ended_s=self._home.surroundings.listened_s)
        return []

    def _has_paused(self, key: tuple[DeviceId, Quantity]) -> bool:
        """Whether a sensor of motion has made a pause: then it does not stick."""
        device, quantity = key
        return quantity is Quantity.MOTION and self._home.surroundings.held_s(device, quantity) == 0.0

    def _tell_if_due(self, key: tuple[DeviceId, Quantity], now: datetime) -> list[Alarm]:
        begun, upkeep = self._begun[key], self._home.plan.rules.upkeep
        lasted_s = self._home.surroundings.listened_s - begun.since_s
        if not upkeep.armed or begun.alarm is not None or lasted_s < FAULTS[key[1]].wait_s(upkeep):
            return []
        self._begun[key] = replace(begun, alarm=self._home.new_id())
        evidence = _EVIDENCE.get(key[1], _plain)(begun.value, lasted_s)
        return self._record(key, self._begun[key], AlarmState.RAISED, now, evidence)

    def _end_if_over(self, key: tuple[DeviceId, Quantity], now: datetime) -> list[Alarm]:
        begun = self._begun[key]
        if begun.ended_s is None or self._home.surroundings.since(begun.ended_s) < _AWAY_S:
            return []
        del self._begun[key]
        return self._record(key, begun, AlarmState.CANCELLED, now, {"restored": True})

    @staticmethod
    def _record(
        key: tuple[DeviceId, Quantity], begun: _Begun, state: AlarmState, now: datetime, evidence: Evidence
    ) -> list[Alarm]:
        device, quantity = key
        return (
            [Alarm(begun.alarm, FAULTS[quantity].kind, state, device, now, evidence)] if begun.alarm else []
        )


def _plain(_value: float, _lasted_s: float) -> Evidence:
    return {}


_EVIDENCE: Final[Mapping[Quantity, Callable[[float, float], Evidence]]] = {
    Quantity.MAINS: lambda _, lasted_s: {"out_s": round(lasted_s)},
    Quantity.BATTERY: lambda value, _: {"battery": value},
    Quantity.PROBLEM: lambda _, lasted_s: {"fault": "problem", "out_s": round(lasted_s)},
    Quantity.MOTION: lambda _, lasted_s: {"fault": "stuck", "stuck_min": int(lasted_s // 60)},
}
