"""What stands around a serial port: senders on a line of many, and a radar's text. Real ptys, both ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from edge_agent.check import findings
from edge_agent.configuration import parse
from edge_agent.drivers import Driver, DriverError, Incoming, serial_port, ti_setup
from edge_agent.drivers.serial_line import MOST_STRANGERS, build
from edge_agent.settings import EdgeSettings
from edge_agent.supervise import supervise
from firmware_protocols.serial import enocean, ti_mmwave
from firmware_protocols.serial.ti_mmwave import Target
from simulators.enocean_stick import EnoceanStick
from simulators.ti_radar import TiRadar
from tests.unit.edge_agent.lines import until_true as until

DOOR, CORD, STRANGER = "01825DAB", "00298979", "FFDBA5ED"
TEXT = """
% a comment
sensorStop
flushCfg

channelCfg 15 7 0
frameCfg 0 2 96 0 55.00 1 0   % and one behind a command
sensorStart
"""
COMMANDS = ["sensorStop", "flushCfg", "channelCfg 15 7 0", "frameCfg 0 2 96 0 55.00 1 0", "sensorStart"]


def settings(**line: object) -> EdgeSettings:
    return parse(
        {
            "gateway": {"id": "gw-1", "shard": 1, "data_dir": "/nonexistent"},
            "uplink": {"host": "h", "secret": "s"},
            "serial": [line],
        }
    )


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


@pytest.fixture(autouse=True)
def _brief_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop takes as long as a read."""
    monkeypatch.setattr(serial_port, "READ_S", 0.1)


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[EnoceanStick]:
    stick = EnoceanStick(tmp_path / "stick")
    yield stick
    stick.cable.pull()


def gateway(stick: EnoceanStick) -> Driver:
    (driver,) = build(
        settings(
            name="stick",
            codec="enocean",
            port=str(stick.cable.link),
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
        stick.cable.send(enocean.encode(0x02, b"\x00"))  # the stick's own answer: nobody's
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


# -- a radar's text ----------------------------------------------------------------------------------


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ti_setup, "FIRST_SILENCE_S", 0.2)
    monkeypatch.setattr(ti_setup, "LONG_SILENCE_S", 0.6)
    monkeypatch.setattr(ti_setup, "FRAMES_S", 0.6)
    monkeypatch.setattr(ti_setup, "REPLY_S", 2.0)


@pytest.fixture
async def radar(tmp_path: Path, hasty: None) -> AsyncIterator[TiRadar]:
    radar = TiRadar(tmp_path, "radar")
    radar.people = (Target(1, 0.5, 2.0),)
    task = asyncio.create_task(radar.run())
    yield radar
    task.cancel()
    await asyncio.wait({task})
    radar.unplug()


def line_of(radar: TiRadar, text: str = TEXT) -> EdgeSettings:
    file = radar.data.link.with_name("radar.cfg")
    file.write_text(text)
    return settings(
        name="radar",
        codec="ti_people_tracking",
        port=str(radar.data.link),
        baud=ti_mmwave.BAUD,
        cli_port=str(radar.cli.link),
        cli_file=str(file),
    )


def configured(radar: TiRadar, text: str = TEXT) -> Driver:
    (driver,) = build(line_of(radar, text))
    return driver


async def test_a_radar_that_sends_nothing_is_told_its_text_command_by_command(radar: TiRadar) -> None:
    driver = configured(radar)
    async with running(driver) as heard:
        await until(lambda: len(heard) >= 3)
        assert radar.heard == COMMANDS
        assert driver.health()["setups"] == 1.0
    assert {incoming.frame.device for incoming in heard} == {"radar"}


async def test_a_radar_that_already_sends_is_left_alone(radar: TiRadar) -> None:
    radar.running = True
    driver = configured(radar)
    async with running(driver) as heard:
        await until(lambda: len(heard) >= 8)  # 0.8 s, twice the first silence
        assert radar.heard == []
        assert driver.health()["setups"] == 0.0


async def test_a_radar_that_lost_its_power_is_configured_again(radar: TiRadar) -> None:
    driver = configured(radar)
    async with running(driver) as heard:
        await until(lambda: len(heard) >= 2)
        radar.power_off()
        await until(lambda: driver.health()["setups"] == 2.0)
        seen = len(heard)
        await until(lambda: len(heard) > seen)
        assert radar.heard == COMMANDS


async def test_a_radar_pulled_out_ends_the_run_and_the_next_run_configures_it(radar: TiRadar) -> None:
    driver = configured(radar)
    task = asyncio.create_task(driver.run(lambda _: None))
    await until(lambda: driver.health()["setups"])
    radar.unplug()
    with pytest.raises(DriverError, match=str(radar.data.link)):
        await asyncio.wait_for(task, 60)
    radar.plug()
    async with running(driver) as heard:
        await until(lambda: heard)
        assert radar.heard == COMMANDS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "sensorStop\nbanana 1 2\nsensorStart\n",
            r"radar.cfg line 2 'banana 1 2': the radar answers .*not recogn",
        ),
        (
            "sensorStart\nframeCfg 0\n",
            r"radar.cfg line 2 'frameCfg 0': the radar answers 'Error -1'",
        ),
        ("sensorStop\n", "radar.cfg: has no 'sensorStart'"),
        ("sensorStart é\n", "radar.cfg: line 1 is no command of at most 255 ASCII characters"),
        ("flushCfg\n" * 201, "radar.cfg: 201 commands, a radar's text has at most 200"),
    ],
    ids=["unknown command", "refused command", "no start", "not ASCII", "too long"],
)
async def test_what_a_radar_or_its_text_has_wrong_is_said_in_words(
    radar: TiRadar, text: str, words: str
) -> None:
    radar.people = ()
    with pytest.raises(DriverError, match=words):
        await asyncio.wait_for(configured(radar, text).run(lambda _: None), 60)


