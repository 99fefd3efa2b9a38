"""Serial lines for tests: real ptys with a device at the far end, whoever takes the frames, and waiting."""

from __future__ import annotations

import asyncio
import os
import termios
import tty
from collections.abc import Callable

import pytest

from edge_agent.drivers import Incoming


async def until(done: asyncio.Event) -> None:
    """Wait for an event."""
    async with asyncio.timeout(60):
        await done.wait()


async def until_true(what: Callable[[], object]) -> None:
    """For what has no event to wait on: another process, a thread."""
    async with asyncio.timeout(60):
        while not what():  # noqa: ASYNC110 - another process, a thread: no event
            await asyncio.sleep(0.01)


async def end(task: asyncio.Task[None]) -> None:
    """Cancel and wait, as the agent does when it stops."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class Line:
    """A pty with a device at its far end."""

    def __init__(self) -> None:
        self.far, self._near = os.openpty()
        tty.setraw(self._near, termios.TCSANOW)
        self.name = os.ttyname(self._near)
        self._open = [self.far, self._near]

    def unplug(self) -> None:
        """Pull the cable; a second time does nothing."""
        while self._open:
            os.close(self._open.pop())


class Heard:
    """Takes frames; ``enough`` is set at the wanted number."""

    def __init__(self, wanted: int) -> None:
        self.frames: list[Incoming] = []
        self._wanted = wanted
        self.enough = asyncio.Event()

    def __call__(self, incoming: Incoming) -> None:
        self.frames.append(incoming)
        if len(self.frames) == self._wanted:
            self.enough.set()

    @property
    def payloads(self) -> list[bytes]:
        """What the frames held."""
        return [incoming.frame.payload for incoming in self.frames]
