"""The Bluetooth drivers on bleak's unmodified BlueZ back end, against a fake BlueZ on a private D-Bus."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest

from edge_agent.drivers import Driver, DriverError, Incoming
from edge_agent.drivers import ble_gatt as gatt_module
from edge_agent.drivers.ble_adapter import BluezAdapter
from edge_agent.drivers.ble_gatt import GattDriver
from edge_agent.drivers.ble_scan import SILENCE_S, Air, ScanDriver
from edge_agent.settings import BleDeviceSettings
from firmware_protocols.ble import (
    battery,
    blood_pressure,
    bthome,
    device_information,
    device_time,
    heart_rate,
)
from firmware_protocols.ble.blood_pressure import BloodPressure
from firmware_protocols.model import DeviceId
from tests.fake_bluez import Characteristic, FakeBluez, fake_bluez, private_bus

pytestmark = pytest.mark.bluetooth

PENDANT = "C4:0A:00:00:00:01"
CLIP = "C4:0A:00:00:00:02"
CUFF = "C4:0A:00:00:00:03"
STRANGER = "C4:0A:00:00:00:99"
PRESS = {bthome.SERVICE_UUID: bthome.encode([(bthome.BUTTON, "press")])}
NAMES = {PENDANT: DeviceId("pendant"), CLIP: DeviceId("clip"), CUFF: DeviceId("cuff")}
CLIP_SERVICES = {
    heart_rate.SERVICE_UUID: [Characteristic(heart_rate.CHARACTERISTIC_UUID, ("notify",))],
    battery.SERVICE_UUID: [Characteristic(battery.CHARACTERISTIC_UUID, ("read",), battery.encode(71))],
}
MEASURED = blood_pressure.encode(BloodPressure(systolic=120.0, diastolic=80.0, mean=93.0))
CUFF_SERVICES = {
    blood_pressure.SERVICE_UUID: [
        Characteristic(blood_pressure.CHARACTERISTIC_UUID, ("indicate",), bonded=True),
        Characteristic(device_time.CHARACTERISTIC_UUID, ("read", "write")),
    ],
    battery.SERVICE_UUID: [Characteristic(battery.CHARACTERISTIC_UUID, ("read",), battery.encode(50))],
    device_information.SERVICE_UUID: [
        Characteristic(device_information.MAKER_UUID, ("read",), b"Anban"),
        Characteristic(device_information.SERIAL_UUID, ("read",), b""),
        Characteristic(device_information.FIRMWARE_UUID, ("read",), b"1.0"),
    ],
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
    async with asyncio.timeout(60):
        return await arrived.get()


def scanner(silence_s: float = SILENCE_S, air: Air | None = None) -> ScanDriver:
    return ScanDriver(BluezAdapter("hci0"), air or Air(), NAMES, silence_s)


def clip(air: Air) -> GattDriver:
    return GattDriver(BleDeviceSettings(CLIP, "clip", connect=True), BluezAdapter("hci0"), air)


def cuff(air: Air, *, bond: bool = True, synchronised: bool = True) -> GattDriver:
    settings = BleDeviceSettings(CUFF, "cuff", connect=True, bond=bond)
    return GattDriver(settings, BluezAdapter("hci0"), air, lambda: synchronised)


async def until(
    true: Callable[[], object], fake: FakeBluez, address: str = "", data: dict[str, bytes] | None = None
) -> None:
    """Let the device at ``address`` advertise until ``true()``."""
    async with asyncio.timeout(60):
        while not true():
            if address:
                fake.hear(address, data)
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
    health = driver.health()
    assert (health["heard"], health["unknown"], health["silences"]) == (2.0, 1.0, 0.0)


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
        await until(lambda: driver.health()["failures"], bluez, CLIP)
        monkeypatch.setattr(gatt_module, "CONNECT_S", 60.0)
        bluez.faults.connect_hangs = False
        await until(lambda: driver.health()["connected"], bluez, CLIP)
    assert bluez.calls.count("Connect") >= 2


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


# -- cuffs and thermometers --------------------------------------------------------------------------


async def test_a_cuff_is_paired_before_it_is_subscribed_to_and_then_indicates(bluez: FakeBluez) -> None:
    bluez.offers(CUFF, CUFF_SERVICES)
    air = Air()
    driver = cuff(air)
    async with driving(scanner(air=air), driver) as arrived:
        await bluez.started.wait()
        await until(lambda: driver.health()["connected"], bluez, CUFF)
        bluez.notify(blood_pressure.CHARACTERISTIC_UUID, MEASURED)
        told = [await next_frame(arrived) for _ in range(4)]
    order = [bluez.calls.index(call) for call in ("Pair", "StartNotify", "Write 2a08", "Read 2a19")]
    assert order == sorted(order)
    assert "Connect" not in bluez.calls  # pairing connects
    assert ("blood_pressure", MEASURED) in [(each.codec, each.frame.payload) for each in told]
    assert {each.codec for each in told} == {"blood_pressure", "battery", "device_maker", "device_firmware"}


async def test_a_bonded_cuff_that_comes_again_is_only_connected_and_tells_only_what_is_new(
    bluez: FakeBluez,
) -> None:
    bluez.offers(CUFF, CUFF_SERVICES)
    air = Air()
    driver = cuff(air)
    async with driving(scanner(air=air), driver) as arrived:
        await bluez.started.wait()
        await until(lambda: bluez.calls.count("Read 2a26") == 1, bluez, CUFF)
        bluez.disconnect(bluez.path(CUFF))
        CUFF_SERVICES[device_information.SERVICE_UUID][2].value = b"1.1"
        await until(lambda: bluez.calls.count("Read 2a26") == 2, bluez, CUFF)
        told = [await next_frame(arrived) for _ in range(5)]
    CUFF_SERVICES[device_information.SERVICE_UUID][2].value = b"1.0"
    first, second = {each.codec for each in told[:3]}, {each.codec for each in told[3:]}
    assert first == {"battery", "device_maker", "device_firmware"}
    assert second == {"battery", "device_firmware"}
    assert (bluez.calls.count("Pair"), bluez.calls.count("Connect")) == (1, 1)
    assert "RemoveDevice" not in bluez.calls[bluez.calls.index("Pair") :]


async def test_a_cuff_that_asks_for_a_bond_says_what_to_do(
    bluez: FakeBluez, caplog: pytest.LogCaptureFixture
) -> None:
    bluez.offers(CUFF, CUFF_SERVICES)
    air = Air()
    driver = cuff(air, bond=False)
    async with driving(scanner(air=air), driver):
        await bluez.started.wait()
        await until(lambda: driver.health()["failures"], bluez, CUFF)
    assert "set bond = true and put the device into its pairing mode" in caplog.text


async def test_a_device_that_will_not_say_what_it_is_measures_all_the_same(bluez: FakeBluez) -> None:
    bluez.offers(CUFF, CUFF_SERVICES)
    bluez.faults.read_fails = True
    air = Air()
    driver = cuff(air)
    async with driving(scanner(air=air), driver) as arrived:
        await bluez.started.wait()
        await until(lambda: "Read 2a26" in bluez.calls, bluez, CUFF)
        bluez.notify(blood_pressure.CHARACTERISTIC_UUID, MEASURED)
        assert (await next_frame(arrived)).codec == "blood_pressure"
    assert (driver.health()["connections"], driver.health()["failures"]) == (1, 0)


async def test_a_gateway_that_does_not_know_the_time_sets_no_clock(bluez: FakeBluez) -> None:
    bluez.offers(CUFF, CUFF_SERVICES)
    air = Air()
    async with driving(scanner(air=air), cuff(air, synchronised=False)):
        await bluez.started.wait()
        await until(lambda: "Read 2a26" in bluez.calls, bluez, CUFF)
    assert "Write 2a08" not in bluez.calls


async def test_a_device_that_was_long_away_is_met_anew_without_the_wait_of_before(
    bluez: FakeBluez, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gatt_module, "ABSENT_S", 0.0)
    monkeypatch.setattr(gatt_module, "BACK_OFF_S", (0.01, 3600.0))
    bluez.offers(CUFF, CUFF_SERVICES)
    bluez.bonds.add(bluez.path(CUFF))
    air = Air()
    driver = cuff(air)
    async with driving(scanner(air=air), driver):
        await bluez.started.wait()
        bluez.faults.in_progress = 2
        await until(lambda: driver.health()["connected"], bluez, CUFF)
    assert driver.health()["failures"] == 2


# -- a stack that fails ------------------------------------------------------------------------------


async def test_services_that_are_never_resolved_are_given_up_and_asked_for_again(
    bluez: FakeBluez, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.drivers.ble_adapter.CONNECT_S", 0.2)
    monkeypatch.setattr(gatt_module, "BACK_OFF_S", (0.01,))
    bluez.offers(CLIP, CLIP_SERVICES)
    bluez.faults.unresolved = 1
    air = Air()
    driver = clip(air)
    async with driving(scanner(air=air), driver):
        await bluez.started.wait()
        await until(lambda: driver.health()["failures"], bluez, CLIP)
        monkeypatch.setattr("edge_agent.drivers.ble_adapter.CONNECT_S", 60.0)
        await until(lambda: driver.health()["connected"], bluez, CLIP)
        await bluez.subscribed.wait()
    assert driver.health()["connections"] == 1


async def test_a_connect_that_cannot_even_be_undone_holds_up_no_other_device(
    bluez: FakeBluez, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.drivers.ble_adapter.CALL_S", 0.1)
    monkeypatch.setattr(gatt_module, "CALL_S", 0.1)
    monkeypatch.setattr(gatt_module, "CONNECT_S", 0.1)
    monkeypatch.setattr(gatt_module, "BACK_OFF_S", (3600.0,))
    bluez.offers(CLIP, CLIP_SERVICES)
    bluez.offers(CUFF, CUFF_SERVICES)
    bluez.bonds.add(bluez.path(CUFF))
    bluez.faults.connect_hangs = bluez.faults.disconnect_hangs = True
    adapter, air = BluezAdapter("hci0"), Air()
    hangs = GattDriver(BleDeviceSettings(CLIP, "clip", connect=True), adapter, air)
    other = GattDriver(BleDeviceSettings(CUFF, "cuff", connect=True, bond=True), adapter, air)
    async with driving(scanner(air=air), hangs, other):
        await bluez.started.wait()
        await until(lambda: hangs.health()["failures"], bluez, CLIP)
        monkeypatch.setattr(gatt_module, "CONNECT_S", 60.0)
        bluez.faults.connect_hangs = bluez.faults.disconnect_hangs = False
        await until(lambda: other.health()["connected"], bluez, CUFF)


async def test_an_adapter_that_is_pulled_out_is_missed_at_once_and_used_again_when_it_is_back(
    bluez: FakeBluez,
) -> None:
    driver, arrived = scanner(), asyncio.Queue[Incoming]()
    running = asyncio.create_task(driver.run(arrived.put_nowait))
    await bluez.started.wait()
    await until(lambda: not arrived.empty(), bluez, PENDANT, PRESS)
    bluez.unplug()
    with pytest.raises(DriverError, match="adapter is gone"):
        await asyncio.wait_for(running, 60)
    with pytest.raises(DriverError, match="adapter 'hci0' not found"):
        await driver.run(arrived.put_nowait)
    bluez.plug()
    async with driving(driver) as again:
        await bluez.started.wait()
        await until(lambda: not again.empty(), bluez, PENDANT, PRESS)


async def test_a_wearable_survives_the_loss_of_the_adapter(bluez: FakeBluez) -> None:
    bluez.offers(CLIP, CLIP_SERVICES)
    air = Air()
    driver = clip(air)
    async with driving(driver):
        async with driving(scanner(air=air)):
            await bluez.started.wait()
            await until(lambda: driver.health()["connected"], bluez, CLIP)
            bluez.unplug()
            await until(lambda: not driver.health()["connected"], bluez)
        bluez.plug()
        async with driving(scanner(air=air)):
            await bluez.started.wait()
            await until(lambda: driver.health()["connections"] == 2, bluez, CLIP)


async def test_a_daemon_that_dies_is_missed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with private_bus() as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        async with fake_bluez(address) as bluez:
            heard: asyncio.Queue[Incoming] = asyncio.Queue()
            running = asyncio.create_task(scanner().run(heard.put_nowait))
            await bluez.started.wait()
            await until(lambda: not heard.empty(), bluez, PENDANT, PRESS)
        with pytest.raises(DriverError, match="adapter is gone"):
            await asyncio.wait_for(running, 60)
        async with fake_bluez(address) as bluez, driving(scanner()) as arrived:
            await bluez.started.wait()
            await until(lambda: not arrived.empty(), bluez, PENDANT, PRESS)


async def test_a_wearable_survives_the_death_of_the_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gatt_module, "BACK_OFF_S", (0.01,))
    air = Air()
    driver = clip(air)
    async with private_bus() as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        async with driving(driver):
            for connections in (1, 2):
                async with fake_bluez(address) as bluez, driving(scanner(air=air)):
                    bluez.offers(CLIP, CLIP_SERVICES)
                    await bluez.started.wait()
                    await until(partial(made, driver, connections), bluez, CLIP)
                await until(lambda: not driver.health()["connected"], bluez)


def made(driver: GattDriver, connections: int) -> bool:
    return driver.health()["connections"] == connections


async def test_an_adapter_that_is_off_is_turned_on(bluez: FakeBluez) -> None:
    bluez.powered = False
    async with driving(scanner()):
        await bluez.started.wait()
    assert bluez.calls[:2] == ["Powered=True", "StartDiscovery"]


async def test_a_scan_that_is_always_in_progress_is_cured_by_turning_the_adapter_off_and_on(
    bluez: FakeBluez,
) -> None:
    bluez.faults.start_in_progress = 1_000
    driver = scanner()
    for _ in range(2):
        with pytest.raises(DriverError, match="already in progress"):
            await driver.run(lambda _: None)
    async with driving(driver):
        await bluez.started.wait()
    assert bluez.calls == [
        "StartDiscovery",
        "StartDiscovery",
        "Powered=False",
        "Powered=True",
        "StartDiscovery",
    ]


async def test_a_radio_that_stays_deaf_whatever_is_tried_is_a_fault_until_it_hears_again(
    bluez: FakeBluez,
) -> None:
    driver = scanner(silence_s=0.2)
    async with driving(driver):
        await bluez.started.wait()
        await until(lambda: driver.health()["fault"] and driver.health()["power_cycles"] >= 2, bluez)
        await until(lambda: not driver.health()["fault"], bluez, STRANGER)


async def test_what_a_connected_device_says_shows_that_the_radio_is_not_deaf(bluez: FakeBluez) -> None:
    bluez.offers(CLIP, CLIP_SERVICES)
    air = Air()
    driver = clip(air)
    async with driving(scanner(air=air), driver) as arrived:
        await bluez.started.wait()
        await until(lambda: driver.health()["connected"], bluez, CLIP)
        before = time.monotonic()
        bluez.notify(heart_rate.CHARACTERISTIC_UUID, heart_rate.encode(heart_rate.HeartRate(72)))
        while (await next_frame(arrived)).codec != "heart_rate":
            pass
    assert air.talked_at >= before


async def test_a_connection_that_talks_is_not_cut_because_nobody_else_advertises(bluez: FakeBluez) -> None:
    air = Air()
    air.talked_at = time.monotonic() + 3600  # and goes on talking
    driver = scanner(silence_s=0.2, air=air)
    async with driving(driver):
        await until(lambda: driver.health()["silences"] >= 4, bluez)
    assert (driver.health()["power_cycles"], driver.health()["fault"]) == (0, 0)


async def test_a_scan_that_stays_deaf_beside_a_connection_is_given_up_in_the_end(
    bluez: FakeBluez, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.drivers.ble_scan.WHILE_TALKING", 2)
    air = Air()
    air.talked_at = time.monotonic() + 3600
    driver = scanner(silence_s=0.02, air=air)
    async with driving(driver):
        await until(lambda: driver.health()["power_cycles"] and driver.health()["fault"], bluez)
    assert bluez.calls[: bluez.calls.index("Powered=False")].count("StartDiscovery") == 4
