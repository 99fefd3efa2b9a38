"""Processes: recognised by what they are, not by a number; ended for certain; never orphaned."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cloud.embedded.process import (
    Launch,
    ServiceError,
    alive,
    end_left_over,
    free_port,
    left_over,
    run_once,
    spawn,
    stop,
)
from tests.harness import ROOT, eventually

SLEEP = ("/bin/sleep", "600")
FIRST_OF_CONNECTIONS = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])


def launch(folder: Path, *command: str) -> Launch:
    return Launch(command or SLEEP, folder, folder / "log", os.getuid(), os.getgid(), signal.SIGTERM)


def test_a_service_is_started_stopped_and_reaped(tmp_path: Path) -> None:
    process = spawn(launch(tmp_path))
    eventually(lambda: left_over(tmp_path, "sleep") == [process.pid])
    stop(process, signal.SIGTERM, wait_s=10)
    assert not alive(process.pid)
    assert process.returncode == -signal.SIGTERM


def test_a_service_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    deaf = "trap '' TERM; echo 1; while true; do sleep 1; done"
    process = spawn(launch(tmp_path, "/bin/sh", "-c", deaf))
    eventually(lambda: (tmp_path / "log").read_text() == "1\n")
    stop(process, signal.SIGTERM, wait_s=0.1)
    assert process.returncode == -signal.SIGKILL


def test_a_zombie_is_dead() -> None:
    process = subprocess.Popen(["/bin/true"])
    eventually(lambda: not alive(process.pid))  # nobody has waited for it yet
    assert Path(f"/proc/{process.pid}").exists()
    process.wait()


def test_a_process_elsewhere_or_of_another_program_is_not_ours(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    process = subprocess.Popen(SLEEP, cwd=elsewhere)
    try:
        eventually(lambda: left_over(elsewhere, "sleep") == [process.pid])
        assert left_over(tmp_path, "sleep") == []
        assert left_over(elsewhere, "postgres") == []
    finally:
        stop(process, signal.SIGKILL, wait_s=10)


def test_what_an_earlier_run_left_behind_is_ended(tmp_path: Path) -> None:
    script = "/bin/sleep 600 >/dev/null & echo $!"
    pid = int(subprocess.check_output(["/bin/sh", "-c", script], cwd=tmp_path))
    eventually(lambda: left_over(tmp_path, "sleep") == [pid])
    assert end_left_over(tmp_path, "sleep", signal.SIGTERM, wait_s=10) == [pid]
    assert not alive(pid)


def test_a_failing_program_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="failed with code 3: no space left"):
        run_once(launch(tmp_path, "/bin/sh", "-c", "echo no space left; exit 3"), wait_s=10)


def test_a_program_that_does_not_end_is_killed(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="did not end"):
        run_once(launch(tmp_path), wait_s=0.2)
    assert left_over(tmp_path, "sleep") == []


def test_a_wanted_port_is_given_only_while_it_is_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wanted = taken.getsockname()[1]
        assert free_port(wanted) != wanted
    assert free_port(wanted) == wanted


def test_no_connection_is_given_the_port_that_a_service_was_promised() -> None:
    """A gateway knows its broker by it, and a restart must find it free."""
    assert all(free_port() < FIRST_OF_CONNECTIONS for _ in range(100))


def test_kill_9_of_the_supervisor_leaves_no_orphan(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys, time; from pathlib import Path;"
        "from cloud.embedded.process import Launch, spawn;"
        "here = Path(sys.argv[1]);"
        "spawn(Launch(('/bin/sleep', '600'), here, here / 'log', os.getuid(), os.getgid(), signal.SIGTERM));"
        "time.sleep(600)"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT)
    eventually(lambda: left_over(tmp_path, "sleep"))
    supervisor.kill()
    supervisor.wait()
    eventually(lambda: not left_over(tmp_path, "sleep"))
