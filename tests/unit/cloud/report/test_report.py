"""A month in the database: counted, frozen, corrected, read by who may, and followed down to its rows."""

from __future__ import annotations

import argparse
import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cloud.auth import Purpose, Scope
from cloud.commands import COMMANDS
from cloud.db import Connection, Pool, connect
from cloud.report import keeper, store
from cloud.report.months import Month
from cloud.report.tally import Cell, Cut, Key
from cloud.settings import ConfigError, County, Database, Settings
from cloud.web import create_app
from tests.conftest import Server
from tests.unit.cloud import town as towns
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import Town

pytestmark = pytest.mark.services

OCTOBER: Final = date(2026, 10, 1)
BEGUN: Final = datetime(2026, 10, 2, 4, 0, tzinfo=UTC)
"""When the keeper came for the first time."""
LATER: Final = datetime(2026, 11, 5, 4, 0, tzinfo=UTC)
"""Five days after October's end."""
AT: Final = datetime(2026, 10, 9, 4, 0, tzinfo=UTC)
COUNTY: Final = "431221000000"


async def fall(
    conn: Connection, home: int, *steps: tuple[int, str, str], at: datetime = AT, outcome: str | None = "A2"
) -> int:
    """An incident with ``steps``: seconds after it was opened, trigger, and the state that it led to."""
    found = await conn.execute(
        "insert into incident (tenant_id, home_id, kind, family, priority, state, state_since, observed_at,"
        " opened_at, outcome, closed_at) select tenant_id, id, 'fall', 'person', 1, 'closed', %(at)s, %(at)s,"
        " %(at)s, %(outcome)s, %(at)s from home where id = %(home)s returning id",
        {"at": at, "outcome": outcome, "home": home},
    )
    (row,) = await found.fetchall()
    for seq, (after_s, trigger, state) in enumerate([(0, "alarm", "raised"), *steps], 1):
        await conn.execute(
            "insert into incident_event values (%s, %s, %s, 'staff:1', %s, '', %s, '{}')",
            [row["id"], seq, at + timedelta(seconds=after_s), trigger, state],
        )
    await conn.commit()
    return int(row["id"])


HELPED: Final = (
    (30, "ack", "acked"),
    (60, "accept", "en_route"),
    (600, "arrive", "on_site"),
    (700, "enter", "on_site"),
)
SLOW: Final = ((90, "ack", "acked"), (120, "dispatch", "dispatching"), (4000, "arrive", "on_site"))


async def kept(pool: Pool, tenant: int, *moments: datetime) -> None:
    for now in moments:
        assert await keeper.work(pool, tenant, now)


async def versions(conn: Connection, tenant: int, month: date = OCTOBER) -> list[dict[str, Any]]:
    found = await conn.execute(
        "select version, frozen_at, why, digest, cells from report where tenant_id = %s and month = %s"
        " order by version",
        [tenant, month],
    )
    rows = await found.fetchall()
    await conn.commit()
    return rows


def figure(report: dict[str, Any], indicator: str, cut: str = "all", of: str = "") -> dict[str, Any]:
    (found,) = [
        one for one in report["figures"] if (one["indicator"], one["cut"], one["of"]) == (indicator, cut, of)
    ]
    return dict(found)


async def test_a_month_is_counted_daily_and_frozen_three_days_after_its_end(
    pool: Pool, conn: Connection, town: Town
) -> None:
    await fall(conn, town.yellow, *HELPED)
    await fall(conn, town.green, *SLOW)
    await kept(pool, town.hecheng, BEGUN)
    (first,) = await versions(conn, town.hecheng)
    assert (first["version"], first["frozen_at"]) == (1, None)
    await kept(pool, town.hecheng, AT + timedelta(days=1))
    (second,) = await versions(conn, town.hecheng)
    cells = store.parsed(second["cells"])
    assert cells[Key("answered_60", Cut.ALL, "")] == Cell(1, 2, 2)
    assert cells[Key("on_site_60", Cut.ALL, "")] == Cell(1, 2, 2)
    assert cells[Key("access_5", Cut.ALL, "")] == Cell(1, 2, 2)
    await kept(pool, town.hecheng, LATER)
    (third,) = await versions(conn, town.hecheng)
    assert third["frozen_at"] == LATER
    assert third["digest"] == store.digest(OCTOBER, 1, "", store.parsed(third["cells"]))
    found = await conn.execute("select about from audit_entry where action = 'freezeReport'")
    assert [row["about"] for row in await found.fetchall()] == [f"2026-10 {third['digest']}"]


