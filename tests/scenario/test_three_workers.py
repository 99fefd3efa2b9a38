"""Three workers, killed now and then, do what one does that never dies: every timer fires, and fires once.

The same random story is played on two databases. Alarms come and operators act at the same moments; on the
one database a single worker lets the timers fire, on the other three race for every row, and the database
cuts the connections of one of them in the middle of it, which is what it sees of a process that was killed.
Then every incident has the same timeline, step by step, and every message was written once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import PoolTimeout

from cloud.db import Connection, Pool, connect, open_pool
from cloud.incidents import store
from cloud.incidents.errors import Conflict, Refused
from cloud.incidents.machine import Trigger
from cloud.incidents.model import OutcomeCode
from firmware_protocols.model import AlarmKind
from tests.conftest import Server
from tests.scenario.clockwork import Clockwork, clockwork
from tests.scenario.household import START, Household, after, seed

pytestmark = pytest.mark.services

HOMES: Final = 6
LENGTH: Final = timedelta(hours=2)
WORKERS: Final = 3
KINDS: Final = (
    AlarmKind.FALL,
    AlarmKind.SMOKE,
    AlarmKind.STILLNESS,
    AlarmKind.FLOOD,
    AlarmKind.SENSOR_SILENT,
)
TIMED: Final = 2
"""The first jobs of a worker: timers of incidents, and ladders."""
NEXT_DUE: Final = """
    select min(due_at) as due from (
        select due_at from incident union all select due_at from escalation
        union all select callout_due_at from escalation
    ) as waiting where due_at > %s
