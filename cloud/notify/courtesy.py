"""When a message waits: at night, and when somebody has had enough of them today.

What this is: a pure rule over one message. What it is not: counting or waiting (``waiting``). The one idea:
whatever calls for help is never held back, and what is not urgent must not use up what carriers let through
to one telephone in a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

CALM: Final = 4
"""Priority from which on news can wait for the morning (``Priority.PLAN``)."""
QUIET_FROM: Final = time(21)
QUIET_UNTIL: Final = time(7)
"""[D] The home's wall clock: older people rise at five or six."""
OWN_CALM: Final = 3
"""Priority from which on news waits in hours that somebody chose themselves. [D]"""
NEWS: Final = frozenset({"raised", "settled", "relieved", "page"})
"""Templates that only tell. Whoever is asked is asked by somebody's decision, at whatever hour."""

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
MOST: Final[Mapping[str, Mapping[timedelta, int]]] = {
    "sms": {_DAY: 50},  # notices to one number per signature and template, Aliyun and Tencent
    "voice": {_MINUTE: 1, _HOUR: 5, _DAY: 20},  # calls to one number, Aliyun SingleCallByVoice
}
"""What carriers let through to one telephone, by channel and window."""
URGENT: Final = 2
"""Priority up to which nothing of ours holds a message: the carrier may refuse it, and the next channel then
takes it. A second provider counts for itself, too."""
SHARE: Final = {3: 0.6}
"""Of a day's, by priority; the rest is kept for what is more urgent. [D]"""
LEAST_SHARE: Final = 0.2


class Why(StrEnum):
    """What a message that is held waits for."""

    QUIET = "quiet"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class Held:
    """``until``: when it is looked at again. ``None``: it cannot wait, so another channel must take it."""

    why: Why
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of sleep by the home's clock, and the priority from which on news waits for their end."""

    begins: time = QUIET_FROM
    ends: time = QUIET_UNTIL
    calm: int = CALM

    def holds(self, local: datetime) -> bool:
        """Whether people sleep now."""
        at = local.time()
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends

    def over(self, local: datetime) -> datetime:
        """When the next quiet time ends."""
        day = local.date() + _DAY * (local.time() >= self.ends)
        return datetime.combine(day, self.ends, local.tzinfo)


USUAL: Final = Quiet()


def windows(channel: str) -> tuple[timedelta, ...]:
    """Over which times the messages to one recipient are counted."""
    return tuple(MOST.get(channel, ()))


def hold(  # noqa: PLR0917 - one message, and the moment
    template: str,
    priority: int,
    channel: str,
    spent: Mapping[timedelta, int],
    local: datetime,
    quiet: Quiet = USUAL,
) -> Held | None:
    """Whether a message waits; ``None``: it goes out. ``spent``: messages to this recipient on this channel
    in each of ``windows``; ``local``: now, by the home's clock; ``quiet``: when they sleep.
    """
    if priority <= URGENT:
        return None
    if priority >= quiet.calm and template in NEWS and quiet.holds(local):
        return Held(Why.QUIET, quiet.over(local))
    calm = priority >= CALM and template in NEWS
    for window, most in MOST.get(channel, {}).items():
        share = SHARE.get(priority, LEAST_SHARE) if window == _DAY else 1.0
        if spent.get(window, 0) >= most * share:
            return Held(Why.BUDGET, USUAL.over(local) if calm else None)
    return None


def chosen(params: Mapping[str, object]) -> Quiet:
    """The hours that the recipient of a message has chosen; the usual ones where they have not."""
    match params.get("quiet"):
        case [str(begins), str(ends)]:
            return Quiet(time.fromisoformat(begins), time.fromisoformat(ends), OWN_CALM)
        case _:
            return USUAL
