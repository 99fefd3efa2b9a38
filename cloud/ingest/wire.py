"""The connection to the broker, read and written in large pieces.

What this is: what paho takes for a socket, with a buffer on either side, and the context that hands it over:
paho lets the context of TLS that it is given wrap its socket (``Client.tls_set_context``), so this one also
wraps those that have no TLS. What it is not: a reader of packets (``packets``) or a driver (``pump``). The
one idea: nobody needs a system call for each field of each packet. Whoever puts a packet in has it sent
whole, so two writers never mix theirs.
"""

from __future__ import annotations

import socket
import ssl
from typing import Final

from cloud.ingest.packets import Published, frame, published

_CHUNK: Final = 65_536
"""Bytes read in one go: more than a record of TLS (16 KiB), so nothing that is decrypted stays behind where
the kernel does not tell of it.
"""
_NOT_NOW: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Wire:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        """Wrap what is connected."""
        self._socket = connection
        self._came, self._going = bytearray(), bytearray()
        self._is_over = False
        self._why: OSError | None = None

    def fill(self) -> None:
        """Read what waits, up to a chunk, unless a packet is there already."""
        if self._is_over or self.holds_packet:
            return
        try:
            chunk = self._socket.recv(_CHUNK)
        except _NOT_NOW:
            return
        except OSError as error:
            self._break(error)
            return
        self._came += chunk
        self._is_over = not chunk

    def take(self, most: int, most_bytes: int) -> list[Published]:
        """The messages that have come, as ``packets.published``."""
        messages, used = published(self._came, most, most_bytes)
        del self._came[:used]
        return messages

    @property
    def holds_packet(self) -> bool:
        """Whether a whole packet has come."""
        return frame(self._came, 0) is not None

    @property
    def has_ended(self) -> bool:
        """Whether nothing will come any more; who reads is told why."""
        return self._is_over and not self.holds_packet

    def flush(self) -> bool:
        """Send what waits; return whether nothing waits any more."""
        while self._going:
            try:
                sent = self._socket.send(self._going)
            except _NOT_NOW:
                return False
            except OSError as error:
                self._break(error)
            else:
                del self._going[:sent]
        return True

    def shut(self) -> None:
        """Nothing is read or sent any more, by either end."""
        self._break(ConnectionAbortedError("given up"))
        self._socket.shutdown(socket.SHUT_RDWR)

    def _break(self, error: OSError) -> None:
        self._is_over, self._why = True, error
        self._came.clear()
        self._going.clear()

    # What paho asks of a socket.

    def recv(self, most: int) -> bytes:
        """Up to ``most`` of what ``fill`` has read; ``b""``: the broker has ended the connection.

        Raises:
            BlockingIOError: there is nothing yet.
            OSError: why the connection has ended.
        """
        if not self._came:
            if self._why:
                raise self._why
            if not self._is_over:
                raise BlockingIOError
        part = bytes(self._came[:most])
        del self._came[:most]
        return part

    def send(self, packets: bytes | bytearray) -> int:
        """Take all of it, to be sent by ``flush``.

        Raises:
            OSError: why the connection has ended.
        """
        if self._why:
            raise self._why
        self._going += packets
        return len(packets)

    def close(self) -> None:
        """End it; what waits is sent if it can be at once."""
        self.flush()
        self._socket.close()

    def fileno(self) -> int:
        """For the event loop."""
        return self._socket.fileno()

    def setblocking(self, flag: bool) -> None:
        """As a socket's."""
        self._socket.setblocking(flag)

    def settimeout(self, seconds: float) -> None:
        """As a socket's."""
        self._socket.settimeout(seconds)

    def do_handshake(self) -> None:
        """As a socket's of TLS; without TLS there is none.

        Raises:
            OSError: it fails, and the connection is closed.
        """
        if not isinstance(self._socket, ssl.SSLSocket):
            return
        try:
            self._socket.do_handshake()
        except OSError:
            self._socket.close()
            raise


class Wiring:
    """What paho takes for the context of TLS: ``tls``, or none."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        """``check_hostname``: where this is false, paho checks nothing either."""
        self._tls = tls
        self.check_hostname = tls is not None and tls.check_hostname

    def wrap_socket(
        self,
        connection: socket.socket,
        server_hostname: str | None = None,
        *,
        do_handshake_on_connect: bool,
    ) -> Wire:
        """Be on the connection to ``server_hostname``.

        Raises:
            OSError: TLS fails.
        """
        # Small packets go out at once: Nagle's algorithm would hold a commit-ack back for up to 40 ms.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            connection = self._tls.wrap_socket(
                connection,
                server_hostname=server_hostname,
                do_handshake_on_connect=do_handshake_on_connect,
            )
        return Wire(connection)
