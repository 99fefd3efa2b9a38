"""A certificate of hours with a check code. Pure.

What this is: the sentence that a code stands for, and how a code is written and read. What it is not: the
key, which the ring of the installation holds. The one idea: the code is a keyed hash of every word on the
paper, so a paper with another name or more hours has another code, and nobody makes one without the key.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import date
from typing import Final

_SYMBOLS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U."""
_READ_AS: Final = str.maketrans("ILO", "110", "- ")
_LENGTH: Final = 16
"""Symbols: 80 bits, too many to guess at one try a second."""
_GROUP: Final = 4
_BITS: Final = 5


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the paper says. ``served_min``: what was earned by ``visits`` on days from ``since`` to
    ``until``, also what went on to the pool."""

    number: int
    tenant: str
    holder: str
    served_min: int
    visits: int
    since: date
    until: date
    issued_on: date

    @property
    def text(self) -> str:
        """What is hashed: one line of JSON, so that no two certificates read alike."""
        return "time certificate " + json.dumps(astuple(self), ensure_ascii=False, default=date.isoformat)


def code(mark: bytes) -> str:
    """``ABCD-EFGH-JKMN-PQRS`` from ``mark``, the keyed hash of ``Certificate.text`` (10 bytes or more)."""
    number = int.from_bytes(mark[: _LENGTH * _BITS // 8], "big")
    symbols = [_SYMBOLS[number >> shift & 31] for shift in range((_LENGTH - 1) * _BITS, -1, -_BITS)]
    groups = ("".join(symbols[at : at + _GROUP]) for at in range(0, _LENGTH, _GROUP))
    return "-".join(groups)


def is_right(written: str, marks: Iterable[bytes]) -> bool:
    """Whether ``written``, as somebody read it off a paper, is the code of one of ``marks``."""
    read = written.upper().translate(_READ_AS).encode()
    return any(hmac.compare_digest(read, code(mark).replace("-", "").encode()) for mark in marks)
