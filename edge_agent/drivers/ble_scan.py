"""Bluetooth LE advertisements: listen always, hand on the service data of the configured devices.

What this is not: no connections (``ble_gatt``) and no meaning of bytes. The one idea: silence is a fault.
Radios go deaf without an error, so after ``SILENCE_S`` without any advertisement from anyone the scan is
started afresh; when that does not help the adapter is turned off and on; and when that does not help either,
people are told.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError

from edge_agent.drivers import Deliver, DriverError, Incoming
from edge_agent.drivers.beat import Beat
from edge_agent.drivers.ble_adapter import Adapter, adapter_for, answered
from edge_agent.settings import BleSettings, EdgeSettings
from firmware_protocols.codec import Frame
from firmware_protocols.model import DeviceId
from firmware_protocols.registry import ADVERTISEMENTS

logger = logging.getLogger(__name__)

SILENCE_S: Final = 90.0
"""No advertisement from any device for so long: assume the radio is deaf. BlueZ itself forgets at 180 s."""
SCANS_IN_VAIN: Final = 2
"""D. After so many scans on end that heard nobody the adapter is turned off and on."""
FAULT_SILENCES: Final = 4.0
"""D. After so many silences on end, two of them with the adapter off and on between, it is a fault."""
WHILE_TALKING: Final = 10
"""D. While a connected device talks, the radio is not deaf, though its scan may be: so many times the
patience before that connection is cut. In a lonely home a belt clip may be all there is to hear.
"""
START_S: Final = 15.0
STOP_S: Final = 5.0
HANGS_S: Final = 180.0
"""No sign of life for so long [D]: waking the adapter, or turning it off and on, is many short calls."""
NOT_HEARD: Final = -127
"""dBm; what bleak reports when BlueZ announces a change of a device without having heard it."""


class Air:
    """Who was heard lately. ``ble_gatt`` waits here for its device to show itself.

    ``talked_at``: when a connected device last said something, by the monotonic clock.
    """

    def __init__(self) -> None:
        self.talked_at = float("-inf")
        self._waiting: dict[str, asyncio.Future[BLEDevice]] = {}

    async def heard(self, address: str) -> BLEDevice:
        """Return the device at ``address`` (upper case) as soon as it advertises, however long that takes."""
        future = self._waiting.get(address)
        if future is None or future.done():
            future = self._waiting[address] = asyncio.get_running_loop().create_future()
        return await asyncio.shield(future)

    def note(self, device: BLEDevice) -> None:
        """``device`` has advertised."""
        future = self._waiting.pop(device.address.upper(), None)
        if future is not None and not future.done():
            future.set_result(device)


@functools.cache
def air_for(settings: BleSettings) -> Air:
    """The one ``Air`` that all drivers built from ``settings`` share."""
    return Air()


class ScanDriver:
    """The one scanner of this gateway."""

    name = "ble_scan"

    def __init__(self, adapter: Adapter, air: Air, names: Mapping[str, DeviceId], silence_s: float) -> None:
        self._adapter = adapter
        self._air = air
        self._names = names
        self._silence_s = silence_s
        self.beat = Beat(HANGS_S)
        self._heard_at = 0.0
        self._well_at: float | None = None
        self._in_vain = 0
        self._counts = {"heard": 0.0, "unknown": 0.0, "silences": 0.0, "power_cycles": 0.0}

    def health(self) -> Mapping[str, float]:
        """Advertisements ``heard``, those from ``unknown`` devices; ``silences`` that restarted the scan;
        ``power_cycles`` of the adapter; ``fault``: nothing heard for ``FAULT_SILENCES``, whatever was tried.
        """
        silent_s = 0.0 if self._well_at is None else time.monotonic() - self._well_at
        fault = silent_s > FAULT_SILENCES * self._silence_s * self._patience()
        return self._counts | {"fault": float(fault)}

    async def run(self, deliver: Deliver) -> None:
        """Scan until cancelled.

        Raises:
            DriverError: no adapter, no Bluetooth service, or it does not answer.
        """
        heard = functools.partial(self._heard, deliver)
        self._well_at = self._well_at or time.monotonic()
        try:
            await self._adapter.wake()
            while True:
                if self._in_vain >= SCANS_IN_VAIN * self._patience():
                    self._counts["power_cycles"] += 1
                    await self._adapter.power_cycle()
                await self._scan_until_silent(self._adapter.scanner(heard))
                self._in_vain += 1
                self._counts["silences"] += 1
                logger.info("bluetooth silent, scanning afresh seconds=%.0f", self._silence_s)
        except (BleakError, OSError, TimeoutError) as error:
            self._in_vain += 1
            raise DriverError(_reason(error)) from error
        finally:
            await self._adapter.close()

    def _patience(self) -> int:
        talking = time.monotonic() - self._air.talked_at < self._silence_s
        return WHILE_TALKING if talking else 1

    async def _scan_until_silent(self, scanner: BleakScanner) -> None:
        try:
            await answered(scanner.start(), START_S)
            await self.beat.during(self._silence())
        finally:
            with contextlib.suppress(BleakError, OSError, TimeoutError, EOFError):
                await answered(scanner.stop(), STOP_S)

    async def _silence(self) -> None:
        """Return when nobody was heard for ``silence_s``."""
        lost = asyncio.ensure_future(self._adapter.lost())
        self._heard_at = time.monotonic()
        try:
            while (left := self._heard_at + self._silence_s - time.monotonic()) > 0:
                await asyncio.wait({lost}, timeout=left)
                if lost.done():
                    lost.result()
                    raise DriverError("the Bluetooth adapter is gone")
        finally:
            lost.cancel()

    def _heard(self, deliver: Deliver, device: BLEDevice, data: AdvertisementData) -> None:
        if data.rssi == NOT_HEARD:
            return
        self._heard_at = self._well_at = time.monotonic()
        self._in_vain = 0
        self._counts["heard"] += 1
        address = device.address.upper()
        name = self._names.get(address)
        if name is None:
            self._counts["unknown"] += 1
            return
        self._air.note(device)
        now = datetime.now(UTC)
        for uuid, payload in data.service_data.items():
            if codec := ADVERTISEMENTS.get(uuid):
                deliver(Incoming(codec, Frame(name, payload, now, address), broadcast=True))


def _reason(error: Exception) -> str:
    """One line for a technician, the same for the same fault."""
    if isinstance(error, TimeoutError):
        return f"the Bluetooth service does not answer within {START_S:g} s; is bluetoothd running?"
    if isinstance(error, FileNotFoundError):
        return 'no D-Bus system bus: install and start dbus and bluez, or set [ble] backend = "hci"'
    return str(error) or type(error).__name__


def build(settings: EdgeSettings) -> Sequence[ScanDriver]:
    """The scanner, if the configuration has Bluetooth devices."""
    if settings.ble is None:
        return []
    names = {device.address.upper(): DeviceId(device.name) for device in settings.ble.device}
    return [ScanDriver(adapter_for(settings.ble), air_for(settings.ble), names, settings.ble.silence_s)]
