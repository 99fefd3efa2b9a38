"""A session at a broker that is hostile, hasty or broken: a few lines of MQTT on a real socket."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from cloud.ingest import link as links
from cloud.ingest.link import Link
from cloud.ingest.model import Delivery
from cloud.settings import Broker

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 4, 8, 12, 14
TOPIC = b"anban/1/3/gw-a/t"


def publish(mid: int, payload: bytes = b"x", topic: bytes = TOPIC) -> bytes:
    """PUBLISH at QoS 1; all here are shorter than 16,384 bytes."""
    body = struct.pack("!H", len(topic)) + topic + struct.pack("!H", mid) + payload
    return b"\x32" + bytes([len(body) % 128 | 128, len(body) // 128]) + body


@dataclass
class Peer:
    """One connection as the broker sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    acknowledged: list[int] = field(default_factory=list)

    async def welcome(self) -> None:
        assert (await self.packet())[0] == CONNECT
        self.writer.write(b"\x20\x02\x01\x00")
        kind, body = await self.packet()
        assert kind == SUBSCRIBE
        self.writer.write(b"\x90\x03" + body[:2] + b"\x01")

    async def packet(self) -> tuple[int, bytes]:
        head = (await self.reader.readexactly(1))[0]
        length, shift = 0, 0
        while True:
            byte = (await self.reader.readexactly(1))[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return head >> 4, await self.reader.readexactly(length)

    async def listen(self, most: int) -> None:
        """Until ``most`` messages are acknowledged."""
        while len(self.acknowledged) < most:
            kind, body = await self.packet()
            if kind == PUBACK:
                self.acknowledged.append(struct.unpack("!H", body)[0])


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Link, Callable[[], asyncio.Future[Peer]]]]:
    """A link, and the broker's side of its next connection."""
    peers: asyncio.Queue[Peer] = asyncio.Queue()
    ends: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(writer)
        await peers.put(Peer(reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    broker = Broker("127.0.0.1", server.sockets[0].getsockname()[1], user="")
    link = Link(broker, "session", ["anban/#"], lambda: datetime.now(UTC))
    running = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(60):
            yield link, lambda: asyncio.ensure_future(peers.get())
    finally:
        running.cancel()
        await asyncio.wait([running], timeout=60)
        for end in ends:
            end.close()
        server.close()
        await server.wait_closed()
        assert running.cancelled()


async def taken(link: Link, most: int) -> list[Delivery]:
    (line,) = link.inbox.lines
    found: list[Delivery] = []
    while len(found) < most:
        await line.wait()
        found += line.take(most - len(found))
    return found


async def test_who_has_no_room_does_not_read_and_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST", 50)
    monkeypatch.setattr(links, "_ENOUGH_ROOM", 20)
    async with connected() as (link, next_peer):
        peer = await next_peer()
        await peer.welcome()
        await link.subscribed.wait()
        peer.writer.write(b"".join(publish(mid, b"x" * 1_000) for mid in range(1, 1_001)))
        heard = asyncio.create_task(peer.listen(1_000))
        seen: list[int] = []
        while len(seen) < 1_000:
            held = await taken(link, 1)
            await asyncio.sleep(0)
            assert link.in_hand <= 50
            link.acknowledge(held)
            seen += [one.mid for one in held]
        await heard
        assert seen == peer.acknowledged == list(range(1, 1_001))


async def test_a_few_large_messages_are_as_much_as_many_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_BYTES", 25_000)
    async with connected() as (link, next_peer):
        peer = await next_peer()
        await peer.welcome()
        peer.writer.write(b"".join(publish(mid, b"x" * 10_000) for mid in range(1, 11)))
        for left in (10, 7, 4, 1):
            held = await taken(link, min(3, left))
            await asyncio.sleep(0.02)  # nothing tells that nothing comes
            assert link.in_hand == len(held)
            link.acknowledge(held)
        await peer.listen(10)


async def test_a_broker_that_stops_in_the_middle_of_a_packet_holds_up_nothing() -> None:
    async with connected() as (link, next_peer):
        peer = await next_peer()
        await peer.welcome()
        whole = publish(7, b"two halves")
        peer.writer.write(whole[:5])
        await peer.writer.drain()
        link.publish("anban/1/ack", b"sent meanwhile")
        assert (await peer.packet())[0] == PUBLISH
        peer.writer.write(whole[5:])
        assert [one.payload for one in await taken(link, 1)] == [b"two halves"]


async def test_what_comes_again_out_of_impatience_is_there_once() -> None:
    async with connected() as (link, next_peer):
        peer = await next_peer()
        await peer.welcome()
        peer.writer.write(publish(7) + publish(7) + publish(8))
        assert [one.mid for one in await taken(link, 2)] == [7, 8]
        assert link.in_hand == 2


async def test_a_topic_that_is_no_text_ends_no_connection() -> None:
    async with connected() as (link, next_peer):
        peer = await next_peer()
        await peer.welcome()
        peer.writer.write(publish(1, topic=b"anban/\xff\xfe") + publish(2))
        assert [one.topic for one in await taken(link, 2)] == ["\ufffd", TOPIC.decode()]


async def test_an_error_of_ours_ends_one_connection_and_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(links, "_FIRST_RETRY_S", 0)
    async with connected() as (link, next_peer):
        peer = await next_peer()
        await peer.welcome()
        put = link.inbox.put
        with monkeypatch.context() as broken:
            broken.setattr(link.inbox, "put", lambda _delivery: 1 / 0)
            peer.writer.write(publish(1))
            again = await next_peer()
        assert link.inbox.put == put
        await again.welcome()
        again.writer.write(publish(1))
        assert [one.mid for one in await taken(link, 1)] == [1]
    assert [one for one in caplog.records if one.levelno >= logging.ERROR and one.exc_info]


async def test_an_acknowledgement_belongs_to_the_connection_that_brought_the_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "_FIRST_RETRY_S", 0)
    async with connected() as (link, next_peer):
        peer = await next_peer()
        await peer.welcome()
        peer.writer.write(publish(1, b"before"))
        held = await taken(link, 1)
        peer.writer.close()
        again = await next_peer()
        await again.welcome()
        again.writer.write(publish(1, b"another by this number") + publish(2))
        link.acknowledge(held)
        link.acknowledge((await taken(link, 2))[1:])
        await again.listen(1)
        assert again.acknowledged == [2]
        assert link.in_hand == 1


async def test_a_broker_that_never_answers_does_not_keep_us_from_stopping() -> None:
    async with connected() as (link, next_peer):
        peer = await next_peer()
        assert (await peer.packet())[0] == CONNECT
        assert not link.ready
    assert (await peer.packet())[0] == DISCONNECT
    assert await peer.reader.read() == b""


async def test_nobody_connects_while_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_FIRST_RETRY_S", 0)
    monkeypatch.setattr(links, "MOST", 2)
    monkeypatch.setattr(links, "_ENOUGH_ROOM", 1)
    async with connected() as (link, next_peer):
        peer = await next_peer()
        await peer.welcome()
        peer.writer.write(publish(1) + publish(2))
        held = await taken(link, 2)
        peer.writer.close()
        coming = next_peer()
        await asyncio.sleep(0.1)  # nothing tells that nobody comes
        assert not coming.done()
        link.acknowledge(held)
        await (await coming).welcome()


async def test_a_message_that_is_shorter_than_it_says_ends_the_connection_and_costs_none_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "_FIRST_RETRY_S", 0)
    async with connected() as (link, next_peer):
        peer = await next_peer()
        await peer.welcome()
        peer.writer.write(publish(1) + b"\x32\x05\x00\x09abc" + publish(2))
        again = await next_peer()
        await again.welcome()
        assert [one.mid for one in await taken(link, 1)] == [1]
        again.writer.write(publish(1) + publish(2))
        assert [one.mid for one in await taken(link, 2)] == [1, 2]


async def test_what_a_broker_does_not_take_at_once_goes_as_it_takes_it_and_in_order() -> None:
    async with connected() as (link, next_peer):
        peer = await next_peer()
        await peer.welcome()
        await link.subscribed.wait()
        peer.writer.write(publish(7))
        held = await taken(link, 1)
        for number in range(200):  # more than the sockets between us hold
            link.publish(f"anban/1/c/gw-{number}/ack", bytes(50_000))
        link.acknowledge(held)
        said = [await peer.packet() for _ in range(201)]
        assert sorted(kind for kind, _ in said) == [PUBLISH] * 200 + [PUBACK]
        topics = [body[2 : 2 + body[1]].decode() for kind, body in said if kind == PUBLISH]
        assert topics == [f"anban/1/c/gw-{number}/ack" for number in range(200)]
