"""A disk that runs out is named once, with what to do."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

import pytest

from cloud.embedded import room
from cloud.embedded.room import FULL_MIB, LOW_MIB, Level, free_mib, level, shortage


@pytest.mark.parametrize(
    ("free", "before", "after"),
    [
        (LOW_MIB, Level.FINE, Level.FINE),
        (LOW_MIB - 1, Level.FINE, Level.LOW),
        (LOW_MIB + 1, Level.LOW, Level.LOW),
        (LOW_MIB * 1.25, Level.LOW, Level.FINE),
        (0.0, Level.FINE, Level.FULL),
        (FULL_MIB, Level.LOW, Level.LOW),
        (FULL_MIB + 1, Level.FULL, Level.FULL),
        (FULL_MIB * 1.25, Level.FULL, Level.LOW),
        (float("inf"), Level.FULL, Level.FINE),
    ],
)
def test_a_disk_gets_better_only_when_it_is_well_above_the_mark(
    free: float, before: Level, after: Level
) -> None:
    assert level(free, before) is after


def test_a_folder_that_is_not_there_yet_is_on_the_disk_of_the_one_above_it(tmp_path: Path) -> None:
    there = free_mib(tmp_path)
    assert abs(free_mib(tmp_path / "not" / "yet") - there) < there / 2


def test_a_full_disk_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shortage(tmp_path) == ""
    monkeypatch.setattr(room, "FULL_MIB", float("inf"))  # whatever there is, is too little
    assert shortage(tmp_path).startswith(f"the disk of {tmp_path} is full (")
    assert shortage(tmp_path).endswith(": make room there")


async def test_each_disk_and_each_change_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.setattr(room, "_EVERY_S", 0.001)
    monkeypatch.setattr(room, "_MARKS", {Level.FULL: float("inf")})
    task = asyncio.create_task(room.watch([tmp_path, inside, tmp_path / "absent"]))
    async with asyncio.timeout(60):
        while not caplog.messages:  # noqa: ASYNC110 - what is waited for is a log line
            await asyncio.sleep(0.005)
        monkeypatch.setattr(room, "_MARKS", {Level.FULL: 0.0})
        while len(caplog.messages) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)  # many rounds, in which a repetition would show
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    full, fine = caplog.messages
    assert full.startswith(f"the disk of {tmp_path} (")
    assert "is full: nothing new is stored or acknowledged" in full
    assert "make room there" in full
    assert fine.endswith("has room again")
