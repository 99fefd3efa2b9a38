"""The call of the roll: one question for all who follow, and what becomes of each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import TypeAlias

import pytest

from cloud import roll, sessions
from cloud.db import Connection, Pool, open_pool
from cloud.metrics import Loops
from cloud.roll import LOOP, STUCK_S, Place, Roll, Standing
from cloud.sessions import IDLE, Session
from tests.unit.cloud.town import NOON, PASSWORD, Town

SignIn: TypeAlias = Callable[[str], Awaitable[Session]]


@pytest.fixture
def sign_in(pool: Pool, town: Town, quick_passwords: None) -> SignIn:
    """Signs somebody in."""
    del town, quick_passwords

    async def signed_in(username: str) -> Session:
        opened = await sessions.sign_in(pool, username, PASSWORD, NOON)
        assert opened is not None
        return opened.session

    return signed_in


@pytest.fixture
def called(pool: Pool) -> Roll:
    """A roll that nobody calls but the test."""
    return Roll(pool, lambda: NOON)


def _come(
    called: Roll, here: ExitStack, *whose: Session, woken: Callable[[], None] = lambda: None
) -> list[Place]:
    """Everybody whom the request that lets them in has just found; their first proof is taken."""
    places = [here.enter_context(called.place(session, woken)) for session in whose]
    assert all(place.proof() for place in places)
    return places


async def test_one_question_proves_the_heartbeats_of_all_screens(
    called: Roll, pool: Pool, sign_in: SignIn
) -> None:
    people = [await sign_in(name) for name in ("operator", "operator", "caseworker")]
    woken: list[int] = []
    with ExitStack() as here:
        places = _come(called, here, *people * 50, woken=lambda: woken.append(1))
        asked = pool.get_stats()["requests_num"]
        await called.call()
        assert pool.get_stats()["requests_num"] == asked + 1
        assert len(woken) == len(places)
        assert all(place.proof() for place in places)
    await called.call()
    assert pool.get_stats()["requests_num"] == asked + 1  # nobody is here: nothing is asked


async def test_many_people_are_asked_for_in_portions(
    called: Roll, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roll, "AT_ONCE", 2)
    with ExitStack() as here:
        places = _come(called, here, *[await sign_in("operator") for _ in range(5)])
        await called.call()
        assert all(place.proof() for place in places)


async def test_a_proof_counts_once(called: Roll, sign_in: SignIn) -> None:
    with ExitStack() as here:
        [place] = _come(called, here, await sign_in("operator"))
        await called.call()
        assert (place.proof(), place.proof()) == (True, False)


async def test_who_signed_out_is_told_in_every_tab_at_the_next_call_and_nobody_else(
    called: Roll, conn: Connection, sign_in: SignIn
) -> None:
    left, stayed = await sign_in("operator"), await sign_in("operator")
    with ExitStack() as here:
        places = _come(called, here, left, left, stayed)
        await sessions.revoke(conn, left.key)
        await conn.commit()
        await called.call()
        assert [place.standing for place in places] == [Standing.OVER, Standing.OVER, Standing.WHOLE]
        assert [place.proof() for place in places] == [False, False, True]


async def test_whose_rights_changed_is_told_and_not_proven(
    called: Roll, conn: Connection, sign_in: SignIn
) -> None:
    with ExitStack() as here:
        [place] = _come(called, here, await sign_in("operator"))
        await conn.execute("update staff set role = 'supervisor' where username = 'operator'")
        await conn.commit()
        await called.call()
        assert (place.standing, place.proof()) == (Standing.CHANGED, False)


async def test_a_database_that_does_not_say_proves_nothing_and_ends_nothing(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[int] = []
    elapsed = [0.0]
    loops = Loops(lambda: elapsed[0])
    monkeypatch.setattr(roll, "LOOPS", loops)
    loops.expect(LOOP, within_s=STUCK_S)
    elapsed[0] += 2 * STUCK_S
    async with open_pool("host=127.0.0.1 port=1 dbname=none", wait_s=1) as away:
        called = Roll(away, lambda: NOON)
        monkeypatch.setattr(roll, "CHECK_S", 0.1)
        with ExitStack() as here:
            [place] = _come(called, here, await sign_in("operator"), woken=lambda: woken.append(1))
            place.proven = True  # of the call before, and not yet passed on
            await called.call()
            assert (place.standing, place.proof(), woken) == (Standing.WHOLE, False, [1])
    assert loops.late() == [LOOP]


async def test_who_watches_is_marked_as_used_and_nobody_waits_for_another_process_that_does_the_same(
    pool: Pool, conn: Connection, sign_in: SignIn
) -> None:
    one, two = await sign_in("operator"), await sign_in("operator")
    late = NOON + IDLE / 2
    await conn.execute("select from session where token_hash = %s for update", [one.key])
    async with pool.connection() as other:
        found = await sessions.find_all(other, [one.key, two.key, b"nobody's"], late)
    assert set(found) == {one.key, two.key}
    seen = await (await conn.execute("select token_hash, seen_at from session")).fetchall()
    assert {row["token_hash"]: row["seen_at"] for row in seen} == {one.key: NOON, two.key: late}
