"""Right of way: the lanes of readings stand still while an alarm is on its way to COMMIT.

What this is: a rule of the road on one event loop. What it is not: a lock; nobody has to have it. The one
idea: storing an alarm takes a dozen turns of the loop, and each of them is only as short as what readings do
in theirs. An alarm that hangs (its home is locked by somebody) gives the way back after ``PATIENCE_S``, and
readings go on, if slowly, even while alarms never end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

PATIENCE_S: Final = 0.5
"""[D] An alarm takes 10-50 ms, so this is reached only by one that waits for something else."""


class RightOfWay:
    """Alarms before readings. Lives on one event loop."""

    def __init__(self) -> None:
        """The way is clear."""
        self._calls: set[object] = set()
        self._clear = asyncio.Event()
        self._clear.set()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Go first for the length of the block, or for ``PATIENCE_S`` of it."""
        call = object()
        self._calls.add(call)
        self._clear.clear()
        expiry = asyncio.get_running_loop().call_later(PATIENCE_S, self._end, call)
        try:
            yield
        finally:
            expiry.cancel()
            self._end(call)

    async def give(self) -> None:
        """Let others have a turn, and alarms as many as they need, for at most ``PATIENCE_S``."""
        if not self._calls:
            await asyncio.sleep(0)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._clear.wait()

    def _end(self, call: object) -> None:
        self._calls.discard(call)
        if not self._calls:
            self._clear.set()
