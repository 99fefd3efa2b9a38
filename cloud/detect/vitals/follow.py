"""What follows from a look: an alarm, a request to measure again, or nothing, as it was said already. Pure.

The one idea: one measurement that is far out is asked for again and not cried out; whoever does not measure
again after a grave one is looked after all the same, because they may not be able to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cloud.detect.vitals.model import RULES, Finding, Judged, Rule, about
from cloud.incidents.model import Priority
from firmware_protocols.model import Quantity


class State(StrEnum):
    """Where a finding stands. ``ASKED`` alone is open."""

    ASKED = "asked"
    RAISED = "raised"
    CONFIRMED = "confirmed"
    CLEARED = "cleared"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Before:
    """A finding of a look before. ``at``: its decisive sample's time. ``due_at``: until when a second
    measurement is waited for, ``None`` once that is over. ``found_at``: when it was said.
    """

    id: int
    rule: Rule
    quantity: Quantity
    state: State
    priority: Priority | None
    at: datetime
    found_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Raise:
    """Tell people. ``priority``: how fast they must come."""

    finding: Finding
    priority: Priority


@dataclass(frozen=True, slots=True)
class Ask:
    """Have it measured again until ``due_at``."""

    finding: Finding
    due_at: datetime


@dataclass(frozen=True, slots=True)
class End:
    """A request is over. ``unanswered``: how urgent it is that nobody measured again; ``None``: it is not."""

    before: Before
    state: State
    unanswered: Priority | None = None


Step = Raise | Ask | End


def steps(judged: Judged, before: Iterable[Before], now: datetime) -> list[Step]:
    """What to do after a look, in order."""
    known = list(before)
    asked = [one for one in known if one.state is State.ASKED]
    ended = [end for one in asked if (end := _end(one, judged, known, now)) is not None]
    waiting = {about(one.quantity) for one in asked} - {about(end.before.quantity) for end in ended}
    new = [
        finding for finding in judged.findings if finding.confirmed or about(finding.quantity) not in waiting
    ]
    return [*ended, *(_new(finding, now) for finding in new if not _was_said(finding, known, now))]


def _end(asked: Before, judged: Judged, known: Iterable[Before], now: datetime) -> End | None:
    """How the request ends now, if it does."""
    same = [
        one
        for one in judged.findings
        if about(one.quantity) is about(asked.quantity) and one.at > asked.at and not RULES[one.rule].slow
    ]
    if any(finding.confirmed for finding in same):
        return End(asked, State.CONFIRMED)
    measured = judged.measured.get(about(asked.quantity))
    graver = any(_rank(one.priority) < _rank(RULES[asked.rule].priority) for one in same)
    if graver or (measured is not None and measured > asked.at and not same):
        return End(asked, State.CLEARED)  # something graver has a request of its own
    if asked.due_at is None or asked.due_at > now:
        return None
    urgent = RULES[asked.rule].unanswered
    told = urgent is None or any(_cools(one, asked.quantity, asked.rule, urgent, now) for one in known)
    return End(asked, State.UNANSWERED, None if told else urgent)


def _new(finding: Finding, now: datetime) -> Step:
    if finding.confirmed and finding.priority is not None:
        return Raise(finding, finding.priority)
    return Ask(finding, now + RULES[finding.rule].wait)


def _was_said(finding: Finding, known: Iterable[Before], now: datetime) -> bool:
    """Whether the same sample was asked about, or the same trouble or a graver one was told of late."""
    return any(
        _cools(one, finding.quantity, finding.rule, finding.priority, now)
        or (not finding.confirmed and _asked_alike(one, finding, now))
        for one in known
    )


def _cools(one: Before, quantity: Quantity, rule: Rule, priority: Priority | None, now: datetime) -> bool:
    """Whether ``one`` was told of late and says it already: as grave, or graver. What speaks of weeks does
    not stand for what speaks of today.
    """
    if one.state is not State.RAISED or about(one.quantity) is not about(quantity):
        return False
    if RULES[one.rule].slow and not RULES[rule].slow:
        return False
    return now - one.found_at < RULES[one.rule].cool_down and _rank(one.priority) <= _rank(priority)


def _asked_alike(one: Before, finding: Finding, now: datetime) -> bool:
    """The same sample, or one more that cannot be used."""
    if about(one.quantity) is not about(finding.quantity):
        return False
    if one.at == finding.at:
        return True
    return one.rule is finding.rule is Rule.UNUSABLE and now - one.found_at < RULES[one.rule].cool_down


def _rank(priority: Priority | None) -> int:
    return len(Priority) + 1 if priority is None else int(priority)
