"""A gateway that is stopped at the worst moment of a connection: it is known to be offline all the same.

Real brokers behind a proxy that holds back what they answer. What it is not: the agent as a process
(``test_edge_faults``); the moments meant here last milliseconds there.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.link import Identity, Link, LinkEvent, Online, Outgoing
from edge_agent.settings import UplinkSettings
from tests.scenario.edge_home import GATEWAY, SECRET, Broker
from tests.unit.edge_agent.lines import end, until_true

pytestmark = pytest.mark.services

STATE: Final = f"anban/up/7/{GATEWAY}/state"
CONNACK_BYTES: Final = 4
ALL: Final = 1 << 30


@dataclass
class Narrow:
    """A way to the broker at ``target``. ``lets``: how many bytes of a connection come back to the client;
    ``held``: how many of the newest one were kept back.
    """

    target: int
    lets: int = ALL
    held: int = 0
    port: int = 0
    _clients: list[asyncio.StreamWriter] = field(default_factory=list)
    _brokers: list[asyncio.StreamWriter] = field(default_factory=list)
    _serving: list[asyncio.Task[None] | None] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.append(asyncio.current_task())
        self._clients.append(writer)
        back, forth = await asyncio.open_connection("127.0.0.1", self.target)
        self._brokers.append(forth)
        answers = asyncio.create_task(self._answer(back, writer))
        with contextlib.suppress(OSError):
            while said := await reader.read(65536):
                forth.write(said)
        if writer in self._clients:
            forth.close()
        await answers

    async def _answer(self, back: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lets = self.lets
        with contextlib.suppress(OSError):
            while said := await back.read(65536):
                writer.write(said[:lets])
                self.held += len(said[lets:])
                lets = max(0, lets - len(said))
        writer.close()

    def desert(self) -> None:
        """Break the clients' ends. The broker takes its own for living ones."""
        for writer in self._clients:
            writer.close()
        self._clients.clear()

    async def end(self) -> None:
        self.desert()
        for writer in self._brokers:
            writer.close()
        await asyncio.gather(*filter(None, self._serving))


@asynccontextmanager
async def narrow(broker: Broker) -> AsyncIterator[Narrow]:
    way = Narrow(broker.port)
    server = await asyncio.start_server(way.serve, "127.0.0.1", 0)
    way.port = server.sockets[0].getsockname()[1]
    try:
        yield way
    finally:
        server.close()
        await way.end()


@pytest.fixture(params=["mosquitto", "nats"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    started = Broker(request.param, tmp_path)
    yield started
    started.stop()


@pytest.fixture
def heard(broker: Broker) -> Iterator[list[bytes]]:
    """What whoever listens for this gateway's state hears."""
    said = list[bytes]()
    listener = mqtt.Client(CallbackAPIVersion.VERSION2, "cloud", protocol=mqtt.MQTTv311)
    listener.username_pw_set("cloud", "cloud")
    listener.on_connect = lambda client, *_: client.subscribe(STATE, 1)
    listener.on_message = lambda _client, _data, message: said.append(bytes(message.payload))
    listener.connect("127.0.0.1", broker.port)
    listener.loop_start()
    yield said
    listener.disconnect()
    listener.loop_stop()


@pytest.mark.parametrize("lets", [0, CONNACK_BYTES], ids=["no word of it yet", "accepted, not subscribed"])
async def test_a_gateway_that_is_stopped_while_it_connects_again_is_offline(
    broker: Broker, heard: list[bytes], lets: int
) -> None:
    said = list[LinkEvent]()
    async with narrow(broker) as way:
        settings = UplinkSettings("127.0.0.1", way.port, secret=SECRET)
        will = Outgoing(STATE, b"offline", retain=True)
        link = Link(settings, Identity(GATEWAY, ("c",), will), said.append)
        task = asyncio.create_task(link.run())
        await until_true(lambda: Online() in said)
        link.publish(Outgoing(STATE, b"online", retain=True))
        await until_true(lambda: heard[-1:] == [b"online"])
        way.lets = lets
        way.desert()
        await until_true(lambda: way.held > 0)
        await end(task)
        await until_true(lambda: heard[-1:] == [b"offline"])
