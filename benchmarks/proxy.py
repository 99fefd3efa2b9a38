"""A TCP proxy whose network can be frozen or cut: what lies between a home and its broker.

What it is not: a simulator of loss or delay. The one idea: a frozen network swallows nothing and passes
nothing (both ends still believe in it), a cut one closes every connection and refuses new ones.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from typing import Final

_PIECE: Final = 65_536
_LOOK_S: Final = 0.05


class Proxy:
    """Listens on ``port`` and passes everything to the port that ``target()`` names."""

    def __init__(self, target: Callable[[], int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._flows = threading.Event()
        self._flows.set()
        self._is_cut = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()

    def freeze(self) -> None:
        """Pass nothing, lose nothing."""
        self._flows.clear()

    def thaw(self) -> None:
        """Pass everything again."""
        self._flows.set()

    def cut(self) -> None:
        """Close every connection and refuse new ones."""
        self._is_cut.set()

    def mend(self) -> None:
        """Take connections again."""
        self._is_cut.clear()

    def close(self) -> None:
        """End it."""
        self._stopping.set()
        self._thread.join()
        for each in [self._listener, *self._pairs]:
            each.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._is_cut.is_set():
                for each in list(self._pairs):
                    self._end(each)
            if not self._flows.is_set():
                self._stopping.wait(_LOOK_S)
                continue
            ready, _, _ = select.select([self._listener, *self._pairs], [], [], _LOOK_S)
            for each in ready if self._flows.is_set() else ():
                if each is self._listener:
                    self._accept()
                elif each in self._pairs:
                    self._pass(each)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        if self._is_cut.is_set():
            near.close()
            return
        try:
            far = socket.create_connection(("127.0.0.1", self._target()), 2.0)
        except OSError:
            near.close()
            return
        far.settimeout(2.0)
        near.settimeout(2.0)
        self._pairs |= {near: far, far: near}

    def _pass(self, end: socket.socket) -> None:
        try:
            data = end.recv(_PIECE)
            if data:
                self._pairs[end].sendall(data)
                return
        except OSError:
            pass
        self._end(end)

    def _end(self, end: socket.socket) -> None:
        other = self._pairs.pop(end, None)
        if other is not None:
            self._pairs.pop(other, None)
            for each in (end, other):
                with contextlib.suppress(OSError):
                    each.close()
