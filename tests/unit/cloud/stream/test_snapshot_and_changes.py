"""*Old snapshot + changes = new snapshot*, over random real transactions.

Several writers commit at the same time, some of what they do is rolled back, the reader's connection and the
feed's connection break in between: in the end the screen must show exactly what a new snapshot shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud import roll, sessions
from cloud.access import Parts
from cloud.auth import Purpose, Scope
from cloud.db import Connection, Pool
from cloud.dispatch import ladder
from cloud.feed import APPLICATION_NAME, Feed
from cloud.incidents import rows, store
from cloud.incidents.model import OutcomeCode, Snapshot
from cloud.ingest.model import StoredAlarm
from cloud.ingest.store import home_changed
from cloud.notify import tokens
from cloud.roll import Roll
from cloud.sessions import SignedIn
from cloud.settings import Settings
from cloud.stream import Stream
from cloud.throttle import Throttle
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, GatewayId
from tests.unit.cloud.conftest import TurnedClock
from tests.unit.cloud.stream.console import Console, events
from tests.unit.cloud.town import NOON, PASSWORD, Town

_numbers: Final = count(1)


@dataclass(frozen=True)
class Raise:
    """An alarm arrives."""

    home: int
    kind: AlarmKind
    state: AlarmState


@dataclass(frozen=True)
class Act:
    """An operator answers the n-th open incident."""

    nth: int
    trigger: store.Trigger


@dataclass(frozen=True)
class Wait:
    """So many seconds pass, and the loops work what is due."""

    seconds: int


@dataclass(frozen=True)
class Answer:
    """Whoever was asked last goes there, or will not."""

    accepted: bool


@dataclass(frozen=True)
class Undo:
    """A transaction that takes a change id and then fails."""

    home: int


@dataclass(frozen=True)
class Heard:
    """A home's gateway is heard, or is heard no more."""

    home: int
    online: bool


@dataclass(frozen=True)
class Leave:
    """A home in which nothing happens leaves the register, or comes back: a change cannot take it away."""


@dataclass(frozen=True)
class Cut:
    """The database drops the feed's connection."""


Op = Raise | Act | Wait | Answer | Undo | Heard | Leave | Cut

HOMES: Final = st.integers(0, 2)
OPS: Final = st.one_of(
    st.builds(
        Raise,
        HOMES,
        st.sampled_from([AlarmKind.SOS, AlarmKind.FALL, AlarmKind.GAS, AlarmKind.DEVICE_FAULT]),
        st.sampled_from([AlarmState.RAISED, AlarmState.SUSPECTED]),
    ),
    st.builds(
        Act,
        st.integers(0, 5),
        st.sampled_from(
            [
                store.Trigger.ACK,
                store.Trigger.VOICE,
                store.Trigger.DISPATCH,
                store.Trigger.NOTE,
                store.Trigger.CLOSE,
            ]
        ),
    ),
    st.builds(Wait, st.sampled_from([1, 30, 61, 300])),
    st.builds(Answer, st.booleans()),
    st.builds(Undo, HOMES),
    st.builds(Heard, HOMES, st.booleans()),
    st.just(Leave()),
    st.just(Cut()),
)


CUT: Final = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = %s
"""


SAY: Final = """
    insert into gateway (id, home_id, shard, secret, online, state_at)
    values ('gw-said-' || %(home)s, %(home)s, 1, '', %(online)s, %(now)s)
    on conflict (id) do update set online = excluded.online, state_at = excluded.state_at
"""
SPARE: Final = """
    insert into home (tenant_id, key, division_code, address)
    select tenant_id, 'spare', division_code, 'yellow lane 2' from home where id = %s
"""
LEAVE: Final = """
    update home set retired_at = case when retired_at is null then %(now)s::timestamptz end
    where key = 'spare' returning id
