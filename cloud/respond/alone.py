"""A worker alone at a door: when to ask whether they are well, and when to send somebody after them.

What this is: ``watch(stay, now) -> Watch``, a pure function. What it is not: the timer of the incident, which
says that the resident's case must go on; this one is about the person we sent. The one idea: silence is
answered in steps that follow one another without anybody deciding, and any word from the worker, a form or a
yes, begins the wait anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Care(StrEnum):
    """What is done for a worker who is not heard of, in order."""

    RING = "ring"
    RING_AGAIN = "ring_again"
    SEND_COLLEAGUE = "send_colleague"
    CALL_POLICE = "call_police"


QUIET_FOR: Final = timedelta(minutes=30)
"""Telecare practice: 30 minutes without a word from someone working alone."""
QUIET_WHERE_WARNED: Final = timedelta(minutes=10)
"""D. At an address with a warning, by day or night."""
AFTER: Final = {
    Care.RING: timedelta(),
    Care.RING_AGAIN: timedelta(minutes=2),
    Care.SEND_COLLEAGUE: timedelta(minutes=4),
    Care.CALL_POLICE: timedelta(minutes=15),
}
"""D. From the end of the wait. The nearest colleague and the duty officer are told together; who could not
reach the worker by then is not alone with the question any longer.
"""


@dataclass(frozen=True, slots=True)
class Stay:
    """A worker is in a home. ``heard_at``: their last word, the arrival at the earliest. ``warned``: others
    were threatened there. ``duress``: they have called for help themselves. ``done``: since ``heard_at``.
    """

    heard_at: datetime
    warned: bool = False
    duress: bool = False
    done: frozenset[Care] = frozenset()


@dataclass(frozen=True, slots=True)
class Watch:
    """What to do now, in order, and when to look again; ``None``: everything has been done."""

    now: tuple[Care, ...] = ()
    due_at: datetime | None = None


def watch(stay: Stay, now: datetime) -> Watch:
    """What a stay asks for at ``now``. Who has called for help is not rung: that might give them away."""
    if stay.duress:
        return Watch(tuple(care for care in (Care.SEND_COLLEAGUE, Care.CALL_POLICE) if care not in stay.done))
    waited = stay.heard_at + (QUIET_WHERE_WARNED if stay.warned else QUIET_FOR)
    open_steps = {care: waited + after for care, after in AFTER.items() if care not in stay.done}
    due = tuple(care for care, at in open_steps.items() if at <= now)
    return Watch(due, min((at for at in open_steps.values() if at > now), default=None))
