"""The audit trail in the database: append, seal, read, forget.

What this is: the only reader and writer of the ``audit_*`` tables. The one idea: whoever acts only inserts,
so no writer ever waits for another; one sealer puts what has been committed into the chain, a batch at a
time, so the chain cannot fork. An entry is outside the chain for about a second.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from cloud.db import Connection, Queries
from cloud.db.locks import Lock
from cloud.trail.model import GENESIS, Entry, Link, link_hash

SQL: Final = Queries(__package__ or "")
BATCH: Final = 2_000
"""Entries that one transaction of the sealer takes up."""


async def append(conn: Connection, entry: Entry) -> None:
    """Insert ``entry`` in the caller's transaction."""
    homes = None if entry.homes is None else list(entry.homes)
    await conn.execute(SQL["append"], asdict(entry) | {"homes": homes})


async def seal(conn: Connection, limit: int = BATCH) -> int:
    """Put up to ``limit`` waiting entries into the chain; return how many. 0 too if another one is at it."""
    if not (await _one(conn, "be_the_sealer", key=Lock.SEAL))["free"]:
        return 0
    rows = await (await conn.execute(SQL["unsealed"], {"limit": limit})).fetchall()
    if not rows:
        return 0
    seq, before = await last(conn) or (0, GENESIS)
    async with conn.cursor().copy(
        "copy audit_link (seq, entry_id, at, entry_hash, hash) from stdin"
    ) as stream:
        for row in rows:
            seq, digest = seq + 1, entry_of(row).digest(row["id"])
            before = link_hash(before, seq, row["id"], row["at"], digest)
            await stream.write_row((seq, row["id"], row["at"], digest, before))
    await conn.execute(SQL["sealed"], {"entries": [row["id"] for row in rows]})
    return len(rows)


async def last(conn: Connection) -> tuple[int, bytes] | None:
    """Number and hash of the last link; ``None``: there is none yet."""
    row = await (await conn.execute(SQL["last_link"])).fetchone()
    return (row["seq"], row["hash"]) if row else None


async def forget(conn: Connection, before: datetime) -> int:
    """Delete entries older than ``before``; their links stay, so the chain still holds. Return how many."""
    async with conn.transaction():
        await conn.execute(SQL["tidying"])
        return (await conn.execute(SQL["forget"], {"before": before})).rowcount


async def links(conn: Connection) -> AsyncIterator[tuple[Link, Entry | None]]:
    """The whole chain from its beginning, each link with its entry; ``None``: the entry is gone."""
    after = 0
    while True:
        asked = {"after": after, "limit": BATCH}
        rows = await (await conn.execute(SQL["links"], asked)).fetchall()
        for row in rows:
            link = Link(row["seq"], row["entry_id"], row["at"], row["entry_hash"], row["hash"])
            yield link, entry_of(row | {"at": row["entry_at"]}) if row["kept"] else None
        if len(rows) < BATCH:
            return
        after = rows[-1]["seq"]


async def outside(conn: Connection) -> tuple[int, int]:
    """How many entries wait to be sealed, and how many the chain does not know at all."""
    waiting, strays = await _one(conn, "waiting"), await _one(conn, "strays")
    return waiting["waiting"], strays["strays"]


async def page(conn: Connection, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Entries of ``tenants`` before ``before``, newest first; only of ``home_id`` or ``actor`` if given."""
    return await (await conn.execute(SQL["page"], asked)).fetchall()


async def page_of_home(conn: Connection, asked: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Entries that name ``home_id``, newest first, with the names of staff; of one incident (``about``) and
    only ``changes`` if asked for. ``None``: there is no such home among ``tenants`` and ``homes``.
    """
    if await (await conn.execute(SQL["home"], asked)).fetchone() is None:
        return None
    return await (await conn.execute(SQL["page_of_home"], asked)).fetchall()


def entry_of(row: Mapping[str, Any]) -> Entry:
    """The entry that a row holds."""
    homes = None if row["homes"] is None else tuple(row["homes"])
    names = ("at", "tenant_id", "actor", "action", "purpose", "about", "status", "origin")
    return Entry(**{name: row[name] for name in names}, homes=homes)


async def _one(conn: Connection, statement: str, **values: object) -> dict[str, Any]:
    row = await (await conn.execute(SQL[statement], values)).fetchone()
    if row is None:
        raise LookupError(statement)
    return row
