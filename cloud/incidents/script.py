"""The questions of the first call, and what an answer means for the urgency. Pure.

What this is: their names, as a timeline keeps them, and one function. What it is not: the order in which they
are asked (``dashboards/web/src/core/triage.ts``) or their words (the catalogues, ``triage.ask.``). The one
idea: an answer that means danger makes the incident a P1 when it is given, so it holds although the call
breaks off.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from cloud.incidents.kinds import KINDS, TECHNICAL
from cloud.incidents.model import Priority


class Question(StrEnum):
    """One question of a script; each is answered yes or no."""

    ANSWERS = "answers"
    INTENSE_PAIN = "intense_pain"
    COLLAPSE = "collapse"
    TRAUMA = "trauma"
    UNUSUAL = "unusual"
    BREATHING = "breathing"
    BLEEDING = "bleeding"
    CONSCIOUSNESS = "consciousness"
    FRACTURE = "fracture"
    STROKE = "stroke"
    FIRE = "fire"
    WANTS_HELP = "wants_help"
    WATER = "water"
    FACE = "face"
    ARM = "arm"
    SPEECH = "speech"
    SUGAR = "sugar"
    CONFUSION = "confusion"
    FOUND = "found"
    EXPOSED = "exposed"
    POWER = "power"


I_STUMBLE: Final = (
    Question.INTENSE_PAIN,
    Question.COLLAPSE,
    Question.TRAUMA,
    Question.UNUSUAL,
    Question.BREATHING,
    Question.BLEEDING,
    Question.CONSCIOUSNESS,
    Question.FRACTURE,
)
"""After a fall (Welsh Ambulance Service): one yes means an ambulance, and nobody lifts the person."""
FAST: Final = (Question.FACE, Question.ARM, Question.SPEECH)
"""Stroke: face, arm, speech; a yes to one, and it is time to call."""
DANGER: Final = frozenset(
    {*I_STUMBLE, *FAST, Question.STROKE, Question.FIRE, Question.EXPOSED, Question.POWER}
)
"""A yes is for 120, 119 or 110, or for a current that kills."""

_EQUIPMENT: Final = frozenset(kind.value for kind, spec in KINDS.items() if spec.family in TECHNICAL)


def urgency(kind: str, question: Question, *, yes: bool) -> Priority | None:
    """What the answer makes the incident at the least; ``None``: it says nothing of that."""
    if question in DANGER:
        return Priority.LIFE if yes else None
    silent = question is Question.ANSWERS and not yes
    return Priority.LIFE if silent and kind not in _EQUIPMENT else None
