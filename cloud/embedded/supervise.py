"""Keeps a service running: starts it, waits until it answers, starts it again when it dies.

The restart waits longer each time a service dies young; it is never given up, because someone may be
lying on a floor. Only changes are logged.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, Protocol

from cloud.embedded.process import Launch, ServiceError, spawn, stop, tail

STOP_S: Final = 30.0
"""Patience with a service that was asked to end, before SIGKILL."""
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 15.0
SETTLED_S: Final = 60.0
"""A service that lived this long starts over with the shortest pause."""
_PROBE_S: Final = 0.02

_log = logging.getLogger(__name__)


class Service(Protocol):
    """Something that can be started in a process of its own."""

    @property
    def name(self) -> str: ...

    def prepare(self) -> None:
        """Make it startable; blocks. Raises ``ServiceError``."""
        ...

    def launch(self) -> Launch:
        """How to start it now."""
        ...

    def probe(self) -> bool:
        """Whether it answers; blocks briefly, never raises."""
        ...


async def supervise(service: Service, ready: asyncio.Event) -> None:
    """Run ``service`` for ever; set ``ready`` when it answers for the first time. Cancel to stop it.

    Raises:
        ServiceError: the very first start fails. Later failures are retried.
    """
    pause_s, failing = FIRST_PAUSE_S, False
    while True:
        born = time.monotonic()
        try:
            await _live_once(service, ready)
            failing = False
        except ServiceError as error:
            if not ready.is_set():
                raise
            if not failing:
                _log.error("service cannot start, will go on trying name=%s reason=%s", service.name, error)
            failing = True
        pause_s = FIRST_PAUSE_S if time.monotonic() - born > SETTLED_S else min(pause_s * 2, LONGEST_PAUSE_S)
        await asyncio.sleep(pause_s)


@contextmanager
def running(service: Service) -> Iterator[None]:
    """Run ``service`` for the length of a block, without an event loop: for single commands and tests.

    Raises:
        ServiceError: it does not start.
    """
    service.prepare()
    launch = service.launch()
    process = spawn(launch)
    try:
        while not service.probe():
            _check_alive(service, launch, process)
            time.sleep(_PROBE_S)
        yield
    finally:
        stop(process, launch.stop, wait_s=STOP_S)


async def _live_once(service: Service, ready: asyncio.Event) -> None:
    """Start it, wait for its end. Raises ``ServiceError`` when it ends before it answered."""
    await asyncio.to_thread(service.prepare)
    launch = service.launch()
    process = spawn(launch)
    try:
        while not await asyncio.to_thread(service.probe):
            _check_alive(service, launch, process)
            await asyncio.sleep(_PROBE_S)
        _log.info("service up name=%s pid=%d", service.name, process.pid)
        ready.set()
        await asyncio.to_thread(process.wait)
        _log.warning("service died name=%s pid=%d code=%d", service.name, process.pid, process.returncode)
    finally:
        # Submitted at once and shielded: a second cancellation may end our waiting, never the stopping.
        stopping = partial(stop, process, launch.stop, wait_s=STOP_S)
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, stopping))


def _check_alive(service: Service, launch: Launch, process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        reason = f"{service.name} ended with code {process.returncode} while starting: {tail(launch.log)}"
        raise ServiceError(reason)
