"""The connection to the broker: one thread, and nobody else touches paho.

What it is not: it knows no batch. The one idea: the thread owns the client from connect to close; things to
send come in through a bounded queue, things that happened go out to the event loop, and a callback decides
nothing. Each connection is a new client with a clean session, so nothing is ever sent from paho's memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.identity import IdentityError
from edge_agent.settings import UplinkSettings
from edge_agent.sign_in import Always, SignIn, SignsIn, tls_context
from edge_agent.supervise import Backoff

log = logging.getLogger(__name__)

KEEPALIVE_S: Final = 20
"""A silent peer is found out within 1.5 times this."""
CONNECT_S: Final = 10.0
"""For the TCP connection, and again for the broker's answer: a frozen broker still accepts connections."""
REFUSED_RETRY_S: Final = 60.0
"""After "wrong credentials": slow enough to spare the broker, fast enough for the technician who mends it."""
HURRIED_RETRY_S: Final = 5.0
"""While an alarm waits, no longer than this between two attempts."""
_QUEUE: Final = 256
"""Messages that may wait for the thread, and as many that the broker has not acknowledged. ``window`` bounds
what is in flight: here no alarm waits for the broker's word about readings, and a broker that acknowledges
nothing costs no more memory than this, however often all of it is sent again.
"""
_JOIN_S: Final = 3.0
_CLOCK_CODES: Final = frozenset({9, 10})
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL."""
_REFUSALS: Final = frozenset({"Bad user name or password", "Not authorized", "Banned"})


@dataclass(frozen=True, slots=True)
class Online:
    """Connected, and every subscription is in force."""


@dataclass(frozen=True, slots=True)
class Offline:
    """The connection is gone or could not be had. ``refused``: the broker does not accept us."""

    reason: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """Something came in."""

    topic: str
    payload: bytes


LinkEvent = Online | Offline | Message


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something to publish, once at each of ``qualities`` of service."""

    topic: str
    payload: bytes
    retain: bool = False
    qualities: tuple[Literal[0, 1], ...] = (1,)


@dataclass(frozen=True, slots=True)
class Identity:
    """How the link signs in and what it says when it dies."""

    user: str
    subscriptions: Sequence[str]
    will: Outgoing


