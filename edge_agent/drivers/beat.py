"""A driver's sign of life, and the end of a run that gives none.

What it is not: a sign that the device speaks; a quiet home is no fault. The one idea: whoever waits for
something that may never come says now and then that it waits. What says nothing for longer than its own
limit hangs: its run is ended and begun anew, and a run that cannot even be ended is for the watchdog.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

_OFTEN: Final = 4
"""Signs within the limit while something is waited for."""
_Found = TypeVar("_Found")


class HungError(Exception):
    """A driver gave no sign of life; the words are the same each time, so that they are logged once."""


class Beat:
    """When a driver last came round. ``limit_s``: its longest bounded step, and some to spare."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._at = time.monotonic()

    def note(self) -> None:
        """It has come round."""
        self._at = time.monotonic()

    def silent_s(self) -> float:
        """Since it last did."""
        return time.monotonic() - self._at

    async def during(self, awaited: Awaitable[_Found]) -> _Found:
        """What ``awaited`` gives, however long that takes; a sign of life meanwhile."""
        task = asyncio.ensure_future(awaited)
        try:
            while not task.done():
                self.note()
                await asyncio.wait({task}, timeout=self.limit_s / _OFTEN)
        finally:
            await ended(task)
        self.note()
        return task.result()


async def until_hung(run: Callable[[], Awaitable[None]], beat: Beat) -> None:
    """Run ``run`` as long as it gives signs of life; return only when it has really ended.

    Raises:
        HungError: it gave none for ``beat.limit_s``, and was ended.
    """
    beat.note()
    task = asyncio.ensure_future(run())
    try:
        while not task.done():
            left_s = beat.limit_s - beat.silent_s()
            if left_s <= 0:
                raise HungError(f"gave no sign of life for {beat.limit_s:.0f} s")
            await asyncio.wait({task}, timeout=left_s)
    finally:
        await ended(task)
    task.result()


async def ended(task: asyncio.Future[_Found]) -> None:
    """End ``task``. Two never share a port: what will not end is waited for, and the watchdog sees it."""
    if task.done():
        return
    task.cancel()
    while not task.done():
        await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
