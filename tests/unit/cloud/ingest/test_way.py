"""Right of way: readings stand still for alarms, and never for ever."""

from __future__ import annotations

import asyncio

import pytest

from cloud.ingest import way as ways
from cloud.ingest.way import RightOfWay


async def turns(way: RightOfWay, done: list[str], count: int) -> None:
    for _ in range(count):
        await way.give()
        done.append("reading")


async def test_readings_stand_still_until_every_alarm_is_stored() -> None:
    way, done = RightOfWay(), list[str]()
    with way.taken():
        with way.taken():
            readings = asyncio.create_task(turns(way, done, 3))
            for _ in range(20):
                await asyncio.sleep(0)
            done.append("first alarm")
        for _ in range(20):
            await asyncio.sleep(0)
        done.append("second alarm")
    await asyncio.wait_for(readings, 60)
    assert done == ["first alarm", "second alarm", "reading", "reading", "reading"]


async def test_an_alarm_that_hangs_gives_the_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "PATIENCE_S", 0.01)
    way, done = RightOfWay(), list[str]()
    with way.taken():
        await asyncio.wait_for(turns(way, done, 1_000), 60)  # a turn each, but for the first
    assert len(done) == 1_000


async def test_readings_go_on_even_while_alarms_never_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "PATIENCE_S", 0.01)
    way, done = RightOfWay(), list[str]()

    async def call_again_and_again() -> None:
        while True:
            with way.taken():
                await asyncio.sleep(0.002)

    calling = [asyncio.create_task(call_again_and_again()) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.wait_for(turns(way, done, 5), 60)
    for task in calling:
        task.cancel()
    assert len(done) == 5
