"""Somebody lies, or has not moved for long, where nobody rests: the fall that no sensor saw.

Two ways lead here. A radar that measures height sees somebody close to the floor. Or the last movement was in
a room where nobody rests and nothing has moved anywhere since; in the bathroom and the hall, and in any room
after a sign of a fall, this is judged sooner. It is judged only where every room is watched, else the last
movement says nothing of where somebody is. Silence alone is urgent and, at twice the time, a matter of life;
close to the floor, or after a sign of a fall, it is one at once. Movement where the person lies does not call
it off: a hand that moves is no person who is up.
"""

from __future__ import annotations

from datetime import datetime

from edge_agent.rules.asked import Finding
from edge_agent.rules.home import Home
from firmware_protocols.model import LIFE, PRIORITY, URGENT
from firmware_protocols.wire.plan_rules import DAY


class LongLie:
    """``asked.Condition``: lying on the floor, or silence after the last movement in a room where nobody
    rests.
    """

    def __init__(self, home: Home) -> None:
        self._home = home

    def found(self, now: datetime, calm_s: float) -> Finding | None:
        """Somebody close to the floor, or long silence in such a room."""
        rule, around = self._home.plan.rules.long_lie, self._home.surroundings
        if not rule.armed:
            return None
        if device := around.lying(rule.lying_s, calm_s):
            room = self._home.rooms.get(device, "")
            return Finding(device, {"lying_s": rule.lying_s, "room": room, PRIORITY: LIFE})
        return self._silence(now, calm_s)

    def over(self, asked_s: float) -> bool:
        """Somebody moves in another room, or lies in bed."""
        around = self._home.surroundings
        return around.in_bed() or around.moved_on(asked_s)

    def graver(self, now: datetime, asked_s: float) -> bool:
        """Silence has lasted for twice the time since it was asked about."""
        around = self._home.surroundings
        wait_s = self._wait_s(now, around.moved_in)
        return wait_s is not None and around.since(asked_s) >= wait_s

    def _fell_in(self, room: str) -> bool:
        """Whether there was a sign of a fall in ``room``, and nobody has moved elsewhere since."""
        return room != "" and room == self._home.surroundings.fell_in

    def _silence(self, now: datetime, calm_s: float) -> Finding | None:
        around = self._home.surroundings
        still_s, device, room = around.since(around.moved_s, calm_s), around.moved_by, around.moved_in
        wait_s = self._wait_s(now, room)
        if device is None or wait_s is None or still_s < wait_s:
            return None
        if around.in_bed() or not (around.someone_home() and around.all_speak()):
            return None
        if not (around.sees_all() or room in around.present_in()):
            return None
        priority = LIFE if self._fell_in(room) else URGENT
        return Finding(device, {"still_min": int(still_s // 60), "room": room, PRIORITY: priority})

    def _wait_s(self, now: datetime, room: str) -> float | None:
        """How long silence may last after a movement in ``room``; ``None``: for as long as it likes."""
        plan = self._home.plan
        if room in plan.soon_rooms or self._fell_in(room):
            by_day = DAY.hold(plan.local(now))
            return plan.rules.long_lie.soon_s if by_day else plan.rules.long_lie.soon_night_s
        return None if room in {"", *plan.rest_rooms} else plan.rules.long_lie.late_s
