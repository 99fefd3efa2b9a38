"""A resident's words in the database, and what a reader must know of them.

What this is: the only writer of ``consent`` for people (a roster has its own way, ``effect.load``). The one
idea: a word is judged, written and has taken effect in one transaction, or it was never said.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from cloud.auth import Scope
from cloud.consent import effect
from cloud.consent.decide import Entry, faults
from cloud.consent.purposes import Purpose
from cloud.db import Connection, Queries

_SQL: Final = Queries(__package__)


@dataclass(eq=False)
class NotCounted(Exception):  # noqa: N818 - a reason is a noun
    """The word cannot be written down; ``reasons`` say what is missing."""

    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join(self.reasons)


class UnknownResident(Exception):  # noqa: N818 - a noun
    """No such person, or outside the scope."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A purpose that is not allowed now. ``asked``: somebody said so, or a consent ran out."""

    purpose: Purpose
    since: datetime | None
    asked: bool
    kinds: frozenset[str]
    quantities: frozenset[int]
    events: frozenset[str]

    def hides(self, kind: str, *, quantity: int | None = None, event: str | None = None) -> bool:
        """Whether it covers this quantity (by number) or event of a device of ``kind``."""
        return kind in self.kinds or quantity in self.quantities or event in self.events


@dataclass(frozen=True, slots=True)
class Said:
    """Whose word, and who writes it down: ``staff:ID``."""

    resident_id: int
    entry: Entry
    actor: str


async def record(conn: Connection, scope: Scope, said: Said, now: datetime) -> None:
    """Write a word down and let it take effect.

    Raises:
        UnknownResident: nobody of that number in ``scope``.
        NotCounted: it does not count.
    """
    person = await person_of(conn, scope, said.resident_id)
    await effect.lock(conn, person["home_id"])
    died = person["died_at"] is not None
    found = tuple(faults(said.entry, ability_level=person["ability_level"], died=died, now=now))
    if person["erased_at"] is not None:
        found = ("this person's data have been erased",)
    if found:
        raise NotCounted(found)
    values = {**asdict(said.entry), "resident_id": said.resident_id, "actor": said.actor, "now": now}
    await conn.execute(_SQL["add_consent"], values)
    await effect.take_effect(conn, person["home_id"])


async def person_of(conn: Connection, scope: Scope, resident_id: int) -> dict[str, Any]:
    """``id``, ``home_id``, ``tenant_id``, ``ability_level``, ``died_at``, ``erased_at`` of a resident.

    Raises:
        UnknownResident: nobody of that number in ``scope``.
    """
    cursor = await conn.execute(_SQL["resident"], {**scope.params, "resident_id": resident_id})
    found = await cursor.fetchone()
    if found is None:
        raise UnknownResident
    return found


async def history(conn: Connection, scope: Scope, resident_id: int) -> list[dict[str, Any]]:
    """Every word of a resident in ``scope``, oldest first."""
    cursor = await conn.execute(_SQL["history"], {**scope.params, "resident_id": resident_id})
    return await cursor.fetchall()


async def standing(conn: Connection, scope: Scope, home_id: int) -> list[Standing]:
    """What is withheld of a home in ``scope`` now."""
    cursor = await conn.execute(_SQL["standing"], {**scope.params, "home_id": home_id})
    return [
        Standing(
            Purpose(row["purpose"]),
            row["since"],
            row["asked"],
            frozenset(row["kinds"]),
            frozenset(row["quantities"]),
            frozenset(row["events"]),
        )
        for row in await cursor.fetchall()
    ]
