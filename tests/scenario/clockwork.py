"""The workers under a hand-turned clock: everything due at a moment is done, then time jumps to the next."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from cloud import notify, worker
from cloud.db import Pool
from cloud.notify import Notifier, deliver
from cloud.worker import Job, SetAside
from tests.scenario.household import START

OF_ALARMS: Final = frozenset({"timers", "ladders", "messages"})


@dataclass(slots=True)
class Clockwork:
    """One worker process. ``asides`` is its only memory."""

    pool: Pool
    jobs: tuple[Job, ...]
    now: datetime = START
    asides: dict[str, SetAside] = field(default_factory=dict)

    async def settle(self) -> None:
        """Do all that is due now, and what follows from it."""
        while sum([await self.tick(job) for job in self.jobs]):
            pass

    async def tick(self, job: Job) -> int:
        """One round of one job."""
        return await worker.tick(self.pool, job, self.asides.setdefault(job.name, SetAside()), self.now)

    async def until(self, moment: datetime) -> None:
        """Let time pass, stopping at each moment at which something is due."""
        await self.settle()
        while (due := await self._next_due()) is not None and due <= moment:
            self.now = max(due, self.now)
            await self.settle()
        self.now = moment
        await self.settle()

    async def _next_due(self) -> datetime | None:
        statement = (
            "select min(due_at) as due from (select due_at from incident union all"
            " select due_at from escalation union all select due_at from message union all"
            " select expect_at from message) d"
            " where due_at > %s"
        )
        async with self.pool.connection() as conn:
            row = await (await conn.execute(statement, [self.now])).fetchone()
        due: datetime | None = row["due"] if row else None
        return due


def clockwork(
    pool: Pool, now: datetime = START, notifiers: Mapping[str, Notifier] | None = None
) -> Clockwork:
    """A worker as the product builds it; ``notifiers``: in place of those that need no configuration."""
    post = deliver.Post(notifiers or notify.build({}), "https://anban.example")
    return Clockwork(pool, worker.jobs(pool, post), now)


def for_alarms(
    pool: Pool, now: datetime = START, notifiers: Mapping[str, Notifier] | None = None
) -> Clockwork:
    """The same with the jobs alone that an alarm takes: a quick one, where the others would find nothing."""
    whole = clockwork(pool, now, notifiers)
    return replace(whole, jobs=tuple(job for job in whole.jobs if job.name in OF_ALARMS))


async def race(workers: Sequence[Clockwork]) -> None:
    """Let several workers do what is due, all at the same moment."""
    await asyncio.gather(*(one.settle() for one in workers))
