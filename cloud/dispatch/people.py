"""Who may be called, in the database: the register, ties to homes, duty and places.

What this is: statements. What it is not: who is called (``cloud.respond``). The one idea: an address is made
of the telephone number alone, as for a contact without a channel: no route may name a host that we call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.dispatch import answers, callout
from cloud.incidents import store
from cloud.people import numbers, phones
from cloud.respond.travel import Point
from cloud.sealed import Keyring

_SQL: Final = Queries(__package__, "people.sql")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """A connection within ``scope``, the keys for numbers, and the time."""

    conn: Connection
    scope: Scope
    ring: Keyring
    now: datetime

    async def rows(self, statement: str, **values: object) -> list[Row]:
        """All rows of a statement of the register."""
        params = {**self.scope.params, "now": self.now, **values}
        return await (await self.conn.execute(_SQL[statement], params)).fetchall()

    async def maybe(self, statement: str, **values: object) -> Row | None:
        """The first row of a statement, if any."""
        return next(iter(await self.rows(statement, **values)), None)

    async def do(self, statement: str, **values: object) -> None:
        """Carry out a statement that gives nothing back."""
        await self.conn.execute(_SQL[statement], {**self.scope.params, "now": self.now, **values})


async def page(desk: Desk, *, kind: str | None, after: int | None, limit: int) -> list[Row]:
    """Those of the register, by number."""
    found = await desk.rows("responders", id=None, kind=kind, after=after, limit=limit)
    return [_shown(desk, row) for row in found]


async def one(desk: Desk, number: int) -> Row | None:
    """One of the register with the homes that they are tied to."""
    row = await desk.maybe("responders", id=number, kind=None, after=None, limit=1)
    return None if row is None else _shown(desk, row) | {"homes": await desk.rows("ties", id=number)}


def _shown(desk: Desk, row: Row) -> Row:
    return numbers.responder_shown(desk.ring, row["tenant_id"], row)


async def add(desk: Desk, given: Mapping[str, Any]) -> int | None:
    """Take somebody into the register; ``None``: no such member of staff, or one who is in it already."""
    tenant = desk.scope.tenants[0]
    agreed = None if given["kind"] == "worker" else desk.now
    row = await desk.maybe("add", **_columns(desk, tenant, given), tenant_id=tenant, consent_at=agreed)
    return row["id"] if row else None


async def change(desk: Desk, number: int, given: Mapping[str, Any]) -> bool:
    """How and when somebody is reached; ``False``: nobody of this number is in the register."""
    return await desk.maybe("change", **_columns(desk, desk.scope.tenants[0], given), id=number) is not None


def _columns(desk: Desk, tenant: int, given: Mapping[str, Any]) -> Row:
    number = phones.normal(given["phone"])
    channels = [f"sms:{number}"] if number else []
    stored = numbers.responder_columns(desk.ring, tenant, phone=given["phone"], channels=channels)
    return {**given, **stored}


async def withdraw(desk: Desk, number: int) -> bool:
    """Call them no more, from this moment: no message goes to them, and others are asked in their place."""
    standing = [
        await store.hold_in_scope(desk.conn, desk.scope, row["incident_id"])
        for row in await desk.rows("standing_incidents", id=number)
    ]
    for row in standing:
        await callout.relieve(
            desk.conn, await callout.newest(desk.conn, row.id, number), "relieved", desk.now
        )
    for statement in ("stop_messages", "forget_places", "forget_homes", "forget_shifts"):
        await desk.do(statement, id=number)
    if await desk.maybe("withdraw", id=number) is None:
        return False
    for row in standing:
        await callout.look(desk.conn, row, desk.now)
    return True


async def tie(desk: Desk, number: int, home_id: int, given: Mapping[str, Any]) -> bool:
    """What somebody is to one door; ``False``: no such home, or nobody of this number."""
    return await desk.maybe("tie", id=number, home_id=home_id, **given) is not None


async def untie(desk: Desk, number: int, home_id: int) -> bool:
    """They are a stranger to this door again; ``False``: they were."""
    return await desk.maybe("untie", id=number, home_id=home_id) is not None


async def shifts(desk: Desk, number: int) -> list[Row]:
    """When they are on duty from now on."""
    return await desk.rows("shifts", id=number)


async def add_shift(desk: Desk, number: int, begin_at: datetime, end_at: datetime, by: int) -> Row | None:
    """The new shift; ``None``: it meets another of theirs, or no worker has this number."""
    return await desk.maybe("add_shift", id=number, begin_at=begin_at, end_at=end_at, made_by=by)


async def drop_shift(desk: Desk, number: int, shift_id: int) -> bool:
    """They do not work then, or no longer; ``False``: there is no such shift."""
    return await desk.maybe("drop_shift", id=number, shift_id=shift_id) is not None


# What a worker says of themselves -----------------------------------------------------------------------


async def of_staff(desk: Desk, staff_id: int) -> int | None:
    """Their number in the register."""
    row = await desk.maybe("of_staff", staff_id=staff_id)
    return row["id"] if row else None


async def set_duty(desk: Desk, number: int, given: Mapping[str, Any]) -> None:
    """On or off duty. Off duty their places go."""
    await desk.maybe("set_duty", id=number, **given)
    if not given["on"]:
        await desk.do("end_shifts", id=number)
        await desk.do("forget_places", id=number)


async def be_at(desk: Desk, number: int, staff_id: int, place: Point) -> None:
    """They are here; whoever waits for them sees how far they have come."""
    for ask in await my_asks(desk, staff_id):
        row = await store.hold_in_scope(desk.conn, desk.scope, ask["incident_id"])
        await answers.move(desk.conn, row, ask["id"], place, desk.now)
    await desk.do("be_at", id=number, latitude=place.latitude, longitude=place.longitude)


async def my_asks(desk: Desk, staff_id: int) -> list[Row]:
    """What they were asked that is not over."""
    return await desk.rows("my_asks", staff_id=staff_id)


async def my_ask(desk: Desk, staff_id: int, incident_id: int) -> int | None:
    """The number of what they were asked about this incident."""
    row = await desk.maybe("my_ask", staff_id=staff_id, incident_id=incident_id)
    return row["id"] if row else None


async def is_tag(desk: Desk, incident_id: int, tag: str) -> bool:
    """Whether the code that somebody has read (NFC or QR) is on the door of this incident."""
    digest = hashlib.sha256(tag.encode()).digest()
    return await desk.maybe("is_tag", incident_id=incident_id, digest=digest) is not None
