"""Sign-in, sessions and lock-out: from a password to a ``Principal``.

What this is: the only module that reads ``staff`` and ``session`` to say who is asking. What it is not: it
knows no HTTP. The one idea: the cookie is 256 random bits and the database holds only its SHA-256, so a
stolen table signs nobody in; deleting the row signs out everywhere at once.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from cloud import passwords
from cloud.auth import RESTRICTED_ROLES, Module, Principal, Role, Scope
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
HALF_LIFE: Final = timedelta(minutes=10)
"""How long a session may wait for its second factor, or for a password of one's own."""
BROWSER_KEPT: Final = timedelta(days=90)
"""A browser in which nobody signed in for this long is a stranger again."""
TOKEN_BYTES: Final = 32
AGENT_SHOWN: Final = 200
"""Characters kept of what a browser calls itself."""

_SQL: Final = Queries("cloud", "sessions.sql")


class SecondFactor(StrEnum):
    """What a session still lacks: ``OWED``: a code; ``MISSING``: a factor must be enrolled. Until then it is
    good for nothing else.
    """

    NOT_NEEDED = "not_needed"
    DONE = "done"
    OWED = "owed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Session:
    """A live session. ``key`` is the hash under which it is stored, never the cookie itself; ``id`` names it
    to its owner. ``one_time``: its owner has a one-time password and must choose another one first.
    ``proved_at``: when its owner last showed, since signing in, that it is them at the screen.
    """

    key: bytes
    principal: Principal
    expires_at: datetime
    id: int
    username: str
    second_factor: SecondFactor
    one_time: bool = False
    proved_at: datetime | None = None

    @property
    def whole(self) -> bool:
        """Whether its owner may do what their role includes."""
        return not self.one_time and self.second_factor in {SecondFactor.NOT_NEEDED, SecondFactor.DONE}


@dataclass(frozen=True, slots=True)
class Client:
    """Where a sign-in comes from. ``browser``: the cookie by which a browser is known again, ``""``: it has
    none; ``known``: this very person has signed in there before.
    """

    origin: str = ""
    agent: str = ""
    browser: str = ""
    known: bool = False


