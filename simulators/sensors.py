"""Sensors and buttons that advertise: BTHome v2, MiBeacon, and our own pendant.

What this is: one ``Beacon`` for every kind that speaks BTHome, because they differ only in what they say; a
``MiDoor`` and a ``Pendant``. What it is not: no behaviour; ``household`` says when a door opens. The one
idea: a battery sensor sleeps; it wakes when something changes, says so in a short burst, and repeats its
state now and then as a sign of life.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from firmware_protocols.ble import bthome, mibeacon, pendant
from firmware_protocols.ble.mibeacon import Beacon as MiBeacon
from firmware_protocols.ble.pendant import Call, Message
from simulators.radio import Peripheral
from simulators.world import Device

UUID16: Final = 0xFCD2
BATTERY: Final = 0x01
TEMPERATURE: Final = 0x02
HUMIDITY: Final = 0x03
BUTTON: Final = bthome.BUTTON
STATES: Final[Mapping[str, int]] = {"door": 0x1A, "motion": 0x21, "gas": 0x1C, "smoke": 0x29}
"""Kind of sensor → the BTHome object of its state."""

Object = tuple[int, float | str]


class Beacon:
    """One sensor or button on the air."""

    def __init__(self, device: Device, peripheral: Peripheral, battery: int = 90) -> None:
        self.device = device
        self._peripheral = peripheral
        self._battery = battery
        self._packet_id = 0
        # A real device keeps its counter in flash; seconds of the clock also only ever grow over restarts.
        self._counter = int(time.time())
        self._state: dict[int, float] = {}

    async def press(self, how: str = "press") -> None:
        """Press the button: ``press``, ``double_press``, ``long_press`` …"""
        await self._say((BUTTON, how))

    async def show(self, on: bool) -> None:
        """Change the state that this kind of sensor has: open, motion, gas, smoke."""
        self._state[STATES[self.device.kind]] = float(on)
        await self._say(*self._state.items())

    async def measure(self, temperature: float, humidity: float) -> None:
        """Report a climate, °C and % relative humidity."""
        self._state.update({TEMPERATURE: temperature, HUMIDITY: humidity})
        await self._say(*self._state.items())

    async def live(self) -> None:
        """A sign of life: battery, and the state as it is."""
        await self._say((BATTERY, self._battery), *self._state.items())

    async def _say(self, *objects: Object) -> None:
        self._packet_id = (self._packet_id + 1) % 256
        payload = bthome.encode(objects, packet_id=self._packet_id, sleepy=True)
        if self.device.bindkey:
            self._counter += 1
            key = bytes.fromhex(self.device.bindkey)
            payload = bthome.encrypt(payload, key=key, address=self.device.address, counter=self._counter)
        await self._peripheral.say(UUID16, payload)


MI_UUID16: Final = 0xFE95
_MI_DOOR_SENSOR: Final = 0x098B  # the product number of a contact that is sold
_MI_VERSION: Final = 5
_COUNTERS: Final = 1 << 8


class MiDoor:
    """A door contact that speaks MiBeacon v5, encrypted."""

    def __init__(self, device: Device, peripheral: Peripheral) -> None:
        self._device = device
        self._peripheral = peripheral
        self._counter = int(time.time())

    async def show(self, state: int) -> None:
        """Say ``mibeacon.OPEN``, ``CLOSED`` or ``LEFT_OPEN``."""
        await self._say(mibeacon.encode_object(mibeacon.DOOR, bytes((state,))))

    async def live(self, percent: int = 90) -> None:
        """A sign of life: the battery."""
        await self._say(mibeacon.encode_object(mibeacon.BATTERY, bytes((percent,))))

    async def _say(self, body: bytes) -> None:
        self._counter += 1
        extension, counter = divmod(self._counter, _COUNTERS)
        plain = MiBeacon(_MI_VERSION, _MI_DOOR_SENSOR, counter, body=body)
        key, address = bytes.fromhex(self._device.bindkey), self._device.address
        sealed = mibeacon.seal(plain, key=key, address=address, extension=extension)
        await self._peripheral.say(MI_UUID16, mibeacon.encode(sealed))


class Pendant:
    """A help button with a fall detector, as ``docs/protocols/pendant.md`` asks for it."""

    def __init__(self, device: Device, peripheral: Peripheral, counter: int = 0, battery: int = 90) -> None:
        self._device = device
        self._peripheral = peripheral
        self._counter = counter
        self._battery = battery

    async def call(self, call: Call, frames: int = 1) -> None:
        """Make one call, in ``frames`` frames one after the other; a real one waits 5 s between them."""
        for repeat in range(frames):
            self._counter += 1
            message = Message(call, self._battery, repeat)
            key, address = bytes.fromhex(self._device.bindkey), self._device.address
            frame = pendant.seal(message, key=key, address=address, counter=self._counter)
            await self._peripheral.say(pendant.SERVICE_UUID, frame)
