"""The worker's own loops on a real database: they wake, they go on, one bad row holds up no other."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from cloud import notify, worker
from cloud.auth import Purpose, Scope
from cloud.db import Connection, Pool, connect, open_pool
from cloud.feed import Listener
from cloud.incidents import store
from cloud.incidents.machine import Trigger
from cloud.incidents.model import OutcomeCode
from cloud.metrics import LOOPS
from cloud.notify import deliver
from cloud.notify.model import NotifyError, Outgoing, Receipt
from cloud.settings import Settings, Web
from tests.scenario.clockwork import clockwork
from tests.scenario.household import START, Contact, Household, after, seed
from tests.scenario.webhook import Webhook, webhook

pytestmark = pytest.mark.services

PATIENCE_S = 60.0
HOLE_S = 15.0
"""Less than two attempts at a black hole take: Apprise waits 4 s to connect and 4 s for an answer."""
PARAMS = {
    "resident": "杨秀英", "kind": "fall", "address": "迎丰路", "room": "", "observed_at": START.isoformat(),
    "time_zone": "Asia/Shanghai", "state": "raised",
}  # fmt: skip


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database, size=6) as opened:
        yield opened


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as served:
        yield served


async def raise_alarm(pool: Pool, household: Household, now: datetime) -> None:
    async with pool.connection() as conn:
        await store.attach_or_open(conn, household.alarm(at=now), now)


async def home(pool: Pool, address: str) -> Household:
    async with pool.connection() as conn:
        return await seed(conn, [Contact("女儿", "family", channels=(address,))])


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is awaited happens outside the loop
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running(pool: Pool) -> AsyncIterator[None]:
    settings = Settings(web=Web(public_url="https://anban.example"))
    task = asyncio.create_task(worker.run(settings, pool, clock=lambda: datetime.now(UTC)))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_running_worker_sends_what_an_alarm_asks_for(pool: Pool, hook: Webhook) -> None:
    household = await home(pool, hook.address("daughter"))
    async with running(pool):
        await raise_alarm(pool, household, datetime.now(UTC))
        await until(lambda: len(hook.texts("daughter")) == 1)


async def test_a_worker_goes_on_when_the_database_cut_every_connection(
    database: str, pool: Pool, hook: Webhook
) -> None:
    household = await home(pool, hook.address("daughter"))
    async with running(pool):
        await raise_alarm(pool, household, datetime.now(UTC))
        await until(lambda: len(hook.texts("daughter")) == 1)
        await _cut_all(database)
        await _raise_when_possible(pool, await _when_possible(lambda: home(pool, hook.address("son"))))
        await until(lambda: len(hook.texts("son")) == 1)


async def _cut_all(database: str) -> None:
    conn: Connection = await connect(database, autocommit=True)
    async with conn:
        await conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )


async def _when_possible(attempt: Callable[[], Any]) -> Any:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(psycopg.Error):
                return await attempt()


async def _raise_when_possible(pool: Pool, household: Household) -> None:
    await _when_possible(lambda: raise_alarm(pool, household, datetime.now(UTC)))


async def test_one_bad_row_holds_up_no_other_and_is_tried_again(pool: Pool, hook: Webhook) -> None:
    first, second = await home(pool, hook.address("first")), await home(pool, hook.address("second"))
    await raise_alarm(pool, first, START)
    await raise_alarm(pool, second, START)
    async with pool.connection() as conn:
        await conn.execute("update message set params = '{}' where address = %s", [hook.address("first")])
    time = clockwork(pool)
    await time.settle()
    assert (hook.texts("first"), len(hook.texts("second"))) == ([], 1)
    async with pool.connection() as conn:
        receipts = await (await conn.execute("select state, detail from receipt order by state")).fetchall()
    assert [(receipt["state"], receipt["detail"][:8]) for receipt in receipts] == [
        ("accepted", deliver.UNKNOWN[:8]),
        ("failed", "KeyError"),
    ]
    async with pool.connection() as conn:
        await conn.execute(
            "update message set params = (select params from message where address = %s) where address = %s",
            [hook.address("second"), hook.address("first")],
        )
    await time.until(START + deliver.LEASE)
    assert sum("请留意电话" in text for text in hook.texts("first")) == 1


async def test_a_long_list_of_rows_is_no_standstill_and_one_long_row_is(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monotonic_s, late = 0.0, []
    monkeypatch.setattr(LOOPS, "monotonic", lambda: monotonic_s)
    LOOPS.expect("long", within_s=worker.STUCK_S)

    async def three(*_: object) -> list[int]:
        return [20, 20, 40]

    async def work(row: int, _now: datetime) -> bool:
        nonlocal monotonic_s
        monotonic_s += row
        late.append(LOOPS.late())
        return True

    assert await worker.tick(pool, worker.Job("long", three, work), worker.SetAside(), START) == 3
    LOOPS.forget("long")
    assert late == [[], [], ["long"]]


async def test_idle_hands_ask_once_for_all_and_a_full_list_brings_them_together(pool: Pool) -> None:
    """A poll would come after a minute only: each hand is fetched by the one before, which found a row."""
    waiting, asked, done = set[int](), 0, asyncio.Event()

    async def due(_conn: Connection, _now: datetime, skip: Sequence[int], _limit: int) -> list[int]:
        nonlocal asked
        asked += 1
        return sorted(waiting - {*skip})[:1]

    async def work(row: int, _now: datetime) -> bool:
        await done.wait()
        waiting.discard(row)
        return True

    job, aside = worker.Job("hands", due, work, hands=3, batch=1, poll_s=600), worker.SetAside()
    turn = worker._Working(pool, job, aside)
    hands = [asyncio.create_task(worker._repeat(turn, job, aside, lambda: START)) for _ in range(3)]
    await until(lambda: asked == 3)
    waiting |= {1, 2, 3}
    aside.wake.set()
    await until(lambda: aside.in_hand == {1, 2, 3})
    done.set()
    await until(lambda: not waiting)
    for hand in hands:
        hand.cancel()
    await asyncio.gather(*hands, return_exceptions=True)
    LOOPS.forget("hands")


async def test_a_connection_that_was_only_looked_with_is_given_back_as_it_was(database: str) -> None:
    async with open_pool(database, size=1) as one:
        await worker.tick(one, worker.jobs(one, deliver.Post({}, ""))[0], worker.SetAside(), START)
        with contextlib.suppress(LookupError):
            async with one.connection() as conn:
                await conn.execute("insert into division values ('999999999999', 'nowhere')")
                raise LookupError
        async with one.connection() as conn:
            found = await conn.execute("select from division where code = '999999999999'")
            assert found.rowcount == 0, "what was not finished was undone"


def test_a_row_that_keeps_failing_is_tried_ever_more_rarely() -> None:
    aside = worker.SetAside()
    pauses = []
    now = START
    for _ in range(12):
        aside.add(7, now)
        start = now
        while aside.current(now):
            now += timedelta(seconds=1)
        pauses.append((now - start).total_seconds())
    assert pauses[:4] == [1, 2, 4, 8]
    assert pauses[-1] == worker.LONGEST_SET_ASIDE.total_seconds()
    aside.clear(7)
    assert aside.current(now) == []


async def test_a_worker_killed_while_sending_loses_nothing(pool: Pool, hook: Webhook) -> None:
    household = await home(pool, hook.address("daughter"))
    await raise_alarm(pool, household, START)
    sending = asyncio.Event()

    class Stuck:
        async def deliver(self, message: Outgoing) -> Receipt:
            sending.set()
            await asyncio.Event().wait()
            raise NotifyError(message.address, permanent=False)

    dying = asyncio.create_task(deliver.deliver(pool, deliver.Post({"json": Stuck()}, ""), 1, START))
    await sending.wait()
    dying.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await dying
    survivor = deliver.Post(notify.build({}), "")
    async with pool.connection() as conn:
        assert await deliver.due(conn, START + timedelta(seconds=59)) == []
        assert await deliver.due(conn, START + deliver.LEASE) == [1]
    assert await deliver.deliver(pool, survivor, 1, START + deliver.LEASE)
    assert len(hook.texts("daughter")) == 1


async def test_a_message_is_given_up_after_its_last_retry_and_says_so(
    pool: Pool, hook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    hook.status = 503
    household = await home(pool, hook.address("daughter"))
    await raise_alarm(pool, household, START)
    async with pool.connection() as conn:
        await conn.execute("update incident set due_at = null")
    time = clockwork(pool)
    await time.until(after(3_600))
    assert len(hook.seen) == 1 + len(deliver.PAUSES)
    async with pool.connection() as conn:
        message = await (await conn.execute("select state, attempts, due_at from message")).fetchone()
        receipts = await (await conn.execute("select state from receipt")).fetchall()
    assert message == {"state": "failed", "attempts": 6, "due_at": None}
    assert [receipt["state"] for receipt in receipts] == ["failed"] * 6
    assert [record.message for record in caplog.records if "dead" in record.message] == [
        "message is dead id=1 channel=json reason=the service did not take it"
    ]


@contextlib.asynccontextmanager
async def black_hole() -> AsyncIterator[str]:
    """An address that takes every message and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        yield f"json://127.0.0.1:{listening.getsockname()[1]}/hole"


