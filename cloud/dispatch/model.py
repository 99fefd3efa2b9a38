"""What becomes of an answer, whoever gave it: a member of the care circle or somebody who was called."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cloud.incidents.model import IncidentState

HELP_WANTED: Final = frozenset(
    {
        IncidentState.RAISED,
        IncidentState.ACKED,
        IncidentState.VOICE,
        IncidentState.TRIAGED,
        IncidentState.DISPATCHING,
        IncidentState.EMERGENCY_SERVICES,
    }
)
"""Where an acceptance sends its giver; elsewhere someone is there already, or the worst is over."""


AT_THE_DESK: Final = frozenset(
    {IncidentState.RAISED, IncidentState.ACKED, IncidentState.VOICE, IncidentState.TRIAGED}
)
"""The operator has it, or shall: whoever was called keeps on going, and nobody more is called but by hand."""
CALLING: Final = frozenset(
    {
        IncidentState.DISPATCHING,
        IncidentState.EN_ROUTE,
        IncidentState.ON_SITE,
        IncidentState.EMERGENCY_SERVICES,
    }
)
"""Help is wanted at the door, or is on its way there."""
GOING: Final = frozenset({IncidentState.EN_ROUTE, IncidentState.EMERGENCY_SERVICES})
"""Where an incident may name somebody who is on the way and not there."""


class UnknownToken(Exception):  # noqa: N818 - a noun
    """Nobody was asked with this token."""


class Outcome(StrEnum):
    """What became of an answer; the value is the key of the sentence that its giver sees."""

    GO = "go"
    ALREADY_HELPED = "already_helped"
    NOTED = "noted"
    OVER = "over"
    THERE = "there"


class Said(StrEnum):
    """What somebody may answer."""

    ACCEPT = "accept"
    DECLINE = "decline"
    ARRIVED = "arrived"


@dataclass(frozen=True, slots=True)
class Answered:
    """``responder``: who is on the way now, ``""`` for nobody."""

    outcome: Outcome
    responder: str
