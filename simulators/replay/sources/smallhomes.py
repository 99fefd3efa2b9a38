"""The small homes of van Kasteren, Tapia and Ordonez: contacts, mats, seats and motion sensors, named freely.

What this is: ``smallhomes_events.csv.gz``, and what each name of a sensor means. What it is not: the labelled
activities. The one idea: a name is read word by word; what no word explains is left out and counted.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from firmware_protocols.model import DeviceId
from simulators.replay.model import Observed, Place, Record, RecordError
from simulators.replay.sources import published

FILE: Final = "smallhomes_events.csv.gz"

_KINDS: Final[Mapping[str, str]] = {
    r"press bed|bed mat|mat bed|bed/pressure": "bed",
    r"seat/pressure|couch": "presence",
    r"pir": "motion",
}
"""What a name says of the kind; everything else is a contact, on whatever it was put."""
_OUTER: Final = re.compile(r"^front door|maindoor|^foyer,door")
_ROOMS: Final[Mapping[str, str]] = {
    r"bath|toilet|shower|basin|badkamer|sink top": "bathroom",
    r"bed|slaapkamer|dresser|jewelry": "bedroom",
    r"kitchen|keuken|fridge|refrigerator|freezer|stove|microwave|magnetron|toaster|cupboard|cutl|pans|dishwasher"
    r"|washing|cabinet|gootsteen|table|pantry": "kitchen",
    r"living|couch|seat|den,|dinn?ing|office|study": "living_room",
    r"hall|foyer|front door|maindoor|entrance|keys": "hall",
}
_LAMPS: Final = re.compile(r"lamp|light switch|exhaust|stereo|dvd|tv$|telephone")
"""Their activation lasts as long as they are on: only its beginning is somebody."""


def is_at(path: Path) -> bool:
    """Whether the folder holds the file."""
    return (path / FILE).is_file()


def homes(path: Path) -> list[str]:
    """The homes in it."""
    return sorted({row["home"] for row in _rows(path)})


def read(path: Path, home: str) -> Record:
    """One of them.

    Raises:
        RecordError: the file is damaged.
    """
    devices: dict[DeviceId, Place] = {}
    observed: list[Observed] = []
    exits: set[DeviceId] = set()
    left_out: Counter[str] = Counter()
    for row in _rows(path):
        if row["home"] != home:
            continue
        place = meaning(row["sensor"])
        if place is None:
            left_out[f"sensor {row['sensor']}"] += 1
            continue
        device = DeviceId(re.sub(r"[^A-Za-z0-9]+", "-", row["sensor"]).strip("-").lower())
        devices[device] = place
        if _OUTER.search(row["sensor"].lower()):
            exits.add(device)
        observed += _activation(device, place, row)
    return published.record(home, devices, observed, exits, dict(left_out))


def meaning(sensor: str) -> Place | None:
    """What a sensor of that name is; ``None``: its name says nothing (a number)."""
    name = sensor.lower()
    room = next((room for words, room in _ROOMS.items() if re.search(words, name)), None)
    if room is None:
        return None
    kind = next((kind for words, kind in _KINDS.items() if re.search(words, name)), "door")
    return Place(kind, room)


def _activation(device: DeviceId, place: Place, row: Mapping[str, str]) -> tuple[Observed, ...]:
    try:
        begins, ends = published.moment(row["t_start"]), published.moment(row["t_end"])
    except (ValueError, TypeError) as error:
        raise RecordError(f"{FILE}: {row['home']}: {error}") from error
    if place.kind == "motion" or _LAMPS.search(row["sensor"].lower()):
        ends = begins
    return published.activation(device, place.kind, begins, ends)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with gzip.open(path / FILE, "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise RecordError(f"{path / FILE}: damaged: {error}") from error
