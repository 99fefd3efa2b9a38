"""Which findings are told: each once, one a day unless a graver one comes. Pure.

What this is: the cool-down. What it is not: the gates that need to look at the home again (``store``). The
one idea: the budget of alerts is counted in days that alert, so whatever else the same day shows joins the
one that was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from cloud.detect.routine.findings import URGENCY, Finding, Trend

LONGEST: Final = max(urgency.cool_down for urgency in URGENCY.values())
_TRENDS: Final = frozenset(trend.value for trend in Trend)


@dataclass(frozen=True, slots=True)
class Before:
    """What was found earlier; ``kind`` as in ``findings``."""

    kind: str
    priority: int
    onset: datetime
    found_at: datetime


def to_tell(found: Iterable[Finding], before: Sequence[Before], now: datetime) -> tuple[Finding, ...]:
    """Those of ``found`` that are told at ``now``, the gravest first."""
    told = list[Finding]()
    for one in sorted(found, key=lambda each: each.priority):
        if not _said(one, before, now) and not (_joins(one, before) or _joins_one_of(one, told)):
            told.append(one)
    return tuple(told)


def _said(one: Finding, before: Iterable[Before], now: datetime) -> bool:
    """The same kind, within its cool-down, and not graver than then."""
    cool_down = URGENCY[one.kind].cool_down
    return any(
        past.kind == one.kind.value and now - past.found_at < cool_down and past.priority <= one.priority
        for past in before
    )


def _joins(one: Finding, before: Iterable[Before]) -> bool:
    """Whether something no less grave was told of the same day. A trend speaks of weeks, not of a day."""
    return not isinstance(one.kind, Trend) and any(
        past.kind not in _TRENDS and past.priority <= one.priority and _day(past, one) == one.onset.date()
        for past in before
    )


def _day(past: Before, one: Finding) -> date:
    """The day of ``past`` where ``one`` is."""
    return past.onset.astimezone(one.onset.tzinfo).date()


def _joins_one_of(one: Finding, told: Sequence[Finding]) -> bool:
    return not isinstance(one.kind, Trend) and any(not isinstance(other.kind, Trend) for other in told)
