"""One connection of a paho client, driven by the event loop.

What this is: reading, writing and keeping alive, without a thread of paho's. What it is not: the session
(``link``). The one idea: who has no room does not read. A broker that sends more than it may then waits in
TCP, and nothing is dropped to be sent again; mosquitto 2.0.11 does so, whatever ``max_inflight_messages``:
each acknowledgement in order lets it send as many more. An exception ends the connection and is said, because
on a thread of paho's it would end all hearing in silence.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, cast

from paho.mqtt.client import Client

GLANCE: Final = 20
"""Packets read in one go; then others have a turn at the loop: an alarm waits at most for so many."""
_BEAT_S: Final = 1.0
"""How often paho looks after its keepalive."""

_log = logging.getLogger(__name__)


class Pump:
    """``client`` on the event loop that made this. ``room``: how many more messages may be read; each that
    comes makes it less.
    """

    def __init__(self, client: Client, room: Callable[[], int]) -> None:
        """Prepare; the client's host and port are set already (``connect_async``)."""
        self._client, self._room = client, room
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._socket: socket.socket | None = None
        """While the loop watches it."""
        self._is_paused = False
        client.on_socket_register_write = self._wants_to_write
        client.on_socket_unregister_write = self._has_written
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
        self._socket = cast("socket.socket", self._client.socket())
        self._is_paused = False
        self._loop.add_reader(self._socket, self._read)
        self._loop.add_writer(self._socket, self._write)  # CONNECT waits

    async def run(self) -> None:
        """Keep it alive until it ends, however that comes."""
        while not self._ended.is_set():
            self._surely(self._client.loop_misc)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _BEAT_S)

    def resume(self) -> None:
        """There is room again."""
        if self._is_paused and self._socket is not None:
            self._is_paused = False
            self._loop.add_reader(self._socket, self._read)
            self._read()  # what TLS has decrypted already wakes nobody

    def close(self) -> None:
        """Say good-bye and end the connection; the broker keeps the session."""
        self._client.disconnect()
        self._client.loop_write()
        self._drop()

    def _read(self) -> None:
        room = self._room()
        for _ in range(GLANCE):
            if self._socket is None:
                return
            if room <= 0:
                self._is_paused = True
                self._loop.remove_reader(self._socket)
                return
            self._surely(self._client.loop_read)
            before, room = room, self._room()
            if room == before:
                break  # nothing waits, or what did was no message
        if self._pending():
            self._loop.call_soon(self._read)

    def _pending(self) -> bool:
        """Whether TLS holds something that the kernel does not tell of."""
        pending: Callable[[], int] | None = getattr(self._socket, "pending", None)
        return bool(pending and pending())

    def _write(self) -> None:
        self._surely(self._client.loop_write)

    def _surely(self, step: Callable[[], Any]) -> None:
        """Do ``step``; what it raises ends the connection and nothing else."""
        try:
            step()
        except Exception:  # noqa: BLE001  a message or a library at fault must not end all hearing
            _log.exception("connection to the broker fails, connecting anew")
            self._drop()

    def _drop(self) -> None:
        """End the connection, also one that takes nothing any more."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._client.disconnect()
            self._client.loop_write()  # fails, and so paho closes it

    # paho's callbacks. Before the loop watches the socket, they come from the connecting thread.

    def _wants_to_write(self, _client: Client, _data: Any, sock: Any) -> None:
        if self._socket is not None:
            self._loop.add_writer(sock, self._write)

    def _has_written(self, _client: Client, _data: Any, sock: Any) -> None:
        if self._socket is not None:
            self._loop.remove_writer(sock)

    def _closes(self, _client: Client, _data: Any, sock: Any) -> None:
        if self._socket is not None:
            self._socket = None
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)
            self._ended.set()
