"""One MQTT connection on the event loop, for homes by the thousand: no thread each.

What this is: paho's client, driven by asyncio's readers and writers. What it is not: it knows no topics. The
one idea: it connects again by itself, for ever, and tells when it did; what was lost meanwhile is for its
user to send again, because the broker keeps no session for a gateway.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

KEEPALIVE_S: Final = 60
RETRY_S: Final = 2.0
"""Between two attempts to connect, spread by half."""
MISC_EVERY_S: Final = 1.0


class Connection:
    """A client of the broker at 127.0.0.1:``port``; ``user`` is also the client id, if none is given."""

    def __init__(
        self,
        port: int,
        user: str,
        password: str,
        connected: Callable[[], None],
        received: Callable[[str, bytes], None],
        *,
        client_id: str = "",
    ) -> None:
        self._port = port
        self._connected = connected
        self._received = received
        self._gone = asyncio.Event()
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id or user,
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        client.username_pw_set(user, password)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_socket_open = self._on_socket_open
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_register_write
        client.on_socket_unregister_write = self._on_unregister_write
        self._client = client

    @property
    def is_connected(self) -> bool:
        """Whether the broker has accepted us."""
        return self._client.is_connected()

    def will(self, topic: str, payload: bytes) -> None:
        """What the broker shall publish, retained, when we vanish; before ``run``."""
        self._client.will_set(topic, payload, qos=1, retain=True)

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, qualities: Iterable[int] = (1,)
    ) -> None:
        """Send once at each of ``qualities`` of service; dropped while not connected."""
        if self.is_connected:
            for quality in qualities:
                self._client.publish(topic, payload, quality, retain)

    def subscribe(self, topic: str) -> None:
        """Subscribe at QoS 1; to be called in ``connected``."""
        self._client.subscribe(topic, qos=1)

    async def run(self) -> None:
        """Stay connected until cancelled, then say goodbye."""
        try:
            while True:
                await self._once()
                await asyncio.sleep(RETRY_S * random.uniform(0.5, 1.5))
        finally:
            self._client.disconnect()

    async def _once(self) -> None:
        self._gone.clear()
        try:
            self._client.connect("127.0.0.1", self._port, KEEPALIVE_S)
        except OSError:
            return
        while not self._gone.is_set():
            try:
                async with asyncio.timeout(MISC_EVERY_S):
                    await self._gone.wait()
            except TimeoutError:
                if self._client.loop_misc() is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                    return

    def _on_connect(self, _c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
        if not reason.is_failure:
            self._connected()

    def _on_disconnect(self, *_: Any) -> None:
        self._gone.set()

    def _on_message(self, _c: Any, _u: Any, message: paho.MQTTMessage) -> None:
        self._received(message.topic, bytes(message.payload))

    def _on_socket_open(self, client: paho.Client, _u: Any, socket: Any) -> None:
        asyncio.get_running_loop().add_reader(socket, client.loop_read)

    def _on_socket_close(self, _c: Any, _u: Any, socket: Any) -> None:
        asyncio.get_running_loop().remove_reader(socket)

    def _on_register_write(self, client: paho.Client, _u: Any, socket: Any) -> None:
        asyncio.get_running_loop().add_writer(socket, client.loop_write)

    def _on_unregister_write(self, _c: Any, _u: Any, socket: Any) -> None:
        asyncio.get_running_loop().remove_writer(socket)
