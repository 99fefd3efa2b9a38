"""The control socket: the answer comes when the thing has happened, and a refusal says why."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from simulators import control
from simulators.control import Report


@pytest.fixture
async def socket(tmp_path: Path) -> AsyncIterator[Path]:
    async def act(home: str, action: str, report: Report, arguments: Mapping[str, Any]) -> None:
        if home != "h001":
            raise KeyError(home)
        for number in range(arguments.get("times", 1)):
            report({"action": action, "number": number})

    path = tmp_path / "sim.sock"
    async with await control.serve(path, act):
        yield path


async def test_reports_come_before_the_end(socket: Path) -> None:
    reports = [each async for each in control.ask(socket, "h001", "press", times=3)]
    assert [each["number"] for each in reports] == [0, 1, 2]


async def test_a_refusal_says_why(socket: Path) -> None:
    with pytest.raises(ValueError, match="KeyError: 'h999'"):
        await control.do(socket, "h999", "press")


async def test_garbage_is_refused_and_the_next_request_is_served(socket: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(b"{not json\n[]\n")
    refusals = [json.loads(await reader.readline()) for _ in range(2)]
    writer.close()
    assert [each["ok"] for each in refusals] == [False, False]
    await control.do(socket, "h001", "press")


def test_only_the_owner_may_use_the_socket(socket: Path) -> None:
    assert socket.stat().st_mode & 0o077 == 0


async def test_nobody_listening_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await control.do(tmp_path / "none.sock", "h001", "press")
