"""Bluetooth LE devices we stay connected to: subscribe to every characteristic we understand.

What this is not: no scanning of its own; ``ble_scan`` tells when a device shows itself. The one idea: one
task per device goes round one loop for ever: hear it, connect, subscribe, read what it is, stay until it is
gone. Each step has its time, and a device that refuses is left alone for a while, longer each time. A cuff is
on the air for a minute after a measurement: it is connected to at its first advertisement, and what it
measured comes first. We write two things only: the time, into a clock that dates measurements, and to a
meter that tells nothing unasked, that we want its records.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from edge_agent.clock import kernel_synchronised
from edge_agent.drivers import Deliver, Incoming
from edge_agent.drivers.beat import Beat
from edge_agent.drivers.ble_adapter import CALL_S, CONNECT_S, Adapter, adapter_for, answered
from edge_agent.drivers.ble_scan import Air, air_for
from edge_agent.settings import BleDeviceSettings, EdgeSettings
from firmware_protocols.ble import records
from firmware_protocols.ble.device_time import CHARACTERISTIC_UUID as CLOCK_UUID
from firmware_protocols.ble.device_time import DeviceTime, time_bytes
from firmware_protocols.codec import Frame
from firmware_protocols.errors import DecodeError
from firmware_protocols.model import DeviceId
from firmware_protocols.registry import CHARACTERISTICS

logger = logging.getLogger(__name__)

BACK_OFF_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""How long a device is left alone after the first, second … failure in a row."""
ABSENT_S: Final = 60.0
"""D. A device that shows itself after so long is met anew: what failed before is no reason to wait."""
SUBSCRIBE_S: Final = 10.0
RECORDS_S: Final = 60.0
"""How long a meter may take to tell all that it has kept: five hundred records, ten a second. D."""
HANGS_S: Final = 240.0
"""No sign of life for so long [D]: a connection, and ten calls that each take as long as they may."""
READ_ONCE: Final = frozenset({"battery", "device_maker", "device_model", "device_serial", "device_firmware"})
"""Codecs of what is read in each connection; the lines about a device are handed on only if they are new."""
_UNBONDED: Final = ("NotPermitted", "NotAuthorized", "AuthenticationFailed", "AuthenticationRejected")
_FAULTS: Final = (BleakError, OSError, TimeoutError, EOFError)


