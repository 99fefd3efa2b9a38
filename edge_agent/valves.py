"""Valves that are shut when gas, fire or water is found, before anybody is asked.

What this is: which valves to shut, how often to say so, and whether they obeyed. Pure. What it is not: the
radio, or a way to open one: whoever has looked turns it on again by hand. The one idea: a valve counts as
shut when it says so itself; one that is told and stays open is a fault that people hear of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    DeviceId,
    Observation,
    Quantity,
    Reading,
)

SHUTS: Final[Mapping[AlarmKind, str]] = {
    AlarmKind.GAS: "gas_valve",
    AlarmKind.CARBON_MONOXIDE: "gas_valve",
    AlarmKind.SMOKE: "gas_valve",
    AlarmKind.HEAT: "gas_valve",
    AlarmKind.FLOOD: "water_valve",
}
"""Kind of alarm to the kind of valve (``settings.DeviceKind``) that it shuts. Gas feeds a fire, and what
makes carbon monoxide in a home is mostly its water heater."""
ACTION: Final = "valve"
"""What an alarm record calls it."""
EVERY_S: Final = 10.0
GIVE_UP_S: Final = 120.0
"""Valves on a battery listen every few seconds and turn for ten. D."""


def valves_of(kinds: Mapping[DeviceId, str]) -> Mapping[DeviceId, str]:
    """Those of the home's devices that are valves."""
    return {device: kind for device, kind in kinds.items() if kind in SHUTS.values()}


@dataclass(slots=True)
class _Asked:
    next_s: float
    until_s: float


@dataclass(slots=True)
class Valves:
    """The home's valves, ``kinds`` by name. All ``_s`` are the agent's elapsed seconds."""

    kinds: Mapping[DeviceId, str]
    elapsed_s: Callable[[], float]
    _asked: dict[DeviceId, _Asked] = field(default_factory=dict)

    def hear(self, alarm: Alarm) -> tuple[str, ...]:
        """Take up a record of an alarm; return the local actions it leads to. A test shuts nothing."""
        kind = SHUTS.get(alarm.kind)
        if kind is None or alarm.state is not AlarmState.RAISED or alarm.evidence.get("test"):
            return ()
        found = [device for device, own in self.kinds.items() if own == kind]
        now_s = self.elapsed_s()
        for device in found:
            self._asked.setdefault(device, _Asked(now_s, now_s + GIVE_UP_S))
        return (ACTION,) if found else ()

    def see(self, observation: Observation) -> None:
        """A valve that says that it is shut needs no more telling."""
        if (
            isinstance(observation, Reading)
            and observation.quantity is Quantity.VALVE
            and observation.value is False
        ):
            self._asked.pop(observation.device, None)

    @property
    def disobeyed(self) -> frozenset[DeviceId]:
        """Valves that were told and have not said yet that they are shut."""
        return frozenset(self._asked)

    def due(self) -> list[DeviceId]:
        """The valves to be told now."""
        now_s = self.elapsed_s()
        found = [device for device, asked in self._asked.items() if asked.next_s <= now_s]
        for device in found:
            self._asked[device].next_s = now_s + EVERY_S
        return found

    def failed(self, new_id: Callable[[], AlarmId], now: datetime) -> list[Alarm]:
        """A fault for each valve that was told for long enough and has not said that it is shut."""
        now_s = self.elapsed_s()
        late = [device for device, asked in self._asked.items() if asked.until_s <= now_s]
        for device in late:
            del self._asked[device]
        fault = {"fault": "valve does not shut"}
        return [
            Alarm(new_id(), AlarmKind.DEVICE_FAULT, AlarmState.RAISED, device, now, fault) for device in late
        ]