STRANGER: Final = Client()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh sign-in: ``token`` and ``browser`` go into cookies and are nowhere else. ``browser`` makes the
    browser known for this person; ``""``: not yet, a factor is missing.
    """

    token: str
    session: Session
    browser: str = ""


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


async def sign_in(
    pool: Pool, username: str, password: str, now: datetime, client: Client = STRANGER
) -> SignedIn | None:
    """Check a password and open a session; ``None`` when refused, for whatever reason.

    An unknown name, a wrong password, a locked and a disabled account look and last the same. The attempt is
    counted and committed before the password is checked, so parallel guesses cannot outrun the lock. Wrong
    passwords from strangers lock the account for strangers only: in a browser that is known its owner gets
    in, so nobody outside can shut a centre out; a known browser has a count of its own.

    Raises:
        passwords.BusyError: too many strangers wait already; nothing was counted.
    """
    with passwords.lane(known=client.known).place():
        async with pool.connection() as conn:
            account = await _reserve(conn, username, now, client)
        stored = account["password_hash"] if account else None
        right = await passwords.verify(stored, password, known=client.known)
    if not right or account is None:
        return None
    renewed = await passwords.hashed(password) if passwords.is_outdated(account["password_hash"]) else None
    async with pool.connection() as conn:
        if renewed is not None:
            renewing = {"staff_id": account["id"], "old": account["password_hash"], "new": renewed}
            await conn.execute(_SQL["renew_password_hash"], renewing)
        return await enter(conn, account["id"], now, client)


async def enter(
    conn: Connection, staff_id: int, now: datetime, client: Client, *, second_factor: bool = False
) -> SignedIn | None:
    """Open a session for a person who has proved who they are; the browser is known once it is whole."""
    if not client.known:
        await forgive(conn, staff_id)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    opened = {
        "token_hash": key_of(token),
        "staff_id": staff_id,
        "now": now,
        "expires_at": now + LIFETIME,
        "second_factor": second_factor,
        "origin": client.origin,
        "agent": client.agent[:AGENT_SHOWN],
    }
    await conn.execute(_SQL["open_session"], opened)
    session = await find(conn, key_of(token), now)
    if session is None or not session.whole:
        return SignedIn(token, session) if session else None
    browser = client.browser or secrets.token_urlsafe(TOKEN_BYTES)
    known = {"token_hash": key_of(browser), "staff_id": staff_id, "now": now}
    await conn.execute(_SQL["know_browser"], known)
    return SignedIn(token, session, browser)


async def complete(conn: Connection, session: Session, now: datetime, client: Client) -> SignedIn | None:
    """The session after its second factor: a new one, under a new token."""
    await revoke(conn, session.key)
    return await enter(conn, session.principal.staff_id, now, client, second_factor=True)


async def count_code(conn: Connection, staff_id: int, now: datetime) -> bool:
    """Count an attempt at a second factor before it is judged; ``False``: the account rests."""
    cursor = await conn.execute(_SQL["staff_for_update"], {"staff_id": staff_id})
    account = await cursor.fetchone()
    return account is not None and await _count(conn, "count_attempt", account, now, staff_id=staff_id)


async def forgive(conn: Connection, staff_id: int) -> None:
    """Forget wrong attempts: the last one was right."""
    await conn.execute(_SQL["forgive_attempts"], {"staff_id": staff_id})


async def knows(conn: Connection, browser: str, username: str, now: datetime) -> bool:
    """Whether this person has signed in before in the browser with this cookie."""
    asked = {"token_hash": key_of(browser), "username": username, "since": now - BROWSER_KEPT}
    return await (await conn.execute(_SQL["known_browser"], asked)).fetchone() is not None


async def _reserve(conn: Connection, username: str, now: datetime, client: Client) -> dict[str, Any] | None:
    """Count an attempt; return the account if it may be tried now."""
    asked = {"username": username, "now": now}
    account = await (await conn.execute(_SQL["account_for_update"], asked)).fetchone()
    if account is None:
        return None
    counted, statement, key = account, "count_attempt", {"staff_id": account["id"]}
    if client.known:
        key = {"staff_id": account["id"], "token_hash": key_of(client.browser)}
        browser = await (await conn.execute(_SQL["browser_for_update"], key)).fetchone()
        counted, statement = browser or account, "count_at_browser" if browser else statement
    return account if await _count(conn, statement, counted, now, **key) else None


async def _count(conn: Connection, statement: str, row: dict[str, Any], now: datetime, **key: object) -> bool:
    """Count an attempt at ``row``; ``False``, and not counted, while it rests."""
    if row["locked_until"] is not None and row["locked_until"] > now:
        return False
    failures = row["failed_count"] + 1
    lock = lock_for(failures)
    counted = {"failed_count": failures, "locked_until": now + lock if lock is not None else None}
    await conn.execute(_SQL[statement], counted | key)
    return True


async def find(conn: Connection, key: bytes, now: datetime) -> Session | None:
    """The live session stored under ``key``, marked as used; ``None`` if it ended, however it ended."""
    return (await find_all(conn, [key], now)).get(key)


async def find_all(conn: Connection, keys: Sequence[bytes], now: datetime) -> dict[bytes, Session]:
    """The live sessions among those stored under ``keys``, marked as used; who is left out has ended."""
    asked = {"token_hashes": list(keys), "now": now, "idle_since": now - IDLE}
    rows = await (await conn.execute(_SQL["live_sessions"], asked)).fetchall()
    unmarked = [row["token_hash"] for row in rows if row["seen_at"] <= now - TOUCH]
    if unmarked:
        await conn.execute(_SQL["touch_sessions"], {"token_hashes": unmarked, "now": now})
    found = ((row["created_at"], _session(row)) for row in rows)
    return {one.key: one for at, one in found if one.whole or at > now - HALF_LIFE}


def _session(row: dict[str, Any]) -> Session:
    role = Role(row["role"])
    homes = tuple(row["homes"]) if role in RESTRICTED_ROLES else None
    principal = Principal(
        row["staff_id"],
        row["tenant_id"],
        role,
        row["name"],
        row["locale"],
        homes,
        tuple(row["below"]),
        frozenset(Module(module) for module in row["modules"]),
    )
    return Session(
        row["token_hash"],
        principal,
        row["expires_at"],
        row["id"],
        row["username"],
        SecondFactor(row["second_factor"]),
        one_time=row["one_time"],
        proved_at=row["proved_at"],
    )


async def revoke(conn: Connection, key: bytes) -> None:
    """End the session stored under ``key``; ending it twice is fine."""
    await conn.execute(_SQL["revoke_session"], {"token_hash": key})


async def own(conn: Connection, staff_id: int, now: datetime) -> list[dict[str, Any]]:
    """A person's live sessions, the newest first."""
    asked = {"staff_id": staff_id, "now": now, "idle_since": now - IDLE}
    return await (await conn.execute(_SQL["own_sessions"], asked)).fetchall()


