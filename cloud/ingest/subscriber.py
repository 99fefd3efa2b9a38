"""The running ingest: takes messages from the broker, stores them, and only then lets go of them.

The order is the promise: COMMIT, then the broker's acknowledgement, then the commit-ack to the gateway.
Whatever dies between two of these steps, the message comes again and the ledger recognises it. While the
database is away nothing is acknowledged and nothing is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import psycopg

from cloud import metrics
from cloud.db import Pool
from cloud.ingest import commands, plans
from cloud.ingest.alarms import OnAlarm, hand_on_due
from cloud.ingest.batch import Collector, Limits
from cloud.ingest.link import Link
from cloud.ingest.model import BatchMessage, Message, Poison
from cloud.ingest.read import read, urgent
from cloud.ingest.silence import SILENT, mark_silent
from cloud.ingest.store import sender, store
from cloud.metrics import LOOPS
from cloud.settings import Broker, Settings, broker_secret
from firmware_protocols.model import GatewayId
from firmware_protocols.wire import control, topics
from firmware_protocols.wire.control import Ack
from firmware_protocols.wire.topics import Channel

CHANNELS: Final = tuple(Channel)
HAND_ON_S: Final = 1.0
"""How often alarms whose hook failed are looked for."""
RELAY_S: Final = 0.3
"""How often commands that are due are looked for: somebody at home waits for a word."""
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 2.0
STUCK_S: Final = 30.0
"""A transaction or a loop that takes this long is stuck: readiness says so."""
_UNSTORABLE: Final = (psycopg.DataError, psycopg.IntegrityError, ValueError)
"""What a message itself can cause; everything else is the database's trouble and passes."""

Clock = Callable[[], datetime]
Acks = list[tuple[GatewayId, Ack]]

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
) -> None:
    """Ingest for ever; cancel to stop. ``on_alarm`` sees each alarm in the transaction that stores it.

    ``subscribed`` is set once nothing that gateways send can pass unseen.
    """
    broker, shards = settings.broker, settings.ingest.shards
    link = Link(broker, client_id(broker, shards), filters(shards), clock)
    ingest = _Ingest(pool, link, on_alarm, clock, Limits(settings.ingest.rows, settings.ingest.wait_s))
    _show(link, ingest, clock)
    link.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ingest.drain())
            tasks.create_task(ingest.tend())
            tasks.create_task(ingest.relay(shards))
            await link.subscribed.wait()
            if subscribed is not None:
                subscribed.set()
    finally:
        await asyncio.to_thread(link.stop)


def client_id(broker: Broker, shards: tuple[int, int]) -> str:
    """The name of the durable session: stable over restarts, and no gateway can guess it to take it over."""
    if broker.client_id:
        return broker.client_id
    secret = sha256(f"session {broker.user} {broker_secret(broker)}".encode()).hexdigest()
    return f"ingest-{shards[0]}-{shards[1]}-{secret[:16]}"


def filters(shards: tuple[int, int]) -> list[str]:
    """The subscriptions of a worker that owns the shards from the first to the last."""
    first, last = shards
    if (first, last) == (0, topics.SHARDS - 1):
        return [topics.upward_filter(channel) for channel in CHANNELS]
    return [topics.upward_filter(channel, shard) for channel in CHANNELS for shard in range(first, last + 1)]


def groups(messages: Sequence[Message]) -> list[list[Message]]:
    """Cut into transactions: alarms first, one per gateway; then all the rest in one.

    Alarms of two homes never share a transaction, so that neither waits for, nor is rolled back with, the
    other, and locks are taken home by home.
    """
    alarms: dict[GatewayId, list[Message]] = {}
    rest: list[Message] = []
    for message in messages:
        gateway = sender(message)
        if gateway is not None and urgent(message):
            alarms.setdefault(gateway, []).append(message)
        else:
            rest.append(message)
    return [*alarms.values(), *([rest] if rest else [])]


def _show(link: Link, ingest: _Ingest, clock: Clock) -> None:
    """Let the metrics look at this ingest, which takes the place of an earlier one."""

    def unacked_s() -> float:
        return (clock() - ingest.oldest).total_seconds() if ingest.oldest else 0.0

    metrics.QUEUE.set_function(link.queue.qsize)
    metrics.BROKER_UP.set_function(lambda: link.connected_since is not None and link.subscribed.is_set())
    metrics.UNACKED_SECONDS.set_function(unacked_s)
    for name in ("tend", "relay"):
        LOOPS.expect(name, within_s=STUCK_S)


