"""Claim codes: 128 random bits that a person can read aloud, and the hash under which one is known.

Crockford's base 32: no I, L, O or U, so what is misread is still right. A hash without salt is enough for
what nobody can guess; it is looked up, so nothing is compared byte by byte that a guesser controls.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

BITS: Final = 128
LENGTH: Final = 26
"""Characters: 26 x 5 bits hold 128."""
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS: Final = str.maketrans("OIL", "011", "- \t\n")
_GROUPS: Final = (slice(0, 5), slice(5, 10), slice(10, 15), slice(15, 20), slice(20, None))


def new() -> str:
    """A fresh code as it is shown: ``7K2M9-…``, groups of five."""
    number = secrets.randbits(BITS)
    text = "".join(_ALPHABET[number >> shift & 31] for shift in range((LENGTH - 1) * 5, -1, -5))
    return "-".join(text[group] for group in _GROUPS)


def normal(text: str) -> str | None:
    """The code that somebody typed, without dashes and in capitals; ``None`` if it can be none."""
    code = text.upper().translate(_READ_AS)
    return code if len(code) == LENGTH and set(code) <= set(_ALPHABET) else None


def hashed(text: str) -> bytes | None:
    """The SHA-256 of a code however it was typed; ``None`` if it can be none."""
    code = normal(text)
    return hashlib.sha256(code.encode("ascii")).digest() if code else None