async def test_a_channel_that_never_answers_does_not_hold_up_what_becomes_due_later(
    pool: Pool, hook: Webhook
) -> None:
    household = await home(pool, hook.address("daughter"))
    async with black_hole() as hole:
        async with pool.connection() as conn:
            await conn.execute(
                "insert into message (channel, address, locale, template, params, due_at, created_at)"
                " select 'json', %s, 'en', 'raised', %s, %s, %s from generate_series(1, 60)",
                [hole, Jsonb(PARAMS), START, START],
            )
        async with running(pool):
            await asyncio.sleep(1.0)  # every hand is stuck by now
            began = asyncio.get_running_loop().time()
            await raise_alarm(pool, household, datetime.now(UTC))
            await until(lambda: len(hook.texts("daughter")) == 1)
            assert asyncio.get_running_loop().time() - began < HOLE_S


async def test_no_message_is_claimed_with_a_lease_that_is_over_before_it_is_sent(pool: Pool) -> None:
    household = await home(pool, "json://127.0.0.1:1/unreachable")
    await raise_alarm(pool, household, START)
    async with pool.connection() as conn:
        await conn.execute(
            "insert into message (channel, address, locale, template, params, due_at, created_at)"
            " select channel, address, locale, template, params, due_at, created_at from message"
        )
    leases: list[timedelta] = []
    now = START

    class Slow:
        """Each attempt takes 40 s."""

        async def deliver(self, message: Outgoing) -> Receipt:
            nonlocal now
            async with pool.connection() as conn:
                row = await (await conn.execute("select max(due_at) as lease from message")).fetchone()
            leases.append(row["lease"] - now if row else timedelta())
            now += timedelta(seconds=40)
            return Receipt(message.template)

    (job,) = [job for job in worker.jobs(pool, deliver.Post({"json": Slow()}, "")) if job.name == "messages"]
    aside = worker.SetAside()
    while await worker.tick(pool, job, aside, now):
        pass
    assert leases == [deliver.LEASE] * 2


