"""Reading in spite of a missing consent, to save a life (PIPL art. 13 (4)).

What this is: one row per time that somebody broke the glass, and what may still be read under it. What it is
not: a permission of a role; each time is for one incident that is not closed, has a reason and ends by
itself. Whoever stands before a door that is not theirs gets in the same way. The one idea: the row stays on a
list until somebody else than the reader has looked at it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from cloud.auth import PURPOSES, Principal, Purpose, Scope
from cloud.db import Connection, Queries
from cloud.db.scope import narrow

LASTS: Final = timedelta(hours=1)
"""Long enough to hand somebody over to an ambulance. [D]"""
REVIEW_WITHIN: Final = timedelta(days=3)
"""From then on the review is overdue: it is told again every day, and counted. [D]"""

_SQL: Final = Queries(__package__, "emergency.sql")


class Refusal(StrEnum):
    """Why not; the value is the code that a client sees."""

    NOT_FOUND = "not_found"
    CLOSED = "incident_closed"
    OWN = "own_access"
    REVIEWED = "already_reviewed"


@dataclass(eq=False)
class Refused(Exception):  # noqa: N818 - a noun
    """The glass stays whole, or the review does not count."""

    reason: Refusal


@dataclass(frozen=True, slots=True)
class Opened:
    """``id`` on the list; until ``until`` the reader sees the home as if nothing were withheld."""

    id: int
    home_id: int
    until: datetime


async def break_glass(
    conn: Connection, reader: Principal, incident_id: int, reason: str, now: datetime
) -> Opened:
    """Write down that ``reader`` reads on, for ``LASTS``.

    Raises:
        Refused: no such incident in the reader's tenant, or it is closed.
    """
    scope = reader.scope(Purpose.EMERGENCY)
    incident = await _one(conn, "incident_in_scope", {**scope.params, "incident_id": incident_id})
    if incident is None:
        raise Refused(Refusal.NOT_FOUND)
    if incident["closed_at"] is not None:
        raise Refused(Refusal.CLOSED)
    until = now + LASTS
    who = {"staff_id": reader.staff_id, "reason": reason, "now": now, "until": until}
    who["review_by"] = now + REVIEW_WITHIN
    where = {"tenant_id": incident["tenant_id"], "home_id": incident["home_id"], "incident_id": incident_id}
    row = await _one(conn, "open", who | where)
    if row is None:
        raise LookupError("open")
    return Opened(row["id"], incident["home_id"], until)


async def to_rescue(conn: Connection, reader: Principal, scope: Scope, home_id: int, now: datetime) -> Scope:
    """Bound ``conn`` to that home for the emergency if ``reader`` has broken its glass; else ``scope`` stays.

    Then the whole card is shown, also of a home that is not otherwise the reader's.
    """
    if reader.role not in PURPOSES[Purpose.EMERGENCY].roles:
        return scope
    there = replace(reader.scope(Purpose.EMERGENCY), homes=(home_id,))
    await narrow(conn, there)
    if await _is_open(conn, there, home_id, reader.staff_id, now):
        return there
    await narrow(conn, scope)
    return scope


async def _is_open(conn: Connection, scope: Scope, home_id: int, staff_id: int, now: datetime) -> bool:
    """Whether this person may see a home in ``scope`` as if nothing were withheld."""
    asked = {**scope.params, "home_id": home_id, "staff_id": staff_id, "now": now}
    return await _one(conn, "is_open", asked) is not None


async def evidence(conn: Connection, scope: Scope, incident_id: int) -> dict[str, Any]:
    """What an incident in ``scope`` rests on, withheld or not; ask ``is_open`` first."""
    row = await _one(conn, "evidence", {**scope.params, "incident_id": incident_id})
    return dict(row["evidence"]) if row else {}


async def listed(
    conn: Connection, scope: Scope, now: datetime, *, reviewed: bool | None, after: int | None, limit: int
) -> list[dict[str, Any]]:
    """Every time that somebody broke the glass, the oldest first, from the one behind number ``after`` on;
    ``reviewed``: only those that are (not) reviewed.
    """
    asked = {"now": now, "reviewed": reviewed, "after": after, "limit": limit}
    cursor = await conn.execute(_SQL["accesses"], scope.params | asked)
    return await cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a second person makes of it."""

    access_id: int
    justified: bool
    remark: str


async def review(conn: Connection, reviewer: Principal, verdict: Verdict, now: datetime) -> None:
    """Take it off the list.

    Raises:
        Refused: it is not there, is reviewed, or is the reviewer's own.
    """
    about = {**reviewer.usual_scope().params, "access_id": verdict.access_id, "staff_id": reviewer.staff_id}
    found = await _one(conn, "reader", about)
    if found is None:
        raise Refused(Refusal.NOT_FOUND)
    said = {"justified": verdict.justified, "remark": verdict.remark, "now": now}
    if await _one(conn, "review", about | said) is None:
        raise Refused(Refusal.OWN if found["staff_id"] == reviewer.staff_id else Refusal.REVIEWED)


async def _one(conn: Connection, query: str, params: dict[str, Any]) -> dict[str, Any] | None:
    cursor = await conn.execute(_SQL[query], params)
    return await cursor.fetchone()
