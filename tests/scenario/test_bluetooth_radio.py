"""The Bluetooth drivers on the HCI back end, against the virtual radio."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.app import Agent
from edge_agent.configuration import parse
from edge_agent.drivers import Driver, DriverError, Incoming
from edge_agent.drivers.ble_adapter import HciAdapter
from edge_agent.drivers.ble_gatt import GattDriver
from edge_agent.drivers.ble_scan import SILENCE_S, Air, ScanDriver
from edge_agent.outbox import Outbox
from edge_agent.settings import BleDeviceSettings
from firmware_protocols.ble import mibeacon
from firmware_protocols.ble.pendant import Call
from firmware_protocols.codec import Decoded, Security
from firmware_protocols.model import (
    Alarm,
    AlarmKind,
    DeviceId,
    Event,
    EventKind,
    GatewayId,
    MotionWindow,
    Quantity,
    Reading,
)
from firmware_protocols.registry import CODECS
from firmware_protocols.wire import envelope
from firmware_protocols.wire.envelope import Record
from firmware_protocols.wire.topics import Lane
from simulators import motion
from simulators.measuring import (
    ADVERTISE_EVERY_MS,
    BLOOD_PRESSURE_16,
    Cuff,
    Measuring,
    Meter,
    Scale,
    Thermometer,
)
from simulators.radio import GatewayPort, Peripheral, Radio
from simulators.sensors import Beacon, MiDoor, Pendant
from simulators.wearables import HEART_RATE_16, PER_PACKET, BeltClip, Sent, place
from simulators.world import Device

pytestmark = pytest.mark.bluetooth

PENDANT = Device("pendant", "pendant", "", "beacon", "C4:0A:00:01:00:00", "00112233445566778899aabbccddeeff")
DOOR = Device("door", "door", "hall", "beacon", "C4:0A:00:01:00:01")
CLIP = Device("clip", "wearable", "", "gatt", "C4:0A:00:01:00:02")
CUFF = Device("cuff", "blood_pressure", "", "gatt", "C4:0A:00:01:00:03")
THERMOMETER = Device("thermometer", "thermometer", "", "gatt", "C4:0A:00:01:00:04")
MI_DOOR = Device("mi-door", "door", "hall", "beacon", "C4:0A:00:01:00:05", "0f" * 16)
SCALE = Device("scale", "scale", "", "gatt", "C4:0A:00:01:00:06")
METER = Device("meter", "glucose_meter", "", "gatt", "C4:0A:00:01:00:07")
DEVICES = (PENDANT, DOOR, CLIP, CUFF, THERMOMETER, MI_DOOR, SCALE, METER)
NAMES = {each.address: DeviceId(each.name) for each in DEVICES}


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
    async with asyncio.timeout(60):
        while (incoming := await arrived.get()).codec != codec:
            pass
        return incoming


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - what is waited for is a counter
            await asyncio.sleep(0.01)


def scanner(adapter: HciAdapter, air: Air) -> ScanDriver:
    return ScanDriver(adapter, air, NAMES, SILENCE_S)


async def said(arrived: asyncio.Queue[Incoming], saying: Callable[[], object]) -> Incoming:
    """Say something until it is heard: a beacon does not know when a gateway has begun to listen."""
    async with asyncio.timeout(60):
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
        await asyncio.wait_for(running, 60)
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
        assert await asyncio.wait_for(reader.read(), 60) == b""
    writer.close()
    pendant = await air.beacon(PENDANT)
    async with driving(scanner(HciAdapter(air.port.moniker), Air())) as arrived:
        assert (await said(arrived, pendant.press)).frame.device == "pendant"


# -- devices that are there for a minute -------------------------------------------------------------


@contextlib.asynccontextmanager
async def waiting_for(
    air: OneGateway, device: Device, measuring: Measuring
) -> AsyncIterator[tuple[Peripheral, asyncio.Queue[Incoming]]]:
    """A gateway that waits for a device, which is still away."""
    peripheral = await air.radio.device(device.name, device.address, measuring.services)
    adapter, heard = HciAdapter(air.port.moniker), Air()
    settings = BleDeviceSettings(device.address, device.name, connect=True)
    driver = GattDriver(settings, adapter, heard, synchronised=lambda: True)
    async with driving(scanner(adapter, heard), driver) as arrived:
        yield peripheral, arrived


def decoded(incoming: Incoming) -> Decoded:
    return CODECS[incoming.codec].decode(incoming.frame)


def values(told: Decoded) -> dict[Quantity, float | bool | None]:
    return {each.quantity: each.value for each in told.observations if isinstance(each, Reading)}


async def test_a_cuff_on_the_air_for_a_minute_tells_its_measurement_and_its_time(air: OneGateway) -> None:
    cuff, local = Cuff(), datetime.now().astimezone().replace(microsecond=0) - timedelta(minutes=5)
    cuff.measure(128, 77, 66, local)
    async with waiting_for(air, CUFF, cuff) as (peripheral, arrived):
        assert await cuff.tell(peripheral)
        told = decoded(await first(arrived, "blood_pressure"))
    assert values(told) == {
        Quantity.SYSTOLIC: 128,
        Quantity.DIASTOLIC: 77,
        Quantity.MEAN_ARTERIAL_PRESSURE: 94,
        Quantity.PULSE_RATE: 66,
    }
    assert {each.observed_at for each in told.observations} == {local}


async def test_a_cuff_that_tells_all_its_memory_again_names_each_measurement_as_before(
    air: OneGateway,
) -> None:
    cuff, local = Cuff(), datetime.now().astimezone() - timedelta(days=1)
    cuff.measure(128, 77, 66, local)
    async with waiting_for(air, CUFF, cuff) as (peripheral, arrived):
        assert await cuff.tell(peripheral)
        cuff.measure(131, 80, 70, local + timedelta(hours=8))
        assert await cuff.tell(peripheral)
        told = [decoded(await first(arrived, "blood_pressure")) for _ in range(3)]
    assert sorted(Counter(each.once for each in told).values()) == [1, 2]


async def test_a_thermometer_in_fahrenheit_tells_a_fever_in_celsius(air: OneGateway) -> None:
    thermometer = Thermometer()
    thermometer.measure(102.2, datetime.now().astimezone())
    async with waiting_for(air, THERMOMETER, thermometer) as (peripheral, arrived):
        assert await thermometer.tell(peripheral)
        told = decoded(await first(arrived, "thermometer"))
    assert values(told) == {Quantity.BODY_TEMPERATURE: 39.0}


async def test_a_scale_tells_the_weight_of_the_morning(air: OneGateway) -> None:
    scale, local = Scale(), datetime.now().astimezone().replace(microsecond=0) - timedelta(hours=3)
    scale.measure(61.335, local)
    async with waiting_for(air, SCALE, scale) as (peripheral, arrived):
        assert await scale.tell(peripheral)
        told = decoded(await first(arrived, "scale"))
    assert values(told) == {Quantity.BODY_WEIGHT: 61.335}
    assert {each.observed_at for each in told.observations} == {local}


async def test_a_glucose_meter_is_asked_and_tells_its_newest_record_first(air: OneGateway) -> None:
    meter, local = Meter(), datetime.now().astimezone() - timedelta(hours=5)
    for hours, mmol_l in enumerate((7.1, 9.4, 2.8)):
        meter.measure(mmol_l, local + timedelta(hours=hours))
    async with waiting_for(air, METER, meter) as (peripheral, arrived):
        assert await meter.tell(peripheral)
        told = [decoded(await first(arrived, "glucose")) for _ in range(4)]
    assert [values(each)[Quantity.GLUCOSE] for each in told] == [2.8, 7.1, 9.4, 2.8]
    assert told[0].once == told[3].once


async def test_what_a_device_is_is_told_when_it_stays_long_enough(air: OneGateway) -> None:
    cuff, told = Cuff(), set[str]()
    async with waiting_for(air, CUFF, cuff) as (peripheral, arrived):
        await peripheral.offer(BLOOD_PRESSURE_16, ADVERTISE_EVERY_MS)
        async with asyncio.timeout(60):
            while len(told) < 4:
                for each in decoded(await arrived.get()).observations:
                    told.add(each.detail if isinstance(each, Event) else str(values(Decoded((each,)))))
    assert told == {"maker Anban", "model Cuff", "firmware 1.0", "{<Quantity.BATTERY: 'battery'>: 76.0}"}


async def test_the_clock_of_a_cuff_is_set_to_local_time(air: OneGateway) -> None:
    cuff, before = Cuff(), datetime.now().astimezone().replace(microsecond=0)
    async with waiting_for(air, CUFF, cuff) as (peripheral, arrived):
        await peripheral.offer(BLOOD_PRESSURE_16, ADVERTISE_EVERY_MS)
        await first(arrived, "battery")  # read after the clock is set
    shown = cuff.clock.moment(before.utcoffset() or timedelta())
    assert shown is not None
    assert timedelta() <= shown - before <= timedelta(minutes=1)


async def test_nobody_listens_to_a_cuff_and_it_goes_away_again(air: OneGateway) -> None:
    cuff = Cuff()
    peripheral = await air.radio.device(CUFF.name, CUFF.address, cuff.services)
    assert not await cuff.tell(peripheral, within_s=0.05)


# -- pendant and MiBeacon ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "detail"),
    [
        (Call.PRESS, EventKind.BUTTON, "press"),
        (Call.FALL, EventKind.FALL_SUSPECTED, "pendant"),
        (Call.ALL_WELL, EventKind.ALL_WELL, "pendant"),
    ],
)
async def test_a_pendants_call_travels_from_the_body_to_an_event(
    air: OneGateway, call: Call, kind: EventKind, detail: str
) -> None:
    pendant = Pendant(PENDANT, await air.radio.device(PENDANT.name, PENDANT.address))
    async with driving(scanner(HciAdapter(air.port.moniker), Air())) as arrived:
        incoming = await said(arrived, lambda: pendant.call(call, frames=2))
    assert (incoming.codec, incoming.broadcast) == ("pendant", True)
    told = CODECS["pendant"].decode(incoming.frame, Security(key=bytes.fromhex(PENDANT.bindkey)))
    (event,) = [each for each in told.observations if isinstance(each, Event)]
    assert (event.device, event.kind, event.detail) == ("pendant", kind, detail)
    assert told.once is not None


async def test_a_mibeacon_door_that_is_left_open_says_so(air: OneGateway) -> None:
    door = MiDoor(MI_DOOR, await air.radio.device(MI_DOOR.name, MI_DOOR.address))
    async with driving(scanner(HciAdapter(air.port.moniker), Air())) as arrived:
        incoming = await said(arrived, lambda: door.show(mibeacon.LEFT_OPEN))
    told = CODECS[incoming.codec].decode(incoming.frame, Security(key=bytes.fromhex(MI_DOOR.bindkey)))
    assert values(told) == {Quantity.OPENING: True}
    assert [each.kind for each in told.observations if isinstance(each, Event)] == [EventKind.LEFT_OPEN]


async def test_a_frame_that_does_not_fit_an_advertisement_is_refused(air: OneGateway) -> None:
    peripheral = await air.radio.device(DOOR.name, DOOR.address)
    with pytest.raises(ValueError, match="do not fit an advertisement"):
        await peripheral.say(0xFCD2, bytes(25))


# -- the whole gateway -------------------------------------------------------------------------------


def configured(device: Device, **more: object) -> dict[str, object]:
    """A device's table in the gateway's configuration."""
    known = {"address": device.address, "name": device.name, "kind": device.kind, "bindkey": device.bindkey}
    return {key: value for key, value in known.items() if value} | more


async def test_a_gateway_turns_a_call_and_a_cuffs_memory_into_one_alarm_and_each_reading_once(
    air: OneGateway, tmp_path: Path
) -> None:
    cuff, local = Cuff(), datetime.now().astimezone()
    cuff.measure(128, 77, 66, local - timedelta(days=2))
    pendant = Pendant(PENDANT, await air.radio.device(PENDANT.name, PENDANT.address))
    on_arm = await air.radio.device(CUFF.name, CUFF.address, cuff.services)
    settings = parse(
        {
            "gateway": {"id": "gw-1", "shard": 1, "data_dir": str(tmp_path)},
            "uplink": {"host": "127.0.0.1", "port": 1, "secret": "nobody listens"},
            "ble": {
                "backend": "hci",
                "transport": air.port.moniker,
                "device": [configured(PENDANT), configured(CUFF, connect=True, user=1)],
            },
        }
    )
    agent, stop = Agent(settings), asyncio.Event()
    running = asyncio.create_task(agent.run(stop))
    async with asyncio.timeout(60):
        while not agent.outbox.take(Lane.ALARM, 1):
            await pendant.call(Call.PRESS, frames=3)
    assert await cuff.tell(on_arm)
    cuff.measure(131, 80, 70, local - timedelta(days=1))
    assert await cuff.tell(on_arm)
    stop.set()
    await running
    records = stored(tmp_path)
    assert len({each.id for each in records if isinstance(each, Alarm)}) == 1
    assert {each.kind for each in records if isinstance(each, Alarm)} == {AlarmKind.SOS}
    readings = [each for each in records if isinstance(each, Reading)]
    assert [each.value for each in readings if each.quantity is Quantity.SYSTOLIC] == [128.0, 131.0]
    told = {each.detail for each in records if isinstance(each, Event) and each.kind is EventKind.INVENTORY}
    assert told <= {"maker Anban", "model Cuff", "firmware 1.0"}


def stored(folder: Path) -> list[Record]:
    """What waits in the outbox of a gateway that has stopped."""
    outbox = Outbox(folder / "outbox.sqlite", GatewayId("gw-1"))
    frozen = [batch for lane in Lane for batch in outbox.take(lane, 1000)]
    return [record for batch in frozen for record in envelope.parse(batch.payload).records]
