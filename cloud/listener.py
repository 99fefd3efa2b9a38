"""HTTP/1.1 of uvicorn, with the bounds that it leaves to a proxy: an open door must not be a way to shut us
out.

What this is: deadlines for a head that does not come and for an answer that is not taken, a bound on
connections, and refusals in our own shape. What it is not: routes; whatever is a whole request goes on to
the application. The one idea: a connection that has not yet said what it wants is worth least, so when all
places are taken the one that has been silent longest goes, and whoever asks something is served.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from cloud.headers import ALWAYS
from cloud.metrics import REFUSED
from cloud.problems import MEDIA_TYPE, ProblemError, document

HEAD_S: Final = 10.0
"""Seconds for a request's head, from the first byte or from connecting: 16 KiB over a bad mobile line."""
TAKE_S: Final = 30.0
"""Seconds in which a client must take something of an answer that waits for it."""
MOST: Final = 4_000
"""Connections of one process: streams of a county's screens, many times over; each costs about 20 KiB."""
SPARE: Final = 256
"""File descriptors left for the database, the log and the rest."""

_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""``struct linger``: on, 0 s; closing throws away what was not sent, and says so (RST)."""

MALFORMED: Final = ProblemError(HTTPStatus.BAD_REQUEST, "malformed", "This is no HTTP request.")
SLOW_HEAD: Final = ProblemError(HTTPStatus.REQUEST_TIMEOUT, "too_slow", "The request came too slowly.")


def places(wanted: int = MOST) -> int:
    """How many connections this process may hold; raises its limit of open files as far as it may.

    The soft limit of a service is 1,024 by custom, the hard one far above.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = wanted + SPARE
    if soft != resource.RLIM_INFINITY and soft < enough:
        soft = enough if hard == resource.RLIM_INFINITY else min(enough, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - SPARE))


@dataclass(slots=True)
class Door:
    """Who is inside without having asked anything yet, the longest first. ``most``: connections in all."""

    most: int = MOST
    head_s: float = HEAD_S
    take_s: float = TAKE_S
    silent: dict[Listener, None] = field(default_factory=dict)

    def make_room(self) -> None:
        """Send the one away that has been silent longest."""
        for longest in self.silent:
            longest.leave("crowded")
            return


class Listener(H11Protocol):
    """One connection. What it holds is uvicorn's; ``cycle`` is the request under way, or the last one."""

    def __init__(
        self,
        door: Door,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._door = door
        self._head: asyncio.TimerHandle | None = None
        self._take: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Somebody came."""
        super().connection_made(transport)
        self._wait_for_head()
        if len(self.connections) > self._door.most:
            self._door.make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._head_is_here()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a head, or of a body."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Whoever was answered is silent until the next request."""
        super().on_response_complete()
        self._look()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request. ``msg``: uvicorn's own words, which say no more."""
        del msg
        REFUSED.labels("malformed").inc()
        self._refuse(MALFORMED)

    def pause_writing(self) -> None:
        """The client takes nothing just now."""
        super().pause_writing()
        if self._take is None:
            self._take = self.loop.call_later(self._door.take_s, self._not_taken)

    def resume_writing(self) -> None:
        """It takes something again."""
        super().resume_writing()
        if self._take is not None:
            self._take.cancel()
            self._take = None

    def leave(self, reason: str) -> None:
        """Close a connection on which nothing is under way."""
        REFUSED.labels(reason).inc()
        self._head_is_here()
        if not self.transport.is_closing():
            self.transport.close()

    def _look(self) -> None:
        busy = self.cycle is not None and not self.cycle.response_complete
        if busy or self.transport.is_closing():
            self._head_is_here()
        else:
            self._wait_for_head()

    def _wait_for_head(self) -> None:
        if self._head is None:
            self._head = self.loop.call_later(self._door.head_s, self._no_head)
            self._door.silent[self] = None

    def _head_is_here(self) -> None:
        self._door.silent.pop(self, None)
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _no_head(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self._refuse(SLOW_HEAD)
        self.leave("slow_head")

    def _not_taken(self) -> None:
        REFUSED.labels("not_taken").inc()
        held = self.transport.get_extra_info("socket")
        if held is not None:  # else the system would keep what nobody takes for a quarter of an hour
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    def _refuse(self, problem: ProblemError) -> None:
        """Say why, as far as the connection still lets us, and close it."""
        body = json.dumps(document(problem).model_dump(mode="json", exclude_none=True)).encode()
        headers = [
            ("content-type", MEDIA_TYPE),
            ("content-length", str(len(body))),
            ("connection", "close"),
            *ALWAYS.items(),
        ]
        head = h11.Response(status_code=problem.status.value, headers=headers, reason=problem.status.phrase)
        with suppress(h11.LocalProtocolError):  # an answer was under way
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def listener(door: Door) -> Callable[..., Listener]:
    """What makes a connection of ``door``, as uvicorn wants it."""

    def made(**given: Any) -> Listener:
        return Listener(door, **given)

    return made
