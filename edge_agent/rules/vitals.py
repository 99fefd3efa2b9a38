"""A pulse, a breath, a pressure outside this person's limits, confirmed by a second reading.

What it is not: a diagnosis, or a score; the limits are the plan's (without one a single 3 of NEWS2). The one
idea: one reading may be a cold finger, so it takes two in a row that agree, apart by long enough to be two
measurements and close enough to be one illness. A reading without a value says nothing and breaks no row.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from edge_agent.rules.home import Home
from edge_agent.rules.sight import Evidence, Repeats, Sight
from firmware_protocols.model import Alarm, AlarmKind, DeviceId, JsonValue, Quality, Reading
from firmware_protocols.wire.plan import LIMITS, Limit

_APART_S: Final = 30.0
"""Readings closer together are one measurement: a sensor that slips stays wrong for seconds. D."""
_APART_OF_CONTACTLESS_S: Final = 180.0
"""Radars and mats guess from afar: they must go on saying so. D."""
_CONTACTLESS: Final = frozenset({"radar", "bed", "presence"})
_FRESH: Final = timedelta(hours=1)
"""What was measured earlier is told out of a device's memory, and is history. D, as in the cloud."""
_AGAIN_S: Final = 3_600.0
"""Who stays outside is told of again so late, for people may have closed it meanwhile. D."""
_SAME_TROUBLE_S: Final = 2 * _AGAIN_S
"""A value that is outside again within this is the same trouble. D."""


class VitalsRule:
    """Raises for a quantity that stays outside, and says so again while it does."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._outside: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._repeats = {quantity: Repeats(_SAME_TROUBLE_S) for quantity in LIMITS}

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """Judge one reading; what a bridge remembers is no measurement of now."""
        if not isinstance(sight, Reading) or sight.value is None or sight.quality is not Quality.GOOD:
            return []
        if now - sight.observed_at > _FRESH:
            return []
        limit = self._home.plan.limit(sight.quantity)
        if limit is None or not self._home.plan.rules.vitals.armed:
            return []
        name = f"{sight.device}/{sight.quantity}"
        crossed = _crossed(limit, float(sight.value))
        if crossed is None:
            self._outside.pop(name, None)
            self._told.pop(name, None)
            return []
        if self._was_told(name) or not self._is_confirmed(name, sight.device, limit):
            return []
        self._told[name] = self._home.surroundings.listened_s
        evidence: Evidence = {"quantity": str(sight.quantity), "value": float(sight.value), "limit": crossed}
        repeats = self._repeats[sight.quantity]
        return repeats.report(sight.device, AlarmKind.VITALS, sight.observed_at, evidence, self._home.new_id)

    def tick(self, now: datetime) -> list[Alarm]:
        """Nothing becomes due."""
        return []

    def state(self) -> JsonValue:
        """First readings outside, and what has been told."""
        return {
            "outside": {name: round(at_s) for name, at_s in self._outside.items()},
            "told": {name: round(at_s) for name, at_s in self._told.items()},
        }

    def restore(self, state: JsonValue) -> None:
        """Take them up again."""
        try:
            self._restore(state)
        except (KeyError, TypeError, ValueError, AttributeError):
            self._outside, self._told = {}, {}

    def _restore(self, state: Any) -> None:
        self._outside = {str(name): float(at_s) for name, at_s in state["outside"].items()}
        self._told = {str(name): float(at_s) for name, at_s in state["told"].items()}

    def _was_told(self, name: str) -> bool:
        told_s = self._told.get(name)
        return told_s is not None and self._home.surroundings.since(told_s) < _AGAIN_S

    def _is_confirmed(self, name: str, device: DeviceId, limit: Limit) -> bool:
        """Whether this reading outside is the second one; if not, it is the first or an echo of it."""
        if not limit.twice:
            return True
        now_s = self._home.surroundings.listened_s
        first_s = self._outside.setdefault(name, now_s)
        if name in self._told:
            return True
        if now_s - first_s > self._home.plan.rules.vitals.within_s:
            self._outside[name] = now_s
            return False
        contactless = self._home.kinds.get(device) in _CONTACTLESS
        return now_s - first_s >= (_APART_OF_CONTACTLESS_S if contactless else _APART_S)


def _crossed(limit: Limit, value: float) -> float | None:
    """The limit that ``value`` has reached."""
    if limit.low is not None and value <= limit.low:
        return limit.low
    return limit.high if limit.high is not None and value >= limit.high else None
