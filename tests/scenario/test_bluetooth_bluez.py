"""The Bluetooth drivers on bleak's unmodified BlueZ back end, against a fake BlueZ on a private D-Bus."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from edge_agent.drivers import Driver, DriverError, Incoming
from edge_agent.drivers import ble_gatt as gatt_module
from edge_agent.drivers.ble_adapter import BluezAdapter
from edge_agent.drivers.ble_gatt import GattDriver
from edge_agent.drivers.ble_scan import SILENCE_S, Air, ScanDriver
from edge_agent.settings import BleDeviceSettings
from firmware_protocols.ble import battery, bthome, heart_rate
from firmware_protocols.model import DeviceId
from tests.fake_bluez import Characteristic, FakeBluez, fake_bluez, private_bus

pytestmark = pytest.mark.bluetooth

PENDANT = "C4:0A:00:00:00:01"
CLIP = "C4:0A:00:00:00:02"
STRANGER = "C4:0A:00:00:00:99"
PRESS = {bthome.SERVICE_UUID: bthome.encode([(bthome.BUTTON, "press")])}
NAMES = {PENDANT: DeviceId("pendant"), CLIP: DeviceId("clip")}
CLIP_SERVICES = {
    heart_rate.SERVICE_UUID: [Characteristic(heart_rate.CHARACTERISTIC_UUID, ("notify",))],
    battery.SERVICE_UUID: [Characteristic(battery.CHARACTERISTIC_UUID, ("read",), battery.encode(71))],
}


@pytest.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBluez]:
    async with private_bus() as address, fake_bluez(address) as fake:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        yield fake


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


async def next_frame(arrived: asyncio.Queue[Incoming]) -> Incoming:
    async with asyncio.timeout(10):
        return await arrived.get()


def scanner(silence_s: float = SILENCE_S, air: Air | None = None) -> ScanDriver:
    return ScanDriver(BluezAdapter("hci0"), air or Air(), NAMES, silence_s)


def clip(air: Air) -> GattDriver:
    return GattDriver(BleDeviceSettings(CLIP, "clip", connect=True), BluezAdapter("hci0"), air)


async def until(true: object, fake: FakeBluez, *addresses: str) -> None:
    """Let devices advertise until ``true()``."""
    async with asyncio.timeout(20):
        while not true():  # type: ignore[operator]
            for address in addresses:
                fake.hear(address)
            await asyncio.sleep(0.02)


async def test_service_data_of_a_configured_device_is_delivered_with_its_name(bluez: FakeBluez) -> None:
    async with driving(scanner()) as arrived:
        await bluez.started.wait()
        bluez.hear(STRANGER, PRESS)
        bluez.hear(PENDANT, PRESS)
        incoming = await next_frame(arrived)
    assert (incoming.codec, incoming.broadcast) == ("bthome", True)
    assert (incoming.frame.device, incoming.frame.address) == ("pendant", PENDANT)
    assert incoming.frame.payload == PRESS[bthome.SERVICE_UUID]


async def test_a_stranger_is_counted_and_not_delivered(bluez: FakeBluez) -> None:
    driver = scanner()
    async with driving(driver) as arrived:
        await bluez.started.wait()
        bluez.hear(STRANGER, PRESS)
        bluez.hear(PENDANT, PRESS)
        await next_frame(arrived)
        assert arrived.empty()
    assert driver.health() == {"heard": 2.0, "unknown": 1.0, "silences": 0.0}


async def test_the_same_button_pressed_twice_is_heard_twice(bluez: FakeBluez) -> None:
    async with driving(scanner()) as arrived:
        await bluez.started.wait()
        bluez.hear(PENDANT, PRESS)
        first = await next_frame(arrived)
        bluez.hear(PENDANT, PRESS)
        second = await next_frame(arrived)
    assert first.frame.payload == second.frame.payload


async def test_a_change_of_a_device_that_was_not_heard_repeats_no_button(bluez: FakeBluez) -> None:
    async with driving(scanner()) as arrived:
        await bluez.started.wait()
        bluez.hear(PENDANT, PRESS)
        await next_frame(arrived)
        device = bluez._devices[bluez.path(PENDANT)]
        device.emit_properties_changed({}, ["RSSI"])
        device.emit_properties_changed({"Alias": "renamed"})
        bluez.hear(CLIP, PRESS)
        assert (await next_frame(arrived)).frame.device == "clip"


async def test_silence_starts_the_scan_afresh_and_then_turns_the_adapter_off_and_on(bluez: FakeBluez) -> None:
    driver = scanner(silence_s=0.05)
    async with driving(driver):
        await until(lambda: "Powered=True" in bluez.calls, bluez)
    first_power = bluez.calls.index("Powered=False")
    assert bluez.calls[:first_power].count("StartDiscovery") == 2
    assert driver.health()["silences"] >= 2


async def test_a_missing_adapter_is_said_in_words(bluez: FakeBluez) -> None:
    bluez.unplug()
    with pytest.raises(DriverError, match="adapter 'hci0' not found"):
        await scanner().run(lambda _: None)


async def test_a_missing_message_bus_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    with pytest.raises(DriverError, match="no D-Bus system bus"):
        await scanner().run(lambda _: None)


async def test_a_daemon_that_never_answers_is_given_up(
    bluez: FakeBluez, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.drivers.ble_scan.START_S", 0.2)
    bluez.faults.start_hangs = True
    with pytest.raises(DriverError, match="does not answer"):
        await scanner().run(lambda _: None)


async def test_a_wearable_is_connected_read_and_followed(bluez: FakeBluez) -> None:
    bluez.offers(CLIP, CLIP_SERVICES)
    air = Air()
    driver = clip(air)
    async with driving(scanner(air=air), driver) as arrived:
        await bluez.started.wait()
        await until(lambda: driver.health()["connected"], bluez, CLIP)
        level = await next_frame(arrived)
        bluez.notify(heart_rate.CHARACTERISTIC_UUID, heart_rate.encode(heart_rate.HeartRate(72)))
        beat = await next_frame(arrived)
    assert (level.codec, level.frame.payload, level.broadcast) == ("battery", b"\x47", False)
    assert (beat.codec, beat.frame.device, beat.frame.payload) == ("heart_rate", "clip", b"\x00\x48")


async def test_a_wearable_that_comes_back_is_connected_again(bluez: FakeBluez) -> None:
    bluez.offers(CLIP, CLIP_SERVICES)
    air = Air()
    driver = clip(air)
    async with driving(scanner(air=air), driver):
        await bluez.started.wait()
        await until(lambda: driver.health()["connections"] == 1, bluez, CLIP)
        bluez.disconnect(bluez.path(CLIP))
        await until(lambda: driver.health()["connections"] == 2, bluez, CLIP)
        await bluez.subscribed.wait()
    assert driver.health()["failures"] == 0


async def test_a_connect_that_hangs_is_given_up_and_tried_again(
    bluez: FakeBluez, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gatt_module, "CONNECT_S", 0.1)
    monkeypatch.setattr(gatt_module, "CALL_S", 0.2)
    monkeypatch.setattr(gatt_module, "BACK_OFF_S", (0.01,))
    bluez.offers(CLIP, CLIP_SERVICES)
    bluez.faults.connect_hangs = True
    air = Air()
    driver = clip(air)
    async with driving(scanner(air=air), driver):
        await bluez.started.wait()
        await until(lambda: driver.health()["failures"] == 1, bluez, CLIP)
        bluez.faults.connect_hangs = False
        await until(lambda: driver.health()["connected"], bluez, CLIP)
    assert bluez.calls.count("Connect") == 2


async def test_what_a_killed_agent_left_in_progress_is_removed(
    bluez: FakeBluez, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gatt_module, "BACK_OFF_S", (0.01,))
    bluez.offers(CLIP, CLIP_SERVICES)
    air = Air()
    driver = clip(air)
    async with driving(scanner(air=air), driver):
        await bluez.started.wait()
        bluez.faults.in_progress = 1_000
        await until(lambda: driver.health()["connected"], bluez, CLIP)
    assert driver.health()["failures"] == 1
    assert bluez.calls.index("RemoveDevice") < len(bluez.calls) - 1


async def test_a_device_that_was_connected_before_the_start_is_let_go_first(bluez: FakeBluez) -> None:
    bluez.discovering = True
    bluez.hear(CLIP)
    bluez.connect(bluez.path(CLIP))
    bluez.discovering = False
    bluez.offers(CLIP, CLIP_SERVICES)
    air = Air()
    driver = clip(air)
    async with driving(driver, scanner(air=air)):
        await bluez.started.wait()
        await until(lambda: driver.health()["connected"], bluez, CLIP)
    assert bluez.calls.index("RemoveDevice") < bluez.calls.index("Connect")
