"""Duties over HTTP and a real database: who is due by when, why, and the rate with everybody behind it."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any, Final

import httpx
import pytest

from cloud.auth import Purpose, Scope
from cloud.db import Connection, Pool
from cloud.detect.routine.findings import Trend
from cloud.detect.vitals.model import RULES
from cloud.visits import tasks
from cloud.visits.duties import keeper, store
from cloud.visits.forms.table import VisitKind
from tests.unit.cloud import town as towns
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON
from tests.unit.cloud.visits.test_visits import AT_THE_DOOR, YANG, Phone, all_well, told

MONTH: Final = {"since": "2026-11-01", "until": "2026-11-30"}
REVISED: Final = {
    "high_days": 7, "key_days": 30, "general_days": 90, "special_days": 30, "physical_days": 90,
    "trend_h": 168, "emergency_h": 72, "change_h": 24, "counts": ["home", "phone"],
}  # fmt: skip


@pytest.fixture
async def office(site: Site) -> httpx.AsyncClient:
    """The supervisor's browser."""
    return await site.signed_in("supervisor")


@pytest.fixture
async def phone(site: Site) -> Phone:
    """The caseworker's telephone."""
    return Phone(await site.signed_in("caseworker"), site)


async def begun(office: httpx.AsyncClient, who: int = YANG, days: int = 40, **more: Any) -> Any:
    """Somebody whose duty began so many days ago."""
    profile = {"difficulties": [], "conditions": [], "since": (NOON - timedelta(days=days)).isoformat()}
    return await told(await office.put(f"/visits/people/{who}", json=profile | more))


async def listed(office: httpx.AsyncClient, **asked: Any) -> list[tuple[str, str]]:
    lines = (await told(await office.get("/visits/duty", params=asked)))["items"]
    return [(line["resident"], line["reason"]) for line in lines]


async def rate(office: httpx.AsyncClient) -> dict[str, int]:
    (area,) = (await told(await office.get("/visits/rate", params=MONTH)))["areas"]
    return {"visited": area["visited"], "owed": area["owed"], **area["people"]}


async def looked(pool: Pool, site: Site) -> int:
    """Let the worker's loop look at everybody whose time has come; how many that were."""
    async with pool.connection() as conn:
        ids = await keeper.due(conn, site.clock(), [], 100)
    for one in ids:
        assert await keeper.work(pool, one, site.clock())
    return len(ids)


async def test_the_loop_begins_everybodys_duty_and_looks_again_in_hours(pool: Pool, site: Site) -> None:
    assert await looked(pool, site) == 3
    assert await looked(pool, site) == 0
    site.clock.turn(keeper.AGAIN)
    assert await looked(pool, site) == 3


async def test_without_the_module_nobody_is_looked_at_and_no_route_answers(
    pool: Pool, site: Site, conn: Connection, office: httpx.AsyncClient
) -> None:
    await conn.execute("update tenant set modules = array_remove(modules, 'visits')")
    await conn.commit()
    await looked(pool, site)
    row = await (await conn.execute("select count(*) as n from visit_due")).fetchone()
    assert row == {"n": 0}
    answer = await office.get("/visits/duty")
    assert (answer.status_code, answer.json()["code"]) == (403, "module_off")


async def test_nobody_came_and_the_list_names_her_with_what_was_tried(
    office: httpx.AsyncClient, phone: Phone
) -> None:
    await begun(office)
    assert await listed(office) == [("向秀英", "period")]
    visit = uuid.uuid4()
    await phone.send(
        phone.event(visit, "arrive", place=AT_THE_DOOR),
        phone.event(visit, "answers", answers={"seen": False, "why_not": "no_answer"}),
    )
    (line,) = (await told(await office.get("/visits/duty")))["items"]
    assert (line["overdue"], line["seen_at"], line["tried_at"]) == (True, None, "2026-11-20T12:00:00Z")
    assert await rate(office) == {"visited": 0, "owed": 1, "no_access": 1}
    asked = MONTH | {"standing": "no_access"}
    (missed,) = (await told(await office.get("/visits/rate/people", params=asked)))["people"]
    assert (missed["name"], missed["tried_at"]) == ("向秀英", "2026-11-20T12:00:00Z")


