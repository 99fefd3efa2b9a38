"""Systemd is told that all is well exactly while it is; a real datagram socket listens."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge_agent.watchdog import LAG_S, WORKED_S, Notifier, Pulse, ailment, notifier, watch
from tests.harness import ROOT

WELL = Pulse(worked_s=0.2, lag_s=0.01)


class Manager:
    """A service manager's end of the socket."""

    def __init__(self, name: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name)
        self.socket.settimeout(60)

    def heard(self) -> str:
        return self.socket.recv(4096).decode()

    def hears_nothing(self, seconds: float) -> bool:
        self.socket.settimeout(seconds)
        try:
            return not self.socket.recv(4096)
        except TimeoutError:
            return True


@contextmanager
def managing(name: str) -> Iterator[Manager]:
    manager = Manager(name)
    try:
        yield manager
    finally:
        manager.socket.close()


@pytest.mark.parametrize(
    ("pulse", "reason"),
    [
        (WELL, ""),
        (Pulse(WORKED_S, LAG_S), ""),
        (Pulse(WORKED_S + 1, 0), "the outbox was not worked for 11 s"),
        (Pulse(0, 2.5), "the loop is 2.5 s late"),
        (Pulse(0, 0, ("serial/radar",)), "ended: serial/radar"),
        (Pulse(0, 0, (), ("serial/radar",)), "hangs: serial/radar"),
    ],
)
def test_one_thing_wrong_is_enough_to_be_silent(pulse: Pulse, reason: str) -> None:
    assert ailment(pulse) == reason


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"NOTIFY_SOCKET": "relative"}, None),
        ({"NOTIFY_SOCKET": "/run/s"}, Notifier("/run/s")),
        ({"NOTIFY_SOCKET": "@s", "WATCHDOG_USEC": "60000000"}, Notifier("@s", 30.0)),
        (
            {"NOTIFY_SOCKET": "/run/s", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"},
            Notifier("/run/s", 30.0),
        ),
        ({"NOTIFY_SOCKET": "/run/s", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, Notifier("/run/s")),
        ({"NOTIFY_SOCKET": "/run/s", "WATCHDOG_USEC": "soon"}, Notifier("/run/s")),
    ],
)
def test_what_the_manager_asks_for_is_read(environment: dict[str, str], expected: Notifier | None) -> None:
    assert notifier(environment, pid=7) == expected


@pytest.mark.parametrize("abstract", [False, True])
async def test_it_is_told_ready_once_and_well_again_and_again(tmp_path: Path, abstract: bool) -> None:
    address = f"@anban-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with managing("\0" + address[1:] if abstract else address) as manager:
        task = asyncio.create_task(watch(Notifier(address, 0.05), lambda _: WELL, beat_s=0.01))
        heard = [await asyncio.to_thread(manager.heard) for _ in range(4)]
        task.cancel()
    assert heard == ["READY=1\nSTATUS=running", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]


async def test_it_falls_silent_with_the_reason_and_speaks_again(tmp_path: Path) -> None:
    address, now = str(tmp_path / "notify"), [WELL]
    with managing(address) as manager:
        task = asyncio.create_task(watch(Notifier(address, 0.05), lambda _: now[0], beat_s=0.01))
        while await asyncio.to_thread(manager.heard) != "WATCHDOG=1":
            pass
        now[0] = Pulse(WORKED_S + 1, 0)
        while (word := await asyncio.to_thread(manager.heard)) == "WATCHDOG=1":
            pass
        assert word == "STATUS=the outbox was not worked for 11 s"
        assert await asyncio.to_thread(manager.hears_nothing, 0.2)
        manager.socket.settimeout(60)
        now[0] = WELL
        assert await asyncio.to_thread(manager.heard) == "STATUS=running"
        assert await asyncio.to_thread(manager.heard) == "WATCHDOG=1"
        task.cancel()


async def test_a_blocked_loop_is_noticed(tmp_path: Path) -> None:
    lags: asyncio.Queue[float] = asyncio.Queue()

    def pulse(lag_s: float) -> Pulse:
        lags.put_nowait(lag_s)
        return WELL

    task = asyncio.create_task(watch(Notifier(str(tmp_path / "nobody")), pulse, beat_s=0.01))
    asyncio.get_running_loop().call_soon(time.sleep, 0.3)  # what no part may do
    assert await lags.get() > 0.2
    task.cancel()


def test_the_agent_as_a_service_says_ready_then_well_then_stopping(tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    config.write_text(
        f'[gateway]\nid = "gw-a"\nshard = 1\ndata_dir = "{tmp_path / "data"}"\n'
        '[uplink]\nhost = "127.0.0.1"\nport = 9\nsecret = "0123456789abcdef"\n'
    )
    address = str(tmp_path / "notify")
    command = [sys.executable, "-m", "edge_agent", "run", "--config", str(config)]
    environment = os.environ | {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "4000000"}
    with managing(address) as manager, (tmp_path / "log").open("wb") as log:
        agent = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            assert manager.heard() == "READY=1\nSTATUS=running"
            assert manager.heard() == "WATCHDOG=1"
        finally:
            agent.terminate()
        while (word := manager.heard()) == "WATCHDOG=1":
            pass
        assert word == "STOPPING=1"
        assert agent.wait(60) == 0
