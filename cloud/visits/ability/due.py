"""When somebody is assessed, and why (GB/T 42195-2022). Pure.

What this is: the five reasons, and which of them today argues for. What it is not: an appointment. The one
idea: what the sensors and the people at the door have counted asks for a new look before the year is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from cloud.visits.ability.judge import RiskEvent

VALID_MONTHS: Final = 12
"""At most so long until the next one (third-party reading of the standard)."""
COUNTED: Final = timedelta(days=30)
"""How far back care-risk events count, today included; annex A."""
CHANGES: Final = frozenset({RiskEvent.FALL, RiskEvent.WANDERING})
"""Events that ask for a look at once. D."""


class Reason(StrEnum):
    """Why an assessment is made: first, regular, at once after a change, a doubted result, another."""

    FIRST = "first"
    REGULAR = "regular"
    CHANGE = "change"
    DOUBTED = "doubted"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Happened:
    """A care-risk event, by the home's calendar."""

    kind: RiskEvent
    on: date


def counted(events: Iterable[Happened], today: date) -> Counter[RiskEvent]:
    """How often each happened in the 30 days that end with ``today``: what the form asks for."""
    return Counter(one.kind for one in events if today - COUNTED < one.on <= today)


def due_on(assessed_on: date) -> date:
    """The day until which an assessment holds: a year later; of a leap day the last of February."""
    try:
        return assessed_on.replace(year=assessed_on.year + VALID_MONTHS // 12)
    except ValueError:
        return assessed_on.replace(year=assessed_on.year + VALID_MONTHS // 12, day=28)


def proposed(last: date | None, events: Iterable[Happened], today: date) -> Reason | None:
    """Why somebody last assessed on ``last`` should be assessed now; ``None``: not yet.

    An event counts until it has been looked at: one on the very day of the assessment was.
    """
    if last is None:
        return Reason.FIRST
    if any(one.kind in CHANGES and last < one.on <= today for one in events):
        return Reason.CHANGE
    return Reason.REGULAR if today >= due_on(last) else None
