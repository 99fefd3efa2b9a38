"""One connection of a paho client, driven by the event loop.

What this is: reading, writing and keeping alive, without a thread of paho's. What it is not: the session
(``link``). The one idea: who has no room does not read. A broker that sends more than it may then waits in
TCP, and nothing is dropped to be sent again; mosquitto 2.0.11 does so, whatever ``max_inflight_messages``:
each acknowledgement in order lets it send as many more. An exception ends the connection and is said, because
on a thread of paho's it would end all hearing in silence.

Messages and their acknowledgements pass by paho, many at a time (``packets``); it reads and writes every
other packet, each when it stands at the head of the ``wire``.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final, NamedTuple, cast

from paho.mqtt.client import Client

from cloud.ingest.packets import Published, pubacks
from cloud.ingest.wire import Wire, Wiring

GLANCE: Final = 50
"""Messages read in one go, a third of a millisecond; then others have a turn at the loop: an alarm waits at
most for so many.
"""
_BEAT_S: Final = 1.0
"""How often paho looks after its keepalive."""

_log = logging.getLogger(__name__)


class Room(NamedTuple):
    """How much more may be read: so many messages, or until they have so many bytes."""

    messages: int
    size: int

    def __bool__(self) -> bool:
        return self.messages > 0 and self.size > 0


class Pump:
    """``client`` on the event loop that made this. What comes goes to ``take``; as much of it as there is
    ``room``, which each message makes less.
    """

    def __init__(
        self,
        client: Client,
        tls: ssl.SSLContext | None,
        room: Callable[[], Room],
        take: Callable[[list[Published]], None],
    ) -> None:
        """Prepare; the client's host and port are set already (``connect_async``)."""
        self._client, self._room, self._take = client, room, take
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._wire: Wire | None = None
        """While the loop watches it."""
        self._is_paused = False
        self._reads_soon = self._writes_soon = False
        client.tls_set_context(cast("ssl.SSLContext", Wiring(tls)))
        client.on_socket_register_write = self._wants_to_write
        client.on_socket_close = self._closes

    async def connect(self) -> None:
        """Connect and begin to read; what was connected before has ended.

        Raises:
            OSError: the broker cannot be reached, or TLS fails.
        """
        self._ended.clear()
        connecting = asyncio.ensure_future(asyncio.to_thread(self._client.reconnect))  # it blocks: DNS, TLS
        try:
            await asyncio.shield(connecting)
        except asyncio.CancelledError:
            await asyncio.wait([connecting])
            raise
        self._wire = cast("Wire", self._client.socket())
        self._is_paused = False
        self._loop.add_reader(self._wire, self._readable)
        self._write_soon()  # CONNECT waits

    async def run(self) -> None:
        """Keep it alive until it ends, however that comes."""
        while not self._ended.is_set():
            self._surely(self._client.loop_misc)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _BEAT_S)

    def acknowledge(self, mids: Iterable[int]) -> None:
        """Tell the broker that it need not send these again."""
        if self._wire is not None and not self._wire.has_ended:
            self._wire.send(pubacks(mids))
            self._write_soon()

    def resume(self) -> None:
        """There is room again."""
        if self._is_paused and self._wire is not None:
            self._is_paused = False
            self._loop.add_reader(self._wire, self._readable)
            self._read_soon()  # what was read already wakes nobody

    def close(self) -> None:
        """Say good-bye and end the connection; the broker keeps the session."""
        self._client.disconnect()
        self._client.loop_write()
        self._drop()

    def _readable(self) -> None:
        if not self._reads_soon:
            self._surely(self._read)

    def _read_soon(self) -> None:
        if not self._reads_soon:
            self._reads_soon = True
            self._loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        self._reads_soon = False
        self._surely(self._read)

    def _read(self) -> None:
        """One turn: some messages, or one packet of another kind."""
        wire = self._wire
        if wire is None or self._is_paused:
            return
        room = self._room()
        if not room:
            self._is_paused = True
            self._loop.remove_reader(wire)
            return
        wire.fill()
        if messages := wire.take(min(room.messages, GLANCE), room.size):
            self._take(messages)
        elif wire.holds_packet or wire.has_ended:
            self._client.loop_read()
        if wire.holds_packet or wire.has_ended:
            self._read_soon()

    def _write_soon(self) -> None:
        """At the end of this turn of the loop, with all that is said until then."""
        if not self._writes_soon:
            self._writes_soon = True
            self._loop.call_soon(self._write)

    def _write(self) -> None:
        self._writes_soon = False
        self._surely(self._send)

    def _send(self) -> None:
        self._client.loop_write()
        wire = self._wire
        if wire is None:
            return  # the last was a good-bye
        if wire.flush():
            self._loop.remove_writer(wire)
        else:
            self._loop.add_writer(wire, self._write)
        if wire.has_ended:
            self._client.loop_read()

    def _surely(self, step: Callable[[], Any]) -> None:
        """Do ``step``; what it raises ends the connection and nothing else."""
        try:
            step()
        except Exception:  # noqa: BLE001  a message or a library at fault must not end all hearing
            _log.exception("connection to the broker fails, connecting anew")
            self._drop()

    def _drop(self) -> None:
        """End the connection, also one that takes nothing any more."""
        if self._wire is not None:
            with suppress(OSError):
                self._wire.shut()
            self._client.disconnect()
            self._client.loop_write()  # fails, and so paho closes it

    # paho's callbacks. Before the loop watches the socket, they come from the connecting thread.

    def _wants_to_write(self, _client: Client, _data: Any, _wire: Any) -> None:
        if self._wire is not None:
            self._write_soon()

    def _closes(self, _client: Client, _data: Any, wire: Any) -> None:
        if self._wire is not None:
            self._wire = None
            self._loop.remove_reader(wire)
            self._loop.remove_writer(wire)
            self._ended.set()
