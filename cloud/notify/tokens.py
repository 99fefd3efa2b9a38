"""The token in a message's link: who holds it was asked.

It is drawn when the message is sent and kept only as a hash, so a copy of the database answers for nobody.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

TOKEN_BYTES: Final = 16
"""128 bits cannot be guessed; 22 characters still fit into one variable of a text message (35)."""
ANSWER_PATH: Final = "/a/"
"""Page below the public address where an asked person answers; the token follows."""


def draw() -> str:
    """A new token, fit for a URL."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> bytes:
    """What is stored of a token, and what it is looked up by."""
    return hashlib.sha256(token.encode()).digest()
