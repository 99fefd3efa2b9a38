"""How an incident got on, told to a family: from first notice to what it turned out to be. Pure.

What this is: a table from steps of the timeline to the few that a family follows. What it is not: the
timeline; who asked whom, notes and scripts stay with the centre. The one idea: each step is told once, the
first time it came, and a death is never told by a page (the machine's own rule: no automatic message).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cloud.incidents.model import IncidentState as S
from cloud.incidents.model import OutcomeCode as O

_TOLD: Final[Mapping[S, str]] = {
    S.RAISED: "raised",
    S.ACKED: "taken",
    S.EN_ROUTE: "coming",
    S.ON_SITE: "there",
    S.EMERGENCY_SERVICES: "services",
    S.MONITORING: "watched",
    S.CANCELLED_LOCAL: "over",
    S.AUTO_RESOLVED: "over",
    S.RESOLVED: "over",
    S.FOLLOW_UP: "over",
    S.CLOSED: "over",
}
OUTCOMES: Final[Mapping[O, str]] = {
    **dict.fromkeys((O.A1, O.A2, O.A3, O.B1), "helped"),
    O.B2: "reassured",
    **dict.fromkeys((O.C1, O.C2, O.C3, O.D2), "nothing"),
    O.D1: "equipment",
    **dict.fromkeys((O.E1, O.E2), "away"),
    O.E3: "reassured",
    O.F1: "closed",
}
"""What a code becomes. ``D2``: it was a test."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the timeline: into which state, when."""

    at: datetime
    to_state: str


@dataclass(frozen=True, slots=True)
class Step:
    """``key``: of ``words.STEPS``."""

    at: datetime
    key: str


def steps(entries: Iterable[Entry]) -> list[Step]:
    """What a family follows of ``entries``, which are in order."""
    told: dict[str, Step] = {}
    for entry in entries:
        key = _TOLD.get(S(entry.to_state)) if entry.to_state in _STATES else None
        if key is not None:
            told.setdefault(key, Step(entry.at, key))
    return sorted(told.values(), key=lambda one: one.at)


def outcome(code: str | None) -> str:
    """The key of ``words.OUTCOMES``; of one that ended without a code: nothing was wrong."""
    return OUTCOMES[O(code)] if code else "nothing"


_STATES: Final = frozenset(S)
