"""The link beside a broker that takes everything and acknowledges nothing, and when its own thread dies."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from typing import Any

import pytest

from edge_agent.link import Identity, Link, LinkEvent, Offline, Online, Outgoing
from edge_agent.settings import UplinkSettings
from edge_agent.sign_in import SignIn
from firmware_protocols.wire.topics import Channel, qualities
from tests.unit.edge_agent.lines import end, until_true

CONNECT, SUBSCRIBE, PUBLISH = 0x10, 0x80, 0x30
MOST = 256
"""Messages without an acknowledgement."""


@dataclass
class Withholding:
    """A broker that welcomes, and acknowledges what is published only once ``acknowledges``."""

    taken: list[bytes] = field(default_factory=list)
    qualities: list[int] = field(default_factory=list)
    acknowledges: bool = False
    _owed: list[bytes] = field(default_factory=list)
    _writer: asyncio.StreamWriter | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        while head := await reader.read(1):
            body = await reader.readexactly(await length(reader))
            kind = head[0] & 0xF0
            if kind == SUBSCRIBE:
                writer.write(b"\x90\x03" + body[:2] + b"\x01")
            elif kind == PUBLISH:
                topic, quality = 2 + int.from_bytes(body[:2]), head[0] >> 1 & 3
                number = body[topic : topic + 2] if quality else b""
                self.qualities.append(quality)
                self.taken.append(body[topic + len(number) :])
                self._owed += [b"\x40\x02" + number] if quality else []
                if self.acknowledges:
                    self.acknowledge()
            elif kind == CONNECT:
                writer.write(b"\x20\x02\x00\x00")
        writer.close()

    def acknowledge(self) -> None:
        """Acknowledge everything, and from now on at once."""
        assert self._writer is not None
        self.acknowledges = True
        self._writer.write(b"".join(self._owed))
        self._owed.clear()


async def length(reader: asyncio.StreamReader) -> int:
    """The remaining length of a packet (MQTT 3.1.1, 2.2.3)."""
    number, shift = 0, 0
    while True:
        (byte,) = await reader.readexactly(1)
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number


async def publish(link: Link, payload: bytes) -> None:
    """Hand it over as soon as there is room."""
    await until_true(lambda: link.publish(Outgoing("t", payload)))


async def test_no_message_waits_for_the_word_about_others_and_what_is_never_acknowledged_is_bounded() -> None:
    broker, events = Withholding(), list[LinkEvent]()
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    settings = UplinkSettings("127.0.0.1", server.sockets[0].getsockname()[1], secret="s")
    link = Link(settings, Identity("gw-1", ("c",), Outgoing("will", b"")), events.append)
    async with server:
        task = asyncio.create_task(link.run())
        await until_true(lambda: Online() in events)
        for number in range(MOST):
            await publish(link, b"%d" % number)
        await until_true(lambda: len(broker.taken) == MOST)
        for _ in range(MOST):
            await publish(link, b"sent again")
        await until_true(link._outgoing.empty)
        broker.acknowledge()
        await until_true(lambda: link.publish(Outgoing("t", b"afterwards")) and b"afterwards" in broker.taken)
        await end(task)
    assert broker.taken[:MOST] == [b"%d" % number for number in range(MOST)]
    assert b"sent again" not in broker.taken, "it is sent again later, out of the outbox"


async def test_an_alarm_is_sent_at_both_qualities_at_once_and_readings_at_one() -> None:
    broker, events = Withholding(), list[LinkEvent]()
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    settings = UplinkSettings("127.0.0.1", server.sockets[0].getsockname()[1], secret="s")
    link = Link(settings, Identity("gw-1", ("c",), Outgoing("will", b"")), events.append)
    async with server:
        task = asyncio.create_task(link.run())
        await until_true(lambda: Online() in events)
        for channel in (Channel.BULK, Channel.ALARM):
            link.publish(Outgoing("t", channel.value.encode(), qualities=qualities(channel)))
        await until_true(lambda: len(broker.taken) == 3)
        await end(task)
    assert list(zip(broker.qualities, broker.taken, strict=True))[:3] == [(1, b"t"), (0, b"a"), (1, b"a")]


async def test_an_alarm_does_not_wait_for_the_kernels_word_about_the_packet_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened, connect = list[socket.socket](), socket.create_connection

    def noted(*args: Any, **more: Any) -> socket.socket:
        opened.append(connect(*args, **more))
        return opened[-1]

    monkeypatch.setattr(socket, "create_connection", noted)
    broker, events = Withholding(), list[LinkEvent]()
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    settings = UplinkSettings("127.0.0.1", server.sockets[0].getsockname()[1], secret="s")
    async with server:
        task = asyncio.create_task(
            Link(settings, Identity("gw-1", ("c",), Outgoing("will", b"")), events.append).run()
        )
        await until_true(lambda: Online() in events)
        assert opened[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        await end(task)


async def test_a_network_thread_that_dies_leaves_nobody_believing_that_it_is_connected() -> None:
    class Broken:
        def next(self) -> SignIn:
            raise LookupError("a fault of ours")

        def worked(self) -> None:
            pass

    events = list[LinkEvent]()
    link = Link(
        UplinkSettings("127.0.0.1"), Identity("gw-1", (), Outgoing("w", b"")), events.append, Broken()
    )
    with pytest.raises(LookupError, match="a fault of ours"):
        async with asyncio.timeout(60):
            await link.run()
    assert events == [Offline("the network thread has failed")]
