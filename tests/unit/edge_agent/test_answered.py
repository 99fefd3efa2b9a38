"""A call to a Bluetooth stack ends in time, however little it wants to."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from edge_agent.drivers import ble_adapter
from edge_agent.drivers.ble_adapter import answered


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ble_adapter, "CALL_S", 0.02)


async def never() -> None:
    await asyncio.Event().wait()


async def test_an_answer_is_handed_on() -> None:
    assert await answered(asyncio.sleep(0, "yes"), 5) == "yes"


async def test_an_error_is_handed_on() -> None:
    async def refuses() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        await answered(refuses(), 5)


async def test_no_answer_is_a_time_out() -> None:
    with pytest.raises(TimeoutError, match="no answer within"):
        await answered(never(), 0.02)


async def test_a_call_that_waits_again_while_it_cleans_up_is_told_to_stop_again_and_leaves_nothing() -> None:
    steps: list[str] = []

    async def cleans_up_for_ever() -> None:
        try:
            await never()
        finally:
            steps.append("cleaning up")
            await never()

    with pytest.raises(TimeoutError):
        await answered(cleans_up_for_ever(), 0.02)
    assert steps == ["cleaning up"]
    assert len(asyncio.all_tasks()) == 1


async def test_a_call_that_will_not_end_is_abandoned_until_it_does() -> None:
    let_go = asyncio.Event()

    async def stubborn() -> None:
        while not let_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await let_go.wait()
        raise OSError("long after")

    with pytest.raises(TimeoutError):
        await answered(stubborn(), 0.02)
    assert len(ble_adapter._abandoned) == 1
    (left,) = ble_adapter._abandoned
    let_go.set()
    await asyncio.wait({left}, timeout=60)
    await asyncio.sleep(0)  # its call-backs come a step later
    assert not ble_adapter._abandoned


async def test_whoever_waits_may_be_cancelled_and_takes_the_call_along() -> None:
    waiting = asyncio.create_task(answered(never(), 3600))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(asyncio.all_tasks()) == 1
