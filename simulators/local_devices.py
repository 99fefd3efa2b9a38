"""Devices that speak MQTT inside a home: a Zigbee2MQTT bridge and an ESPHome node on the home's broker.

What this is: who publishes what, when, and retained or not, as the real ones do. What it is not: Zigbee or a
microcontroller. The one idea: both remember the last state and say it again when they come back, which is
where a receiver that takes an old state for a new one goes wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from firmware_protocols.local import esphome, zigbee2mqtt
from firmware_protocols.model import JsonValue
from simulators.mqtt import Connection

Report = Callable[[Mapping[str, Any]], None]
_LINK_QUALITY: Final = 96


class Bridge:
    """Zigbee2MQTT on the broker at 127.0.0.1:``port``; the devices are those that have said something.

    By default it retains nothing that a device says.
    """

    def __init__(self, port: int, user: str, password: str, base: str = "zigbee2mqtt") -> None:
        self._base = base
        self._states: dict[str, dict[str, JsonValue]] = {}
        self._connection = Connection(
            port, user, password, self._connected, lambda *_: None, client_id=f"{base}-bridge"
        )
        self._connection.will(f"{base}/bridge/state", zigbee2mqtt.encode_availability(False))

    @property
    def is_connected(self) -> bool:
        """Whether the broker has accepted it."""
        return self._connection.is_connected

    async def run(self) -> None:
        """Bridge until cancelled."""
        await self._connection.run()

    def say(self, device: str, **properties: JsonValue) -> None:
        """A device reports ``properties``; the bridge publishes all that it knows of the device."""
        known = self._states.setdefault(device, {"linkquality": _LINK_QUALITY})
        known.update(properties)
        self._publish(device, known)

    def press(self, device: str, action: str = "single") -> None:
        """A button is pressed. The bridge publishes it with the state and does not remember it."""
        known = self._states.setdefault(device, {"linkquality": _LINK_QUALITY})
        self._publish(device, {**known, "action": action})

    def reach(self, device: str, online: bool = True) -> None:
        """The bridge finds that a device can be reached, or cannot."""
        topic = f"{self._base}/{device}/availability"
        self._connection.publish(topic, zigbee2mqtt.encode_availability(online), retain=True)

    def _connected(self) -> None:
        online = zigbee2mqtt.encode_availability(True)
        self._connection.publish(f"{self._base}/bridge/state", online, retain=True)
        for device, known in self._states.items():
            self._publish(device, known)

    def _publish(self, device: str, properties: Mapping[str, JsonValue]) -> None:
        self._connection.publish(f"{self._base}/{device}", zigbee2mqtt.encode_state(properties))


class Node:
    """An ESPHome node named ``prefix``; every state is published retained, as ESPHome does by default."""

    def __init__(self, port: int, prefix: str, user: str, password: str) -> None:
        self._prefix = prefix
        self._states: dict[str, bytes] = {}
        self._connection = Connection(
            port, user, password, self._connected, lambda *_: None, client_id=prefix
        )
        self._connection.will(f"{prefix}/status", esphome.encode_status(False))

    @property
    def is_connected(self) -> bool:
        """Whether the broker has accepted it."""
        return self._connection.is_connected

    async def run(self) -> None:
        """Live until cancelled."""
        await self._connection.run()

    def switch(self, entity: str, on: bool = True) -> None:
        """A ``binary_sensor/<name>`` changes."""
        self._say(entity, esphome.encode_state(on))

    def measure(self, entity: str, value: float) -> None:
        """A ``sensor/<name>`` measures; NaN: it cannot."""
        self._say(entity, esphome.encode_number(value))

    def _say(self, entity: str, payload: bytes) -> None:
        self._states[entity] = payload
        self._connection.publish(f"{self._prefix}/{entity}/state", payload, retain=True)

    def _connected(self) -> None:
        self._connection.publish(f"{self._prefix}/status", esphome.encode_status(True), retain=True)
        for entity, payload in self._states.items():
            self._connection.publish(f"{self._prefix}/{entity}/state", payload, retain=True)


class LocalDevices:
    """One bridge and one node, moved by hand: ``ACTIONS`` is everything that can be made to happen."""

    def __init__(self, port: int, user: str, password: str, node: str) -> None:
        self._bridge = Bridge(port, user, password)
        self._node = Node(port, node, user, password)

    async def run(self) -> None:
        """Live until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._bridge.run())
            tasks.create_task(self._node.run())

    async def act(self, device: str, action: str, _: Report, arguments: Mapping[str, Any]) -> None:
        """Make something happen to ``device``: one of the bridge's, or an entity of the node.

        Raises:
            KeyError: no such action.
            TypeError: an action's arguments are missing or unknown.
        """
        ACTIONS[action](self, device, **arguments)

    def say(self, device: str, **properties: JsonValue) -> None:
        """A device of the bridge reports ``properties``."""
        self._bridge.say(device, **properties)

    def press(self, device: str, how: str = "single") -> None:
        """A button of the bridge is pressed."""
        self._bridge.press(device, how)

    def reach(self, device: str, online: bool = True) -> None:
        """A device of the bridge can be reached, or not."""
        self._bridge.reach(device, online)

    def switch(self, entity: str, on: bool = True) -> None:
        """A binary sensor of the node changes."""
        self._node.switch(entity, on)

    def measure(self, entity: str, value: float) -> None:
        """A sensor of the node measures."""
        self._node.measure(entity, value)


ACTIONS: Final[Mapping[str, Callable[..., None]]] = {
    "say": LocalDevices.say,
    "press": LocalDevices.press,
    "reach": LocalDevices.reach,
    "switch": LocalDevices.switch,
    "measure": LocalDevices.measure,
}
