"""The change log, followed once per process and handed to every listener of the process.

What this is: one LISTEN connection, a ring of the newest changes already put into SSE frames, and a bounded
queue per listener. What it is not: HTTP (``stream``), or a source of truth: everything here can be lost and
read again from the table. The one idea: a notification only says "look"; the table says what and in which
order, so a lost notification, a broken connection or a restart costs time, never a change.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo

from cloud.auth import Scope
from cloud.db import Connection, Queries, connect

RING: Final = 10_000
"""Newest changes kept as frames: hours of a county, about 10 MB."""
QUEUE: Final = 512
"""Frames waiting for one slow listener; beyond it the listener is told to start anew."""
FETCH: Final = 1_000
"""Rows per read of the log."""
GATHER_S: Final = 0.5
"""D. So long a change of a home waits for company on each stream: with five a second a console is written to
twice a second. What concerns an incident waits for nothing."""
PATIENT: Final = frozenset({"home"})
"""Topics that can wait so long."""
POLL_S: Final = 2.0
"""The log is read at least this often, in case a notification was lost."""
STALE_S: Final = 6.0
"""Without a successful read for this long the feed counts as blind, and screens must learn it."""
APPLICATION_NAME: Final = "anban feed"
"""How the database's list of connections shows it."""
FIRST_RETRY_S: Final = 0.25
LONGEST_RETRY_S: Final = 5.0

_SQL: Final = Queries("cloud", "stream.sql")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the log, serialised once: ``frame`` is what goes to every screen that may see it.
    ``patient``: it can wait for company.
    """

    id: int
    tenant_id: int
    home_id: int | None
    frame: bytes
    patient: bool = False

    def visible_to(self, scope: Scope) -> bool:
        """Whether ``scope`` includes this row: the same rule as the SQL clause, for rows already read."""
        if self.tenant_id not in scope.tenants:
            return False
        return scope.homes is None or self.home_id in scope.homes


def change(row: dict[str, Any]) -> Change:
    """Turn a row into a change. ``body`` is JSON text from PostgreSQL, which holds no line feed."""
    frame = f"id: {row['id']}\nevent: {row['topic']}\ndata: {row['body']}\n\n"
    return Change(row["id"], row["tenant_id"], row["home_id"], frame.encode(), row["topic"] in PATIENT)


@dataclass(eq=False, slots=True)
class Listener:
    """One stream's end of the feed.

    ``offered``: the last change id that was considered for it, sent or filtered out. ``overrun``: it was too
    slow; what it missed is not kept for it.
    """

    scope: Scope
    offered: int
    waiting: deque[Change] = field(default_factory=deque)
    overrun: bool = False
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, item: Change) -> None:
        """Take the next change of the log; changes at or before ``offered`` are already known to it."""
        if item.id <= self.offered or self.overrun:
            return
        self.offered = item.id
        if not item.visible_to(self.scope):
            return
        if len(self.waiting) == QUEUE:
            self.start_anew()
            return
        self.waiting.append(item)
        if not item.patient:
            self.wake()

    def start_anew(self) -> None:
        """Give this listener up: what waits for it is dropped, and it must read a new snapshot."""
        self.waiting.clear()
        self.overrun = True
        self.wake()

    def wake(self) -> None:
        """Make ``wait`` return."""
        self._wake.set()

    def skip_to(self, change_id: int) -> None:
        """Take changes up to ``change_id`` as known: the snapshot may be ahead of the feed by a moment."""
        self.offered = max(self.offered, change_id)

    async def wait(self, seconds: float | None = None) -> None:
        """Return when something is waiting that cannot wait longer, or somebody woke us; at the latest after
        ``seconds``.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # wait_for of Python 3.11 may swallow a cancellation
                await self._wake.wait()

    def take(self) -> list[Change]:
        """Everything waiting, oldest first."""
        taken = list(self.waiting)
        self.waiting.clear()
        self._wake.clear()
        return taken


