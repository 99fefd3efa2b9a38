"""Messages from the broker in the home: Zigbee2MQTT, ESPHome and whatever else has a codec for its topics.

What this is not: the uplink (``link``), and no meaning of payloads. The one idea: one thread owns paho from
connect to loss and puts each message into its own topic's short row; the event loop takes the first of each
row, round by round. So a sensor that floods fills neither the loop nor the outbox, loses only messages of its
own, and a press elsewhere does not wait behind it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import secrets
import socket
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.drivers import Deliver, Driver, DriverError, Incoming
from edge_agent.drivers.beat import Beat
from edge_agent.settings import EdgeSettings, LocalMqttSettings
from firmware_protocols.codec import Frame
from firmware_protocols.local.message import LARGEST, pack
from firmware_protocols.model import DeviceId
from firmware_protocols.registry import SHUT

log = logging.getLogger(__name__)

ROW: Final = 64
"""Messages of one topic that may wait. D.: a home's busiest sensor sends a few in a second."""
ROUND_S: Final = 0.02
"""Between two messages of one topic, at least. D.: no sensor in a home says 50 things in a second."""
KEEPALIVE_S: Final = 20
CONNECT_S: Final = 10.0
"""For the TCP connection, and again for the broker's answers."""
HANGS_S: Final = 120.0
"""No sign of life for so long [D]: looking up a name and connecting may take a minute together."""
AWAY_S: Final = 300.0
"""D. A broker or bridge that has been away for so long is a fault: a restart of either takes a minute."""
LOOP_S: Final = 0.2
"""How long the thread waits for the network at once: the longest a stop takes."""
_BRIDGE: Final = "/bridge/state"
_WORD: Final = 64
_WORDS: Final[Mapping[int, str]] = {
    errno.ECONNREFUSED: "refuses the connection: does the broker run?",
    errno.ECONNRESET: "hangs up: does it speak TLS as local_mqtt.tls says?",
    errno.EHOSTUNREACH: "cannot be reached",
    errno.ENETUNREACH: "cannot be reached",
    errno.ENOENT: "cannot be used: local_mqtt.ca_file is not there",
}


def build(settings: EdgeSettings) -> Sequence[Driver]:
    """One driver for the one broker."""
    return [LocalMqtt(settings.local_mqtt)] if settings.local_mqtt else []


@dataclass(frozen=True, slots=True)
class Route:
    """Whose topic it is, and what a message there is about."""

    device: DeviceId
    codec: str
    subject: str


