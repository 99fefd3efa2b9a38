"""The work on one range of shards, for as long as its lease is ours.

What this is: two sessions at the broker and what happens with what they bring. What it is not: the decision
who works here (``leases``). The one idea: the sessions are the range's, not the worker's. They are named by
it and last, so whoever takes the range over finds in them what was not acknowledged, and by signing in ends
the connection of the one before.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import psycopg

from cloud.db import Pool
from cloud.ingest import commands, plans
from cloud.ingest.alarms import OnAlarm, hand_on_due
from cloud.ingest.batch import Limits
from cloud.ingest.inbox import Inbox
from cloud.ingest.lanes import AlarmLane, grouped, sort
from cloud.ingest.leases import Lease
from cloud.ingest.link import Link, Voice
from cloud.ingest.pace import Pace
from cloud.ingest.shards import Range, cut
from cloud.ingest.silence import SILENT, mark_silent
from cloud.ingest.way import RightOfWay
from cloud.ingest.writer import LONGEST_PAUSE_S, STUCK_S, Clock, Outage, Writer
from cloud.metrics import LOOPS
from cloud.sealed import Keyring
from cloud.settings import Broker, Settings, broker_secret
from firmware_protocols.wire import control, topics
from firmware_protocols.wire.topics import Channel

PROMPT: Final = (Channel.ALARM, Channel.STATE, Channel.RESULT)
"""What has a session of its own, so that no backlog of readings stands before it on any broker."""
LINES: Final = 3
"""Lines of readings: while the database works on one, another is unpacked. Two leave both idle for a fifth of
the time, a fourth gains 2 %.
"""
HAND_ON_S: Final = 1.0
"""How often alarms whose hook failed are looked for."""
RELAY_S: Final = 0.3
"""How often commands that are due are looked for: somebody at home waits for a word."""
STATES: Final = Limits(rows=500, wait_s=0.05)
EVERY_SHARD: Final = Range(0, topics.SHARDS - 1)


@dataclass(frozen=True, slots=True)
class Means:
    """What a worker has for all of its ranges. ``prompt`` and ``bulk``: connections that no other uses.
    ``ring``: opens the numbers in a plan.
    """

    settings: Settings
    ring: Keyring
    prompt: Pool
    bulk: Pool
    on_alarm: OnAlarm
    clock: Clock
    voice: Voice


class Station:
    """One range at work."""

    def __init__(self, lease: Lease, means: Means) -> None:
        """Prepare it; ``run`` begins."""
        self.lease, self._means = lease, means
        broker, clock = means.settings.broker, means.clock
        bulk, prompt = session_ids(broker, lease.range)
        shards = lease.range
        former = filters(PROMPT, shards) if shards == EVERY_SHARD else []  # one session had them all before
        readings = filters((Channel.BULK,), shards)
        self.bulk = Link(broker, bulk, readings, clock, lines=LINES, former=former, voice=means.voice)
        self.prompt = Link(broker, prompt, filters(PROMPT, shards), clock, voice=means.voice)
        self._outage = Outage(clock())
        self._way = RightOfWay()

    @property
    def links(self) -> tuple[Link, Link]:
        """Its sessions."""
        return self.prompt, self.bulk

    async def run(self) -> None:
        """Take in what the gateways of these shards send, for ever.

        Raises:
            ExceptionGroup: of a LeaseLostError; another worker does it now.
        """
        names = [f"{name} {self.lease.range}" for name in ("tend", "relay")]
        for name in names:
            LOOPS.expect(name, within_s=STUCK_S)
        try:
            await self._work(*names)
        finally:
            for name in names:
                LOOPS.forget(name)

    async def subscribed(self) -> None:
        """Until nothing that gateways send can pass unseen."""
        for link in self.links:
            await link.subscribed.wait()

    async def _work(self, tending: str, relaying: str) -> None:
        async with asyncio.TaskGroup() as tasks:
            self._prompt_lanes(tasks)
            self._bulk_lanes(tasks)
            tasks.create_task(self._tend(tending))
            tasks.create_task(self._relay(relaying))
            for link in self.links:
                tasks.create_task(link.run())

    def _prompt_lanes(self, tasks: asyncio.TaskGroup) -> None:
        """Alarms each at once, states and results in groups."""
        others = Inbox()
        alarms = AlarmLane(self._writer("alarms", self.prompt, RightOfWay()), self._way, tasks)
        (incoming,) = self.prompt.inbox.lines
        tasks.create_task(sort(self.prompt, incoming, self.lease.range, alarms, others))
        grouped(tasks, others, STATES, self._writer("states", self.prompt, self._way))

    def _bulk_lanes(self, tasks: asyncio.TaskGroup) -> None:
        """Readings, each line at its own pace."""
        limits = Limits(self._means.settings.ingest.rows, self._means.settings.ingest.wait_s)
        for number, line in enumerate(self.bulk.inbox.lines, 1):
            grouped(tasks, line, limits, self._writer(f"readings-{number}", self.bulk, self._way, Pace()))

    def _writer(self, lane: str, link: Link, way: RightOfWay, pace: Pace | None = None) -> Writer:
        means = self._means
        return Writer(
            f"{lane} {self.lease.range}",
            means.bulk if link is self.bulk else means.prompt,
            link,
            self.lease,
            means.on_alarm,
            means.clock,
            self._outage,
            way,
            pace,
        )

    async def _tend(self, name: str) -> None:
        """Hand on alarms again, offer plans and notice silent gateways, for ever."""
        pool, clock = self._means.prompt, self._means.clock
        while True:
            await asyncio.sleep(HAND_ON_S)
            try:
                while await self._hand_on_one():
                    pass
                async with pool.connection() as conn, conn.transaction():
                    await plans.offer(conn, clock())
                if self._well_since_long():
                    async with pool.connection() as conn, conn.transaction():
                        await self.lease.check(conn)
                        await mark_silent(conn, self.lease.range, clock())
                LOOPS.turned(name)
            except psycopg.Error as error:
                self._outage.note(error)

    async def _relay(self, name: str) -> None:
        """Send commands to gateways, for ever; while the broker is away none is taken up."""
        clock = self._means.clock
        while True:
            await asyncio.sleep(RELAY_S)
            if self.prompt.connected_since is None:
                LOOPS.turned(name)  # that the broker is away is told elsewhere
                continue
            try:
                async with self._means.prompt.connection(timeout=LONGEST_PAUSE_S) as conn, conn.transaction():
                    due = await commands.claim(conn, self._means.ring, self.lease.range, clock())
            except psycopg.Error as error:
                self._outage.note(error)
                continue
            LOOPS.turned(name)
            for gateway, command in due:
                self.prompt.publish(topics.command(gateway), control.encode(command))

    async def _hand_on_one(self) -> bool:
        async with self._means.prompt.connection() as conn, conn.transaction():
            return await hand_on_due(conn, self._means.on_alarm, self._means.clock())

    def _well_since_long(self) -> bool:
        """Whether gateways had every chance to be heard: else it is we who were deaf."""
        connected = self.prompt.connected_since
        return connected is not None and max(connected, self._outage.over) + SILENT < self._means.clock()


def session_ids(broker: Broker, shards: Range) -> tuple[str, str]:
    """The names of the durable sessions for readings and for everything else: stable over restarts and
    workers, and no gateway can guess them to take them over.
    """
    if broker.client_id:
        own = "" if shards == EVERY_SHARD else f"-{shards}"
        return f"{broker.client_id}{own}", f"{broker.client_id}{own}-prompt"
    secret = sha256(f"session {broker.user} {broker_secret(broker)}".encode()).hexdigest()
    name = f"ingest-{shards}-{secret[:16]}"
    return name, f"{name}-prompt"


def most_subscriptions(shards: Range, ranges: int) -> int:
    """How many subscriptions a session of ours may have, for brokers that divide something by them."""
    return max(len(filters(PROMPT, one)) for one in cut(shards, ranges))


def filters(channels: tuple[Channel, ...], shards: Range) -> list[str]:
    """The subscriptions to ``channels`` of these shards. Results are few, so each range hears all of them and
    leaves the others' alone: one subscription instead of one per shard, of which NATS allows 1,000 in all.
    """
    found = []
    for channel in channels:
        if shards == EVERY_SHARD or channel is Channel.RESULT:
            found.append(topics.upward_filter(channel))
        else:
            found += [topics.upward_filter(channel, one) for one in range(shards.first, shards.last + 1)]
    return found
