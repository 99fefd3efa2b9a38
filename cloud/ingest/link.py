"""One durable session at the broker: what it brings, and how we let go of it.

What is taken and not stored is bounded in number and bytes; beyond, nothing is read and the broker waits
(``pump``). An acknowledgement belongs to the connection that brought the message; one for an older connection
is not sent, because the broker has given that number to another message since.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from cloud.ingest.inbox import Fork
from cloud.ingest.model import Delivery
from cloud.ingest.packets import Published
from cloud.ingest.pump import Pump, Room
from cloud.settings import Broker, broker_secret

MOST: Final = 10_000
"""[D] Messages in hand: more than a broker has unacknowledged at once over all our subscriptions."""
MOST_BYTES: Final = 64 * 1024 * 1024
"""[D] Of them: a backlog in full batches must not take a small machine's memory."""
_ENOUGH_ROOM: Final = MOST // 4
"""Reading goes on from here, so that it does not stop and start with each message."""
KEEPALIVE_S: Final = 20
_FIRST_RETRY_S: Final = 1
_LONGEST_RETRY_S: Final = 10
_AT_ONCE: Final = 8
"""Subscriptions in one request."""
_FORGET_S: Final = 10.0

_log = logging.getLogger(__name__)


class Voice:
    """What is said of the broker, by all sessions that share it: a broker that stays away is one line, not
    one for each session and attempt.
    """

    def __init__(self) -> None:
        """Nothing was said yet."""
        self._said = ""

    def __call__(self, level: int, text: str) -> None:
        """Log ``text`` if it is new."""
        if text != self._said:
            self._said = text
            _log.log(level, "broker %s", text)


