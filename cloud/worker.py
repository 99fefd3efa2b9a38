"""What nobody asked for just now: timers that run out, ladders that go on, messages that are due.

What this is: one loop per kind of row with a ``due_at``. What it is not: a scheduler; the rows are the
schedule, so any number of workers may run and none remembers anything. The one idea: a notification from
the database wakes the loops at once and a short poll makes sure, and a row that fails is set aside for a
while, so that it never holds up the next one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cloud import notify
from cloud.db import Connection, Pool
from cloud.dispatch import ladder
from cloud.incidents import store
from cloud.notify import deliver
from cloud.settings import Settings

POLL_S: Final = 0.5
"""How late a timer fires at most when no notification comes."""
LONGEST_SET_ASIDE: Final = timedelta(minutes=5)
_FIRST_SET_ASIDE: Final = timedelta(seconds=1)
_RETRY_S: Final = 1.0

_log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of due row: which are due (without those set aside), and what to do with one of them."""

    name: str
    due: Callable[[Connection, datetime, Sequence[int]], Awaitable[list[int]]]
    work: Callable[[int, datetime], Awaitable[bool]]
    at_once: int = 1


@dataclass(slots=True)
class SetAside:
    """Rows that failed, each for twice as long as the last time; forgotten when they succeed."""

    rows: dict[int, tuple[datetime, timedelta]] = field(default_factory=dict)

    def current(self, now: datetime) -> list[int]:
        """Rows that must not be tried at ``now``."""
        return [row for row, (until, _) in self.rows.items() if until > now]

    def add(self, row: int, now: datetime) -> None:
        """``row`` has failed."""
        pause = self.rows[row][1] * 2 if row in self.rows else _FIRST_SET_ASIDE
        pause = min(pause, LONGEST_SET_ASIDE)
        self.rows[row] = (now + pause, pause)

    def clear(self, row: int) -> None:
        """``row`` is fine."""
        self.rows.pop(row, None)


async def run(settings: Settings, pool: Pool, *, clock: Clock) -> None:
    """Work until cancelled; outlives every failure of the database.

    Raises:
        ConfigError: a message channel is configured wrongly.
    """
    if not settings.web.public_url:
        _log.warning("web.public_url is empty: links in messages will not open")
    post = deliver.Post(notify.build(settings.notify.channels), settings.web.public_url)
    wakes = []
    async with asyncio.TaskGroup() as group:
        for job in jobs(pool, post):
            wake = asyncio.Event()
            wakes.append(wake)
            group.create_task(_repeat(pool, job, wake, clock), name=job.name)
        group.create_task(_listen(pool, wakes), name="listen")


def jobs(pool: Pool, post: deliver.Post) -> tuple[Job, ...]:
    """The three of them, in the order in which one leads to the next."""

    async def fire(incident_id: int, now: datetime) -> bool:
        async with pool.connection() as conn:
            return await store.fire(conn, incident_id, now)

    async def climb(incident_id: int, now: datetime) -> bool:
        async with pool.connection() as conn:
            return await ladder.climb(conn, incident_id, now)

    async def send(message_id: int, now: datetime) -> bool:
        return await deliver.deliver(pool, post, message_id, now)

    return (
        Job("timers", store.due, fire),
        Job("ladders", ladder.due, climb),
        Job("messages", deliver.due, send, at_once=8),
    )


async def tick(pool: Pool, job: Job, aside: SetAside, now: datetime) -> int:
    """Do what is due at ``now``, once; return how many rows were worked.

    A row that fails is logged and set aside.

    Raises:
        psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
    """
    async with pool.connection() as conn:
        due = await job.due(conn, now, aside.current(now))
    turns = asyncio.Semaphore(job.at_once)

    async def one(row: int) -> bool:
        async with turns:
            return await _attempt(job, row, aside, now)

    return sum(await asyncio.gather(*(one(row) for row in due)))


async def _attempt(job: Job, row: int, aside: SetAside, now: datetime) -> bool:
    try:
        worked = await job.work(row, now)
    except Exception:  # noqa: BLE001 - supervised: whatever ails one row must not reach the next
        _log.exception("row failed job=%s id=%d", job.name, row)
        aside.add(row, now)
        return False
    aside.clear(row)
    return worked


async def _repeat(pool: Pool, job: Job, wake: asyncio.Event, clock: Clock) -> None:
    aside, healthy = SetAside(), True
    while True:
        wake.clear()
        try:
            worked = await tick(pool, job, aside, clock())
        except Exception:  # noqa: BLE001 - supervised: the database may be away for as long as it likes
            if healthy:
                _log.exception("job stands still name=%s", job.name)
            healthy = False
            await asyncio.sleep(_RETRY_S)
            continue
        if not healthy:
            _log.warning("job goes on name=%s", job.name)
        healthy = True
        if not worked:
            await _wait(wake, POLL_S)


async def _wait(wake: asyncio.Event, at_most_s: float) -> None:
    try:
        await asyncio.wait_for(wake.wait(), at_most_s)
    except TimeoutError:
        return


async def _listen(pool: Pool, wakes: Sequence[asyncio.Event]) -> None:
    """Wake every loop at each change; without this the poll alone carries on."""
    while True:
        try:
            async with pool.connection() as conn:
                await _wake_on_change(conn, wakes)
        except Exception as error:  # noqa: BLE001 - supervised: the poll covers for it
            _log.debug("not listening: %s", error)
            await asyncio.sleep(_RETRY_S)


async def _wake_on_change(conn: Connection, wakes: Sequence[asyncio.Event]) -> None:
    await conn.set_autocommit(True)
    try:
        await conn.execute("listen change")
        async for _ in conn.notifies():
            for wake in wakes:
                wake.set()
    finally:
        await conn.close()