async def test_a_cli_port_that_does_not_answer_or_is_not_there_is_said_in_words(radar: TiRadar) -> None:
    driver = configured(radar)
    radar.cli.pull()
    with pytest.raises(DriverError, match=f"{radar.cli.link} is not there: is the device plugged in"):
        await asyncio.wait_for(driver.run(lambda _: None), 60)
    radar.cli.plug()
    with pytest.MonkeyPatch.context() as mute:
        mute.setattr(ti_setup, "REPLY_S", 0.2)
        mute.setattr(TiRadar, "_answer", lambda _self, _command: "")
        with pytest.raises(DriverError, match="line 3 'sensorStop': the radar does not answer 'Done'"):
            await asyncio.wait_for(driver.run(lambda _: None), 60)


async def test_a_cli_port_pulled_out_in_the_middle_of_the_text_is_said_in_words(radar: TiRadar) -> None:
    driver = configured(radar)
    with pytest.MonkeyPatch.context() as mute:
        mute.setattr(TiRadar, "_answer", lambda self, command: self.heard.append(command) or "")
        task = asyncio.create_task(driver.run(lambda _: None))
        await until(lambda: "sensorStop" in radar.heard)
        radar.cli.pull()
        with pytest.raises(DriverError, match=f"{radar.cli.link} is lost"):
            await asyncio.wait_for(task, 60)
    radar.cli.plug()


async def test_an_agent_that_stops_in_the_middle_of_the_text_stops_at_once(
    radar: TiRadar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ti_setup, "REPLY_S", 600.0)
    monkeypatch.setattr(TiRadar, "_answer", lambda self, command: self.heard.append(command) or "")
    task = asyncio.create_task(configured(radar).run(lambda _: None))
    await until(lambda: "sensorStop" in radar.heard)
    task.cancel()
    await asyncio.wait_for(asyncio.wait({task}), 60)
    assert task.cancelled()


async def test_a_radar_that_takes_its_text_and_sends_nothing_is_said_in_words(radar: TiRadar) -> None:
    with pytest.MonkeyPatch.context() as mute:
        mute.setattr(TiRadar, "frame", lambda _self: b"")
        with pytest.raises(DriverError, match="brings no ti_people_tracking frames though the radar took"):
            await asyncio.wait_for(configured(radar).run(lambda _: None), 60)


async def test_a_mended_text_is_taken_without_a_restart_and_its_fault_was_said_once(
    radar: TiRadar, caplog: pytest.LogCaptureFixture
) -> None:
    driver = configured(radar, TEXT.replace("flushCfg", "flushConfig"))
    heard: list[Incoming] = []
    task = asyncio.create_task(supervise("radar", lambda: driver.run(heard.append), first_s=0.05, most_s=0.1))
    await until(lambda: driver.health()["fault"])
    assert radar.heard.count("sensorStop") == ti_setup.FAULT_FAILURES
    radar.data.link.with_name("radar.cfg").write_text(TEXT)
    await until(lambda: heard)
    assert not driver.health()["fault"]
    task.cancel()
    await asyncio.wait({task})
    assert caplog.text.count("line 4 'flushConfig': the radar answers") == 1


async def test_a_missing_text_is_said_with_its_name(radar: TiRadar) -> None:
    driver = configured(radar)
    radar.data.link.with_name("radar.cfg").unlink()
    with pytest.raises(DriverError, match=r"radar.cfg cannot be read: No such file"):
        await asyncio.wait_for(driver.run(lambda _: None), 60)


async def test_the_check_reads_the_text_before_anything_is_started(radar: TiRadar) -> None:
    said = {finding.text: finding.ok for finding in findings(line_of(radar))}
    assert said[f"CLI port {radar.cli.link} for radar"]
    assert said[f"{radar.data.link.with_name('radar.cfg')}: 5 commands for radar"]
    bad = [finding.text for finding in findings(line_of(radar, "flushCfg\n")) if not finding.ok]
    assert any("has no 'sensorStart', so the radar would never send" in text for text in bad)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["sensorStop", "Done"], ""),
        (["sensorStop", "Ignored: Sensor is already stopped", "Done"], ""),
        (["frameCfg 1", "Error: Invalid usage of the CLI command"], "Invalid usage"),
        (["'x' is not recognized as a CLI command"], "not recognized"),
        (["sensorStart"], None),
        (["mmwDemo:/>"], None),
        ([], None),
    ],
)
def test_the_reply_decides(lines: list[str], words: str | None) -> None:
    said = ti_setup.verdict(lines)
    assert (said is None) == (words is None)
    assert not words or (said and words in said)
