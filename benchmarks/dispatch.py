"""How soon somebody is at the door: ``python -m benchmarks.dispatch [--days N] [--seed N] [--json]
[--page docs/dispatch.md]``.

What this is: the platform's own policy (``cloud.respond.policy``) in a simulated county against asking the
nearest free worker, 60 s, then the next, with the same incidents, people and moods. What it is not: a
measurement of real people; how they behave is assumed (``benchmarks.county``), so what counts is the
difference. The one idea: both are judged on the same shifts, and the interval of the difference is taken
over those (a shift is one sample; incidents of one share its units).

Ends with 1 when the policy does not hold what ADR 0062 asks of it.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks.county import ANSWERS_S, County, Place, Shift, car, posts
from benchmarks.dispatch_world import Case, Policy, World
from benchmarks.page import table, write_part
from cloud.respond import standby
from cloud.respond.model import Callout, Kind, Orders, Said, Trip
from cloud.respond.policy import decide

DAY: Final = Shift("day, 300 workers", night=False, hours=9, incidents=40, units=300)
NIGHT_24: Final = Shift("night, 24 cars", night=True, hours=15, incidents=25, units=24)
NIGHT_12: Final = Shift("night, 12 cars", night=True, hours=15, incidents=25, units=12)
NIGHT_12_BUSY: Final = Shift("night, 12 cars, double load", night=True, hours=15, incidents=50, units=12)
SHIFTS: Final = (DAY, NIGHT_24, NIGHT_12, NIGHT_12_BUSY)

PATIENCE: Final = timedelta(seconds=60)
LOST_AFTER: Final = timedelta(minutes=5)
"""After the promised arrival, when somebody who said yes is no longer counted on (as ``timers.EN_ROUTE``)."""


def nearest_free(callout: Callout, now: datetime) -> Orders:
    """What the policy is compared with: one free worker at a time, 60 s each, then the next instead."""
    trips = [ask.answer for ask in callout.asks if isinstance(ask.answer, Trip)]
    counted_on = [trip for trip in trips if trip.arrived_at or now < trip.promised_at + LOST_AFTER]
    if counted_on:
        waits = [trip.promised_at + LOST_AFTER for trip in counted_on if not trip.arrived_at]
        return Orders(due_at=min(waits, default=None))
    quiet = [ask for ask in callout.asks if ask.answer is Said.NOTHING]
    pending = [ask.at + PATIENCE for ask in quiet if now < ask.at + PATIENCE]
    if pending:
        return Orders(due_at=pending[0])
    asked = {ask.who.id: ask for ask in callout.asks}
    free = [one for one in callout.candidates if one.kind is Kind.WORKER and not one.in_visit]
    willing = [one for one in free if one.id not in asked or asked[one.id].answer is Said.RELIEVED]
    next_one = sorted(willing, key=lambda one: (one.id in asked, one.travel, one.id))[:1]
    return Orders(tuple(next_one), tuple(ask.who.id for ask in quiet), due_at=now + PATIENCE)


def _only(keep: Callable[[Callout], Callout]) -> Policy:
    return lambda callout, now: decide(keep(callout), now)


def _without_local_people(callout: Callout) -> Callout:
    return replace(callout, candidates=tuple(one for one in callout.candidates if one.kind is Kind.WORKER))


def _without_visits(callout: Callout) -> Callout:
    return replace(callout, candidates=tuple(one for one in callout.candidates if not one.in_visit))


BASELINE: Final = "nearest free worker, 60 s, then the next"
OURS: Final = "the policy"
FREE_ONLY: Final = "the policy, nobody out of a visit"
POLICIES: Final[Mapping[str, Policy]] = {
    BASELINE: nearest_free,
    OURS: decide,
    "the policy, workers only": _only(_without_local_people),
    FREE_ONLY: _only(_without_visits),
}


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


VILLAGES: Final = 24
SAMPLED_HOMES: Final = 200
"""Places where a unit may wait beside the centres, and homes that stand for all: enough for a fair choice."""
AWAY_MIN: Final = 47.0
"""On the way and at the scene, for the share of time that a unit is away."""
GATES: Final[Mapping[str, float]] = {DAY.name: 7.0, NIGHT_12.name: 15.0}
"""Points reached within 15 minutes that the policy must gain, by shift (ADR 0062)."""
MOST_ALERTS: Final = 8.0
MOST_SURPLUS: Final = 1.5


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


BY_COVER: Final = "the policy, posts by cover"


def best_posts(county: County, shift: Shift) -> list[Place]:
    """Where the night's units wait for the most homes to be reached, among the centres and villages."""
    draw = random.Random("posts")
    places = [*county.centres, *draw.sample(county.homes, VILLAGES)]
    answer_s = ANSWERS_S[Kind.WORKER]
    demands = [
        standby.Demand(
            1.0,
            frozenset(
                number
                for number, place in enumerate(places)
                if car(0, place, home).travel(home) + timedelta(seconds=answer_s) <= standby.WITHIN
            ),
        )
        for home in draw.sample(county.homes, SAMPLED_HOMES)
    ]
    away = shift.incidents * AWAY_MIN / (shift.hours * 60 * shift.units)
    return [places[post] for post in standby.choose(demands, len(places), shift.units, away)]


def compare(
    county: County,
    shift: Shift,
    days: int,
    waiting: Sequence[Place],
    policies: Mapping[str, Policy] = POLICIES,
) -> list[Row]:
    """``policies``, the baseline among them, on the same ``days`` shifts."""
    incidents = [county.shift(shift, str(day)) for day in range(days)]
    played = {
        name: [World(shift, policy, waiting).run(day) for day in incidents]
        for name, policy in policies.items()
        if not (shift.night and name == FREE_ONLY)
    }
    if shift.night and policies is POLICIES:
        standing = best_posts(county, shift)
        played[BY_COVER] = [World(shift, decide, standing).run(day) for day in incidents]
    return [_row(shift, name, cases, played[BASELINE]) for name, cases in played.items()]


def _row(shift: Shift, name: str, days: Sequence[Sequence[Case]], before: Sequence[Sequence[Case]]) -> Row:
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
        "" if row.policy == BASELINE else "{:+.1f} ({:+.1f} to {:+.1f})".format(*row.gain),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    county = County.draw(given.seed)
    rows = [
        row
        for shift in SHIFTS
        for row in compare(county, shift, given.days, posts(county.centres, shift.units))
    ]
    if given.json:
        print(json.dumps([asdict(row) for row in rows]))
    else:
        print("\n".join(lines(rows)))
    if given.page:
        write_part(given.page, "dispatch", lines(rows))
    for what in (found := missed(rows)):
        print(what, file=sys.stderr)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
