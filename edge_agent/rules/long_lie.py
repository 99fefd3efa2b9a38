"""Somebody lies, or has not moved for long, where nobody rests: the fall that no sensor saw.

Two ways lead here. A radar that measures height sees somebody close to the floor. Or the last movement was in
a room where nobody rests and nothing has moved anywhere since; in the bathroom and the hall, and in any room
after a sign of a fall, this is judged sooner. It is judged only where every room is watched, else the last
movement says nothing of where somebody is. Silence alone is urgent and, when it goes on for as long again, a
matter of life; close to the floor, or after a sign of a fall, it is one at once. Movement where the person
lies does not call it off: a hand that moves is no person who is up.

Where nothing but silence tells it, the silence must be unlike this home as well (``silences``): a home that
feels nobody in bed cannot tell who sleeps next door from who lies on the floor.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from edge_agent.rules.asked import Finding
from edge_agent.rules.home import Home
from edge_agent.rules.sight import Evidence
from firmware_protocols.model import LIFE, PRIORITY, URGENT
from firmware_protocols.wire.plan_rules import DAY
from firmware_protocols.wire.plan_rules import LongLie as Waits

_PLAIN: Final = Waits()
_UNKNOWN_SOON_S: Final = 7_200.0
_UNKNOWN_S: Final = 10_800.0
_UNKNOWN_NIGHT_S: Final = 28_800.0
"""Of a home that is not known yet and feels nobody in bed: by day after the bathroom and the hall, elsewhere,
and by night, in which nearly every silence is sleep. D. Two and three hours are still before ``stillness``.
"""


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
        """Silence has lasted for as long again since it was asked about."""
        around = self._home.surroundings
        wait = self._wait(now, around.moved_in)
        return wait is not None and around.since(asked_s) >= self._seconds(wait)

    def _fell_in(self, room: str) -> bool:
        """Whether there was a sign of a fall in ``room``, and nobody has moved elsewhere since."""
        return room != "" and room == self._home.surroundings.fell_in

    def _silence(self, now: datetime, calm_s: float) -> Finding | None:
        around = self._home.surroundings
        still_s, device, room = around.since(around.moved_s, calm_s), around.moved_by, around.moved_in
        wait = self._wait(now, room)
        if device is None or wait is None or still_s < self._seconds(wait):
            return None
        if around.in_bed() or not (around.someone_home() and around.all_speak()):
            return None
        if not (around.sees_all() or room in around.present_in()):
            return None
        if around.is_exit(device) and around.watches(room):
            return None  # whoever came in would have been seen: the door was used, and nobody is there
        own_s = self._own_s(now, room, wait)
        if still_s < own_s:
            return None
        usual: Evidence = {"own_min": int(own_s // 60)} if own_s else {}
        priority = LIFE if self._fell_in(room) else URGENT
        return Finding(device, {"still_min": int(still_s // 60), **usual, "room": room, PRIORITY: priority})

    def _wait(self, now: datetime, room: str) -> str | None:
        """Which wait of the plan holds after a movement in ``room``; ``None``: it may last as it likes."""
        plan = self._home.plan
        if room in plan.soon_rooms or self._fell_in(room):
            return "soon_s" if DAY.hold(plan.local(now)) else "soon_night_s"
        return None if room in {"", *plan.rest_rooms} else "late_s"

    def _seconds(self, wait: str) -> float:
        seconds: float = getattr(self._home.plan.rules.long_lie, wait)
        return seconds

    def _own_s(self, now: datetime, room: str, wait: str) -> float:
        """How long it must last besides to be unlike this home. Nothing where a sign says that somebody lies
        there, and nothing where people have set the wait themselves.
        """
        rule, around = self._home.plan.rules.long_lie, self._home.surroundings
        is_set = not rule.own or self._seconds(wait) != getattr(_PLAIN, wait)
        if is_set or self._fell_in(room) or room in around.present_in():
            return 0.0
        own_s = self._home.silences.own_s(now)
        return self._unknown_s(room) if own_s is None else own_s

    def _unknown_s(self, room: str) -> float:
        """The same of a home that has too few days; where a bed tells who sleeps, none is needed."""
        if "bed" in self._home.kinds.values():
            return 0.0
        if not self._home.silences.by_day:
            return _UNKNOWN_NIGHT_S
        return _UNKNOWN_SOON_S if room in self._home.plan.soon_rooms else _UNKNOWN_S
