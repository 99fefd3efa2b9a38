"""Whether everybody who follows a stream still may, asked for all of them at once.

What this is: a place for each open stream of the process, and the call of the roll: every few seconds the
database is asked for the sessions of all of them. What it is not: the stream, or signing in. The one idea:
one question proves a heartbeat for everybody, so that many screens cost the database what one costs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Final

import psycopg
from psycopg_pool import PoolTimeout

from cloud import sessions
from cloud.db import Pool
from cloud.metrics import LOOPS
from cloud.sessions import Session

EVERY_S: Final = 5.0
"""Between two calls, and so between two heartbeats: a screen calls itself blind after 12 s of silence, so two
may be late. Whoever signed out, or may see something else now, is told this much later at most."""
CHECK_S: Final = 3.0
"""How long one question may take; longer, and it counts as not answered."""
AT_ONCE: Final = 200
"""Sessions in one question: turning as many rows into people takes some milliseconds, in which nobody else in
the process is served."""
STUCK_S: Final = 30.0
"""Nobody was found for so long: the database is away, or we are stuck."""
LOOP: Final = "streams"


class Standing(Enum):
    """What has become of a session. ``CHANGED``: its owner may see something else now."""

    WHOLE = auto()
    CHANGED = auto()
    OVER = auto()


@dataclass(eq=False, slots=True)
class Place:
    """Who follows a stream. Whoever comes in was found a moment ago, by the request that opens it.

    ``wake``: what makes the stream look here; ``proven``: the session was found at the last call.
    """

    session: Session
    wake: Callable[[], None]
    standing: Standing = Standing.WHOLE
    proven: bool = True

    def proof(self) -> bool:
        """Whether the session was found since this was last asked: a proof counts once."""
        proven, self.proven = self.proven, False
        return proven

    def hear(self, found: Mapping[bytes, Session] | None) -> None:
        """Take what was ``found``; ``None``: the database did not say, which proves nothing."""
        self.proven = False
        if found is not None:
            self.standing = _standing(self.session, found.get(self.session.key))
            self.proven = self.standing is Standing.WHOLE
        self.wake()


def _standing(before: Session, now: Session | None) -> Standing:
    if now is None:
        return Standing.OVER
    return Standing.WHOLE if now.principal == before.principal else Standing.CHANGED


class Roll:
    """The places of one process. ``run`` it in the application's task group.

    ``pool``: of the service role, for a session says who is asking.
    """

    def __init__(self, pool: Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock
        self._places: set[Place] = set()

    @contextmanager
    def place(self, session: Session, wake: Callable[[], None]) -> Iterator[Place]:
        """A place for as long as a stream is open."""
        taken = Place(session, wake)
        self._places.add(taken)
        try:
            yield taken
        finally:
            self._places.discard(taken)

    async def run(self) -> None:
        """Call the roll until cancelled."""
        LOOPS.expect(LOOP, within_s=STUCK_S)
        try:
            while True:
                again_at = time.monotonic() + EVERY_S
                await self.call()
                await asyncio.sleep(again_at - time.monotonic())
        finally:
            LOOPS.forget(LOOP)

    async def call(self) -> None:
        """Ask for everybody who is here now, and let each stream know."""
        here: dict[bytes, list[Place]] = {}
        for place in self._places:
            here.setdefault(place.session.key, []).append(place)
        keys, answered = list(here), True
        for start in range(0, len(keys), AT_ONCE):
            called = keys[start : start + AT_ONCE]
            found = await self._found(called)
            answered &= found is not None
            for key in called:
                for place in here[key]:
                    place.hear(found)
        if answered:
            LOOPS.turned(LOOP)

    async def _found(self, keys: Sequence[bytes]) -> dict[bytes, Session] | None:
        """The live sessions among ``keys``; ``None``: the database does not say."""
        try:
            async with asyncio.timeout(CHECK_S), self._pool.connection(timeout=CHECK_S) as conn:
                return await sessions.find_all(conn, keys, self._clock())
        except (psycopg.Error, PoolTimeout, TimeoutError):
            return None
