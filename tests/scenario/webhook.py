"""A real HTTP server on a free port that keeps what it is sent; its answer can be set."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class Webhook:
    """``status``, ``headers`` and ``answer``: what requests get, ``slow_s`` after they were taken. ``seen``:
    path, headers and body, oldest first.
    """

    port: int = 0
    status: int = 200
    answer: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    slow_s: float = 0.0
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def address(self, name: str) -> str:
        """An Apprise address of this server."""
        return f"json://127.0.0.1:{self.port}/{name}"

    def texts(self, name: str) -> list[str]:
        """The messages that came to ``name``."""
        return [self._message(body) for path, _, body in list(self.seen) if path.strip("/") == name]

    @staticmethod
    def _message(body: bytes) -> str:
        document: dict[str, Any] = json.loads(body)
        return str(document["message"])


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Serve until the end of the block."""
    state = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            state.seen.append((self.path, dict(self.headers.items()), body))
            time.sleep(state.slow_s)
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):  # whoever asked has hung up
                self.wfile.write(state.answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