class _Ingest:
    """The three loops of one worker and what they share."""

    def __init__(self, pool: Pool, link: Link, on_alarm: OnAlarm, clock: Clock, limits: Limits) -> None:
        self._pool = pool
        self._link = link
        self._on_alarm = on_alarm
        self._clock = clock
        self._collector = Collector(limits)
        self._outage_over = clock()
        self._away = False
        self.oldest: datetime | None = None
        """When the oldest message came that is in hand and not stored."""

    async def drain(self) -> None:
        """Store what comes, for ever."""
        while True:
            messages = await self._collect()
            self.oldest = min(message.delivery.received_at for message in messages)
            LOOPS.expect("store", within_s=STUCK_S)
            for group in groups(messages):
                await self._store_surely(group)
            self.oldest = None
            LOOPS.forget("store")

    async def tend(self) -> None:
        """Hand on alarms again, offer plans and notice silent gateways, for ever."""
        while True:
            await asyncio.sleep(HAND_ON_S)
            try:
                while await self._hand_on_one():
                    pass
                async with self._pool.connection() as conn, conn.transaction():
                    await plans.offer(conn, self._clock())
                if self._well_since_long():
                    async with self._pool.connection() as conn, conn.transaction():
                        await mark_silent(conn, self._clock())
                LOOPS.turned("tend")
            except psycopg.Error as error:
                self._note_outage(error)

    async def relay(self, shards: tuple[int, int]) -> None:
        """Send commands to gateways, for ever; while the broker is away none is taken up."""
        while True:
            await asyncio.sleep(RELAY_S)
            if self._link.connected_since is None:
                LOOPS.turned("relay")  # that the broker is away is told elsewhere
                continue
            try:
                async with self._pool.connection(timeout=LONGEST_PAUSE_S) as conn, conn.transaction():
                    due = await commands.claim(conn, shards, self._clock())
            except psycopg.Error as error:
                self._note_outage(error)
                continue
            LOOPS.turned("relay")
            for gateway, command in due:
                self._link.publish(topics.command(gateway), control.encode(command), qos=1)

    async def _collect(self) -> list[Message]:
        collector, queue = self._collector, self._link.queue
        while (wait_s := collector.remaining_s(time.monotonic())) != 0.0:
            try:
                async with asyncio.timeout(wait_s):
                    delivery = await queue.get()
            except TimeoutError:
                continue
            collector.add(read(delivery), time.monotonic())
        while not queue.empty() and not collector.full:
            collector.add(read(queue.get_nowait()), time.monotonic())
        return collector.take()

    async def _store_surely(self, messages: Sequence[Message]) -> None:
        """Store ``messages`` however long it takes; then let the broker and the gateways go of them."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                acks = await self._store(messages)
            except _UNSTORABLE as error:
                if len(messages) == 1:
                    messages = [_unstorable(messages[0], error)]
                    await asyncio.sleep(pause_s)
                else:
                    for message in messages:
                        await self._store_surely([message])
                    return
            except psycopg.Error as error:
                self._note_outage(error)
                await asyncio.sleep(pause_s)
            else:
                break
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        self._link.acknowledge(message.delivery for message in messages)
        for gateway, ack in acks:
            self._link.publish(topics.ack(gateway), control.encode(ack))

    async def _store(self, messages: Sequence[Message]) -> Acks:
        with metrics.COMMIT_SECONDS.time():
            async with self._pool.connection(timeout=LONGEST_PAUSE_S) as conn, conn.transaction():
                acks = await store(conn, messages, self._on_alarm, self._clock())
        self._note_recovery()
        return acks

    async def _hand_on_one(self) -> bool:
        async with self._pool.connection() as conn, conn.transaction():
            return await hand_on_due(conn, self._on_alarm, self._clock())

    def _well_since_long(self) -> bool:
        """Whether gateways had every chance to be heard: else it is we who were deaf."""
        connected = self._link.connected_since
        return connected is not None and max(connected, self._outage_over) + SILENT < self._clock()

    def _note_outage(self, error: psycopg.Error) -> None:
        if not self._away:
            self._away = True
            _log.error("database trouble, nothing is acknowledged until it is over: %s", _brief(error))

    def _note_recovery(self) -> None:
        if self._away:
            self._away = False
            self._outage_over = self._clock()
            _log.info("database answers again")


def _unstorable(message: Message, error: Exception) -> Poison:
    """``message`` as poison. Its identity is left out: storing it may be the very trouble."""
    if isinstance(message, Poison):
        gateway, shard = message.gateway, message.shard
    else:
        gateway = message.batch.gateway if isinstance(message, BatchMessage) else message.gateway
        shard = message.shard
    _log.error("message cannot be stored gateway=%s reason=%s", gateway, type(error).__name__)
    return Poison(message.delivery, f"cannot be stored: {_brief(error)}", gateway, shard)


def _brief(error: Exception) -> str:
    """The first line: what follows may quote the rows themselves."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
