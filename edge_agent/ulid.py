"""Alarm ids: ULIDs, sortable by time, never equal, never running backwards inside one process.

The one idea: 48 bits of milliseconds and 80 random bits; a second id in the same millisecond (or after the
wall clock stepped back) is the previous one plus one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final

from firmware_protocols.model import AlarmId

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32: no I, L, O, U
_LENGTH: Final = 26
_RANDOM_BITS: Final = 80


class Ulids:
    """A source of ids; ``clock`` gives the wall time."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._last = 0

    def __call__(self) -> AlarmId:
        """Draw the next id; it sorts after every id drawn before."""
        milliseconds = int(self._clock().timestamp() * 1000)
        if milliseconds > self._last >> _RANDOM_BITS:
            self._last = milliseconds << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        else:
            self._last += 1
        return AlarmId(_text(self._last))


def _text(number: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
