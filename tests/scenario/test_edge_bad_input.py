"""Bad input on the whole gateway: it is counted or said in words, and the next alarm goes out anyway."""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from firmware_protocols.model import AlarmKind, Quantity
from firmware_protocols.serial import micradar
from firmware_protocols.wire.topics import Lane
from simulators.radio import Peripheral, Radio
from simulators.sensors import UUID16, Beacon
from simulators.world import Device
from tests.harness import ROOT
from tests.scenario.edge_home import GATEWAY, House, house, until

pytestmark = pytest.mark.services

RIGHT, WRONG = "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"
PENDANT = Device("pendant", "pendant", "", "beacon", "C4:0A:00:01:00:00", RIGHT)
SPARE = Device("spare", "pendant", "", "beacon", "C4:0A:00:01:00:01", RIGHT)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, "nats") as built:
        yield built


def reported(home: House, figure: str, least: float = 1.0) -> None:
    """Wait until the gateway reports ``figure``; it reports all when it connects, so it is made to."""
    home.broker.stop()
    home.broker.start()
    until(lambda: any(state.health.get(figure, 0.0) >= least for state in home.cloud.states))


# -- a garbage frame -----------------------------------------------------------------------------------


def test_garbage_on_the_serial_line_is_counted_and_the_fall_after_it_goes_out(home: House) -> None:
    broken = bytearray(micradar.encode_distance(150))
    broken[-3] ^= 0xFF  # the checksum
    unknown = micradar.encode(micradar.PRESENCE, b"\x07")  # whole, but it says nothing known
    home.agent.start()
    until(home.agent.hears_radar)
    home.radar.say(b"\x00\xff noise " + bytes(broken) + unknown)
    home.radar.distance(70)
    home.radar.fall()
    until(home.cloud.alarms)
    assert home.cloud.alarms()[0].kind is AlarmKind.FALL
    until(lambda: [r.value for r in home.cloud.readings() if r.quantity is Quantity.DISTANCE] == [0.7])
    said = home.agent.said()
    assert "frame refused device=radar-bath count=1 reason=" in said
    assert said.count("frame refused") == 1
    reported(home, "refused/radar-bath")
    reported(home, "serial/radar-bath/discarded", len(broken))


@pytest.fixture
async def radio() -> AsyncIterator[Radio]:
    made = Radio()
    yield made
    await made.close()


def radio_settings(transport: str, key: str) -> str:
    """A pendant that the gateway knows by ``key``, and a spare one that it knows rightly."""
    head = f'[ble]\nbackend = "hci"\ntransport = "{transport}"\n'
    return head + "".join(
        f'[[ble.device]]\naddress = "{device.address}"\nname = "{device.name}"\nkind = "pendant"\n'
        f'bindkey = "{bindkey}"\n'
        for device, bindkey in ((PENDANT, key), (SPARE, RIGHT))
    )


async def saying(beacon: Beacon, heard: Callable[[], object]) -> None:
    """Press until it is heard: a beacon does not know when a gateway has begun to listen."""
    async with asyncio.timeout(60):
        while not heard():
            await beacon.press()


async def placed(radio: Radio, device: Device) -> tuple[Beacon, Peripheral]:
    peripheral = await radio.device(device.name, device.address)
    return Beacon(device, peripheral), peripheral


@pytest.mark.bluetooth
async def test_garbage_on_the_air_is_counted_and_the_press_after_it_goes_out(
    tmp_path: Path, radio: Radio
) -> None:
    transport = (await radio.gateway("gw")).moniker
    with house(tmp_path, "nats", extra=radio_settings(transport, RIGHT)) as home:
        home.agent.start()
        pendant, peripheral = await placed(radio, PENDANT)
        async with asyncio.timeout(60):
            for number in range(256):
                await peripheral.say(UUID16, bytes((0xFF, number)))
                if "frame refused device=pendant" in home.agent.said():
                    break
        assert "frame refused device=pendant count=1 reason=unknown format: BTHome version 7" in (
            home.agent.said()
        )
        await saying(pendant, home.cloud.alarms)
        assert {alarm.kind for alarm in home.cloud.alarms()} == {AlarmKind.SOS}
        await asyncio.to_thread(reported, home, "refused/pendant")


# -- a wrong key ---------------------------------------------------------------------------------------


@pytest.mark.bluetooth
async def test_a_wrong_bind_key_is_counted_and_named_and_the_other_pendant_works(
    tmp_path: Path, radio: Radio
) -> None:
    transport = (await radio.gateway("gw")).moniker
    with house(tmp_path, "nats", extra=radio_settings(transport, WRONG)) as home:
        home.agent.start()
        pendant, _ = await placed(radio, PENDANT)
        spare, _ = await placed(radio, SPARE)
        await saying(pendant, lambda: "frame refused device=pendant" in home.agent.said())
        assert "count=1 reason=not authentic: wrong key, or the frame was changed" in home.agent.said()
        await saying(spare, home.cloud.alarms)
        assert {alarm.device for alarm in home.cloud.alarms()} == {"spare"}
        await asyncio.to_thread(reported, home, "refused/pendant")
        assert not any("refused/spare" in state.health for state in home.cloud.states)
        assert await asyncio.to_thread(home.agent.stop) == 0


# -- an unknown gateway --------------------------------------------------------------------------------


def test_a_gateway_that_nobody_enrolled_is_told_so_and_keeps_everything(home: House) -> None:
    config = home.agent.config
    config.write_text(config.read_text().replace(f'id = "{GATEWAY}"', 'id = "gw-nobody"'))
    home.agent.start()
    until(home.agent.hears_radar)
    home.radar.fall()
    until(lambda: "check the secret in uplink.secret and that gw-nobody is enrolled" in home.agent.said())
    until(lambda: home.agent.waiting(Lane.ALARM) > 0)
    assert home.cloud.alarms() == []


# -- an unknown key ------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "check", "listen"])
def test_an_unknown_key_is_one_line_with_key_place_and_neighbour(home: House, command: str) -> None:
    config = home.agent.config
    config.write_text(config.read_text().replace("fall_confirm_s", "fall_confrim_s"))
    found = subprocess.run(
        [sys.executable, "-m", "edge_agent", command, "--config", str(config)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert found.returncode == 2
    assert found.stderr == (
        f"anban-edge: {config}: unknown key 'fall_confrim_s' in [rules]; did you mean 'fall_confirm_s'?\n"
    )
    assert not home.agent.data.exists(), "nothing is started"


# -- a port in use -------------------------------------------------------------------------------------


def test_a_serial_port_that_another_program_holds_is_named_once_and_read_when_it_is_free(home: House) -> None:
    held = os.open(home.radar.port, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(held, fcntl.LOCK_EX)
    home.agent.start()
    until(lambda: f"{home.radar.port} is in use by another program" in home.agent.said())
    until(lambda: any(state.online for state in home.cloud.states))
    os.close(held)
    until(home.agent.hears_radar)
    assert home.agent.said().count("is in use by another program") == 1
    home.radar.fall()
    until(home.cloud.alarms)
