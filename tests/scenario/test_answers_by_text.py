"""A neighbour answers the question on their telephone by a text: who is meant, when, and what they are told.

A real database and a real provider's server, under a hand-turned clock; the texts come in as Aliyun hands
them over.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from cloud.db import Pool, open_pool
from cloud.dispatch import texted
from cloud.dispatch.texted import Fate
from cloud.incidents import store
from cloud.incidents.model import TimelineEntry
from cloud.notify import heard
from cloud.notify.replies import LONGEST_WAY
from cloud.sealed import NO_KEYS
from tests.scenario.carriers import Carrier, carrier, notifiers
from tests.scenario.clockwork import Clockwork, for_alarms
from tests.scenario.household import Contact, Household, after, seed
from tests.scenario.near import Person, register

pytestmark = pytest.mark.services

NUMBER, STRANGER = "13812345678", "13900000000"
ASKED = 60
"""When the ladder begins, s after the alarm: nobody has taken it."""
CHINA = ZoneInfo("Asia/Shanghai")
_numbers = count(1)


class Shown(NamedTuple):
    """``incident``: as the console's list has it now. ``accepted``: each yes in its record."""

    incident: dict[str, Any]
    accepted: list[TimelineEntry]


@dataclass
class Night:
    """Two homes whose neighbour is the same person with one telephone, by which the platform texts."""

    pool: Pool
    homes: tuple[Household, Household]
    sent: Carrier
    time: Clockwork

    async def alarm(self, of: int = 0) -> None:
        async with self.pool.connection() as conn:
            alarm = self.homes[of].alarm(at=self.time.now, alarm_id=f"01JA{of:022d}")
            await store.attach_or_open(conn, alarm, self.time.now)
        await self.time.until(self.time.now + timedelta(seconds=ASKED))

    async def text(
        self, words: str, *, sender: str = NUMBER, written_at: datetime | None = None, times: int = 1
    ) -> list[Fate]:
        """Somebody texts ``words``; the provider hands it over, ``times`` over."""
        written = (written_at or self.time.now).astimezone(CHINA)
        body = {
            "phone_number": sender,
            "content": words,
            "send_time": f"{written:%Y-%m-%d %H:%M:%S}",
            "sequence_id": next(_numbers),
        }
        (one,) = heard.read("aliyun-sms", json.dumps([body]).encode())
        fates = []
        for _ in range(times):
            async with self.pool.connection() as conn:
                fates.append(await texted.take(conn, NO_KEYS, one, self.time.now))
        await self.time.settle()
        return fates

    async def incident(self, of: int = 0) -> dict[str, Any]:
        async with self.pool.connection() as conn:
            found = await conn.execute(
                "select state, responder, eta_at from incident where home_id = %s", [self.homes[of].home_id]
            )
            row = await found.fetchone()
        assert row is not None
        return row

    async def shown(self, of: int = 0) -> Shown:
        """What the console has been sent of it, and each yes in its record."""
        home = self.homes[of]
        async with self.pool.connection() as conn:
            found = await conn.execute(
                "select body from change where home_id = %s and topic = 'inc' order by id desc limit 1",
                [home.home_id],
            )
            row = await found.fetchone()
            assert row is not None
            seen = await store.detail(conn, home.scope, row["body"]["id"])
        return Shown(row["body"], [entry for entry in seen.timeline if entry.trigger == "accept"])

    def told(self) -> list[str]:
        """What was texted to them after the first question."""
        return [one.template for one in self.sent.taken if one.template != "ask"]


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database, size=4) as opened:
        yield opened


@pytest.fixture
def provider() -> Iterator[Carrier]:
    with carrier("aliyun") as served:
        yield served


@pytest.fixture
async def night(pool: Pool, provider: Carrier) -> Night:
    first = Contact("吴嫂", has_key=True, channels=(f"sms:+86{NUMBER}",))
    second = Contact("吴嫂", has_key=True, channels=(f"sms:{NUMBER}",))
    async with pool.connection() as conn:
        homes = (await seed(conn, [first]), await seed(conn, [second]))
    return Night(pool, homes, provider, for_alarms(pool, notifiers=notifiers(provider)))


async def test_a_one_with_minutes_is_a_promise_and_is_confirmed_and_counts_once(night: Night) -> None:
    await night.alarm()
    assert await night.text("1 20", times=2) == [Fate.ANSWER, Fate.AGAIN]
    seen = await night.incident()
    assert (seen["state"], seen["responder"]) == ("en_route", "吴嫂")
    assert seen["eta_at"] == night.time.now + timedelta(minutes=20)
    assert night.told() == ["go"]
    assert night.sent.texts("go")[0].values == {"by": "03:21", "resident": "杨秀英"}


async def test_a_second_time_moves_the_promise_its_timer_and_what_the_console_shows(night: Night) -> None:
    await night.alarm()
    await night.text("1")
    first = night.time.now
    await night.time.until(first + timedelta(minutes=1))
    assert await night.text("1 40") == [Fate.ANSWER]
    promised = night.time.now + timedelta(minutes=40)
    assert (await night.incident())["eta_at"] == promised
    shown = await night.shown()
    assert datetime.fromisoformat(shown.incident["eta_at"]) == promised
    assert [entry.detail["by"] for entry in shown.accepted] == [
        (first + timedelta(minutes=15)).isoformat(),
        promised.isoformat(),
    ], "what was promised before stays in the record"
    assert [one.values["by"] for one in night.sent.texts("go") if isinstance(one.values, dict)] == [
        "03:16",
        "03:42",
    ]
    await night.time.until(first + timedelta(minutes=21))
    assert (await night.incident())["state"] == "en_route", "they are waited for until the new time"
    await night.time.until(promised + timedelta(minutes=5))
    assert (await night.incident())["responder"] == ""