async def test_a_frozen_month_is_not_counted_again(pool: Pool, conn: Connection, town: Town) -> None:
    await kept(pool, town.hecheng, BEGUN, LATER)
    before = await versions(conn, town.hecheng)
    await fall(conn, town.yellow, *HELPED)
    await kept(pool, town.hecheng, LATER + timedelta(days=1))
    assert await versions(conn, town.hecheng) == before
    assert len(await versions(conn, town.hecheng, date(2026, 11, 1))) == 1


@pytest.mark.parametrize(
    "statement", ["update report set cells = '[]'", "delete from report", "truncate report"]
)
async def test_not_even_the_owner_changes_what_is_frozen_by_mistake(
    pool: Pool, conn: Connection, town: Town, statement: str
) -> None:
    await kept(pool, town.hecheng, BEGUN, LATER)
    with pytest.raises(psycopg.errors.RaiseException):
        await conn.execute(statement.encode())


async def test_of_three_keepers_one_counts(pool: Pool, conn: Connection, town: Town) -> None:
    await kept(pool, town.hecheng, BEGUN)
    done = await asyncio.gather(
        *(keeper.work(pool, town.hecheng, LATER) for _ in range(3)), return_exceptions=True
    )
    assert [one for one in done if one is True] == [True]
    assert len(await versions(conn, town.hecheng)) == 1
    async with pool.connection() as service:
        assert town.hecheng not in await keeper.due(service, LATER)
        assert town.hecheng in await keeper.due(service, LATER + timedelta(days=1))


async def test_a_keeper_that_was_away_for_months_freezes_each(
    pool: Pool, conn: Connection, town: Town
) -> None:
    await kept(pool, town.hecheng, BEGUN, datetime(2027, 1, 10, tzinfo=UTC))
    found = await conn.execute("select month, frozen_at is not null as frozen from report order by month")
    assert [(row["month"].month, row["frozen"]) for row in await found.fetchall()] == [
        (10, True), (11, True), (12, True), (1, False),
    ]  # fmt: skip


async def test_a_lowered_priority_takes_nothing_out_of_the_count(
    pool: Pool, conn: Connection, town: Town
) -> None:
    number = await fall(conn, town.yellow, *SLOW)
    await conn.execute("update incident_event set detail = '{\"priority\": 1}' where seq = 1")
    await conn.execute("update incident set priority = 4 where id = %s", [number])
    await conn.commit()
    await kept(pool, town.hecheng, BEGUN, LATER)
    (month,) = await versions(conn, town.hecheng)
    assert store.parsed(month["cells"])[Key("missed_p1", Cut.ALL, "")] == Cell(0, 1, 1)


async def test_days_of_homes_count_from_the_first_word_to_the_last(
    pool: Pool, conn: Connection, town: Town
) -> None:
    await conn.execute(
        "insert into delivery_day (home_id, day, lane, records)"
        " select %s, day::date, lane, 5"
        " from generate_series(date '2026-10-11', '2026-10-20', '1 day') as day,"
        " unnest(array['a', 't']) as lane",
        [town.yellow],
    )
    await conn.commit()
    await kept(pool, town.hecheng, BEGUN, LATER)
    (month,) = await versions(conn, town.hecheng)
    cells = store.parsed(month["cells"])
    assert cells[Key("device_uptime", Cut.ALL, "")] == Cell(10, 21, 1)
    assert cells[Key("coverage", Cut.ALL, "")] == Cell(1, 2, 2)


