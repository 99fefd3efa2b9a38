"""A room that warms faster than any heating: a hint of a fire before the smoke, or where no detector hangs.

A hint and no more: smoke is the detector's. It needs a room that is warm by now, because a window that is
shut in winter warms a cold room as fast; and nobody moving there, because whoever cooks beside the sensor
sees the pan.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from edge_agent.rules.home import Home
from edge_agent.rules.sight import Repeats, Sight
from firmware_protocols.model import Alarm, AlarmKind, DeviceId, JsonValue, Quality, Quantity, Reading

_WITHIN_S: Final = 600.0
"""D, the care domain's table: 8 K in 10 min."""
_ABOUT_S: Final = 300.0
"""Movement so recent in the room is somebody who would see a fire. D."""
_SAME_HEAT_S: Final = 3_600.0
"""A room that warms again so soon is the same trouble. D."""
_MOST: Final = 120
"""Readings kept of one sensor, the newest; enough for one each five seconds."""


class HeatRule:
    """Raises when a room's temperature has risen by the plan's ``heat.rise_k`` within ten minutes."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._course: dict[DeviceId, list[tuple[float, float]]] = {}
        self._same = Repeats(_SAME_HEAT_S)

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """One temperature of a room."""
        match sight:
            case Reading(quantity=Quantity.TEMPERATURE, quality=Quality.GOOD, value=float(value)) if (
                self._home.kinds.get(sight.device) == "climate"
            ):
                return self._rise(sight.device, value, now)
        return []

    def tick(self, now: datetime) -> list[Alarm]:
        """Nothing becomes due."""
        return []

    def state(self) -> JsonValue:
        """The last ten minutes of each room."""
        return {
            device: [[round(at_s), value] for at_s, value in course]
            for device, course in self._course.items()
        }

    def restore(self, state: JsonValue) -> None:
        """Take it up again."""
        try:
            self._restore(state)
        except (TypeError, ValueError, AttributeError):
            self._course = {}

    def _restore(self, state: Any) -> None:
        self._course = {
            DeviceId(device): [(float(at_s), float(value)) for at_s, value in course]
            for device, course in state.items()
        }

    def _rise(self, device: DeviceId, value: float, now: datetime) -> list[Alarm]:
        around, rule = self._home.surroundings, self._home.plan.rules.heat
        kept = [(at_s, was) for at_s, was in self._course.get(device, []) if around.since(at_s) <= _WITHIN_S]
        self._course[device] = [*kept, (around.listened_s, value)][-_MOST:]
        rise_k = value - min(was for _, was in self._course[device])
        if not rule.armed or rise_k < rule.rise_k or value < rule.least_c or self._is_attended(device):
            return []
        evidence: dict[str, JsonValue] = {"rise_k": round(rise_k, 1), "temperature": value}
        return self._same.report(device, AlarmKind.HEAT, now, evidence, self._home.new_id)

    def _is_attended(self, device: DeviceId) -> bool:
        """Whether somebody is in the room, moving."""
        around, room = self._home.surroundings, self._home.rooms.get(device, "")
        return room != "" and around.moved_in == room and around.since(around.moved_s) < _ABOUT_S
