"""Passwords: argon2id, checked off the event loop, with the same work for a name nobody has.

What this is: hash and verify. What it is not: it knows no table and no account; lock-out is ``sessions``.
The one idea: whoever measures the answer's time must not learn whether the name exists.
"""

from __future__ import annotations

import secrets
from functools import cache
from typing import Final

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

MAX_PASSWORD: Final = 1_024
"""Characters; longer ones are refused unread, because hashing time grows with length."""
PARALLEL_CHECKS: Final = 2
"""Checks at once in one process: each takes 64 MiB (RFC 9106, section 4, second recommended option)."""

_HASHER: Final = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


@cache
def _limiter() -> CapacityLimiter:
    return CapacityLimiter(PARALLEL_CHECKS)


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_urlsafe())


def hash_password(password: str) -> str:
    """Return the argon2id hash to store for ``password``; it carries its own salt and parameters."""
    return _HASHER.hash(password)


async def hashed(password: str) -> str:
    """``hash_password`` off the event loop: with many new people at once the alarms must not wait."""
    return await to_thread.run_sync(hash_password, password, limiter=_limiter())


def is_outdated(stored: str) -> bool:
    """Whether ``stored`` was made with other parameters than today's and should be made anew."""
    return _HASHER.check_needs_rehash(stored)


def _matches(stored: str | None, password: str) -> bool:
    try:
        _HASHER.verify(stored if stored is not None else _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


async def verify(stored: str | None, password: str) -> bool:
    """Whether ``password`` belongs to ``stored``; ``None`` (no such person) costs as much and never does."""
    return await to_thread.run_sync(_matches, stored, password, limiter=_limiter())
