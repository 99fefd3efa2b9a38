"""What the routine detector can say: kinds, their urgency and one sentence each.

What this is: values. What it is not: wording (the key names a sentence of the catalogue). The one idea: a
finding carries everything needed to check it: numbers, the stretch of rows it rests on, and when to look
again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cloud.detect.routine.grid import MEALS, Place


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


BEHAVIOUR: Final = tuple(kind for kind in Kind if kind is not Kind.EQUIPMENT_SILENT)
URGENT: Final = (Kind.DOES_NOT_RISE, Kind.COLLAPSE)
"""What cannot wait for the night: decided every hour."""


@dataclass(frozen=True, slots=True)
class Urgency:
    """``priority``: 1 life to 4 plan. ``again``: when the finding is looked at again."""

    priority: int
    again: timedelta


URGENCY: Final[Mapping[Kind, Urgency]] = {
    Kind.DOES_NOT_RISE: Urgency(2, timedelta(hours=1)),
    Kind.COLLAPSE: Urgency(2, timedelta(hours=1)),
    Kind.NIGHT_WANDERING: Urgency(3, timedelta(days=1)),
    Kind.NO_MEALS: Urgency(3, timedelta(days=1)),
    Kind.SHIFTED_DAY: Urgency(4, timedelta(days=1)),
    Kind.HALF_ACTIVITY: Urgency(4, timedelta(days=1)),
    Kind.BATHROOM_OFTEN: Urgency(4, timedelta(days=1)),
    Kind.EQUIPMENT_SILENT: Urgency(3, timedelta(hours=1)),
}
"""Domain section 5, rows 3, 4, 10, 12, 14, 16 and 26."""


@dataclass(frozen=True, slots=True)
class Rows:
    """All activations of ``places`` from ``since`` up to ``until``: none of them may be the very point."""

    places: tuple[Place, ...]
    since: datetime
    until: datetime


RESTS_ON: Final[Mapping[Kind, tuple[Place, ...]]] = {
    Kind.NO_MEALS: MEALS,
    Kind.BATHROOM_OFTEN: (Place.BATHROOM,),
}
"""Kinds that rest on some places; the others rest on all."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. ``sentence`` is the key of one sentence, filled with ``numbers`` (units in names)."""

    kind: Kind
    numbers: Mapping[str, float]
    onset: datetime
    rests_on: Rows
    due_at: datetime

    @property
    def sentence(self) -> str:
        return f"routine.{self.kind.value}"

    @property
    def priority(self) -> int:
        return URGENCY[self.kind].priority

    @property
    def technical(self) -> bool:
        return self.kind is Kind.EQUIPMENT_SILENT


def finding(kind: Kind, numbers: Mapping[str, float], onset: datetime, now: datetime) -> Finding:
    """A finding of ``kind`` that began at ``onset`` and is made at ``now``."""
    rows = Rows(RESTS_ON.get(kind, tuple(Place)), onset, now)
    return Finding(kind, numbers, onset, rows, now + URGENCY[kind].again)
