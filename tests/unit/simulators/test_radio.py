"""The virtual radio: whoever is told to end, ends."""

from __future__ import annotations

import asyncio

from simulators.radio import Peripheral, Radio


async def _told_to_stop(peripheral: Peripheral, turns: int) -> bool:
    """Let a device go off and on the air for ever, tell it to stop so many turns later; whether it did."""

    async def for_ever() -> None:
        while True:
            await peripheral.offer(0x180D)
            await peripheral.vanish()
            rounds.append(1)

    rounds: list[int] = []
    task = asyncio.create_task(for_ever())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    so_far = len(rounds)
    while not task.done() and len(rounds) < so_far + 3:  # noqa: ASYNC110 - until it stops, or shows that it will not
        await asyncio.sleep(0.001)
    stopped = task.cancelled()
    while not task.done():
        task.cancel()
        await asyncio.sleep(0.001)
    return stopped


async def test_a_device_told_to_stop_in_the_moment_its_controller_answers_stops() -> None:
    peripheral = await Radio().device("belt", "C4:00:00:00:00:01")
    deaf = [turns for turns in range(120) if not await _told_to_stop(peripheral, turns)]
    assert deaf == []
