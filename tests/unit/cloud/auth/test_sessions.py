"""Sign-in, lock-out and the life of a session, against the real database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher

from cloud import sessions
from cloud.auth import Role
from cloud.db import Connection, Pool
from cloud.passwords import BusyError
from cloud.sessions import (
    FIRST_LOCK,
    FREE_ATTEMPTS,
    IDLE,
    LIFETIME,
    LONGEST_LOCK,
    SignedIn,
    lock_for,
)
from tests.unit.cloud.town import NOON, PASSWORD, Town

SECOND = timedelta(seconds=1)


async def _in(
    pool: Pool, username: str = "operator", password: str = PASSWORD, at: Any = NOON
) -> SignedIn | None:
    return await sessions.sign_in(pool, username, password, at)


async def _alive(pool: Pool, opened: SignedIn, at: Any) -> bool:
    async with pool.connection() as conn:
        return await sessions.find(conn, opened.session.key, at) is not None


def test_the_lock_doubles_and_ends() -> None:
    assert [lock_for(failures) for failures in range(FREE_ATTEMPTS)] == [None] * FREE_ATTEMPTS
    assert lock_for(FREE_ATTEMPTS) == FIRST_LOCK
    assert lock_for(FREE_ATTEMPTS + 1) == 2 * FIRST_LOCK
    assert lock_for(10_000) == LONGEST_LOCK


async def test_signing_in_tells_who_it_is_and_what_they_may_see(pool: Pool, town: Town) -> None:
    operator = await _in(pool)
    caseworker = await _in(pool, "caseworker")
    assert operator is not None
    assert caseworker is not None
    assert operator.session.principal.role is Role.OPERATOR
    assert operator.session.principal.homes is None
    assert caseworker.session.principal.homes == (town.yellow,)
    assert operator.session.expires_at == NOON + LIFETIME


async def test_the_database_never_holds_the_cookie(pool: Pool, town: Town, conn: Connection) -> None:
    opened = await _in(pool)
    assert opened is not None
    cursor = await conn.execute("select token_hash, session::text as whole from session")
    row = await cursor.fetchone()
    assert row is not None
    assert row["token_hash"] == sessions.key_of(opened.token)
    assert opened.token not in row["whole"]
    assert len(opened.token) >= 43  # 256 bits in base 64


@pytest.mark.parametrize(
    ("username", "password"),
    [("operator", "wrong"), ("nobody", PASSWORD), ("", ""), ("operator' or 1=1 --", "x")],
)
async def test_a_wrong_name_or_password_is_refused(
    pool: Pool, town: Town, username: str, password: str
) -> None:
    assert await _in(pool, username, password) is None


async def test_a_disabled_person_is_refused_and_loses_open_sessions(
    pool: Pool, town: Town, conn: Connection
) -> None:
    opened = await _in(pool)
    assert opened is not None
    await conn.execute("update staff set disabled_at = %s where username = 'operator'", [NOON])
    await conn.commit()
    assert not await _alive(pool, opened, NOON)
    assert await _in(pool) is None


async def test_after_five_wrong_passwords_the_right_one_waits_longer_each_time(
    pool: Pool, town: Town
) -> None:
    for _ in range(FREE_ATTEMPTS):
        assert await _in(pool, password="wrong") is None
    assert await _in(pool, at=NOON + FIRST_LOCK - SECOND) is None
    assert await _in(pool, password="wrong", at=NOON + FIRST_LOCK) is None
    assert await _in(pool, at=NOON + 3 * FIRST_LOCK - SECOND) is None
    assert await _in(pool, at=NOON + 3 * FIRST_LOCK) is not None


@pytest.mark.usefixtures("quick_passwords")
async def test_trying_while_locked_does_not_prolong_the_lock(pool: Pool, town: Town) -> None:
    for _ in range(FREE_ATTEMPTS + 20):
        await _in(pool, password="wrong")
    assert await _in(pool, at=NOON + FIRST_LOCK) is not None


@pytest.mark.usefixtures("quick_passwords")
async def test_a_success_clears_the_count(pool: Pool, town: Town) -> None:
    for _ in range(FREE_ATTEMPTS - 1):
        await _in(pool, password="wrong")
    assert await _in(pool) is not None
    for _ in range(FREE_ATTEMPTS - 1):
        await _in(pool, password="wrong")
    assert await _in(pool) is not None


async def test_a_burst_of_parallel_guesses_cannot_outrun_the_lock(
    pool: Pool, town: Town, conn: Connection
) -> None:
    guesses = (_in(pool, password=f"guess {n}") for n in range(3 * FREE_ATTEMPTS))
    told = await asyncio.gather(*guesses, return_exceptions=True)
    assert all(one is None or isinstance(one, BusyError) for one in told)  # the queue is short, too
    cursor = await conn.execute("select failed_count from staff where username = 'operator'")
    row = await cursor.fetchone()
    assert row is not None
    assert row["failed_count"] == FREE_ATTEMPTS
    assert await _in(pool) is None


async def test_a_session_slides_with_use_and_ends_when_idle(pool: Pool, town: Town) -> None:
    opened = await _in(pool)
    assert opened is not None
    at = NOON
    for _ in range(3):
        at += IDLE - SECOND
        assert await _alive(pool, opened, at)
    assert not await _alive(pool, opened, at + IDLE)


async def test_a_session_in_constant_use_still_ends_after_a_shift(pool: Pool, town: Town) -> None:
    opened = await _in(pool)
    assert opened is not None
    at = NOON
    while at + IDLE / 2 < NOON + LIFETIME:
        at += IDLE / 2
        assert await _alive(pool, opened, at)
    assert not await _alive(pool, opened, NOON + LIFETIME)


async def test_revoking_ends_only_that_session(pool: Pool, town: Town) -> None:
    first, second = await _in(pool), await _in(pool)
    assert first is not None
    assert second is not None
    async with pool.connection() as conn:
        await sessions.revoke(conn, first.session.key)
    assert not await _alive(pool, first, NOON)
    assert await _alive(pool, second, NOON)


async def test_tidying_deletes_ended_sessions_and_keeps_live_ones(
    pool: Pool, town: Town, conn: Connection
) -> None:
    await _in(pool)
    later = NOON + IDLE
    living = await _in(pool, at=later)
    assert living is not None
    await sessions.forget_ended(conn, later)
    cursor = await conn.execute("select token_hash from session")
    assert [row["token_hash"] for row in await cursor.fetchall()] == [living.session.key]


async def test_an_outdated_hash_is_renewed_at_the_next_sign_in(
    pool: Pool, town: Town, conn: Connection
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
    await conn.execute("update staff set password_hash = %s where username = 'operator'", [weak])
    await conn.commit()
    assert await _in(pool) is not None
    cursor = await conn.execute("select password_hash from staff where username = 'operator'")
    row = await cursor.fetchone()
    assert row is not None
    assert row["password_hash"] != weak
    await conn.commit()
    assert await _in(pool) is not None