class Link:
    """Run it; it connects and reconnects until cancelled. ``on_event`` is called on the loop's thread."""

    def __init__(
        self,
        settings: UplinkSettings,
        identity: Identity,
        on_event: Callable[[LinkEvent], None],
        sign_in: SignsIn | None = None,
    ) -> None:
        self._sign_in = sign_in or Always(settings)
        self._again = threading.Event()
        self._identity = identity
        self._on_event = on_event
        self._outgoing: queue.Queue[Outgoing] = queue.Queue(_QUEUE)
        self._bell: socket.socket | None = None
        self._stopping = threading.Event()
        self._hurried = threading.Event()

    def hurry(self) -> None:
        """An alarm waits: do not sit out a long pause."""
        self._hurried.set()

    def reconnect(self) -> None:
        """End this connection and make a new one: there is another certificate to sign in with."""
        self._again.set()
        self._ring()

    def publish(self, message: Outgoing) -> bool:
        """Hand ``message`` over; false when the queue is full. Whatever is lost here is sent again later."""
        try:
            self._outgoing.put_nowait(message)
        except queue.Full:
            return False
        self._ring()
        return True

    async def run(self) -> None:
        """Keep the connection until cancelled. Ends with an error only if the thread dies."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        heard, self._bell = socket.socketpair()
        for end in (heard, self._bell):
            end.setblocking(False)
        self._stopping.clear()
        thread = threading.Thread(target=self._live, args=(loop, ended, heard), name="mqtt", daemon=True)
        thread.start()
        try:
            await ended
        finally:
            self._stopping.set()
            self._hurried.set()
            self._ring()
            await asyncio.to_thread(thread.join, _JOIN_S)
            heard.close()
            self._bell.close()

    def _ring(self) -> None:
        if self._bell is not None:
            with contextlib.suppress(OSError):
                self._bell.send(b"\0")

    # -- on the thread -----------------------------------------------------------------------------

    def _live(
        self, loop: asyncio.AbstractEventLoop, ended: asyncio.Future[None], heard: socket.socket
    ) -> None:
        def tell(event: LinkEvent) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody listens any more
                loop.call_soon_threadsafe(self._on_event, event)

        backoff = Backoff(1.0, 60.0)
        outcome: BaseException | None = None
        try:
            while not self._stopping.is_set():
                offline = self._once(heard, tell)
                if offline is None:
                    backoff.reset()
                    offline = Offline("connection lost")
                tell(offline)
                self._pause(REFUSED_RETRY_S if offline.refused else backoff.next_s())
        except Exception as error:  # noqa: BLE001 - handed to the loop, whose supervisor starts a new thread
            outcome = error
            tell(Offline("the network thread has failed"))
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_finish, ended, outcome)

    def _once(self, heard: socket.socket, tell: Callable[[LinkEvent], None]) -> Offline | None:
        """One connection, with what is there to sign in with now."""
        self._again.clear()
        try:
            sign_in = self._sign_in.next()
        except IdentityError as error:
            return Offline(str(error))
        session = _Session(
            sign_in,
            self._identity,
            outgoing=self._outgoing,
            heard=heard,
            stopping=self._stopping,
            again=self._again,
            tell=tell,
        )
        return session.run()

    def _pause(self, seconds: float) -> None:
        """Wait before the next attempt: ``seconds``, or little when somebody hurries."""
        self._hurried.clear()
        if not self._stopping.wait(min(seconds, HURRIED_RETRY_S)):
            self._hurried.wait(seconds - HURRIED_RETRY_S)


def _finish(ended: asyncio.Future[None], outcome: BaseException | None) -> None:
    if ended.done():
        return
    if outcome is None:
        ended.set_result(None)
    else:
        ended.set_exception(outcome)


def _at_once(_client: mqtt.Client, _userdata: Any, connection: Any) -> None:
    """Small packets do not wait for the far end's acknowledgement of the one before: up to 40 ms an alarm."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _in_words(error: OSError | ValueError) -> str:
    """What is wrong; for a certificate that is out of its time also which time we take it to be."""
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _CLOCK_CODES:
        today = time.strftime("%Y-%m-%d", time.gmtime())
        return f"{error.verify_message}, and this machine's clock says {today}"
    return str(error)


