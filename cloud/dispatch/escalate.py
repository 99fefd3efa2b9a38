"""Whom to ask next: the rule of the escalation ladder, a pure function over the frozen rungs.

What this is: ``next_rung(ladder, now) -> Plan``. What it is not: it sends nothing and locks nothing, which
``ladder`` does. The one idea: everything is read off the rungs themselves (who was asked, and when), so the
answer is the same after a restart, after a decline in between, and however late the worker comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cloud.incidents.model import Priority

PARALLEL: Final[Mapping[Priority, int]] = {Priority.LIFE: 2}
"""How many are asked at once; one where nothing is said. Telecare practice: two where a life is at stake."""

ACCEPT_WITHIN: Final[Mapping[Priority, timedelta]] = {
    Priority.LIFE: timedelta(seconds=60),
    Priority.URGENT: timedelta(minutes=3),
    Priority.TODAY: timedelta(minutes=30),
    Priority.PLAN: timedelta(minutes=30),
    Priority.INFO: timedelta(minutes=30),
}
"""How long one person may take to answer before the next is asked; telecare practice."""


class RungState(StrEnum):
    """Where one person on the ladder stands. ``PASSED``: did not answer in time, may still do so."""

    WAITING = "waiting"
    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class Rung:
    """One person. ``asked_at`` is set from ``ASKED`` on; ``reachable``: some channel has not failed yet."""

    step: int
    relation: str
    has_key: bool
    reachable: bool = True
    state: RungState = RungState.WAITING
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """The people as they were when the incident opened, in order."""

    priority: Priority
    rungs: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now. ``due_at``: when to look again; ``None``: nobody is left to ask or to wait for."""

    ask: tuple[int, ...] = ()
    give_up: tuple[int, ...] = ()
    due_at: datetime | None = None


def next_rung(ladder: Ladder, now: datetime) -> Plan:
    """Give up on those who ran out of time, and ask as many more as may be asked at once."""
    patience = ACCEPT_WITHIN[ladder.priority]
    asked = [rung for rung in ladder.rungs if rung.state is RungState.ASKED]
    pending = [rung for rung in asked if rung.reachable and _answer_by(rung, patience) > now]
    free = max(0, PARALLEL.get(ladder.priority, 1) - len(pending))
    ask = [rung.step for rung in tasked(ladder) if rung.state is RungState.WAITING and rung.reachable][:free]
    waits = [_answer_by(rung, patience) for rung in pending] + [now + patience] * bool(ask)
    return Plan(
        ask=tuple(ask),
        give_up=tuple(rung.step for rung in asked if rung not in pending),
        due_at=min(waits, default=None),
    )


def tasked(ladder: Ladder) -> tuple[Rung, ...]:
    """Those who are asked to go. When that would be nobody, everyone is: far away is better than no one."""
    near = tuple(rung for rung in ladder.rungs if _may_be_sent(rung, ladder.priority))
    return near or ladder.rungs


def _may_be_sent(rung: Rung, priority: Priority) -> bool:
    """Family without a key is told, not sent; volunteers are spared what may end badly."""
    if rung.relation == "family":
        return rung.has_key
    return rung.relation != "volunteer" or priority > Priority.URGENT


def _answer_by(rung: Rung, patience: timedelta) -> datetime:
    if rung.asked_at is None:
        raise ValueError(f"rung {rung.step} is asked but nobody knows since when")
    return rung.asked_at + patience
