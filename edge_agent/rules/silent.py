"""A device that should have spoken and has not. What it would have reported is unknown, and people must
know that.

One alarm per device and silence: it is told when the plan's time has passed, and taken back when the device
is heard again. A device is missed only by a gateway that listened: time without power or with a wrong clock
is no silence.
"""

from __future__ import annotations

from datetime import datetime

from edge_agent.rules.home import Home
from edge_agent.rules.sight import Sight
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, JsonValue


class SilentRule:
    """Tells of devices that have fallen silent."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._missed: dict[DeviceId, AlarmId] = {}

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """A device that was missed is back."""
        alarm = self._missed.pop(sight.device, None)
        if alarm is None:
            return []
        record = Alarm(
            alarm, AlarmKind.SENSOR_SILENT, AlarmState.CANCELLED, sight.device, now, {"restored": True}
        )
        return [record]

    def tick(self, now: datetime) -> list[Alarm]:
        """Tell of whoever has been silent for too long."""
        if not self._home.plan.rules.upkeep.armed:
            return []
        around = self._home.surroundings
        lost = [
            device for device in self._home.kinds if device not in self._missed and not around.speaks(device)
        ]
        return [self._miss(device, now) for device in lost]

    def state(self) -> JsonValue:
        """Who is missed."""
        return {str(device): str(alarm) for device, alarm in self._missed.items()}

    def restore(self, state: JsonValue) -> None:
        """Who was missed; a device that is configured no more is forgotten."""
        if isinstance(state, dict):
            known = self._home.kinds
            self._missed = {
                DeviceId(device): AlarmId(str(alarm)) for device, alarm in state.items() if device in known
            }

    def _miss(self, device: DeviceId, now: datetime) -> Alarm:
        self._missed[device] = self._home.new_id()
        silent_min = int(self._home.surroundings.silent_s(device) // 60)
        return Alarm(
            self._missed[device],
            AlarmKind.SENSOR_SILENT,
            AlarmState.RAISED,
            device,
            now,
            {"silent_min": silent_min},
        )
