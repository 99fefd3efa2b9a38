"""Every detector over one record, in one order of time.

What this is: a table of detectors. What it is not: a judgement. The one idea: a detector is a function of a
record and the plans that hold; whatever comes is merged by time, so the same input prints the same lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from replay import edge, vitals
from replay.changes import Setting
from replay.model import Finding, Record

Detector = Callable[[Record, Setting, float], Iterator[Finding]]


def _edge(record: Record, setting: Setting, step_s: float) -> Iterator[Finding]:
    return edge.run(record, setting.plans(record), step_s)


def _vitals(record: Record, _setting: Setting, _step_s: float) -> Iterator[Finding]:
    return vitals.run(record)


DETECTORS: Final[Mapping[str, Detector]] = {
    "edge": _edge,
    "vitals": _vitals,
}


def findings(
    record: Record, setting: Setting, only: frozenset[str] = frozenset(), step_s: float = edge.STEP_S
) -> list[Finding]:
    """All that the detectors (``only`` these, if any) say, by time. ``step_s``: see ``edge``.

    Raises:
        RecordError: ``setting`` cannot be.
    """
    found = [
        finding
        for name, detector in DETECTORS.items()
        if not only or name in only
        for finding in detector(record, setting, step_s)
    ]
    return sorted(found, key=lambda one: (one.at, one.by, one.id))
