"""Somebody got up at night and is not back in bed.

Whoever is up and about (seen in a living room, moving in the kitchen) is left alone, unless the person
needs so much help that being up is the danger: from ability level 3 on every absence counts, and sooner.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from edge_agent.rules.asked import Finding
from edge_agent.rules.home import Home
from edge_agent.rules.sight import Evidence
from edge_agent.rules.surroundings import BEDROOM

_WAIT_S: Final = 2_700.0
"""D. 45 min at night is the practice of a monitoring service."""
_WAIT_OF_DEPENDENT_S: Final = 900.0
"""D."""
_DEPENDENT: Final = 3
"""D. Ability level of GB/T 42195-2022 from which on somebody hardly walks alone safely."""
_ABOUT_S: Final = 900.0
"""Movement so recent shows somebody who is up. D."""


class BedExit:
    """``asked.Condition``: out of bed since a moment of the night, for longer than this person usually is."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def found(self, now: datetime, calm_s: float) -> Finding | None:
        """Out of bed for too long."""
        plan, around = self._home.plan, self._home.surroundings
        rule, away_s = plan.rules.bed_exit, around.since(around.left_bed_s, calm_s)
        device = around.left_bed
        if not rule.armed or device is None or away_s < self._wait_s():
            return None
        left_at = now - timedelta(seconds=around.since(around.left_bed_s))
        if not (rule.night.hold(plan.local(now)) and rule.night.hold(plan.local(left_at))):
            return None
        if not around.speaks(device) or self._is_about():
            return None
        evidence: Evidence = {"away_min": int(around.since(around.left_bed_s) // 60), "room": around.moved_in}
        return Finding(device, evidence)

    def over(self, asked_s: float) -> bool:
        """Back in bed."""
        return self._home.surroundings.left_bed_s is None

    def _wait_s(self) -> float:
        wait_s = self._home.plan.rules.bed_exit.wait_s
        if wait_s is not None:
            return wait_s
        return _WAIT_OF_DEPENDENT_S if self._is_dependent() else _WAIT_S

    def _is_dependent(self) -> bool:
        return self._home.plan.person.ability_level >= _DEPENDENT

    def _is_about(self) -> bool:
        """Whether somebody is seen to be up, outside the rooms where people fall unseen."""
        around, doubtful = self._home.surroundings, {*self._home.plan.soon_rooms, "", BEDROOM}
        if self._is_dependent():
            return False
        moves = around.moved_in not in doubtful and around.since(around.moved_s) < _ABOUT_S
        return moves or bool(around.present_in() - doubtful)
