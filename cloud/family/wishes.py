"""When somebody of a family wants to sleep, and which of their telephones take a push.

What this is: reads and writes of their own rows. What it is not: sending (``cloud.notify``). The one idea: a
subscription belongs to a browser, not to a person: whoever signs in there next takes it over, so that news
of one home never lights up on a telephone that now follows another.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from cloud import sealed
from cloud.auth import Principal, Scope
from cloud.db import Connection, Queries
from cloud.family.views import PhoneView, WishesView
from cloud.notify.push_content import Subscription
from cloud.sealed import Keyring

MOST_PHONES: Final = 10
"""[D] Of one person: a browser that is thrown away is forgotten when its service says so, not before."""
_SQL: Final = Queries(__package__ or "", "push.sql")


class TooManyPhones(Exception):  # noqa: N818 - a noun
    """Somebody has ``MOST_PHONES`` already."""


async def read(conn: Connection, scope: Scope, key: str) -> WishesView:
    """What this reader wants; ``key``: what their browser subscribes with, empty: there is no push here."""
    (wishes,) = await _rows(conn, "wishes", staff_id=scope.staff_id)
    phones = await _rows(conn, "phones", staff_id=scope.staff_id)
    ids = [row["id"] for row in phones]
    told = {row["push_id"]: row for row in await _rows(conn, "told", **scope.params, ids=ids)}
    return WishesView(**wishes, key=key, phones=[_phone(row, told.get(row["id"])) for row in phones])


def _phone(row: Mapping[str, Any], told: Mapping[str, Any] | None) -> PhoneView:
    return PhoneView(**row, told_at=told["at"] if told else None, told=told["state"] if told else "")


async def keep(conn: Connection, who: Principal, *, begins: str, ends: str, detail: bool) -> None:
    """Write down when they sleep (``HH:MM``; empty: the usual hours) and what a locked screen may say."""
    values = {"quiet_from": begins or None, "quiet_until": ends or None, "detail": detail}
    await conn.execute(_SQL["put_wishes"], {"staff_id": who.staff_id, **values})


async def subscribe(  # noqa: PLR0917 - whose browser, and how it is kept
    conn: Connection, who: Principal, to: Subscription, agent: str, ring: Keyring, now: datetime
) -> None:
    """Let this browser take pushes.

    Raises:
        TooManyPhones: of this person.
    """
    mark = sha256(to.endpoint.encode()).digest()
    if len(await _rows(conn, "phones", staff_id=who.staff_id)) >= MOST_PHONES:
        raise TooManyPhones
    await conn.execute(_SQL["take_over"], {"mark": mark})
    address = ring.seal_address(to.address, sealed.follower(who.tenant_id))
    values = {"staff_id": who.staff_id, "mark": mark, "address": address, "agent": agent, "now": now}
    await conn.execute(_SQL["add_phone"], values)


async def forget(conn: Connection, who: Principal, number: int) -> bool:
    """Send nothing there any more; false: it is not theirs."""
    return bool(await _rows(conn, "forget_phone", id=number, staff_id=who.staff_id))


async def _rows(conn: Connection, statement: str, **values: object) -> list[dict[str, Any]]:
    return await (await conn.execute(_SQL[statement], values)).fetchall()
