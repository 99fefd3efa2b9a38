"""``GET /figures``: numbers for who may see them, from the own database and those of counties."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

from cloud.db import Connection, Pool, connect
from cloud.settings import County, Settings
from cloud.web import create_app
from tests.conftest import Server
from tests.unit.cloud import town as towns
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON, Town

pytestmark = pytest.mark.services
COUNTY = "431221000000"


async def incident(conn: Connection, tenant: int, home: int, *, answered_after_s: int | None) -> None:
    answered = None if answered_after_s is None else f"{answered_after_s} s"
    await conn.execute(
        "insert into incident (tenant_id, home_id, kind, family, priority, state, state_since, observed_at,"
        " opened_at, acked_at)"
        " values (%(tenant)s, %(home)s, 'sos', 'sos', 1, 'raised', %(at)s, %(at)s, %(at)s,"
        " %(at)s::timestamptz + %(answered)s::interval)",
        {"tenant": tenant, "home": home, "at": NOON, "answered": answered},
    )
    await conn.commit()


async def read(site: Site, who: str) -> dict[str, Any]:
    answer = await (await site.signed_in(who)).get("/figures")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.fixture
async def county(postgres: Server) -> AsyncIterator[str]:
    """A county's own database, with a town in it."""
    dsn = postgres.create(postgres.template)
    conn = await connect(dsn)
    await towns.found(conn)
    await conn.close()
    yield dsn
    postgres.drop(dsn)


@pytest.fixture
async def city(pool: Pool, api_pool: Pool, site: Site, conn: Connection, town: Town) -> Callable[[str], Site]:
    """The application of a city, told of one county with a database at this address."""
    await conn.execute("insert into division values ('431200000000', '怀化市', null)")
    await conn.execute("update tenant set division_code = '431200000000' where id = %s", [town.hecheng])
    await conn.commit()

    def told(dsn: str) -> Site:
        settings = Settings(county=(County(COUNTY, (0, 3), dsn),))
        return replace(site, app=create_app(settings, api_pool, pool, clock=site.clock))

    return told


async def test_a_county_sees_its_own_numbers_and_no_others(site: Site, conn: Connection, town: Town) -> None:
    await incident(conn, town.hecheng, town.yellow, answered_after_s=30)
    await incident(conn, town.hecheng, town.green, answered_after_s=90)
    await incident(conn, town.zhongfang, town.foreign, answered_after_s=None)
    found = await read(site, "evaluator")
    assert [one["code"] for one in found["own"]] == ["hecheng"]
    assert found["sum"] == {
        "tenants": 1,
        "homes": 2,
        "residents": 2,
        "gateways": 2,
        "online": 2,
        "open_by_priority": [2, 0, 0, 0, 0],
        "raised_24h": 2,
        "urgent_24h": 2,
        "answered_24h": 1,
        "messages_failed_24h": 0,
    }


async def test_yesterday_s_incidents_are_not_of_the_last_day(
    site: Site, conn: Connection, town: Town
) -> None:
    await incident(conn, town.hecheng, town.yellow, answered_after_s=30)
    await conn.execute("update incident set opened_at = opened_at - interval '24 h'")
    await conn.commit()
    found = (await read(site, "evaluator"))["sum"]
    assert (found["raised_24h"], found["open_by_priority"][0]) == (0, 1)


@pytest.mark.parametrize("who", ["family", "caseworker"])
async def test_who_may_not_read_figures_gets_none(site: Site, who: str) -> None:
    assert (await (await site.signed_in(who)).get("/figures")).status_code == 403


async def test_the_city_adds_a_county_s_database_and_names_it_when_it_is_silent(
    city: Callable[[str], Site], county: str
) -> None:
    found = await read(city(county), "city_evaluator")
    assert (found["silent"], [len(one["tenants"]) for one in found["counties"]]) == ([], [2])
    assert found["sum"]["homes"] == 3 + 3
    again = await read(city(make_conninfo(county, port=1)), "city_evaluator")
    assert (again["silent"], again["sum"]) == ([COUNTY], found["sum"])
    assert again["counties"][0]["taken_at"] == found["counties"][0]["taken_at"]


async def test_a_county_does_not_ask_other_counties(city: Callable[[str], Site], county: str) -> None:
    assert (await read(city(county), "evaluator"))["counties"] == []


async def test_a_city_does_not_ask_what_lies_below_another(
    city: Callable[[str], Site], county: str, conn: Connection, town: Town
) -> None:
    site = city(county)
    await read(site, "city_evaluator")  # its last word is kept, too
    await conn.execute("update tenant set division_code = '431202000000' where id = %s", [town.hecheng])
    await conn.commit()
    assert (await read(site, "city_evaluator"))["counties"] == []


async def test_whoever_counts_for_the_city_can_read_no_person(
    conn: Connection, town: Town, postgres: Server
) -> None:
    await conn.execute("create role counting login")
    await conn.execute("grant execute on function county_figures(timestamptz) to counting")
    await conn.execute("set role counting")
    found = await (await conn.execute("select code, homes from county_figures(%s)", [NOON])).fetchall()
    assert found == [{"code": "hecheng", "homes": 2}, {"code": "zhongfang", "homes": 1}]
    await conn.execute("savepoint before")
    for table in ("home", "resident", "incident", "reading", "contact", "staff"):
        with pytest.raises(Exception, match="permission denied"):
            await conn.execute(f"select * from {table}".encode())
        await conn.execute("rollback to before")
    await conn.rollback()
