"""How little a running day moves when somebody is called away: the product's ``mend`` over drawn townships.

What this is: a township's plan, a worker with open visits taken for 90 minutes at a random time of the
morning, and the plan mended within a second of processor, at several prices for a visit that somebody else
makes. What it is not: a measurement of how often that happens. The one idea: it is mended as the product
does: late rather than never, because somebody waits; how late is shown, and ``late`` counts what is more than
the minutes that nobody looks at the clock for.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from statistics import mean
from typing import Final

from benchmarks.visits_least import least_moved
from benchmarks.visits_town import town
from cloud.visits.anneal import plan
from cloud.visits.check import Fault, check
from cloud.visits.cost import Weights
from cloud.visits.mend import MOVED_MIN, Away, mend, moved
from cloud.visits.model import Day, Plan, WorkerId
from cloud.visits.plans.mending import STEPS
from cloud.visits.plans.running import SAME_MIN, WEIGHTS

TRIALS: Final = 6
"""Of each township."""
CHARGES: Final = (5.0, 20.0, MOVED_MIN, 60.0)
"""Prices of a moved visit, in minutes of travel; the product's among them."""
AWAY_MIN: Final = 90.0
SINCE_MIN, UNTIL_MIN = 540, 840
PLANNED_MOVES: Final = 6_000
"""For each visit of the plan that runs."""


@dataclass(frozen=True, slots=True)
class Call:
    """``who`` is called away at ``now_min``. ``least``: visits that others have to make in any case."""

    now_min: float
    who: WorkerId
    away: Away
    least: int


@dataclass(frozen=True, slots=True)
class Trial:
    """``late_min``: by how much visits begin too late, each. ``moved``: visits to other people, or nobody."""

    late_min: tuple[float, ...]
    dropped: int
    moved: int
    broken: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class ReplanResult:
    """Of one price, over the trials of all townships. ``late``: visits more than ``SAME_MIN`` too late;
    ``late_most_min``: the worst. ``dropped``: visits in all. ``least``: moved in any case, mean.
    """

    charge_min: float
    trials: int
    late: int
    late_most_min: float
    dropped: int
    moved: float
    moved_most: int
    least: float
    broken: int
    cpu_s: float
    cpu_most_s: float

    @property
    def row(self) -> tuple[object, ...]:
        """As the table has it."""
        return (
            f"{self.charge_min:g} ({self.trials} trials)",
            self.late,
            f"{self.late_most_min:.1f}",
            self.dropped,
            f"{self.moved:.2f}",
            self.moved_most,
            f"{self.least:.2f}",
            self.broken,
            f"{self.cpu_s:.2f} ({self.cpu_most_s:.2f})",
        )


REPLAN_HEAD: Final = (
    "price of a moved visit, min",
    f"more than {SAME_MIN:g} min late",
    "latest, min",
    "dropped",
    "moved, mean",
    "moved, at most",
    "cannot be helped, mean",
    "broken rules",
    "CPU-s, mean (most)",
)


def measure_replan(charge_min: float, seeds: int) -> ReplanResult:
    """One price, on the same trials as each other one."""
    calls = [(seed, call) for seed in range(seeds) for call in _calls(seed)]
    found = [_trial(*_running(seed), call, charge_min) for seed, call in calls]
    late_min = [late for one in found for late in one.late_min]
    return ReplanResult(
        charge_min,
        len(found),
        sum(late > SAME_MIN for late in late_min),
        max(late_min, default=0.0),
        sum(one.dropped for one in found),
        mean(one.moved for one in found),
        max(one.moved for one in found),
        mean(call.least for _, call in calls),
        sum(one.broken for one in found),
        mean(one.cpu_s for one in found),
        max(one.cpu_s for one in found),
    )


@cache
def _running(seed: int) -> tuple[Day, Plan]:
    """A township's day as it runs: planned to be in time, and from then on late rather than never."""
    day = town(seed)
    found = plan(day, Weights(), steps=PLANNED_MOVES * len(day.visits), seed=seed)
    return replace(day, visits=tuple(replace(one, soft=True) for one in day.visits)), found


@cache
def _calls(seed: int) -> tuple[Call, ...]:
    (day, running), rng = _running(seed), Random(seed)
    return tuple(_call(day, running, rng) for _ in range(TRIALS))


def _call(day: Day, running: Plan, rng: Random) -> Call:
    now_min = float(rng.randint(SINCE_MIN, UNTIL_MIN))
    busy = [
        who for who, route in running.routes.items() if any(one.start_min > now_min for one in route.stops)
    ]
    who = rng.choice(sorted(busy))
    away = Away(now_min + AWAY_MIN, rng.choice(day.visits).place)
    return Call(now_min, who, away, least_moved(day, running, who, away, now_min=now_min, late_min=SAME_MIN))


def _trial(day: Day, running: Plan, call: Call, charge_min: float) -> Trial:
    begun = time.process_time()
    found = mend(
        day,
        running,
        now_min=call.now_min,
        away={call.who: call.away},
        weights=WEIGHTS,
        steps=STEPS,
        moved_min=charge_min,
    )
    spent_s = time.process_time() - begun
    said = [one for one in check(day, found) if one.fault is not Fault.MUST_LEFT_OUT]
    return Trial(
        tuple(one.by_min for one in said if one.fault is Fault.LATE),
        len(found.left_out - running.left_out),
        len(moved(running, found)),
        sum(one.fault is not Fault.LATE and one.worker != call.who for one in said),
        spent_s,
    )
