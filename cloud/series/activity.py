"""Where somebody was noticed in a home, and where nobody was listening.

What this is: the strip of a day, the last sign in each room, and what devices said happened. What it is not:
a judgement; detectors make theirs of the same signs (``signs``). The one idea: a quarter of an hour in which
no sensor of a room was heard says nothing, and is never shown as one in which nobody moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.series.history import STEPS, Resolution, Span, bucket_of
from cloud.series.signs import SIGNS, Quarter, Sign, signs_of
from firmware_protocols.model import Quantity

SLOT: Final = STEPS[Resolution.QUARTER]
PATIENCE: Final = timedelta(hours=2)
"""D. A sensor that is still for longer is not listening (``cloud.detect.routine.occupancy`` has the same)."""
FRESH: Final = timedelta(hours=3)
"""D. For so long back the last sign is known to the second; before that to the quarter of an hour."""
BACK: Final = timedelta(hours=24)
"""D. So far the last sign is looked for; the strip shows what was before."""
MOST_EVENTS: Final = 500
"""D. Events of one answer: several days of doors and buttons."""

_SQL: Final = Queries(__package__ or "", "activity.sql")
_BY_NUMBER: Final = {quantity.number: quantity for quantity in SIGNS}
_EACH: Final = [quantity.number for quantity, sign in SIGNS.items() if sign is Sign.EACH]
_STATES: Final = [quantity.number for quantity, sign in SIGNS.items() if sign is not Sign.EACH]

Hides = Callable[..., bool]
"""Whether a device's kind, with ``quantity`` or ``event``, is withheld."""


class Place(StrEnum):
    """What part of a room a device tells of."""

    ROOM = "room"
    BED = "bed"
    DOOR = "door"
    APPLIANCE = "appliance"


PLACES: Final[Mapping[str, Place]] = {
    "motion": Place.ROOM,
    "presence": Place.ROOM,
    "radar": Place.ROOM,
    "bed": Place.BED,
    "door": Place.DOOR,
    "window": Place.DOOR,
    "plug": Place.APPLIANCE,
    "stove": Place.APPLIANCE,
}
"""Kinds of devices (``edge_agent.settings.DeviceKind``) that tell of a place."""


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class PlaceLine(_View):
    """One place. ``signs``: how often somebody was noticed in each quarter; null: nobody listened."""

    room: str
    place: Place
    signs: list[int | None]


class ActivityView(_View):
    """Quarters of an hour (``step_s``) from ``begin`` on, one line for each place that has a sensor."""

    home_id: int
    begin: datetime
    step_s: int
    lines: list[PlaceLine]


class PlaceNow(_View):
    """One place now. ``sign_at``: when somebody was last noticed, in the ``within_s`` seconds from then on;
    null: not in the last 24 hours. ``heard_at``: when a sensor of it last said anything.
    """

    room: str
    place: Place
    sign_at: datetime | None
    within_s: int
    heard_at: datetime | None


class PlacesView(_View):
    """Where somebody was last noticed, the latest first; places without a sign last."""

    home_id: int
    now: datetime
    places: list[PlaceNow]


class HappenedView(_View):
    """One thing that a device said happened."""

    observed_at: datetime
    device: str
    device_kind: str
    room: str
    kind: str
    detail: str


class EventsView(_View):
    """Events, newest first. ``more``: there were more of them than one answer holds."""

    home_id: int
    events: list[HappenedView]
    more: bool


@dataclass(frozen=True, slots=True)
class Teller:
    """A device that tells of a place; ``last_at``: when it last said anything."""

    id: int
    kind: str
    room: str
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Home:
    """Whose day is read: one moment of what ``scope`` shows of it, without what is withheld."""

    conn: Connection
    scope: Scope
    id: int
    now: datetime
    hides: Hides

    async def rows(self, name: str, **values: object) -> list[dict[str, Any]]:
        """What a statement of ``activity.sql`` finds in this home."""
        asked = {**self.scope.params, "home_id": self.id, **values}
        return await (await self.conn.execute(_SQL[name], asked)).fetchall()

    async def is_there(self) -> bool:
        """Whether the home exists within the scope."""
        return bool(await self.rows("home"))

    async def tellers(self) -> list[Teller]:
        """The devices that tell of a place and are not withheld."""
        found = await self.rows("tellers", kinds=sorted(PLACES))
        return [
            Teller(row["id"], row["kind"], row["room"], row["last_at"])
            for row in found
            if not self.hides(row["kind"])
        ]


