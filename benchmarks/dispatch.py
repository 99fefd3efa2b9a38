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
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks.county import ANSWERS_S, DAY, NIGHT_12, SHIFTS, County, Place, Shift, car, posts
from benchmarks.dispatch_figures import BASELINE, OURS, Row, lines, lines_elsewhere, missed, row_of
from benchmarks.dispatch_world import Policy, World
from benchmarks.page import write_part
from cloud.respond import standby
from cloud.respond.model import Callout, Kind, Orders, Said, Trip
from cloud.respond.policy import decide

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


FREE_ONLY: Final = "the policy, nobody out of a visit"
POLICIES: Final[Mapping[str, Policy]] = {
    BASELINE: nearest_free,
    OURS: decide,
    "the policy, workers only": _only(_without_local_people),
    FREE_ONLY: _only(_without_visits),
}


VILLAGES: Final = 24
SAMPLED_HOMES: Final = 200
"""Places where a unit may wait beside the centres, and homes that stand for all: enough for a fair choice."""
AWAY_MIN: Final = 47.0
"""On the way and at the scene, for the share of time that a unit is away."""
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
    return [row_of(shift, name, cases, played[BASELINE]) for name, cases in played.items()]


ELSEWHERE: Final[Mapping[str, tuple[float, float]]] = {
    "half as many volunteers": (0.5, 1.0),
    "local people say yes half as often": (1.0, 0.5),
    "both": (0.5, 0.5),
    "no volunteers": (0.0, 1.0),
}
"""By what the number of volunteers and the acceptance of local people are multiplied; nobody knows them."""


def elsewhere(seed: int, days: int) -> dict[str, list[Row]]:
    """What is left of the gain where local people are fewer, on the shifts that have a gate."""
    both = {name: POLICIES[name] for name in (BASELINE, OURS)}
    found = {}
    for name, (volunteers, yes) in ELSEWHERE.items():
        county = County.draw(seed, volunteers=volunteers, yes=yes)
        found[name] = [
            compare(county, shift, days, posts(county.centres, shift.units), both)[-1]
            for shift in (DAY, NIGHT_12)
        ]
    return found


def _plain(rows: Sequence[Row]) -> list[dict[str, object]]:
    return [asdict(row) for row in rows]


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
    fewer = elsewhere(given.seed, given.days)
    if given.json:
        print(
            json.dumps({"rows": _plain(rows), "elsewhere": {name: _plain(of) for name, of in fewer.items()}})
        )
    else:
        print("\n".join([*lines(rows), "", *lines_elsewhere(fewer)]))
    if given.page:
        write_part(given.page, "dispatch", lines(rows))
        write_part(given.page, "dispatch elsewhere", lines_elsewhere(fewer))
    for what in (found := missed(rows)):
        print(what, file=sys.stderr)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
