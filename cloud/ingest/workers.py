"""What a worker of ingest is called, so that another on its machine can prove that it is dead.

What this is: names that carry a process, and the proof. What it is not: the leases themselves (``leases``).
The one idea: only what the kernel says of a process in our own view of it is a proof. A worker on another
machine or in another container, one that sleeps, and one that we may not look at all count as alive; their
leases run out by time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

_PROC: Final = Path("/proc")
_NAME: Final = re.compile(r"([0-9a-f]{12})-([0-9]+)-([0-9]+)-[0-9a-f]{6}")
_GONE: Final = {"Z", "X"}
"""A zombie does nothing more; it only waits for its parent (proc_pid_stat(5))."""


class _Stat(NamedTuple):
    """Of ``/proc/PID/stat``: the state, how many threads are left, and the start in ticks since the boot."""

    state: str
    threads: int
    started: int


def new_name(pid: int | None = None) -> str:
    """A name for a worker in the process ``pid`` (none: our own), used once: ``MACHINE-PID-START-RANDOM``.

    Where the kernel does not tell (no ``/proc``) it is only random, and proves nothing.
    """
    number = os.getpid() if pid is None else pid
    machine, stat, drawn = _machine(), _stat(number), uuid4().hex[:6]
    return f"{machine}-{number}-{stat.started}-{drawn}" if machine and stat else drawn


def proved_dead(names: Iterable[str]) -> list[str]:
    """Those of ``names`` whose process ran on this machine, in this container, and is gone for certain."""
    here = _machine()
    found = ((name, _NAME.fullmatch(name)) for name in names)
    return [
        name for name, parts in found if parts and parts[1] == here and _is_gone(int(parts[2]), int(parts[3]))
    ]


def _is_gone(pid: int, started: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # somebody else's: the number may have been given again, but nobody tells us
        pass
    stat = _stat(pid)
    if stat is None:  # hidden from us, or gone this moment: the next beat knows
        return False
    return stat.started != started or (stat.state in _GONE and stat.threads <= 1)


def _machine() -> str:
    """This boot of this kernel, and our own view of its processes and times; ``""``: not told.

    A number of a process means the same only there.
    """
    try:
        parts = [(_PROC / "sys/kernel/random/boot_id").read_text().strip()]
        parts += [str((_PROC / "self/ns" / kind).stat().st_ino) for kind in ("pid", "time")]
    except OSError:
        return ""
    return sha256(" ".join(parts).encode()).hexdigest()[:12]


def _stat(pid: int) -> _Stat | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold anything
    return _Stat(fields[0], int(fields[17]), int(fields[19]))
