"""How a process runs until it is told to stop, and ends even if something does not."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any, Final, NoReturn

STOP_S: Final = 45.0
"""Longest a stop may take: the services get 30 s. A service manager loses patience after 90."""

_log = logging.getLogger(__name__)


def run_until_told(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` until it ends or SIGTERM or SIGINT comes; then it is cancelled and may clean up."""
    asyncio.run(_until_told(work))
    gc.freeze()  # or the interpreter looks once more through all that ends with it


def announce(address: str) -> None:
    """Say on stdout that the screens answer; whoever started us may wait for this line.

    What a service is made of by then lives as long as it does: the collector leaves it alone from now on.
    """
    sys.stdout.write(f"ready {address}\n")
    sys.stdout.flush()
    gc.freeze()


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if not task.cancelling():  # a terminal and a parent may both ask: cleaning up goes on undisturbed
            task.cancel()
            loop.call_later(STOP_S, _give_up)

    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop)
    try:
        await task
    except asyncio.CancelledError:
        _log.info("stopped")


def _give_up() -> NoReturn:
    """End at once and say what still ran; the kernel ends the services with us, and they recover."""
    for task in asyncio.all_tasks():
        _log.error("does not stop: %s", task.get_stack(limit=1) or task)
    faulthandler.dump_traceback()
    os._exit(1)
