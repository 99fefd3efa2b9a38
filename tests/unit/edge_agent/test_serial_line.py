"""What stands around a serial port: the senders on a line of many. A real pty, both ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from edge_agent.drivers import Driver, Incoming
from edge_agent.drivers.serial_line import MOST_STRANGERS, build
from edge_agent.settings import EdgeSettings, parse
from firmware_protocols.serial import enocean
from simulators.enocean_stick import EnoceanStick

DOOR, CORD, STRANGER = "01825DAB", "00298979", "FFDBA5ED"


def settings(**line: object) -> EdgeSettings:
    return parse(
        {
            "gateway": {"id": "gw-1", "shard": 1, "data_dir": "/nonexistent"},
            "uplink": {"host": "h", "secret": "s"},
            "serial": [line],
        }
    )


async def until(what: Callable[[], object]) -> None:
    """For what has no event to wait on: a thread, the far end of a line."""
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


async def until_frames(driver: Driver, count: int) -> None:
    """Until the port has seen so many, whoever sent them."""
    await until(lambda: driver.health()["frames"] == count)


@contextlib.asynccontextmanager
async def running(driver: Driver) -> AsyncIterator[list[Incoming]]:
    """The driver at work, with what it delivers."""
    heard: list[Incoming] = []
    task = asyncio.create_task(driver.run(heard.append))
    await until(lambda: driver.health()["open"] or task.done())
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.wait({task})


# -- many devices on one line ------------------------------------------------------------------------


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[EnoceanStick]:
    stick = EnoceanStick(tmp_path / "stick")
    yield stick
    stick.line.unplug()


def gateway(stick: EnoceanStick) -> Driver:
    (driver,) = build(
        settings(
            name="stick",
            codec="enocean",
            port=str(stick.line.link),
            baud=enocean.BAUD,
            device=[
                {"address": DOOR.lower(), "name": "door-front", "kind": "door", "room": "hall"},
                {"address": CORD, "name": "cord-bath", "kind": "sos_button"},
            ],
        )
    )
    return driver


async def test_a_frame_becomes_its_senders_and_strangers_are_only_counted(
    stick: EnoceanStick, caplog: pytest.LogCaptureFixture
) -> None:
    driver = gateway(stick)
    caplog.set_level(logging.INFO)
    async with running(driver) as heard:
        stick.show(DOOR, closed=False)
        stick.show(STRANGER, closed=True)
        stick.show(STRANGER, closed=False)
        stick.line.say(enocean.encode(0x02, b"\x00"))  # the stick's own answer: nobody's
        stick.press(CORD)
        await until_frames(driver, 6)
    assert [(i.frame.device, i.frame.address, i.codec) for i in heard] == [
        ("door-front", DOOR, "enocean"),
        ("cord-bath", CORD, "enocean"),
        ("cord-bath", CORD, "enocean"),
    ]
    assert driver.name == "serial/stick"
    assert driver.health()["strangers"] == 2.0
    assert caplog.text.count(f"unknown sender line=stick address={STRANGER}") == 1


async def test_a_whole_house_of_strangers_fills_neither_log_nor_memory(
    stick: EnoceanStick, caplog: pytest.LogCaptureFixture
) -> None:
    driver = gateway(stick)
    caplog.set_level(logging.INFO)
    async with running(driver):
        for batch in range(10):
            for number in range(20):
                stick.teach(f"{batch * 20 + number:08X}")
            await until_frames(driver, 20 * (batch + 1))
    assert driver.health()["strangers"] == 200.0
    assert caplog.text.count("unknown sender") == MOST_STRANGERS
