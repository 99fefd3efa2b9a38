"""Bluetooth LE devices we stay connected to: subscribe to every characteristic we understand.

What this is not: no scanning of its own; ``ble_scan`` tells when a device shows itself. The one idea: one
task per device goes round one loop for ever: hear it, connect, subscribe, stay until it is gone. Each step
has its time, and a device that refuses is left alone for a while, longer each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from edge_agent.drivers import Deliver, Incoming
from edge_agent.drivers.ble_adapter import CALL_S, CONNECT_S, Adapter, adapter_for
from edge_agent.drivers.ble_scan import Air, air_for
from edge_agent.settings import BleDeviceSettings, EdgeSettings
from firmware_protocols.codec import Frame
from firmware_protocols.model import DeviceId
from firmware_protocols.registry import CHARACTERISTICS

logger = logging.getLogger(__name__)

BACK_OFF_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""How long a device is left alone after the first, second … failure in a row."""
SUBSCRIBE_S: Final = 10.0
_FAULTS: Final = (BleakError, OSError, TimeoutError, EOFError)


class GattDriver:
    """One device that is a GATT server."""

    def __init__(self, device: BleDeviceSettings, adapter: Adapter, air: Air) -> None:
        self.name = f"ble_gatt/{device.name}"
        self._device = DeviceId(device.name)
        self._address = device.address.upper()
        self._adapter = adapter
        self._air = air
        self._failure = ""
        self._counts = {"connected": 0.0, "connections": 0.0, "failures": 0.0}

    def health(self) -> Mapping[str, float]:
        """``connected`` now (0 or 1), ``connections`` made and ``failures`` to make one since the start."""
        return dict(self._counts)

    async def run(self, deliver: Deliver) -> None:
        """Stay connected, again and again, until cancelled. Never raises: an absent wearable is no fault."""
        failures = 0
        await self._forget()
        while True:
            device = await self._air.heard(self._address)
            if await self._stay(device, deliver):
                failures = 0
            else:
                failures += 1
                await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1])

    async def _stay(self, device: BLEDevice, deliver: Deliver) -> bool:
        """Connect and stay until the device is gone; whether it ever was connected."""
        gone = asyncio.Event()
        client = self._adapter.client(device, lambda _: gone.set())
        try:
            await self._subscribe(client, deliver)
            await gone.wait()
        except _FAULTS as error:
            await self._failed(error)
            return False
        finally:
            self._counts["connected"] = 0
            await _disconnect(client)
        logger.info("device disconnected device=%s", self._device)
        return True

    async def _subscribe(self, client: BleakClient, deliver: Deliver) -> None:
        async with self._adapter.connecting, asyncio.timeout(CONNECT_S + CALL_S):
            await client.connect()
        for characteristic, codec in _understood(client):
            notified = functools.partial(self._deliver, deliver, codec)
            if {"notify", "indicate"} & set(characteristic.properties):
                async with asyncio.timeout(SUBSCRIBE_S):
                    await client.start_notify(characteristic, notified)
            if codec == "battery" and "read" in characteristic.properties:
                async with asyncio.timeout(CALL_S):
                    notified(characteristic, await client.read_gatt_char(characteristic))
        self._counts["connections"] += 1
        self._counts["connected"] = 1
        self._failure = ""
        logger.info("device connected device=%s", self._device)

    def _deliver(self, deliver: Deliver, codec: str, _: BleakGATTCharacteristic, value: bytearray) -> None:
        deliver(Incoming(codec, Frame(self._device, bytes(value), datetime.now(UTC), self._address)))

    async def _failed(self, error: Exception) -> None:
        """Count and log a failure once while it stays the same; clear what it may have left behind."""
        self._counts["failures"] += 1
        reason = str(error) or type(error).__name__
        if reason != self._failure:
            logger.warning("device not connected device=%s reason=%s", self._device, reason)
            self._failure = reason
        await self._forget()

    async def _forget(self) -> None:
        with contextlib.suppress(*_FAULTS):
            await self._adapter.forget(self._address)


def _understood(client: BleakClient) -> Iterator[tuple[BleakGATTCharacteristic, str]]:
    """The device's characteristics that have a codec, with its name."""
    for characteristic in client.services.characteristics.values():
        if codec := CHARACTERISTICS.get(characteristic.uuid):
            yield characteristic, codec


async def _disconnect(client: BleakClient) -> None:
    with contextlib.suppress(*_FAULTS):
        async with asyncio.timeout(CALL_S):
            await client.disconnect()


def build(settings: EdgeSettings) -> Sequence[GattDriver]:
    """One driver for each device with ``connect = true``."""
    if settings.ble is None:
        return []
    adapter, air = adapter_for(settings.ble), air_for(settings.ble)
    return [GattDriver(device, adapter, air) for device in settings.ble.device if device.connect]
