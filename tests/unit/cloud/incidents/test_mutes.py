"""A muted home on a real database: what its alarms open, and what calls all the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from cloud.db import Connection
from cloud.incidents import mutes, store
from cloud.incidents.model import IncidentState
from firmware_protocols.model import AlarmKind, AlarmState
from tests.scenario.household import START, Household, after, seed

pytestmark = pytest.mark.services


@pytest.fixture
async def household(conn: Connection) -> Household:
    return await seed(conn)


async def mute(conn: Connection, household: Household, until: datetime) -> int:
    staff = await (await conn.execute("select id from staff order by id limit 1")).fetchone()
    assert staff is not None
    number = await mutes.add(
        conn,
        household.scope,
        home_id=household.alarm().home_id,
        why="hospital",
        reason="a new hip",
        until=until,
        now=START,
        staff_id=staff["id"],
    )
    assert number is not None
    return number


async def opened(conn: Connection) -> list[dict[str, Any]]:
    return await (await conn.execute("select kind, priority, state from incident order by id")).fetchall()


async def called(conn: Connection) -> int:
    found = await (await conn.execute("select count(*) as many from message")).fetchone()
    assert found is not None
    return int(found["many"])


async def test_what_the_reason_explains_is_kept_for_information_and_calls_nobody(
    conn: Connection, household: Household
) -> None:
    await mute(conn, household, after(3_600))
    await store.attach_or_open(conn, household.alarm(AlarmKind.NOT_UP), after(60))
    assert await opened(conn) == [{"kind": "not_up", "priority": 5, "state": "raised"}]
    (view,) = await store.open_incidents(conn, household.scope, START)
    whole = await store.detail(conn, household.scope, view.id)
    assert whole.timeline[0].detail["muted"] == "hospital"
    assert view.due_at == after(60) + timedelta(days=1)
    await store.fire(conn, view.id, after(60) + timedelta(days=1))
    assert (await opened(conn))[0]["state"] == IncidentState.AUTO_RESOLVED.value
    assert await called(conn) == 0


async def test_a_pressed_button_calls_in_spite_of_it(conn: Connection, household: Household) -> None:
    await mute(conn, household, after(3_600))
    await store.attach_or_open(conn, household.alarm(AlarmKind.SOS), after(60))
    assert await opened(conn) == [{"kind": "sos", "priority": 1, "state": "raised"}]
    assert await called(conn) == 1


async def test_the_next_word_after_the_end_raises_what_was_hushed(
    conn: Connection, household: Household
) -> None:
    number = await mute(conn, household, after(86_400))
    still = household.alarm(AlarmKind.STILLNESS)
    await store.attach_or_open(conn, still, after(60))
    ended = {"id": number, "now": after(120), "staff_id": 1}
    assert await mutes.end(conn, household.scope, **ended)
    assert not await mutes.end(conn, household.scope, **ended)
    longer = household.alarm(AlarmKind.STILLNESS, state=AlarmState.UPDATED)
    await store.attach_or_open(conn, longer, after(180))
    (view,) = await store.open_incidents(conn, household.scope, START)
    assert (view.priority, view.due_at) == (2, after(180 + 120))


async def test_a_mute_is_on_the_wall_until_it_is_over(conn: Connection, household: Household) -> None:
    number = await mute(conn, household, after(3_600))

    async def wall(now: datetime) -> list[dict[str, Any]]:
        return await mutes.standing(conn, household.scope, now, home_id=None, after=None, limit=10)

    shown = await wall(after(3_599))
    assert [(one["id"], one["reason"]) for one in shown] == [(number, "a new hip")]
    assert await wall(after(3_600)) == []