class Rows:
    """Messages on their way from the thread to the loop: a short row for each topic.

    When a row is full its last message gives way to the new one: what came first (a press) and how things
    stand now are both kept.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._rows: dict[str, deque[Incoming]] = {}
        self._lock = threading.Lock()

    def put(self, topic: str, incoming: Incoming) -> bool:
        """Add a message; false when another one had to give way. Rings when there was none before."""
        with self._lock:
            was_empty = not self._rows
            row = self._rows.setdefault(topic, deque())
            is_full = len(row) >= ROW
            if is_full:
                row.pop()
            row.append(incoming)
        if was_empty:
            self._ring()
        return not is_full

    def round(self) -> list[Incoming]:
        """The first message of each row; none when all are empty."""
        with self._lock:
            found = [row.popleft() for row in self._rows.values()]
            self._rows = {topic: row for topic, row in self._rows.items() if row}
            return found


@dataclass(slots=True)
class Away:
    """Since when something is away, by the monotonic clock; ``None``: it is there, or has not said."""

    since_s: float | None = None

    def note(self, is_away: bool, now_s: float) -> None:
        """It is, or is not."""
        self.since_s = (now_s if self.since_s is None else self.since_s) if is_away else None

    def is_long(self, now_s: float) -> bool:
        """Whether people must know."""
        return self.since_s is not None and now_s - self.since_s >= AWAY_S


def bridges(settings: LocalMqttSettings) -> list[str]:
    """The topics on which the bridges of our devices say whether they are there.

    Zigbee2MQTT's is the first level of its devices' topics, as it is set from the factory; an ESPHome node
    has none, it speaks for itself.
    """
    return sorted(
        {d.topic.split("/")[0] + _BRIDGE for d in settings.device if d.codec.startswith("zigbee2mqtt")}
    )


def offline(payload: bytes) -> bool:
    """Whether a bridge says that it is away: ``offline`` or ``{"state": "offline"}``. Retained, it is so
    now: the broker says it for a bridge that is gone.
    """
    return b"offline" in payload[:_WORD]


def shutters(settings: LocalMqttSettings) -> Mapping[DeviceId, tuple[str, bytes]]:
    """Topic and payload that shut each of our valves."""
    return {
        DeviceId(device.name): (f"{device.topic}/{SHUT[device.codec][0]}", SHUT[device.codec][1])
        for device in settings.device
        if device.codec in SHUT
    }


class LocalMqtt:
    """The one connection. ``run`` ends with ``DriverError`` when it cannot be had or is lost."""

    name = "local_mqtt"

    def __init__(self, settings: LocalMqttSettings) -> None:
        self._settings = settings
        self._routes = {
            topic: Route(DeviceId(device.name), device.codec, subject)
            for device in settings.device
            for topic, subject in device.subjects().items()
        }
        self.beat = Beat(HANGS_S)
        self._counts: Counter[str] = Counter()
        self._is_connected = False
        self._away = Away(time.monotonic())
        self._bridges = {topic: Away() for topic in bridges(settings)}
        self._shut = shutters(settings)
        self._session: _Session | None = None

    def shut(self, device: DeviceId) -> bool:
        """Tell the valve ``device`` to shut, if it is one of ours; whether the broker could be told."""
        command, session = self._shut.get(device), self._session
        return command is not None and session is not None and session.publish(*command)

    def health(self) -> Mapping[str, float]:
        """``connected``; ``messages`` that came; of these ``retained`` ones, those on ``unknown`` topics,
        ``too_large`` ones, and ``dropped`` ones, which gave way because too many came on their topic.
        ``fault``: the broker has been away for ``AWAY_S``; ``fault/NAME``: that bridge says so of itself.
        """
        names, now_s = ("messages", "retained", "unknown", "too_large", "dropped"), time.monotonic()
        counts = {name: float(self._counts[name]) for name in names}
        broken = {"fault": float(self._away.is_long(now_s))}
        for topic, away in self._bridges.items():  # while the broker is away nobody knows
            name = topic.removesuffix(_BRIDGE)
            broken[f"fault/{name}"] = float(self._is_connected and away.is_long(now_s))
        return {"connected": float(self._is_connected), **counts, **broken}

    async def run(self, deliver: Deliver) -> None:
        session = _Session(
            self._settings, self._routes, self._counts, asyncio.get_running_loop(), self._bridges
        )
        session.start()
        self._session = session
        try:
            while True:
                await session.arrived.wait()
                session.arrived.clear()
                self.beat.note()
                failure = session.failure  # looked at first, so that nothing received before it is left
                self._note_connected(session.is_connected)
                await self._serve_rounds(session.rows, deliver)
                if failure:
                    raise DriverError(f"broker {self._settings.host}:{self._settings.port} {failure}")
        finally:
            self._session = None
            self._note_connected(False)
            await asyncio.to_thread(session.stop)

    def _note_connected(self, is_connected: bool) -> None:
        self._is_connected = is_connected
        self._away.note(not is_connected, time.monotonic())

    async def _serve_rounds(self, rows: Rows, deliver: Deliver) -> None:
        """Hand over what waits."""
        while found := rows.round():
            self.beat.note()
            for incoming in found:
                deliver(incoming)
                await asyncio.sleep(0)  # whatever else is due comes between two messages
            await asyncio.sleep(ROUND_S)


class _Session(threading.Thread):
    """One connection, from connect to loss. ``arrived`` is set on the loop whenever there is news."""

    def __init__(
        self,
        settings: LocalMqttSettings,
        routes: Mapping[str, Route],
        counts: Counter[str],
        loop: asyncio.AbstractEventLoop,
        bridges: Mapping[str, Away],
    ) -> None:
        super().__init__(name="local-mqtt", daemon=True)
        self._bridges = bridges
        self._settings = settings
        self._routes = routes
        self._counts = counts
        self._loop = loop
        self._stopping = threading.Event()
        self._topics = list(dict.fromkeys([*routes, *bridges]))
        self.arrived = asyncio.Event()
        self.rows = Rows(self._ring)
        self.is_connected = False
        self.failure = ""
        self._publisher: mqtt.Client | None = None

    def publish(self, topic: str, payload: bytes) -> bool:
        """Hand a message to paho, which sends it from its own thread; whether there is a connection.

        Not retained: a valve that comes back tomorrow must not be shut by yesterday's alarm.
        """
        client = self._publisher
        if client is None or not self.is_connected:
            return False
        return client.publish(topic, payload, qos=1).rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    def stop(self) -> None:
        """End the thread and wait for it, unless it hangs in a connect: that one ends by itself."""
        self._stopping.set()
        self.join(2 * LOOP_S)

    def run(self) -> None:
        reason = "is lost: the network thread has failed"
        try:
            reason = self._live()
        except (OSError, ValueError) as error:
            reason = _in_words(error)
        finally:
            self.is_connected = False
            self.failure = self.failure or reason
            self._ring()

    def _live(self) -> str:
        """Connect and serve; return why it ended."""
        client = self._publisher = self._client()
        try:
            client.connect(self._settings.host, self._settings.port, KEEPALIVE_S)
            return self._serve(client)
        finally:
            client.disconnect()

    def _client(self) -> mqtt.Client:
        """With an id that nobody else can name: a broker ends a connection whose id signs in again."""
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            f"anban-{secrets.token_hex(8)}",
            clean_session=True,
            protocol=mqtt.MQTTv311,
        )
        client.connect_timeout = CONNECT_S
        if self._settings.user:
            client.username_pw_set(self._settings.user, self._settings.password or None)
        if self._settings.tls:
            client.tls_set(str(self._settings.ca_file) if self._settings.ca_file else None)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        return client

    def _serve(self, client: mqtt.Client) -> str:
        """Run the connection until it ends; return why."""
        deadline = time.monotonic() + CONNECT_S
        while not self._stopping.is_set() and not self.failure:
            if client.loop(LOOP_S) is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                return "is lost: the connection was closed"
            if not self.is_connected and time.monotonic() > deadline:
                return "does not answer"
            self._ring()  # a sign of life: thread and loop both come round
        return "was left"

    def _ring(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody listens any more
            self._loop.call_soon_threadsafe(self.arrived.set)

    # -- paho's callbacks: they only note and hand over ----------------------------------------------

    def _connected(self, client: mqtt.Client, _userdata: Any, _flags: Any, code: ReasonCode, _p: Any) -> None:
        if code.is_failure:
            self.failure = f"refuses us ({code}): check local_mqtt.user and its password"
            return
        client.subscribe([(topic, 1) for topic in self._topics])

    def _subscribed(
        self, _client: mqtt.Client, _userdata: Any, _mid: int, codes: list[ReasonCode], _p: Any
    ) -> None:
        denied = [
            t for t, code in zip(self._topics, codes, strict=False) if code.is_failure and t in self._routes
        ]
        if denied:
            self.failure = f"does not let us read {denied[0]!r}: check its access rules"
            return
        self.is_connected = True
        log.info("local broker connected topics=%d", len(self._routes))
        self._ring()

    def _received(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        self._counts["messages"] += 1
        self._counts["retained"] += message.retain
        route = self._route(message)
        bridge = self._bridge(message)
        if bridge is not None:
            bridge.note(offline(bytes(message.payload)), time.monotonic())
        if route is None and bridge is not None:
            return
        if route is None:
            self._counts["unknown"] += 1
        elif len(message.payload) > LARGEST:
            self._counts["too_large"] += 1
        else:
            frame = Frame(route.device, pack(route.subject, bytes(message.payload)), datetime.now(UTC))
            if not self.rows.put(message.topic, Incoming(route.codec, frame, retained=message.retain)):
                self._dropped(route.device)

    def _dropped(self, device: DeviceId) -> None:
        """Count it; of many, say the 1st, 2nd, 4th, 8th …"""
        self._counts["dropped"] += 1
        count = self._counts["dropped"]
        if count & (count - 1) == 0:
            log.warning("local device sends too fast, a message gave way device=%s count=%d", device, count)

    def _bridge(self, message: mqtt.MQTTMessage) -> Away | None:
        try:
            return self._bridges.get(message.topic)
        except UnicodeDecodeError:
            return None

    def _route(self, message: mqtt.MQTTMessage) -> Route | None:
        try:
            return self._routes.get(message.topic)
        except UnicodeDecodeError:
            return None


def _in_words(error: OSError | ValueError) -> str:
    """What a technician can do; the same words for the same fault."""
    if isinstance(error, TimeoutError):
        return "does not answer"
    if isinstance(error, socket.gaierror):
        return "cannot be found: check local_mqtt.host"
    if isinstance(error, ssl.SSLError):
        return f"and we do not agree on TLS: {error.reason or error}"
    number = error.errno if isinstance(error, OSError) else None
    return _WORDS.get(number or 0) or f"is lost: {error}"
