"""How long nobody is seen in this home by itself, after somebody was last seen where nobody rests.

What this is: a memory of the home's last days, kept where the rule is that needs it, so it works without a
cloud. What it is not: a rule; it raises nothing. The one idea: a home in which somebody goes to bed unseen is
silent after the hall for hours every week, and only its own days say so. What happened once teaches nothing:
of four weeks the two longest days are left out, so a long lie does not lengthen the wait for the next.

Days are counted in listened time and only while somebody lives there: a clock that jumps, a month without
power and a month in hospital all leave what is known as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from edge_agent.rules.sight import Sight
from edge_agent.rules.surroundings import Surroundings
from firmware_protocols.model import Alarm, JsonValue
from firmware_protocols.wire.plan import Plan
from firmware_protocols.wire.plan_rules import DAY, DAY_S

DAYS: Final = 28
"""Lived days that are kept, as everywhere a home is compared with itself."""
FEWEST: Final = 7
"""Lived days below which nothing is usual yet (care domain, section 5)."""
LEAST_S: Final = 1_200.0
"""A shorter silence is none: no wait is as short. D."""
EVERY: Final = 9
"""Of so many days the longest counts: of 28 the third longest. Chosen, with ``FACTOR``, by
``benchmarks.lies``, which judges the choice on other homes."""
FACTOR: Final = 3.0
"""So many times that must pass."""
MOST_S: Final = 28_800.0
"""A silence of eight hours is told of, whatever is usual. D., a night."""

_DAY: Final = "/day"
_NIGHT: Final = "/night"

Lived = Mapping[str, int]
"""The longest silence of one day, in whole minutes, by ``key``."""


def key(room: str, *, by_day: bool) -> str:
    """Where and when a silence begins."""
    return f"{room}{_DAY if by_day else _NIGHT}"


def own_s(days: Sequence[Lived], where: str, every: int = EVERY, factor: float = FACTOR) -> float | None:
    """How long a silence that begins at ``where`` must last to be unlike ``days``; 0: there was none so far;
    ``None``: they are too few to say.
    """
    if len(days) < FEWEST:
        return None
    longest = sorted((day.get(where, 0) for day in days), reverse=True)
    return min(60 * factor * longest[max(1, round(len(days) / every)) - 1], MOST_S)


class Silences:
    """A rule like the others, except that it raises nothing. Moments are whole listened seconds, which is how
    they survive a restart.
    """

    def __init__(self, around: Surroundings, plan: Callable[[], Plan]) -> None:
        self._around, self._plan = around, plan
        self._days: dict[int, dict[str, int]] = {}
        self._moved_s: int | None = None
        self._where = ""
        self._at_home = False

    @property
    def lived(self) -> Sequence[Lived]:
        """The days that are over, the oldest first."""
        today = self._today()
        return [day for number, day in self._days.items() if number < today][-DAYS:]

    @property
    def where(self) -> str:
        """Where and when the silence that lasts began (``key``); empty: it is rest, or nobody is at home."""
        return self._where if self._at_home else ""

    @property
    def by_day(self) -> bool:
        """Whether the silence that lasts began by day."""
        return self._where.endswith(_DAY)

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """Somebody may have moved."""
        self._go_on(now)
        return []

    def tick(self, now: datetime) -> list[Alarm]:
        """It is a silence at home while somebody is there, not in bed, and every sensor speaks."""
        self._go_on(now)
        around = self._around
        self._at_home = around.someone_home() and around.all_speak() and not around.in_bed()
        return []

    def own_s(self, now: datetime) -> float | None:
        """How long the silence that lasts must last to be unlike the days of this home."""
        self._go_on(now)
        return own_s(self.lived, self._where)

    def state(self) -> JsonValue:
        """The days, and the silence that lasts."""
        return {
            "days": {str(number): dict(day) for number, day in self._days.items()},
            "moved_s": self._moved_s,
            "where": self._where,
            "at_home": self._at_home,
        }

    def restore(self, state: JsonValue) -> None:
        """Take them up again, or begin anew."""
        try:
            self._restore(state)
        except (KeyError, TypeError, ValueError, AttributeError):
            self._days, self._moved_s, self._where, self._at_home = {}, None, "", False

    def _restore(self, state: Any) -> None:
        days = {
            int(number): {str(where): int(minutes) for where, minutes in day.items()}
            for number, day in state["days"].items()
        }
        moved_s, where = state["moved_s"], str(state["where"])
        self._moved_s = None if moved_s is None else int(moved_s)
        self._days, self._where, self._at_home = days, where, bool(state["at_home"])

    def _go_on(self, now: datetime) -> None:
        """Somebody has moved: what lasted is over, and another silence begins."""
        around = self._around
        moved_s = None if around.moved_s is None else round(around.moved_s)
        if moved_s is None or moved_s == self._moved_s:
            return
        lasted_s = moved_s - self._moved_s if self._moved_s is not None and self._at_home else 0
        day = self._days.setdefault(self._today(), {})
        if self._where and lasted_s >= LEAST_S:
            day[self._where] = max(day.get(self._where, 0), lasted_s // 60)
        self._moved_s, self._at_home = moved_s, False
        self._where = self._begins(now)
        while len(self._days) > DAYS + 1:
            del self._days[next(iter(self._days))]

    def _begins(self, now: datetime) -> str:
        """Where and when; nothing for a room in which it is rest."""
        plan, room = self._plan(), self._around.moved_in
        return "" if room in {"", *plan.rest_rooms} else key(room, by_day=DAY.hold(plan.local(now)))

    def _today(self) -> int:
        return int(self._around.listened_s // DAY_S)
