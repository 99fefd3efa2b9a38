"""Secrets of machines: hashed for the broker with bcrypt at its lowest cost.

A slow hash protects what a person can remember. A machine's secret is random and long, so guessing it is
hopeless at any speed, while every connect pays for the hash: at cost 11 (119 ms here) three thousand
gateways that come back after a power cut would need six minutes of one core, at cost 4 (1 ms) three
seconds.
"""

from __future__ import annotations

import secrets
from typing import Final

import bcrypt

COST: Final = 4
LENGTH: Final = range(16, 73)
"""Bytes. Below, guessing is no longer hopeless; above 72 bcrypt ignores or refuses what follows."""


def new() -> str:
    """A fresh secret with 192 random bits, fit for a file or a URL."""
    return secrets.token_urlsafe(24)


def usable(secret: str) -> bool:
    """Whether ``secret`` is long enough and not too long to be a machine's."""
    return len(secret.encode()) in LENGTH


def hashed(secret: str) -> str:
    """What the broker stores; ``$2a$``, which every bcrypt reader understands.

    Raises:
        ValueError: the secret is not ``usable``.
    """
    if not usable(secret):
        raise ValueError(f"a machine's secret has {LENGTH.start}-{LENGTH.stop - 1} bytes")
    return bcrypt.hashpw(secret.encode(), bcrypt.gensalt(COST, prefix=b"2a")).decode("ascii")


def matches(secret: str, stored: str) -> bool:
    """Whether ``stored`` is the hash of ``secret``; false for anything that is no bcrypt hash."""
    try:
        return usable(secret) and bcrypt.checkpw(secret.encode(), stored.encode())
    except ValueError:
        return False
