"""Reads the public instances of routing with time windows (Solomon 1987; Gehring and Homberger 1999) as days.

What this is: their one text format, and the table of best known solutions. The one idea: a customer is a
visit of one part with a load, a vehicle is a worker who carries so much; the convention is DIMACS' (2021):
distances cut to one decimal, the fleet is free. Everything is counted in tenths, which are whole, so that
nothing is rounded.
"""

from __future__ import annotations

import csv
import gzip
import time
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from statistics import median
from typing import Final

from cloud.visits import strings
from cloud.visits.anneal import plan
from cloud.visits.check import check
from cloud.visits.cost import Cost, Weights, cost
from cloud.visits.model import Day, Part, Visit, VisitId, Window, Worker, WorkerId

WEIGHTS: Final = Weights(stranger_min=0.0)
NEVER: Final = 1e7
_TENTHS: Final = 10
ENDLESS: Final = 10**12
"""Moves that no search comes to the end of: it is the clock that ends it."""


def read(path: Path) -> Day:
    """One instance; a minute is a tenth of its unit."""
    with gzip.open(path, "rt", encoding="ascii") as file:
        numbers = [row for line in file if (row := _numbers(line))]
    (vehicles, capacity), (_, x, y, _, open_at, close_at, _), *customers = numbers
    places = [(x, y), *((row[1], row[2]) for row in customers)]
    workers = tuple(
        Worker(
            WorkerId(f"{number}"),
            0,
            0,
            open_min=open_at * _TENTHS,
            close_min=close_at * _TENTHS,
            carries=capacity,
        )
        for number in range(int(vehicles))
    )
    visits = tuple(_visit(place, row) for place, row in enumerate(customers, 1))
    return Day(visits, workers, {"": [[_way(here, there) for there in places] for here in places]})


def _numbers(line: str) -> list[float]:
    words = line.split()
    return [float(word) for word in words] if words and words[0].lstrip("-").isdigit() else []


def _visit(place: int, row: list[float]) -> Visit:
    number, _, _, load, open_at, due_at, lasts = row
    return Visit(
        VisitId(f"{number:.0f}"),
        place,
        (Part(lasts * _TENTHS),),
        (Window(open_at * _TENTHS, due_at * _TENTHS),),
        weight=NEVER,
        load=load,
    )


def _way(here: tuple[float, float], there: tuple[float, float]) -> float:
    return float(int(_TENTHS * hypot(here[0] - there[0], here[1] - there[1]) + 1e-9))


def objective(cost: Cost) -> float:
    """The distance in the instance's unit."""
    return (cost.travel_min + cost.left_out) / _TENTHS


@dataclass(frozen=True, slots=True)
class RoutingResult:
    """One instance. ``gaps``: to the best known, in percent, one for each seed; ``cpu_s``: of each, mean."""

    instance: str
    customers: int
    known: float
    gaps: tuple[float, ...]
    vehicles: int
    broken: int
    cpu_s: float

    @property
    def row(self) -> tuple[object, ...]:
        """As the table has it."""
        return (
            f"{self.instance} ({self.customers})",
            f"{self.known:.1f}",
            f"{median(self.gaps):+.2f}",
            f"{min(self.gaps):+.2f} to {max(self.gaps):+.2f}",
            self.vehicles,
            self.broken,
            f"{self.cpu_s:.1f}",
        )


ROUTING_HEAD: Final = (
    "instance (customers)",
    "best known",
    "median gap, %",
    "of the seeds, %",
    "vehicles",
    "broken rules",
    "CPU-s each",
)


def measure_routing(name: str, path: Path, known: float, *, seconds: float, seeds: int) -> RoutingResult:
    """One instance with every seed, through the visit model of the product and judged by its checker."""
    day = read(path)
    compiled(day)
    begun = time.process_time()
    plans = [plan(day, WEIGHTS, steps=ENDLESS, seed=seed, cpu_s=seconds) for seed in range(seeds)]
    spent_s = time.process_time() - begun
    return RoutingResult(
        name,
        len(day.visits),
        known,
        tuple(round((objective(cost(day, one)) / known - 1) * 100, 3) for one in plans),
        min(len(one.routes) for one in plans),
        sum(len(check(day, one)) for one in plans),
        spent_s / seeds,
    )


def compiled(day: Day) -> None:
    """See to it that what has to be compiled is, before a clock runs."""
    plan(day, WEIGHTS, steps=strings.WORTH)


def best_known(folder: Path) -> dict[str, float]:
    """The best known solution of each instance by the DIMACS convention."""
    with (folder / "bks_dimacs.csv").open(encoding="utf-8") as file:
        return {row["instance"]: float(row["bks_best"]) for row in csv.DictReader(file)}