class _Session:
    """One connection, from connect to loss."""

    def __init__(
        self,
        sign_in: SignIn,
        identity: Identity,
        *,
        outgoing: queue.Queue[Outgoing],
        heard: socket.socket,
        stopping: threading.Event,
        again: threading.Event,
        tell: Callable[[LinkEvent], None],
    ) -> None:
        self._sign_in = sign_in
        self._settings = sign_in.settings
        self._identity = identity
        self._outgoing = outgoing
        self._heard = heard
        self._stopping = stopping
        self._again = again
        self._tell = tell
        self._pending: set[int | None] = set()
        self._is_online = False
        self._failure: Offline | None = None

    def run(self) -> Offline | None:
        """Connect and serve; return why it did not work out, or ``None`` for a connection that once stood."""
        client = self._client()
        try:
            if self._settings.tls:
                client.tls_set_context(tls_context(self._sign_in))
            client.connect(self._settings.host, self._settings.port, keepalive=KEEPALIVE_S)
            self._serve(client)
            hung_up = client.socket() is None
        except (OSError, ValueError) as error:
            return Offline(f"{self._settings.host}:{self._settings.port}: {_in_words(error)}")
        finally:
            self._farewell(client)
        return self._failure or (None if self._is_online else Offline(self._silence(hung_up=hung_up)))

    def _silence(self, *, hung_up: bool) -> str:
        """Why there was no answer; a broker that does not take a certificate only hangs up."""
        if not hung_up:
            return "no answer from the broker"
        advice = "; it may not take this gateway's certificate" if self._settings.cert_file else ""
        return f"the broker ended the connection before it answered{advice}"

    def _client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, self._client_id(), clean_session=True, protocol=mqtt.MQTTv311
        )
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(_QUEUE)
        client.max_queued_messages_set(_QUEUE)
        if self._settings.secret:
            client.username_pw_set(self._identity.user, self._settings.secret)
        will = self._identity.will
        client.will_set(will.topic, will.payload, qos=1, retain=will.retain)
        client.on_socket_open = _at_once
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        return client

    def _client_id(self) -> str:
        """One that nobody else can name: a broker ends a connection whose client id signs in again."""
        secret = self._settings.secret.encode()
        if not secret and self._settings.key_file:
            with contextlib.suppress(OSError):  # said when the connection is tried
                secret = self._settings.key_file.read_bytes()
        proof = hashlib.sha256(secret).hexdigest()[:16]
        return f"{self._identity.user}-{proof}"

    def _serve(self, client: mqtt.Client) -> None:
        deadline = time.monotonic() + CONNECT_S
        while (sock := client.socket()) is not None and not self._ending():
            if not self._is_online and time.monotonic() > deadline:
                return
            buffered = getattr(sock, "pending", int)()  # bytes that TLS holds: select does not see them
            readable, writable, _ = select.select(
                [sock, self._heard], [sock] if client.want_write() else [], [], 0.0 if buffered else 1.0
            )
            if self._heard in readable:
                self._heard.recv(4096)
            if self._is_online:
                self._publish_waiting(client)
            if buffered or sock in readable:
                client.loop_read()
            if sock in writable:
                client.loop_write()
            client.loop_misc()

    def _ending(self) -> bool:
        return self._stopping.is_set() or self._again.is_set() or self._failure is not None

    def _publish_waiting(self, client: mqtt.Client) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                message = self._outgoing.get_nowait()
                for quality in message.qualities:
                    client.publish(message.topic, message.payload, quality, message.retain)

    def _farewell(self, client: mqtt.Client) -> None:
        """A clean end: say "offline" in the will's words, for after a DISCONNECT the broker does not. In any
        other case no DISCONNECT is sent, so that the broker speaks: it may have let us in before we know, and
        have ended the connection before this one without a word, as NATS does.
        """
        if self._is_online and self._stopping.is_set() and client.socket() is not None:
            self._publish_waiting(client)
            client.publish(self._identity.will.topic, self._identity.will.payload, qos=1, retain=True)
            client.disconnect()
            until = time.monotonic() + 1.0
            while client.want_write() and client.socket() is not None and time.monotonic() < until:
                client.loop_write()
        if (connection := client.socket()) is not None:
            connection.close()

    # -- paho's callbacks: they only note and hand over ----------------------------------------------

    def _connected(self, client: mqtt.Client, _userdata: Any, _flags: Any, code: ReasonCode, _p: Any) -> None:
        if code.is_failure:
            self._failure = Offline(f"the broker refuses: {code}", refused=str(code) in _REFUSALS)
            return
        for topic in self._identity.subscriptions:
            self._pending.add(client.subscribe(topic, qos=1)[1])

    def _subscribed(
        self, _client: mqtt.Client, _userdata: Any, mid: int, codes: list[ReasonCode], _p: Any
    ) -> None:
        if any(code.is_failure for code in codes):
            self._failure = Offline("the broker refuses a subscription: check its access rules", refused=True)
            return
        self._pending.discard(mid)
        if not self._pending and not self._is_online:
            self._is_online = True
            self._tell(Online())

    def _received(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        self._tell(Message(message.topic, bytes(message.payload)))