async def test_a_call_ends_what_the_county_lets_it_end_and_never_the_visit_of_the_quarter(
    office: httpx.AsyncClient, phone: Phone
) -> None:
    await begun(office, days=100)
    assert await listed(office) == [("向秀英", "period")]
    form = all_well(VisitKind.WELFARE)
    await phone.send(phone.event(uuid.uuid4(), "answers", kind="welfare", way="phone", answers=form))
    assert (await rate(office))["other_way"] == 1
    await told(await office.put("/visits/rule", json=REVISED))
    assert (await rate(office))["visited"] == 1
    owed = (await told(await office.get(f"/visits/people/{YANG}")))["owed"]
    assert [(one["reason"], one["overdue"]) for one in owed] == [("physical", True), ("period", False)]


async def test_a_campaign_asks_for_everybody_of_its_groups_until_they_are_reached(
    office: httpx.AsyncClient, phone: Phone, pool: Pool, site: Site
) -> None:
    await begun(office, days=1)
    asked = {
        "name": "寒潮", "occasion": "cold", "since": "2026-11-20T00:00:00Z", "due_at": "2026-11-21T12:00:00Z",
        "until": "2026-11-30T00:00:00Z", "groups": ["high"], "ways": ["home", "phone"],
    }  # fmt: skip
    campaign = await told(await office.post("/visits/campaigns", json=asked))
    await looked(pool, site)
    assert set(await listed(office, within_days=2)) == {("向秀英", "campaign"), ("杨再兴", "campaign")}
    form = all_well(VisitKind.CAMPAIGN)
    await phone.send(phone.event(uuid.uuid4(), "answers", kind="campaign", way="phone", answers=form))
    assert await listed(office, within_days=2) == [("杨再兴", "campaign")]
    ended = await told(await office.post(f"/visits/campaigns/{campaign['id']}/end"))
    assert ended["ended_at"] is not None
    assert (await office.post(f"/visits/campaigns/{campaign['id']}/end")).status_code == 404


HAPPENED: Final = {
    "emergency": "insert into incident (tenant_id, home_id, kind, family, priority, state, state_since,"
    " observed_at, opened_at, outcome, closed_at)"
    " values (%(tenant)s, %(home)s, 'fall', 'person', 1, 'closed', %(at)s, %(at)s, %(at)s, 'A2', %(at)s)",
    "trend": "insert into routine_finding (home_id, kind, priority, onset, found_at, evidence)"
    " values (%(home)s, 'sleep', 4, %(at)s, %(at)s, '{}')",
}


