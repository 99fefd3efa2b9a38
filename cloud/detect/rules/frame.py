"""One look at a home by every rule, and what follows from it: a call, the end of one, and when to look
again. Pure.

What this is: what all rules share, so that none has to remember it: armed by what stands in the home, by
the plan and by consent; gated by the health of its sensors; said once, and again only when it is worse or
the cool-down is over. What it is not: a rule. The one idea: whatever cannot be judged is left as it stands,
so a sensor that dies neither raises a finding nor ends one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cloud.detect.rules.model import Finding, Known, RuleSpec
from cloud.incidents.model import Priority

PACE: Final = timedelta(minutes=5)
"""A home is looked at at least so often: what begins a wait (a door, a bed that is left) begins one of 15
minutes at the least. D."""
ARRIVES: Final = timedelta(seconds=90)
"""A heartbeat each minute says how much of the home is known, and what is grouped needs ten seconds. D."""
WINDOW: Final = timedelta(hours=36)
"""How far back a look reads: a day, and the night before it. D."""
LEAD_IN: Final = timedelta(hours=12)
"""Where somebody is at a moment is told by the half day before. D."""
LONGEST: Final = timedelta(days=14)
"""What stands for longer is looked at no further back. D."""
_EARLIEST: Final = timedelta(seconds=30)
"""A look that came before the data did is repeated after this. D."""


@dataclass(frozen=True, slots=True)
class Before:
    """A finding of an earlier look. ``ended_at``: ``None`` while it stands."""

    id: int
    rule: str
    subject: str
    priority: Priority
    since: datetime
    found_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Raise:
    """Tell people."""

    spec: RuleSpec
    finding: Finding


@dataclass(frozen=True, slots=True)
class End:
    """It is over: take it back."""

    before: Before


Step = Raise | End


@dataclass(frozen=True, slots=True)
class Looked:
    """``steps``: in order. ``due_at``: when to look again."""

    steps: tuple[Step, ...]
    due_at: datetime


def window(before: Iterable[Before], now: datetime) -> datetime:
    """From when on the signs of a home are needed: what stands must still be seen to have begun."""
    begun = [one.since - LEAD_IN for one in before if one.ended_at is None]
    return max(min([now - WINDOW, *begun]), now - LONGEST)


def look(known: Known, before: Iterable[Before], rules: Iterable[RuleSpec]) -> Looked:
    """Ask every rule about ``known``."""
    said, steps, waits = list(before), list[Step](), [known.now + PACE]
    for spec in rules:
        mine = [one for one in said if one.rule == spec.name]
        if not is_armed(spec, known):
            steps += [End(one) for one in mine if one.ended_at is None]
        elif is_judged(spec, known):
            verdicts = list(spec.judge(known))
            found = [one for one in verdicts if isinstance(one, Finding) and _stands(spec, one, known)]
            steps += _steps(spec, found, mine, known)
            waits += [_by_the_wall(spec, one, known) for one in verdicts if isinstance(one, datetime)]
    return Looked(tuple(steps), min(waits))


def is_armed(spec: RuleSpec, known: Known) -> bool:
    """Whether this home has what the rule needs, and its person allows it and is not known to be away."""
    kinds = {device.kind for device in known.devices.values()}
    if any(kinds.isdisjoint(any_of) for any_of in spec.needs) or spec.rests_on & known.withheld:
        return False
    return spec.technical or known.now.timestamp() >= known.plan.watch.away_until


def is_judged(spec: RuleSpec, known: Known) -> bool:
    """Whether the rule can say anything now: the home is known, its clock is set, and its sensors speak."""
    if spec.technical:
        return known.listening
    if known.until is None or not all(line.told_time for line in known.lines):
        return False
    return known.all_speak(spec.gate)


def _stands(spec: RuleSpec, finding: Finding, known: Known) -> bool:
    """Whether the home has said anything since the sign that decides: where all ends at once, it is
    equipment.
    """
    decisive = finding.rows[0].at if finding.rows else finding.since
    return spec.technical or known.heard_since(decisive)


def _steps(spec: RuleSpec, found: list[Finding], mine: list[Before], known: Known) -> list[Step]:
    subjects = {finding.subject for finding in found}
    over: list[Step] = [End(one) for one in mine if one.ended_at is None and one.subject not in subjects]
    return [*over, *(Raise(spec, one) for one in found if not _was_said(spec, one, mine, known))]


def _was_said(spec: RuleSpec, finding: Finding, mine: list[Before], known: Known) -> bool:
    """As grave or graver, and it stands, or ended so short a time ago that it is the same trouble; or
    people were called to this person since it began, by whatever rule.
    """
    same = [one for one in mine if one.subject == finding.subject]
    if any(_covers(one, finding, spec.cool_down, known.now) for one in same):
        return True
    called = known.called_at is not None and known.called_at >= finding.since
    return called and not spec.technical and not any(one.ended_at is None for one in same)


def _covers(one: Before, finding: Finding, cool_down: timedelta, now: datetime) -> bool:
    return one.priority <= finding.priority and (one.ended_at is None or now - one.ended_at < cool_down)


def _by_the_wall(spec: RuleSpec, due: datetime, known: Known) -> datetime:
    """When ``known.until`` will have come to ``due``; of a home that is behind, nobody knows."""
    if spec.technical:
        return max(due, known.now + timedelta(seconds=1))
    behind = known.until is None or known.now - known.until > PACE
    return max(due + ARRIVES, known.now + (PACE if behind else _EARLIEST))
