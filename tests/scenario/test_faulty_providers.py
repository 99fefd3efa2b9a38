"""A provider that is down, slow, busy, lying or stuttering: a person is reached, and the log shows how.

Real servers, a real database, a hand-turned clock: three in the morning, one neighbour with a telephone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from cloud.db import Pool, open_pool
from cloud.dispatch import reports
from cloud.incidents import store
from cloud.incidents.model import IncidentDetail
from cloud.notify import http
from cloud.notify.reports import read
from tests.scenario.carriers import Carrier, Mood, Taken, carrier, notifiers
from tests.scenario.clockwork import Clockwork, clockwork
from tests.scenario.household import Contact, Household, after, seed

pytestmark = pytest.mark.services

NUMBER = "+8613812345678"
SMS, VOICE = f"sms:{NUMBER}", f"voice:{NUMBER}"
ASKED = 60
"""When the ladder begins, s after the alarm: nobody has taken it."""


@dataclass
class Night:
    """A home, its neighbour, two providers and the worker between them."""

    pool: Pool
    household: Household
    first: Carrier
    second: Carrier
    time: Clockwork

    async def alarm(self) -> None:
        async with self.pool.connection() as conn:
            await store.attach_or_open(conn, self.household.alarm(), after(0))

    async def hand_over(self, provider: str, body: bytes, times: int = 1) -> None:
        """The provider calls back."""
        for _ in range(times):
            async with self.pool.connection() as conn:
                for report in read(provider, body):
                    assert await reports.take(conn, provider, report, self.time.now)

    async def press(self, at: Carrier, call: Taken, key: str, times: int = 1) -> None:
        """Whoever was called presses a key."""
        await self.hand_over(f"{at.name}-voice", at.key(call, key), times)
        await self.time.settle()

    async def look(self) -> IncidentDetail:
        async with self.pool.connection() as conn:
            row = await (await conn.execute("select id from incident")).fetchone()
            assert row is not None
            return await store.detail(conn, self.household.scope, row["id"])

    async def log(self) -> list[str]:
        """What became of each message, line by line, as an auditor reads it."""
        async with self.pool.connection() as conn:
            found = await conn.execute(
                "select m.channel, r.state, r.provider, extract(epoch from r.at - %s)::int as s"
                " from receipt r join message m on m.id = r.message_id where m.template = 'ask'"
                " order by r.at, m.id, r.ctid",
                [after(0)],
            )
            return [
                f"{row['s']} {row['channel']} {row['state']} {row['provider']}".strip()
                for row in await found.fetchall()
            ]


def calls(of: Carrier) -> list[Taken]:
    return of.calls("ask")


def texts(of: Carrier) -> list[Taken]:
    return of.texts("ask")


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database, size=6) as opened:
        yield opened


@pytest.fixture
def carriers() -> Iterator[tuple[Carrier, Carrier]]:
    with ExitStack() as stack:
        yield stack.enter_context(carrier("aliyun")), stack.enter_context(carrier("tencent"))


@pytest.fixture
async def night(pool: Pool, carriers: tuple[Carrier, Carrier]) -> Night:
    async with pool.connection() as conn:
        household = await seed(conn, [Contact("吴嫂", has_key=True, channels=(SMS, VOICE))])
    first, second = carriers
    return Night(pool, household, first, second, clockwork(pool, notifiers=notifiers(first, second)))


async def reached(night: Night) -> None:
    """The story's end: a person is on the way, and only one; where it took long, beside the services."""
    seen = await night.look()
    assert seen.incident.state in {"en_route", "emergency_services"}
    assert seen.incident.responder == "吴嫂"
    assert [entry.trigger for entry in seen.timeline].count("accept") == 1


async def test_a_text_that_is_delivered_rings_nobody_s_telephone(night: Night) -> None:
    await night.alarm()
    await night.time.until(after(ASKED + 5))
    for provider, body in night.first.reports():
        await night.hand_over(provider, body)
    await night.time.until(after(ASKED + 59))
    assert len(texts(night.first)) == 1
    assert not calls(night.first)
    assert await night.log() == ["60 sms accepted aliyun-sms", "65 sms delivered aliyun-sms"]


