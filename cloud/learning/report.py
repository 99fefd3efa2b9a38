"""How often each rule was right: from counts of ended incidents to shares with their intervals. Pure.

What this is: arithmetic. What it is not: SQL, or advice. The one idea: few labels make a wide interval, and
the interval stands beside every share, so that nobody tunes by three cases.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cloud import interval
from cloud.incidents.kinds import Family
from cloud.incidents.model import IncidentState, OutcomeCode
from cloud.learning.labels import BY_PEOPLE, Label, family_of, label, should_find


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Share(_View):
    """``n`` of ``of``, and the 95 % Wilson score interval (Wilson, 1927)."""

    n: int
    of: int
    share: float
    low: float
    high: float


class RuleCounts(_View):
    """One rule's incidents. ``rule``: the finding, or else the kind of alarm. ``why``: false ones by code
    (C1 accidental press, C2 sensor, C3 rule, D1 device). ``right_share``: of those that were judged.
    """

    rule: str
    kind: str
    family: Family
    alerts: int
    right: int
    false: int
    why: dict[str, int]
    called_off: int
    unclear: int
    open: int
    right_share: Share | None = None
    alerts_per_home_week: float
    false_per_home_week: float


class Missed(_View):
    """Emergencies that a person raised first. ``missed``: no rule of the family had spoken before."""

    family: Family
    raised_by_people: int
    missed: int
    missed_share: Share | None = None


class RuleReport(_View):
    """``home_weeks``: what the rates are per. ``within_h``: how long before people a rule may have spoken."""

    since: datetime
    until: datetime
    homes: int
    home_weeks: float
    within_h: int
    rules: list[RuleCounts] = Field(description="the most frequent first")
    missed: list[Missed]


def wilson(n: int, of: int) -> Share | None:
    """The share and its interval; ``None`` of nothing."""
    if of == 0:
        return None
    low, high = interval.wilson(n, of)
    return Share(n=n, of=of, share=round(n / of, 4), low=round(low, 4), high=round(high, 4))


@dataclass(slots=True)
class _Tally:
    kind: str
    labels: Counter[Label] = field(default_factory=Counter)
    why: Counter[str] = field(default_factory=Counter)


def rules(counts: Iterable[Mapping[str, Any]], home_weeks: float) -> list[RuleCounts]:
    """The rules, the most frequent first. ``counts``: rows of ``rule``, ``kind``, ``state``, ``outcome``,
    ``n``.
    """
    tallies: dict[str, _Tally] = {}
    for row in counts:
        tally = tallies.setdefault(row["rule"], _Tally(row["kind"]))
        outcome = OutcomeCode(row["outcome"]) if row["outcome"] else None
        said = label(row["kind"], IncidentState(row["state"]), outcome)
        tally.labels[said] += row["n"]
        if said is Label.FALSE and outcome is not None:
            tally.why[outcome.value] += row["n"]
    found = [_counts(rule, tally, home_weeks) for rule, tally in tallies.items()]
    return sorted((one for one in found if one.alerts), key=lambda one: (-one.alerts, one.rule))


def _counts(rule: str, tally: _Tally, home_weeks: float) -> RuleCounts:
    said = tally.labels
    alerts = said.total() - said[Label.TEST] - said[Label.CALLED_OFF]
    return RuleCounts(
        rule=rule,
        kind=tally.kind,
        family=family_of(tally.kind),
        alerts=alerts,
        right=said[Label.RIGHT],
        false=said[Label.FALSE],
        why=dict(sorted(tally.why.items())),
        called_off=said[Label.CALLED_OFF],
        unclear=said[Label.UNCLEAR],
        open=said[Label.OPEN],
        right_share=wilson(said[Label.RIGHT], said[Label.RIGHT] + said[Label.FALSE]),
        alerts_per_home_week=_rate(alerts, home_weeks),
        false_per_home_week=_rate(said[Label.FALSE], home_weeks),
    )


def missed(first: Iterable[Mapping[str, Any]]) -> list[Missed]:
    """Per family, what people raised first. ``first``: rows of ``outcome`` and ``before``, the kinds of alarm
    that had spoken.
    """
    found: dict[Family, list[bool]] = defaultdict(list)
    for row in first:
        found[should_find(OutcomeCode(row["outcome"]))].append(is_missed(row))
    return [
        Missed(
            family=family,
            raised_by_people=len(were),
            missed=sum(were),
            missed_share=wilson(sum(were), len(were)),
        )
        for family, were in sorted(found.items())
    ]


def is_missed(row: Mapping[str, Any]) -> bool:
    """Whether no rule that should have found it had spoken before a person did."""
    family = should_find(OutcomeCode(row["outcome"]))
    return not any(_could_find(kind, family) for kind in row["before"])


def _could_find(kind: str, family: Family) -> bool:
    return family_of(kind) is family and kind not in {one.value for one in BY_PEOPLE}


def _rate(n: int, home_weeks: float) -> float:
    return round(n / home_weeks, 4) if home_weeks else 0.0
