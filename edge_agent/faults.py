"""Drivers that cannot help themselves: people are told, once, and told again when it is over.

The one idea: a driver tries everything it can by itself and then shows the health figure ``fault``. What
stays broken after that is not a line in a log: a home whose radio is deaf has no help button. Pure: figures
and time come in, alarms go out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, JsonValue

FIGURE: Final = "fault"
"""1 in a driver's health when what it tried by itself has not helped; ``fault/NAME``: of something beyond."""


@dataclass(slots=True)
class Faults:
    """Which drivers are known to be broken. ``device``: whose fault it is said to be."""

    device: DeviceId
    new_id: Callable[[], AlarmId]
    _open: dict[str, AlarmId] = field(default_factory=dict)

    def see(self, driver: str, health: Mapping[str, float], now: datetime) -> list[Alarm]:
        """The alarm records for what has broken or is well again; mostly none."""
        faults = {driver + figure.removeprefix(FIGURE): broken for figure, broken in health.items()
                  if figure == FIGURE or figure.startswith(f"{FIGURE}/")}  # fmt: skip
        return [alarm for name, broken in faults.items() for alarm in self._judge(name, bool(broken), now)]

    def _judge(self, driver: str, broken: bool, now: datetime) -> list[Alarm]:
        if broken == (driver in self._open):
            return []
        if broken:
            self._open[driver] = self.new_id()
            return [self._record(driver, self._open[driver], AlarmState.RAISED, now)]
        return [self._record(driver, self._open.pop(driver), AlarmState.UPDATED, now)]

    def _record(self, driver: str, alarm: AlarmId, state: AlarmState, now: datetime) -> Alarm:
        evidence: dict[str, JsonValue] = {"fault": f"driver {driver}", "over": state is AlarmState.UPDATED}
        return Alarm(alarm, AlarmKind.DEVICE_FAULT, state, self.device, now, evidence)
