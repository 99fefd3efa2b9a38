"""The TIHM homes as histories: what the routine benchmark and its tests read.

What this is: reading ``tihm_activity.parquet`` and ``tihm_labels.csv``, and saying when a home was heard.
What it is not: part of the product. The one idea: the data has no check-ins of devices, so a stretch of a
day and more without any activation, or a day with hardly any, is taken for silent equipment, as its authors
do.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import numpy as np
from pyarrow import parquet

from cloud.detect.routine.grid import DAY_S, Ints, Place
from cloud.detect.routine.history import Calendar, History, read
from cloud.detect.routine.occupancy import Interval, merged, silences

PLACES: Final = {
    "kitchen": Place.KITCHEN,
    "lounge": Place.LIVING,
    "hallway": Place.HALL,
    "bedroom": Place.BEDROOM,
    "bathroom": Place.BATHROOM,
    "fridge-door": Place.FRIDGE,
    "front-door": Place.FRONT_DOOR,
    "back-door": Place.BACK_DOOR,
}
HARDLY_ANY: Final = 20
"""Activations: a day with fewer is one of failing equipment (the usual day has 100 to 700)."""


@dataclass(frozen=True, slots=True, eq=False)
class TihmHome:
    """``seconds`` ascend from midnight of ``first``; ``unheard`` on the same clock; ``agitated`` days."""

    name: str
    first: date
    days: int
    seconds: Ints
    places: Ints
    unheard: tuple[Interval, ...]
    agitated: frozenset[int]

    def history(self) -> History:
        midnight = datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC)
        return read(
            self.seconds, self.places, self.unheard, midnight=midnight, days=self.days, calendar=Calendar()
        )


def read_homes(folder: Path) -> list[TihmHome]:
    """All homes in ``folder``, by name."""
    table = parquet.read_table(folder / "tihm_activity.parquet")
    names = np.array(table["home"].to_pylist())
    places = np.array([PLACES[sensor] for sensor in table["sensor"].to_pylist()], dtype=np.int64)
    at = table["t"].to_numpy().astype("datetime64[s]").astype(np.int64)
    labels = _labels(folder / "tihm_labels.csv")
    return [
        _home(name, at[names == name], places[names == name], labels.get(name, ()))
        for name in sorted(set(names.tolist()))
    ]


def _labels(file: Path) -> dict[str, tuple[date, ...]]:
    out: dict[str, tuple[date, ...]] = {}
    with file.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["type"] == "Agitation":
                out[row["home"]] = (*out.get(row["home"], ()), date.fromisoformat(row["t"][:10]))
    return out


def _home(name: str, at: Ints, places: Ints, agitated: tuple[date, ...]) -> TihmHome:
    order = np.argsort(at, kind="stable")
    at, places = at[order], places[order]
    start = int(at[0] // DAY_S)
    seconds = at - start * DAY_S
    days = int(seconds[-1] // DAY_S) + 1
    first = date.fromordinal(date(1970, 1, 1).toordinal() + start)
    numbers = frozenset((day - first).days for day in agitated)
    return TihmHome(name, first, days, seconds, places, unheard(seconds, days), numbers)


def unheard(seconds: Ints, days: int) -> tuple[Interval, ...]:
    """When the equipment of a home is taken for silent."""
    long = silences([0.0, *seconds.tolist()], days * DAY_S, DAY_S - 1)
    counts = np.bincount(seconds // DAY_S, minlength=days)
    thin = [Interval(day * DAY_S, (day + 1) * DAY_S) for day in np.flatnonzero(counts < HARDLY_ANY).tolist()]
    edges = (Interval(0, DAY_S), Interval((days - 1) * DAY_S, days * DAY_S))
    return merged((*long, *thin, *edges))
