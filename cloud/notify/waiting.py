"""Holds a claimed message back, or lets it speak for others that were held: the shell around ``courtesy``.

What this is: counting what a recipient has had, and writing what the rule says, in the transaction of the
claim. The one idea: a recipient is known by a keyed hash of the address, because the address itself is sealed
and no two seals of it are alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cloud.db import Connection, Queries
from cloud.notify.courtesy import NEWS, Held, chosen, hold, windows
from cloud.sealed import Keyring

_SQL = Queries(__package__)


async def consider(
    conn: Connection, ring: Keyring, message: Mapping[str, Any], address: str, now: datetime
) -> Held | int:
    """How many messages this one goes out for, itself included; or why it does not, and until when, which has
    been written unless it cannot wait.
    """
    known_by = recipient(ring, address)
    about = {"message_id": message["id"], "channel": message["channel"], "recipient": known_by, "now": now}
    await conn.execute(_SQL["know_recipient"], about)
    spent = {window: await _spent(conn, about, now - window) for window in windows(message["channel"])}
    local = now.astimezone(_zone(str(message["params"].get("time_zone", ""))))
    quiet = chosen(message["params"])
    held = hold(message["template"], message["priority"], message["channel"], spent, local, quiet)
    if held is None:
        return await _merged(conn, message, about, quiet.calm)
    if held.until is not None:
        asked = {"attempts": message["attempts"], "why": held.why.value, "until": held.until}
        await conn.execute(_SQL["hold"], {**about, **asked})
    return held


def recipient(ring: Keyring, address: str) -> bytes:
    """By what the recipient at ``address`` is known."""
    return ring.mark(address) or sha256(address.encode()).digest()


async def _spent(conn: Connection, about: Mapping[str, Any], since: datetime) -> int:
    row = await (await conn.execute(_SQL["spent"], {**about, "since": since})).fetchone()
    return int(row["n"]) if row else 0


async def _merged(conn: Connection, message: Mapping[str, Any], about: Mapping[str, Any], calm: int) -> int:
    """Only what was held itself speaks for others: what is urgent says what it has to say."""
    if not message["held"] or message["priority"] < calm or message["template"] not in NEWS:
        return 1
    return 1 + (await conn.execute(_SQL["merge"], about)).rowcount


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
