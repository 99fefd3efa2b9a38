"""What the home is told of its incident: rows, written with the step that causes them."""

from __future__ import annotations

from typing import Any

import pytest

from cloud.db import Connection
from cloud.dispatch import ladder
from cloud.incidents import store
from cloud.incidents.home import WORTH_HEARING
from cloud.incidents.machine import Trigger
from cloud.incidents.model import IncidentView, OutcomeCode
from cloud.ingest.model import StoredAlarm
from cloud.notify import tokens
from firmware_protocols.model import AlarmKind, AlarmState
from tests.scenario.household import START, Household, after, remember, seed

pytestmark = pytest.mark.services

FALL = "01JA0000000000000000000001"
PRESS = "01JA0000000000000000000002"


@pytest.fixture
async def household(conn: Connection) -> Household:
    return await seed(conn)


async def arrives(conn: Connection, alarm: StoredAlarm, seconds: float = 0) -> None:
    await store.attach_or_open(conn, await remember(conn, alarm), after(seconds))


async def act(
    conn: Connection, household: Household, trigger: Trigger, seconds: float = 5, **given: Any
) -> IncidentView:
    """Take one step as the operator, on the home's open incident."""
    (view,) = await store.open_incidents(conn, household.scope, START)
    return await store.act(
        conn, household.scope, view.id, trigger, household.operator, after(seconds), view.version, **given
    )


async def rows(conn: Connection, statement: str) -> list[dict[str, Any]]:
    return await (await conn.execute(statement)).fetchall()


async def words(conn: Connection) -> list[tuple[str, dict[str, Any]]]:
    """Commands that still wait, oldest first."""
    statement = (
        "select name, args from command where due_at is not null order by created_at, args ->> 'alarm'"
    )
    return [(row["name"], row["args"]) for row in await rows(conn, statement)]


async def test_the_first_acknowledgement_is_told_to_the_gateway_that_raised_the_alarm(
    conn: Connection, household: Household
) -> None:
    await arrives(conn, household.alarm())
    assert await words(conn) == []
    await act(conn, household, Trigger.ACK)
    (row,) = await rows(conn, "select * from command")
    assert (row["gateway_id"], row["name"]) == (household.gateway, "accepted")
    assert row["args"] == {"alarm": FALL, "coming": False}, "nothing personal"
    assert (row["created_at"], row["due_at"], row["until"]) == (after(5), after(5), after(5) + WORTH_HEARING)
    await act(conn, household, Trigger.ACK, 9)
    assert len(await words(conn)) == 1, "a colleague who takes over is no news for the home"


async def test_somebody_on_the_way_replaces_what_the_home_has_not_heard_yet(
    conn: Connection, household: Household
) -> None:
    await arrives(conn, household.alarm())
    await act(conn, household, Trigger.ACK)
    await act(conn, household, Trigger.DISPATCH, 8, responder="吴嫂")
    assert await words(conn) == [("accepted", {"alarm": FALL, "coming": True})]


async def test_a_neighbour_who_accepts_by_the_link_is_on_the_way(
    conn: Connection, household: Household
) -> None:
    await arrives(conn, household.alarm())
    await act(conn, household, Trigger.DISPATCH)
    (view,) = await store.open_incidents(conn, household.scope, START)
    assert await ladder.climb(conn, view.id, after(5))
    await conn.execute(
        "insert into answer_token (token_hash, message_id, created_at)"
        " select %s, id, %s from message where template = 'ask' limit 1",
        [tokens.digest("from the link"), START],
    )
    await ladder.answer(conn, "from the link", True, after(9))
    assert await words(conn) == [("accepted", {"alarm": FALL, "coming": True})]


async def test_the_ladder_alone_promises_nothing(conn: Connection, household: Household) -> None:
    await arrives(conn, household.alarm())
    await act(conn, household, Trigger.DISPATCH)
    assert await words(conn) == []


async def test_a_promise_that_is_broken_before_it_was_heard_is_withdrawn(
    conn: Connection, household: Household
) -> None:
    await arrives(conn, household.alarm())
    await act(conn, household, Trigger.DISPATCH, responder="吴嫂")
    await act(conn, household, Trigger.DISPATCH, 9)
    assert await words(conn) == []


async def test_what_is_still_true_outlives_the_broken_promise(conn: Connection, household: Household) -> None:
    await arrives(conn, household.alarm())
    view = await act(conn, household, Trigger.ACK)
    assert view.due_at is not None
    await act(conn, household, Trigger.DISPATCH, 9)
    assert await words(conn) == [("accepted", {"alarm": FALL, "coming": False})]


async def test_an_owner_who_lets_go_takes_the_word_back(conn: Connection, household: Household) -> None:
    await arrives(conn, household.alarm())
    view = await act(conn, household, Trigger.ACK)
    assert await store.fire(conn, view.id, after(5 + 185))
    assert await words(conn) == []


async def test_every_alarm_of_the_incident_is_told_and_a_later_one_is_answered_alone(
    conn: Connection, household: Household
) -> None:
    await arrives(conn, household.alarm())
    await act(conn, household, Trigger.ACK)
    await conn.execute("update command set due_at = null, answered_at = %s, ok = true", [after(6)])
    await arrives(conn, household.alarm(AlarmKind.SOS, alarm_id=PRESS), 7)
    assert await words(conn) == [("accepted", {"alarm": PRESS, "coming": False})]
    await act(conn, household, Trigger.EMERGENCY, 9)
    assert await words(conn) == [
        ("accepted", {"alarm": FALL, "coming": True}),
        ("accepted", {"alarm": PRESS, "coming": True}),
    ]


async def test_a_record_of_an_alarm_that_was_answered_says_nothing_new(
    conn: Connection, household: Household
) -> None:
    await arrives(conn, household.alarm(state=AlarmState.SUSPECTED))
    await act(conn, household, Trigger.ACK)
    await arrives(conn, household.alarm(), 20)
    await arrives(conn, household.alarm(state=AlarmState.UPDATED), 21)
    assert len(await rows(conn, "select from command")) == 1


async def test_the_end_of_an_incident_ends_the_sound_and_every_other_word(
    conn: Connection, household: Household
) -> None:
    await arrives(conn, household.alarm())
    await act(conn, household, Trigger.ACK)
    await act(conn, household, Trigger.CLOSE, 60, outcome=OutcomeCode.A2, note="")
    assert await words(conn) == [("closed", {"alarm": FALL})]


async def test_of_a_stuck_buttons_hundreds_only_the_newest_are_answered(
    conn: Connection, household: Household
) -> None:
    for number in range(100, 130):
        await arrives(conn, household.alarm(AlarmKind.SOS, alarm_id=f"01JA0000000000000000000{number}"))
    await act(conn, household, Trigger.ACK)
    told = [args["alarm"][-3:] for _, args in await words(conn)]
    assert told == [str(number) for number in range(110, 130)]


async def test_a_revoked_gateway_is_told_nothing(conn: Connection, household: Household) -> None:
    await arrives(conn, household.alarm())
    await conn.execute("update gateway set revoked_at = %s", [START])
    await act(conn, household, Trigger.ACK)
    assert await words(conn) == []


async def test_a_refused_step_leaves_no_command(conn: Connection, household: Household) -> None:
    await arrives(conn, household.alarm())
    await act(conn, household, Trigger.ACK)
    await conn.execute("delete from command")
    with pytest.raises(store.Refused):
        await act(conn, household, Trigger.CLOSE, 60)
    assert await rows(conn, "select from command") == []
