"""Sensors and buttons that advertise BTHome v2, plain or encrypted.

What this is: one ``Beacon`` for every kind, because they differ only in what they say. What it is not: no
behaviour; ``household`` says when a door opens. The one idea: a battery sensor sleeps; it wakes when
something changes, says so in a short burst, and repeats its state now and then as a sign of life.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from firmware_protocols.ble import bthome
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
