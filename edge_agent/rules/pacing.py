"""Somebody goes in and out of the door at night, again and again: looking for a way, or for somebody.

What it is not: ``night_door``, which waits for somebody who does not come back. Armed for a person who may
leave without knowing why; for others only when the plan says so. The one idea: a trip is one opening of an
exit; a contact that bounces makes many in a minute, and they are one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from edge_agent.rules.asked import AskedRule, Finding
from edge_agent.rules.home import Home
from edge_agent.rules.sight import Sight
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    DeviceId,
    JsonValue,
    Quality,
    Quantity,
    Reading,
)
from firmware_protocols.wire.plan_rules import Pacing

_ONE_TRIP_S: Final = 30.0
"""Openings closer together are one. D. Nobody goes out and comes in again sooner."""


class PacingRule:
    """Counts trips, asks, and calls. It is also its own ``asked.Condition``."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._trips: list[float] = []
        self._door = DeviceId("")
        self._asked = AskedRule(home, AlarmKind.WANDERING, self)

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """A door is opened; a button is pressed."""
        match sight:
            case Reading(quantity=Quantity.OPENING, quality=Quality.GOOD, value=True) if self._is_trip(
                sight.device, now
            ):
                self._trips.append(self._home.surroundings.listened_s)
                self._door = sight.device
        return self._asked.see(sight, now)

    def tick(self, now: datetime) -> list[Alarm]:
        """Forget old trips; ask, call, end."""
        around, within_s = self._home.surroundings, self._rule.within_s
        self._trips = [at_s for at_s in self._trips if around.since(at_s) <= within_s]
        return self._asked.tick(now)

    def found(self, now: datetime, calm_s: float) -> Finding | None:
        """Enough trips since ``calm_s``."""
        recent = [at_s for at_s in self._trips if at_s >= calm_s]
        if len(recent) < self._rule.trips:
            return None
        within_min = max(1, round((recent[-1] - recent[0]) / 60))
        return Finding(self._door, {"trips": len(recent), "within_min": within_min})

    def over(self, asked_s: float) -> bool:
        """The door has been left alone for as long as trips are counted."""
        return not self._trips

    def cancel(self, now: datetime, by: str, alarm: AlarmId | None = None) -> list[Alarm]:
        """Somebody says that all is well (of ``alarm``, if given)."""
        return self._asked.cancel(now, by, alarm)

    def forget(self, alarm: AlarmId) -> None:
        """People are done with ``alarm``; the trips until now count no more."""
        self._asked.forget(alarm)

    def state(self) -> JsonValue:
        """The trips, and what is asked about."""
        return {
            "trips": [round(at_s) for at_s in self._trips], "door": self._door, "asked": self._asked.state()
        }  # fmt: skip

    def restore(self, state: JsonValue) -> None:
        """Take it up again."""
        try:
            self._restore(state)
        except (KeyError, TypeError, ValueError):
            self._trips = []

    def _restore(self, state: Any) -> None:
        self._trips = [float(at_s) for at_s in state["trips"]]
        self._door = DeviceId(state["door"])
        self._asked.restore(state["asked"])

    @property
    def _rule(self) -> Pacing:
        return self._home.plan.rules.pacing

    def _is_trip(self, device: DeviceId, now: datetime) -> bool:
        plan, around = self._home.plan, self._home.surroundings
        armed = plan.person.wanders if self._rule.armed is None else self._rule.armed
        if not (armed and around.is_exit(device) and self._rule.night.hold(plan.local(now))):
            return False
        return not self._trips or around.since(self._trips[-1]) >= _ONE_TRIP_S