@pytest.mark.parametrize(
    ("reason", "statement", "days"), [("emergency", "emergency", 3), ("trend", "trend", 7)]
)
async def test_what_happened_moves_the_visit_up_and_only_a_visit_ends_it(  # noqa: PLR0917 - fixtures
    reason: str,
    statement: str,
    days: int,
    office: httpx.AsyncClient,
    phone: Phone,
    site: Site,
    conn: Connection,
) -> None:
    await begun(office, days=0)
    happened = {"tenant": site.town.hecheng, "home": site.town.yellow, "at": NOON - timedelta(hours=2)}
    await conn.execute(HAPPENED[statement], happened)
    await conn.commit()
    owed = (await told(await office.get(f"/visits/people/{YANG}")))["owed"]
    due = (NOON + timedelta(days=days) - timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    assert (owed[0]["reason"], owed[0]["due_at"], owed[0]["ways"]) == (reason, due, ["home"])
    await phone.send(*phone.round(uuid.uuid4()))
    owed = (await told(await office.get(f"/visits/people/{YANG}")))["owed"]
    assert reason not in {one["reason"] for one in owed}


async def test_a_false_alarm_moves_nothing_up(
    office: httpx.AsyncClient, site: Site, conn: Connection
) -> None:
    await begun(office, days=0)
    happened = {"tenant": site.town.hecheng, "home": site.town.yellow, "at": NOON}
    await conn.execute(HAPPENED["emergency"].replace("'A2'", "'C1'"), happened)
    await conn.commit()
    owed = (await told(await office.get(f"/visits/people/{YANG}")))["owed"]
    assert {one["reason"] for one in owed} == {"period", "physical"}


async def test_a_concern_asks_for_a_visit_within_a_day(office: httpx.AsyncClient) -> None:
    await begun(office, days=0)
    shown = await told(
        await office.post(f"/visits/people/{YANG}/concerns", json={"words": "she does not eat"})
    )
    assert (shown["owed"][0]["reason"], shown["owed"][0]["due_at"]) == ("change", "2026-11-21T12:00:00Z")


async def test_nobody_is_owed_to_who_is_in_hospital_and_everything_after_the_return(
    office: httpx.AsyncClient,
) -> None:
    await begun(office, days=6)
    away = {"why": "hospital", "since": "2026-11-20T08:00:00Z"}
    shown = await told(await office.post(f"/visits/people/{YANG}/absences", json=away))
    assert shown["owed"] == []
    back = {"at": "2026-11-20T11:00:00Z"}
    shown = await told(await office.post(f"/visits/people/{YANG}/return", json=back))
    assert [one["reason"] for one in shown["owed"]] == ["period", "physical"]


async def test_a_mute_for_the_hospital_is_an_absence(office: httpx.AsyncClient, site: Site) -> None:
    await begun(office, days=40)
    desk = await site.signed_in("operator")
    mute = {"why": "hospital", "reason": "a new hip", "hours": 48}
    await told(await desk.post(f"/homes/{site.town.yellow}/mutes", json=mute))
    owed = (await told(await office.get(f"/visits/people/{YANG}")))["owed"]
    assert {one["due_at"] for one in owed} == {"2026-11-23T12:00:00Z"}


async def test_who_died_is_owed_nothing_and_named_in_the_rate(office: httpx.AsyncClient) -> None:
    shown = await begun(office, ended_at="2026-11-15T00:00:00Z")
    assert shown["owed"] == []
    assert await rate(office) == {"visited": 0, "owed": 0, "ended": 1}


async def test_the_register_tells_who_lives_alone_and_who_is_disabled(
    office: httpx.AsyncClient, conn: Connection
) -> None:
    await conn.execute("update resident set ability_level = 2 where id = 1")
    await conn.commit()
    assert set((await begun(office))["difficulties"]) == {"lives_alone", "disabled"}


async def test_equipment_counts_where_the_county_lets_it(
    office: httpx.AsyncClient, site: Site, conn: Connection
) -> None:
    await begun(office)
    await conn.execute(
        "insert into routine_day values (%s, '2026-11-18', '', '', '', 0.1, 0.1)", [site.town.yellow]
    )
    await conn.commit()
    assert (await rate(office))["nobody_came"] == 1
    await told(await office.put("/visits/rule", json=REVISED | {"counts": ["home", "sensor"]}))
    assert (await rate(office))["visited"] == 1


def test_trends_of_the_detectors_are_those_that_the_statement_knows() -> None:
    text = store.SQL["happenings"]
    assert all(f"'{trend}'" in text for trend in Trend)
    assert all(f"'{rule}'" in text for rule, spec in RULES.items() if spec.slow)


async def test_open_tasks_are_one_visit_a_person_and_a_plan_takes_them_away(
    office: httpx.AsyncClient, site: Site, conn: Connection
) -> None:
    await begun(office)
    bath = {
        "resident_id": YANG, "kind": "service", "services": ["bathing"], "open_at": "2026-11-21T01:00:00Z",
        "due_at": "2026-11-21T02:00:00Z",
    }  # fmt: skip
    await told(await office.post("/visits", json=bath))
    scope = Scope((site.town.hecheng,), None, Purpose.CONSOLE)
    day = date(2026, 11, 21)
    found = await tasks.open_tasks(conn, scope, day)
    assert [(one.kind, one.overdue, one.people, one.minutes) for one in found] == [
        (VisitKind.REGULAR, True, 1, 30),
        (VisitKind.ASSESSMENT, True, 2, 60),
        (VisitKind.SERVICE, False, 2, 60),
    ]
    assert found[2].skills == {"bathing"}
    workers = (site.town.staff["caseworker"],)
    for one in found:
        await tasks.plan(conn, scope, one, workers, NOON + timedelta(hours=20), NOON)
    await conn.commit()
    assert await tasks.open_tasks(conn, scope, day) == []
    (line,) = (await told(await office.get("/visits/duty")))["items"]
    assert line["planned_at"] == "2026-11-21T08:00:00Z"
    tomorrow = await tasks.open_tasks(conn, scope, date(2026, 11, 22))
    assert {one.kind for one in tomorrow} == {VisitKind.ASSESSMENT, VisitKind.REGULAR}


async def test_the_list_goes_on_page_by_page_the_longest_overdue_first(
    office: httpx.AsyncClient, site: Site, conn: Connection
) -> None:
    for number in range(3):
        await towns.home(conn, site.town.hecheng, f"more{number}", f"谢{number}")
    await conn.commit()
    rows = await (await conn.execute("select id from resident where name like '谢%' order by id")).fetchall()
    for days, row in enumerate(rows):
        await begun(office, row["id"], 50 + days)
    first = await told(await office.get("/visits/duty", params={"limit": 2}))
    rest = await told(await office.get("/visits/duty", params={"limit": 2, "cursor": first["next"]}))
    names = [line["resident"] for line in [*first["items"], *rest["items"]]]
    assert (names, rest["next"]) == (["谢2", "谢1", "谢0"], None)


LEFT_OUT: Final = """with plan as (
    insert into day_plan (tenant_id, township, on_day, asked_at, made_at, appointments, left_out, travel_min)
    select tenant_id, '431202001', %(day)s, %(now)s, %(now)s, 0, 1, 0 from home where key = 'yellow'
    returning id
)
insert into day_plan_left (plan_id, resident_id, home_id, kind, why)
select plan.id, resident.id, resident.home_id, %(kind)s, %(why)s
from plan, resident where resident.id = %(who)s"""


async def test_the_list_says_in_words_why_a_plan_left_somebody_out(
    office: httpx.AsyncClient, conn: Connection
) -> None:
    await begun(office)
    for day, kind, why in (
        ("2026-11-19", "regular", "full"),  # over
        ("2026-11-21", "regular", "no_place"),  # before it was found out where the home is
        ("2026-11-21", "regular", "no_hours"),
        ("2026-11-21", "service", "no_second"),  # a bath, and not the duty
    ):
        values = {"day": day, "now": NOON, "kind": kind, "why": why, "who": YANG}
        await conn.execute(LEFT_OUT, values)
    await conn.commit()
    (line,) = (await told(await office.get("/visits/duty", params={"locale": "en"})))["items"]
    said = "Nobody who is able to can be there in time and be back before their hours end."
    assert (line["left_on"], line["not_yet"], line["planned_at"]) == ("2026-11-21", said, None)


async def test_a_festival_is_proposed_in_time_until_a_campaign_is_made_for_it(site: Site) -> None:
    site.clock.turn(timedelta(days=40))  # 37 days before the eve of the new year
    office = await site.signed_in("supervisor")
    (one,) = (await told(await office.get("/visits/campaigns/proposed")))["proposed"]
    assert (one["festival"], one["on"]) == ("spring", "2027-02-05")
    await told(await office.post("/visits/campaigns", json=one["campaign"]))
    assert (await told(await office.get("/visits/campaigns/proposed")))["proposed"] == []
