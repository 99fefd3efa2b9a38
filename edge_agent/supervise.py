"""Keep one part running: restart it with back-off, and say a change once.

The one idea: every part of the agent may fail at any time and none may take the others down. This is the only
place with a broad ``except``.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

log = logging.getLogger(__name__)

STABLE_S: Final = 30.0
"""A part that has run this long is well again: its back-off starts over."""


@dataclass(slots=True)
class Backoff:
    """Waits that double from ``first_s`` to ``most_s``, spread by ±25 % so that homes are not in step."""

    first_s: float = 1.0
    most_s: float = 60.0
    _next_s: float = 0.0

    def next_s(self) -> float:
        """The next wait, s."""
        wait = self._next_s or self.first_s
        self._next_s = min(wait * 2, self.most_s)
        return wait * random.uniform(0.75, 1.25)  # noqa: S311 - jitter needs no secrecy

    def reset(self) -> None:
        """Start over: it worked."""
        self._next_s = 0.0


async def supervise(
    name: str, run: Callable[[], Awaitable[None]], *, first_s: float = 1.0, most_s: float = 60.0
) -> None:
    """Run ``run`` until cancelled, again and again; log each *new* reason for failing, and the recovery.

    Only our own cancellation ends it. One that a library leaves behind (a future that it gave up) is a
    failure like another: a task group takes it for an orderly end, and the part would be gone without a word.
    """
    loop = asyncio.get_running_loop()
    backoff = Backoff(first_s, most_s)
    said = ""

    def well() -> None:
        nonlocal said
        backoff.reset()
        if said:
            log.info("running again part=%s", name)
            said = ""

    while True:
        stable = loop.call_later(STABLE_S, well)
        try:
            reason, trace = await _outcome(run)
        finally:
            stable.cancel()
        if reason != said:
            log.warning("part failed, restarting part=%s reason=%s", name, reason)
            log.debug("trace part=%s", name, exc_info=trace)
            said = reason
        await asyncio.sleep(backoff.next_s())


async def _outcome(run: Callable[[], Awaitable[None]]) -> tuple[str, BaseException | None]:
    """Run it once; why it is over, and what it raised."""
    try:
        await run()
    except asyncio.CancelledError as error:
        if _is_told_to_end():
            raise
        return "something that it waited for was cancelled", error
    except Exception as error:  # noqa: BLE001 - the one place that keeps a failing part from the others
        cause = _only(error)
        return f"{type(cause).__name__}: {cause}", error
    return "ended", None


def _only(error: Exception) -> Exception:
    """What a group of tasks failed of, if it is one thing; the group's own words name nothing."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _is_told_to_end() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