async def test_a_message_that_was_withdrawn_on_its_way_wakes_nobody_on_the_next_channel(pool: Pool) -> None:
    async with pool.connection() as conn:
        household = await seed(conn, [Contact("女儿", "family", channels=("json://first", "json://second"))])
    await raise_alarm(pool, household, START)

    class Failing:
        """The incident is closed while the attempt is under way, which then fails."""

        async def deliver(self, message: Outgoing) -> Receipt:
            async with pool.connection() as conn:
                (view,) = await store.open_incidents(conn, household.scope, START)
                taken = await store.act(
                    conn, household.scope, view.id, Trigger.ACK, household.operator, START, view.version
                )
                await store.act(
                    conn, household.scope, view.id, Trigger.CLOSE, household.operator, START, taken.version,
                    outcome=OutcomeCode.C1,
                )  # fmt: skip
            raise NotifyError(f"no {message.template}", permanent=False)

    (job,) = [
        job for job in worker.jobs(pool, deliver.Post({"json": Failing()}, "")) if job.name == "messages"
    ]
    await worker.tick(pool, job, worker.SetAside(), START)
    async with pool.connection() as conn:
        found = await (await conn.execute("select address, state from message order by id")).fetchall()
    assert [(row["address"], row["state"]) for row in found] == [("json://first", "withdrawn")]


async def test_what_ails_a_row_is_logged_without_what_the_row_holds(
    pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    async def due(_conn: Connection, _now: datetime, skip: Sequence[int], _limit: int) -> list[int]:
        return [] if skip else [7]

    async def work(_row: int, _now: datetime) -> bool:
        raise ValueError(PARAMS["resident"])

    assert await worker.tick(pool, worker.Job("timers", due, work), worker.SetAside(), START) == 1
    assert "ValueError" in caplog.text
    assert "in work" in caplog.text
    assert "杨秀英" not in caplog.text


async def told_to_stop_after(
    turns: int, waiting: Coroutine[Any, Any, None], wake: Callable[[], None]
) -> bool:
    """Wake what waits, tell it to stop so many turns of the loop later; whether it did as told."""
    task = asyncio.create_task(waiting)
    for _ in range(3):
        await asyncio.sleep(0)
    wake()
    for _ in range(turns):
        await asyncio.sleep(0)
    if not task.cancel():
        return True  # it had ended already
    await asyncio.wait([task])
    return task.cancelled()


@pytest.mark.parametrize("turns", range(6))
async def test_being_told_to_stop_in_the_moment_of_being_woken_is_not_forgotten(turns: int) -> None:
    """Else a worker or a stream that is told to stop just then goes on for ever."""
    wake = asyncio.Event()
    assert await told_to_stop_after(turns, worker.wait(wake, 60.0), wake.set)
    listener = Listener(Scope((), None, Purpose.CONSOLE), 0)
    assert await told_to_stop_after(turns, listener.wait(60.0), listener.wake)