"""


class _UndoneError(Exception):
    """Rolls a transaction back."""


@dataclass
class World:
    """The system under test."""

    pool: Pool
    town: Town
    parts: Parts
    feed: Feed
    roll: Roll
    signed_in: SignedIn
    clock: TurnedClock

    async def do(self, op: Op) -> None:
        match op:
            case Raise(home, kind, state):
                async with self.pool.connection() as conn:
                    await store.attach_or_open(conn, self.alarm(home, kind, state), self.clock())
            case Undo(home):
                with suppress(_UndoneError):
                    async with self.pool.connection() as conn:
                        alarm = self.alarm(home, AlarmKind.SOS, AlarmState.RAISED)
                        await store.attach_or_open(conn, alarm, self.clock())
                        raise _UndoneError
            case Act(nth, trigger):
                await self._act(nth, trigger)
            case Wait(seconds):
                self.clock.turn(timedelta(seconds=seconds))
                await self._work_what_is_due()
            case Answer(accepted):
                async with self.pool.connection() as conn:
                    await self._answer(conn, accepted)
            case Heard(home, online):
                async with self.pool.connection() as conn:
                    number = self._home(home)
                    await conn.execute(SAY, {"home": number, "online": online, "now": self.clock()})
                    await home_changed(conn, [number], NOON)
            case Leave():
                async with self.pool.connection() as conn:
                    left = await (await conn.execute(LEAVE, {"now": NOON})).fetchall()
                    await rows.start_anew(conn, self.town.hecheng, left[0]["id"], NOON)
            case Cut():
                async with self.pool.connection() as conn:
                    await conn.execute(CUT, [APPLICATION_NAME])

    async def _act(self, nth: int, trigger: store.Trigger) -> None:
        scope = Scope((self.town.hecheng, self.town.zhongfang), None, Purpose.CONSOLE)
        with suppress(store.Conflict, store.Refused):
            async with self.pool.connection() as conn:
                queue = await store.open_incidents(conn, scope, self.clock())
                if queue:
                    chosen = queue[nth % len(queue)]
                    detail: store.ActDetail = {"note": "x", "outcome": OutcomeCode.B2}
                    actor = f"staff:{self.town.staff['operator']}"
                    await store.act(
                        conn, scope, chosen.id, trigger, actor, self.clock(), chosen.version, **detail
                    )

    async def _work_what_is_due(self) -> None:
        now = self.clock()
        async with self.pool.connection() as conn:
            timers, ladders = await store.due(conn, now), await ladder.due(conn, now)
        for step, due in ((store.fire, timers), (ladder.climb, ladders)):
            for incident_id in due:
                async with self.pool.connection() as conn:
                    await step(conn, incident_id, now)

    async def _answer(self, conn: Connection, accepted: bool) -> None:
        cursor = await conn.execute("select max(id) as id from message where template = 'ask'")
        [row] = await cursor.fetchall()
        if row["id"] is not None:
            token = tokens.draw()
            given = [tokens.digest(token), row["id"], NOON]
            await conn.execute("insert into answer_token values (%s, %s, %s)", given)
            await ladder.answer(conn, token, accepted, self.clock())

    def _home(self, number: int) -> int:
        return (self.town.yellow, self.town.green, self.town.foreign)[number]

    def _tenant(self, number: int) -> int:
        return self.town.zhongfang if number == 2 else self.town.hecheng

    def alarm(self, home: int, kind: AlarmKind, state: AlarmState) -> StoredAlarm:
        confirm_s = 20.0 if state is AlarmState.SUSPECTED else 0.0
        alarm = Alarm(
            AlarmId(f"{next(_numbers):026d}"), kind, state, DeviceId("pendant"), NOON, confirm_s=confirm_s
        )
        return StoredAlarm(
            alarm, self._tenant(home), self._home(home), GatewayId("gw-yellow"), 1, "bedroom", NOON
        )

    async def snapshot(self, scope: Scope) -> Snapshot:
        async with self.pool.connection() as conn, conn.transaction():
            await conn.execute("set transaction isolation level repeatable read, read only")
            return await store.snapshot(conn, scope, NOON)

    async def follow(
        self, console: Console, scope: Scope, hang_ups: list[int], until: asyncio.Future[int]
    ) -> None:
        """Be a browser: read, reconnect after so many events, start anew when told to."""
        patience = iter(hang_ups)
        while True:
            if console.stale:
                console.start(await self.snapshot(scope))
            live = Stream(self.parts, self.feed, self.roll, self.signed_in.session, scope).events(console.seq)
            left = next(patience, None)
            async with aclosing(live), aclosing(events(live)) as incoming:
                async for event in incoming:
                    console.apply(event)
                    if console.stale:
                        break
                    if until.done() and console.seq >= until.result():
                        return
                    if left is not None and (left := left - 1) <= 0:
                        break


@pytest.fixture
async def world(
    pool: Pool, api_pool: Pool, town: Town, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """The store, a feed at work, and heartbeats quick enough for a test."""
    monkeypatch.setattr(roll, "EVERY_S", 0.05)
    async with pool.connection() as conn:
        await conn.execute(SPARE, [town.yellow])
    signed_in = await sessions.sign_in(pool, "operator", PASSWORD, NOON)
    assert signed_in is not None
    feed, called = Feed(str(pool.conninfo), ring=20), Roll(pool, lambda: NOON)
    running = [asyncio.create_task(feed.run()), asyncio.create_task(called.run())]
    yield World(
        pool,
        town,
        Parts(Settings(), api_pool, pool, lambda: NOON, Throttle()),
        feed,
        called,
        signed_in,
        TurnedClock(),
    )
    for task in running:
        task.cancel()
    await asyncio.wait(running)


@pytest.mark.parametrize("first_to_end", ["the alarm", "the gateway"])
async def test_two_who_change_one_home_at_once_leave_what_is_true(world: World, first_to_end: str) -> None:
    """Neither sees the other's change; the last of them must not take it back."""
    scope = Scope((world.town.hecheng,), None, Purpose.CONSOLE)
    async with world.pool.connection() as conn:
        await conn.execute("update gateway set online = false")
    console = Console()
    console.start(await world.snapshot(scope))
    async with world.pool.connection() as alarm, world.pool.connection() as gateway:
        heard = {"home": world.town.yellow, "online": True, "now": NOON}
        await gateway.execute(SAY, heard)
        raised = world.alarm(0, AlarmKind.FALL, AlarmState.RAISED)
        await store.attach_or_open(alarm, raised, NOON)
        if first_to_end == "the alarm":
            await alarm.commit()
        await home_changed(gateway, [world.town.yellow], NOON)
        await gateway.commit()
    fresh = await world.snapshot(scope)
    until: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    until.set_result(fresh.seq)
    async with asyncio.timeout(60):
        await world.follow(console, scope, [], until)
    shown = console.homes[world.town.yellow]
    assert (shown.online, shown.open_priority) == (True, 1)


