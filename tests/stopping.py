"""Whether a loop without end stops when it is told to, at whatever moment that happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Endless:
    """``one_round`` again and again, in a task of its own."""

    def __init__(self, one_round: Callable[[], Awaitable[None]]) -> None:
        self._one_round = one_round
        self._rounds = 0
        self._task = asyncio.create_task(self._run())

    async def stops_after(self, turns: int) -> bool:
        """Tell it to stop so many turns of the event loop from now; whether it did. It is over either way."""
        for _ in range(turns):
            await asyncio.sleep(0)
        self._task.cancel()
        enough = self._rounds + 3
        while not self._task.done() and self._rounds < enough:  # noqa: ASYNC110 - neither end has an event
            await asyncio.sleep(0.001)
        stopped = self._task.cancelled()
        while not self._task.done():
            self._task.cancel()
            await asyncio.sleep(0.001)
        return stopped

    async def _run(self) -> None:
        while True:
            await self._one_round()
            self._rounds += 1
