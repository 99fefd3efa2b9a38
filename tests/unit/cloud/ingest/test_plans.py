"""Plans: sent when the heartbeat names another version than the wanted one, and otherwise not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from cloud.db import Connection, connect
from cloud.ingest import commands, plans
from cloud.ingest.model import Delivery, StoredAlarm
from cloud.ingest.read import read
from cloud.ingest.store import store
from cloud.people import roster as people
from cloud.people import roster_store
from cloud.sealed import Key, Keyring
from firmware_protocols.wire import control
from firmware_protocols.wire import plan as documents
from firmware_protocols.wire.control import Result, State
from tests.harness import roster

NOW = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)
PLAN: dict[str, Any] = {"person": {"wanders": True}, "limits": {"spo2": {"low": 88}}}
RING = Keyring((Key.of("k1", "aes", bytes(32)),))
pytestmark = pytest.mark.services


def county(plan: dict[str, Any] | None = None, **resident: Any) -> people.Roster:
    """The homes h001, with ``plan``, and h002, without."""
    content = roster(2)
    content["homes"][0]["resident"] |= resident
    if plan is not None:
        content["homes"][0]["plan"] = plan
    return people.parse(msgspec.json.encode(content))


@pytest.fixture
async def home(conn: Connection) -> Connection:
    """A connection to a database in which h001 has a plan."""
    await roster_store.load(conn, county(PLAN))
    return conn


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def heard(
    conn: Connection, body: Result | State, seconds: float = 0, gateway: str = "gw-h001", shard: int = 1
) -> None:
    async def no_hook(_conn: Connection, _alarm: StoredAlarm, _now: datetime) -> None:
        """No alarm comes."""

    channel = "s" if isinstance(body, State) else "r"
    delivery = Delivery(f"anban/1/{shard}/{gateway}/{channel}", control.encode(body), after(seconds))
    await store(conn, [read(delivery)], no_hook, after(seconds))


async def beat(
    conn: Connection, version: int, seconds: float = 0, gateway: str = "gw-h001", shard: int = 1
) -> None:
    """A heartbeat, and the look at what is due that follows it."""
    await heard(conn, State(online=True, plan=version), seconds, gateway, shard)
    await plans.offer(conn, after(seconds))


async def sent(conn: Connection) -> list[tuple[str, int]]:
    """Every plan that was ever queued: gateway and version."""
    found = await conn.execute("select gateway_id, args from command where name = 'plan' order by created_at")
    return [(row["gateway_id"], row["args"]["plan"]["version"]) for row in await found.fetchall()]


async def stored(conn: Connection) -> list[dict[str, Any]]:
    """Every document that may hold a number of somebody, as a thief of the database reads it."""
    found = await conn.execute("select body as document from plan union all select args from command")
    return [row["document"] for row in await found.fetchall()]


async def answer(conn: Connection, *, ok: bool, seconds: float) -> None:
    ((_, command),) = await commands.claim(conn, RING, (0, 255), after(seconds))
    await heard(conn, Result(command.id, ok=ok, detail="version 1 in force" if ok else "no"), seconds)


@pytest.mark.parametrize("end", ["answered", "expired", "withdrawn"])
async def test_what_is_not_sent_again_keeps_no_number_of_anybody(conn: Connection, end: str) -> None:
    whom = {"centre": "+8674512345"}
    await roster_store.load(conn, county({"phones": whom}), RING)
    await beat(conn, 0)
    ((_, command),) = await commands.claim(conn, RING, (0, 255), after(1))
    assert command.args["plan"]["phones"] == whom
    assert "8674512345" not in str(await stored(conn))
    if end == "answered":
        await heard(conn, Result(command.id, ok=True, detail="version 1 in force"), 2)
    elif end == "expired":
        await commands.claim(conn, RING, (0, 255), after(7_200))
    else:
        await roster_store.load(conn, county(PLAN))
        await beat(conn, 0, 2)
    row = await (await conn.execute("select args from command where id = %s", [command.id])).fetchone()
    assert row is not None
    assert row["args"]["plan"]["version"] == 1
    assert "phones" not in row["args"]["plan"]


async def test_a_plan_whose_key_is_lost_is_not_sent_and_holds_up_no_other(
    conn: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await roster_store.load(conn, county({"phones": {"centre": "+8674512345"}}), RING)
    await conn.execute(
        "insert into command (id, gateway_id, name, created_at, until, due_at)"
        " values ('word', 'gw-h002', 'announce', %(now)s, %(until)s, %(now)s)",
        {"now": NOW, "until": after(600)},
    )
    await beat(conn, 0)
    stranger = Keyring((Key.of("k9", "aes", bytes(range(32))),))
    due = await commands.claim(conn, stranger, (0, 255), after(1))
    assert [command.name for _, command in due] == ["announce"]
    assert "a plan is not sent gateway=gw-h001" in caplog.text
    assert "12345" not in caplog.text


async def test_the_same_roster_under_a_new_key_changes_nothing_at_home(conn: Connection) -> None:
    whom = {"phones": {"centre": "+8674512345"}}
    await roster_store.load(conn, county(whom), RING)
    newer = Keyring((Key.of("k2", "aes", bytes(range(32))), *RING.keys))
    await roster_store.load(conn, county(whom), newer)
    await beat(conn, 0)
    assert await sent(conn) == [("gw-h001", 1)]
    await roster_store.load(conn, county({"phones": {"centre": "+8674554321"}}), newer)
    await plans.offer(conn, after(1))
    assert await sent(conn) == [("gw-h001", 1), ("gw-h001", 2)]


async def test_a_gateway_that_goes_by_another_plan_is_sent_the_wanted_one_once(home: Connection) -> None:
    for minute in range(5):
        await beat(home, 0, 60 * minute)
    assert await sent(home) == [("gw-h001", 1)]
    ((gateway, command),) = await commands.claim(home, RING, (0, 255), after(300))
    assert (gateway, command.name) == ("gw-h001", "plan")
    plan = documents.parse(command.args["plan"])
    assert (plan.version, plan.person.wanders, plan.time_zone) == (1, True, "Asia/Shanghai")


async def test_what_the_cloud_alone_watches_stays_there(conn: Connection) -> None:
    """A gateway refuses a plan with a part that it does not know, and an older one does not know this."""
    await roster_store.load(conn, county(PLAN | {"watch": {"not_up": {"latest": "09:00"}}}))
    await beat(conn, 0)
    ((_, command),) = await commands.claim(conn, RING, (0, 255), after(1))
    assert set(command.args["plan"]) == {"person", "limits", "time_zone", "version"}


async def test_once_it_is_in_force_nothing_is_sent_again(home: Connection) -> None:
    await beat(home, 0)
    await answer(home, ok=True, seconds=1)
    await beat(home, 0, 2)  # it was under way when the plan came into force
    for minute in range(5):
        await beat(home, 1, 60 * minute + 3)
    assert await sent(home) == [("gw-h001", 1)]


async def test_a_gateway_that_lost_its_plan_gets_it_again(home: Connection) -> None:
    await beat(home, 0)
    await answer(home, ok=True, seconds=1)
    await beat(home, 1, 60)
    await beat(home, 0, 3600)
    assert await sent(home) == [("gw-h001", 1)] * 2


async def test_a_refused_plan_is_offered_again_after_a_day_and_a_changed_one_at_once(
    home: Connection,
) -> None:
    await beat(home, 0)
    await answer(home, ok=False, seconds=1)
    for hour in range(1, 24):
        await beat(home, 0, 3600 * hour)
    assert await sent(home) == [("gw-h001", 1)]
    await beat(home, 0, 25 * 3600)
    assert len(await sent(home)) == 2
    await roster_store.load(home, county({"person": {"wanders": False}}))
    await plans.offer(home, after(25 * 3600 + 1))
    assert (await sent(home))[-1] == ("gw-h001", 2)


async def test_a_change_is_offered_without_waiting_for_a_heartbeat_and_withdraws_the_older_one(
    home: Connection,
) -> None:
    await beat(home, 0)
    await roster_store.load(home, county({**PLAN, "confirm_s": 30}))
    await plans.offer(home, after(1))
    due = await commands.claim(home, RING, (0, 255), after(1))
    assert [command.args["plan"]["version"] for _, command in due] == [2]


async def test_the_same_roster_again_changes_nothing(home: Connection) -> None:
    await beat(home, 0)
    await answer(home, ok=True, seconds=1)
    await beat(home, 1, 60)
    await roster_store.load(home, county(PLAN))
    await roster_store.load(home, county())  # a roster that says nothing of the plan leaves it
    await plans.offer(home, after(61))
    assert await sent(home) == [("gw-h001", 1)]


async def test_what_the_resident_is_able_to_is_part_of_the_plan(home: Connection) -> None:
    await roster_store.load(home, county(PLAN, ability_level=3, lives_alone=False))
    await beat(home, 0)
    ((_, command),) = await commands.claim(home, RING, (0, 255), NOW)
    person = documents.parse(command.args["plan"]).person
    assert (person.ability_level, person.lives_alone, person.wanders) == (3, False, True)


async def test_nobody_is_sent_a_plan_while_away_or_without_one_or_revoked(home: Connection) -> None:
    await plans.offer(home, NOW)
    await heard(home, State(online=False))
    await plans.offer(home, after(1))
    await beat(home, 0, 2, "gw-h002", 2)
    assert await sent(home) == []
    await home.execute("update gateway set revoked_at = %s", [NOW])
    await beat(home, 0, 3)
    assert await sent(home) == []


async def test_a_restored_database_numbers_its_plan_above_what_the_gateway_has(home: Connection) -> None:
    await beat(home, 41)
    assert await sent(home) == [("gw-h001", 42)]
    await beat(home, 42, 60)
    assert len(await sent(home)) == 1


async def test_a_gateway_that_makes_up_versions_harms_only_itself(home: Connection) -> None:
    await beat(home, 2**53 - 1)
    await beat(home, 2**53 - 1, 1)
    assert await sent(home) == []
    state = Delivery("anban/1/1/gw-h001/s", b'{"online":true,"plan":9007199254740992}', NOW)
    assert "`$.plan`" in getattr(read(state), "reason", "")


async def test_two_workers_offer_a_plan_once(home: Connection, database: str) -> None:
    await heard(home, State(online=True))
    await home.commit()
    other = await connect(database)
    try:
        await plans.offer(home, NOW)
        await plans.offer(other, NOW)
        await home.commit()
        await other.commit()
        assert await sent(other) == [("gw-h001", 1)]
    finally:
        await other.close()


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ({"version": 3}, "home h001: plan: leave version out"),
        ({"limits": {"spo2": {"low": 5}}}, "home h001: plan: limits.spo2.low must be 50-100 %"),
        ({"exits": ["dor"]}, "home h001: plan: no device 'dor' here; there are: pendant"),
        ({"siren": True}, "Object contains unknown field `siren` - at `$.homes[0].plan`"),
    ],
)
def test_a_roster_with_a_plan_that_cannot_be_used_is_refused(plan: dict[str, Any], reason: str) -> None:
    with pytest.raises(people.RosterError) as refusal:
        county(plan)
    assert reason in str(refusal.value)
