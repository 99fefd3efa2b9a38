"""How much each of very many may ask, in a table that never grows.

What this is: a bucket of requests for each name, without keeping the names. What it is not: exact; two names
can share a place. The one idea: a name stands in one place of each row, under a hash that nobody outside
knows, and what its emptiest place says counts. So whoever comes with a million names fills no memory, drives
nobody's count out, and is mistaken for a neighbour only where all rows agree (a count-min sketch, Cormode and
Muthukrishnan 2005, with times in it instead of counts).
"""

from __future__ import annotations

import hashlib
import secrets
from array import array
from typing import Final

ROWS: Final = 3
PLACES: Final = 2**15
"""Of each row. With 1,000 names at their limit 3 in 100,000 others share all three places with such names,
with 10,000 names 2 in 100 ((1 - e^(-names/PLACES))^ROWS)."""
_PLACE_BYTES: Final = 4
_KEY_BYTES: Final = 32


class Crowd:
    """Buckets of ``burst`` requests that fill again at ``rate`` a second. 8 bytes a place: 768 KiB."""

    def __init__(self, rate: float, burst: float) -> None:
        self._step_s, self._depth_s = 1 / rate, burst / rate
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._full_at = array("d", bytes(8 * ROWS * PLACES))  # when what was taken will have come back

    def take(self, name: str, now_s: float) -> float | None:
        """Count a request at ``now_s`` of a clock that never goes back. Return ``None`` when it may go on,
        else how many seconds to wait; what must wait is not counted.
        """
        places = self._places(name)
        owed_s = max(0.0, min(self._full_at[place] for place in places) - now_s) + self._step_s
        if owed_s > self._depth_s + self._step_s / 2:  # times are added up, so nothing comes out even
            return owed_s - self._depth_s
        for place in places:
            self._full_at[place] = max(self._full_at[place], now_s + owed_s)
        return None

    @property
    def size(self) -> int:
        """Bytes of the table; always the same."""
        return self._full_at.itemsize * len(self._full_at)

    def _places(self, name: str) -> list[int]:
        digest = hashlib.blake2b(name.encode(), digest_size=ROWS * _PLACE_BYTES, key=self._key).digest()
        words = memoryview(digest).cast("I")
        return [row * PLACES + word % PLACES for row, word in enumerate(words)]
