"""TIHM: months of motion, doors and measurements of homes in which somebody lives with dementia.

What this is: ``tihm_activity.parquet`` and ``tihm_physiology.csv.gz``. What it is not: the labels, which a
benchmark reads. The one idea: an activation has no end, so it is taken for a moment.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from firmware_protocols.model import DeviceId, Quantity, Reading
from simulators.replay.model import Observed, Place, Record, RecordError
from simulators.replay.sources import published

ACTIVITY: Final = "tihm_activity.parquet"
PHYSIOLOGY: Final = "tihm_physiology.csv.gz"

PLACES: Final[Mapping[str, Place]] = {
    "kitchen": Place("motion", "kitchen"),
    "lounge": Place("motion", "living_room"),
    "hallway": Place("motion", "hall"),
    "bedroom": Place("motion", "bedroom"),
    "bathroom": Place("motion", "bathroom"),
    "fridge-door": Place("door", "kitchen"),
    "front-door": Place("door", "hall"),
    "back-door": Place("door", "hall"),
}
EXITS: Final = frozenset({DeviceId("front-door"), DeviceId("back-door")})
MEASURED: Final[Mapping[str, tuple[DeviceId, str, Quantity]]] = {
    "Body Temperature": (DeviceId("thermometer"), "thermometer", Quantity.BODY_TEMPERATURE),
    "Systolic blood pressure": (DeviceId("cuff"), "blood_pressure", Quantity.SYSTOLIC),
    "Diastolic blood pressure": (DeviceId("cuff"), "blood_pressure", Quantity.DIASTOLIC),
    "Heart rate": (DeviceId("cuff"), "blood_pressure", Quantity.PULSE_RATE),
    "Body weight": (DeviceId("scale"), "scale", Quantity.BODY_WEIGHT),
    "Total body water": (DeviceId("scale"), "scale", Quantity.BODY_WATER),
}
"""The device that measures it, its kind, and what it is."""


def is_at(path: Path) -> bool:
    """Whether the folder holds the files."""
    return (path / ACTIVITY).is_file() and (path / PHYSIOLOGY).is_file()


def homes(path: Path) -> list[str]:
    """The homes in it."""
    return sorted(set(_table(path)["home"].to_pylist()))


def read(path: Path, home: str) -> Record:
    """One of them.

    Raises:
        RecordError: a file is damaged, or pyarrow is not installed.
    """
    devices: dict[DeviceId, Place] = {}
    left_out: Counter[str] = Counter()
    observed: list[Observed] = [*_moved(path, home, devices, left_out)]
    observed += _measured(path, home, devices, left_out)
    return published.record(home, devices, observed, EXITS & devices.keys(), dict(left_out))


def _moved(
    path: Path, home: str, devices: dict[DeviceId, Place], left_out: Counter[str]
) -> Iterator[Observed]:
    table = _table(path)
    columns = (table[name].to_pylist() for name in ("home", "t", "sensor"))
    for of, at, sensor in zip(*columns, strict=True):
        if of != home:
            continue
        place = PLACES.get(sensor)
        if place is None:
            left_out[f"sensor {sensor}"] += 1
            continue
        devices[DeviceId(sensor)] = place
        begins = at.replace(tzinfo=published.AT_HOME)
        yield from published.activation(DeviceId(sensor), place.kind, begins, begins)


def _measured(
    path: Path, home: str, devices: dict[DeviceId, Place], left_out: Counter[str]
) -> Iterator[Observed]:
    for row in _physiology(path):
        if row["home"] != home:
            continue
        known = MEASURED.get(row["device_type"])
        if known is None:
            left_out[f"measurement {row['device_type']}"] += 1
            continue
        device, kind, quantity = known
        devices[device] = Place(kind)
        try:
            yield Reading(device, quantity, float(row["value"]), published.moment(row["t"]))
        except ValueError as error:
            raise RecordError(f"{PHYSIOLOGY}: {home}: {error}") from error


@lru_cache(maxsize=1)
def _table(path: Path) -> Any:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise RecordError(f"{path / ACTIVITY}: reading it needs more: pip install pyarrow") from error
    try:
        return parquet.read_table(path / ACTIVITY)
    except (OSError, ArrowException) as error:
        raise RecordError(f"{path / ACTIVITY}: damaged: {error}") from error


def _physiology(path: Path) -> Iterator[dict[str, str]]:
    try:
        with gzip.open(path / PHYSIOLOGY, "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise RecordError(f"{path / PHYSIOLOGY}: damaged: {error}") from error
