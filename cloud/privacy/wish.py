"""A wish to be erased: asked for by one person, confirmed by another, and then carried out (``erase``).

What this is: everything before the first row goes. The one idea: what cannot be taken back needs two people
who look at the same number; whoever runs the cloud from its console is both. Until it is confirmed it can be
withdrawn, and nothing has happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cloud.consent import effect
from cloud.db import Connection, Queries

_SQL: Final = Queries(__package__, "erase.sql")


class PersonError(Exception):
    """It cannot be done; ``str()`` says why and what to do. ``code``: stable, for programs."""

    def __init__(self, text: str, code: str = "person_refused") -> None:
        super().__init__(text)
        self.code = code


class UnknownPerson(PersonError):  # noqa: N818 - a noun
    """There is nobody of that number, or not for whoever asks."""

    def __init__(self, resident_id: int) -> None:
        super().__init__(
            f"there is no resident {resident_id}; the card of a home shows the number", "not_found"
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """Who shall be erased, why, and who says so: ``staff:ID``, ``console``. ``staff_id``: theirs, if any."""

    resident_id: int
    reason: str
    actor: str
    staff_id: int | None = None


async def ask(conn: Connection, asked: Asked, now: datetime) -> int:
    """Write the wish down; return its number. Asking again for somebody changes nothing.

    Raises:
        PersonError: there is nobody of that number, a legal hold stands, or help is on the way.
    """
    person = await _erasable(conn, asked.resident_id)
    values = {"resident_id": person["id"], "home_id": person["home_id"], "reason": asked.reason}
    who = {"actor": asked.actor, "asked_by": asked.staff_id, "now": now}
    await conn.execute(_SQL["ask"], values | who)
    return int((await _wish(conn, asked.resident_id))["id"])


async def confirm(conn: Connection, resident_id: int, now: datetime, *, staff_id: int | None = None) -> None:
    """The second person (``staff_id``) says so too: the home is told to stop, and the work may begin.

    Raises:
        PersonError: nobody has asked, or the same person has; or as for ``ask``.
    """
    person = await _erasable(conn, resident_id)
    wish = await _wish(conn, resident_id)
    if staff_id is not None and wish["asked_by"] == staff_id:
        raise PersonError("somebody else than who asked for it confirms it", "own_wish")
    values = {"id": wish["id"], "confirmed_by": staff_id, "now": now}
    if (await conn.execute(_SQL["begin"], values)).rowcount and not person["shared"]:
        await effect.silence(conn, person["home_id"])


async def withdraw(conn: Connection, resident_id: int) -> None:
    """The wish is taken back, while nothing has happened yet.

    Raises:
        PersonError: nobody has asked, or it has begun.
    """
    wish = await _wish(conn, resident_id)
    if wish["begun_at"] is not None:
        raise PersonError("it has begun: what is gone does not come back", "erasure_begun")
    await conn.execute(_SQL["withdraw"], {"id": wish["id"]})


async def is_finished(conn: Connection, resident_id: int) -> bool:
    """Whether nothing of this person is left to erase."""
    return (await _wish(conn, resident_id))["finished_at"] is not None


async def person_of(conn: Connection, resident_id: int) -> dict[str, Any]:
    """``home_id``, ``tenant_id``; ``shared``: somebody else lives there; ``held``; ``in_hand``: help is on
    the way; ``unreviewed``: somebody read in spite of a no.

    Raises:
        UnknownPerson: there is nobody of that number.
    """
    row = await (await conn.execute(_SQL["to_erase"], {"resident_id": resident_id})).fetchone()
    if row is None:
        raise UnknownPerson(resident_id)
    return row


async def _erasable(conn: Connection, resident_id: int) -> dict[str, Any]:
    person = await person_of(conn, resident_id)
    for obstacle, (text, code) in _OBSTACLES.items():
        if person[obstacle]:
            raise PersonError(text, code)
    return person


_OBSTACLES: Final = {
    "held": (
        "a legal hold stands: nothing of this person may be deleted until it is lifted",
        "legal_hold",
    ),
    "in_hand": ("an incident of this home is open: close it first", "incident_open"),
    "unreviewed": (
        "somebody has read this home in spite of a missing consent: review that first",
        "access_unreviewed",
    ),
}


async def _wish(conn: Connection, resident_id: int) -> dict[str, Any]:
    row = await (await conn.execute(_SQL["erasure_of"], {"resident_id": resident_id})).fetchone()
    if row is None:
        raise PersonError("nobody has asked for this person's erasure", "not_asked")
    return row
