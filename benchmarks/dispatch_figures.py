"""What the shifts of ``benchmarks.dispatch`` came to: shares, percentiles, the gain, the verdict.

What this is: numbers and tables from cases that were played. What it is not: the playing. The one idea: a
shift is one sample, because its incidents share its units.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.county import DAY, NIGHT_12, Shift
from benchmarks.dispatch_world import Case
from benchmarks.page import table

BASELINE: Final = "nearest free worker, 60 s, then the next"
OURS: Final = "the policy"
GATES: Final[Mapping[str, float]] = {DAY.name: 7.0, NIGHT_12.name: 15.0}
"""Points reached within 15 minutes that the policy must gain, by shift (ADR 0062)."""
MOST_ALERTS: Final = 8.0
MOST_SURPLUS: Final = 1.5


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one group of incidents. Shares in per cent, times in minutes (infinite: not reached)."""

    incidents: int
    within_5: float
    within_10: float
    within_15: float
    p50_min: float
    p90_min: float
    p99_min: float
    worker_within_15: float
    yes_within_60_s: float
    alerts: float
    surplus: float


@dataclass(frozen=True, slots=True)
class Row:
    """``gain``: percentage points reached within 15 minutes above the baseline, with its 95 % interval."""

    shift: str
    policy: str
    all: Figures
    town: Figures
    rural: Figures
    gain: tuple[float, float, float]


def figures(cases: Sequence[Case]) -> Figures:
    """What ``cases`` came to."""
    reached = sorted(case.reached_s / 60 for case in cases)

    def share(met: Callable[[Case], bool]) -> float:
        return 100 * sum(map(met, cases)) / len(cases)

    def mean(number: Callable[[Case], int]) -> float:
        return statistics.fmean(map(number, cases))

    return Figures(
        incidents=len(cases),
        within_5=share(lambda case: case.reached_s <= 300),
        within_10=share(lambda case: case.reached_s <= 600),
        within_15=share(lambda case: case.reached_s <= 900),
        p50_min=_percentile(reached, 0.50),
        p90_min=_percentile(reached, 0.90),
        p99_min=_percentile(reached, 0.99),
        worker_within_15=share(lambda case: case.worker_s <= 900),
        yes_within_60_s=share(lambda case: case.yes_s <= 60),
        alerts=mean(lambda case: case.alerts),
        surplus=mean(lambda case: max(0, case.arrivals - 1)),
    )


def _percentile(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, math.ceil(share * len(values)) - 1)]


def gained(days: Sequence[Sequence[Case]], before: Sequence[Sequence[Case]]) -> tuple[float, float, float]:
    """Mean over shifts of the points gained within 15 minutes, and its 95 % interval."""
    pairs = zip(days, before, strict=True)
    gains = [figures(ours).within_15 - figures(theirs).within_15 for ours, theirs in pairs]
    mean = statistics.fmean(gains)
    half = 1.96 * statistics.stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else math.inf
    return mean, mean - half, mean + half


def row_of(shift: Shift, name: str, days: Sequence[Sequence[Case]], before: Sequence[Sequence[Case]]) -> Row:
    """Of one policy on one shift, played for some days, as were those of the baseline (``before``)."""
    cases = [case for day in days for case in day]
    town = figures([case for case in cases if case.incident.door.town])
    rural = figures([case for case in cases if not case.incident.door.town])
    return Row(shift.name, name, figures(cases), town, rural, gained(days, before))


def missed(rows: Sequence[Row]) -> list[str]:
    """What ADR 0062 asks for and ``rows`` do not show."""
    found = []
    for row in rows:
        if row.policy != OURS or row.shift not in GATES:
            continue
        if row.gain[0] < GATES[row.shift]:
            found.append(f"{row.shift}: gains {row.gain[0]:.1f} points, not {GATES[row.shift]:.0f}")
        if row.all.alerts > MOST_ALERTS:
            found.append(f"{row.shift}: {row.all.alerts:.1f} alerts an incident, over {MOST_ALERTS:.0f}")
        if row.all.surplus > MOST_SURPLUS:
            found.append(f"{row.shift}: {row.all.surplus:.2f} surplus arrivals, over {MOST_SURPLUS}")
    return found


HEAD: Final = (
    "shift",
    "policy",
    "≤ 5 / 10 / 15 min",
    "p50 / p90",
    "worker ≤ 15",
    "yes ≤ 60 s",
    "alerts",
    "surplus",
    "town / rural ≤ 15",
    "gained (95 %)",
)


def lines(rows: Sequence[Row]) -> list[str]:
    """The table of the page."""
    return table(HEAD, map(_cells, rows))


def _cells(row: Row) -> tuple[str, ...]:
    of = row.all
    return (
        row.shift,
        row.policy,
        f"{of.within_5:.1f} / {of.within_10:.1f} / {of.within_15:.1f} %",
        f"{of.p50_min:.1f} / {of.p90_min:.1f} min",
        f"{of.worker_within_15:.1f} %",
        f"{of.yes_within_60_s:.1f} %",
        f"{of.alerts:.1f}",
        f"{of.surplus:.2f}",
        f"{row.town.within_15:.1f} / {row.rural.within_15:.1f} %",
        "" if row.policy == BASELINE else _gain(row),
    )


def lines_elsewhere(found: Mapping[str, Sequence[Row]]) -> list[str]:
    """The table of the page that says on what the gain rests."""
    head = ("where", *(f"{name}: gained, alerts" for name in GATES))
    cells = ((name, *(f"{_gain(row)}, {row.all.alerts:.1f}" for row in rows)) for name, rows in found.items())
    return table(head, cells)


def _gain(row: Row) -> str:
    return "{:+.1f} ({:+.1f} to {:+.1f})".format(*row.gain)