async def activity(home: Home, span: Span) -> ActivityView | None:
    """The strip of ``span``, in whole quarters; ``None`` when the home is absent or outside its scope."""
    if not await home.is_there():
        return None
    tellers = await home.tellers()
    begin = bucket_of(SLOT, span.begin)
    slots = max(0, -((begin - min(span.end, home.now)) // SLOT))
    asked: dict[str, object] = {"devices": [one.id for one in tellers], "begin": begin, "end": span.end}
    quarters = await home.rows("quarters", **asked, each=_EACH, states=_STATES)
    words = await home.rows("words", **asked, slot_s=int(SLOT.total_seconds()))
    signs = _signs([_quarter(row, begin) for row in quarters], tellers, home.hides)
    heard: dict[int, list[int]] = {row["device_id"]: row["slots"] for row in words}
    return ActivityView(
        home_id=home.id,
        begin=begin,
        step_s=int(SLOT.total_seconds()),
        lines=[
            PlaceLine(
                room=room,
                place=place,
                signs=strip(slots, [(signs[one], heard.get(one, [])) for one in ids]),
            )
            for (room, place), ids in _by_place(tellers).items()
        ],
    )


async def places(home: Home) -> PlacesView | None:
    """Where somebody was last noticed; ``None`` when the home is absent or outside its scope."""
    if not await home.is_there():
        return None
    tellers = await home.tellers()
    begin = bucket_of(SLOT, home.now - BACK)
    asked: dict[str, object] = {"devices": [one.id for one in tellers], "each": _EACH, "states": _STATES}
    quarters = await home.rows("quarters", **asked, begin=begin, end=home.now)
    newest = await home.rows("newest", **asked, since=home.now - FRESH, now=home.now)
    rolled = _signs([_quarter(row, begin) for row in quarters], tellers, home.hides)
    exact = _signs([_reading(row, begin) for row in newest], tellers, home.hides)
    heard = {one.id: one.last_at for one in tellers}
    found = list[PlaceNow]()
    for (room, place), ids in _by_place(tellers).items():
        offset, within = _last([exact[one] for one in ids], [rolled[one] for one in ids])
        found.append(
            PlaceNow(
                room=room,
                place=place,
                sign_at=None if offset is None else begin + offset,
                within_s=int(within.total_seconds()),
                heard_at=max((at for one in ids if (at := heard[one])), default=None),
            )
        )
    unseen = datetime.min.replace(tzinfo=home.now.tzinfo)
    found.sort(key=lambda one: one.sign_at or unseen, reverse=True)
    return PlacesView(home_id=home.id, now=home.now, places=found)


async def events(home: Home, span: Span) -> EventsView | None:
    """What devices said happened in ``span``; ``None`` when the home is absent or outside its scope."""
    if not await home.is_there():
        return None
    found = await home.rows("events", begin=span.begin, end=span.end, most=MOST_EVENTS + 1)
    shown = [row for row in found[:MOST_EVENTS] if not home.hides(row["device_kind"], event=row["kind"])]
    return EventsView(
        home_id=home.id, events=[HappenedView(**row) for row in shown], more=len(found) > MOST_EVENTS
    )


def strip(slots: int, said: Sequence[tuple[Sequence[tuple[int, float]], Sequence[int]]]) -> list[int | None]:
    """One place's line of ``slots`` quarters, from the signs and the words of each of its devices; ``None``
    where none of them said a word for longer than ``PATIENCE``.
    """
    line: list[int | None] = [None] * slots
    for _, words in said:
        for slot in listening(words, slots):
            line[slot] = 0
    for signs, _ in said:
        for slot, n in signs:
            if slot < slots:
                line[slot] = (line[slot] or 0) + round(n)
    return line


def listening(words: Iterable[int], slots: int) -> Iterable[int]:
    """The quarters in which a device listened that said something in the quarters ``words``."""
    patience = PATIENCE // SLOT
    said = sorted(slot for slot in words if slot < slots)
    if not said:
        return
    for before, after in pairwise([-1, *said, slots]):
        if before >= 0:
            yield before
        if after - before - 1 <= patience:
            yield from range(before + 1, after)


def _by_place(tellers: Iterable[Teller]) -> Mapping[tuple[str, Place], list[int]]:
    found = defaultdict[tuple[str, Place], list[int]](list)
    for one in tellers:
        found[one.room, PLACES[one.kind]].append(one.id)
    return found


def _signs(
    said: Iterable[Quarter], tellers: Iterable[Teller], hides: Hides
) -> Mapping[int, list[tuple[int, float]]]:
    """(slot, signs) of each device; ``said`` is sorted by device and quantity, then oldest first."""
    kinds = {one.id: one.kind for one in tellers}
    found = defaultdict[int, list[tuple[int, float]]](list)
    for (sensor, quantity), series in groupby(said, key=lambda one: (one.sensor, one.quantity)):
        if not hides(kinds[sensor], quantity=quantity.number):
            found[sensor] += signs_of(list(series), SIGNS[quantity])
    return found


def _last(
    exact: Iterable[Sequence[tuple[int, float]]], rolled: Iterable[Sequence[tuple[int, float]]]
) -> tuple[timedelta | None, timedelta]:
    """When the last sign was, from the beginning on, and how exactly that is known: from single readings
    (slots are seconds) unless the roll-up knows of a later quarter.
    """
    second = max((slot for signs in exact for slot, _ in signs), default=None)
    quarter = max((slot for signs in rolled for slot, _ in signs), default=None)
    if second is not None and timedelta(seconds=second) >= (quarter or 0) * SLOT:
        return timedelta(seconds=second), timedelta(0)
    return (None, timedelta(0)) if quarter is None else (quarter * SLOT, SLOT)


def _quarter(row: Mapping[str, Any], begin: datetime) -> Quarter:
    slot = (row["at"] - begin) // SLOT
    return Quarter(row["device_id"], _quantity(row), slot, row["n"], row["sum"], row["min"], row["max"])


def _reading(row: Mapping[str, Any], begin: datetime) -> Quarter:
    """One reading, as a quarter whose slot is a second."""
    second, value = int((row["at"] - begin).total_seconds()), row["value"]
    return Quarter(row["device_id"], _quantity(row), second, 1, value, value, value)


def _quantity(row: Mapping[str, Any]) -> Quantity:
    return _BY_NUMBER[row["quantity"]]
