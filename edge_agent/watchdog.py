"""Tells systemd that the agent does its work, and falls silent when it does not.

What this is: a decision (``ailment``), a datagram, and the loop between them. What it is not: a cure; systemd
ends and restarts an agent that it has not heard of for ``WatchdogSec``. The one idea: what is watched is the
road of an alarm (the loop runs, the outbox is worked, every part lives), not that some thread is alive. A
disk that takes nothing is no reason to restart: the outbox then works in memory, which would be lost.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

log = logging.getLogger(__name__)

WORKED_S: Final = 10.0
"""The outbox is worked about five times a second; not for so long is a hang [D]."""
LAG_S: Final = 1.0
"""The event loop must come round this fast, or a press waits [D]."""
_BEAT_S: Final = 1.0
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the agent is. ``worked_s``: since the outbox was worked. ``lag_s``: how late the loop came round.

    ``ended``: parts that ended although none ever may. ``hung``: drivers that hang and cannot be ended.
    """

    worked_s: float
    lag_s: float
    ended: tuple[str, ...] = ()
    hung: tuple[str, ...] = ()


def ailment(pulse: Pulse) -> str:
    """Why systemd must not be told that all is well; ``""`` when it may."""
    if pulse.ended:
        return f"ended: {', '.join(pulse.ended)}"
    if pulse.hung:
        return f"hangs: {', '.join(pulse.hung)}"
    if pulse.worked_s > WORKED_S:
        return f"the outbox was not worked for {pulse.worked_s:.0f} s"
    if pulse.lag_s > LAG_S:
        return f"the loop is {pulse.lag_s:.1f} s late"
    return ""


@dataclass(frozen=True, slots=True)
class Notifier:
    """Sends words to the service manager (sd_notify(3)). ``every_s``: how often it is told; 0: never."""

    address: str
    every_s: float = 0.0

    def say(self, words: str) -> None:
        """Send ``words``; a manager that does not listen is its own trouble."""
        name = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.connect(name)
                sender.sendall(words.encode())
        except OSError as error:
            log.debug("service manager cannot be told reason=%s", error)


def notifier(environment: Mapping[str, str] = os.environ, pid: int | None = None) -> Notifier | None:
    """The service manager that started us; ``None`` if none did.

    It is told twice as often as it asks for, and of the watchdog only when the watchdog is meant for us.
    """
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return None
    usec = environment.get("WATCHDOG_USEC", "")
    ours = environment.get("WATCHDOG_PID") in {None, str(os.getpid() if pid is None else pid)}
    every_s = int(usec) / _MICROSECONDS / 2 if usec.isdecimal() and ours else 0.0
    return Notifier(address, every_s)


async def watch(notify: Notifier, pulse: Callable[[float], Pulse], *, beat_s: float = _BEAT_S) -> None:
    """Look each ``beat_s`` and tell the manager, for ever. ``pulse`` gets how late the loop came round, s.

    READY comes with the first look that finds all well.
    """
    loop = asyncio.get_running_loop()
    told_s, is_ready, said = float("-inf"), False, ""
    while True:
        began = loop.time()
        await asyncio.sleep(beat_s)
        reason = ailment(pulse(loop.time() - began - beat_s))
        if reason != said:
            said = reason
            log.log(logging.WARNING if reason else logging.INFO, "watchdog %s", reason or "all well again")
            notify.say(f"STATUS={reason or 'running'}")
        if reason:
            continue
        if not is_ready:
            is_ready = True
            notify.say("READY=1\nSTATUS=running")
        if notify.every_s and loop.time() - told_s >= notify.every_s:
            told_s = loop.time()
            notify.say("WATCHDOG=1")
