"""What an administrator sees of people's rights: how far an erasure is, and what is to be deleted when.

What this is: reads within a scope. What it is not: the doing (``wish``, ``erase``, ``holds``, ``tasks``,
``retention``).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from cloud.auth import Scope
from cloud.consent.purposes import PURPOSES
from cloud.db import Connection, Queries
from cloud.privacy.retention import Class, swept
from cloud.privacy.tables import SHUT_OUT
from cloud.privacy.wish import UnknownPerson

_SQL: Final = Queries(__package__, "rights.sql")
_COLLECTING: Final = [purpose.value for purpose, spec in PURPOSES.items() if spec.collects]


class DeletionKind(StrEnum):
    """Why something is to go."""

    WITHDRAWAL = "withdrawal"
    ERASURE = "erasure"
    RETENTION = "retention"


class WaitsFor(StrEnum):
    """What has to happen first, or its time to come."""

    SECOND_PERSON = "second_person"
    LEGAL_HOLD = "legal_hold"
    GATEWAY = "gateway"


class After(NamedTuple):
    """The place in the list of deletions after which to go on."""

    at: datetime
    kind: str
    id: int


async def erasure(conn: Connection, scope: Scope, resident_id: int) -> dict[str, Any]:
    """How far the erasure of somebody in ``scope`` has come, and what stands in its way.

    Raises:
        UnknownPerson: nobody of that number there.
    """
    found = await conn.execute(_SQL["erasure"], {**scope.params, "resident_id": resident_id})
    row = await found.fetchone()
    if row is None:
        raise UnknownPerson(resident_id)
    return row


async def deletions(conn: Connection, scope: Scope, after: After | None, limit: int) -> list[dict[str, Any]]:
    """What is to be deleted in ``scope``, the next first."""
    place = {
        "after_at": after and after.at,
        "after_kind": after and after.kind,
        "after_id": after and after.id,
    }
    kinds = {"purposes": _COLLECTING, "swept": [one.value for one in Class if swept(one)]}
    asked = {**scope.params, **place, **kinds, "shut_out": SHUT_OUT, "limit": limit}
    return await (await conn.execute(_SQL["deletions"], asked)).fetchall()