class GattDriver:
    """One device that is a GATT server."""

    def __init__(
        self,
        device: BleDeviceSettings,
        adapter: Adapter,
        air: Air,
        synchronised: Callable[[], bool] = kernel_synchronised,
    ) -> None:
        self.name = f"ble_gatt/{device.name}"
        self._device = DeviceId(device.name)
        self._address = device.address.upper()
        self._bond = device.bond
        self._adapter = adapter
        self._air = air
        self.beat = Beat(HANGS_S)
        self._synchronised = synchronised
        self._failure = ""
        self._lines: dict[str, bytes] = {}
        self._counts = {"connected": 0.0, "connections": 0.0, "failures": 0.0}

    def health(self) -> Mapping[str, float]:
        """``connected`` now (0 or 1), ``connections`` made and ``failures`` to make one since the start."""
        return dict(self._counts)

    async def run(self, deliver: Deliver) -> None:
        """Stay connected, again and again, until cancelled. Never raises: an absent wearable is no fault."""
        failures = 0
        await self._forget()
        while True:
            since = time.monotonic()
            device = await self.beat.during(self._air.heard(self._address))
            if time.monotonic() - since >= ABSENT_S:
                failures = 0
            if await self._stay(device, deliver):
                failures = 0
            else:
                failures += 1
                await self.beat.during(asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1]))

    async def _stay(self, device: BLEDevice, deliver: Deliver) -> bool:
        """Connect and stay until the device is gone; whether it ever was connected."""
        gone = asyncio.Event()
        client = self._adapter.client(device, lambda _: gone.set(), bond=self._bond)
        try:
            await self._subscribe(client, deliver)
            await self._set_clock(client)
            await self._ask_records(client, gone)
            await self._read(client, deliver, gone)
            await self.beat.during(self._left(gone))
        except _FAULTS as error:
            await self._failed(error)
            return False
        finally:
            self._counts["connected"] = 0
            await _disconnect(client)
        logger.info("device disconnected device=%s", self._device)
        return True

    async def _left(self, gone: asyncio.Event) -> None:
        """Return when the device is gone, or the adapter: a daemon that dies ends no connection first."""
        waits = {asyncio.ensure_future(gone.wait()), asyncio.ensure_future(self._adapter.lost())}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                await each
        finally:
            for each in waits:
                each.cancel()

    async def _subscribe(self, client: BleakClient, deliver: Deliver) -> None:
        await self.beat.during(self._connect(client))
        for characteristic, codec in _understood(client):
            if {"notify", "indicate"} & set(characteristic.properties):
                notified = functools.partial(self._notified, deliver, codec)
                await answered(client.start_notify(characteristic, notified), SUBSCRIBE_S)
        self._counts["connections"] += 1
        self._counts["connected"] = 1
        self._failure = ""
        logger.info("device connected device=%s", self._device)

    async def _connect(self, client: BleakClient) -> None:
        """In its turn: one device after the other."""
        async with self._adapter.connecting:
            await answered(client.connect(), CONNECT_S + CALL_S)

    async def _set_clock(self, client: BleakClient) -> None:
        """Tell a device that dates its measurements what time it is, if we know; it may keep its own."""
        if not self._synchronised():
            return
        for characteristic in _offered(client):
            if characteristic.uuid != CLOCK_UUID or "write" not in characteristic.properties:
                continue
            now = time_bytes(DeviceTime.of(datetime.now(UTC).astimezone()))
            try:
                await answered(client.write_gatt_char(characteristic, now, response=True), CALL_S)
            except _FAULTS as error:
                logger.info("device keeps its own time device=%s reason=%s", self._device, error)

    async def _ask_records(self, client: BleakClient, gone: asyncio.Event) -> None:
        """Have a device that tells nothing unasked tell its newest record, and then all that it has kept."""
        point = next((one for one in _offered(client) if one.uuid == records.CHARACTERISTIC_UUID), None)
        if point is None:
            return
        answers: asyncio.Queue[bytes] = asyncio.Queue()
        try:
            await answered(
                client.start_notify(point, lambda _, value: answers.put_nowait(bytes(value))), SUBSCRIBE_S
            )
            for request in (records.NEWEST, records.ALL):
                await answered(client.write_gatt_char(point, request, response=True), CALL_S)
                if gone.is_set() or not records.told(await self._answer(answers, gone)):
                    return
        except (*_FAULTS, DecodeError) as error:
            logger.info("device keeps its records device=%s reason=%s", self._device, _reason(error))

    async def _answer(self, answers: asyncio.Queue[bytes], gone: asyncio.Event) -> bytes:
        """The answer to a request for records; raises ``EOFError`` if the device goes before it is done."""
        answer, left = asyncio.ensure_future(answers.get()), asyncio.ensure_future(gone.wait())
        try:
            waits = asyncio.wait({answer, left}, timeout=RECORDS_S, return_when=asyncio.FIRST_COMPLETED)
            await self.beat.during(waits)
            if not answer.done():
                raise EOFError("gone, or silent, before all was told")
            return answer.result()
        finally:
            answer.cancel()
            left.cancel()

    async def _read(self, client: BleakClient, deliver: Deliver, gone: asyncio.Event) -> None:
        """Read what the device says of itself; one that will not say, or has gone, has done its work."""
        for characteristic, codec in list(_understood(client)):
            if codec not in READ_ONCE or "read" not in characteristic.properties or gone.is_set():
                continue
            try:
                value = bytes(await answered(client.read_gatt_char(characteristic), CALL_S))
            except _FAULTS as error:
                logger.info("device does not tell its %s device=%s reason=%s", codec, self._device, error)
                continue
            if value and (codec == "battery" or self._lines.get(codec) != value):
                self._lines[codec] = value
                self._deliver(deliver, codec, value)

    def _notified(self, deliver: Deliver, codec: str, _: BleakGATTCharacteristic, value: bytearray) -> None:
        self._air.talked_at = time.monotonic()
        self._deliver(deliver, codec, bytes(value))

    def _deliver(self, deliver: Deliver, codec: str, value: bytes) -> None:
        now = datetime.now(UTC)
        offset = now.astimezone().utcoffset() or timedelta()
        deliver(Incoming(codec, Frame(self._device, value, now, self._address, offset)))

    async def _failed(self, error: Exception) -> None:
        """Count and log a failure once while it stays the same; clear what it may have left behind."""
        self._counts["failures"] += 1
        reason = _reason(error)
        if reason != self._failure:
            logger.warning("device not connected device=%s reason=%s", self._device, reason)
            self._failure = reason
        await self._forget()

    async def _forget(self) -> None:
        with contextlib.suppress(*_FAULTS):
            await self._adapter.forget(self._address)


def _understood(client: BleakClient) -> Iterator[tuple[BleakGATTCharacteristic, str]]:
    """The device's characteristics that have a codec, with its name."""
    for characteristic in _offered(client):
        if codec := CHARACTERISTICS.get(characteristic.uuid):
            yield characteristic, codec


def _offered(client: BleakClient) -> Iterator[BleakGATTCharacteristic]:
    yield from client.services.characteristics.values()


async def _disconnect(client: BleakClient) -> None:
    with contextlib.suppress(*_FAULTS):
        await answered(client.disconnect(), CALL_S)


def _reason(error: Exception) -> str:
    """One line for a technician, the same for the same fault."""
    reason = str(error) or type(error).__name__
    if any(word in reason for word in _UNBONDED):
        return f"{reason}; set bond = true and put the device into its pairing mode"
    return reason


def build(settings: EdgeSettings) -> Sequence[GattDriver]:
    """One driver for each device with ``connect = true``."""
    if settings.ble is None:
        return []
    adapter, air = adapter_for(settings.ble), air_for(settings.ble)
    return [GattDriver(device, adapter, air) for device in settings.ble.device if device.connect]
