"""The Bluetooth drivers on the HCI back end, against the virtual radio."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from edge_agent.drivers import Driver, DriverError, Incoming
from edge_agent.drivers.ble_adapter import HciAdapter
from edge_agent.drivers.ble_gatt import GattDriver
from edge_agent.drivers.ble_scan import SILENCE_S, Air, ScanDriver
from edge_agent.settings import BleDeviceSettings
from firmware_protocols.codec import Security
from firmware_protocols.model import DeviceId, Event, MotionWindow, Reading
from firmware_protocols.registry import CODECS
from simulators import motion
from simulators.radio import GatewayPort, Peripheral, Radio
from simulators.sensors import Beacon
from simulators.wearables import HEART_RATE_16, PER_PACKET, BeltClip, Sent, place
from simulators.world import Device

pytestmark = pytest.mark.bluetooth

PENDANT = Device("pendant", "pendant", "", "beacon", "C4:0A:00:01:00:00", "00112233445566778899aabbccddeeff")
DOOR = Device("door", "door", "hall", "beacon", "C4:0A:00:01:00:01")
CLIP = Device("clip", "wearable", "", "gatt", "C4:0A:00:01:00:02")
NAMES = {each.address: DeviceId(each.name) for each in (PENDANT, DOOR, CLIP)}


@dataclass
class OneGateway:
    """A radio with one gateway's port on it."""

    radio: Radio
    port: GatewayPort

    async def beacon(self, device: Device) -> Beacon:
        return Beacon(device, await self.radio.device(device.name, device.address))


@pytest.fixture
async def air() -> AsyncIterator[OneGateway]:
    radio = Radio()
    yield OneGateway(radio, await radio.gateway("gw"))
    await radio.close()


@contextlib.asynccontextmanager
async def driving(*drivers: Driver) -> AsyncIterator[asyncio.Queue[Incoming]]:
    """Run drivers; yield the queue of what they deliver."""
    arrived: asyncio.Queue[Incoming] = asyncio.Queue()
    tasks = [asyncio.create_task(driver.run(arrived.put_nowait)) for driver in drivers]
    try:
        yield arrived
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def first(arrived: asyncio.Queue[Incoming], codec: str) -> Incoming:
    async with asyncio.timeout(10):
        while (incoming := await arrived.get()).codec != codec:
            pass
        return incoming


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is waited for is a counter
            await asyncio.sleep(0.01)


def scanner(adapter: HciAdapter, air: Air) -> ScanDriver:
    return ScanDriver(adapter, air, NAMES, SILENCE_S)


async def said(arrived: asyncio.Queue[Incoming], saying: Callable[[], object]) -> Incoming:
    """Say something until it is heard: a beacon does not know when a gateway has begun to listen."""
    async with asyncio.timeout(10):
        while arrived.empty():
            await saying()  # type: ignore[misc]
        return arrived.get_nowait()


async def test_an_encrypted_press_travels_from_the_pendant_to_an_event(air: OneGateway) -> None:
    pendant = await air.beacon(PENDANT)
    async with driving(scanner(HciAdapter(air.port.moniker), Air())) as arrived:
        incoming = await said(arrived, pendant.press)
    security = Security(key=bytes.fromhex(PENDANT.bindkey), encrypted=True)
    decoded = CODECS[incoming.codec].decode(incoming.frame, security)
    (event,) = [each for each in decoded.observations if isinstance(each, Event)]
    assert (event.device, event.detail) == ("pendant", "press")
    assert decoded.counter is not None


async def test_a_plain_sensor_is_read(air: OneGateway) -> None:
    door = await air.beacon(DOOR)
    async with driving(scanner(HciAdapter(air.port.moniker), Air())) as arrived:
        incoming = await said(arrived, lambda: door.show(True))
    (reading,) = CODECS[incoming.codec].decode(incoming.frame).observations
    assert isinstance(reading, Reading)
    assert (reading.device, reading.quantity, reading.value) == ("door", "opening", True)


@contextlib.asynccontextmanager
async def wearing(
    air: OneGateway, adapter: HciAdapter
) -> AsyncIterator[tuple[BeltClip, Peripheral, GattDriver, asyncio.Queue[Incoming]]]:
    """A belt clip that samples, and a gateway that follows it."""
    clip, heard = BeltClip("seed"), Air()
    peripheral = await place(air.radio, CLIP, clip.services, HEART_RATE_16)
    driver = GattDriver(BleDeviceSettings(CLIP.address, CLIP.name, connect=True), adapter, heard)
    running = asyncio.create_task(clip.run(peripheral))
    try:
        async with driving(scanner(adapter, heard), driver) as arrived:
            await until(lambda: driver.health()["connected"])
            yield clip, peripheral, driver, arrived
    finally:
        running.cancel()


