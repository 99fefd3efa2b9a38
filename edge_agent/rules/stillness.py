"""Nobody has shown any sign of life for hours of the day, though somebody is at home.

A sensor that is itself silent proves nothing: then the house is not judged, and the sensor is reported. The
night does not count: whoever sleeps until ten was last seen the evening before.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from edge_agent.rules.asked import Finding
from edge_agent.rules.home import Home
from firmware_protocols.wire.plan_rules import Hours


class Stillness:
    """``asked.Condition``: silence that has lasted for ``plan.rules.stillness.wait_s`` of the day."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def found(self, now: datetime, calm_s: float) -> Finding | None:
        """Silence, somebody at home, and every sensor alive."""
        plan, around = self._home.plan, self._home.surroundings
        rule, device = plan.rules.stillness, around.moved_by
        still_s = around.since(around.moved_s, calm_s)
        if not rule.armed or device is None or still_s < rule.wait_s:
            return None
        local = plan.local(now)
        if not rule.day.hold(local) or _of_day_s(rule.day, local) < rule.wait_s:
            return None
        if not (around.someone_home() and around.all_speak()):
            return None
        return Finding(device, {"still_min": int(still_s // 60), "room": around.moved_in})

    def over(self, asked_s: float) -> bool:
        """Somebody moves, anywhere."""
        moved_s = self._home.surroundings.moved_s
        return moved_s is not None and moved_s > asked_s


def _of_day_s(day: Hours, local: datetime) -> float:
    """Seconds of ``day`` that have passed at ``local``, which is within."""
    began = datetime.combine(local.date(), time.fromisoformat(day.begins), local.tzinfo)
    passed = local - began
    return (passed if passed >= timedelta(0) else passed + timedelta(days=1)).total_seconds()