@settings(
    max_examples=30,
    deadline=timedelta(seconds=60),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    writers=st.lists(st.lists(OPS, max_size=6), min_size=1, max_size=4),
    hang_ups=st.lists(st.integers(1, 6), max_size=3),
    whose=st.sampled_from(["all of one tenant", "one home", "the other tenant"]),
)
async def test_old_snapshot_and_changes_are_the_new_snapshot(
    world: World, writers: list[list[Op]], hang_ups: list[int], whose: str
) -> None:
    scope = {
        "all of one tenant": Scope((world.town.hecheng,), None, Purpose.CONSOLE),
        "one home": Scope((world.town.hecheng,), (world.town.yellow,), Purpose.CONSOLE),
        "the other tenant": Scope((world.town.zhongfang,), None, Purpose.CONSOLE),
    }[whose]

    async def write(ops: list[Op]) -> None:
        for op in ops:
            await world.do(op)

    console = Console()
    console.start(await world.snapshot(scope))
    until: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    reading = asyncio.create_task(world.follow(console, scope, hang_ups, until))
    await asyncio.gather(*(write(ops) for ops in writers))
    fresh = await world.snapshot(scope)
    until.set_result(fresh.seq)
    async with asyncio.timeout(60):
        await reading
    assert console.incidents == {view.id: view for view in fresh.incidents}
    assert console.homes == {view.id: view for view in fresh.homes}
