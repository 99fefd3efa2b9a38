"""From the answers of an assessment to the level of ability (GB/T 42195-2022). Pure.

What this is: points, bounds and the rules that override them. What it is not: a diagnosis; whoever has made
one is named by code. The one idea: a level says how it came about, by points and by what moved it, so that a
family who doubts it can follow it with a pencil.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

from cloud.visits.ability.items import BY_KEY, ITEMS, Domain

EVENTS_THAT_WORSEN: Final = 2
"""Care-risk events in 30 days; the standard's rule for changing a level."""
UNCONSCIOUS: Final = 0
"""Points of the item "consciousness" for a coma. K."""
_ICD_10: Final = re.compile(r"([A-Z])([0-9]{2})(?:\.[0-9A-Z]{1,4})?", re.ASCII)


class Level(IntEnum):
    """How much of their ability somebody has lost; what a resident's ``ability_level`` holds."""

    INTACT = 0
    SLIGHT = 1
    MODERATE = 2
    SEVERE = 3
    TOTAL = 4


LEAST: Final = ((90, Level.INTACT), (66, Level.SLIGHT), (46, Level.MODERATE), (30, Level.SEVERE))
"""Least points of each level, the best first; fewer than the last are total loss."""


class RiskEvent(StrEnum):
    """What is counted over the 30 days before (annex A)."""

    FALL = "fall"
    CHOKING = "choking"
    SELF_HARM = "self_harm"
    WANDERING = "wandering"
    OTHER = "other"


class Override(StrEnum):
    """Why a level is not the one of its points."""

    COMA = "coma"
    DEMENTIA = "dementia"
    MENTAL_DISORDER = "mental_disorder"
    RISK_EVENTS = "risk_events"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``code``: ICD-10, with or without its decimals. ``by_psychiatrist``: who made it."""

    code: str
    by_psychiatrist: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """A filled form: points by key of the item; and what may override them."""

    points: Mapping[str, int]
    coma: bool = False
    diagnoses: tuple[Diagnosis, ...] = ()
    risk_events: Mapping[RiskEvent, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ability:
    """The result. ``by_points``: the level before ``overrides``, which stand in a fixed order."""

    total: int
    domains: Mapping[Domain, int]
    by_points: Level
    level: Level
    overrides: tuple[Override, ...]


class BadAnswers(ValueError):  # noqa: N818 - a noun with fields
    """The form cannot be judged; ``faults`` say where and why, and name no answer."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def judge(answers: Answers) -> Ability:
    """The level of ability.

    A coma is total loss, whatever the points. Any of the other reasons makes the level one step worse, once
    however many there are (D, to be confirmed), and never worse than total.

    Raises:
        BadAnswers: an item is missing, unknown or out of its range; a count or a code cannot be; the form
            contradicts itself.
    """
    found = tuple(faults(answers))
    if found:
        raise BadAnswers(found)
    total = sum(answers.points.values())
    by_points = level_of(total)
    overrides = tuple(_overrides(answers))
    return Ability(total, _domains(answers.points), by_points, _moved(by_points, overrides), overrides)


def level_of(total: int) -> Level:
    """The level of ``total`` points, 0-90, before any override."""
    return next((level for least, level in LEAST if total >= least), Level.TOTAL)


def faults(answers: Answers) -> Iterator[str]:
    """What keeps ``answers`` from being judged; nothing: they can be."""
    for item in ITEMS:
        points = answers.points.get(item.key)
        if points is None:
            yield f"{item.key}: not answered"
        elif type(points) is not int or not 0 <= points <= item.best:
            yield f"{item.key}: points are whole, 0 to {item.best}"
    yield from (f"{key}: no such item" for key in sorted(answers.points.keys() - BY_KEY.keys()))
    yield from (f"{event}: a count is not negative" for event, n in answers.risk_events.items() if n < 0)
    yield from ("diagnosis: no ICD-10 code" for one in answers.diagnoses if not _parts(one.code))
    if answers.coma and answers.points.get("consciousness") not in {None, UNCONSCIOUS}:
        yield f"consciousness: {UNCONSCIOUS} in a coma"


def _domains(points: Mapping[str, int]) -> dict[Domain, int]:
    return {domain: sum(points[item.key] for item in ITEMS if item.domain is domain) for domain in Domain}


def _moved(level: Level, overrides: tuple[Override, ...]) -> Level:
    if Override.COMA in overrides:
        return Level.TOTAL
    return Level(min(level + 1, Level.TOTAL)) if overrides else level


def _overrides(answers: Answers) -> Iterator[Override]:
    if answers.coma or answers.points["consciousness"] == UNCONSCIOUS:
        yield Override.COMA
    if any(_is_dementia(one) for one in answers.diagnoses):
        yield Override.DEMENTIA
    if any(_is_mental_disorder(one) for one in answers.diagnoses):
        yield Override.MENTAL_DISORDER
    if sum(answers.risk_events.values()) >= EVENTS_THAT_WORSEN:
        yield Override.RISK_EVENTS


def _is_dementia(diagnosis: Diagnosis) -> bool:
    letter, number = _parts(diagnosis.code) or ("", 0)
    return letter == "F" and number <= 3  # noqa: PLR2004 - F00-F03


def _is_mental_disorder(diagnosis: Diagnosis) -> bool:
    letter, number = _parts(diagnosis.code) or ("", 0)
    return letter == "F" and number > 3 and diagnosis.by_psychiatrist  # noqa: PLR2004 - F04-F99


def _parts(code: str) -> tuple[str, int] | None:
    found = _ICD_10.fullmatch(code.strip().upper())
    return (found[1], int(found[2])) if found else None
