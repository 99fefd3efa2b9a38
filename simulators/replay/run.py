"""Every detector over one record, in one order of time.

What this is: a table of detectors. What it is not: a judgement. The one idea: a detector is a function of a
record, the plans that hold, and what was said before it; whatever comes is merged by time, so the same input
prints the same lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from simulators.replay import edge, routine, rules, vitals
from simulators.replay.changes import Setting
from simulators.replay.model import Finding, Record

Detector = Callable[[Record, Setting, Sequence[Finding]], Iterator[Finding]]


def _edge(record: Record, setting: Setting, _said: Sequence[Finding]) -> Iterator[Finding]:
    return edge.run(record, setting.plans(record), setting.step_s)


def _vitals(record: Record, _setting: Setting, _said: Sequence[Finding]) -> Iterator[Finding]:
    return vitals.run(record)


def _rules(record: Record, setting: Setting, said: Sequence[Finding]) -> Iterator[Finding]:
    return rules.run(record, setting.plans(record), said)


def _routine(record: Record, setting: Setting, said: Sequence[Finding]) -> Iterator[Finding]:
    return routine.run(record, setting.per_week, said)


DETECTORS: Final[Mapping[str, Detector]] = {
    "edge": _edge,
    "vitals": _vitals,
    "rules": _rules,
    "routine": _routine,
}
"""In the order in which one hears of the other: the home first."""


def findings(record: Record, setting: Setting, only: frozenset[str] = frozenset()) -> list[Finding]:
    """All that the detectors (``only`` these, if any) say, by time.

    Raises:
        RecordError: ``setting`` cannot be.
    """
    found: list[Finding] = []
    for name, detector in DETECTORS.items():
        if not only or name in only:
            found += list(detector(record, setting, tuple(found)))
    return sorted(found, key=lambda one: (one.at, one.by, one.id))
