"""Help across a county's border: what a tenant may see of an incident that another has shared with it.

What this is: the way from a standing grant to the scope of that incident and its home. What it is not: the
giving of grants (``incidents.sharing``). The one idea: a grant widens nobody's bounds; it names other bounds,
which hold for one incident and as long as the grant stands, and row security is told of both.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from cloud.auth import Principal, Purpose, Role, Scope
from cloud.db import Connection, Queries
from cloud.db.scope import narrow

_SQL: Final = Queries("cloud", "across.sql")


def may_help(who: Principal) -> bool:
    """Whether ``who`` sees what others share: the desk, and responders, who are sent where help is needed."""
    return who.homes is None or who.role is Role.RESPONDER


async def to_read(conn: Connection, who: Principal, scope: Scope, incident_id: int, now: datetime) -> Scope:
    """Bound ``conn`` to that incident if it is shared with ``who``; else ``scope`` stays as it is."""
    for shared in await _granted(conn, who, scope, incident_id, now):
        await narrow(conn, shared)
        return shared
    return scope


async def to_act(conn: Connection, who: Principal, scope: Scope, incident_id: int, now: datetime) -> Scope:
    """Like ``to_read``, for a step: what follows from it may concern the home's other incidents, too."""
    for shared in await _granted(conn, who, scope, incident_id, now):
        acting = replace(shared, incidents=None)
        await narrow(conn, acting)
        return acting
    return scope


async def to_visit(conn: Connection, who: Principal, scope: Scope, home_id: int, now: datetime) -> Scope:
    """Bound ``conn`` to that home if one of its incidents is shared with ``who``; else ``scope`` stays."""
    for shared in await _granted(conn, who, scope, None, now):
        if shared.homes == (home_id,):
            await narrow(conn, shared)
            return shared
    return scope


async def all_shared(conn: Connection, who: Principal, scope: Scope, now: datetime) -> list[Scope]:
    """The scopes of everything that is shared with the desk of ``who``."""
    return await _granted(conn, who, scope, None, now) if who.homes is None else []


async def _granted(
    conn: Connection, who: Principal, scope: Scope, incident_id: int | None, now: datetime
) -> list[Scope]:
    if not may_help(who):
        return []
    asked = {"incident_id": incident_id, "tenants": list(scope.tenants), "now": now}
    rows = await (await conn.execute(_SQL["granted"], asked)).fetchall()
    return [
        Scope((row["tenant_id"],), (row["home_id"],), Purpose.DISPATCH, who.staff_id, (row["incident_id"],))
        for row in rows
    ]
