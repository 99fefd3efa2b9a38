"""Where the demonstration's messages to the care circle arrive: a webhook on this machine.

What this is: the smallest HTTP server that takes what a ``json://`` channel posts. The one idea: a message
that arrives here was really sent by the product's own notifier; nothing is looked up behind its back.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MAX_BODY: Final = 1 << 20
READ_S: Final = 10.0
_LENGTH: Final = b"content-length:"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that arrived: for the contact of ``rank`` at ``home``, at ``at`` (epoch, s)."""

    home: str
    rank: int
    title: str
    text: str
    at: float


class Inbox:
    """Listens on 127.0.0.1; ``arrived`` is called with each message."""

    def __init__(self, arrived: Callable[[Letter], None]) -> None:
        self._arrived = arrived
        self._server: asyncio.Server | None = None

    async def open(self, port: int = 0) -> str:
        """Start listening; return the channel address, to which ``/HOME/RANK`` is added."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        return f"json://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(READ_S):
                self._arrived(await _read(reader))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (TimeoutError, ValueError, OSError, EOFError, asyncio.LimitOverrunError):
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Letter:
    head = await reader.readuntil(b"\r\n\r\n")
    request, *headers = head.split(b"\r\n")
    _, path, _ = request.decode().split(" ")
    _, home, rank, *_ = path.split("/")
    length = next((int(each[len(_LENGTH) :]) for each in headers if each.lower().startswith(_LENGTH)), 0)
    if length > MAX_BODY:
        raise ValueError("body too long")
    body = json.loads(await reader.readexactly(length))
    return Letter(home, int(rank), str(body.get("title", "")), str(body.get("message", "")), time.time())