async def test_a_plain_one_after_a_promise_leaves_it_also_when_the_services_are_due(night: Night) -> None:
    await night.alarm()
    await night.text("2")
    assert (await night.incident())["state"] == "emergency_services"
    await night.text("1 40")
    promised = (await night.incident())["eta_at"]
    await night.time.until(night.time.now + timedelta(minutes=1))
    await night.text("1")
    assert (await night.incident())["eta_at"] == promised


async def test_nobody_puts_off_the_next_one_for_ever(night: Night) -> None:
    """Three hours after the question a promise cannot be moved any more, whoever sends the texts."""
    await night.alarm()
    asked_at = night.time.now
    await night.text("1 150")
    await night.time.until(asked_at + timedelta(hours=1))
    await night.text("1 150")
    assert (await night.incident())["eta_at"] == asked_at + LONGEST_WAY
    await night.time.until(asked_at + LONGEST_WAY)
    await night.text("1 150")
    await night.time.until(asked_at + LONGEST_WAY + timedelta(minutes=5))
    assert (await night.incident())["responder"] == ""


async def test_who_was_called_for_living_near_answers_by_text_and_may_promise_another_time(
    pool: Pool, provider: Carrier
) -> None:
    """They stand in no care circle: the search for whoever is soonest there has asked them."""
    async with pool.connection() as conn:
        home = await seed(conn, [])
        await register(conn, home, Person("wu", f"sms:+86{NUMBER}", 300))
    night = Night(pool, (home, home), provider, for_alarms(pool, notifiers=notifiers(provider)))
    await night.alarm()
    assert await night.text("1 10", times=2) == [Fate.ANSWER, Fate.AGAIN]
    seen = await night.incident()
    assert (seen["state"], seen["responder"]) == ("en_route", "wu")
    assert seen["eta_at"] == night.time.now + timedelta(minutes=10)
    await night.time.until(night.time.now + timedelta(minutes=2))
    assert await night.text("1 30") == [Fate.ANSWER]
    promised = night.time.now + timedelta(minutes=30)
    assert (await night.incident())["eta_at"] == promised
    assert night.told() == ["go", "go"]
    await night.time.until(promised - timedelta(minutes=1))
    assert (await night.incident())["state"] == "en_route"
    assert [entry.trigger for entry in (await night.shown()).accepted] == ["accept", "accept"]
    assert await night.text("2") == [Fate.ANSWER]
    assert (await night.incident())["responder"] == ""


async def test_a_two_turns_back_and_the_next_is_sought(night: Night) -> None:
    await night.alarm()
    await night.text("1")
    await night.text("2")
    assert (await night.incident())["state"] == "emergency_services"


async def test_only_the_telephone_that_was_asked_answers_and_only_after_it_was_asked(night: Night) -> None:
    await night.alarm()
    assert await night.text("1", sender=STRANGER) == [Fate.STRANGER]
    assert await night.text("1", written_at=after(-600)) == [Fate.STRANGER]
    assert (await night.incident())["state"] == "dispatching"
    assert night.told() == []


async def test_with_two_questions_open_it_is_asked_which_by_a_letter(night: Night) -> None:
    await night.alarm(0)
    await night.alarm(1)
    assert await night.text("1") == [Fate.UNCLEAR]
    assert night.told() == ["which", "which"]
    assert (await night.incident(0))["responder"] == (await night.incident(1))["responder"] == ""
    letters = {one.values["code"] for one in night.sent.texts("which") if isinstance(one.values, dict)}
    assert letters == {"A", "B"}
    assert await night.text("1A") == [Fate.ANSWER]
    gone = [of for of in (0, 1) if (await night.incident(of))["responder"] == "吴嫂"]
    assert len(gone) == 1


async def test_two_of_one_house_with_one_telephone_are_one_question(night: Night) -> None:
    async with night.pool.connection() as conn:
        await conn.execute(
            "insert into contact (home_id, rank, name, relation, has_key, channels)"
            " values (%s, 2, '吴叔', 'neighbour', true, %s)",
            [night.homes[0].home_id, [f"sms:+86{NUMBER}"]],
        )
    await night.alarm()
    assert len(night.sent.texts("ask")) == 2
    assert await night.text("1") == [Fate.ANSWER]
    assert (await night.incident())["state"] == "en_route"
    assert night.told() == ["go"], "nor that somebody else goes"


async def test_what_is_no_plain_answer_is_asked_about_once_more(night: Night) -> None:
    await night.alarm()
    assert await night.text("收到") == [Fate.UNCLEAR]
    assert await night.text("好") == [Fate.UNCLEAR]
    assert night.told() == ["which"]
    assert await night.text("1A") == [Fate.ANSWER]
    assert (await night.incident())["state"] == "en_route"


async def test_who_answers_when_all_is_over_is_told_so(night: Night) -> None:
    await night.alarm()
    async with night.pool.connection() as conn:
        await conn.execute("update incident set state = 'resolved', outcome = 'A2', due_at = null")
    assert await night.text("1") == [Fate.LATE]
    assert night.told() == ["settled"]
    assert (await night.incident())["state"] == "resolved"


async def test_who_answers_when_another_is_on_the_way_is_told_so(night: Night) -> None:
    await night.alarm()
    async with night.pool.connection() as conn:
        await conn.execute("update incident set state = 'en_route', responder = '杨叔'")
    assert await night.text("1") == [Fate.LATE]
    assert night.told() == ["relieved"]
    assert (await night.incident())["responder"] == "杨叔"
