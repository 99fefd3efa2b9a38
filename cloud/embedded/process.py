"""Starting and stopping one service process, and recognising one that an earlier run left behind.

It reads ``/proc``: a process is *ours* by the folder it works in and the program it runs, never by a
number in a file alone, because numbers are given again. A zombie counts as dead.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LAUNCH: Final = str(Path(__file__).with_name("launch.py"))
_POLL_S: Final = 0.02
SERVICE_PORTS: Final = range(10_000, 32_768)
"""Where a port is looked for that must still be free later, also after a restart: Linux gives the ones from
32,768 on (``net.ipv4.ip_local_port_range``) to whoever connects to somewhere."""
PORTS_TRIED: Final = 100
"""D. Of them, before it is said that none is free."""


class ServiceError(Exception):
    """A service cannot be started; ``str()`` says why and what to do."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a service: ``stop`` is the signal that ends it in good order."""

    command: tuple[str, ...]
    folder: Path
    log: Path
    uid: int
    gid: int
    stop: signal.Signals


def spawn(launch: Launch, secrets: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start it as our child, with its own session (Ctrl-C reaches only us), its output appended to ``log``.

    ``secrets``: variables that must not stand on its command line, which everybody may read.

    Call it on a thread that lives as long as the service: the kernel ties the child to the thread that
    made it.
    """
    shim = [sys.executable, "-I", "-S", _LAUNCH]
    facts = [str(number) for number in (os.getpid(), int(launch.stop), launch.uid, launch.gid)]
    with launch.log.open("ab") as log:
        return subprocess.Popen(
            [*shim, *facts, *launch.command],
            cwd=launch.folder,
            env={**_environment(), **(secrets or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def run_once(launch: Launch, *, wait_s: float) -> None:
    """Start it and wait for its end.

    Raises:
        ServiceError: it failed or did not end in time; the message carries the end of its output.
    """
    process = spawn(launch)
    try:
        code = process.wait(wait_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise ServiceError(f"{launch.command[0]} did not end within {wait_s:.0f} s") from None
    if code != 0:
        raise ServiceError(f"{launch.command[0]} failed with code {code}: {tail(launch.log)}")


def stop(process: subprocess.Popen[bytes], sign: signal.Signals, *, wait_s: float) -> None:
    """End our child: ``sign`` first, SIGKILL after ``wait_s``. Returns when it is gone and reaped."""
    if process.poll() is None:
        process.send_signal(sign)
        try:
            process.wait(wait_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def alive(pid: int) -> bool:
    """Whether a process with this number exists and is not a zombie."""
    after_name = _read(pid, "stat").rpartition(")")[2].split()
    return bool(after_name) and after_name[0] not in {"Z", "X"}


def left_over(folder: Path, program: str) -> list[int]:
    """Processes of an earlier run, helpers included: they run ``program`` and work in ``folder``."""
    return [pid for pid in _numbers() if _is(pid, program) and _works_in(pid, folder) and alive(pid)]


def end_left_over(folder: Path, program: str, sign: signal.Signals, *, wait_s: float) -> list[int]:
    """Stop what ``left_over`` finds and wait for its end (it is not our child, so it is polled).

    ``sign`` goes to main processes only. A helper, known by the title it gave itself, would take it for
    something else; it ends with its main process, also when that is long dead.

    Raises:
        ServiceError: it survives even SIGKILL.
    """
    found = left_over(folder, program)
    for attempt, patience_s in ((sign, wait_s), (signal.SIGKILL, 10.0)):
        for pid in filter(alive, found):
            if attempt is signal.SIGKILL or not _is_helper(pid, program):
                _signal(pid, attempt)
        if _gone(found, patience_s):
            return found
    raise ServiceError(f"process {found} of an earlier run in {folder} does not end")


def free_port(wanted: int = 0) -> int:
    """``wanted`` if it is free on the loopback interface, else one that is.

    Connections of the last run that the kernel has not yet forgotten (TIME_WAIT) do not make it taken.
    """
    some = random.SystemRandom().sample(SERVICE_PORTS, PORTS_TRIED)
    for port in (wanted, *some) if wanted else some:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the services do after a restart
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServiceError("no free TCP port on 127.0.0.1")


def tail(log: Path, size: int = 400, lines: int = 2) -> str:
    """The last words of a log, on one line, for an error message."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "no log"
    return " | ".join(text[-size:].splitlines()[-lines:])


def _environment() -> dict[str, str]:
    """Little enough that no setting of the caller (PGDATA, LC_ALL) changes how a service behaves."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _numbers() -> Sequence[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
    except OSError:
        return False


def _is(pid: int, program: str) -> bool:
    """By the kernel's name of it (15 characters), which a process title does not change."""
    return _read(pid, "comm").strip() == program[:15]


def _is_helper(pid: int, program: str) -> bool:
    return _read(pid, "cmdline").split("\0")[0].rpartition("/")[2] != program


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _signal(pid: int, sign: signal.Signals) -> None:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return


def _gone(pids: Sequence[int], wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while any(map(alive, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True
