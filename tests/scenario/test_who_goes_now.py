"""From an alarm to somebody at the door: one worker and five who live near, told with a hand-turned clock."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final

import pytest

from cloud.db import Pool, open_pool
from cloud.dispatch import ladder
from cloud.dispatch.model import Outcome
from cloud.incidents import store
from cloud.incidents.machine import Trigger
from cloud.incidents.model import IncidentDetail, OutcomeCode
from tests.scenario.clockwork import Clockwork, clockwork
from tests.scenario.household import START, Household, after, seed
from tests.scenario.near import Person, register
from tests.scenario.webhook import Webhook, webhook

pytestmark = pytest.mark.services

NEAR: Final = ("wu", "yang", "shi", "long", "tian", "xiang")
"""Who live near, at 100, 200 … metres; the first has a key."""


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database, size=6) as opened:
        yield opened


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as served:
        yield served


@pytest.fixture
async def household(pool: Pool, hook: Webhook) -> Household:
    """A home with nobody in its care circle."""
    async with pool.connection() as conn:
        return await seed(conn, [], duty=[hook.address("duty")])


@pytest.fixture
async def people(pool: Pool, household: Household, hook: Webhook) -> dict[str, int]:
    """Six who live near and two workers, by name."""
    near = [
        Person(name, hook.address(name), 100.0 * (number + 1), has_key=number == 0)
        for number, name in enumerate(NEAR)
    ]
    workers = [
        Person("li", hook.address("li"), 3_000, "worker", "car"),
        Person("he", hook.address("he"), 6_000, "worker", "car"),
    ]
    async with pool.connection() as conn:
        return {one.name: await register(conn, household, one) for one in (*near, *workers)}


@pytest.fixture
def time(pool: Pool) -> Clockwork:
    return clockwork(pool)


async def alarm(pool: Pool, household: Household) -> None:
    """A fall; after a minute in which no operator takes it, help is sent."""
    async with pool.connection() as conn:
        await store.attach_or_open(conn, household.alarm(), START)


async def look(pool: Pool, household: Household) -> IncidentDetail:
    async with pool.connection() as conn:
        row = await _one(conn, "select id from incident where home_id = %s", [household.home_id])
        return await store.detail(conn, household.scope, row["id"])


async def asks(pool: Pool) -> dict[str, dict[str, Any]]:
    async with pool.connection() as conn:
        found = await conn.execute(
            "select r.name, a.* from callout_ask a join responder r on r.id = a.responder_id order by a.id"
        )
        return {row["name"]: row for row in await found.fetchall()}


async def _one(conn: Any, statement: str, params: Sequence[object]) -> dict[str, Any]:
    row: dict[str, Any] | None = await (await conn.execute(statement, params)).fetchone()
    assert row is not None
    return row


def token(text: str) -> str:
    found = re.search(r"https://anban\.example/a/([\w-]+)", text)
    assert found is not None, text
    return found[1]


async def answer(pool: Pool, hook: Webhook, name: str, at: float, *, accepted: bool = True) -> Outcome:
    async with pool.connection() as conn:
        return (await ladder.answer(conn, token(hook.texts(name)[0]), accepted, after(at))).outcome


async def arrive(pool: Pool, hook: Webhook, name: str, at: float) -> Outcome:
    async with pool.connection() as conn:
        return (await ladder.arrived(conn, token(hook.texts(name)[0]), after(at))).outcome


async def act(pool: Pool, household: Household, trigger: Trigger, at: float, **detail: Any) -> None:
    seen = (await look(pool, household)).incident
    async with pool.connection() as conn:
        await store.act(
            conn,
            household.scope,
            seen.id,
            trigger,
            household.operator,
            after(at),
            seen.version,
            **detail,
        )


def asked(hook: Webhook) -> set[str]:
    return {name for name in (*NEAR, "li", "he") if any("/a/" in text for text in hook.texts(name))}


async def test_from_the_alarm_to_an_outcome(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(59))
    assert asked(hook) == set()
    await time.until(after(60))
    assert asked(hook) == {"li", "wu", "yang", "shi", "long", "tian"}, "one worker and five who live near"
    assert (await look(pool, household)).incident.state == "dispatching"

    assert await answer(pool, hook, "wu", 70) is Outcome.GO
    seen = (await look(pool, household)).incident
    assert (seen.state, seen.responder) == ("en_route", "wu")
    assert await answer(pool, hook, "yang", 75) is Outcome.GO
    assert await answer(pool, hook, "li", 80) is Outcome.GO
    await time.until(after(81))
    seen = (await look(pool, household)).incident
    assert (seen.state, seen.responder) == ("en_route", "li"), "the worker answers for the resident"
    assert ["不必再去" in hook.texts(name)[-1] for name in ("shi", "long", "tian")] == [True] * 3
    assert [len(hook.texts(name)) for name in ("wu", "yang", "li")] == [1, 1, 1]

    assert await arrive(pool, hook, "wu", 200) is Outcome.THERE
    seen = (await look(pool, household)).incident
    assert (seen.state, seen.responder) == ("on_site", "wu")
    assert await arrive(pool, hook, "li", 500) is Outcome.THERE
    await time.until(after(501))
    assert "不必再去" in hook.texts("yang")[-1], "a worker is there: nobody need run any more"
    await act(pool, household, Trigger.REPORT, 900, note="helped up")
    await act(pool, household, Trigger.CLOSE, 1000, outcome=OutcomeCode.A2)
    await time.until(after(1001))
    assert (await look(pool, household)).incident.outcome is OutcomeCode.A2
    assert asked(hook) == {"li", "wu", "yang", "shi", "long", "tian"}
    assert (await asks(pool))["li"]["arrived_at"] == after(500)
