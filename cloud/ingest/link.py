"""The connection to the broker: paho's thread on one side, the event loop on the other.

paho owns the socket and its thread; its callbacks only hand messages over. The queue between is bounded,
and its policy when full is to drop what comes and connect anew: nothing was acknowledged, so the broker
sends it again. An acknowledgement belongs to the connection that brought the message; one for an older
connection is not sent, because the broker has given that number to another message since.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, Literal, cast

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from cloud.ingest.model import Delivery
from cloud.settings import Broker, broker_secret

QUEUE: Final = 10_000
"""Messages between the threads: more than a broker has unacknowledged at once over all our subscriptions."""
KEEPALIVE_S: Final = 20
_FIRST_RETRY_S: Final = 1
_LONGEST_RETRY_S: Final = 10

_log = logging.getLogger(__name__)


class Link:
    """One durable MQTT session. Made on the event loop that reads ``queue``.

    ``subscribed`` is set once the broker keeps for us what gateways send.
    """

    def __init__(
        self, broker: Broker, client_id: str, filters: Iterable[str], clock: Callable[[], datetime]
    ) -> None:
        """Prepare the session ``client_id``, which is subscribed to ``filters`` at QoS 1."""
        self.queue: asyncio.Queue[Delivery] = asyncio.Queue(2 * QUEUE)
        self.connected_since: datetime | None = None
        self.subscribed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._filters = [(text, 1) for text in filters]
        self._broker = broker
        self._clock = clock
        self._session = 0
        self._unacknowledged: set[int] = set()
        self._said = ""
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
                self._unacknowledged.discard(delivery.mid)
                self._client.ack(delivery.mid, qos=1)

    def publish(self, topic: str, payload: bytes, *, qos: Literal[0, 1] = 0) -> None:
        """Send; by default at most once: whoever misses an ack asks again by sending its batch again."""
        self._client.publish(topic, payload, qos=qos)

    def _make_client(self, client_id: str) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False, manual_ack=True
        )
        if self._broker.user:
            client.username_pw_set(self._broker.user, broker_secret(self._broker))
        if self._broker.ca_file:
            client.tls_set_context(_tls(self._broker))
        client.reconnect_delay_set(_FIRST_RETRY_S, _LONGEST_RETRY_S)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        return client

    # What follows runs on paho's thread.

    def _say(self, level: int, text: str) -> None:
        """Log what is new; a broker that stays away is one line, not one per attempt."""
        if text != self._said:
            self._said = text
            _log.log(level, "broker %s", text)

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _props: Properties | None
    ) -> None:
        if reason.is_failure:
            self._say(logging.ERROR, f"refuses us: {reason}; check broker.user and the broker's secret")
            return
        client.subscribe(self._filters)
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

    def _on_subscribe(
        self, _client: Client, _data: Any, _mid: int, reasons: list[ReasonCode], _props: Properties | None
    ) -> None:
        if refused := [reason for reason in reasons if reason.is_failure]:
            self._say(logging.ERROR, f"refuses our subscription: {refused[0]}")
            return
        self._loop.call_soon_threadsafe(self.subscribed.set)

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        if message.mid in self._unacknowledged:
            return  # sent again out of impatience; it waits here already
        if self.queue.qsize() >= QUEUE:
            self._say(logging.WARNING, "sends more than we can hold; connecting anew")
            if (sock := client.socket()) is not None:
                cast("socket.socket", sock).shutdown(socket.SHUT_RDWR)
            return
        if message.qos:
            self._unacknowledged.add(message.mid)
        mid = message.mid if message.qos else 0
        delivery = Delivery(
            message.topic, bytes(message.payload), self._clock(), mid, self._session, retained=message.retain
        )
        self._loop.call_soon_threadsafe(self.queue.put_nowait, delivery)


def _tls(broker: Broker) -> ssl.SSLContext:
    """Whom we trust to be the broker, and the certificate we show it."""
    context = ssl.create_default_context(cafile=broker.ca_file)
    if broker.cert_file:
        context.load_cert_chain(broker.cert_file)
    return context
