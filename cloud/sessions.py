"""Sign-in, sessions and lock-out: from a password to a ``Principal``.

What this is: the only module that reads ``staff`` and ``session`` to say who is asking. What it is not: it
knows no HTTP. The one idea: the cookie is 256 random bits and the database holds only its SHA-256, so a
stolen table signs nobody in; deleting the row signs out everywhere at once.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cloud import passwords
from cloud.auth import RESTRICTED_ROLES, Principal, Role
from cloud.db import Connection, Pool, Queries

IDLE: Final = timedelta(minutes=30)
"""A session unused this long is over. An open live stream is use: a watched console must never go dark."""
LIFETIME: Final = timedelta(hours=12)
"""A session's longest life: one long shift."""
TOUCH: Final = timedelta(seconds=60)
"""``seen_at`` is written at most this often, so that reading does not mean writing."""
FREE_ATTEMPTS: Final = 5
"""Wrong passwords in a row before an account is locked."""
FIRST_LOCK: Final = timedelta(seconds=30)
LONGEST_LOCK: Final = timedelta(minutes=15)
"""The lock doubles from the first to the longest; not for ever, or a stranger could shut a centre out."""
TOKEN_BYTES: Final = 32

_SQL: Final = Queries("cloud", "sessions.sql")


@dataclass(frozen=True, slots=True)
class Session:
    """A live session. ``key`` is the hash under which it is stored, never the cookie itself."""

    key: bytes
    principal: Principal
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh sign-in: ``token`` goes into the cookie and is nowhere else."""

    token: str
    session: Session


def lock_for(failures: int) -> timedelta | None:
    """How long an account rests after ``failures`` wrong passwords in a row; ``None``: not at all."""
    over = failures - FREE_ATTEMPTS
    if over < 0:
        return None
    doubled: int = 2 ** min(over, 10)
    return min(FIRST_LOCK * doubled, LONGEST_LOCK)


def key_of(token: str) -> bytes:
    """The key a cookie's session is stored under. 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).digest()


async def sign_in(pool: Pool, username: str, password: str, now: datetime) -> SignedIn | None:
    """Check a password and open a session; ``None`` when refused, for whatever reason.

    An unknown name, a wrong password, a locked and a disabled account look and last the same. The attempt is
    counted and committed before the password is checked, so parallel guesses cannot outrun the lock.
    """
    async with pool.connection() as conn:
        account = await _reserve(conn, username, now)
    stored = account["password_hash"] if account else None
    if not await passwords.verify(stored, password) or account is None:
        return None
    token = secrets.token_urlsafe(TOKEN_BYTES)
    async with pool.connection() as conn:
        staff = {"staff_id": account["id"]}
        await conn.execute(_SQL["forgive_attempts"], staff)
        if passwords.is_outdated(account["password_hash"]):
            renewed = {"old": account["password_hash"], "new": passwords.hash_password(password)}
            await conn.execute(_SQL["renew_password_hash"], staff | renewed)
        opened = {"token_hash": key_of(token), "now": now, "expires_at": now + LIFETIME}
        await conn.execute(_SQL["open_session"], staff | opened)
        session = await find(conn, key_of(token), now)
    return SignedIn(token, session) if session else None


async def _reserve(conn: Connection, username: str, now: datetime) -> dict[str, Any] | None:
    """Count an attempt; return the account if it may be tried now."""
    cursor = await conn.execute(_SQL["account_for_update"], {"username": username})
    account = await cursor.fetchone()
    if account is None or (account["locked_until"] is not None and account["locked_until"] > now):
        return None
    failures = account["failed_count"] + 1
    lock = lock_for(failures)
    counted = {
        "staff_id": account["id"],
        "failed_count": failures,
        "locked_until": now + lock if lock is not None else None,
    }
    await conn.execute(_SQL["count_attempt"], counted)
    return account


async def find(conn: Connection, key: bytes, now: datetime) -> Session | None:
    """The live session stored under ``key``, marked as used; ``None`` if it ended, however it ended."""
    asked = {"token_hash": key, "now": now, "idle_since": now - IDLE}
    cursor = await conn.execute(_SQL["live_session"], asked)
    row = await cursor.fetchone()
    if row is None:
        return None
    if row["seen_at"] <= now - TOUCH:
        await conn.execute(_SQL["touch_session"], {"token_hash": key, "now": now})
    role = Role(row["role"])
    homes = tuple(row["homes"]) if role in RESTRICTED_ROLES else None
    principal = Principal(row["staff_id"], row["tenant_id"], role, row["name"], row["locale"], homes)
    return Session(key, principal, row["expires_at"])


async def revoke(conn: Connection, key: bytes) -> None:
    """End the session stored under ``key``; ending it twice is fine."""
    await conn.execute(_SQL["revoke_session"], {"token_hash": key})


async def forget_ended(conn: Connection, now: datetime) -> None:
    """Delete sessions that are over, so that the table holds only live ones."""
    await conn.execute(_SQL["forget_sessions"], {"now": now, "idle_since": now - IDLE})
