"""What two runs say differently, and what a run says differently from what was said when it happened.

What this is: pairing of findings by rule, state and device, nearest first. What it is not: a judgement of
which is right. The one idea: an alarm that comes some minutes later is the same alarm, later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from simulators.replay.model import Finding, Record, Told

SAME: Final = timedelta(minutes=30)
"""Two findings so near in time are one, earlier or later. D."""
RECORDED: Final = timedelta(minutes=2)
"""So near to what was recorded a run may be: steps, the outbox and the worker's turn."""


@dataclass(frozen=True, slots=True)
class Difference:
    """``gone``: only the first run says it; ``new``: only the second; ``moved``: both, at another time."""

    gone: tuple[Finding, ...]
    new: tuple[Finding, ...]
    moved: tuple[tuple[Finding, Finding], ...]


@dataclass(frozen=True, slots=True)
class Against:
    """``missing``: recorded alarms that the run does not raise; ``new``: raised, and not recorded."""

    missing: tuple[Told, ...]
    new: tuple[Finding, ...]
    same: int


def between(first: Iterable[Finding], second: Iterable[Finding]) -> Difference:
    """How the calls of two runs differ."""
    before, after = _by_key(first), _by_key(second)
    gone: list[Finding] = []
    new: list[Finding] = []
    moved: list[tuple[Finding, Finding]] = []
    for key in sorted(before.keys() | after.keys()):
        pairs, left, right = _paired(before.get(key, []), after.get(key, []))
        moved += [(one, other) for one, other in pairs if one.at != other.at]
        gone += left
        new += right
    return Difference(_sorted(gone), _sorted(new), tuple(sorted(moved, key=lambda pair: pair[0].at)))


def against(record: Record, findings: Iterable[Finding]) -> Against:
    """How a run's calls differ from what was raised when it happened."""
    left = [one for one in findings if one.calls]
    missing: list[Told] = []
    same = 0
    for told in record.told:
        if told.state != "raised":
            continue
        near = [one for one in left if _is_that(one, told)]
        if near:
            left.remove(min(near, key=lambda one: abs(one.at - told.at)))
            same += 1
        else:
            missing.append(told)
    return Against(tuple(missing), _sorted(left), same)


def _is_that(finding: Finding, told: Told) -> bool:
    """An alarm of the cloud is recorded with the time of what it rests on."""
    times = [finding.at, *([finding.since] if finding.since else [])]
    alike = finding.kind == told.kind and finding.device == told.device
    named = told.evidence.get("finding", finding.rule) == finding.rule
    return alike and named and any(abs(at - told.at) <= RECORDED for at in times)


def _by_key(findings: Iterable[Finding]) -> Mapping[tuple[str, str, str], list[Finding]]:
    found: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for one in findings:
        if one.calls:
            found[one.key].append(one)
    return found


def _paired(
    before: Sequence[Finding], after: Sequence[Finding]
) -> tuple[list[tuple[Finding, Finding]], list[Finding], list[Finding]]:
    """The nearest pairs, and what has no partner on either side."""
    near = sorted(
        (abs(one.at - other.at), i, j)
        for i, one in enumerate(before)
        for j, other in enumerate(after)
        if abs(one.at - other.at) <= SAME
    )
    left, right = dict(enumerate(before)), dict(enumerate(after))
    pairs = []
    for _, i, j in near:
        if i in left and j in right:
            pairs.append((left.pop(i), right.pop(j)))
    return pairs, list(left.values()), list(right.values())


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=_when))


def _when(finding: Finding) -> tuple[datetime, str]:
    return finding.at, finding.rule
