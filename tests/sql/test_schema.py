"""The schema itself: what must hold whatever the code above does."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest

from cloud.db import Connection, connect

NOW = datetime(2026, 5, 1, tzinfo=UTC)


async def test_no_extension_is_needed(conn: Connection, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--outside"):
        pytest.skip("a server outside may have one")
    found = await (await conn.execute("select extname from pg_extension")).fetchall()
    assert [row["extname"] for row in found] == ["plpgsql"]


async def test_a_batch_stands_in_the_ledger_once(conn: Connection) -> None:
    row = "insert into batch values ('gw-a', 'e1', 'a', 1, 5, '2026-05-01')"
    await conn.execute(row)
    with pytest.raises(psycopg.errors.UniqueViolation):
        await conn.execute(row)


async def test_change_ids_are_given_in_the_order_of_commits(database: str) -> None:
    """A second writer waits, so no reader can see a later id before an earlier one."""
    append = "select append_change(1, null, 'inc', '{}', %s)"
    first, second = await connect(database), await connect(database)
    try:
        await first.execute(append, [NOW])
        await second.execute("set lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            await second.execute(append, [NOW])
        await second.rollback()
        await first.commit()
        await second.execute(append, [NOW])
        await second.commit()
        found = await (await second.execute("select id from change order by id")).fetchall()
        assert len(found) == 2
    finally:
        await first.close()
        await second.close()


@pytest.mark.parametrize(
    "change",
    [
        "insert",
        "update gateway set secret = 'x'",
        "update gateway set revoked_at = now()",
        "delete from gateway",
    ],
)
async def test_changed_enrolment_is_told_to_whoever_keeps_the_accounts(database: str, change: str) -> None:
    listener, writer = await connect(database, autocommit=True), await connect(database, autocommit=True)
    enrol = (
        "insert into division values ('431202000000', 'd');"
        "insert into tenant (code, name, division_code) values ('t', 't', '431202000000');"
        "insert into home (tenant_id, key, division_code, address) values (1, 'h', '431202000000', 'a');"
        "insert into gateway (id, home_id, shard, secret) values ('gw-a', 1, 1, 's')"
    )
    try:
        if change != "insert":
            await writer.execute(enrol)
        await listener.execute("listen gateway")
        await writer.execute(enrol if change == "insert" else change)
        told = [note.channel async for note in listener.notifies(timeout=60, stop_after=1)]
        assert told == ["gateway"]
    finally:
        await listener.close()
        await writer.close()


async def test_a_heartbeat_does_not_wake_the_accounts(database: str) -> None:
    listener, writer = await connect(database, autocommit=True), await connect(database, autocommit=True)
    try:
        await listener.execute("listen gateway")
        await writer.execute("update gateway set online = true, state_at = now()")
        await writer.execute("select pg_notify('gateway', 'the end')")
        told = [note.payload async for note in listener.notifies(timeout=60, stop_after=1)]
        assert told == ["the end"]
    finally:
        await listener.close()
        await writer.close()
