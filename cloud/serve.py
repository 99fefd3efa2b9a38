"""Runs the application in uvicorn, with the two settings that are easy to forget.

The one idea: live streams never end by themselves, so a server that is told to stop must end them first; and
uvicorn's own access log would write addresses and secret paths, so it is off (``guard`` writes ours).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final, cast

import uvicorn
from starlette.applications import Starlette

from cloud.feed import Feed
from cloud.listener import Door, listener, places

BACKLOG: Final = 1_024
"""Connections that may wait to be taken; a flood of them must not make honest ones try again (after 1 s)."""
GRACE_S: Final = 5
"""How long requests under way may take once the server is told to stop."""


class Server(uvicorn.Server):
    """uvicorn that ends the live streams before it waits for open requests."""

    def __init__(self, config: uvicorn.Config, feed: Feed | None) -> None:
        super().__init__(config)
        self._feed = feed

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to whoever runs the server."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: streams first, then requests, then the application's own tasks."""
        if self._feed is not None:
            self._feed.close()
        await super().shutdown(sockets)


@asynccontextmanager
async def serving(app: Starlette, host: str, port: int, door: Door | None = None) -> AsyncIterator[str]:
    """Serve ``app`` while the block runs; yields its address, e.g. ``http://127.0.0.1:8080``.

    ``port`` 0: any free one. If the application has a feed, its streams end first. Signals stay with the
    caller. ``door``: bounds of its connections; none: the usual ones.

    Raises:
        OSError: the address cannot be bound, e.g. the port is in use.
    """
    listening = _listen(host, port)
    protocol = cast("type[asyncio.Protocol]", listener(door or Door(places())))
    config = uvicorn.Config(
        app, lifespan="on", access_log=False, log_config=None, server_header=False, ws="none",
        timeout_graceful_shutdown=GRACE_S, http=protocol,
    )  # fmt: skip
    server = Server(config, getattr(app.state, "feed", None))
    bound = listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(server.serve([listening]))
        try:
            yield f"http://{shown}:{bound}"
        finally:
            server.should_exit = True
            await asyncio.wait([task])


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket whose connections send at once what is written to them.

    An answer is written in two pieces, its head and its body; without that the second waits for the client to
    acknowledge the first, which it delays by 40 ms. asyncio sets it only where the socket names its protocol.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
