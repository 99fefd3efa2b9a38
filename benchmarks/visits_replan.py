"""How little a running day moves when somebody is called away: the product's ``mend`` over drawn townships.

What this is: a township's plan, a worker with open visits taken for 90 minutes at a random time of the
morning, and the plan mended within half a second of processor. What it is not: a measurement of how often
that happens. The one idea: beside it stands the same day planned anew, which moves what it likes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from random import Random
from statistics import mean
from typing import Final

from benchmarks.visits_town import town
from cloud.visits.anneal import plan
from cloud.visits.check import Fault, broken
from cloud.visits.cost import Weights
from cloud.visits.mend import Away, mend, moved
from cloud.visits.model import Day, Plan
from cloud.visits.plans.mending import STEPS

TRIALS: Final = 6
"""Of each township."""
AWAY_MIN: Final = 90.0
SINCE_MIN, UNTIL_MIN = 540, 840
PLANNED_MOVES: Final = 6_000
"""For each visit of the plan that runs."""


@dataclass(frozen=True, slots=True)
class ReplanResult:
    """Of one township, over its trials. ``late``, ``dropped``: visits in all; ``moved``: to other people,
    mean.
    """

    seed: int
    trials: int
    late: int
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
            f"{self.seed} ({self.trials} trials)",
            self.late,
            self.dropped,
            f"{self.moved:.2f}",
            self.moved_most,
            self.broken,
            f"{self.cpu_s:.2f} ({self.cpu_most_s:.2f})",
        )


REPLAN_HEAD: Final = (
    "seed",
    "late",
    "dropped",
    "moved, mean",
    "moved, at most",
    "broken rules",
    "CPU-s, mean (most)",
)


def measure_replan(seed: int) -> ReplanResult:
    """One township."""
    day, rng = town(seed), Random(seed)
    running = plan(day, Weights(), steps=PLANNED_MOVES * len(day.visits), seed=seed)
    trials = [_trial(day, running, rng) for _ in range(TRIALS)]
    return ReplanResult(
        seed,
        TRIALS,
        sum(one[0] for one in trials),
        sum(one[1] for one in trials),
        mean(one[2] for one in trials),
        max(one[2] for one in trials),
        sum(one[3] for one in trials),
        mean(one[4] for one in trials),
        max(one[4] for one in trials),
    )


def _trial(day: Day, running: Plan, rng: Random) -> tuple[int, int, int, int, float]:
    """Late, dropped, moved, broken, and processor seconds."""
    now_min = float(rng.randint(SINCE_MIN, UNTIL_MIN))
    busy = [
        who for who, route in running.routes.items() if any(one.start_min > now_min for one in route.stops)
    ]
    who = rng.choice(sorted(busy))
    away = {who: Away(now_min + AWAY_MIN, rng.choice(day.visits).place)}
    begun = time.process_time()
    found = mend(day, running, now_min=now_min, away=away, weights=Weights(), steps=STEPS)
    spent_s = time.process_time() - begun
    faults = [one for one in broken(day, found) if one.worker != who]
    late = sum(one.fault is Fault.OUT_OF_WINDOW for one in broken(day, found))
    dropped = len(found.left_out - running.left_out)
    return late, dropped, len(moved(running, found)), len(faults) - late, spent_s