class Feed:
    """Follows the log. ``run`` it in the application's task group; ``listen`` from each stream."""

    def __init__(
        self, dsn: str, monotonic: Callable[[], float] = time.monotonic, *, ring: int = RING
    ) -> None:
        self._dsn = make_conninfo(dsn, application_name=APPLICATION_NAME)
        self._monotonic = monotonic
        self.listeners: set[Listener] = set()
        self._ring: deque[Change] = deque(maxlen=ring)
        self._start = 0
        self._read_at: float | None = None
        self._lost = False
        self._gathering: asyncio.TimerHandle | None = None
        self.last_id = 0
        self.closing = False

    def close(self) -> None:
        """End every stream: the process is going down, and browsers shall find the next one."""
        self.closing = True
        for listener in self.listeners:
            listener.wake()

    @property
    def current(self) -> bool:
        """Whether the log was read lately: only then may a screen be told that all is well."""
        return self._read_at is not None and self._monotonic() - self._read_at < STALE_S

    @contextmanager
    def listen(self, scope: Scope) -> Iterator[Listener]:
        """A listener for changes after ``last_id``."""
        listener = Listener(scope, self.last_id)
        self.listeners.add(listener)
        try:
            yield listener
        finally:
            self.listeners.discard(listener)

    def remembered(self, after: int, scope: Scope) -> list[Change] | None:
        """Visible changes ``after < id <= last_id`` from the ring; ``None`` if ``after`` lies outside it."""
        if not self._start <= after <= self.last_id:
            return None
        return [item for item in self._ring if item.id > after and item.visible_to(scope)]

    async def run(self) -> None:
        """Follow the log until cancelled; a lost database is waited for."""
        retry_s = FIRST_RETRY_S
        while True:
            try:
                async with await connect(self._dsn, autocommit=True) as conn:
                    await self._begin(conn)
                    retry_s = FIRST_RETRY_S
                    await self._follow(conn)
            except (psycopg.Error, OSError) as error:
                if not self._lost:
                    _log.warning("change feed lost the database reason=%s", type(error).__name__)
                self._lost = True
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, LONGEST_RETRY_S)

    async def _begin(self, conn: Connection) -> None:
        """Listen first, then see where the log stands, so that nothing falls between the two."""
        await conn.execute("listen change")
        cursor = await conn.execute(_SQL["last_id"])
        row = await cursor.fetchone()
        newest = int(row["last_id"]) if row else 0
        if self._read_at is None or newest < self.last_id:
            self._restart_at(newest)
        if self._lost:
            _log.info("change feed is back last_id=%d", self.last_id)
        self._lost = False

    def _restart_at(self, newest: int) -> None:
        """Begin at ``newest``. If the log went back (a restored backup), every listener starts anew."""
        if self._read_at is not None:
            _log.warning("change log went back from=%d to=%d", self.last_id, newest)
        for listener in self.listeners:
            listener.start_anew()
        self._ring.clear()
        self._start = self.last_id = newest

    async def _follow(self, conn: Connection) -> None:
        while True:
            await self._read(conn)
            async for _ in conn.notifies(timeout=POLL_S, stop_after=1):
                pass

    async def _read(self, conn: Connection) -> None:
        """Hand on everything new in the log."""
        while True:
            cursor = await conn.execute(_SQL["new_changes"], {"after": self.last_id, "limit": FETCH})
            rows = await cursor.fetchall()
            for row in rows:
                self._hand_on(change(row))
            self._read_at = self._monotonic()
            if len(rows) < FETCH:
                return

    def _hand_on(self, item: Change) -> None:
        if len(self._ring) == self._ring.maxlen:
            self._start = self._ring[0].id
        self._ring.append(item)
        self.last_id = item.id
        for listener in self.listeners:
            listener.offer(item)
        if item.patient and self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(GATHER_S, self._let_go)

    def _let_go(self) -> None:
        """What could wait has waited long enough. One clock for all: a timer for each listener costs more."""
        self._gathering = None
        for listener in self.listeners:
            if listener.waiting:
                listener.wake()
