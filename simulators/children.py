"""Processes that belong to us: started by their public commands, watched, and never left behind.

What this is: start, wait for a line, stop. What it is not: a supervisor; a child that dies is reported, not
restarted. The one idea: a child gets SIGTERM from the kernel when we die, however we die, and a session of
its own, so that Ctrl-C reaches only us and everything is stopped in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

STOP_S: Final = 15.0
"""A child that has not ended so long after SIGTERM is killed."""
READY_S: Final = 60.0
_TAIL: Final = 12
"""Lines of its log shown when a child died."""
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_LIBC: Final = ctypes.CDLL(None)


class ChildError(Exception):
    """A child ended that should not have, or did not get ready; ``str()`` has the end of its log."""


class Child:
    """One running process. Its output goes to ``log``; the first line on its stdout can be awaited."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    async def ready(self) -> Mapping[str, Any]:
        """Return the line of JSON with which it says that it is ready.

        Raises:
            ChildError: it ended, or said nothing in time.
        """
        stdout = self._process.stdout
        if stdout is None:
            raise ChildError(f"{self.name} was not started to say when it is ready")
        try:
            async with asyncio.timeout(READY_S):
                return dict(json.loads(await stdout.readline()))
        except (TimeoutError, ValueError) as error:
            raise ChildError(f"{self.name} did not get ready\n{self.last_words()}") from error

    async def ended(self) -> None:
        """Wait until it has ended by itself.

        Raises:
            ChildError: always, because it should not have.
        """
        status = await self._process.wait()
        raise ChildError(f"{self.name} ended with status {status}\n{self.last_words()}")

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it: ``number`` first, SIGKILL after ``STOP_S``. Safe to do twice."""
        if not self.running:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-_TAIL:])


async def start(
    module: str,
    *arguments: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
    says_ready: bool = False,
) -> Child:
    """Start ``python -m module arguments``; its output goes to ``log``."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE if says_ready else output,
            stderr=output,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    return Child(" ".join((module, *arguments[:1])), process, log)


async def stop_all(children: Sequence[Child]) -> None:
    """Stop them all at once."""
    await asyncio.gather(*(child.stop() for child in children))


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
