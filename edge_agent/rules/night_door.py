"""Somebody went out of the door at night and nobody has moved inside since.

Sooner for a person who may leave without knowing why. It needs every sensor alive, because a dead one would
make each late walk to the bins an alarm.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from edge_agent.rules.asked import Finding
from edge_agent.rules.home import Home

_WAIT_OF_WANDERER_S: Final = 600.0
_WAIT_S: Final = 1_800.0
"""D., both."""


class NightDoor:
    """``asked.Condition``: an exit was used at night and the home has been empty since."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def found(self, now: datetime, calm_s: float) -> Finding | None:
        """Out for too long."""
        plan, around = self._home.plan, self._home.surroundings
        rule, door = plan.rules.night_door, around.door
        if not rule.armed or door is None or around.since(around.door_s, calm_s) < self._wait_s():
            return None
        away_s = around.since(around.door_s)
        if not rule.night.hold(plan.local(now - timedelta(seconds=away_s))):
            return None
        if around.someone_home() or not around.all_speak():
            return None
        return Finding(door, {"away_min": int(away_s // 60)})

    def over(self, asked_s: float) -> bool:
        """Somebody is inside again."""
        return self._home.surroundings.door_s is None

    def _wait_s(self) -> float:
        wait_s = self._home.plan.rules.night_door.wait_s
        if wait_s is not None:
            return wait_s
        return _WAIT_OF_WANDERER_S if self._home.plan.person.wanders else _WAIT_S
