"""The chain of the audit trail: what it holds, and how a change of it shows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud import audit, trail
from cloud.db import Connection, Pool, connect
from cloud.secret_files import SecretFileError
from cloud.series import rollup
from cloud.settings import Settings
from cloud.trail import Entry, heads, keeper, store
from cloud.trail.verify import Check, believed
from tests.harness import eventually
from tests.unit.cloud.town import NOON

LONG_AGO = datetime.min.replace(tzinfo=NOON.tzinfo)


def entry(number: int, at: datetime = NOON) -> Entry:
    return Entry(
        at, 1, f"staff:{number}", "readHome", "home card", (number,), f"home_id={number}", 200, "::1"
    )


async def filled(conn: Connection, count: int = 5) -> None:
    for number in range(count):
        await trail.append(conn, entry(number, NOON + timedelta(seconds=number)))
    await conn.commit()
    assert await trail.seal(conn) == count
    await conn.commit()


async def checked(conn: Connection, check: Check) -> str:
    async for link, kept in store.links(conn):
        if not check.take(link, kept):
            break
    return check.end()


@contextlib.asynccontextmanager
async def intruder(conn: Connection) -> AsyncIterator[None]:
    """Whoever owns the database and switches the triggers off."""
    await conn.execute("set session_replication_role = replica")
    yield
    await conn.execute("set session_replication_role = origin")
    await conn.commit()


async def test_what_was_written_is_sealed_in_order_and_holds(conn: Connection) -> None:
    await filled(conn)
    found = [(link.seq, kept) async for link, kept in store.links(conn)]
    assert found == [(n + 1, entry(n, NOON + timedelta(seconds=n))) for n in range(5)]
    assert await checked(conn, Check(LONG_AGO)) == ""
    assert await store.outside(conn) == (0, 0)


async def test_rolling_readings_up_does_not_hold_up_the_sealing(conn: Connection, database: str) -> None:
    async with await connect(database) as other:
        await rollup.roll(other, LONG_AGO)
        await filled(conn)


@pytest.mark.parametrize(
    ("attack", "fault"),
    [
        ("update audit_entry set actor = 'staff:9' where id = 3", "link 3: its entry 3 was changed"),
        ("update audit_entry set homes = null where id = 2", "link 2: its entry 2 was changed"),
        ("delete from audit_entry where id = 4", "link 4: its entry 4 is gone before its time"),
        ("delete from audit_link where seq = 2", "link 2 is missing"),
        ("update audit_link set entry_hash = sha256('x') where seq = 1", "link 1: its entry 1 was changed"),
        ("update audit_link set hash = sha256('x') where seq = 5", "link 5 does not follow link 4"),
        ("update audit_link set at = at - interval '9 years' where seq = 3", "link 3 does not follow link 2"),
    ],
)
async def test_the_first_broken_link_is_named(conn: Connection, attack: str, fault: str) -> None:
    await filled(conn)
    async with intruder(conn):
        await conn.execute(attack.encode())
    assert await checked(conn, Check(LONG_AGO)) == fault


async def test_a_chain_cut_short_is_seen_by_the_signed_head(conn: Connection) -> None:
    await filled(conn)
    last = await store.last(conn)
    assert last is not None
    key = Ed25519PrivateKey.generate()
    head = heads.sign(key, *last, NOON)
    async with intruder(conn):
        await conn.execute("delete from audit_link where seq > 3; delete from audit_entry where id > 3")
    assert await checked(conn, Check(LONG_AGO)) == ""  # without the head nobody could tell
    signed, fault = believed([head], head.key)
    assert fault == ""
    assert await checked(conn, Check(LONG_AGO, signed)) == (
        "the chain ends at link 3, but link 5 was signed at 2026-11-20 12:00 UTC"
    )


async def test_a_chain_written_anew_is_not_the_one_that_was_signed(conn: Connection) -> None:
    await filled(conn)
    last = await store.last(conn)
    assert last is not None
    head = heads.sign(Ed25519PrivateKey.generate(), *last, NOON)
    async with intruder(conn):
        await conn.execute("update audit_entry set actor = 'staff:1'; delete from audit_link")
        await conn.execute("insert into audit_unsealed select id from audit_entry")
    assert await trail.seal(conn) == 5
    assert await checked(conn, Check(LONG_AGO)) == ""
    assert await checked(conn, Check(LONG_AGO, {5: head})) == (
        "link 5 is not the one that was signed at 2026-11-20 12:00 UTC"
    )


def test_a_head_signed_by_another_key_is_not_believed() -> None:
    head = heads.sign(Ed25519PrivateKey.generate(), 7, bytes(32), NOON)
    other = heads.sign(Ed25519PrivateKey.generate(), 7, bytes(32), NOON)
    assert believed([head], other.key) == ({}, "the head of link 7 was not signed by this key")


async def test_an_entry_beside_the_chain_is_counted(conn: Connection) -> None:
    await filled(conn)
    async with intruder(conn):
        await conn.execute(
            "insert into audit_entry (at, actor, action, status) values (now(), 'staff:1', 'x', 0)"
        )
    assert await store.outside(conn) == (0, 1)


@pytest.mark.parametrize("table", ["audit_entry", "audit_link"])
@pytest.mark.parametrize("change", ["update {} set at = now()", "delete from {}", "truncate {}"])
async def test_nobody_changes_the_trail_by_mistake(conn: Connection, table: str, change: str) -> None:
    await filled(conn)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        await conn.execute(change.format(table).encode())


async def test_old_entries_go_and_the_chain_still_holds(conn: Connection) -> None:
    await filled(conn)
    border = NOON + timedelta(seconds=3)
    assert await trail.forget(conn, border) == 3
    check = Check(border)
    assert await checked(conn, check) == ""
    assert check.gone == 3
    assert await checked(conn, Check(NOON)) == "link 1: its entry 1 is gone before its time"


async def test_many_writers_and_sealers_at_once_make_one_chain(pool: Pool) -> None:
    async def write(writer: int) -> None:
        for number in range(20):
            async with pool.connection() as conn:
                await trail.append(conn, entry(writer * 100 + number))

    async def keep(done: asyncio.Event) -> None:
        while not done.is_set():
            await keeper.seal_all(pool)
            await asyncio.sleep(0)

    done = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        sealers = [group.create_task(keep(done)) for _ in range(2)]
        await asyncio.gather(*(write(writer) for writer in range(5)))
        done.set()
        await asyncio.gather(*sealers)
    await keeper.seal_all(pool)
    async with pool.connection() as conn:
        check = Check(LONG_AGO)
        assert await checked(conn, check) == ""
        assert check.seq == 100
        assert await store.outside(conn) == (0, 0)


async def test_an_entry_that_commits_late_is_sealed_late_and_not_lost(pool: Pool) -> None:
    async with pool.connection() as slow:
        await trail.append(slow, entry(1))
        async with pool.connection() as quick:
            await trail.append(quick, entry(2))
        assert await keeper.seal_all(pool) == 1
    assert await keeper.seal_all(pool) == 1
    async with pool.connection() as conn:
        assert [kept.actor async for _, kept in store.links(conn) if kept] == ["staff:2", "staff:1"]


async def test_the_keeper_signs_below_the_data_folder_and_the_command_believes_it(
    pool: Pool, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(data=str(tmp_path))
    files = settings.audit_files()
    assert files is not None
    async with pool.connection() as conn:
        await trail.append(conn, entry(1, datetime.now(NOON.tzinfo)))
    keeping = asyncio.create_task(keeper.run(settings, pool, clock=lambda: NOON))
    await asyncio.to_thread(eventually, files.heads.exists)
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping
    signed = ["log", "--dsn", database, "--heads", str(files.heads), "--key", heads.read(files.heads)[-1].key]
    assert await asyncio.to_thread(audit.main, signed) == 0
    assert capsys.readouterr().out == "1 links hold, 1 signed heads, 0 entries past their time\n"
    async with await connect(database) as conn, intruder(conn):
        await conn.execute("update audit_entry set actor = 'staff:7'")
    export = tmp_path / "trail.jsonl"
    assert await asyncio.to_thread(audit.main, [*signed, "--export", str(export)]) == 1
    assert "BROKEN: link 1: its entry 1 was changed" in capsys.readouterr().out
    files.key.chmod(0o644)
    with pytest.raises(SecretFileError, match="can be read by every user"):
        heads.signing_key(files.key)
