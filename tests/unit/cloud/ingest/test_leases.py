"""Leases: every range has one owner, a dead one is replaced, and one that wakes up again stores nothing."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cloud.db import Connection, connect
from cloud.ingest.leases import Holder, Lease, LeaseLostError, application, cut_off
from cloud.ingest.shards import Range, cut, fair_share
from cloud.ingest.workers import new_name
from cloud.settings import ConfigError

WHOLE = Range(0, 255)


@pytest.fixture
async def db(database: str) -> AsyncIterator[Connection]:
    connection = await connect(database, autocommit=True)
    yield connection
    await connection.close()


def holder(worker: str, *, parts: int = 4, whole: Range = WHOLE) -> Holder:
    return Holder(worker, whole, parts)


async def beat(db: Connection, worker: Holder) -> list[Lease]:
    async with db.transaction():
        held, former = await worker.beat(db)
    await cut_off(db, former)
    return held


async def laid(db: Connection, worker: Holder, *, alone: bool = False) -> list[Range]:
    async with db.transaction():
        return await worker.lay(db, alone=alone)


async def run_out(db: Connection) -> None:
    """The time of every lease and worker is over."""
    await db.execute("update ingest_lease set expires_at = clock_timestamp() - interval '1 second'")
    await db.execute("update ingest_worker set expires_at = clock_timestamp() - interval '1 second'")


@pytest.mark.parametrize(
    ("whole", "parts", "ranges"),
    [
        (WHOLE, 1, [(0, 255)]),
        (WHOLE, 3, [(0, 84), (85, 169), (170, 255)]),
        (Range(128, 255), 2, [(128, 191), (192, 255)]),
        (Range(7, 8), 4, [(7, 7), (8, 8)]),
    ],
)
def test_the_shards_are_cut_into_ranges_of_nearly_one_size(
    whole: Range, parts: int, ranges: list[tuple[int, int]]
) -> None:
    assert cut(whole, parts) == ranges


def test_a_fair_share_leaves_no_range_over() -> None:
    assert [fair_share(4, workers) for workers in (0, 1, 2, 3, 4, 9)] == [4, 4, 2, 2, 1, 1]


async def test_one_worker_takes_everything_and_keeps_it(db: Connection) -> None:
    await laid(db, holder("a"))
    first = await beat(db, holder("a"))
    assert [lease.range for lease in first] == cut(WHOLE, 4)
    assert await beat(db, holder("a")) == first


async def test_a_worker_that_comes_later_gets_its_share(db: Connection) -> None:
    a, b = holder("a"), holder("b")
    await laid(db, a)
    await beat(db, a)
    assert await beat(db, b) == []
    surplus = await a.surplus(db, await beat(db, a))
    assert [lease.range for lease in surplus] == cut(WHOLE, 4)[2:]
    await a.give_up(db, surplus)
    assert [lease.range for lease in await beat(db, b)] == cut(WHOLE, 4)[2:]
    assert [lease.range for lease in await beat(db, a)] == cut(WHOLE, 4)[:2]


async def test_what_a_dead_worker_had_is_taken_when_its_lease_runs_out(db: Connection) -> None:
    await laid(db, holder("a"))
    (dead, *_) = await beat(db, holder("a"))
    assert await beat(db, holder("b")) == []
    await run_out(db)
    (taken, *_) = await beat(db, holder("b"))
    assert (taken.range, taken.token) == (dead.range, dead.token + 1)


async def test_what_a_killed_worker_had_is_taken_at_once_where_its_death_can_be_proved(
    db: Connection, process: subprocess.Popen[bytes]
) -> None:
    killed, other = holder(new_name(process.pid)), holder(new_name())
    await laid(db, killed)
    assert len(await beat(db, killed)) == 4
    process.send_signal(signal.SIGSTOP)
    assert await beat(db, other) == [], "it only sleeps"
    process.kill()
    process.wait()
    assert len(await beat(db, other)) == 4, "and nobody counts on the dead one's share"


async def test_another_cut_replaces_that_of_workers_that_were_killed(
    db: Connection, process: subprocess.Popen[bytes]
) -> None:
    killed = holder(new_name(process.pid), parts=4)
    await laid(db, killed)
    await beat(db, killed)
    process.kill()
    process.wait()
    assert await laid(db, holder(new_name(), parts=2)) == cut(WHOLE, 4)


async def test_a_lease_that_ran_out_is_renewed_if_nobody_took_it(db: Connection) -> None:
    await laid(db, holder("a"))
    held = await beat(db, holder("a"))
    await run_out(db)
    assert await beat(db, holder("a")) == held


async def test_a_worker_that_left_is_replaced_at_once(db: Connection) -> None:
    a = holder("a")
    await laid(db, a)
    await a.give_up(db, await beat(db, a))
    await a.leave(db)
    assert len(await beat(db, holder("b"))) == 4


async def test_who_knows_to_be_alone_waits_for_nobody(db: Connection) -> None:
    await laid(db, holder("a"))
    await beat(db, holder("a"))
    await laid(db, holder("b"), alone=True)
    await db.execute("delete from ingest_worker")
    assert len(await beat(db, holder("b"))) == 4


async def test_another_cut_is_refused_while_somebody_works_and_replaces_it_afterwards(db: Connection) -> None:
    await laid(db, holder("a", parts=4))
    await beat(db, holder("a", parts=4))
    with pytest.raises(ConfigError, match=r"ingest\.ranges: others work on 4 ranges of the shards 0-255"):
        await laid(db, holder("b", parts=2))
    await run_out(db)
    assert await laid(db, holder("b", parts=2)) == cut(WHOLE, 4)
    assert [lease.range for lease in await beat(db, holder("b", parts=2))] == cut(WHOLE, 2)


async def test_two_installations_share_a_broker_but_no_shard(db: Connection) -> None:
    low, high = holder("a", whole=Range(0, 127)), holder("b", whole=Range(128, 255))
    for one in (low, high):
        await laid(db, one)
    assert {lease.range.last <= 127 for lease in await beat(db, low)} == {True}
    assert {lease.range.first >= 128 for lease in await beat(db, high)} == {True}


async def test_an_owner_that_slept_through_its_lease_may_not_begin_to_store(db: Connection) -> None:
    await laid(db, holder("a"))
    (asleep, *_) = await beat(db, holder("a"))
    await asleep.check(db)
    await run_out(db)
    await asleep.check(db)  # nobody has taken it: it is still right to go on
    await beat(db, holder("b"))
    with pytest.raises(LeaseLostError, match="shards 0-63 have another owner"):
        await asleep.check(db)


async def test_what_a_sleeping_owner_has_under_way_is_rolled_back_when_its_range_is_taken(
    db: Connection, database: str
) -> None:
    await laid(db, holder("a"))
    (asleep, *_) = await beat(db, holder("a"))
    its_own = await connect(make_conninfo(database, application_name=application("a")))
    await asleep.check(its_own)
    await its_own.execute("insert into delivery_day (home_id, day, lane) values (1, '2026-05-01', 't')")
    await run_out(db)
    await beat(db, holder("b"))
    with pytest.raises(psycopg.OperationalError):
        await its_own.commit()
    found = await (await db.execute("select count(*) as n from delivery_day")).fetchone()
    assert found == {"n": 0}
