"""Reads the public home-care instances (Mankowska, Meisel, Bierwirth 2014) as days of visits.

What this is: the one format ``InstanzXXX_HCSRP_N_M.json.gz``, and the table of best listed solutions. The one
idea: patients' due times are soft there, and nothing may be left out.
"""

from __future__ import annotations

import csv
import gzip
import json
from math import inf
from pathlib import Path
from typing import Any, Final

from cloud.visits.cost import Cost, Weights
from cloud.visits.model import TOGETHER, Day, Gap, Part, Visit, VisitId, Window, Worker, WorkerId

WEIGHTS: Final = Weights(late=1.0, worst_late=1.0, stranger_min=0.0)
"""Three times the benchmark's objective, so that temperatures are in minutes of travel."""
NEVER: Final = 1e6


def read(path: Path) -> Day:
    """One instance. Distances are minutes."""
    with gzip.open(path) as file:
        document = json.load(file)
    workers = tuple(
        Worker(WorkerId(who), 0, 0, frozenset(skills))
        for who, skills in zip(document["caregiver_ids"], document["caregivers"], strict=True)
    )
    visits = tuple(_visit(place, patient) for place, patient in enumerate(document["patients"], 1))
    return Day(visits, workers, {"": document["matrix"]})


def _visit(place: int, patient: list[Any]) -> Visit:
    who, _, (open_min, due_min), services, together = patient
    return Visit(
        VisitId(who),
        place,
        tuple(Part(duration_min, frozenset({service})) for service, duration_min in services),
        (Window(open_min, due_min),),
        gap=Gap(*together["distance"]) if together and together["type"] == "sequential" else TOGETHER,
        soft=True,
        weight=NEVER,
    )


def objective(cost: Cost) -> float:
    """The figure that the literature gives; infinite when somebody was left out."""
    return inf if cost.left_out else (cost.travel_min + cost.late_min + cost.worst_late_min) / 3


def best_listed(folder: Path) -> dict[str, float]:
    """The best solution of each instance that the source repository lists; not proven to be the best."""
    with (folder / "bks.csv").open(encoding="utf-8") as file:
        return {row["instance"]: float(row["total_cost"]) for row in csv.DictReader(file)}