async def test_every_sample_of_a_fall_arrives_in_order(air: OneGateway) -> None:
    samples = list(motion.fall(random.Random(1), still_s=0.5))
    async with wearing(air, HciAdapter(air.port.moniker)) as (clip, _, _, arrived):
        sent: list[Sent] = []
        await clip.play(samples, sent.append)
        windows: list[MotionWindow] = []
        while not windows or windows[-1].counter != sent[-1].counter:
            incoming = await first(arrived, "motion")
            windows += [
                each
                for each in CODECS["motion"].decode(incoming.frame).observations
                if isinstance(each, MotionWindow)
            ]
    felt = [sample for window in windows if window.counter >= sent[0].counter for sample in window.samples_mg]
    assert len(sent) == -(-len(samples) // PER_PACKET)
    assert all(
        abs(a - b) <= 1 for x, y in zip(felt, samples, strict=False) for a, b in zip(x, y, strict=True)
    )
    assert len(felt) >= len(samples)


async def test_the_battery_is_read_when_the_wearable_connects(air: OneGateway) -> None:
    async with wearing(air, HciAdapter(air.port.moniker)) as (_, _, _, arrived):
        assert (await first(arrived, "battery")).frame.payload == b"\x57"


async def test_a_wearable_that_leaves_and_returns_is_followed_again(air: OneGateway) -> None:
    async with wearing(air, HciAdapter(air.port.moniker)) as (_, peripheral, driver, arrived):
        await peripheral.vanish()
        await until(lambda: not driver.health()["connected"])
        await peripheral.offer(HEART_RATE_16)
        await until(lambda: driver.health()["connections"] == 2)
        while not arrived.empty():
            arrived.get_nowait()
        await first(arrived, "motion")


async def test_a_pulled_dongle_ends_the_scan_at_once_and_the_next_scan_works(air: OneGateway) -> None:
    pendant = await air.beacon(PENDANT)
    driver = scanner(HciAdapter(air.port.moniker), Air())
    arrived: asyncio.Queue[Incoming] = asyncio.Queue()
    running = asyncio.create_task(driver.run(arrived.put_nowait))
    await said(arrived, pendant.press)
    air.port.pull()
    with pytest.raises(DriverError, match="adapter is gone"):
        await asyncio.wait_for(running, 5)
    async with driving(driver) as arrived:
        assert (await said(arrived, pendant.press)).frame.device == "pendant"


async def test_a_gateway_killed_while_connected_leaves_the_wearable_free_for_the_next(
    air: OneGateway,
) -> None:
    async with wearing(air, HciAdapter(air.port.moniker)) as (_, peripheral, _, _):
        assert peripheral.connected
        air.port.pull()
        await until(lambda: not peripheral.connected)
        adapter, heard = HciAdapter(air.port.moniker), Air()
        driver = GattDriver(BleDeviceSettings(CLIP.address, CLIP.name, connect=True), adapter, heard)
        async with driving(scanner(adapter, heard), driver):
            await until(lambda: peripheral.connected)


async def test_two_gateways_hear_the_same_press(air: OneGateway) -> None:
    other = await air.radio.gateway("other")
    pendant = await air.beacon(PENDANT)
    async with (
        driving(scanner(HciAdapter(air.port.moniker), Air())) as here,
        driving(scanner(HciAdapter(other.moniker), Air())) as there,
    ):
        await said(here, pendant.press)
        await said(there, pendant.press)


async def test_a_controller_that_is_not_there_is_said_in_words() -> None:
    driver = scanner(HciAdapter("tcp-client:127.0.0.1:1"), Air())
    with pytest.raises(DriverError, match="no Bluetooth controller at tcp-client:"):
        await driver.run(lambda _: None)


async def test_garbage_instead_of_hci_costs_the_gateway_its_cable_only(air: OneGateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", air.port.port)
    writer.write(b"\xff" * 64)
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    pendant = await air.beacon(PENDANT)
    async with driving(scanner(HciAdapter(air.port.moniker), Air())) as arrived:
        assert (await said(arrived, pendant.press)).frame.device == "pendant"
