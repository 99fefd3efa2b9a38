"""An alarm at three in the morning, told with a hand-turned clock on a real database and a real webhook."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from cloud.db import Pool, open_pool
from cloud.dispatch import ladder
from cloud.dispatch.ladder import Outcome
from cloud.incidents import store
from cloud.incidents.machine import Trigger
from cloud.incidents.model import IncidentDetail, OutcomeCode
from firmware_protocols.model import AlarmKind, AlarmState
from tests.scenario.clockwork import Clockwork, clockwork, race
from tests.scenario.household import START, Contact, Household, after, seed
from tests.scenario.webhook import Webhook, webhook

pytestmark = pytest.mark.services


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
    circle = [
        Contact("吴嫂", has_key=True, channels=(hook.address("wu"),)),
        Contact("杨叔", channels=(hook.address("yang"),)),
        Contact("石姐", channels=(hook.address("shi"),)),
        Contact("女儿", relation="family", channels=(hook.address("daughter"),)),
    ]
    async with pool.connection() as conn:
        return await seed(conn, circle, duty=[hook.address("duty")])


@pytest.fixture
def time(pool: Pool) -> Clockwork:
    return clockwork(pool)


async def alarm(
    pool: Pool, household: Household, state: AlarmState = AlarmState.RAISED, at: float = 0, **more: Any
) -> None:
    async with pool.connection() as conn:
        await store.attach_or_open(conn, household.alarm(state=state, at=after(at), **more), after(at))


async def look(pool: Pool, household: Household) -> IncidentDetail:
    async with pool.connection() as conn:
        cursor = await conn.execute("select id from incident where home_id = %s", [household.home_id])
        row = await cursor.fetchone()
        assert row is not None
        return await store.detail(conn, household.scope, row["id"])


def token(text: str) -> str:
    found = re.search(r"https://anban\.example/a/([\w-]+)", text)
    assert found is not None, text
    return found[1]


async def answer(pool: Pool, text: str, at: float, *, accepted: bool) -> ladder.Answered:
    async with pool.connection() as conn:
        return await ladder.answer(conn, token(text), accepted, after(at))


async def test_an_unanswered_fall_reaches_the_second_neighbour_after_one_minute(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(29))
    assert "杨秀英" in hook.texts("daughter")[0]
    assert hook.texts("duty") == []
    await time.until(after(59))
    assert "无人应答" not in hook.texts("daughter")[0]
    assert len(hook.texts("duty")) == 1
    assert hook.texts("wu") == []
    await time.until(after(60))
    assert [len(hook.texts(name)) for name in ("wu", "yang", "shi")] == [1, 1, 0]
    asked = hook.texts("yang")[0]
    assert "03:00" in asked
    assert "疑似跌倒" in asked
    assert "迎丰路 12 号 3 栋 402" in asked


async def test_who_has_left_the_care_circle_meanwhile_is_passed_over(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    async with pool.connection() as conn:
        await conn.execute("update contact set retired_at = %s where name = '吴嫂'", [after(10)])
    await time.until(after(60))
    assert [len(hook.texts(name)) for name in ("wu", "yang", "shi")] == [0, 1, 1]


async def test_when_nobody_answers_the_ladder_ends_at_the_emergency_services(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(119))
    assert hook.texts("shi") == []
    await time.until(after(120))
    assert len(hook.texts("shi")) == 1
    await time.until(after(180))
    seen = await look(pool, household)
    assert seen.incident.state == "emergency_services"
    assert [rung.state for rung in seen.ladder] == ["passed", "passed", "passed", "waiting"]
    triggers = [entry.trigger for entry in seen.timeline]
    assert triggers == ["alarm", "timer", "timer", "ask", "ask", "ladder_ended"]
    assert len(hook.texts("daughter")) == 1, "family far away is told, not tasked"


async def test_whoever_accepts_is_on_the_way_and_the_others_may_sleep(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(60))
    answered = await answer(pool, hook.texts("wu")[0], 70, accepted=True)
    assert (answered.outcome, answered.responder) == (Outcome.GO, "吴嫂")
    again = await answer(pool, hook.texts("wu")[0], 71, accepted=True)
    assert again.outcome is Outcome.GO
    await time.until(after(300))
    seen = await look(pool, household)
    assert (seen.incident.state, seen.incident.responder) == ("en_route", "吴嫂")
    assert "不必再去" in hook.texts("yang")[1]
    assert hook.texts("shi") == []
    late = await answer(pool, hook.texts("yang")[0], 301, accepted=True)
    assert (late.outcome, late.responder) == (Outcome.ALREADY_HELPED, "吴嫂")


async def test_a_decline_asks_the_next_at_once(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(60))
    declined = await answer(pool, hook.texts("wu")[0], 65, accepted=False)
    assert declined.outcome is Outcome.NOTED
    await time.until(after(65))
    assert len(hook.texts("shi")) == 1


async def test_a_responder_who_turns_back_or_never_arrives_is_replaced(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(60))
    await answer(pool, hook.texts("wu")[0], 70, accepted=True)
    await time.until(after(80))
    await answer(pool, hook.texts("wu")[0], 90, accepted=False)
    assert (await look(pool, household)).incident.state == "dispatching"
    await answer(pool, hook.texts("yang")[0], 100, accepted=True)
    await time.until(after(100 + 15 * 60 + 5 * 60 - 1))
    assert (await look(pool, household)).incident.state == "en_route"
    assert hook.texts("shi") == []
    await time.until(after(100 + 15 * 60 + 5 * 60))
    assert (await look(pool, household)).incident.state == "dispatching"
    assert len(hook.texts("shi")) == 1


async def test_who_turns_back_when_the_emergency_services_are_named_is_replaced(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(120))
    assert len(hook.texts("shi")) == 1
    async with pool.connection() as conn:
        seen = (await look(pool, household)).incident
        await store.act(
            conn, household.scope, seen.id, Trigger.EMERGENCY, household.operator, after(121), seen.version
        )
    await answer(pool, hook.texts("yang")[0], 125, accepted=True)
    assert (await look(pool, household)).incident.responder == "杨叔"
    await answer(pool, hook.texts("yang")[0], 130, accepted=False)
    seen = (await look(pool, household)).incident
    assert (seen.state, seen.responder, seen.eta_at) == ("emergency_services", "", None)
    paged = len(hook.texts("duty"))
    await time.until(after(200))
    assert (await look(pool, household)).timeline[-1].trigger == "ladder_ended"
    assert len(hook.texts("duty")) > paged, "nobody is left who could open the door"


async def test_whoever_was_told_not_to_go_is_asked_anew_when_the_responder_turns_back(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(60))
    await answer(pool, hook.texts("wu")[0], 70, accepted=True)
    await time.until(after(80))
    await answer(pool, hook.texts("wu")[0], 90, accepted=False)
    await time.until(after(90))
    asked, relieved, anew = hook.texts("yang")
    assert "不必再去" in relieved
    assert token(anew) != token(asked)
    assert [rung.state for rung in (await look(pool, household)).ladder] == [
        "declined",
        "asked",
        "asked",
        "waiting",
    ]


async def test_cancelled_within_the_window_never_raises(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household, AlarmState.SUSPECTED)
    await time.until(after(19))
    await alarm(pool, household, AlarmState.CANCELLED, 19.5)
    await time.until(after(3_600))
    assert (await look(pool, household)).incident.state == "cancelled_local"
    assert hook.seen == []


async def test_a_gateway_that_dies_inside_the_window_is_raised_for(
    pool: Pool, household: Household, time: Clockwork
) -> None:
    await alarm(pool, household, AlarmState.SUSPECTED)
    await time.until(after(21))
    assert (await look(pool, household)).incident.state == "detected"
    await time.until(after(22))
    assert (await look(pool, household)).incident.state == "raised"


async def test_timers_survive_a_restart_and_an_outage(
    database: str, pool: Pool, household: Household, hook: Webhook
) -> None:
    await alarm(pool, household)
    async with open_pool(database, size=4) as reborn:
        late = clockwork(reborn, after(3_600))
        await late.settle()
    assert len(hook.texts("duty")) == 1
    assert [len(hook.texts(name)) for name in ("wu", "yang", "shi")] == [1, 1, 0]


async def test_two_workers_on_one_database_never_act_twice(
    database: str, pool: Pool, household: Household, hook: Webhook
) -> None:
    await alarm(pool, household)
    await alarm(pool, household, alarm_id="01JA0000000000000000000002", kind=AlarmKind.SMOKE)
    async with open_pool(database, size=6) as other:
        workers = [clockwork(pool), clockwork(other), clockwork(pool)]
        for second in range(0, 200, 10):
            for one in workers:
                one.now = after(second)
            await race(workers)
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "select incident_id, step, template, count(*) as n from message where step is not null"
            " group by 1, 2, 3 having count(*) > 1"
        )
        assert await cursor.fetchall() == []
    assert len(hook.texts("daughter")) == 2
    assert [len(hook.texts(name)) for name in ("wu", "yang", "shi")] == [2, 2, 2]


async def test_whoever_cannot_be_reached_costs_no_time(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    async with pool.connection() as conn:
        await conn.execute("update contact set channels = '{nowhere://x}' where rank in (1, 2)")
    await alarm(pool, household)
    await time.until(after(60))
    assert len(hook.texts("shi")) == 1
    assert [rung.state for rung in (await look(pool, household)).ladder] == [
        "passed",
        "passed",
        "asked",
        "waiting",
    ]


async def test_a_failed_channel_tries_the_next_one_at_once(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    async with pool.connection() as conn:
        await conn.execute(
            "update contact set channels = array['json://127.0.0.1:1/x', channels[1]] where name = '女儿'"
        )
    await alarm(pool, household)
    await time.until(after(4))
    assert len(hook.texts("daughter")) == 1
    seen = await look(pool, household)
    assert [message.state for message in seen.messages] == ["queued", "accepted"]


async def test_closing_withdraws_what_is_unsent_and_tells_those_who_know(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(10))
    await _close(pool, household, OutcomeCode.A2)
    await time.until(after(4_000))
    assert "已处理" in hook.texts("daughter")[1]
    assert hook.texts("wu") == []


async def test_after_a_death_no_message_goes_out(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(10))
    await _close(pool, household, OutcomeCode.F1)
    await time.until(after(4_000))
    assert len(hook.texts("daughter")) == 1


async def _close(pool: Pool, household: Household, outcome: OutcomeCode) -> None:
    incident_id = (await look(pool, household)).incident.id
    async with pool.connection() as conn:
        for version, trigger in ((1, Trigger.ACK), (2, Trigger.VOICE)):
            await store.act(
                conn, household.scope, incident_id, trigger, household.operator, after(11), version
            )
        await store.act(
            conn,
            household.scope,
            incident_id,
            Trigger.CLOSE,
            household.operator,
            after(12),
            3,
            outcome=outcome,
        )


async def test_a_token_nobody_was_given_answers_for_nobody(pool: Pool) -> None:
    async with pool.connection() as conn:
        with pytest.raises(ladder.UnknownToken):
            await ladder.answer(conn, "guessed", True, START)


async def test_an_answer_after_the_end_changes_nothing(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(60))
    incident_id = (await look(pool, household)).incident.id
    async with pool.connection() as conn:
        version = (await store.detail(conn, household.scope, incident_id)).incident.version
        await store.act(
            conn,
            household.scope,
            incident_id,
            Trigger.CLOSE,
            household.operator,
            after(61),
            version,
            outcome=OutcomeCode.C1,
        )
    before = await look(pool, household)
    answered = await answer(pool, hook.texts("wu")[0], 62, accepted=True)
    assert answered.outcome is Outcome.OVER
    assert (await look(pool, household)).incident == before.incident
