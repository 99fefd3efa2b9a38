"""A motion sensor that says that it lives and never sees anybody, while the others do: it lies.

Silence of such a sensor looks like a quiet room, so people must know before a quiet day is judged by it. Told
once; it is taken back when the sensor sees somebody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from edge_agent.rules.home import Home
from edge_agent.rules.sight import Sight
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

_BLIND_S: Final = 86_400.0
_NEIGHBOURS: Final = 100
"""Movements that the other sensors must have seen meanwhile. D. A room where nobody goes is no fault of a
sensor, but nobody can tell the two apart without looking.
"""


@dataclass(frozen=True, slots=True)
class _Eye:
    """One sensor: when it saw somebody last, how many movements the home had had by then, and the alarm that
    told of its blindness.
    """

    since_s: float
    seen: int
    alarm: AlarmId | None = None


class BlindRule:
    """Compares each motion sensor with the others."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._eyes: dict[DeviceId, _Eye] = {}
        self._seen = 0

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """Somebody moves: the sensor that says so sees, and the others are compared with it."""
        match sight:
            case Reading(quantity=Quantity.MOTION, value=True) if self._is_believed(sight.device):
                return self._open(sight.device, now)
        return []

    def tick(self, now: datetime) -> list[Alarm]:
        """Tell of whoever has been blind for too long."""
        if not self._home.plan.rules.upkeep.armed:
            return []
        return [alarm for device in self._watched() for alarm in self._judge(device, now)]

    def state(self) -> JsonValue:
        """What each sensor saw last."""
        eyes: dict[str, JsonValue] = {
            device: [round(eye.since_s), eye.seen, eye.alarm] for device, eye in self._eyes.items()
        }
        return {"seen": self._seen, "eyes": eyes}

    def restore(self, state: JsonValue) -> None:
        """Take it up again."""
        try:
            self._restore(state)
        except (KeyError, TypeError, ValueError, AttributeError):
            self._eyes, self._seen = {}, 0

    def _restore(self, state: Any) -> None:
        self._seen = int(state["seen"])
        self._eyes = {
            DeviceId(device): _Eye(float(since_s), int(seen), alarm and AlarmId(alarm))
            for device, (since_s, seen, alarm) in state["eyes"].items()
        }

    def _watched(self) -> list[DeviceId]:
        return [device for device, kind in self._home.kinds.items() if kind == "motion"]

    def _is_believed(self, device: DeviceId) -> bool:
        """Whether this report was taken for a movement: one of a sensor that sticks is not."""
        around = self._home.surroundings
        return around.moved_by == device and around.moved_s == around.listened_s

    def _open(self, device: DeviceId, now: datetime) -> list[Alarm]:
        eye = self._eyes.get(device)
        self._seen += 1
        self._eyes[device] = _Eye(self._home.surroundings.listened_s, self._seen)
        return self._record(device, eye.alarm, AlarmState.CANCELLED, now, {"restored": True}) if eye else []

    def _judge(self, device: DeviceId, now: datetime) -> list[Alarm]:
        around = self._home.surroundings
        eye = self._eyes.setdefault(device, _Eye(around.listened_s, self._seen))
        blind_s = around.since(eye.since_s)
        if (
            eye.alarm
            or blind_s < _BLIND_S
            or self._seen - eye.seen < _NEIGHBOURS
            or not around.speaks(device)
        ):
            return []
        self._eyes[device] = replace(eye, alarm=self._home.new_id())
        evidence: dict[str, JsonValue] = {"fault": "blind", "blind_h": int(blind_s // 3_600)}
        return self._record(device, self._eyes[device].alarm, AlarmState.RAISED, now, evidence)

    @staticmethod
    def _record(
        device: DeviceId,
        alarm: AlarmId | None,
        state: AlarmState,
        now: datetime,
        evidence: dict[str, JsonValue],
    ) -> list[Alarm]:
        return [Alarm(alarm, AlarmKind.DEVICE_FAULT, state, device, now, evidence)] if alarm else []