async def test_a_provider_that_lies_is_found_out_and_the_telephone_rings(night: Night) -> None:
    """It takes everything and delivers nothing, by text and by call; its spare rings."""
    night.first.mood = Mood.LYING
    await night.alarm()
    await night.time.until(after(ASKED + 30))
    assert len(calls(night.first)) == 1
    await night.time.until(after(ASKED + 60))
    (call,) = calls(night.second)
    await night.press(night.second, call, "1")
    await reached(night)
    assert await night.log() == [
        "60 sms accepted aliyun-sms",
        "90 sms unconfirmed",
        "90 voice accepted aliyun-voice",
        "120 voice unconfirmed",
        "120 voice accepted tencent-voice",
        "120 voice pressed tencent-voice",
        "120 voice answered",
    ]


@pytest.mark.parametrize("mood", [Mood.DOWN, Mood.BUSY])
async def test_a_provider_that_refuses_costs_seconds(night: Night, mood: Mood) -> None:
    night.first.mood = mood
    await night.alarm()
    await night.time.until(after(ASKED + 5))
    assert len(texts(night.second)) == 1
    (call,) = calls(night.second)
    await night.press(night.second, call, "1")
    await reached(night)
    log = await night.log()
    assert log[:2] == ["60 sms failed", "60 voice failed"]
    assert "65 voice accepted tencent-voice" in log


async def test_a_provider_that_does_not_answer_in_time_is_passed_over(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the message after we have hung up: who is asked may be asked twice, and never not at all."""
    monkeypatch.setattr(http, "PATIENCE_S", 0.2)
    night.first.mood, night.first.slow_s = Mood.SLOW, 1.0
    await night.alarm()
    await night.time.until(after(ASKED + 5))
    (call,) = calls(night.second)
    await night.press(night.second, call, "1")
    await reached(night)


async def test_a_provider_that_stutters_sends_nobody_twice(night: Night) -> None:
    night.first.mood = Mood.STUTTERING
    await night.alarm()
    await night.time.until(after(ASKED + 30))
    (call,) = calls(night.first)
    await night.press(night.first, call, "1", times=3)
    for provider, body in night.first.reports():
        await night.hand_over(provider, body)
    await reached(night)
    log = await night.log()
    assert log.count("90 voice pressed aliyun-voice") == 1
    assert log.count("90 voice answered") == 1


async def test_both_providers_are_gone_and_the_operator_is_sent_to_the_telephone(night: Night) -> None:
    night.first.mood = night.second.mood = Mood.DOWN
    await night.alarm()
    await night.time.until(after(ASKED + 60))
    seen = await night.look()
    assert seen.incident.state == "emergency_services"
    assert {message.state for message in seen.messages} <= {"queued", "withdrawn", "failed"}


async def test_a_late_no_of_the_carrier_goes_on_to_the_next_way_at_once(night: Night) -> None:
    night.first.mood = Mood.LYING
    await night.alarm()
    await night.time.until(after(ASKED + 3))
    (text,) = texts(night.first)
    await night.hand_over("aliyun-sms", night.first.report(text, delivered=False))
    await night.time.settle()
    assert len(calls(night.first)) == 1
    await night.hand_over("aliyun-sms", night.first.report(text, delivered=True))
    assert (await night.look()).messages[0].state == "delivered"


async def test_whoever_presses_two_is_not_sent_and_the_next_is_asked(night: Night) -> None:
    night.first.mood = Mood.LYING
    await night.alarm()
    await night.time.until(after(ASKED + 30))
    (call,) = calls(night.first)
    await night.press(night.first, call, "2")
    seen = await night.look()
    assert [rung.state for rung in seen.ladder] == ["declined"]
    assert seen.incident.state == "emergency_services"


async def test_a_key_that_comes_when_all_is_over_changes_nothing(night: Night) -> None:
    night.first.mood = Mood.LYING
    await night.alarm()
    await night.time.until(after(ASKED + 30))
    (call,) = calls(night.first)
    async with night.pool.connection() as conn:
        await conn.execute("update incident set state = 'resolved', outcome = 'A2', due_at = null")
    await night.press(night.first, call, "1")
    assert (await night.look()).incident.state == "resolved"


async def test_without_the_module_nothing_is_sent_and_the_ladder_does_not_wait(night: Night) -> None:
    async with night.pool.connection() as conn:
        await conn.execute("update tenant set modules = array_remove(modules, 'messages')")
    await night.alarm()
    await night.time.until(after(ASKED))
    assert night.first.asked == night.second.asked == 0
    assert (await night.look()).incident.state == "emergency_services"
    assert "60 sms failed" in await night.log()
