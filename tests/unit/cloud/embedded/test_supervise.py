"""Supervision: what dies is started again, and a log tells each change once."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cloud.embedded.process import Launch, ServiceError, left_over
from cloud.embedded.supervise import running, supervise
from tests.harness import eventually


@dataclass
class Sleeper:
    """A service that does nothing, in ``folder``; ``failures``: how many starts fail in ``prepare``."""

    folder: Path
    failures: list[str] = field(default_factory=list)
    command: tuple[str, ...] = ("/bin/sleep", "600")
    name: str = "sleeper"
    ailments: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        if self.failures:
            raise ServiceError(self.failures.pop(0))

    def launch(self) -> Launch:
        return Launch(
            self.command, self.folder, self.folder / "log", os.getuid(), os.getgid(), signal.SIGTERM
        )

    def probe(self) -> bool:
        return bool(self.pids)

    def ailment(self) -> str:
        return self.ailments.pop(0) if self.ailments else ""

    @property
    def pids(self) -> list[int]:
        return left_over(self.folder, "sleep")


async def until(what: Callable[[], object], within_s: float = 20.0) -> None:
    await asyncio.to_thread(eventually, what, within_s=within_s)


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_killed_service_is_started_again_and_ended_with_us(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    service, ready = Sleeper(tmp_path), asyncio.Event()
    task = asyncio.create_task(supervise(service, ready))
    await ready.wait()
    (first,) = service.pids
    os.kill(first, signal.SIGKILL)
    await until(lambda: any(pid != first for pid in service.pids))
    await until(lambda: len(caplog.messages) == 3)
    await end(task)
    assert service.pids == []
    assert [message.split(" pid=")[0] for message in caplog.messages] == [
        "service up name=sleeper",
        "service died name=sleeper",
        "service up name=sleeper",
    ]


@dataclass
class Recovering(Sleeper):
    """A service that answers only after as many probes as half a minute of recovery takes."""

    left: int = 1_500

    def probe(self) -> bool:
        self.left -= 1
        return self.left <= 0


async def test_a_recovery_of_any_length_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(sys.modules[supervise.__module__], "_PROBE_S", 0)
    service, ready = Recovering(tmp_path), asyncio.Event()
    task = asyncio.create_task(supervise(service, ready))
    async with asyncio.timeout(60):
        await ready.wait()
    await until(lambda: len(service.pids) == 1)
    await end(task)
    assert [message.split(" pid=")[0] for message in caplog.messages] == ["service up name=sleeper"]


async def test_a_service_is_ended_even_if_the_end_is_asked_for_twice(tmp_path: Path) -> None:
    service, ready = Sleeper(tmp_path), asyncio.Event()
    task = asyncio.create_task(supervise(service, ready))
    await ready.wait()
    task.cancel()
    await asyncio.sleep(0)  # it has begun to stop
    await end(task)
    await until(lambda: not service.pids)


async def test_a_restart_that_fails_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    service, ready = Sleeper(tmp_path), asyncio.Event()
    task = asyncio.create_task(supervise(service, ready))
    await ready.wait()
    service.failures = ["disk full at 3", "disk full at 7", "no such user"]
    (first,) = service.pids
    os.kill(first, signal.SIGKILL)
    await until(lambda: any(pid != first for pid in service.pids))
    await end(task)
    told = [message.partition("reason=")[2] for message in caplog.messages if "cannot start" in message]
    assert told == ["disk full at 3", "no such user"], "each reason once"


async def test_a_service_that_ails_is_started_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    service, ready = Sleeper(tmp_path), asyncio.Event()
    task = asyncio.create_task(supervise(service, ready))
    await ready.wait()
    (first,) = service.pids
    service.ailments = ["stuck"]
    await until(lambda: service.pids not in ([first], []))
    await end(task)
    assert "service ails, starting it anew name=sleeper reason=stuck" in caplog.messages
    assert not any("died" in message for message in caplog.messages)


async def test_a_restart_that_no_file_can_be_written_for_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The folder of the log is gone for a moment: what a full or lost disk looks like to the starter."""
    service, ready = Sleeper(tmp_path / "home"), asyncio.Event()
    service.folder.mkdir()
    task = asyncio.create_task(supervise(service, ready))
    await ready.wait()
    (first,) = service.pids
    service.folder.rename(tmp_path / "away")
    os.kill(first, signal.SIGKILL)
    await until(lambda: any("sleeper cannot be started" in message for message in caplog.messages))
    (tmp_path / "away").rename(service.folder)
    await until(lambda: service.pids not in ([first], []))
    await end(task)


async def test_a_first_start_that_fails_is_our_callers_to_explain(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="disk full"):
        await supervise(Sleeper(tmp_path, ["disk full"]), asyncio.Event())


async def test_a_service_that_ends_before_it_answers_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    short = Sleeper(tmp_path, command=("/bin/sh", "-c", "echo bad option; exit 4"))
    with pytest.raises(ServiceError, match="sleeper ended with code 4 while starting: bad option"):
        await supervise(short, asyncio.Event())


def test_a_service_runs_for_the_length_of_a_block(tmp_path: Path) -> None:
    service = Sleeper(tmp_path)
    with running(service):
        assert len(service.pids) == 1
    assert service.pids == []
