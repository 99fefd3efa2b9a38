"""Keeps a service running: starts it, waits until it answers, starts it again when it dies.

The restart waits longer each time a service dies young; it is never given up, because someone may be
lying on a floor. A service that runs but ails is started anew, unless its disk is full: then that would
cure nothing, and it waits for room. Only changes are logged.
"""

from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from cloud.embedded import room
from cloud.embedded.process import Launch, ServiceError, spawn, stop, tail

STOP_S: Final = 30.0
"""Patience with a service that was asked to end, before SIGKILL."""
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 15.0
SETTLED_S: Final = 60.0
"""A service that lived this long starts over with the shortest pause."""
_PROBE_S: Final = 0.02
_CHECK_S: Final = 2.0
"""How often a running service is asked whether it ails."""
_ROOM_S: Final = 1.0
"""How often a service that cannot start looks for room on its disk."""

_NUMBER: Final = re.compile(r"\d+")
"""Times and processes in a reason make no new one."""

_log = logging.getLogger(__name__)


class Service(Protocol):
    """Something that can be started in a process of its own."""

    @property
    def name(self) -> str: ...

    @property
    def folder(self) -> Path:
        """Where it writes."""
        ...

    def prepare(self) -> None:
        """Make it startable; blocks. Raises ``ServiceError``."""
        ...

    def launch(self) -> Launch:
        """How to start it now."""
        ...

    def probe(self) -> bool:
        """Whether it answers; blocks briefly, never raises."""
        ...

    def ailment(self) -> str:
        """What ails it although it runs, if only a new start cures that; else ``""``. As ``probe``."""
        ...


async def supervise(service: Service, ready: asyncio.Event) -> None:
    """Run ``service`` for ever; set ``ready`` when it answers for the first time. Cancel to stop it.

    Raises:
        ServiceError: the very first start fails. Later failures are retried.
    """
    pause_s, said = FIRST_PAUSE_S, ""
    while True:
        born = time.monotonic()
        try:
            await _live_once(service, ready)
            said = ""
        except ServiceError as error:
            reason = "; ".join(filter(None, (str(error), room.shortage(service.folder))))
            if not ready.is_set():
                raise ServiceError(reason) from error
            if (gist := _NUMBER.sub("", reason)) != said:
                _log.error("service cannot start, will go on trying name=%s reason=%s", service.name, reason)
            said = gist
        pause_s = FIRST_PAUSE_S if time.monotonic() - born > SETTLED_S else min(pause_s * 2, LONGEST_PAUSE_S)
        await _pause(service, pause_s)


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
    try:
        await asyncio.to_thread(service.prepare)
        launch = service.launch()
        process = spawn(launch)
    except OSError as error:
        raise ServiceError(f"{service.name} cannot be started: {error}") from error
    try:
        while not await asyncio.to_thread(service.probe):
            _check_alive(service, launch, process)
            await asyncio.sleep(_PROBE_S)
        _log.info("service up name=%s pid=%d", service.name, process.pid)
        ready.set()
        await _outlive(service, process)
    finally:
        # Submitted at once and shielded: a second cancellation may end our waiting, never the stopping.
        stopping = partial(stop, process, launch.stop, wait_s=STOP_S)
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, stopping))


async def _outlive(service: Service, process: subprocess.Popen[bytes]) -> None:
    """Return when it has died, or when it ails and a new start can cure that."""
    said = False
    while not await asyncio.to_thread(_ended, process):
        ailment = await asyncio.to_thread(service.ailment)
        if not ailment:
            continue
        if not room.shortage(service.folder):
            _log.warning("service ails, starting it anew name=%s reason=%s", service.name, ailment)
            return
        if not said:
            _log.error("service ails, waiting for room name=%s reason=%s", service.name, ailment)
            said = True
    _log.warning("service died name=%s pid=%d code=%d", service.name, process.pid, process.returncode)


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it ends within ``_CHECK_S``."""
    try:
        process.wait(_CHECK_S)
    except subprocess.TimeoutExpired:
        return False
    return True


async def _pause(service: Service, pause_s: float) -> None:
    """Wait ``pause_s``, or less if the service's disk was full and has room again."""
    was_short, deadline = room.shortage(service.folder), time.monotonic() + pause_s
    while (left_s := deadline - time.monotonic()) > 0:
        await asyncio.sleep(min(left_s, _ROOM_S))
        if was_short and not room.shortage(service.folder):
            return


def _check_alive(service: Service, launch: Launch, process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        reason = f"{service.name} ended with code {process.returncode} while starting: {tail(launch.log)}"
        raise ServiceError(reason)
