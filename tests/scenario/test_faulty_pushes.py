"""ntfy in trouble: down, gone, busy, lying, or silent about what it took; the next way is taken at once.

A real database, a server that answers as ntfy does, and a hand-turned clock; browsers' own services are in
``tests/unit/cloud/family/test_push.py``.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from cloud.db import Pool, open_pool
from cloud.incidents import store
from cloud.notify import http
from tests.scenario.clockwork import Clockwork, for_alarms
from tests.scenario.household import Contact, Household, after, seed
from tests.scenario.webhook import Webhook, webhook

pytestmark = pytest.mark.services

ASKED = 60
"""When the ladder begins, s after the alarm."""
TAKEN = b'{"id":"hwQ2YpKdmg","event":"message","topic":"wu"}'


@dataclass
class Night:
    """A home whose neighbour has ntfy first and a webhook second."""

    pool: Pool
    household: Household
    ntfy: Webhook
    spare: Webhook
    time: Clockwork

    async def alarm(self, until_s: int) -> None:
        async with self.pool.connection() as conn:
            await store.attach_or_open(conn, self.household.alarm(), after(0))
        await self.time.until(after(until_s))

    def pushed(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.ntfy.seen]


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database, size=4) as opened:
        yield opened


@pytest.fixture
def servers() -> Iterator[tuple[Webhook, Webhook]]:
    with ExitStack() as stack:
        ntfy, spare = stack.enter_context(webhook()), stack.enter_context(webhook())
        ntfy.answer = TAKEN
        yield ntfy, spare


@pytest.fixture
async def night(pool: Pool, servers: tuple[Webhook, Webhook]) -> Night:
    ntfy, spare = servers
    channels = (f"ntfy://127.0.0.1:{ntfy.port}/wu", spare.address("wu"))
    async with pool.connection() as conn:
        household = await seed(conn, [Contact("吴嫂", has_key=True, channels=channels)])
    return Night(pool, household, ntfy, spare, for_alarms(pool))


@pytest.mark.parametrize(
    ("status", "answer", "again"),
    [
        (503, b"", 1),
        (404, b"page not found", 0),
        (200, b"<html>captive portal</html>", 1),
    ],
    ids=["down", "gone", "lying"],
)
async def test_what_ntfy_does_not_take_goes_the_next_way_in_the_same_second(
    night: Night, status: int, answer: bytes, again: int
) -> None:
    night.ntfy.status, night.ntfy.answer = status, answer
    await night.alarm(ASKED)
    assert (len(night.pushed()), len(night.spare.texts("wu"))) == (1, 1)
    await night.time.until(after(ASKED + 5))
    assert len(night.pushed()) == 1 + again, "what may pass is tried again"
    assert len(night.spare.texts("wu")) == 1


async def test_a_busy_ntfy_is_left_alone_for_as_long_as_it_asks(night: Night) -> None:
    night.ntfy.status, night.ntfy.headers = 429, {"Retry-After": "20"}
    await night.alarm(ASKED + 19)
    assert (len(night.pushed()), len(night.spare.texts("wu"))) == (1, 1)
    night.ntfy.status = 200
    await night.time.until(after(ASKED + 20))
    assert len(night.pushed()) == 2


async def test_what_ntfy_took_without_a_word_is_shown_once(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """We hung up before it answered. Its clients show what has one sequence number as one notice."""
    monkeypatch.setattr(http, "PATIENCE_S", 0.2)
    night.ntfy.slow_s = 1.0
    await night.alarm(ASKED)
    night.ntfy.slow_s = 0.0
    await night.time.until(after(ASKED + 5))
    once, again = night.pushed()
    assert once["sequence_id"] == again["sequence_id"]
    assert len(night.spare.texts("wu")) == 1
