"""Whom a home's modem texts: the plan follows the care circle and the consents at once, by whatever road."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from cloud.auth import Purpose as Reason
from cloud.auth import Scope
from cloud.consent import store
from cloud.consent.decide import By, Decision, Entry, How
from cloud.consent.purposes import Purpose
from cloud.db import Connection, Pool, open_pool
from cloud.ingest import plans
from cloud.people import roster as people
from cloud.people import roster_store
from cloud.privacy import erase, holds, tasks, wish
from firmware_protocols.wire import plan as documents
from tests.harness import roster
from tests.unit.cloud.conftest import Site

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)
DAUGHTER = "+8613800000001"
NEIGHBOUR = "+8613800000002"
CENTRE = "+8674512345"
SCOPE = Scope((1,), None, Reason.CARE)
NO = Entry(Purpose.FAMILY, Decision.WITHDRAWN, By.SELF, How.VOICE, NOW, "")
YES = replace(NO, decision=Decision.GIVEN, how=How.PAPER, text_version="2026-1")
LEAVES = wish.Asked(1, "moved away", "console")


def county(*numbers: str, plan: dict[str, Any] | None = None) -> people.Roster:
    """One home with a modem; who has a number of ``numbers`` is in its care circle, all of them texted."""
    one = roster(1)
    home = one["homes"][0]
    home["gateway"] |= {"phone": "+8613700000000"}
    home["contacts"] = [
        {"rank": rank, "name": "向明", "relation": "family", "phone": number}
        for rank, number in enumerate(numbers, start=1)
    ]
    home["plan"] = {"phones": {"centre": CENTRE, "contacts": list(numbers)}} if plan is None else plan
    return people.parse(msgspec.json.encode(one))


@pytest.fixture
async def home(conn: Connection) -> Connection:
    """A gateway that is there and texts centre, daughter and neighbour."""
    await roster_store.load(conn, county(DAUGHTER, NEIGHBOUR))
    await conn.execute("update gateway set online = true")
    await conn.commit()
    return conn


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database, size=2) as opened:
        yield opened


async def told(conn: Connection, now: datetime = NOW) -> documents.Phones:
    """Whom the plan that goes out at ``now`` names; the gateway puts it in force."""
    await plans.offer(conn, now)
    found = await conn.execute(
        "select args -> 'plan' as plan from command where due_at is not null order by created_at desc limit 1"
    )
    row = await found.fetchone()
    assert row is not None, "no plan is on its way"
    await in_force(conn, row["plan"]["version"])
    await conn.commit()
    return documents.parse(row["plan"]).phones


async def in_force(conn: Connection, version: int) -> None:
    await conn.execute("update gateway set state = jsonb_build_object('plan', %s::int)", [version])
    await conn.execute("update command set due_at = null, answered_at = now(), ok = true")


async def work_tasks(pool: Pool, now: datetime) -> None:
    async with pool.connection() as conn:
        due = await tasks.due(conn, now, [], 100)
    for task in due:
        await tasks.work(pool, task, now)


async def test_with_consent_the_plan_names_them(home: Connection) -> None:
    assert await told(home) == documents.Phones(centre=CENTRE, contacts=(DAUGHTER, NEIGHBOUR))


async def test_a_withdrawal_names_nobody_and_a_later_plan_or_roster_changes_nothing_of_it(
    home: Connection,
) -> None:
    await told(home)
    await store.record(home, SCOPE, store.Said(1, NO, "staff:1"), NOW)
    assert await told(home) == documents.Phones(centre=CENTRE, contacts=())
    await roster_store.load(
        home, county(DAUGHTER, plan={"phones": {"centre": "+8674599999", "contacts": [DAUGHTER]}})
    )
    assert await told(home) == documents.Phones(centre="+8674599999", contacts=())
    await store.record(home, SCOPE, store.Said(1, replace(YES, at=NOW + DAY), "staff:1"), NOW + DAY)
    assert await told(home, NOW + DAY) == documents.Phones(centre="+8674599999", contacts=(DAUGHTER,))


async def test_a_home_without_numbers_in_its_plan_silences_the_technicians_too(conn: Connection) -> None:
    await roster_store.load(conn, county(DAUGHTER, plan={}))
    await conn.execute("update gateway set online = true")
    await store.record(conn, SCOPE, store.Said(1, NO, "staff:1"), NOW)
    assert await told(conn) == documents.Phones(contacts=())


async def test_a_consent_that_ends_is_told_ahead_and_again_when_it_has_ended(
    home: Connection, pool: Pool
) -> None:
    ends = NOW + DAY
    await store.record(home, SCOPE, store.Said(1, replace(YES, valid_until=ends), "staff:1"), NOW)
    ahead = await told(home)
    assert (ahead.contacts, ahead.until) == ((DAUGHTER, NEIGHBOUR), int(ends.timestamp()))
    await work_tasks(pool, ends)
    assert await told(home, ends) == documents.Phones(centre=CENTRE, contacts=())


async def test_a_roster_with_another_number_or_fewer_people_is_followed(home: Connection) -> None:
    await told(home)
    moved = "+8613800000003"
    one = county(moved)
    await roster_store.load(
        home, msgspec.structs.replace(one, homes=(msgspec.structs.replace(one.homes[0], plan=None),))
    )
    assert (await told(home)).contacts == (moved,)


def test_a_plan_texts_nobody_who_is_not_in_the_care_circle() -> None:
    with pytest.raises(people.RosterError, match=r"nobody in the care circle has \*+0002"):
        county(DAUGHTER, plan={"phones": {"contacts": [NEIGHBOUR]}})


async def test_an_erasure_first_silences_the_home_and_shuts_it_out_only_then(
    home: Connection, pool: Pool
) -> None:
    await told(home)
    number = await wish.ask(home, LEAVES, NOW)
    await wish.confirm(home, 1, NOW)
    await home.commit()
    assert not await erase.work(pool, number, NOW), "it waits for the gateway"
    assert await told(home) == documents.Phones(centre=CENTRE, contacts=())
    assert await erase.work(pool, number, NOW + timedelta(seconds=2))
    row = await (await home.execute("select revoked_at, phone from gateway")).fetchone()
    assert row == {"revoked_at": NOW + timedelta(seconds=2), "phone": ""}


async def test_a_gateway_that_does_not_come_holds_an_erasure_up_for_a_day(
    home: Connection, pool: Pool
) -> None:
    await told(home)
    number = await wish.ask(home, LEAVES, NOW)
    await wish.confirm(home, 1, NOW)
    await home.commit()
    assert not await erase.work(pool, number, NOW + DAY - timedelta(seconds=1))
    assert await erase.work(pool, number, NOW + DAY)


async def test_an_erasure_goes_on_as_soon_as_the_last_hold_is_lifted(home: Connection, pool: Pool) -> None:
    await told(home)
    number = await wish.ask(home, LEAVES, NOW)
    await wish.confirm(home, 1, NOW)
    first, second = [await holds.hold(home, replace(LEAVES, reason=why), NOW) for why in ("court", "police")]
    await home.commit()
    await told(home)
    assert not await erase.work(pool, number, NOW)
    assert await holds.lift(home, 1, NOW, first)
    await home.commit()
    assert await erase.due(home, NOW, [], 10) == []
    assert await holds.lift(home, 1, NOW, second)
    await home.commit()
    assert await erase.due(home, NOW, [], 10) == [number]
    assert await erase.work(pool, number, NOW)


async def test_who_stays_in_a_shared_home_is_asked_anew_what_the_other_had_refused(
    home: Connection, pool: Pool
) -> None:
    await home.execute(
        "insert into resident (home_id, name, birth_year, sex) values (1, '龙绍德', 1940, 'm')"
    )
    await home.execute(
        "insert into consent (resident_id, purpose, decision, actor, by_whom, how)"
        " select 2, purpose, 'given', 'roster', 'self', 'roster'"
        " from unnest(array['monitoring', 'vitals', 'family_sharing']) as purpose"
    )
    await store.record(home, SCOPE, store.Said(1, NO, "staff:1"), NOW)
    assert (await told(home)).contacts == ()
    number = await wish.ask(home, LEAVES, NOW)
    await wish.confirm(home, 1, NOW)
    await home.commit()
    while await erase.work(pool, number, NOW):
        pass
    assert (await told(home)).contacts == (DAUGHTER, NEIGHBOUR)


async def test_a_contact_at_the_register_is_followed_when_changed_and_when_retired(
    site: Site, conn: Connection
) -> None:
    admin = await site.signed_in("admin")
    yellow = site.town.yellow
    daughter = {"rank": 2, "name": "向明", "relation": "family", "phone": "138 0000 0001"}
    kept = (await admin.post("/register/contacts", json={"home_id": yellow, "record": daughter})).json()
    stranger = {"version": 0, "record": {"phones": {"contacts": [NEIGHBOUR]}}}
    assert (await admin.put(f"/register/plans/{yellow}", json=stranger)).status_code == 422
    plan = {"version": 0, "record": {"phones": {"centre": CENTRE, "contacts": [DAUGHTER]}}}
    answer = await admin.put(f"/register/plans/{yellow}", json=plan)
    assert answer.status_code == 200, answer.text

    async def contacts() -> list[str]:
        shown = (await admin.get(f"/register/plans/{yellow}")).json()
        return list(shown["record"]["phones"]["contacts"])

    where = f"/register/contacts/{kept['id']}"
    changed = {"version": kept["version"], "record": daughter | {"phone": "+8613800000009"}}
    kept = (await admin.put(where, json=changed)).json()
    assert await contacts() == ["+8613800000009"]
    assert (await admin.post(f"{where}/retire", json={"version": kept["version"]})).status_code == 200
    assert await contacts() == []
    due = await (await conn.execute("select due_at = '-infinity' as due from plan")).fetchone()
    assert due == {"due": True}, "the gateway is told with the next turn of the loop"
