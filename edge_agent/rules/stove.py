"""A cooker that is on and nobody near it.

Before people are called the home says so: whoever sits in the next room gets up. The one idea: a pot that is
looked after brings somebody to the kitchen now and then, so the wait counts from the last time that anybody
was seen there. It needs a meter on the cooker and a sensor in its room, both heard; without them nothing is
judged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from edge_agent.rules.asked import AskedRule, Finding
from edge_agent.rules.asking import CANCEL_KINDS
from edge_agent.rules.home import Home
from edge_agent.rules.sight import Sight
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    DeviceId,
    Event,
    EventKind,
    JsonValue,
    Quality,
    Quantity,
    Reading,
)
from firmware_protocols.wire.plan_rules import Stove

_CYCLE_S: Final = 300.0
"""A thermostat switches a plate off for so long and on again. D."""
_REMINDED_FOR_S: Final = 300.0
"""So long before people are called the home begins to remind. D."""
_REMIND_EVERY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class _On:
    """A cooker that is on: since when, since when it draws little, and what it drew last, W."""

    since_s: float
    low_s: float | None
    watt: float


class StoveRule:
    """Reminds, asks, and calls. It is also its own ``asked.Condition``."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._on: dict[DeviceId, _On] = {}
        self._seen_s: dict[str, float] = {}
        """When somebody was seen last, by room."""
        self._reminded_s: float | None = None
        self._calm_s = 0.0
        """Before then nothing counts: somebody has said that all is well."""
        self._asked = AskedRule(home, AlarmKind.STOVE, self)

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """A cooker's power; somebody in its room; a button."""
        match sight:
            case Reading(quality=Quality.GOOD, value=value) if value is not None:
                self._note(sight, float(value))
            case Event(kind=EventKind.BUTTON | EventKind.ALL_WELL) if self._reminded_s is not None:
                if sight.kind is EventKind.ALL_WELL or self._home.kinds.get(sight.device) in CANCEL_KINDS:
                    self._calm_s = self._home.surroundings.listened_s
        return self._asked.see(sight, now)

    def tick(self, now: datetime) -> list[Alarm]:
        """Who is there stays there; ask, call, end."""
        around = self._home.surroundings
        for room in around.present_in():
            self._seen_s[room] = around.listened_s
        self._on = {one: on for one, on in self._on.items() if around.since(on.low_s) <= _CYCLE_S}
        return self._asked.tick(now)

    def reminders(self, now: datetime) -> list[AlarmKind]:
        """Whether the home is to remind of the cooker now."""
        around, wait_s = self._home.surroundings, self._rule.wait_s
        device = self._unattended(wait_s - min(_REMINDED_FOR_S, wait_s / 2))
        if device is None:
            self._reminded_s = None
            return []
        if self._reminded_s is not None and around.since(self._reminded_s) < _REMIND_EVERY_S:
            return []
        self._reminded_s = around.listened_s
        return [AlarmKind.STOVE]

    def found(self, now: datetime, calm_s: float) -> Finding | None:
        """A cooker that has been left alone for too long."""
        self._calm_s = max(self._calm_s, calm_s)
        device = self._unattended(self._rule.wait_s)
        if device is None:
            return None
        left_min = int(self._left_s(device) // 60)
        return Finding(device, {"unattended_min": left_min, "power": round(self._on[device].watt)})

    def over(self, asked_s: float) -> bool:
        """It is off, or somebody is there."""
        rooms = {self._home.rooms.get(device, "") for device in self._on}
        return not rooms or any(self._seen_s.get(room, 0.0) > asked_s for room in rooms)

    def cancel(self, now: datetime, by: str, alarm: AlarmId | None = None) -> list[Alarm]:
        """Somebody says that all is well (of ``alarm``, if given)."""
        return self._asked.cancel(now, by, alarm)

    def forget(self, alarm: AlarmId) -> None:
        """People are done with ``alarm``; the wait begins anew."""
        self._asked.forget(alarm)

    def state(self) -> JsonValue:
        """What is on, who was seen, what is asked about."""
        on: dict[str, JsonValue] = {
            device: [round(one.since_s), None if one.low_s is None else round(one.low_s), one.watt]
            for device, one in self._on.items()
        }
        seen: dict[str, JsonValue] = {room: round(at_s) for room, at_s in self._seen_s.items()}
        return {"on": on, "seen": seen, "calm_s": round(self._calm_s), "asked": self._asked.state()}

    def restore(self, state: JsonValue) -> None:
        """Take it up again."""
        try:
            self._restore(state)
        except (KeyError, TypeError, ValueError, AttributeError):
            self._on, self._seen_s, self._calm_s = {}, {}, 0.0

    def _restore(self, state: Any) -> None:
        self._on = {
            DeviceId(device): _On(float(since_s), None if low_s is None else float(low_s), float(watt))
            for device, (since_s, low_s, watt) in state["on"].items()
        }
        self._seen_s = {str(room): float(at_s) for room, at_s in state["seen"].items()}
        self._calm_s = float(state["calm_s"])
        self._asked.restore(state["asked"])

    # -- inside --------------------------------------------------------------------------------------

    @property
    def _rule(self) -> Stove:
        return self._home.plan.rules.stove

    def _note(self, reading: Reading, value: float) -> None:
        kind = self._home.kinds.get(reading.device)
        if reading.quantity is Quantity.POWER and kind == "stove":
            self._draws(reading.device, value)
        if reading.quantity is Quantity.MOTION and value:
            self._seen_s[self._home.rooms.get(reading.device, "")] = self._home.surroundings.listened_s

    def _draws(self, device: DeviceId, watt: float) -> None:
        now_s, before = self._home.surroundings.listened_s, self._on.get(device)
        if watt >= self._rule.on_w:
            self._on[device] = _On(now_s if before is None else before.since_s, None, watt)
        elif before is not None and before.low_s is None:
            self._on[device] = replace(before, low_s=now_s)

    def _left_s(self, device: DeviceId) -> float:
        """How long ``device`` has been on with nobody near it."""
        seen_s = self._seen_s.get(self._home.rooms.get(device, ""), 0.0)
        return self._home.surroundings.since(self._on[device].since_s, max(seen_s, self._calm_s))

    def _unattended(self, least_s: float) -> DeviceId | None:
        around = self._home.surroundings
        if not self._rule.armed:
            return None
        for device in self._on:
            judged = around.speaks(device) and around.watches(self._home.rooms.get(device, ""))
            if judged and self._left_s(device) >= least_s:
                return device
        return None
