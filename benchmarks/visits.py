"""How good plans of a day are: ``python -m benchmarks.visits [--data DIR] [--json]``.

What this is: the product's own planner on the home-care instances of Mankowska, Meisel and Bierwirth (2014),
each plan judged by the product's own checker, beside the best solutions listed by iolab-uniud/hhcrsp, which
are not proven to be the best. Without ``--data``: a township of the region's shape, drawn from each seed.
``--only``: which instances, as 10_* or 75_2; ``--seconds``: of one processor for each plan; ``--seeds``:
plans of each instance, because one seed says little. What it is not: a race. The one idea: a plan that the
checker does not pass is no plan, however short.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.page import table
from benchmarks.visits_data import WEIGHTS, best_listed, objective, read
from benchmarks.visits_town import town
from cloud.visits.anneal import plan
from cloud.visits.check import broken
from cloud.visits.compiled import COMPILED
from cloud.visits.cost import Weights, cost
from cloud.visits.model import Day

TRIAL_STEPS: Final = 20_000 if COMPILED else 500


@dataclass(frozen=True, slots=True)
class Result:
    """One instance. ``gaps``: to the best listed, in percent, one for each seed; ``cpu_s``: of each, mean."""

    instance: str
    visits: int
    workers: int
    listed: float
    greedy: float
    gaps: tuple[float, ...]
    broken: int
    cpu_s: float
    steps_per_s: float

    @property
    def row(self) -> tuple[object, ...]:
        """As the table has it."""
        return (
            f"{self.instance} ({self.visits} / {self.workers})",
            f"{self.listed:.2f}",
            f"{self.greedy:+.1f}",
            f"{median(self.gaps):+.2f}",
            f"{min(self.gaps):+.2f} to {max(self.gaps):+.2f}",
            self.broken,
            f"{self.cpu_s:.1f}",
            f"{self.steps_per_s:,.0f}",
        )


HEAD: Final = (
    "instance (visits / workers)",
    "best listed",
    "first plan, %",
    "median gap, %",
    "of the seeds, %",
    "broken rules",
    "CPU-s each",
    "moves/s",
)


def measure(name: str, day: Day, listed: float, *, seconds: float, seeds: int) -> Result:
    """One instance with every seed."""
    rate = _steps_per_s(day)
    steps = max(TRIAL_STEPS, int(rate * seconds))
    begun = time.process_time()
    plans = [plan(day, WEIGHTS, steps=steps, seed=seed) for seed in range(seeds)]
    spent_s = time.process_time() - begun
    greedy = objective(cost(day, plan(day, WEIGHTS, steps=0)))
    return Result(
        name,
        len(day.visits),
        len(day.workers),
        listed,
        _gap(greedy, listed),
        tuple(round(_gap(objective(cost(day, one)), listed), 3) for one in plans),
        sum(len(broken(day, one)) for one in plans),
        spent_s / seeds,
        steps * seeds / spent_s,
    )


@dataclass(frozen=True, slots=True)
class TownResult:
    """One township with one seed. ``pairs``: visits of two that were made, of how many; ``rests``: the same
    of the workers who were out; ``usual``: share of the parts that the usual carer makes.
    """

    seed: int
    visits: int
    workers: int
    left_out_at_first: int
    travel_at_first_h: float
    left_out: int
    travel_h: float
    pairs: tuple[int, int]
    rests: tuple[int, int]
    usual: float
    broken: int
    cpu_s: float

    @property
    def row(self) -> tuple[object, ...]:
        """As the table has it."""
        return (
            f"{self.seed} ({self.visits} / {self.workers})",
            f"{self.left_out_at_first}, {self.travel_at_first_h:.1f} h",
            self.left_out,
            f"{self.travel_h:.1f}",
            "/".join(map(str, self.pairs)),
            "/".join(map(str, self.rests)),
            f"{self.usual:.0%}",
            self.broken,
            f"{self.cpu_s:.1f}",
        )


TOWN_HEAD: Final = (
    "seed (visits / workers)",
    "first plan: left out, travel",
    "left out",
    "travel h",
    "visits of two",
    "rests",
    "usual carer",
    "broken rules",
    "CPU-s",
)


def measure_town(seed: int, *, seconds: float) -> TownResult:
    """One township."""
    day = town(seed)
    first = plan(day, Weights(), steps=0)
    steps = max(TRIAL_STEPS, int(_steps_per_s(day) * seconds))
    begun = time.process_time()
    found = plan(day, Weights(), steps=steps)
    spent_s = time.process_time() - begun
    pairs = {visit.id for visit in day.visits if len(visit.parts) > 1}
    after, before, out = cost(day, found), cost(day, first), found.routes.values()
    return TownResult(
        seed,
        len(day.visits),
        len(day.workers),
        len(first.left_out),
        before.travel_min / 60,
        len(found.left_out),
        after.travel_min / 60,
        (len(pairs - found.left_out), len(pairs)),
        (sum(route.lunch_min is not None for route in out), len(out)),
        1 - after.strangers / sum(len(route.stops) for route in out),
        len(broken(day, found)),
        spent_s,
    )


def _steps_per_s(day: Day) -> float:
    """Moves a second, those of a short search; the first plan is not counted."""
    plan(day, WEIGHTS, steps=1)  # what has to be compiled is
    begun = time.process_time()
    plan(day, WEIGHTS, steps=0)
    middle = time.process_time()
    plan(day, WEIGHTS, steps=TRIAL_STEPS)
    spent_s = time.process_time() - middle - (middle - begun)
    return TRIAL_STEPS / max(spent_s, 1e-3)


def _gap(found: float, listed: float) -> float:
    return (found / listed - 1) * 100


def _instances(data: Path, only: Iterable[str]) -> Iterator[tuple[str, Path]]:
    for which in only:
        for path in sorted((data / "mankowska").glob(f"*_HCSRP_{which}.json.gz")):
            yield path.name.removesuffix(".json.gz"), path


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Plans of a day beside the best listed.")
    parser.add_argument("--data", type=Path, help="folder with bks.csv and mankowska/; without: the township")
    parser.add_argument("--only", default="10_*,25_*", help="patients and number of the instances")
    parser.add_argument("--seconds", type=float, default=3.0, help="processor time for each plan, about")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    results: list[Result] | list[TownResult]
    if args.data is None:
        results = [measure_town(seed, seconds=args.seconds) for seed in range(args.seeds)]
    else:
        listed = best_listed(args.data)
        results = [
            measure(name, read(path), listed[name], seconds=args.seconds, seeds=args.seeds)
            for name, path in _instances(args.data, args.only.split(","))
        ]
    if args.json:
        print(json.dumps([asdict(one) for one in results]))
    else:
        head = TOWN_HEAD if args.data is None else HEAD
        print("\n".join(table(head, [one.row for one in results])))


if __name__ == "__main__":
    main()
