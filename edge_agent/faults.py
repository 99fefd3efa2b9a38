"""Drivers that cannot help themselves: people are told, once, and told again when it is over.

The one idea: a driver tries everything it can by itself and then shows the health figure ``fault``. What
stays broken after that is not a line in a log: a home whose radio is deaf has no help button. Pure: figures
and time come in, alarms go out.

What was told outlives a restart: the fault is open until its driver has had the time in which it would have
given up again, and has not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, JsonValue

log = logging.getLogger(__name__)

FIGURE: Final = "fault"
"""1 in a driver's health when what it tried by itself has not helped; ``fault/NAME``: of something beyond."""
WELL_AFTER_S: Final = 1_200.0
"""After a start a driver says that all is well until it has tried everything again; the slowest, a deaf radio
(``ble_scan``), needs 6 min, unless a connected device shows that it is not deaf. D."""


@dataclass(slots=True)
class Faults:
    """Which drivers are known to be broken. ``device``: whose fault it is said to be."""

    device: DeviceId
    new_id: Callable[[], AlarmId]
    _open: dict[str, AlarmId] = field(default_factory=dict)
    _from_before: set[str] = field(default_factory=set)

    def recall(self, note: str | None) -> None:
        """Take up what ``note`` told in an earlier run; one that is damaged is no note."""
        try:
            self._open = msgspec.json.decode(note or "{}", type=dict[str, AlarmId])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            log.warning("open faults cannot be read, each is told anew reason=%s", error)
        self._from_before = set(self._open)

    def note(self) -> str:
        """What is open, for ``recall``."""
        return msgspec.json.encode(self._open).decode()

    def without(self, drivers: Collection[str], now: datetime) -> list[Alarm]:
        """The end of the faults of all but ``drivers``: the others are not in this home any more."""
        gone = [name for name in self._open if not any(_is_of(name, driver) for driver in drivers)]
        return [self._over(name, now) for name in gone]

    def see(self, driver: str, health: Mapping[str, float], now: datetime, up_s: float) -> list[Alarm]:
        """The alarm records for what has broken or is well again; mostly none. ``up_s``: how long the drivers
        have run.
        """
        faults = {driver + figure.removeprefix(FIGURE): broken for figure, broken in health.items()
                  if figure == FIGURE or figure.startswith(f"{FIGURE}/")}  # fmt: skip
        return [
            alarm for name, broken in faults.items() for alarm in self._judge(name, bool(broken), now, up_s)
        ]

    def _judge(self, name: str, broken: bool, now: datetime, up_s: float) -> list[Alarm]:
        if broken:
            self._from_before.discard(name)
        if broken == (name in self._open) or (name in self._from_before and up_s < WELL_AFTER_S):
            return []
        if broken:
            self._open[name] = self.new_id()
            return [self._record(name, self._open[name], AlarmState.RAISED, now)]
        return [self._over(name, now)]

    def _over(self, name: str, now: datetime) -> Alarm:
        self._from_before.discard(name)
        return self._record(name, self._open.pop(name), AlarmState.UPDATED, now)

    def _record(self, name: str, alarm: AlarmId, state: AlarmState, now: datetime) -> Alarm:
        evidence: dict[str, JsonValue] = {"fault": f"driver {name}", "over": state is AlarmState.UPDATED}
        return Alarm(alarm, AlarmKind.DEVICE_FAULT, state, self.device, now, evidence)


def _is_of(fault: str, driver: str) -> bool:
    return fault == driver or fault.startswith(f"{driver}/")
