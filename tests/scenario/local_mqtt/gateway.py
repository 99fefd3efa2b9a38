"""The gateway's driver of the broker in the home, on a real outbox, and clients of that broker beside it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.clock import Clock
from edge_agent.configuration import parse
from edge_agent.drivers import Incoming, build_all
from edge_agent.outbox import Outbox
from edge_agent.pipeline import Pipeline
from edge_agent.prompt import Announcer
from edge_agent.rules import RULES, Home
from edge_agent.settings import EdgeSettings
from edge_agent.supervise import supervise
from edge_agent.ulid import Ulids
from firmware_protocols.model import Alarm, Event, Quantity, Reading
from firmware_protocols.wire import envelope
from firmware_protocols.wire.topics import Lane
from tests.scenario.edge_home import GATEWAY, SECRET, Broker
from tests.unit.edge_agent.lines import until_true

DEVICES = [
    {"name": "door", "kind": "door", "codec": "zigbee2mqtt", "topic": "zigbee2mqtt/door"},
    {"name": "sos", "kind": "sos_button", "codec": "zigbee2mqtt", "topic": "zigbee2mqtt/sos"},
    {"name": "smoke", "kind": "smoke", "codec": "zigbee2mqtt", "topic": "zigbee2mqtt/smoke"},
    {"name": "hall", "kind": "motion", "codec": "zigbee2mqtt", "topic": "zigbee2mqtt/hall"},
    {"name": "bridge", "codec": "zigbee2mqtt", "topic": "zigbee2mqtt/bridge"},
    {
        "name": "radar",
        "kind": "radar",
        "codec": "esphome",
        "topic": "radar-bedroom",
        "entities": {"binary_sensor/fall": "fall_state", "sensor/breath": "respiration_rate"},
    },
]


def settings(folder: Path, port: int, **local: Any) -> EdgeSettings:
    return parse(
        {
            "gateway": {"id": GATEWAY, "shard": 7, "data_dir": str(folder / "agent")},
            "uplink": {"host": "127.0.0.1", "secret": "unused"},
            "local_mqtt": {"port": port, "user": GATEWAY, "password": SECRET, "device": DEVICES} | local,
        }
    )


class Gateway:
    """The part of the agent that is meant here: the driver, supervised, into a pipeline on a real outbox."""

    def __init__(self, settings: EdgeSettings) -> None:
        self.clock = Clock()
        self.outbox = Outbox(settings.gateway.data_dir / "outbox.sqlite", GATEWAY)
        kinds = {name: str(device.kind) for name, device in settings.devices.items()}
        around = Home(kinds, Ulids(self.clock.now))
        rules = {name: make(around) for name, make in RULES.items()}
        self.pipeline = Pipeline(settings.devices, self.outbox, rules, Announcer(), self.clock)
        (self.driver,) = build_all(settings)
        self.taken = 0
        self.crowded = 0
        """Messages that came before the event loop had had a turn since the last one."""
        self._has_turned = True

    async def run(self) -> None:
        run = functools.partial(self.driver.run, self._take)
        await supervise(self.driver.name, run, first_s=0.05, most_s=0.2)

    def _take(self, incoming: Incoming) -> None:
        self.taken += 1
        self.crowded += not self._has_turned
        self._has_turned = False
        asyncio.get_running_loop().call_soon(self._turned)
        self.pipeline.take(incoming)

    def _turned(self) -> None:
        self._has_turned = True

    def figure(self, name: str) -> float:
        return self.driver.health()[name]

    def stored(self, lane: Lane) -> list[envelope.Record]:
        self.outbox.flush(self.clock.now())
        return [r for f in self.outbox.take(lane, 100_000) for r in envelope.parse(f.payload).records]

    def readings(self, device: str, quantity: Quantity) -> list[Reading]:
        found = [r for r in self.stored(Lane.BULK) if isinstance(r, Reading)]
        return [r for r in found if (r.device, r.quantity) == (device, quantity)]

    def alarms(self) -> list[Alarm]:
        return [record for record in self.stored(Lane.ALARM) if isinstance(record, Alarm)]

    def events(self) -> list[Event]:
        return [record for record in self.stored(Lane.ALARM) if isinstance(record, Event)]


@asynccontextmanager
async def running(*parts: Any) -> AsyncIterator[None]:
    """Run each part for the length of a block."""
    tasks = [asyncio.create_task(part.run()) for part in parts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def publisher(broker: Broker) -> Iterator[Callable[..., paho.MQTTMessageInfo]]:
    """Publishes any bytes on any topic, as fast as it is told to."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "raw")
    client.username_pw_set("cloud", "cloud")
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    try:
        yield client.publish
    finally:
        client.disconnect()
        client.loop_stop()


@contextlib.contextmanager
def listener(broker: Broker, topic: str, heard: Callable[[bytes], None]) -> Iterator[None]:
    """Hands on what is published on ``topic``."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "listener")
    client.username_pw_set("cloud", "cloud")
    client.on_message = lambda _client, _userdata, message: heard(bytes(message.payload))
    client.connect("127.0.0.1", broker.port)
    client.subscribe(topic, 1)
    client.loop_start()
    try:
        yield
    finally:
        client.disconnect()
        client.loop_stop()


async def connected(gateway: Gateway) -> None:
    await until_true(lambda: gateway.figure("connected"))
