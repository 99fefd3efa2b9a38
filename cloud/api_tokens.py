"""Tokens of services: another program's way in, with a few permissions, for one tenant, for a limited time.

What this is: draw, find, list, revoke. What it is not: a person; a token never acts on an incident. The one
idea: it is shown once and stored as a hash, and how it begins tells whoever finds it in a file what it is.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cloud.auth import Module, Permission, Principal, Role
from cloud.db import Connection, Queries
from cloud.sessions import TOUCH, SecondFactor, Session, key_of

PREFIX: Final = "anban_"
LONGEST: Final = timedelta(days=400)
"""A token is renewed about once a year."""
GRANTED: Final = frozenset({
    Permission.READ_HOME, Permission.READ_FIGURES, Permission.READ_AUDIT, Permission.READ_WALL,
})  # fmt: skip
"""What a service may be allowed: to read; a home's card with masked numbers and without notes. Whoever sees
the queue or acts on an incident answers for it, so it is a person.
"""
ALONE: Final = frozenset({Permission.READ_WALL})
"""What a token has to itself: it hangs in a room where anybody can take it out of a browser."""
SHOWN: Final = 200

_SQL: Final = Queries("cloud", "api_tokens.sql")


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be drawn: for which service, what it may do, until when. ``division``: the only place whose
    homes it reaches; none: all of the tenant.
    """

    name: str
    permissions: frozenset[Permission]
    expires_at: datetime
    division: str | None = None


async def draw(conn: Connection, maker: Principal, asked: NewToken, now: datetime) -> tuple[int, str]:
    """A new token of the maker's tenant: its number, and the token itself, which is kept nowhere."""
    token = PREFIX + secrets.token_urlsafe(32)
    row = {
        "tenant_id": maker.tenant_id,
        "name": asked.name,
        "token_hash": key_of(token),
        "permissions": sorted(asked.permissions),
        "made_by": maker.staff_id,
        "now": now,
        "expires_at": asked.expires_at,
        "division": asked.division,
    }
    made = await (await conn.execute(_SQL["add"], row)).fetchone()
    if made is None:
        raise LookupError("add")
    return made["id"], token


async def has_place(conn: Connection, scope: Mapping[str, Any], division: str) -> bool:
    """Whether ``division`` is a known place of the tenant."""
    row = await (await conn.execute(_SQL["place"], {**scope, "division": division})).fetchone()
    return row is not None


async def find(conn: Connection, key: bytes, now: datetime) -> Session | None:
    """The session of the service whose token is stored under ``key``; ``None``: none, over, or revoked."""
    row = await (await conn.execute(_SQL["live"], {"token_hash": key, "now": now})).fetchone()
    if row is None:
        return None
    if row["used_at"] is None or row["used_at"] <= now - TOUCH:
        await conn.execute(_SQL["touch"], {"id": row["id"], "now": now})
    service = Principal(
        staff_id=row["made_by"],
        tenant_id=row["tenant_id"],
        role=Role.SERVICE,
        name=row["name"],
        locale="en",
        homes=None if row["homes"] is None else tuple(row["homes"]),
        modules=frozenset(Module(module) for module in row["modules"]),
        token_id=row["id"],
        permissions=frozenset(Permission(one) for one in row["permissions"]) & GRANTED,
    )
    return Session(key, service, row["expires_at"], 0, "", SecondFactor.NOT_NEEDED)


async def listed(conn: Connection, scope: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The newest tokens of the tenants in ``scope``, without what signs in."""
    return await (await conn.execute(_SQL["listed"], {**scope, "limit": SHOWN})).fetchall()


async def revoke(conn: Connection, scope: Mapping[str, Any], token_id: int, now: datetime) -> bool:
    """Put a token out of use; whether there was one."""
    return (await conn.execute(_SQL["revoke"], {**scope, "id": token_id, "now": now})).rowcount > 0
