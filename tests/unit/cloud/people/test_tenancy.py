"""Places by their code, and what tenants have, may use and have used."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from cloud.db import Connection
from cloud.people import divisions, tenancy
from cloud.people.tenancy import QuotaName, QuotaState, QuotaUse
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON
from tests.unit.cloud.web.test_incidents import raise_alarm

SPAN = {"since": "2026-11-19", "until": "2026-11-21"}


def test_huaihua_has_thirteen_county_level_areas_in_one_tree() -> None:
    assert all(divisions.is_code(code) for code in divisions.HUAIHUA)
    counties = [code for code in divisions.HUAIHUA if divisions.level(code) == 3]
    assert len(counties) == 13
    assert {divisions.parent(code) for code in counties} == {"431200000000"}
    assert divisions.parent("431200000000") == "430000000000"
    assert divisions.parent("430000000000") is None


@pytest.mark.parametrize("code", ["", "4312", "000000000000", "43120200000a", "430002000000", "431202000001"])
def test_a_code_with_a_gap_is_none(code: str) -> None:
    assert not divisions.is_code(code)


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("431202003000", 4, "431202000000"),
        ("431202003201", 5, "431202003000"),
        ("431202000000", 3, "431200000000"),
    ],
)
def test_the_code_tells_level_and_parent(code: str, level: int, parent: str) -> None:
    assert (divisions.level(code), divisions.parent(code)) == (level, parent)
    assert divisions.is_below(code, "431200000000")
    assert not divisions.is_below(parent, code)


async def test_a_division_elsewhere_than_its_parent_is_refused(conn: Connection) -> None:
    await conn.execute("insert into division values ('431200000000', '怀化市', null)")
    with pytest.raises(Exception, match="division_parent_is_above"):
        await conn.execute("insert into division values ('431302000000', '娄星区', '431200000000')")


@pytest.mark.parametrize(
    ("used", "state"),
    [(0, QuotaState.OK), (79, QuotaState.OK), (80, QuotaState.NEAR), (100, QuotaState.REACHED)],
)
def test_a_quota_warns_from_eighty_percent(used: int, state: QuotaState) -> None:
    assert QuotaUse(QuotaName.HOMES, 100, used).state is state


async def test_counting_twice_counts_once(site: Site, conn: Connection) -> None:
    await raise_alarm(conn, site)
    await conn.execute(
        "insert into delivery_day (home_id, day, lane, records) values (%s, '2026-11-20', 't', 150)",
        [site.town.yellow],
    )
    for _ in range(2):
        await tenancy.count(conn, NOON)
    await conn.commit()
    evaluator = await site.signed_in("evaluator")
    rows = (await evaluator.get("/usage", params=SPAN)).json()["usage"]
    assert {row["name"]: row["n"] for row in rows if row["day"] == "2026-11-20"} == {
        "homes": 2,
        "incidents": 1,
        "messages": await _messages(conn),
        "readings": 150,
    }
    assert {row["tenant"] for row in rows} == {"hecheng"}


async def _messages(conn: Connection) -> int:
    row = await (await conn.execute("select count(*) from message")).fetchone()
    return int(row["count"]) if row else 0


async def _city(site: Site, conn: Connection) -> None:
    """Make a city above both counties, with an administrator."""
    await conn.execute("insert into division values ('431200000000', '怀化市', null)")
    await conn.execute(
        "insert into tenant (code, name, division_code) values ('huaihua', '怀化市', '431200000000')"
    )
    await conn.execute(
        "update staff set tenant_id = (select id from tenant where code = 'huaihua')"
        " where username like 'city%'"
    )
    await conn.commit()


async def test_a_city_sees_the_tenants_below_and_switches_them(site: Site, conn: Connection) -> None:
    await _city(site, conn)
    city = await site.signed_in("city_admin")
    listed = (await city.get("/tenants")).json()["tenants"]
    assert [one["code"] for one in listed] == ["huaihua", "hecheng", "zhongfang"]
    body = {"modules": ["monitoring"], "quotas": {"homes": 2}}
    set_ = await city.put("/tenants/hecheng/equipment", json=body)
    assert set_.status_code == 200, set_.text
    await tenancy.count(conn, NOON)
    await conn.commit()
    county = await site.signed_in("operator")
    own = (await county.get("/tenants")).json()["tenants"]
    assert [(one["code"], one["modules"], one["quotas"]) for one in own] == [
        ("hecheng", ["monitoring"], [{"name": "homes", "most": 2, "used": 2, "state": "reached"}])
    ]
    refused = await county.get("/figures")
    assert (refused.status_code, refused.json()["code"]) == (403, "module_off")
    assert (await county.get("/snapshot")).status_code == 200  # alarms are no module


async def test_a_full_quota_of_homes_takes_no_new_one_and_keeps_what_is_there(
    site: Site, conn: Connection
) -> None:
    await conn.execute("insert into quota select id, 'homes', 3 from tenant where code = 'hecheng'")
    await conn.commit()
    admin = await site.signed_in("admin")

    async def add(key: str) -> httpx.Response:
        home = {"key": key, "division": "431202000000", "address": "third lane 1"}
        return await admin.post("/register/homes", json={"record": home})

    assert (await add("third")).status_code == 201
    refused = await add("fourth")
    assert (refused.status_code, refused.json()["code"]) == (409, "quota_reached")
    assert (await raise_alarm(conn, site)) > 0


async def test_a_county_equips_neither_itself_nor_its_neighbour(site: Site, conn: Connection) -> None:
    body: dict[str, object] = {"modules": [], "quotas": {}}
    for who, code, status in (
        ("operator", "hecheng", 403),
        ("city_admin", "zhongfang", 404),  # of a tenant that lies in no city
    ):
        browser = await site.signed_in(who)
        assert (await browser.put(f"/tenants/{code}/equipment", json=body)).status_code == status


async def test_a_city_sees_no_person(site: Site, conn: Connection) -> None:
    await _city(site, conn)
    incident = await raise_alarm(conn, site)
    city = await site.signed_in("city_admin")
    for path in ("/snapshot", f"/incidents/{incident}", f"/homes/{site.town.yellow}"):
        assert (await city.get(path)).status_code == 403


def test_days_of_usage_are_those_of_utc_plus_eight() -> None:
    assert tenancy.day_of(NOON).isoformat() == "2026-11-20"
    assert tenancy.day_of(NOON + timedelta(hours=4)).isoformat() == "2026-11-21"
