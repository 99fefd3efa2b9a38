"""Which wait the outcomes of one home argue for. Pure.

What this is: one question asked of each longer wait: which false alarms would not have come, and would any
right one have been lost? What it is not: a decision. The one idea: a proposal to wait longer is made only
when nothing that was right is lost by it, and never in a home where people had to call by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, Final

from cloud.learning.labels import Label
from cloud.learning.report import wilson
from cloud.learning.tunable import Tunable
from firmware_protocols.wire.plan import Plan

FEWEST_FALSE: Final = 3
"""Fewer false alarms than this argue for nothing. D."""
_LONGER: Final = (1.25, 1.5, 2.0, 3.0)
"""How much longer a wait may become at a time. D."""
_LEAST_GONE: Final = 0.5
"""A longer wait must spare at least this share of the false alarms. D."""
_WHOLE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Case:
    """One alarm that was judged. ``lasted_s``: how long it lasted until somebody moved; ``None``: nobody saw
    the end, so that no longer wait would have spared it.
    """

    label: Label
    lasted_s: float | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one rule in one home. ``missed``: emergencies that people raised before any rule."""

    cases: tuple[Case, ...]
    missed: int
    home_weeks: float


@dataclass(frozen=True, slots=True)
class Basis:
    """The numbers behind a proposal. ``false_gone``: of the false ones, those that would not have come;
    ``right_lost``: the same of the right ones; ``later_s``: how much later people would be called.

    ``expected_false_per_home_week``: ``None`` where only a replay of the home could tell.
    """

    right: int
    false: int
    false_gone: int
    right_lost: int
    missed: int
    later_s: float
    home_weeks: float
    false_per_home_week: float
    expected_false_per_home_week: float | None
    false_gone_low: float
    false_gone_high: float

    @property
    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``was``: what the plan says; ``held``: what holds; ``becomes``: what is proposed; all in seconds."""

    path: str
    was: float | None
    held: float
    becomes: float
    basis: Basis


def suggest(tunable: Tunable, plan: Plan, seen: Seen) -> Suggestion | None:
    """What to propose for this home, if anything."""
    held = tunable.held(plan)
    if seen.missed:
        becomes = tunable.usual(plan)
        return _suggestion(tunable, plan, seen, becomes) if becomes < held else None
    for longer in _candidates(held, tunable.most_s):
        found = _suggestion(tunable, plan, seen, longer)
        if _is_worth_it(found.basis):
            return found
    return None


def _candidates(held: float, most_s: float) -> list[float]:
    rounded = (ceil(held * by / _WHOLE_S) * _WHOLE_S for by in _LONGER)
    return [wait for wait in dict.fromkeys(min(wait, most_s) for wait in rounded) if wait > held]


def _is_worth_it(basis: Basis) -> bool:
    enough = basis.false >= FEWEST_FALSE and basis.false_gone >= _LEAST_GONE * basis.false
    return enough and basis.right_lost == 0


def _suggestion(tunable: Tunable, plan: Plan, seen: Seen, becomes: float) -> Suggestion:
    held = tunable.held(plan)
    right = [one for one in seen.cases if one.label is Label.RIGHT]
    false = [one for one in seen.cases if one.label is Label.FALSE]
    gone, lost = _ended_before(false, becomes), _ended_before(right, becomes)
    share = wilson(gone, len(false))
    basis = Basis(
        right=len(right),
        false=len(false),
        false_gone=gone,
        right_lost=lost,
        missed=seen.missed,
        later_s=becomes - held,
        home_weeks=round(seen.home_weeks, 2),
        false_per_home_week=_rate(len(false), seen),
        expected_false_per_home_week=_rate(len(false) - gone, seen) if becomes > held else None,
        false_gone_low=share.low if share else 0.0,
        false_gone_high=share.high if share else 1.0,
    )
    return Suggestion(tunable.name, tunable.said(plan), held, becomes, basis)


def _ended_before(cases: Iterable[Case], wait_s: float) -> int:
    return sum(one.lasted_s is not None and one.lasted_s < wait_s for one in cases)


def _rate(n: int, seen: Seen) -> float:
    return round(n / seen.home_weeks, 4) if seen.home_weeks else 0.0
