"""The connection to the broker: paho's thread on one side, the event loop on the other.

paho owns the socket and its thread; its callbacks only hand messages over, and wake the loop once for a
burst. What is taken and not acknowledged is bounded, and the policy beyond is to drop what comes and connect
anew: the broker sends it again. An acknowledgement belongs to the connection that brought the message; one
for an older connection is not sent, because the broker has given that number to another message since.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final, Literal, cast

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from cloud.ingest.model import Delivery
from cloud.settings import Broker, broker_secret

MOST: Final = 10_000
"""Messages in hand: more than a broker has unacknowledged at once over all our subscriptions."""
KEEPALIVE_S: Final = 20
_FIRST_RETRY_S: Final = 1
_LONGEST_RETRY_S: Final = 10
_AT_ONCE: Final = 8
"""Subscriptions in one request."""
_FORGET_S: Final = 10.0

_log = logging.getLogger(__name__)


class Inbox:
    """What the network thread hands to the loop that made it."""

    def __init__(self) -> None:
        """An empty one."""
        self._loop = asyncio.get_running_loop()
        self._filled = asyncio.Event()
        self._waiting: deque[Delivery] = deque()
        self._told = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, delivery: Delivery) -> None:
        """From any thread. Waking the loop costs more than the message, so it is done once for all that come
        until it looks.
        """
        self._waiting.append(delivery)
        if not self._told:
            self._told = True
            self._loop.call_soon_threadsafe(self._filled.set)

    async def wait(self) -> None:
        """Until there is something."""
        if not self._waiting:
            await self._filled.wait()

    def take(self, most: int) -> Iterator[Delivery]:
        """Up to ``most`` of what is there, oldest first."""
        self._filled.clear()
        self._told = False  # before the look: what comes during it wakes us again
        for _ in range(min(most, len(self._waiting))):
            yield self._waiting.popleft()
        if self._waiting:
            self._filled.set()


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
    """One durable MQTT session. Made on the event loop that reads ``inbox``.

    ``subscribed`` is set once the broker keeps for us what gateways send.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        filters: Iterable[str],
        clock: Callable[[], datetime],
        *,
        former: Iterable[str] = (),
        voice: Voice | None = None,
    ) -> None:
        """Prepare the session ``client_id``, which is subscribed to ``filters`` at QoS 1, and to ``former``
        no more: a session lasts, and so do subscriptions that an earlier version made.
        """
        self.inbox = Inbox()
        self.connected_since: datetime | None = None
        self.subscribed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._filters = [(text, 1) for text in filters]
        self._former = list(former)
        self._broker = broker
        self._clock = clock
        self._left: list[tuple[str, int]] = []
        self._asked = 0
        self._session = 0
        self._unacknowledged: dict[int, datetime] = {}
        self._say = voice or Voice()
        self._client = self._make_client(client_id)

    def start(self) -> None:
        """Connect in the background, and again whenever the connection ends."""
        self._client.connect_async(self._broker.host, self._broker.port, KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect; the broker keeps the session and what comes meanwhile."""
        self._client.disconnect()
        self._client.loop_stop()

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """Tell the broker that these need not be sent again. Call it only after COMMIT."""
        for delivery in deliveries:
            if delivery.mid and delivery.session == self._session:
                self._unacknowledged.pop(delivery.mid, None)
                self._client.ack(delivery.mid, qos=1)

    @property
    def ready(self) -> bool:
        """Whether what gateways send reaches us now."""
        return self.connected_since is not None and self.subscribed.is_set()

    @property
    def in_hand(self) -> int:
        """Messages that came and are not stored yet."""
        return len(self._unacknowledged)

    @property
    def oldest(self) -> datetime | None:
        """When the oldest of them came."""
        return next(iter(list(self._unacknowledged.values())), None)

    def publish(self, topic: str, payload: bytes, *, qos: Literal[0, 1] = 0) -> None:
        """Send; by default at most once: whoever misses an ack asks again by sending its batch again."""
        self._client.publish(topic, payload, qos=qos)

    def _make_client(self, client_id: str) -> Client:
        client = client_of(self._broker, client_id, clean=False)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        return client

    # What follows runs on paho's thread.

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _props: Properties | None
    ) -> None:
        if reason.is_failure:
            self._say(logging.ERROR, f"refuses us: {reason}; check broker.user and the broker's secret")
            return
        if self._former:
            client.unsubscribe(self._former)
        self._left = list(self._filters)
        self._subscribe()
        self.connected_since = self._clock()
        self._say(logging.INFO, "connected")

    def _on_connect_fail(self, _client: Client, _data: Any) -> None:
        self._say(logging.ERROR, f"at {self._broker.host}:{self._broker.port} cannot be reached")

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
            self._loop.call_soon_threadsafe(self._loop.call_later, _FIRST_RETRY_S, self._subscribe)
        elif self._left:
            self._subscribe()
        else:
            self._loop.call_soon_threadsafe(self.subscribed.set)

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        if message.mid in self._unacknowledged:
            return  # sent again out of impatience; it waits here already
        if len(self._unacknowledged) >= MOST:
            self._say(logging.WARNING, "sends more than we can hold; connecting anew")
            if (sock := client.socket()) is not None:
                cast("socket.socket", sock).shutdown(socket.SHUT_RDWR)
            return
        at = self._clock()
        mid = message.mid if message.qos else 0
        if mid:
            self._unacknowledged[mid] = at
        payload = message.payload if isinstance(message.payload, bytes) else bytes(message.payload)
        self.inbox.put(Delivery(message.topic, payload, at, mid, self._session, retained=message.retain))


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
    """A client that signs in as the cloud, not yet connected. ``clean``: nothing of its session lasts."""
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean, manual_ack=True)
    if broker.user:
        client.username_pw_set(broker.user, broker_secret(broker))
    if broker.ca_file:
        client.tls_set_context(_tls(broker))
    client.reconnect_delay_set(_FIRST_RETRY_S, _LONGEST_RETRY_S)
    return client


def _tls(broker: Broker) -> ssl.SSLContext:
    """Whom we trust to be the broker, and the certificate we show it."""
    context = ssl.create_default_context(cafile=broker.ca_file)
    if broker.cert_file:
        context.load_cert_chain(broker.cert_file)
    return context
