"""One look at a home's vital signs: sift, then ask every rule. Pure.

The one idea: of what several rules say of one quantity, only the gravest is a finding; the others would tell
the same trouble again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from cloud.detect.vitals import pressure, trends
from cloud.detect.vitals.gate import sift
from cloud.detect.vitals.model import RULES, Day, Fault, Finding, Gated, Judged, Person, Rule, Sample, about
from cloud.detect.vitals.personal import clinician, level, unusual
from cloud.detect.vitals.scored import scored
from cloud.detect.vitals.sugar import sugar
from cloud.detect.vitals.temperature import fever
from cloud.detect.vitals.view import CURRENT, View, view
from cloud.incidents.model import Priority
from firmware_protocols.model import Quantity

_ASK: Final[tuple[Callable[[View], Iterator[Finding]], ...]] = (
    scored,
    clinician,
    sugar,
    pressure.very_high,
    fever,
    trends.weight,
    pressure.low,
    unusual,
    level,
    pressure.mean,
    trends.drift,
)
"""Of two findings of one priority, the earlier one stands."""


def judge(samples: Iterable[Sample], days: Iterable[Day], person: Person, now: datetime) -> Judged:
    """What ``samples`` (the last days', any order) and ``days`` (the weeks' before) say at ``now``."""
    good, gated = sift(sample for sample in samples if sample.at <= now)
    seen = view(good, days, person, now)
    found = [finding for rule in _ASK for finding in rule(seen)]
    measured: dict[Quantity, datetime] = {}
    for quantity, series in seen.measured.items():
        measured[about(quantity)] = max(series[0].at, measured.get(about(quantity), series[0].at))
    recent = tuple(one for one in gated if now - one.sample.at <= CURRENT)
    return Judged((*_gravest(found), *_unusable(recent, measured)), recent, measured)


def _gravest(found: Iterable[Finding]) -> list[Finding]:
    """About each quantity the gravest that is confirmed, what is graver and waits for a second look, and,
    where nothing is confirmed today, what the last weeks say.
    """
    listed = list(found)
    slow = _best(one for one in listed if RULES[one.rule].slow)
    sure = _best(one for one in listed if one.confirmed and not RULES[one.rule].slow)
    open_ = _best(one for one in listed if not one.confirmed)
    graver = [one for key, one in open_.items() if key not in sure or _rank(one) < _rank(sure[key])]
    return [*sure.values(), *graver, *(one for key, one in slow.items() if key not in sure)]


def _best(found: Iterable[Finding]) -> dict[Quantity, Finding]:
    """The gravest about each quantity; of two alike the first."""
    best: dict[Quantity, Finding] = {}
    for finding in found:
        standing = best.get(about(finding.quantity))
        if standing is None or _rank(finding) < _rank(standing):
            best[about(finding.quantity)] = finding
    return best


def _unusable(gated: Iterable[Gated], measured: Mapping[Quantity, datetime]) -> Iterator[Finding]:
    """Quantities of which the newest sample cannot be used."""
    newest = {about(one.sample.quantity): one for one in gated if one.fault is not Fault.NO_VALUE}
    for key, one in newest.items():
        if key not in measured or measured[key] < one.sample.at:
            yield Finding(
                Rule.UNUSABLE, one.sample.quantity, {"fault": one.fault.value}, (one.sample,), confirmed=False
            )


def _rank(finding: Finding) -> int:
    return len(Priority) + 1 if finding.priority is None else int(finding.priority)