async def test_the_circle_holds_homes_that_somebody_who_may_be_called_reaches_in_time(
    pool: Pool, conn: Connection, town: Town
) -> None:
    await conn.execute("update home set latitude = 27.60 where id = %s", [town.green])  # 4.4 km to the north
    for mode, withdrawn in (("walk", None), ("car", AT)):
        await conn.execute(
            "insert into responder"
            " (tenant_id, kind, name, mode, latitude, longitude, consent_at, withdrawn_at)"
            " values (%s, 'neighbour', 'n', %s, 27.56, 109.99, %s, %s)",
            [town.hecheng, mode, AT, withdrawn],
        )
    await conn.commit()
    await kept(pool, town.hecheng, BEGUN, AT)
    (on_foot,) = await versions(conn, town.hecheng)
    assert store.parsed(on_foot["cells"])[Key("circle_homes", Cut.ALL, "")] == Cell(1, 2, 2)
    await conn.execute(
        "insert into centre (tenant_id, name, latitude, longitude) values (%s, 'c', 27.56, 109.99)",
        [town.hecheng],
    )
    await conn.commit()
    await kept(pool, town.hecheng, LATER)
    (by_car,) = await versions(conn, town.hecheng)
    assert store.parsed(by_car["cells"])[Key("circle_homes", Cut.ALL, "")] == Cell(2, 2, 2)


async def test_a_battery_warning_counts_once_its_week_is_over(
    pool: Pool, conn: Connection, town: Town
) -> None:
    for name, kind, at in (
        ("a", "battery_low", AT), ("b", "battery_low", AT), ("c", "battery_low", OCTOBER_S_END),
        ("d", "sensor_silent", AT + timedelta(days=2)),
    ):  # fmt: skip
        await conn.execute(
            "insert into alarm"
            " (alarm_id, home_id, gateway_id, device_id, kind, state, observed_at, stored_at)"
            " values (%s, %s, 'gw', %s, %s, 'raised', %s, %s)",
            [name, town.yellow, 2 if name == "b" else 1, kind, at, at],
        )
    await conn.commit()
    await kept(pool, town.hecheng, BEGUN, LATER)
    (month,) = await versions(conn, town.hecheng)
    assert store.parsed(month["cells"])[Key("battery_lead", Cut.ALL, "")] == Cell(1, 2, 2)


OCTOBER_S_END: Final = datetime(2026, 10, 30, tzinfo=UTC)


async def test_whoever_was_not_visited_is_in_the_rate_and_overdue_as_the_month_ended(
    pool: Pool, conn: Connection, town: Town
) -> None:
    await conn.execute("update visit_person set since = '2026-08-01T00:00:00+08', due_at = '2026-08-01'")
    await visited(conn, town.yellow, AT)
    await visited(conn, town.green, LATER)  # too late for October, and no excuse for it
    await kept(pool, town.hecheng, BEGUN, LATER)
    (month,) = await versions(conn, town.hecheng)
    cells = store.parsed(month["cells"])
    assert cells[Key("visiting_rate", Cut.ALL, "")] == Cell(1, 2, 2)
    assert cells[Key("overdue_days", Cut.AGE, "80-89")].part == pytest.approx(
        ((OCTOBER_OVER - AT) / DAY - 7) + ((OCTOBER_OVER - DUTY_FROM) / DAY - 7)
    )


DAY: Final = timedelta(days=1)
OCTOBER_OVER: Final = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
DUTY_FROM: Final = datetime(2026, 7, 31, 16, 0, tzinfo=UTC)


async def visited(conn: Connection, home: int, at: datetime) -> None:
    """Somebody saw the person of ``home`` there."""
    await conn.execute(
        "insert into visit"
        " (key, tenant_id, home_id, resident_id, kind, way, made_at, began_at, seen, arrival)"
        " select gen_random_uuid(), home.tenant_id, home.id, resident.id, 'scheduled', 'home', %(at)s,"
        " %(at)s, true, 'tag' from home join resident on resident.home_id = home.id where home.id = %(home)s",
        {"at": at, "home": home},
    )
    await conn.commit()


# At the screen -----------------------------------------------------------------------------------------


