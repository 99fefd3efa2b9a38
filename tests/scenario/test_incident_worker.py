"""The worker's own loops on a real database: they wake, they go on, one bad row holds up no other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from cloud import notify, worker
from cloud.db import Connection, Pool, connect, open_pool
from cloud.incidents import store
from cloud.notify import deliver
from cloud.notify.model import NotifyError, Outgoing, Receipt
from cloud.settings import Settings, Web
from tests.scenario.clockwork import clockwork
from tests.scenario.household import START, Contact, Household, after, seed
from tests.scenario.webhook import Webhook, webhook

pytestmark = pytest.mark.services

PATIENCE_S = 30.0


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
        await conn.execute(
            "update message set params = (select params from message where address = %s) where address = %s",
            [hook.address("second"), hook.address("first")],
        )
    await time.until(START + deliver.LEASE)
    assert sum("请留意电话" in text for text in hook.texts("first")) == 1


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
