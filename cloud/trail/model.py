"""An entry of the audit trail and the link that holds it in the chain: pure values and their hashes.

What this is: what is hashed, in which order. What it is not: it reads no database. The one idea: a link
hashes the entry's hash, not the entry; so an entry that is kept long enough can go and the chain still holds,
and one tenant's entries can be shown to an auditor without those of the others.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

GENESIS: Final = bytes(32)
"""What stands before the first link."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing somebody did. Ids only, never a name or a value.

    ``homes``: whose data; ``None``: of all homes that ``actor`` may see. ``status``: of the HTTP answer; 0:
    written in the transaction of the change itself. ``origin``: the network address.
    """

    at: datetime
    tenant_id: int | None
    actor: str
    action: str
    purpose: str = ""
    homes: tuple[int, ...] | None = None
    about: str = ""
    status: int = 0
    origin: str = ""

    def digest(self, entry_id: int) -> bytes:
        """SHA-256 of the entry under its number, over an array of JSON values in the order of the fields."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        homes = None if self.homes is None else list(self.homes)
        values = [entry_id, at, self.tenant_id, self.actor, self.action, self.purpose, homes, self.about]
        return hashlib.sha256(msgspec.json.encode([*values, self.status, self.origin])).digest()


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain: the ``seq``-th entry is ``entry_id``, from ``at``."""

    seq: int
    entry_id: int
    at: datetime
    entry_hash: bytes
    hash: bytes


def link_hash(before: bytes, seq: int, entry_id: int, at: datetime, entry_hash: bytes) -> bytes:
    """The hash of link ``seq``, which follows the link whose hash is ``before``."""
    when = at.astimezone(UTC).isoformat(timespec="microseconds")
    head = msgspec.json.encode([seq, entry_id, when])
    return hashlib.sha256(before + entry_hash + head).digest()