@pytest.fixture
async def month(pool: Pool, conn: Connection, town: Town, site: Site) -> Town:
    """October of both tenants, frozen: six falls in ``yellow``, one of them slow, and one in ``foreign``."""
    for day in range(5):
        await fall(conn, town.yellow, *HELPED, at=AT + timedelta(days=day))
    await fall(conn, town.yellow, *SLOW, at=AT + timedelta(days=6), outcome="C3")
    await fall(conn, town.foreign, *HELPED)
    for tenant in (town.hecheng, town.zhongfang):
        await kept(pool, tenant, BEGUN, LATER)
    site.clock.now = LATER
    return town


async def read(site: Site, who: str, path: str = "", **asked: Any) -> dict[str, Any]:
    answer = await (await site.signed_in(who)).get(f"/report/months/2026-10{path}", params=asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_supervisor_reads_the_month_with_what_it_is_divided_by(site: Site, month: Town) -> None:
    found = await read(site, "supervisor", cut=["all", "sex"])
    assert [(one["code"], one["version"]) for one in found["tenants"]] == [("hecheng", 1)]
    assert figure(found, "answered_60") == {
        "indicator": "answered_60", "cut": "all", "of": "", "suppressed": False, "numerator": 5,
        "denominator": 6, "cases": 6, "value": pytest.approx(5 / 6), "low": pytest.approx(0.4365, abs=1e-4),
        "high": pytest.approx(0.9699, abs=1e-4), "met": False,
    }  # fmt: skip
    assert figure(found, "false_alarms", "sex", "f")["numerator"] == 1


async def test_who_may_not_see_rows_sees_no_figure_of_a_few(site: Site, month: Town) -> None:
    found = await read(site, "evaluator")
    assert figure(found, "answered_60")["value"] == pytest.approx(5 / 6)
    for few in ("false_alarms", "coverage"):
        assert figure(found, few) | {"indicator": few} == {
            "indicator": few, "cut": "all", "of": "", "suppressed": True, "numerator": None,
            "denominator": None, "cases": None, "value": None, "low": None, "high": None, "met": None,
        }  # fmt: skip


async def test_a_figure_is_followed_down_to_its_rows_and_the_trail_says_whose(
    site: Site, conn: Connection, month: Town
) -> None:
    asked = {"indicator": "answered_60", "missed": "true"}
    found = await read(site, "supervisor", "/rows", **asked)
    assert [(row["home_id"], row["of"], row["numerator"]) for row in found["items"]] == [
        (month.yellow, "incident", 0)
    ]
    assert [(row["kind"], row["area"], row["division"]) for row in found["items"]] == [
        ("fall", "鹤城区", "431202000000")
    ]
    seen = await conn.execute("select homes, purpose from audit_entry where action = 'listReportRows'")
    assert [(row["homes"], row["purpose"]) for row in await seen.fetchall()] == [([month.yellow], "console")]


async def test_the_rows_behind_every_figure_add_up_to_it(site: Site, month: Town) -> None:
    report = await read(site, "supervisor", cut=["all", "kind"])
    browser = await site.signed_in("supervisor")
    assert len({one["indicator"] for one in report["figures"]}) > 20
    for one in report["figures"]:
        asked = {name: one[name] for name in ("indicator", "cut", "of")}
        rows = (await browser.get("/report/months/2026-10/rows", params=asked)).json()["items"]
        assert sum(row["numerator"] for row in rows) == pytest.approx(one["numerator"]), one
        assert sum(row["denominator"] for row in rows) == pytest.approx(one["denominator"]), one


async def test_rows_come_page_by_page(site: Site, month: Town) -> None:
    first = await read(site, "supervisor", "/rows", indicator="answered_60", limit=4)
    then = await read(site, "supervisor", "/rows", indicator="answered_60", limit=4, cursor=first["next"])
    records = [row["record"] for page in (first, then) for row in page["items"]]
    assert (len(records), records, then["next"]) == (6, sorted(set(records)), None)


async def test_an_evaluator_may_not_follow_a_figure_to_a_person(site: Site, month: Town) -> None:
    browser = await site.signed_in("evaluator")
    answer = await browser.get("/report/months/2026-10/rows", params={"indicator": "answered_60"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


async def test_a_caseworker_follows_figures_to_their_own_homes_only(
    site: Site, pool: Pool, conn: Connection, month: Town
) -> None:
    await fall(conn, month.green, *HELPED)
    found = await read(site, "caseworker", "/rows", indicator="answered_60")
    assert {row["home_id"] for row in found["items"]} == {month.yellow}


async def test_nobody_is_told_of_a_month_or_an_indicator_that_there_is_not(site: Site, month: Town) -> None:
    browser = await site.signed_in("supervisor")
    assert (await browser.get("/report/months/2025-01")).status_code == 404
    assert (await browser.get("/report/months/2026-13")).status_code == 422
    rows = await browser.get("/report/months/2026-10/rows", params={"indicator": "happiness"})
    assert rows.status_code == 404


async def test_a_file_has_every_cut_and_opens_as_what_it_says(site: Site, month: Town) -> None:
    browser = await site.signed_in("evaluator")
    table = await browser.get("/report/months/2026-10/file", params={"form": "csv", "locale": "en"})
    assert table.headers["content-disposition"] == 'attachment; filename="report-2026-10.csv"'
    assert table.text.startswith("\ufeffindicator,called,cut,of,numerator")
    assert "answered_60,Answered within 60 s,kind,a possible fall,5,6" in table.text
    book = await browser.get("/report/months/2026-10/file")
    assert zipfile.ZipFile(io.BytesIO(book.content)).testzip() is None


async def test_a_report_names_what_its_cuts_are_cut_into(site: Site, month: Town) -> None:
    found = await read(site, "supervisor", cut=["county", "slot"], locale="en")
    assert found["labels"]["county"] == {"431202": "鹤城区"}
    assert found["labels"]["slot"]["5-12"] == "Fri 12:00–15:00"
    assert figure(found, "answered_60", "slot", "5-12")["denominator"] == 1, "noon of Friday, October 9"


async def test_months_stand_side_by_side_as_they_were_counted(site: Site, month: Town) -> None:
    browser = await site.signed_in("evaluator")
    found = (await browser.get("/report/trend")).json()
    assert [(one["month"], one["frozen"], one["tenants"]) for one in found["months"]] == [
        ("2026-10-01", True, 1), ("2026-11-01", False, 1),
    ]  # fmt: skip
    october, november = found["months"]
    assert figure(october, "answered_60")["denominator"] == 6
    assert figure(october, "false_alarms")["suppressed"], "a single case is as hidden here as in its month"
    assert "answered_60" not in {one["indicator"] for one in november["figures"]}
    assert {one["cut"] for one in october["figures"]} == {"all"}
    this = (await browser.get("/report/trend", params={"months": 1})).json()["months"]
    assert [one["month"] for one in this] == ["2026-11-01"]


async def test_a_correction_is_a_new_version_that_says_why(site: Site, conn: Connection, month: Town) -> None:
    before = await versions(conn, month.hecheng)
    browser = await site.signed_in("supervisor")
    asked = {"version": 1, "why": "a record came late"}
    same = await browser.post("/report/months/2026-10/corrections", json=asked)
    assert (same.status_code, same.json()["code"]) == (409, "nothing_changed")
    await fall(conn, month.green, *HELPED)
    told = await browser.post("/report/months/2026-10/corrections", json=asked)
    assert told.status_code == 200, told.text
    assert figure({"figures": told.json()["changed"]}, "answered_60")["denominator"] == 7
    old, new = await versions(conn, month.hecheng)
    assert [old] == before
    assert (new["version"], new["why"], new["digest"]) == (2, asked["why"], told.json()["digest"])
    assert figure(await read(site, "supervisor"), "answered_60")["denominator"] == 7
    late = await browser.post("/report/months/2026-10/corrections", json=asked)
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    months = (await browser.get("/report/months")).json()["months"]
    assert [(one["month"], one["version"], one["why"]) for one in months if one["month"] == "2026-10-01"] == [
        ("2026-10-01", 2, asked["why"]), ("2026-10-01", 1, ""),
    ]  # fmt: skip


async def test_only_a_frozen_month_is_corrected(site: Site, pool: Pool, month: Town) -> None:
    browser = await site.signed_in("supervisor")
    told = await browser.post("/report/months/2026-11/corrections", json={"version": 1, "why": "x"})
    assert told.status_code == 404


# On the console ----------------------------------------------------------------------------------------


def typed(*line: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    COMMANDS["report"].arguments(parser)
    return parser.parse_args(line)


async def test_who_runs_the_cloud_reads_the_month_as_a_table_or_writes_it_to_a_file(
    database: str, month: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, run = Settings(database=Database(dsn=database)), COMMANDS["report"].run
    await asyncio.to_thread(run, settings, typed("hecheng", "2026-10"))
    told = capsys.readouterr().out
    assert "鹤城区 2026-10 version 1, frozen 2026-11-05" in told
    assert "answered_60                 5            6    0.8333  >= 0.975 (TSA) missed" in told
    file = tmp_path / "october.xlsx"
    await asyncio.to_thread(run, settings, typed("hecheng", "2026-10", "--file", str(file)))
    assert zipfile.ZipFile(file).testzip() is None
    with pytest.raises(ConfigError, match="never counted"):
        await asyncio.to_thread(run, settings, typed("hecheng", "2025-10"))
    with pytest.raises(ConfigError, match="no tenant"):
        await asyncio.to_thread(run, settings, typed("nowhere", "2026-10"))


# A city ------------------------------------------------------------------------------------------------


@pytest.fixture
async def county(postgres: Server) -> AsyncIterator[str]:
    """A county's own database, with an October of 7 falls in one of its two tenants."""
    dsn = postgres.create(postgres.template)
    async with await connect(dsn) as conn:
        there = await towns.found(conn)
        for day in range(7):
            await fall(conn, there.foreign, *HELPED, at=AT + timedelta(days=day))
        await _counted(conn, there.zhongfang)
    yield dsn
    postgres.drop(dsn)


async def _counted(conn: Connection, tenant: int) -> None:
    scope = Scope((tenant,), None, Purpose.FIGURES)
    zone = await store.zone_of(conn, scope, tenant)
    span = store.span_of(Month(OCTOBER, zone), LATER)
    cells = await store.count(conn, scope, span)
    await store.write(conn, store.Draft(tenant, OCTOBER, cells), None, LATER, freeze=True)
    await conn.commit()


@pytest.fixture
async def city(
    pool: Pool, api_pool: Pool, site: Site, conn: Connection, month: Town
) -> Callable[[str], Site]:
    """The application of a city, told of one county with a database at this address."""
    await conn.execute("insert into division values ('431200000000', '怀化市', null)")
    await conn.execute("update tenant set division_code = '431200000000' where id = %s", [month.hecheng])
    await conn.commit()

    def told(dsn: str) -> Site:
        settings = Settings(county=(County(COUNTY, (0, 3), dsn),))
        return replace(site, app=create_app(settings, api_pool, pool, clock=site.clock))

    return told


async def test_a_city_adds_its_tenants_and_a_county_s_database_and_names_one_that_is_silent(
    city: Callable[[str], Site], county: str
) -> None:
    found = await read(city(county), "city_evaluator")
    assert sorted(one["code"] for one in found["tenants"]) == ["hecheng", "zhongfang", "zhongfang"]
    assert figure(found, "answered_60")["denominator"] == 6 + 1 + 7
    again = await read(city(make_conninfo(county, port=1)), "city_evaluator")
    assert (again["silent"], again["figures"]) == ([COUNTY], found["figures"])


async def test_a_trend_of_a_city_has_its_counties_and_names_the_silent(
    city: Callable[[str], Site], county: str
) -> None:
    found = (await (await city(county).signed_in("city_evaluator")).get("/report/trend")).json()
    october = found["months"][0]
    assert (october["tenants"], found["silent"]) == (3, [])
    assert figure(october, "answered_60")["denominator"] == 6 + 1 + 7
    away = city(make_conninfo(county, port=1))
    without = (await (await away.signed_in("city_evaluator")).get("/report/trend")).json()
    assert (without["months"][0]["tenants"], without["silent"]) == (2, [COUNTY])


async def test_a_city_follows_no_figure_to_a_person(city: Callable[[str], Site], county: str) -> None:
    browser = await city(county).signed_in("city_admin")
    answer = await browser.get("/report/months/2026-10/rows", params={"indicator": "answered_60"})
    assert answer.status_code == 403
