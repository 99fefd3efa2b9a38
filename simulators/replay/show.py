"""A replay as lines for a person, or as one JSON document.

What this is: layout. What it is not: wording of findings (``words``). The one idea: one finding is one line
with when, how urgent, which rule and its sentence; the rows that it rests on stand below it, on demand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from typing import Any

from simulators.replay.differ import Against, Difference
from simulators.replay.model import Finding, Record, Row, Told


def lines(findings: Iterable[Finding], zone: tzinfo, *, rows: bool) -> Iterator[str]:
    """A line for each finding, in the home's own time."""
    for one in findings:
        yield line(one, zone)
        if rows:
            yield from (f"    {_row(row, zone)}" for row in one.rows)


def line(one: Finding, zone: tzinfo) -> str:
    """When, how urgent, which rule, where, and the sentence."""
    urgent = "P-" if one.priority is None else f"P{one.priority}"
    where = f"{one.room}/{one.device}" if one.room else one.device
    rule = one.rule if one.by == one.rule else f"{one.by}/{one.rule}"
    return f"{_clock(one.at, zone)}  {urgent}  {one.state:<10} {rule:<24} {where}: {one.sentence}"


def summary(record: Record, findings: Iterable[Finding]) -> Iterator[str]:
    """How much was judged, and how often each rule calls."""
    calls = Counter(f"{one.by}/{one.rule}" for one in findings if one.calls)
    weeks = days(record) / 7
    yield f"{len(record.observed)} observations of {len(record.devices)} devices on {days(record)} days"
    for rule, n in sorted(calls.items()):
        yield f"{rule}: raised {n} times, {n / weeks:.2f} a week"
    for what, n in sorted(record.left_out.items()):
        yield f"left out: {what}: {n}"


def difference(found: Difference, zone: tzinfo) -> Iterator[str]:
    """What the second setting raises more, less, or at another time."""
    yield f"less: {len(found.gone)}, more: {len(found.new)}, at another time: {len(found.moved)}"
    yield from (f"- {line(one, zone)}" for one in found.gone)
    yield from (f"+ {line(one, zone)}" for one in found.new)
    for one, other in found.moved:
        later_s = (other.at - one.at).total_seconds()
        yield f"~ {line(other, zone)} ({later_s:+.0f} s)"


def against(found: Against, zone: tzinfo) -> Iterator[str]:
    """What was recorded and is not found again, and the other way round."""
    yield f"as recorded: {found.same}, recorded only: {len(found.missing)}, replayed only: {len(found.new)}"
    yield from (f"- {_clock(one.at, zone)}  {one.kind} {one.device} ({one.path})" for one in found.missing)
    yield from (f"+ {line(one, zone)}" for one in found.new)


def days(record: Record) -> int:
    """Days that the record touches."""
    zone = record.plan.zone
    return (record.ends.astimezone(zone).date() - record.begins.astimezone(zone).date()).days + 1


def as_json(one: Finding) -> dict[str, Any]:
    """One finding as JSON values."""
    return {
        "at": one.at.isoformat(),
        "by": one.by,
        "rule": one.rule,
        "kind": one.kind,
        "state": one.state,
        "priority": one.priority,
        "device": one.device,
        "room": one.room,
        "sentence": one.sentence,
        "numbers": dict(one.numbers),
        "rows": [
            {"device": row.device, "what": row.what, "at": row.at.isoformat(), "said": row.said}
            for row in one.rows
        ],
        "id": one.id,
        "since": None if one.since is None else one.since.isoformat(),
    }


def difference_as_json(found: Difference) -> dict[str, Any]:
    """A difference as JSON values."""
    return {
        "less": [as_json(one) for one in found.gone],
        "more": [as_json(one) for one in found.new],
        "moved": [{"from": one.at.isoformat(), "to": as_json(other)} for one, other in found.moved],
    }


def against_as_json(found: Against) -> dict[str, Any]:
    """How it compares with what was recorded, as JSON values."""
    return {
        "same": found.same,
        "recorded_only": [_told(one) for one in found.missing],
        "replayed_only": [as_json(one) for one in found.new],
    }


def _told(one: Told) -> dict[str, Any]:
    return {"at": one.at.isoformat(), "kind": one.kind, "device": one.device, "path": one.path, "id": one.id}


def _row(row: Row, zone: tzinfo) -> str:
    return f"{_clock(row.at, zone)}  {row.device} {row.what} {row.said}"


def _clock(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
