"""How little a running day moves when somebody is called away: the product's ``mend`` over drawn townships.

What this is: a township's plan, a worker with open visits taken for 90 minutes at a random time of the
morning, and the plan mended within a second of processor, at several prices for a visit that somebody else
makes. What it is not: a measurement of how often that happens. The one idea: it is mended as the product
does: late rather than never, because somebody waits; how late is shown, and ``late`` counts what is more than
the minutes that nobody looks at the clock for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from statistics import mean
from typing import Final

from benchmarks.visits_town import town
from cloud.visits.anneal import plan
from cloud.visits.check import Fault, check
from cloud.visits.cost import Weights
from cloud.visits.mend import MOVED_MIN, Away, mend, moved
from cloud.visits.model import Day, Plan
from cloud.visits.plans.mending import STEPS
from cloud.visits.plans.running import SAME_MIN, WEIGHTS

TRIALS: Final = 6
"""Of each township."""
CHARGES: Final = (5.0, 12.0, MOVED_MIN, 60.0)
"""Prices of a moved visit, in minutes of travel; that of the design, and the product's among them."""
AWAY_MIN: Final = 90.0
SINCE_MIN, UNTIL_MIN = 540, 840
PLANNED_MOVES: Final = 6_000
"""For each visit of the plan that runs."""


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
    ``late_most_min``: the worst. ``dropped``: visits in all.
    """

    charge_min: float
    trials: int
    late: int
    late_most_min: float
    dropped: int
    moved: float
    moved_most: int
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
    "broken rules",
    "CPU-s, mean (most)",
)


def measure_replan(charge_min: float, seeds: int) -> ReplanResult:
    """One price, on the same trials as each other one."""
    found = [one for seed in range(seeds) for one in _trials(seed, charge_min)]
    late_min = [late for one in found for late in one.late_min]
    return ReplanResult(
        charge_min,
        len(found),
        sum(late > SAME_MIN for late in late_min),
        max(late_min, default=0.0),
        sum(one.dropped for one in found),
        mean(one.moved for one in found),
        max(one.moved for one in found),
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


def _trials(seed: int, charge_min: float) -> Iterator[Trial]:
    day, running = _running(seed)
    rng = Random(seed)
    for _ in range(TRIALS):
        yield _trial(day, running, rng, charge_min)


def _trial(day: Day, running: Plan, rng: Random, charge_min: float) -> Trial:
    now_min = float(rng.randint(SINCE_MIN, UNTIL_MIN))
    busy = [
        who for who, route in running.routes.items() if any(one.start_min > now_min for one in route.stops)
    ]
    who = rng.choice(sorted(busy))
    away = {who: Away(now_min + AWAY_MIN, rng.choice(day.visits).place)}
    begun = time.process_time()
    found = mend(day, running, now_min=now_min, away=away, weights=WEIGHTS, steps=STEPS, moved_min=charge_min)
    spent_s = time.process_time() - begun
    said = [one for one in check(day, found) if one.fault is not Fault.MUST_LEFT_OUT]
    return Trial(
        tuple(one.by_min for one in said if one.fault is Fault.LATE),
        len(found.left_out - running.left_out),
        len(moved(running, found)),
        sum(one.fault is not Fault.LATE and one.worker != who for one in said),
        spent_s,
    )
