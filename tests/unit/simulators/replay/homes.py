"""A small recorded home: a door, two rooms, a cuff, and a night on which somebody goes out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from firmware_protocols.model import DeviceId, Quantity, Reading
from firmware_protocols.wire.plan import Person, Plan
from simulators.replay.model import Observed, Place, Record

EVENING = datetime(2026, 6, 1, 12, tzinfo=UTC)
"""Eight in the evening at home."""
DOOR, LIVING, BEDROOM, CUFF = map(DeviceId, ("door", "living", "bedroom", "cuff"))
DEVICES = {
    DOOR: Place("door", "hall"),
    LIVING: Place("motion", "living_room"),
    BEDROOM: Place("motion", "bedroom"),
    CUFF: Place("blood_pressure"),
}
WANDERER = Plan(version=3, person=Person(wanders=True))


def after(minutes: float) -> datetime:
    """So long after eight in the evening."""
    return EVENING + timedelta(minutes=minutes)


def moves(device: DeviceId, minutes: float) -> list[Observed]:
    """Somebody passes."""
    return [
        Reading(device, Quantity.MOTION, value, after(minutes + later))
        for value, later in ((True, 0.0), (False, 0.5))
    ]


def opens(minutes: float) -> list[Observed]:
    """Somebody opens the door and closes it."""
    return [
        Reading(DOOR, Quantity.OPENING, value, after(minutes + later))
        for value, later in ((True, 0.0), (False, 0.1))
    ]


def pressure(minutes: float, systolic: float, diastolic: float) -> list[Observed]:
    """One measurement with the cuff."""
    values = {Quantity.SYSTOLIC: systolic, Quantity.DIASTOLIC: diastolic}
    return [Reading(CUFF, quantity, value, after(minutes)) for quantity, value in values.items()]


def recorded(*parts: Iterable[Observed], plan: Plan = WANDERER) -> Record:
    """The record of all ``parts``."""
    observed = sorted((one for part in parts for one in part), key=lambda one: one.observed_at)
    return Record("h1", DEVICES, tuple(observed), ((observed[0].observed_at, plan),))


NIGHT = (
    moves(LIVING, 1),
    moves(BEDROOM, 200),
    opens(305),  # five past one
    opens(345),
    moves(LIVING, 346),
    moves(BEDROOM, 400),
)
"""Out from 01:05 to 01:45."""


def checks_in(first: float, last: float) -> list[Observed]:
    """The sensors say every half hour that they live."""
    return [
        Reading(device, Quantity.BATTERY, 80.0, after(minutes))
        for minutes in range(int(first), int(last), 30)
        for device in (DOOR, LIVING, BEDROOM)
    ]


def usual_day(day: int) -> list[Observed]:
    """Up at six, about until ten in the evening: day 0 begins at the midnight after ``EVENING``."""
    midnight = 4 * 60 + day * 24 * 60
    hours = range(6 * 60, 22 * 60, 20)
    return [one for at in hours for one in moves(LIVING if at % 60 else BEDROOM, midnight + at)]
