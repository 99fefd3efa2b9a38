"""The lanes of a range: alarms each at once, everything else in groups worth a transaction.

The one idea: nobody who calls for help waits for anything but the database. Alarms have their own session at
the broker, their own connections, and a line per gateway: one home that is locked holds up no other. Readings
are grouped, because a transaction costs as much as a thousand rows.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from cloud.ingest.batch import Collector, Limits
from cloud.ingest.inbox import Inbox
from cloud.ingest.link import Link
from cloud.ingest.model import Message
from cloud.ingest.read import is_urgent, read
from cloud.ingest.shards import Range
from cloud.ingest.store import sender
from cloud.ingest.way import RightOfWay
from cloud.ingest.writer import Writer
from firmware_protocols.errors import BadMessage
from firmware_protocols.wire.topics import parse_upward

AT_ONCE: Final = 4
"""Homes whose alarms are stored side by side: one that is locked takes one of these places."""
_GLANCE: Final = 10
"""Prompt messages read in one go; then others have a turn at the loop: an alarm waits at most for so many."""
_GLANCE_BULK, _GLANCE_BULK_BYTES = 50, 24_000
"""Of readings: a quarter of a millisecond for single ones and for nine batches of fifty."""


class AlarmLane:
    """Stores alarms: in order within a home, side by side between homes."""

    def __init__(self, writer: Writer, way: RightOfWay, tasks: asyncio.TaskGroup) -> None:
        """It works as tasks of ``tasks``."""
        self._writer, self._way, self._tasks = writer, way, tasks
        self._places = asyncio.Semaphore(AT_ONCE)
        self._lines: dict[str, list[Message]] = {}

    def take(self, message: Message) -> None:
        """Begin to store it."""
        gateway = sender(message) or ""
        if gateway not in self._lines:
            self._lines[gateway] = []
            self._tasks.create_task(self._work(gateway))
        self._lines[gateway].append(message)

    async def _work(self, gateway: str) -> None:
        """Alarms of two homes never share a transaction, so that neither is rolled back with the other."""
        while waiting := self._lines[gateway]:
            self._lines[gateway] = []
            with self._way.taken():
                async with self._places:
                    await self._writer.store(waiting)
        del self._lines[gateway]


async def sort(link: Link, inbox: Inbox, shards: Range, alarms: AlarmLane, others: Inbox) -> None:
    """Hand on what the prompt session brings into ``inbox``, for ever: states and results to ``others``. What
    is another range's is let go of: its owner hears it too.
    """
    while True:
        await inbox.wait()
        for delivery in inbox.take(_GLANCE):
            if not shards.first <= shard_of(delivery.topic, shards.first) <= shards.last:
                link.acknowledge([delivery])
            elif is_urgent(delivery.topic):
                alarms.take(read(delivery))
            else:
                others.put(delivery)
        await asyncio.sleep(0)


def shard_of(topic: str, otherwise: int) -> int:
    """The shard in ``topic``; one that has none is judged by whoever gets it."""
    try:
        return parse_upward(topic).shard
    except BadMessage:
        return otherwise


def grouped(tasks: asyncio.TaskGroup, inbox: Inbox, limits: Limits, writer: Writer) -> None:
    """Let ``writer`` store what comes into ``inbox``, in groups, for ever."""
    groups: asyncio.Queue[list[Message]] = asyncio.Queue(1)
    tasks.create_task(group(inbox, limits, groups, writer.way))
    tasks.create_task(drain(groups, writer))


async def group(inbox: Inbox, limits: Limits, groups: asyncio.Queue[list[Message]], way: RightOfWay) -> None:
    """Put what comes into ``groups``, for ever. Whoever is behind finds more waiting and so works in larger
    groups; one group is read ahead while the one before is stored.
    """
    collector = Collector(limits)
    while True:
        wait_s = collector.remaining_s(time.monotonic())
        if collector.full or (wait_s == 0.0 and not len(inbox)):
            await groups.put(collector.take())
            continue
        try:
            async with asyncio.timeout(wait_s):
                await inbox.wait()
        except TimeoutError:
            continue
        for delivery in inbox.take(_GLANCE_BULK, _GLANCE_BULK_BYTES):
            collector.add(read(delivery), time.monotonic())
        await way.give()


async def drain(groups: asyncio.Queue[list[Message]], writer: Writer) -> None:
    """Store group after group, for ever."""
    while True:
        await writer.store(await groups.get())