class Link:
    """One durable MQTT session. Made on the event loop that works on what is in ``inbox``.

    ``subscribed`` is set once the broker keeps for us what gateways send.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        filters: Iterable[str],
        clock: Callable[[], datetime],
        *,
        lines: int = 1,
        former: Iterable[str] = (),
        voice: Voice | None = None,
    ) -> None:
        """Prepare the session ``client_id``, which is subscribed to ``filters`` at QoS 1, and to ``former``
        no more: a session lasts, and so do subscriptions that an earlier version made. What comes stands in
        ``lines`` lines.
        """
        self.inbox = Fork(lines)
        self.connected_since: datetime | None = None
        self.subscribed = asyncio.Event()
        self._filters = [(text, 1) for text in filters]
        self._former = list(former)
        self._broker = broker
        self._clock = clock
        self._left: list[tuple[str, int]] = []
        self._asked = 0
        self._session = 0
        self._is_welcome = False
        self._unacknowledged: dict[int, datetime] = {}
        self._held, self._held_bytes = 0, 0
        self._has_room = asyncio.Event()
        self._say = voice or Voice()
        self._client = self._make_client(client_id)
        self._pump = Pump(self._client, _tls(broker), self._room, self._take)

    async def run(self) -> None:
        """Be connected, again whenever the connection ends, for ever; cancel to disconnect. The broker keeps
        the session and what comes meanwhile.
        """
        self._client.connect_async(self._broker.host, self._broker.port, KEEPALIVE_S)
        pause_s = _FIRST_RETRY_S
        try:
            while True:
                await self._until_room()  # or what comes again would pile up on what is here
                if await self._connected():
                    pause_s = _FIRST_RETRY_S
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_RETRY_S)
        finally:
            self._pump.close()

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """Tell the broker that these need not be sent again, each once. Call it only after COMMIT."""
        done = list(deliveries)
        self._held -= len(done)
        self._held_bytes -= sum([len(one.payload) for one in done])
        mids = [one.mid for one in done if one.mid and one.session == self._session]
        for mid in mids:
            self._unacknowledged.pop(mid, None)
        self._pump.acknowledge(mids)
        room = self._room()
        if room and room.messages > _ENOUGH_ROOM:
            self._has_room.set()
            self._pump.resume()

    @property
    def ready(self) -> bool:
        """Whether what gateways send reaches us now."""
        return self.connected_since is not None and self.subscribed.is_set()

    @property
    def in_hand(self) -> int:
        """Messages that came and are not stored yet."""
        return self._held

    @property
    def oldest(self) -> datetime | None:
        """When the oldest of them came, of this connection."""
        return next(iter(self._unacknowledged.values()), None)

    def publish(self, topic: str, payload: bytes) -> None:
        """Send, at most once: whoever misses an ack sends its batch again, and a command is sent until it is
        answered. So nothing of ours waits for the broker's disk.
        """
        self._client.publish(topic, payload)

    async def _connected(self) -> bool:
        """Connect once and stay until it ends; return whether the broker let us in."""
        self._is_welcome = False
        try:
            await self._pump.connect()
        except OSError:
            self._say(logging.ERROR, f"at {self._broker.host}:{self._broker.port} cannot be reached")
        else:
            await self._pump.run()
        return self._is_welcome

    def _room(self) -> Room:
        return Room(MOST - self._held, MOST_BYTES - self._held_bytes)

    async def _until_room(self) -> None:
        while not self._room():
            self._has_room.clear()
            await self._has_room.wait()

    def _make_client(self, client_id: str) -> Client:
        client = _signing_in(self._broker, client_id, clean=False)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        return client

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _props: Properties | None
    ) -> None:
        if reason.is_failure:
            self._say(logging.ERROR, f"refuses us: {reason}; check broker.user and the broker's secret")
            return
        self._is_welcome = True
        if self._former:
            client.unsubscribe(self._former)
        self._left = list(self._filters)
        self._subscribe()
        self.connected_since = self._clock()
        self._say(logging.INFO, "connected")

    def _on_disconnect(
        self,
        _client: Client,
        _data: Any,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _props: Properties | None,
    ) -> None:
        self._session += 1
        self._unacknowledged.clear()
        if self.connected_since is not None:
            self.connected_since = None
            self._say(logging.WARNING if reason.is_failure else logging.INFO, f"connection ended: {reason}")

    def _subscribe(self) -> None:
        """Ask for the next few: a broker to which hundreds are new at once may give up on some of them."""
        part = self._left[:_AT_ONCE]
        if part and self._client.is_connected():
            self._asked = self._client.subscribe(part)[1] or 0

    def _on_subscribe(
        self, _client: Client, _data: Any, mid: int, reasons: list[ReasonCode], _props: Properties | None
    ) -> None:
        if mid != self._asked:
            return  # of an earlier connection
        asked, self._left = self._left[: len(reasons)], self._left[len(reasons) :]
        refused = [one for one, reason in zip(asked, reasons, strict=True) if reason.is_failure]
        self._left += refused
        if refused:
            reason = next(reason for reason in reasons if reason.is_failure)
            self._say(logging.ERROR, f"refuses our subscription: {reason}; trying again")
            asyncio.get_running_loop().call_later(_FIRST_RETRY_S, self._subscribe)
        elif self._left:
            self._subscribe()
        else:
            self.subscribed.set()

    def _take(self, messages: list[Published]) -> None:
        at = self._clock()
        for one in messages:
            if one.mid in self._unacknowledged:
                continue  # sent again out of impatience; it waits here already
            self.inbox.put(Delivery(one.topic, one.payload, at, one.mid, self._session, one.retained))
            if one.mid:
                self._unacknowledged[one.mid] = at
            self._held += 1
            self._held_bytes += len(one.payload)


def forget(broker: Broker, client_id: str) -> None:
    """Let the broker drop the durable session ``client_id`` and what waits in it. Blocks; a broker that is
    away keeps it.
    """
    client = client_of(broker, client_id, clean=True)
    gone = threading.Event()

    def leave(*_: object) -> None:
        client.disconnect()

    client.on_connect = leave
    client.on_disconnect = lambda *_: gone.set()
    client.connect_async(broker.host, broker.port, KEEPALIVE_S)
    client.loop_start()
    gone.wait(_FORGET_S)
    client.loop_stop()


def client_of(broker: Broker, client_id: str, *, clean: bool) -> Client:
    """A client that signs in as the cloud, not yet connected, for a thread of its own. ``clean``: nothing of
    its session lasts.
    """
    client = _signing_in(broker, client_id, clean=clean)
    if tls := _tls(broker):
        client.tls_set_context(tls)
    return client


def _signing_in(broker: Broker, client_id: str, *, clean: bool) -> Client:
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean, manual_ack=True)
    if broker.user:
        client.username_pw_set(broker.user, broker_secret(broker))
    return client


def _tls(broker: Broker) -> ssl.SSLContext | None:
    """Whom we trust to be the broker, and the certificate we show it."""
    if not broker.ca_file:
        return None
    context = ssl.create_default_context(cafile=broker.ca_file)
    if broker.cert_file:
        context.load_cert_chain(broker.cert_file)
    return context
