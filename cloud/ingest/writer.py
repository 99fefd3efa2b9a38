"""Stores the groups of one lane, each however long it takes, and then lets go of them.

The order is the promise: COMMIT, then the broker's acknowledgement, then the commit-ack to the gateway.
Whatever dies between two of these steps, the message comes again and the ledger recognises it. While the
database is away nothing is acknowledged and nothing is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

import psycopg

from cloud import metrics
from cloud.db import Pool
from cloud.ingest.model import BatchMessage, Message, Poison
from cloud.ingest.store import store
from cloud.metrics import LOOPS
from firmware_protocols.model import GatewayId
from firmware_protocols.wire import control, topics
from firmware_protocols.wire.control import Ack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloud.ingest.alarms import OnAlarm
    from cloud.ingest.leases import Lease
    from cloud.ingest.link import Link
    from cloud.ingest.pace import Pace
    from cloud.ingest.way import RightOfWay

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 2.0
STUCK_S: Final = 30.0
"""A transaction or a loop that takes this long is stuck: readiness says so."""
_GLANCE, _GLANCE_ACKS = 200, 50
"""Acknowledgements in one go, to the broker and to gateways; then others have a turn at the loop: an alarm
waits at most for so many.
"""
_UNSTORABLE: Final = (psycopg.DataError, psycopg.IntegrityError, ValueError)
"""What a message itself can cause; everything else is the database's trouble and passes."""

Clock: TypeAlias = Callable[[], datetime]
Acks: TypeAlias = list[tuple[GatewayId, Ack]]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Outage:
    """What is known of the database's troubles: each is said once. ``over``: when the last one ended."""

    over: datetime
    _away: bool = False

    def note(self, error: Exception) -> None:
        """It fails."""
        if not self._away:
            self._away = True
            _log.error("database trouble, nothing is acknowledged until it is over: %s", brief(error))

    def well(self, now: datetime) -> None:
        """It answers."""
        if self._away:
            self._away = False
            self.over = now
            _log.info("database answers again")


@dataclass(slots=True)
class Writer:
    """One lane's way into the database. ``way``: what it gives to alarms; that of alarms is always clear.
    ``pace``: what the bulk lane may ask of its gateways.
    """

    name: str
    pool: Pool
    link: Link
    lease: Lease
    on_alarm: OnAlarm
    clock: Clock
    outage: Outage
    way: RightOfWay
    pace: Pace | None = None
    _under_way: int = field(default=0, init=False)

    async def store(self, messages: Sequence[Message]) -> None:
        """Store ``messages`` and let the broker and the gateways go of them.

        Raises:
            LeaseLostError: another worker takes in this range now.
        """
        with self._watched():
            await self._surely(messages)

    async def _surely(self, messages: Sequence[Message]) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                acks = await self._once(messages)
            except _UNSTORABLE as error:
                if len(messages) > 1:
                    for message in messages:
                        await self._surely([message])
                    return
                messages = [_unstorable(messages[0], error)]
            except psycopg.Error as error:
                self.outage.note(error)
            else:
                break
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        await self._let_go(messages, acks)

    async def _let_go(self, messages: Sequence[Message], acks: Acks) -> None:
        for start in range(0, len(messages), _GLANCE):
            self.link.acknowledge(message.delivery for message in messages[start : start + _GLANCE])
            await self.way.give()
        for start in range(0, len(acks), _GLANCE_ACKS):
            for gateway, ack in acks[start : start + _GLANCE_ACKS]:
                self.link.publish(topics.ack(gateway), control.encode(ack))
            await self.way.give()

    async def _once(self, messages: Sequence[Message]) -> Acks:
        began_s = time.monotonic()
        with metrics.COMMIT_SECONDS.time():
            async with self.pool.connection(timeout=LONGEST_PAUSE_S) as conn, conn.transaction():
                await self.lease.check(conn)
                acks = await store(conn, messages, self.on_alarm, self.clock(), self.way)
        self.outage.well(self.clock())
        if self.pace is None:
            return acks
        self.pace.spent(began_s, time.monotonic())
        return self.pace.told(acks)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Readiness sees a transaction that never ends."""
        if not self._under_way:
            LOOPS.expect(self.name, within_s=STUCK_S)
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            LOOPS.turned(self.name)
            if not self._under_way:
                LOOPS.forget(self.name)


def _unstorable(message: Message, error: Exception) -> Poison:
    """``message`` as poison. Its identity is left out: storing it may be the very trouble."""
    gateway = message.batch.gateway if isinstance(message, BatchMessage) else message.gateway
    _log.error("message cannot be stored gateway=%s reason=%s", gateway, type(error).__name__)
    return Poison(message.delivery, f"cannot be stored: {brief(error)}", gateway, message.shard)


def brief(error: Exception) -> str:
    """The first line: what follows may quote the rows themselves."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