"""


@dataclass(frozen=True, slots=True)
class Happening:
    """At ``at`` an alarm of ``kind`` comes from a home, by its place; ``None``: an operator acts there."""

    at: datetime
    home: int
    kind: AlarmKind | None
    chance: float


def story(dice: random.Random) -> list[Happening]:
    """An alarm of every home, a second one of some, and operators who do something or nothing."""
    first = [Happening(after(dice.randrange(120)), home, dice.choice(KINDS), 0) for home in range(HOMES)]
    later = [
        Happening(
            after(dice.randrange(120, int(LENGTH.total_seconds()))),
            dice.randrange(HOMES),
            dice.choice((*KINDS, None, None, None, None, None)),
            dice.random(),
        )
        for _ in range(4 * HOMES)
    ]
    return sorted((*first, *later), key=lambda one: (one.at, one.home))


@dataclass(slots=True)
class Town:
    """One database with its homes and its workers; ``dice``: who is killed when, ``None``: nobody."""

    pool: Pool
    homes: Sequence[Household]
    workers: list[Clockwork]
    dice: random.Random | None = None
    killed: int = 0

    async def play(self, told: Sequence[Happening]) -> None:
        """Everything in its order, then the rest of the time."""
        for number, one in enumerate(told):
            await self.pass_time(one.at)
            await self._happens(number, one)
        await self.pass_time(START + LENGTH)

    async def pass_time(self, moment: datetime) -> None:
        """Stop at each moment at which something is due."""
        while (due := await self._next_due()) is not None and due <= moment:
            await self._settle(due)
        await self._settle(moment)

    async def _next_due(self) -> datetime | None:
        async with self.pool.connection() as conn:
            row = await (await conn.execute(NEXT_DUE, [self.workers[0].now])).fetchone()
        due: datetime | None = row["due"] if row else None
        return due

    async def _settle(self, now: datetime) -> None:
        for worker in self.workers:
            worker.now = now
        tasks = [asyncio.create_task(worker.settle()) for worker in self.workers]
        if self.dice is not None and self.dice.random() < 0.2:
            await self._kill(self.dice.randrange(WORKERS))
        for number, task in enumerate(tasks):
            with suppress(psycopg.Error, PoolTimeout):
                await task
                continue
            self.workers[number] = timed(self.workers[number].pool, now)  # it starts again, with no memory
        if self.dice is not None:  # what the killed one had in hand; one that was cut off alone sets it aside
            await timed(self.workers[0].pool, now).settle()

    async def _kill(self, number: int) -> None:
        async with self.pool.connection() as conn:
            found = await conn.execute(
                "select count(pg_terminate_backend(pid)) as cut from pg_stat_activity"
                " where datname = current_database() and application_name = %s and state <> 'idle'",
                [name_of(number)],
            )
            self.killed += sum(row["cut"] for row in await found.fetchall())

    async def _happens(self, number: int, one: Happening) -> None:
        home = self.homes[one.home]
        async with self.pool.connection() as conn:
            if one.kind is not None:
                alarm = home.alarm(one.kind, at=one.at, alarm_id=f"01JA{number:022}")
                await store.attach_or_open(conn, alarm, one.at)
            else:
                await act(conn, home, one)


async def act(conn: Connection, home: Household, one: Happening) -> None:
    """The operator does one of the things that the screen offers for the oldest incident of the home."""
    views = [
        view for view in await store.open_incidents(conn, home.scope, one.at) if view.home_id == home.home_id
    ]
    if not views:
        return
    view = min(views, key=lambda view: view.id)
    offered = (await store.detail(conn, home.scope, view.id)).actions
    wanted = [name for name in offered if name not in {Trigger.REPLY, Trigger.REOPEN}]
    chosen = Trigger(wanted[int(one.chance * len(wanted))])
    given: Any = {
        Trigger.NOTE: {"note": "looked at it"},
        Trigger.CLOSE: {"outcome": OutcomeCode.A2, "note": "helped"},
        Trigger.REPORT: {"outcome": OutcomeCode.A2, "note": "helped"},
        Trigger.DISPATCH: {"responder": "caseworker", "eta_minutes": 10} if one.chance > 0.5 else {},
    }.get(chosen, {})
    with suppress(Refused, Conflict):
        await store.act(conn, home.scope, view.id, chosen, home.operator, one.at, view.version, **given)


def name_of(number: int) -> str:
    """How the database names the connections of a worker."""
    return f"worker-{number}"


def timed(pool: Pool, now: datetime = START) -> Clockwork:
    """A worker of which only what keeps time runs: what a message does is tried elsewhere."""
    whole = clockwork(pool, now)
    return replace(whole, jobs=whole.jobs[:TIMED])


@asynccontextmanager
async def town(dsn: str, workers: int, dice: random.Random | None = None) -> AsyncIterator[Town]:
    """A database with ``HOMES`` homes and so many workers, each with connections of its own."""
    async with AsyncExitStack() as stack:
        pools = [
            await stack.enter_async_context(
                open_pool(make_conninfo(dsn, application_name=name_of(number)), size=3, wait_s=60)
            )
            for number in range(workers)
        ]
        own = await stack.enter_async_context(open_pool(dsn, size=2, wait_s=60))
        async with own.connection() as conn:
            homes = [await seed(conn) for _ in range(HOMES)]
        yield Town(own, homes, [timed(pool) for pool in pools], dice)


async def told(dsn: str, homes: Sequence[Household]) -> list[list[tuple[Any, ...]]]:
    """What became of each home: every step of its incidents, and every message about them."""
    async with await connect(dsn) as conn:
        return [
            [
                *await rows(
                    conn,
                    "select incident.kind, seq, at, trigger, from_state, to_state, detail -> 'effects'"
                    " from incident_event join incident on incident.id = incident_id where home_id = %s"
                    " order by incident.opened_at, incident.kind, seq",
                    home,
                ),
                *await rows(
                    conn,
                    "select incident.kind, step, template, channel, created_at, count(*)"
                    " from message join incident on incident.id = incident_id where home_id = %s"
                    " group by 1, 2, 3, 4, 5 order by 5, 1, 2 nulls first, 3",
                    home,
                ),
            ]
            for home in homes
        ]


async def rows(conn: Connection, statement: str, home: Household) -> list[tuple[Any, ...]]:
    """The rows of one home as plain values."""
    found = await conn.execute(statement.encode(), [home.home_id])
    return [tuple(str(value) for value in row.values()) for row in await found.fetchall()]


@pytest.fixture
def beside(postgres: Server) -> Iterator[str]:
    """A second database."""
    dsn = postgres.create(postgres.template)
    yield dsn
    postgres.drop(dsn)


@pytest.mark.parametrize("number", range(2))
async def test_three_workers_that_are_killed_do_what_one_does(
    database: str, beside: str, number: int
) -> None:
    happens = story(random.Random(number))
    async with town(database, 1) as alone:
        await alone.play(happens)
    async with town(beside, WORKERS, random.Random(-number - 1)) as racing:
        await racing.play(happens)
    expected, found = await told(database, alone.homes), await told(beside, racing.homes)
    assert found == expected
    fired = [step for home in expected for step in home if step[3] == "timer"]
    assert len(fired) > HOMES
    assert racing.killed > 0
