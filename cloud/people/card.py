"""The card of one home: who lives there, whom to call, which devices, what they said last.

What this is: the view and its one read. What it is not: history; it shows the newest value per device and
quantity, with its age. The one idea: the purpose of the read decides what is shown (PIPL, article 6: no more
than the purpose needs), and what the resident withholds is left out and named, so that an empty place is
explained.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

from pydantic import BaseModel, ConfigDict

from cloud.auth import Scope
from cloud.consent import store as consents
from cloud.consent.purposes import Purpose
from cloud.consent.store import Standing
from cloud.db import Connection, Queries
from cloud.people import id_number, numbers
from cloud.people.phones import mask
from cloud.sealed import NO_KEYS, Keyring
from firmware_protocols.model import Quality, Quantity

RECENT: Final = timedelta(days=2)
"""How far roll-ups by day may be behind at most: they are made within hours after a day's end."""
EVENTS: Final = 20
"""Newest events on a card: about a day of doors and buttons."""

_SQL: Final = Queries(__package__, "card.sql")
_BY_NUMBER: Final = {quantity.number: quantity for quantity in Quantity}
_QUALITIES: Final = {quality.number: quality for quality in Quality}


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class ResidentView(_View):
    """The older person. ``ability_level``: GB/T 42195-2022, 0 able to 4 fully dependent. ``id_number``:
    always masked.
    """

    id: int
    name: str
    age: int
    sex: str
    lives_alone: bool
    ability_level: int
    phone: str
    id_number: str
    notes: str


class ContactView(_View):
    """One member of the care circle; ``rank`` 1 is asked first."""

    rank: int
    name: str
    relation: str
    phone: str
    has_key: bool
    locale: str


class DeviceView(_View):
    """One device; ``last_at``: when it was last heard, ``None``: never."""

    name: str
    kind: str
    room: str
    last_at: datetime | None


class ReadingView(_View):
    """The newest value of one quantity of one device, in ``unit`` (SenML; empty: a state, 1 or 0)."""

    device: str
    quantity: Quantity
    unit: str
    value: float | None
    quality: Quality
    observed_at: datetime


class EventView(_View):
    """One thing a device said happened."""

    device: str
    kind: str
    detail: str
    observed_at: datetime


class WithheldView(_View):
    """A purpose that the resident does not allow (any more), since ``since``: its data are not shown."""

    purpose: Purpose
    since: datetime | None


class HomeCard(_View):
    """One home. ``withheld``: what is missing for want of consent. ``opened``: it is shown nevertheless,
    because this reader has broken the glass. ``online``: its gateway is connected; ``state_at``: since when
    that is known.
    """

    id: int
    key: str
    address: str
    latitude: float | None
    longitude: float | None
    online: bool
    state_at: datetime | None
    resident: ResidentView | None
    contacts: list[ContactView]
    devices: list[DeviceView]
    readings: list[ReadingView]
    events: list[EventView]
    withheld: list[WithheldView]
    opened: bool


async def home_card(
    conn: Connection,
    scope: Scope,
    home_id: int,
    now: datetime,
    *,
    ring: Keyring = NO_KEYS,
    opened: bool = False,
) -> HomeCard | None:
    """Read the card; ``None`` when the home is absent or outside ``scope``.

    The scope's purpose decides whether notes and whole telephone numbers are in it. ``opened``: with what is
    withheld (``cloud.consent.emergency``). Call it in one transaction that sees one moment.
    """
    params: dict[str, Any] = {**scope.params, "home_id": home_id}
    full = scope.full

    async def rows(name: str, **more: Any) -> list[dict[str, Any]]:
        statement: LiteralString = _SQL[name]
        cursor = await conn.execute(statement, params | more)
        return await cursor.fetchall()

    homes = await rows("home")
    if not homes:
        return None
    residents = await rows("resident")
    standing = await consents.standing(conn, scope, home_id)
    hidden = [] if opened else standing
    devices = await rows("devices")
    kinds = {row["name"]: row["kind"] for row in devices}
    readings = await rows("last_readings", **_wanted(now))
    events = await rows("last_events", events=EVENTS)
    return HomeCard(
        **homes[0],
        resident=_resident(numbers.resident_shown(ring, home_id, residents[0]), now, full=full)
        if residents
        else None,
        contacts=[
            ContactView(**row | _phone(row, full=full))
            for row in [numbers.contact_shown(ring, home_id, row) for row in await rows("contacts")]
        ],
        devices=[_device(row, hidden) for row in devices],
        readings=[
            _reading(row) for row in readings if not _hides(hidden, row, kinds, quantity=row["quantity"])
        ],
        events=[EventView(**row) for row in events if not _hides(hidden, row, kinds, event=row["kind"])],
        withheld=[WithheldView(purpose=one.purpose, since=one.since) for one in standing if one.asked],
        opened=opened,
    )


def _device(row: dict[str, Any], hidden: list[Standing]) -> DeviceView:
    """When a sensor was last heard may say when somebody last passed it."""
    unseen = any(one.hides(row["kind"]) for one in hidden)
    return DeviceView(**row | {"last_at": None if unseen else row["last_at"]})


def _hides(hidden: list[Standing], row: dict[str, Any], kinds: dict[str, str], **what: Any) -> bool:
    return any(one.hides(kinds.get(row["device"], ""), **what) for one in hidden)


def _wanted(now: datetime) -> dict[str, Any]:
    return {"quantities": list(_BY_NUMBER), "recent": now - RECENT}


def _phone(row: dict[str, Any], *, full: bool) -> dict[str, str]:
    return {"phone": row["phone"] if full else mask(row["phone"])}


def _resident(row: dict[str, Any], now: datetime, *, full: bool) -> ResidentView:
    age = now.year - row.pop("birth_year")
    notes = row["notes"] if full else ""
    hidden = {"id_number": id_number.mask(row["id_number"])}
    return ResidentView(**row | _phone(row, full=full) | hidden | {"age": age, "notes": notes})


def _reading(row: dict[str, Any]) -> ReadingView:
    quantity = _BY_NUMBER[row["quantity"]]
    quality = _QUALITIES[row["quality"]]
    return ReadingView(**row | {"quantity": quantity, "unit": quantity.unit, "quality": quality})
