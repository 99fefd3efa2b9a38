"""NEWS2 over what was measured of late: an emergency, an urgent look, or one parameter far out.

What this is: which measurements the score takes, and when it is believed. What it is not: the score
(``news2``). The one idea: a high score is believed when two devices agree on it, or a second measurement says
the same; one slipped finger is neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cloud.detect.vitals import news2
from cloud.detect.vitals.model import Finding, Good, Rule
from cloud.detect.vitals.news2 import PARAMETERS, Parameter, Score
from cloud.detect.vitals.view import View

_LEAST: Final = 1
"""A measurement before the newest confirms it if it has at most so many points less."""


def scored(seen: View) -> Iterator[Finding]:
    """At most one finding: the gravest that the score supports."""
    taken = _taken(seen)
    if not taken:
        return
    record = seen.person
    values = {parameter: good.value for parameter, good in taken.items()}
    score = news2.score(values, scale2=record.scale2, oxygen=record.oxygen)
    rule = _rule(
        score, frozenset(PARAMETERS[quantity] for quantity in record.limits if quantity in PARAMETERS)
    )
    if rule is not None:
        yield _finding(seen, rule, score, taken)


def _taken(seen: View) -> dict[Parameter, Good]:
    """The newest current measurement of each parameter."""
    taken: dict[Parameter, Good] = {}
    for quantity, parameter in PARAMETERS.items():
        newest = seen.current(quantity)
        if newest is not None and (parameter not in taken or newest.at > taken[parameter].at):
            taken[parameter] = newest
    return taken


def _rule(score: Score, limited: frozenset[Parameter]) -> Rule | None:
    """``limited``: what a clinician's limits judge alone."""
    if score.total >= news2.EMERGENCY:
        return Rule.NEWS2_EMERGENCY
    if score.total >= news2.URGENT:
        return Rule.NEWS2_URGENT
    return Rule.NEWS2_SINGLE if set(score.singles) - limited else None


def _finding(seen: View, rule: Rule, score: Score, taken: Mapping[Parameter, Good]) -> Finding:
    high = {parameter: good for parameter, good in taken.items() if score.points.get(parameter)}
    worst = max(high, key=lambda parameter: score.points[parameter])
    numbers = {"total": score.total, "known": score.n, "of": news2.OF, "value": taken[worst].value}
    before = seen.before(taken[worst])
    agreed = len({good.device_id for good in high.values()}) > 1 and rule is not Rule.NEWS2_SINGLE
    confirmed = agreed or (before is not None and _says_the_same(seen, worst, before, score.points[worst]))
    rest = sorted(
        (good for good in taken.values() if good is not taken[worst]), key=lambda good: good.at, reverse=True
    )
    rows = (taken[worst], *(() if before is None else (before,)), *rest)
    return Finding(rule, taken[worst].quantity, numbers, rows, confirmed)


def _says_the_same(seen: View, parameter: Parameter, before: Good, points: int) -> bool:
    record = seen.person
    was = news2.points_of(parameter, before.value, scale2=record.scale2, oxygen=record.oxygen)
    return was > 0 and was >= points - _LEAST
