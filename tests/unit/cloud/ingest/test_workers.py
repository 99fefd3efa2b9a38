"""Workers' names: only a process that the kernel says is gone counts as dead."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from cloud.ingest.workers import new_name, proved_dead


def test_a_name_is_used_once_and_fits_into_that_of_a_connection() -> None:
    first, second = new_name(), new_name()
    assert first != second
    assert len(f"anban-ingest-{first}") < 63, "PostgreSQL cuts off the rest"


def test_who_lives_or_sleeps_is_not_dead(process: subprocess.Popen[bytes]) -> None:
    name = new_name(process.pid)
    assert proved_dead([name, new_name()]) == []
    process.send_signal(signal.SIGSTOP)
    assert proved_dead([name]) == []


def test_who_was_killed_is_dead_before_and_after_its_parent_looks(process: subprocess.Popen[bytes]) -> None:
    name = new_name(process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE
    assert proved_dead([name, new_name()]) == [name]
    process.wait()
    assert proved_dead([name]) == [name]


def test_a_number_that_was_given_again_is_another_process() -> None:
    machine, number, started, drawn = new_name().split("-")
    earlier = f"{machine}-{number}-{int(started) - 1}-{drawn}"
    assert proved_dead([earlier]) == [earlier]


@pytest.mark.parametrize("name", ["a", "", "0123456789ab-1-1-abcdef", "0123456789ab-4194305-1-abcdef"])
def test_of_another_machine_or_an_earlier_program_nothing_is_known(name: str) -> None:
    assert proved_dead([name]) == []


def test_nothing_is_proved_where_the_kernel_does_not_tell(
    process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = new_name(process.pid)
    process.kill()
    process.wait()
    monkeypatch.setattr("cloud.ingest.workers._PROC", tmp_path)
    assert proved_dead([name, new_name()]) == []
