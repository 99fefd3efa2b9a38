"""The demonstration as a newcomer runs it: one command, alarms within two minutes, one Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from simulators import scenario, world
from simulators.console import Console
from simulators.demo import UP_TARGET_S

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]

PROCESSORS = 2
"""Of the smallest machine on which it is to be up in time; it takes some 14 s of them together."""


class Demo:
    """A running demonstration and what it has printed."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.printed = ""

    async def until(self, pattern: str, within_s: float = 120) -> re.Match[str]:
        """Read on until a printed line matches."""
        assert self.process.stdout
        async with asyncio.timeout(within_s):
            while True:
                line = (await self.process.stdout.readline()).decode()
                assert line, f"it ended without saying {pattern!r}:\n{self.printed}"
                self.printed += line
                if found := re.search(pattern, line):
                    return found

    async def until_all(self, *patterns: str, within_s: float) -> None:
        """Read on until there was a line for each, in any order."""
        awaited = set(patterns)
        async with asyncio.timeout(within_s):
            while awaited:
                line = (await self.until("", within_s)).string
                awaited -= {pattern for pattern in awaited if re.search(pattern, line)}

    def left_behind(self) -> list[str]:
        """Processes that still work in its folder."""
        return [
            " ".join(each.info["cmdline"])
            for each in psutil.process_iter(["cmdline"])
            if any(str(self.folder) in part for part in each.info["cmdline"] or ())
        ]

    async def nothing_left(self, within_s: float) -> None:
        """Wait until its orphans have ended by themselves."""
        deadline = asyncio.get_running_loop().time() + within_s
        while left := self.left_behind():
            assert asyncio.get_running_loop().time() < deadline, left
            await asyncio.sleep(0.1)


@asynccontextmanager
async def demo(folder: Path, *arguments: str) -> AsyncIterator[Demo]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators.demo", "--data", str(folder), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield Demo(process, folder)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_is_up_in_time_tells_of_every_alarm_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder, soon = tmp_path / "demo", story(tmp_path / "story.toml", 1, 2.9, 6.2)
    async with demo(folder, "--homes", "6", "--clear", "--scenario", str(soon)) as running:
        await running.until(r"^Up in ([0-9.]+) s")
        up_s = processor_s(running.process.pid)
        address = (await running.until(r"Console +(http://\S+)"))[1]
        await running.until_all(
            r"P1 sos .* raised",
            r"✉ to ",
            r"P1 fall .* detected",
            r"P1 fall .* raised",
            r"P1 gas .* raised",
            within_s=120,
        )
        await everybody_is_online(address, homes=6)
        running.process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(running.process.wait(), 60) == 0
        assert running.left_behind() == []
    assert not folder.exists()
    assert up_s <= PROCESSORS * UP_TARGET_S


def processor_s(pid: int) -> float:
    """Seconds of processor that a process and its children have used; what others do is not in."""
    used = 0.0
    for each in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            used += sum(each.cpu_times()[:4])  # its own, and those of children that have ended
    return used


def story(file: Path, *at_s: float) -> Path:
    """The demonstration's own story, its steps at other times."""
    times = iter(at_s)
    told = re.sub(r"at_s = [0-9.]+", lambda _: f"at_s = {next(times)}", scenario.DEMO.read_text("utf-8"))
    file.write_text(told)
    return file


async def everybody_is_online(address: str, homes: int) -> None:
    """Wait until the fleet's homes are there as well as the whole ones, as the operator sees them."""
    operator = next(each for each in world.build(homes, 3, seed=1).staff if each.role == "operator")
    async with asyncio.timeout(60), Console(address, operator.username, operator.password) as console:
        while sum(home["online"] for home in (await console.get("snapshot"))["homes"]) < homes:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.1)


async def test_killed_with_its_data_kept_it_starts_again_and_still_knows_its_alarm(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    soon, later = story(tmp_path / "soon.toml", 1, 5_000, 5_000), story(tmp_path / "later.toml", *[5_000] * 3)
    async with demo(folder, "--homes", "3", "--scenario", str(soon)) as first:
        await first.until(r"P1 sos .* raised", 120)
        first.process.kill()
        await first.process.wait()
        await first.nothing_left(within_s=60)
    async with demo(folder, "--homes", "3", "--scenario", str(later)) as second:
        address = (await second.until(r"Console +(http://\S+)"))[1]
        operator = next(each for each in world.build(3, 3, seed=1).staff if each.role == "operator")
        async with Console(address, operator.username, operator.password) as console:
            snapshot = await console.get("snapshot")
        assert [incident["kind"] for incident in snapshot["incidents"]] == ["sos"]
        second.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(second.process.wait(), 60) == 0


async def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with demo(tmp_path / "demo", "--port", str(port)) as running:
        await running.until(f"anban demo: port {port} is in use; choose another")
        assert await asyncio.wait_for(running.process.wait(), 60) == 1
    server.close()
    await server.wait_closed()


async def test_a_story_that_cannot_be_read_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "story.toml").write_text("[[step]]\nat_s = 1\n")
    async with demo(tmp_path / "demo", "--scenario", str(tmp_path / "story.toml")) as running:
        await running.until(r"anban demo: \S+story.toml is no scenario: a step lacks 'home'")
        assert await asyncio.wait_for(running.process.wait(), 60) == 1


async def test_a_folder_that_is_not_a_demonstrations_is_never_cleared(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    async with demo(tmp_path, "--clear") as running:
        await running.until("is not a demonstration's folder; it is left alone")
        assert await asyncio.wait_for(running.process.wait(), 60) == 1
    assert (tmp_path / "letters.txt").read_text() == "dear"


async def test_a_folder_with_another_county_is_refused(tmp_path: Path) -> None:
    (tmp_path / "county.json").write_text('{"homes": 3, "whole": 3, "seed": 7}')
    async with demo(tmp_path, "--homes", "3", "--seed", "8") as running:
        await running.until("holds another county")
        assert await asyncio.wait_for(running.process.wait(), 60) == 1
