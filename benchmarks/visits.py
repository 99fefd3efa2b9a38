"""How good plans of a day are: ``python -m benchmarks.visits [KIND] [--data DIR] [--json] [--page FILE]``.

What this is: the product's own planner, each plan judged by the product's own checker. ``mankowska``: on the
home-care instances of Mankowska, Meisel and Bierwirth (2014), beside the best solutions listed by
iolab-uniud/hhcrsp, which are not proven to be the best. ``vrptw``: on those of Solomon and of Gehring and
Homberger, as visits, beside the best known. ``town``, ``county``, ``replan``: a township, a county and days
that run, drawn from each seed. ``--seconds``: of one processor for each plan; ``--seeds``: plans of each
instance, because one seed says little. What it is not: a race. The one idea: a plan that the checker does
not pass is no plan, however short.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.page import table, write_part
from benchmarks.visits_county import COUNTY_HEAD, CountyResult, measure_county, measure_relaxed
from benchmarks.visits_data import WEIGHTS, best_listed, objective, read
from benchmarks.visits_replan import CHARGES, REPLAN_HEAD, ReplanResult, measure_replan
from benchmarks.visits_town import town
from benchmarks.visits_vrptw import (
    ENDLESS,
    ROUTING_HEAD,
    RoutingResult,
    best_known,
    compiled,
    measure_routing,
)
from cloud.visits.anneal import plan
from cloud.visits.check import broken
from cloud.visits.cost import Weights, cost
from cloud.visits.model import Day
from cloud.visits.plans.job import STEPS


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
        )


HEAD: Final = (
    "instance (visits / workers)",
    "best listed",
    "first plan, %",
    "median gap, %",
    "of the seeds, %",
    "broken rules",
    "CPU-s each",
)


def measure(name: str, day: Day, listed: float, *, seconds: float, seeds: int) -> Result:
    """One instance with every seed."""
    compiled(day)
    begun = time.process_time()
    plans = [plan(day, WEIGHTS, steps=ENDLESS, seed=seed, cpu_s=seconds) for seed in range(seeds)]
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
    begun = time.process_time()
    found = plan(day, Weights(), steps=ENDLESS, cpu_s=seconds)
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


def _gap(found: float, listed: float) -> float:
    return (found / listed - 1) * 100


AnyResult = Result | TownResult | CountyResult | ReplanResult | RoutingResult
TIMED: Final = (
    "processor seconds of the process, its threads included (time.process_time), on a shared machine"
)


def _instances(folder: Path, pattern: str, only: str) -> Iterator[tuple[str, Path]]:
    for which in only.split(","):
        for path in sorted(folder.glob(pattern.format(which))):
            yield path.name.split(".")[0], path


def _mankowska(args: argparse.Namespace) -> Iterator[AnyResult]:
    listed = best_listed(args.data)
    for name, path in _instances(args.data / "mankowska", "*_HCSRP_{}.json.gz", args.only or "10_*,25_*"):
        yield measure(name, read(path), listed[name], seconds=args.seconds, seeds=args.seeds)


def _vrptw(args: argparse.Namespace) -> Iterator[AnyResult]:
    known = best_known(args.data)
    for name, path in _instances(args.data, "*/{}.txt.gz", args.only or "R112,RC108"):
        yield measure_routing(name, path, known[name], seconds=args.seconds, seeds=args.seeds)


def _town(args: argparse.Namespace) -> Iterator[AnyResult]:
    for seed in range(args.seeds):
        yield measure_town(seed, seconds=args.seconds)


def _county(args: argparse.Namespace) -> Iterator[AnyResult]:
    for usual in (False, True):
        yield measure_county(0, moves=args.moves, usual=usual)
    yield measure_relaxed(0)


def _replan(args: argparse.Namespace) -> Iterator[AnyResult]:
    for charge_min in CHARGES:
        yield measure_replan(charge_min, args.seeds)


KINDS: Final[Mapping[str, tuple[Callable[[argparse.Namespace], Iterator[AnyResult]], Sequence[str]]]] = {
    "mankowska": (_mankowska, HEAD),
    "vrptw": (_vrptw, ROUTING_HEAD),
    "town": (_town, TOWN_HEAD),
    "county": (_county, COUNTY_HEAD),
    "replan": (_replan, REPLAN_HEAD),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Plans of a day beside the best known.")
    parser.add_argument("kind", nargs="?", choices=KINDS, help="without: mankowska with --data, else town")
    parser.add_argument(
        "--data", type=Path, help="folder with bks.csv and mankowska/, or with bks_dimacs.csv"
    )
    parser.add_argument("--only", help="instances, as 10_* or 75_2; R112 or RC1_2_*")
    parser.add_argument("--seconds", type=float, default=3.0, help="processor time for each plan")
    parser.add_argument("--moves", type=int, default=STEPS, help="tried for each task of the county")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--page", type=Path, help="write the table into the part of that name of this page")
    args = parser.parse_args(argv)
    kind = args.kind or ("town" if args.data is None else "mankowska")
    if kind in {"mankowska", "vrptw"} and args.data is None:
        parser.error(f"{kind} needs --data, the folder with its instances")
    work, head = KINDS[kind]
    results = list(work(args))
    lines = table(head, [one.row for one in results])
    if args.page:
        write_part(args.page, f"visits {kind}", lines)
    if args.json:
        print(json.dumps({"kind": kind, "timed_by": TIMED, "results": [asdict(one) for one in results]}))
    else:
        print("\n".join(lines))


if __name__ == "__main__":
    main()
