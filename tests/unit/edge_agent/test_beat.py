"""A driver that hangs while its task lives: begun anew, and when that is not possible, the watchdog's."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from edge_agent.drivers.beat import Beat, HungError, until_hung
from edge_agent.supervise import supervise

LIMIT_S = 0.05


async def hang() -> None:
    await asyncio.Event().wait()


async def test_a_run_that_gives_no_sign_of_life_is_ended() -> None:
    ended = asyncio.Event()

    async def run() -> None:
        try:
            await hang()
        finally:
            ended.set()

    with pytest.raises(HungError, match="no sign of life"):
        await until_hung(run, Beat(LIMIT_S))
    assert ended.is_set()


async def test_a_run_that_waits_for_what_may_never_come_goes_on() -> None:
    beat = Beat(LIMIT_S)
    running = asyncio.ensure_future(until_hung(lambda: beat.during(hang()), beat))
    await asyncio.sleep(6 * LIMIT_S)
    assert not running.done()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_how_a_run_ends_by_itself_is_handed_on() -> None:
    async def fail() -> None:
        raise LookupError("unplugged")

    async def end() -> None:
        pass

    with pytest.raises(LookupError, match="unplugged"):
        await until_hung(fail, Beat(60))
    await until_hung(end, Beat(60))


async def test_the_supervisor_begins_anew_what_hangs(caplog: pytest.LogCaptureFixture) -> None:
    runs: asyncio.Queue[int] = asyncio.Queue()
    beat = Beat(LIMIT_S)

    async def run() -> None:
        runs.put_nowait(1)
        await hang()

    task = asyncio.ensure_future(supervise("radar", lambda: until_hung(run, beat), first_s=0.01))
    for _ in range(3):
        await asyncio.wait_for(runs.get(), 60)
    task.cancel()
    assert caplog.text.count("HungError: gave no sign of life") == 1, "said once"


async def test_what_cannot_be_ended_is_not_begun_twice_and_shows() -> None:
    beat, runs, release, again = Beat(LIMIT_S), 0, asyncio.Event(), asyncio.Event()

    async def run() -> None:
        nonlocal runs
        runs += 1
        if runs > 1:
            again.set()
        while not release.is_set():
            with suppress(asyncio.CancelledError):
                await release.wait()

    task = asyncio.ensure_future(supervise("radar", lambda: until_hung(run, beat), first_s=0.01))
    await asyncio.sleep(3 * LIMIT_S)
    assert (runs, beat.silent_s() >= 2 * LIMIT_S) == (1, True)
    release.set()
    await asyncio.wait_for(again.wait(), 60)
    task.cancel()
