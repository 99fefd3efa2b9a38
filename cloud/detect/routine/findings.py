"""What the routine detector can say: kinds, their urgency and one sentence each.

What this is: values. What it is not: wording (the key names a sentence of the catalogue). The one idea: a
finding carries everything needed to check it: numbers, the stretch of rows it rests on, and when to look
again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cloud.detect.routine.grid import DOORS, MEALS, Place


class Kind(StrEnum):
    """Behaviour first, in the order of the model's columns; the last one is of the equipment."""

    DOES_NOT_RISE = "does_not_rise"
    COLLAPSE = "collapse"
    NIGHT_WANDERING = "night_wandering"
    NO_MEALS = "no_meals"
    SHIFTED_DAY = "shifted_day"
    HALF_ACTIVITY = "half_activity"
    BATHROOM_OFTEN = "bathroom_often"
    EQUIPMENT_SILENT = "equipment_silent"


class Trend(StrEnum):
    """What changes over nights and weeks (domain section 5, rows 10, 11, 14, 15 and 16)."""

    TOILETING = "toileting"
    SLEEP = "sleep"
    MOBILITY = "mobility"
    WITHDRAWAL = "withdrawal"
    REVERSAL = "reversal"


BEHAVIOUR: Final = tuple(kind for kind in Kind if kind is not Kind.EQUIPMENT_SILENT)
URGENT: Final = (Kind.DOES_NOT_RISE, Kind.COLLAPSE)
"""What cannot wait for the night: decided every hour."""


@dataclass(frozen=True, slots=True)
class Urgency:
    """``priority``: 1 life to 4 plan. ``again``: when the finding is looked at again. ``cool_down``: for how
    long the same is not said again.
    """

    priority: int
    again: timedelta
    cool_down: timedelta


_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
URGENCY: Final[Mapping[Kind | Trend, Urgency]] = {
    Kind.DOES_NOT_RISE: Urgency(2, _HOUR, _DAY / 2),
    Kind.COLLAPSE: Urgency(2, _HOUR, _DAY / 2),
    Kind.NIGHT_WANDERING: Urgency(3, _DAY, _DAY),
    Kind.NO_MEALS: Urgency(3, _DAY, _DAY),
    Kind.SHIFTED_DAY: Urgency(4, _DAY, 3 * _DAY),
    Kind.HALF_ACTIVITY: Urgency(4, _DAY, 3 * _DAY),
    Kind.BATHROOM_OFTEN: Urgency(4, _DAY, 3 * _DAY),
    Kind.EQUIPMENT_SILENT: Urgency(3, _HOUR, _DAY),
    Trend.TOILETING: Urgency(4, _DAY, 7 * _DAY),
    Trend.SLEEP: Urgency(4, _DAY, 7 * _DAY),
    Trend.MOBILITY: Urgency(4, _DAY, 28 * _DAY),
    Trend.WITHDRAWAL: Urgency(4, _DAY, 28 * _DAY),
    Trend.REVERSAL: Urgency(4, _DAY, 14 * _DAY),
}
"""Domain section 5, rows 3, 4, 10 to 12, 14 to 16 and 26. Cool-downs: D."""
TODAY: Final = 3
"""A whole day that was silent is over when the night is judged: somebody looks in today, nobody runs."""


@dataclass(frozen=True, slots=True)
class Rows:
    """All activations of ``places`` from ``since`` up to ``until``: none of them may be the very point."""

    places: tuple[Place, ...]
    since: datetime
    until: datetime


RESTS_ON: Final[Mapping[Kind | Trend, tuple[Place, ...]]] = {
    Kind.NO_MEALS: MEALS,
    Kind.BATHROOM_OFTEN: (Place.BATHROOM,),
    Trend.TOILETING: (Place.BATHROOM,),
    Trend.WITHDRAWAL: DOORS,
}
"""Kinds that rest on some places; the others rest on all."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. ``sentence`` is the key of one sentence, filled with ``numbers`` (units in names).

    ``weighed``: names of the comparison's numbers that weighed the most, none where a rule decided.
    ``first_week``: found by the rules for everybody, because the person's own days are not known yet.
    """

    kind: Kind | Trend
    numbers: Mapping[str, float]
    onset: datetime
    rests_on: Rows
    due_at: datetime
    weighed: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    priority: int = TODAY
    first_week: bool = False

    @property
    def sentence(self) -> str:
        family = "trend" if isinstance(self.kind, Trend) else "routine"
        return f"{family}_{self.kind.value}{'_first_week' if self.first_week else ''}"

    @property
    def technical(self) -> bool:
        return self.kind is Kind.EQUIPMENT_SILENT

    @property
    def urgent(self) -> bool:
        """Whether it speaks of a silence that goes on now."""
        return self.priority < TODAY


def finding(kind: Kind | Trend, numbers: Mapping[str, float], onset: datetime, now: datetime) -> Finding:
    """A finding of ``kind`` that began at ``onset`` and is made at ``now``."""
    rows = Rows(RESTS_ON.get(kind, tuple(Place)), onset, now)
    urgency = URGENCY[kind]
    return Finding(kind, numbers, onset, rows, now + urgency.again, priority=urgency.priority)