async def revoke_own(conn: Connection, staff_id: int, session_id: int) -> bool:
    """End one of a person's sessions; whether there was one."""
    ended = {"staff_id": staff_id, "session_id": session_id}
    return (await conn.execute(_SQL["revoke_own"], ended)).rowcount > 0


async def revoke_all(conn: Connection, staff_id: int, *, but: bytes | None = None) -> int:
    """End all sessions of a person except the one under ``but``; return how many."""
    return (await conn.execute(_SQL["revoke_all"], {"staff_id": staff_id, "but": but})).rowcount


async def change_password(pool: Pool, session: Session, old: str, new: str, now: datetime) -> bool:
    """Set a new password, if ``old`` is right, and end the person's other sessions; whether it was set."""
    staff_id = session.principal.staff_id
    stored = await _checked(pool, staff_id, old, now)
    if stored is None:
        return False
    renewed = {"staff_id": staff_id, "old": stored, "new": await passwords.hashed(new)}
    async with pool.connection() as conn:
        await forgive(conn, staff_id)
        changed = (await conn.execute(_SQL["set_password"], renewed)).rowcount > 0
        await revoke_all(conn, staff_id, but=session.key)
    return changed


async def is_owner(pool: Pool, session: Session, password: str, now: datetime) -> bool:
    """Whether ``password`` is that of whoever signed in; a wrong one counts like one at the sign-in."""
    return await _checked(pool, session.principal.staff_id, password, now) is not None


async def prove(conn: Connection, session: Session, now: datetime) -> None:
    """The session's owner has shown that it is them, with everything that signing in asks for."""
    await forgive(conn, session.principal.staff_id)
    await conn.execute(_SQL["prove_presence"], {"token_hash": session.key, "now": now})


async def _checked(pool: Pool, staff_id: int, password: str, now: datetime) -> str | None:
    """The stored hash, if ``password`` is right; the attempt is counted and committed before it is judged."""
    async with pool.connection() as conn:
        cursor = await conn.execute(_SQL["staff_for_update"], {"staff_id": staff_id})
        account = await cursor.fetchone()
        if account is None or not await _count(conn, "count_attempt", account, now, staff_id=staff_id):
            return None
    stored: str = account["password_hash"]
    return stored if await passwords.verify(stored, password) else None


async def whose(conn: Connection, username: str) -> dict[str, Any] | None:
    """Number and tenant of whoever has this name; ``None``: nobody."""
    return await (await conn.execute(_SQL["whose"], {"username": username})).fetchone()


async def is_of(conn: Connection, staff_id: int, scope: Scope) -> bool:
    """Whether this person belongs to the tenants of ``scope``."""
    asked = {"staff_id": staff_id, "tenants": list(scope.tenants)}
    return await (await conn.execute(_SQL["is_of"], asked)).fetchone() is not None


async def forget_ended(conn: Connection, now: datetime) -> None:
    """Delete sessions that are over, so that the table holds only live ones."""
    await conn.execute(_SQL["forget_sessions"], {"now": now, "idle_since": now - IDLE})
    await conn.execute(_SQL["forget_browsers"], {"since": now - BROWSER_KEPT})
