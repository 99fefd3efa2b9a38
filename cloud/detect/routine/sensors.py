"""Which sensor tells of which place.

What this is: tables. What it is not: what of it is a person's doing (``cloud.series.signs``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cloud.detect.routine.grid import Place

KINDS: Final = frozenset({"motion", "presence", "radar", "door", "bed", "plug"})
"""Devices of these kinds (``edge_agent.settings.DeviceKind``) tell of a place."""
_ROOMS: Final[Mapping[str, Place]] = {
    "kitchen": Place.KITCHEN,
    "living": Place.LIVING,
    "living_room": Place.LIVING,
    "hall": Place.HALL,
    "bedroom": Place.BEDROOM,
    "bathroom": Place.BATHROOM,
}
_DOORS: Final[Mapping[str, Place]] = {
    "kitchen": Place.FRIDGE,
    "yard": Place.BACK_DOOR,
    "bedroom": Place.BEDROOM,
    "bathroom": Place.BATHROOM,
}
"""A contact in the kitchen is the refrigerator's; one in the hall, in the living room or in no room
is an outer door's."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """A device that tells of ``place``; ``name`` and ``room`` are shown."""

    id: int
    name: str
    room: str
    kind: str
    place: Place


def place_of(kind: str, room: str, name: str) -> Place | None:
    """The place that a device tells of; None when it tells of none."""
    if kind not in KINDS:
        return None
    if kind == "bed":
        return Place.BEDROOM
    if kind == "door":
        return Place.BACK_DOOR if "back" in name else _DOORS.get(room, Place.FRONT_DOOR)
    return _ROOMS.get(room, Place.LIVING)
