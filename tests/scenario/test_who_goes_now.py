"""From an alarm to somebody at the door: one worker and five who live near, told with a hand-turned clock."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final

import pytest

from cloud.db import Pool, open_pool
from cloud.dispatch import answers, ladder
from cloud.dispatch.answers import Word
from cloud.dispatch.model import Outcome
from cloud.incidents import store
from cloud.incidents.machine import Trigger
from cloud.incidents.model import IncidentDetail, OutcomeCode
from cloud.respond.travel import Point
from firmware_protocols.model import AlarmKind
from tests.scenario.clockwork import Clockwork, for_alarms, race
from tests.scenario.household import START, Contact, Household, add_contacts, after, seed
from tests.scenario.near import DOOR, M_PER_DEGREE, Person, place, register
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
    return for_alarms(pool)


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


async def seen_at(pool: Pool, household: Household, name: str, metres: float, at: float) -> None:
    """Their telephone tells that they are ``metres`` north of the door."""
    there = Point(DOOR[0] + metres / M_PER_DEGREE, DOOR[1])
    async with pool.connection() as conn:
        row = await store.hold(conn, (await look(pool, household)).incident.id, wait=True)
        assert row is not None
        await answers.move(conn, row, (await asks(pool))[name]["id"], there, after(at))


async def say(pool: Pool, household: Household, name: str, word: Word, at: float) -> None:
    async with pool.connection() as conn:
        row = await store.hold(conn, (await look(pool, household)).incident.id, wait=True)
        assert row is not None
        await answers.word(conn, row, (await asks(pool))[name]["id"], word, after(at))


async def act(
    pool: Pool, household: Household, trigger: Trigger, at: float, actor: str = "", **detail: Any
) -> None:
    seen = (await look(pool, household)).incident
    async with pool.connection() as conn:
        await store.act(
            conn,
            household.scope,
            seen.id,
            trigger,
            actor or household.operator,
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


# Every wait that runs out ------------------------------------------------------------------------------


async def test_silence_adds_people_and_calls_nobody_back(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(79))
    assert asked(hook) == {"li", "wu", "yang", "shi", "long", "tian"}
    await time.until(after(80))
    assert asked(hook) - {"li", "wu", "yang", "shi", "long", "tian"} == {"xiang"}, "20 s later one more"
    await time.until(after(105))
    assert asked(hook) == set(people), "45 s after the first worker the second"
    assert [len(hook.texts(name)) for name in people] == [1] * len(people)


async def test_a_no_is_replaced_at_once(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(60))
    assert await answer(pool, hook, "li", 65, accepted=False) is Outcome.NOTED
    await time.until(after(65))
    assert "he" in asked(hook)


async def test_when_nobody_comes_the_duty_officer_and_then_the_emergency_services_are_due(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(60 + 299))
    assert (await look(pool, household)).incident.state == "dispatching"
    paged = len(hook.texts("duty"))
    await time.until(after(60 + 300))
    seen = await look(pool, household)
    assert seen.incident.state == "emergency_services"
    assert seen.timeline[-1].trigger == "ladder_ended"
    assert len(hook.texts("duty")) > paged
    assert await answer(pool, hook, "wu", 400) is Outcome.GO, "a late yes is welcome"
    assert (await look(pool, household)).incident.responder == "wu"


async def test_who_turns_back_when_the_emergency_services_are_named_is_named_no_more(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(60 + 300))
    await answer(pool, hook, "wu", 400)
    await answer(pool, hook, "wu", 410, accepted=False)
    seen = (await look(pool, household)).incident
    assert (seen.state, seen.responder, seen.eta_at) == ("emergency_services", "", None)


async def test_with_nobody_left_to_ask_nothing_waits(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    async with pool.connection() as conn:
        await register(conn, household, Person("wu", hook.address("wu"), 100))
    await alarm(pool, household)
    await time.until(after(60))
    assert asked(hook) == {"wu"}
    await answer(pool, hook, "wu", 70, accepted=False)
    await time.until(after(70))
    assert (await look(pool, household)).incident.state == "emergency_services"


async def test_who_said_yes_and_stands_still_is_telephoned_and_another_is_asked(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    async with pool.connection() as conn:
        await place(conn, people["li"], 3_000, 60)
    await alarm(pool, household)
    await time.until(after(60))
    await answer(pool, hook, "li", 70)
    await time.until(after(70 + 179))
    assert (await asks(pool))["li"]["telephoned_at"] is None
    assert "he" not in asked(hook)
    await time.until(after(70 + 180))
    assert (await asks(pool))["li"]["telephoned_at"] == after(250)
    assert "he" in asked(hook), "three minutes at night to dress and set out"


async def test_who_moves_is_relied_on_and_at_the_door_is_there(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    async with pool.connection() as conn:
        await place(conn, people["li"], 3_000, 60)
    await alarm(pool, household)
    await time.until(after(60))
    await answer(pool, hook, "li", 70)
    await seen_at(pool, household, "li", 2_000, 200)
    await time.until(after(70 + 180))
    assert (await asks(pool))["li"]["telephoned_at"] is None
    await seen_at(pool, household, "li", 50, 400)
    seen = (await look(pool, household)).incident
    assert (seen.state, seen.responder) == ("on_site", "li")
    assert (await asks(pool))["li"]["arrived_by"] == "place"


async def test_who_turns_back_is_replaced_and_the_circle_is_asked_again(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(60))
    await answer(pool, hook, "li", 70)
    await time.until(after(71))
    assert (await look(pool, household)).incident.responder == "li"
    await answer(pool, hook, "li", 100, accepted=False)
    await time.until(after(100))
    seen = (await look(pool, household)).incident
    assert (seen.state, seen.responder) == ("dispatching", "")
    assert "he" in asked(hook)


async def test_whoever_cannot_be_reached_is_replaced_when_the_last_channel_has_failed(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    """Apprise says that this address is none, which is final."""
    async with pool.connection() as conn:
        await register(conn, household, Person("li", "nothing:here", 3_000, "worker", "car"))
        await register(conn, household, Person("he", hook.address("he"), 6_000, "worker", "car"))
    await alarm(pool, household)
    await time.until(after(60))
    assert asked(hook) == {"he"}


# A worker alone at the door -----------------------------------------------------------------------------


async def test_a_worker_who_is_not_heard_of_is_rung_then_a_colleague_goes_then_the_police_is_due(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(60))
    await answer(pool, hook, "li", 70)
    await arrive(pool, hook, "li", 600)
    quiet = 600 + 30 * 60
    await time.until(after(quiet - 1))
    assert not [text for text in hook.texts("li") if "报平安" in text]
    await time.until(after(quiet))
    assert len([text for text in hook.texts("li") if "报平安" in text]) == 1
    await time.until(after(quiet + 120))
    assert len([text for text in hook.texts("li") if "报平安" in text]) == 2
    assert "he" not in asked(hook)
    await time.until(after(quiet + 240))
    assert "he" in asked(hook), "the nearest colleague"
    assert any("已请同事前往" in text for text in hook.texts("duty"))
    await time.until(after(quiet + 900))
    assert any("拨打110" in text for text in hook.texts("duty"))


async def test_any_word_of_a_worker_begins_the_wait_anew_and_a_call_for_help_ends_it(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(60))
    await answer(pool, hook, "li", 70)
    await arrive(pool, hook, "li", 600)
    await say(pool, household, "li", Word.WELL, 1_500)
    async with pool.connection() as conn:
        of_staff = (await _one(conn, "select staff_id from responder where name = 'li'", []))["staff_id"]
    await act(pool, household, Trigger.NOTE, 1_800, actor=f"staff:{of_staff}", note="she sits again")
    await seen_at(pool, household, "li", 0, 2_000)
    await time.until(after(1_800 + 30 * 60 - 1))
    assert not [text for text in hook.texts("li") if "报平安" in text]
    await say(pool, household, "li", Word.DURESS, 3_599)
    await time.until(after(3_599))
    assert not [text for text in hook.texts("li") if "报平安" in text], "a call might give them away"
    assert "he" in asked(hook)
    assert any("拨打110" in text for text in hook.texts("duty"))


# One incident, two who ask ------------------------------------------------------------------------------


async def test_nobody_is_asked_by_the_ladder_and_by_the_search(
    pool: Pool, household: Household, hook: Webhook, time: Clockwork
) -> None:
    """A neighbour stands in the care circle and in the register; her number is written in two ways."""
    circle = [
        Contact("吴嫂", channels=(hook.address("wu"),), phone="13900000001"),
        Contact("杨叔", channels=(hook.address("yang"),), phone="13900000002"),
        Contact("石姐", channels=(hook.address("shi"),), phone="13900000003"),
    ]
    async with pool.connection() as conn:
        await add_contacts(conn, household.home_id, circle)
        for name, phone in (("wu", "13900000001"), ("shi", "13900000003")):
            await register(conn, household, Person(name, hook.address(name), 100, phone=phone))
    await alarm(pool, household)
    await time.until(after(60 + 250))
    assert [len([text for text in hook.texts(name) if "/a/" in text]) for name in ("wu", "yang", "shi")] == [
        1,
        1,
        1,
    ]


async def test_the_yes_of_the_care_circle_counts_and_a_worker_is_wanted_all_the_same(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    async with pool.connection() as conn:
        await add_contacts(
            conn, household.home_id, [Contact("吴嫂", has_key=True, channels=(hook.address("aunt"),))]
        )
    await alarm(pool, household)
    await time.until(after(60))
    assert asked(hook) == {"li", "wu", "yang", "shi", "long"}, "four and the aunt are five"
    assert await answer(pool, hook, "aunt", 65) is Outcome.GO
    await time.until(after(105))
    seen = (await look(pool, household)).incident
    assert (seen.state, seen.responder) == ("en_route", "吴嫂")
    assert asked(hook) == {"li", "wu", "yang", "shi", "long", "he"}
    assert await answer(pool, hook, "li", 110) is Outcome.GO
    assert (await look(pool, household)).incident.responder == "li"
    await answer(pool, hook, "li", 120, accepted=False)
    seen = (await look(pool, household)).incident
    assert (seen.state, seen.responder) == ("dispatching", ""), "she may have been told of the worker"


async def test_nobody_is_called_who_was_told_not_to_be(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    """Withdrawn, barred by the resident, off duty, not at this hour, at another door."""
    async with pool.connection() as conn:
        await conn.execute("update responder set withdrawn_at = %s where name = 'wu'", [START])
        await conn.execute(
            "insert into responder_home (responder_id, home_id, barred) values (%s, %s, true)",
            [people["yang"], household.home_id],
        )
        await conn.execute("update responder set duty_since = null where name = 'li'")
        await conn.execute("update responder set from_min = 480, to_min = 1200 where name = 'shi'")
        elsewhere = await seed(conn, [])
        await store.attach_or_open(conn, elsewhere.alarm(), START)
        await conn.execute(
            "insert into callout_ask (incident_id, responder_id, asked_at, asked_by, night, travel_s,"
            " distance_m, in_visit, has_key, answer, answered_at, promised_at, expected_at)"
            " select max(id), %s, %s, 'policy', true, 60, 100, false, false, 'yes', %s, %s, %s from incident",
            [people["he"], START, START, START, START],
        )
    await alarm(pool, household)
    await time.until(after(60 + 250))
    assert asked(hook) == {"long", "tian", "xiang"}


async def test_what_is_no_danger_to_life_calls_nobody_who_lives_near(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    async with pool.connection() as conn:
        await store.attach_or_open(conn, household.alarm(AlarmKind.FLOOD), START)
    await act(pool, household, Trigger.DISPATCH, 10)
    await time.until(after(1_000))
    assert (await look(pool, household)).incident.priority > 1
    assert asked(hook) == set()


async def test_when_it_is_settled_whoever_is_on_the_way_is_told(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(60))
    await answer(pool, hook, "wu", 70)
    await act(pool, household, Trigger.CLOSE, 80, outcome=OutcomeCode.C1)
    await time.until(after(81))
    assert ["已处理" in hook.texts(name)[-1] for name in ("wu", "li")] == [True, True]
    assert await answer(pool, hook, "yang", 90) is Outcome.OVER


# Killed, restarted, threefold ---------------------------------------------------------------------------


async def test_three_workers_that_start_anew_at_every_moment_ask_nobody_twice(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook
) -> None:
    await alarm(pool, household)
    for second in (60, 80, 105, 180, 300, 360, 600):
        await race([for_alarms(pool, after(second)) for _ in range(3)])
    assert [len([text for text in hook.texts(name) if "/a/" in text]) for name in people] == [1] * len(people)
    triggers = [entry.trigger for entry in (await look(pool, household)).timeline]
    assert triggers.count("ladder_ended") == 1


async def test_a_decision_that_is_killed_before_its_commit_was_never_taken(
    pool: Pool, household: Household, people: dict[str, int], hook: Webhook, time: Clockwork
) -> None:
    await alarm(pool, household)
    await time.until(after(59))
    async with pool.connection() as conn:
        incident = (await _one(conn, "select id from incident", []))["id"]
        await store.fire(conn, incident, after(60))
        assert await ladder.climb(conn, incident, after(60))
        await conn.rollback()
    assert await asks(pool) == {}
    await time.until(after(60))
    assert [len(hook.texts(name)) for name in ("li", "wu")] == [1, 1]
