"""What every rule would have called for in published homes: ``python -m benchmarks.replay --data DIR``.

What this is: ``anban replay home`` over whole homes: calls per home-week by rule, and days per second of
processor. What it is not: a count of errors; nobody labelled these days, so a call may be right. The one
idea: a rule that calls twice a week in homes of people who were well is one to look at before a home goes
live.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from benchmarks.page import table, write_part
from simulators.replay import command, show, sources
from simulators.replay.changes import Setting
from simulators.replay.model import Finding
from simulators.replay.run import DETECTORS

PART: Final = "replay"
WEEK: Final = 7.0


@dataclass(frozen=True, slots=True)
class Judged:
    """One home: its days, seconds of processor of each detector, and how often each rule called."""

    home: str
    days: int
    took_s: Mapping[str, float]
    calls: Mapping[str, int]


def judged(data: Path, home: str, most_days: int) -> Judged:
    """The first ``most_days`` days of one home by every detector, each told what was said before it."""
    record = sources.read(data, home)
    last = (record.begins + timedelta(days=most_days - 1)).astimezone(record.plan.zone).date()
    record = command.within(record, None, last)
    took_s: dict[str, float] = {}
    said: list[Finding] = []
    for name, detector in DETECTORS.items():
        begun = time.process_time()
        said += detector(record, Setting(), tuple(said))
        took_s[name] = round(time.process_time() - begun, 2)
    calls = Counter(f"{one.by}/{one.rule}" for one in said if one.calls)
    return Judged(home, show.days(record), took_s, dict(calls))


def main(argv: Sequence[str] | None = None) -> int:
    """Judge the homes and print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with published homes")
    parser.add_argument("--home", action="append", help="only this one (may be repeated)")
    parser.add_argument("--days", type=int, default=28, help="days of each (28)")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--page", type=Path, help="page of the documentation to write the figures into")
    chosen = parser.parse_args(argv)
    found = [judged(chosen.data, one, chosen.days) for one in chosen.home or sources.homes(chosen.data)]
    if chosen.page:
        write_part(chosen.page, PART, lines(found))
    told = [json.dumps([as_json(one) for one in found])] if chosen.json else lines(found)
    sys.stdout.writelines(f"{line}\n" for line in told)
    return 0


def lines(found: Sequence[Judged]) -> Iterator[str]:
    """A table of rules, and one of homes."""
    days, took_s = sum(one.days for one in found), sum(sum(one.took_s.values()) for one in found)
    speed = f"{days / took_s:.1f} days per second of processor"
    yield f"{len(found)} homes, {days / WEEK:.1f} home-weeks, {speed}."
    yield ""
    calls = sum((Counter(one.calls) for one in found), Counter[str]())
    rows = [
        [rule, n, f"{n * WEEK / days:.2f}", sum(rule in one.calls for one in found)]
        for rule, n in calls.most_common()
    ]
    yield from table(["rule", "calls", "per home-week", "homes"], rows)
    yield ""
    yield from table(
        ["home", "days", "calls", *(f"{name}, days/s" for name in DETECTORS)],
        [
            [one.home, one.days, sum(one.calls.values()), *(_speed(one, name) for name in DETECTORS)]
            for one in found
        ],
    )


def as_json(one: Judged) -> dict[str, object]:
    """One home as JSON values."""
    return {"home": one.home, "days": one.days, "took_s": dict(one.took_s), "calls": dict(one.calls)}


def _speed(one: Judged, detector: str) -> str:
    return f"{one.days / one.took_s[detector]:.1f}" if one.took_s[detector] else "none"


if __name__ == "__main__":
    raise SystemExit(main())
