"""What the end of an incident says of the rule that opened it. Pure.

What this is: a table from outcome codes to labels. What it is not: a record of what happened to the person.
The one idea: an outcome that does not tell whether the rule was right is no label, and is counted as such; a
report that guesses would teach the wrong thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from cloud.incidents.kinds import KINDS, Family
from cloud.incidents.model import IncidentState, OutcomeCode
from firmware_protocols.model import AlarmKind


class Label(StrEnum):
    """``CALLED_OFF``: by the resident, before anybody was called. ``UNCLEAR``: it ended without telling."""

    RIGHT = "right"
    FALSE = "false"
    CALLED_OFF = "called_off"
    UNCLEAR = "unclear"
    OPEN = "open"
    TEST = "test"


_RIGHT: Final = (
    OutcomeCode.A1,
    OutcomeCode.A2,
    OutcomeCode.A3,
    OutcomeCode.B1,
    OutcomeCode.B2,
    OutcomeCode.F1,
)
_FALSE: Final = (OutcomeCode.C1, OutcomeCode.C2, OutcomeCode.C3)
_SAID: Final[Mapping[OutcomeCode, Label]] = {
    **dict.fromkeys(_RIGHT, Label.RIGHT),
    **dict.fromkeys(_FALSE, Label.FALSE),
    OutcomeCode.D2: Label.TEST,
}
"""No access, away and refused say nothing of the rule: who is in hospital may have been in danger before."""
NEEDED_HELP: Final = frozenset({OutcomeCode.A1, OutcomeCode.A2, OutcomeCode.A3, OutcomeCode.F1})
"""Outcomes of an emergency that a rule should have found."""
BY_PEOPLE: Final = frozenset({AlarmKind.SOS})
"""Kinds that a person raises by themselves."""
FAMILY_OF: Final[Mapping[OutcomeCode, Family]] = {OutcomeCode.A3: Family.HAZARD}
"""What should have found it; everything else is about the person."""


def label(kind: str, state: IncidentState, outcome: OutcomeCode | None) -> Label:
    """What the end of an incident of ``kind`` says of whoever raised it."""
    if state is IncidentState.CANCELLED_LOCAL:
        return Label.CALLED_OFF
    if outcome is None:
        return Label.UNCLEAR if state is IncidentState.AUTO_RESOLVED else Label.OPEN
    if outcome is OutcomeCode.D1:
        return Label.RIGHT if _is_of_devices(kind) else Label.FALSE
    return _SAID.get(outcome, Label.UNCLEAR)


def should_find(outcome: OutcomeCode) -> Family:
    """Which rules should have found what turned out to be ``outcome``."""
    return FAMILY_OF.get(outcome, Family.PERSON)


def family_of(kind: str) -> Family:
    """The family of alarms of ``kind``; of one that this program does not know, the person's."""
    known = {one.value: spec.family for one, spec in KINDS.items()}
    return known.get(kind, Family.PERSON)


def _is_of_devices(kind: str) -> bool:
    return family_of(kind) is Family.DEVICE
