"""One worker of ingest: keeps its leases, and a station at work on each.

What this is: the loop that takes, renews and gives up ranges of shards. What it is not: the work itself
(``station``, ``lanes``, ``writer``). The one idea: what a worker has is what its last beat says; a station
whose range is not among it any more is stopped, and one that finds out by itself stops before it stores.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final, cast

import psycopg
from psycopg.conninfo import make_conninfo

from cloud import metrics
from cloud.db import Pool, open_pool
from cloud.ingest.alarms import OnAlarm
from cloud.ingest.leases import BEAT_S, Holder, Lease, LeaseLostError, application, cut_off
from cloud.ingest.link import Link, Voice, forget
from cloud.ingest.shards import Range
from cloud.ingest.station import LINES, Means, Station, session_ids
from cloud.ingest.workers import new_name
from cloud.ingest.writer import STUCK_S, Clock, Outage
from cloud.metrics import LOOPS
from cloud.sealed import keyring
from cloud.settings import Settings

PROMPT_CONNECTIONS: Final = 8
"""For alarms, states and commands of all our ranges."""
BULK_CONNECTIONS: Final = LINES + 1
"""For readings: a line finds one open while a lost one is replaced."""
_LOOP: Final = "leases"
COLLECT_AFTER: Final = (20_000, 10, 10)
"""Rows in hand are many and have no cycles: looking through them every 700 takes a tenth of all time."""

_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The wall clock, for the shell only."""
    return datetime.now(UTC)


async def run(
    settings: Settings,
    pool: Pool,
    on_alarm: OnAlarm,
    *,
    subscribed: asyncio.Event | None = None,
    clock: Clock = utc_now,
    alone: bool = False,
) -> None:
    """Ingest for ever; cancel to stop. ``on_alarm`` sees each alarm in the transaction that stores it.

    ``pool`` says where the database is; what stores has connections of its own. ``subscribed`` is set once
    nothing that gateways of our first ranges send can pass unseen. ``alone``: nobody else can be working, so
    the leases of a worker that was killed need not run out first.

    Raises:
        ConfigError: others share the shards out differently, or the keys cannot be read.
    """
    gc.set_threshold(*COLLECT_AFTER)
    worker = new_name()
    own = make_conninfo(cast("str", pool.conninfo), application_name=application(worker))
    holder = Holder(worker, Range(*settings.ingest.shards), settings.ingest.ranges)
    async with AsyncExitStack() as stack:
        prompt = await stack.enter_async_context(open_pool(own, size=PROMPT_CONNECTIONS))
        bulk = await stack.enter_async_context(open_pool(own, size=BULK_CONNECTIONS))
        means = Means(settings, keyring(settings), prompt, bulk, on_alarm, clock, Voice())
        async with asyncio.TaskGroup() as tasks:
            keeper = _Keeper(holder, pool, means, tasks)
            async with keeper.at_work(alone=alone):
                if subscribed is not None:
                    await keeper.subscribed()
                    subscribed.set()
                await asyncio.Event().wait()


class _Keeper:
    """Which stations there are, by what the last beat said."""

    def __init__(self, holder: Holder, pool: Pool, means: Means, tasks: asyncio.TaskGroup) -> None:
        self._holder, self._pool, self._means, self._tasks = holder, pool, means, tasks
        self._stations: dict[Lease, tuple[Station, asyncio.Task[None]]] = {}
        self._outage = Outage(means.clock())
        self._first = asyncio.Event()
        """The first beat is over: what we could have, we have."""

    @asynccontextmanager
    async def at_work(self, *, alone: bool) -> AsyncIterator[None]:
        """Beat for the length of the block; then stop all stations and give everything up."""
        self._show()
        beating = self._tasks.create_task(self._beat(alone=alone))
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.shield(self._end())

    async def subscribed(self) -> None:
        """Until our first stations hear their gateways."""
        await self._first.wait()
        for station, _ in list(self._stations.values()):
            await station.subscribed()

    async def _beat(self, *, alone: bool) -> None:
        laid = False
        LOOPS.expect(_LOOP, within_s=STUCK_S)
        while True:
            try:
                if not laid:
                    await self._lay(alone=alone)
                    laid = True
                await self._renew()
                LOOPS.turned(_LOOP)
                self._first.set()
                self._outage.well(self._means.clock())
            except psycopg.Error as error:
                self._outage.note(error)
            await asyncio.sleep(BEAT_S)

    async def _lay(self, *, alone: bool) -> None:
        async with self._pool.connection() as conn, conn.transaction():
            gone = await self._holder.lay(conn, alone=alone)
        for range_ in gone:
            for name in session_ids(self._means.settings.broker, range_):
                await asyncio.to_thread(forget, self._means.settings.broker, name)

    async def _renew(self) -> None:
        async with self._pool.connection() as conn:
            async with conn.transaction():
                held, former = await self._holder.beat(conn)
            async with conn.transaction():
                await cut_off(conn, former)
                surplus = await self._holder.surplus(conn, held)
        await self._stop([lease for lease in self._stations if lease not in held])
        for lease in held:
            if lease not in self._stations and lease not in surplus:
                self._start(lease)
        if surplus:
            await self._stop(surplus)
            await self._give_up(surplus)

    def _start(self, lease: Lease) -> None:
        station = Station(lease, self._means)
        self._stations[lease] = station, self._tasks.create_task(self._work(station))

    async def _work(self, station: Station) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(station.run())
                await station.subscribed()
                _log.info("shards taken in range=%s", station.lease.range)
        except* LeaseLostError:
            _log.warning("shards lost range=%s: we did not renew in time", station.lease.range)
            self._stations.pop(station.lease, None)

    async def _stop(self, leases: Sequence[Lease]) -> None:
        stopping = [self._stations.pop(lease)[1] for lease in leases if lease in self._stations]
        for task in stopping:
            task.cancel()
        if stopping:
            await asyncio.wait(stopping)

    async def _give_up(self, leases: Sequence[Lease]) -> None:
        async with self._pool.connection() as conn, conn.transaction():
            await self._holder.give_up(conn, leases)
        for lease in leases:
            _log.info("shards given up range=%s", lease.range)

    async def _end(self) -> None:
        """Nothing may be under way on a range when it is given up."""
        LOOPS.forget(_LOOP)
        leases = list(self._stations)
        await self._stop(leases)
        with suppress(psycopg.Error):  # the database is away: the leases run out
            await self._give_up(leases)
            async with self._pool.connection() as conn, conn.transaction():
                await self._holder.leave(conn)

    def _show(self) -> None:
        """Let the metrics look at this worker, which takes the place of an earlier one."""

        def links() -> list[Link]:
            return [link for station, _ in self._stations.values() for link in station.links]

        def unacked_s() -> float:
            oldest = [link.oldest for link in links() if link.oldest]
            return (self._means.clock() - min(oldest)).total_seconds() if oldest else 0.0

        metrics.QUEUE.set_function(lambda: sum(link.in_hand for link in links()))
        metrics.BROKER_UP.set_function(lambda: all(link.ready for link in links()))
        metrics.UNACKED_SECONDS.set_function(unacked_s)
