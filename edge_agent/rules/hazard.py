"""Smoke, gas, carbon monoxide: a detector turned on. At once, no confirmation. Water lasts first
(``hazard_levels``).

The one idea: the *rising edge* is the alarm; a detector that repeats "on" for an hour is one alarm, and it
stays one over a restart, because the edge is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from edge_agent.rules.home import Home
from edge_agent.rules.sight import Repeats, Sight
from firmware_protocols.model import Alarm, AlarmKind, JsonValue, Quantity, Reading

HAZARDS: Final[Mapping[Quantity, AlarmKind]] = {
    Quantity.SMOKE: AlarmKind.SMOKE,
    Quantity.GAS: AlarmKind.GAS,
    Quantity.CARBON_MONOXIDE: AlarmKind.CARBON_MONOXIDE,
}
_SAME_HAZARD_S: Final = 300.0
"""A detector that clears and turns on again within this time reports the same hazard."""


class HazardRule:
    """Raises on each detector's rising edge."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._on: set[str] = set()
        self._edges = Repeats(_SAME_HAZARD_S)

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """A detector's state."""
        if not isinstance(sight, Reading) or sight.quantity not in HAZARDS or sight.value is None:
            return []
        name = f"{sight.device}/{sight.quantity}"
        if not sight.value:
            self._on.discard(name)
            return []
        if name in self._on:
            return []
        self._on.add(name)
        kind = HAZARDS[sight.quantity]
        return self._edges.report(sight.device, kind, sight.observed_at, {}, self._home.new_id)

    def tick(self, now: datetime) -> list[Alarm]:
        """Nothing becomes due."""
        return []

    def state(self) -> JsonValue:
        """Which detectors are on."""
        return sorted(self._on)

    def restore(self, state: JsonValue) -> None:
        """Which detectors were on."""
        if isinstance(state, list):
            self._on = {str(name) for name in state}
