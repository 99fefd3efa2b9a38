"""The report and the proposals over HTTP and a real database: counted, proposed, approved by name, or not."""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from psycopg.types.json import Jsonb

from cloud.commands import COMMANDS
from cloud.db import Connection
from cloud.settings import Database, Settings
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON

DOOR = "rules.night_door.wait_s"
DAY = timedelta(days=1)


async def happened(
    conn: Connection,
    home: int,
    kind: str,
    outcome: str | None,
    *,
    at: datetime,
    minutes: int = 30,
    over: float | None = None,
    state: str = "closed",
) -> None:
    """An alarm of the gateway at ``at`` and the incident it opened, as ended; ``over``: minutes after which
    somebody moved.
    """
    number = f"{kind}-{at.timestamp():.0f}"
    found = await conn.execute(
        "insert into incident (tenant_id, home_id, kind, family, priority, state, state_since, observed_at,"
        " opened_at, outcome, closed_at) select tenant_id, id, %s, %s, 2, %s, %s, %s, %s, %s, %s from home"
        " where id = %s returning id",
        [kind, "person", state, at, at, at, outcome, at, home],
    )
    incident = (await found.fetchone() or {})["id"]
    records: list[tuple[str, datetime, dict[str, Any]]] = [("raised", at, {"away_min": minutes})]
    if over is not None:
        records.append(("updated", at + timedelta(minutes=over), {"moved_again": True, "away_min": minutes}))
    for state_of, when, evidence in records:
        await conn.execute(
            "insert into alarm"
            " (alarm_id, home_id, gateway_id, device_id, kind, state, observed_at, stored_at, evidence)"
            " select %s, %s, id, 1, %s, %s, %s, %s, %s from gateway where home_id = %s limit 1",
            [number, home, kind, state_of, when, when, Jsonb(evidence), home],
        )
    await conn.execute(
        "insert into incident_alarm (home_id, alarm_id, incident_id) values (%s, %s, %s)",
        [home, number, incident],
    )


@pytest.fixture
async def lived(site: Site, conn: Connection) -> Site:
    """Weeks in which the door's alarm at ``yellow`` was false four times and help was called for twice."""
    yellow = site.town.yellow
    for ago in (3, 5, 8, 13):
        await happened(conn, yellow, "night_door", "C3", at=NOON - ago * DAY, over=5)
    await happened(conn, yellow, "fall", "A1", at=NOON - 2 * DAY)
    await happened(conn, site.town.green, "sos", "A2", at=NOON - 4 * DAY)
    await happened(conn, site.town.green, "stillness", "C3", at=NOON - 6 * DAY - timedelta(hours=3))
    await happened(conn, site.town.green, "sos", "A2", at=NOON - 6 * DAY)
    await happened(conn, site.town.foreign, "fall", "C2", at=NOON - DAY)
    await conn.commit()
    return site


async def test_the_report_counts_right_false_why_and_missed(lived: Site) -> None:
    supervisor = await lived.signed_in("supervisor")
    said = (await supervisor.get("/rules/report?days=28")).json()
    rules = {one["rule"]: one for one in said["rules"]}
    assert (said["homes"], said["home_weeks"]) == (2, 8.0)
    assert (rules["night_door"]["alerts"], rules["night_door"]["why"]) == (4, {"C3": 4})
    assert rules["night_door"]["false_per_home_week"] == 0.5
    assert (rules["night_door"]["right_share"]["high"], rules["fall"]["right"]) == (0.4899, 1)
    (person,) = said["missed"]
    assert (person["family"], person["raised_by_people"], person["missed"]) == ("person", 2, 1)


async def test_the_report_is_of_the_asked_days_only(lived: Site) -> None:
    supervisor = await lived.signed_in("supervisor")
    said = (await supervisor.get("/rules/report?days=4")).json()
    assert {one["rule"]: one["alerts"] for one in said["rules"]} == {"night_door": 1, "fall": 1, "sos": 1}


async def proposed(site: Site) -> tuple[httpx.AsyncClient, dict[str, Any]]:
    """A supervisor who has looked, and the one proposal that there is."""
    supervisor = await site.signed_in("supervisor")
    answer = await supervisor.post("/rules/proposals", json={})
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["made"]
    return supervisor, one


async def plan_of(conn: Connection, home: int) -> dict[str, Any]:
    found = await conn.execute("select version, body from plan where home_id = %s", [home])
    return await found.fetchone() or {"version": 0, "body": {}}


async def test_what_is_proposed_says_its_numbers_and_changes_nothing(lived: Site, conn: Connection) -> None:
    before = await plan_of(conn, lived.town.yellow)
    _, one = await proposed(lived)
    assert (one["home_id"], one["path"], one["was"], one["state"]) == (lived.town.yellow, DOOR, None, "open")
    assert (one["held"], one["becomes"], one["basis"]["false_gone"]) == (1800.0, 2280.0, 4)
    assert await plan_of(conn, lived.town.yellow) == before


async def test_looking_again_proposes_nothing_twice(lived: Site) -> None:
    supervisor, _ = await proposed(lived)
    assert (await supervisor.post("/rules/proposals", json={})).json() == {"made": []}
    assert len((await supervisor.get("/rules/proposals?state=open")).json()["items"]) == 1


async def test_an_approval_writes_the_next_plan_by_name_and_once(lived: Site, conn: Connection) -> None:
    supervisor, one = await proposed(lived)
    answers = [
        await supervisor.post(
            f"/rules/proposals/{one['id']}/approve",
            json={"version": 1, "reason": "the neighbour brings supper"},
            headers={"Idempotency-Key": "a-key-of-this-approval"},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    said = answers[0].json()
    assert (said["state"], said["decided_by"], said["version"]) == ("approved", "supervisor 某", 2)
    plan = await plan_of(conn, lived.town.yellow)
    assert plan["body"]["rules"] == {"night_door": {"wait_s": 2280.0}}
    assert plan["version"] == said["plan_version"]
    found = await conn.execute(
        "select actor, homes from audit_entry where action = 'approveProposal' order by id"
    )
    entry = (await found.fetchall())[0]
    assert entry == {"actor": f"staff:{lived.town.staff['supervisor']}", "homes": [lived.town.yellow]}


async def test_a_refusal_keeps_the_plan_and_is_not_asked_about_again(lived: Site, conn: Connection) -> None:
    supervisor, one = await proposed(lived)
    path = f"/rules/proposals/{one['id']}/refuse"
    answer = await supervisor.post(path, json={"version": 1, "reason": "she did fall last winter"})
    assert (answer.status_code, answer.json()["state"]) == (200, "refused")
    assert (await supervisor.post("/rules/proposals", json={})).json() == {"made": []}
    assert await plan_of(conn, lived.town.yellow) == {"version": 0, "body": {}}


async def test_what_is_decided_or_was_not_seen_is_refused_with_how_it_stands(lived: Site) -> None:
    supervisor, one = await proposed(lived)
    path = f"/rules/proposals/{one['id']}/refuse"
    stale = await supervisor.post(path, json={"version": 7, "reason": "x"})
    assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
    assert (await supervisor.post(path, json={"version": 1, "reason": "x"})).status_code == 200
    again = await supervisor.post(path.replace("refuse", "approve"), json={"version": 2, "reason": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "decided")
    assert again.json()["current"]["state"] == "refused"


async def test_a_plan_that_moved_on_overtakes_the_proposal(lived: Site, conn: Connection) -> None:
    supervisor, one = await proposed(lived)
    await conn.execute(
        "insert into plan (home_id, version, body) values (%s, 3, %s)",
        [lived.town.yellow, Jsonb({"rules": {"night_door": {"wait_s": 900}}})],
    )
    await conn.commit()
    path = f"/rules/proposals/{one['id']}/approve"
    answer = await supervisor.post(path, json={"version": 1, "reason": "fine"})
    assert (answer.status_code, answer.json()["state"], answer.json()["decided_by"]) == (
        200,
        "overtaken",
        None,
    )
    assert (await plan_of(conn, lived.town.yellow))["version"] == 3


@pytest.mark.parametrize("body", [{"version": 1}, {"version": 1, "reason": ""}, {"reason": "x"}])
async def test_nobody_decides_without_a_reason_or_a_version(lived: Site, body: dict[str, Any]) -> None:
    supervisor, one = await proposed(lived)
    assert (await supervisor.post(f"/rules/proposals/{one['id']}/approve", json=body)).status_code == 422


async def test_an_operator_tunes_nothing(lived: Site) -> None:
    operator = await lived.signed_in("operator")
    assert (await operator.get("/rules/report")).status_code == 403
    assert (await operator.post("/rules/proposals", json={})).status_code == 403


async def test_the_console_prints_the_same_report(
    lived: Site, conn: Connection, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    await conn.execute("update incident set opened_at = opened_at + %s", [now - NOON])
    await conn.execute("update alarm set observed_at = observed_at + %s", [now - NOON])
    await conn.commit()
    parser = argparse.ArgumentParser()
    COMMANDS["rules"].arguments(parser)
    settings = Settings(database=Database(dsn=database))
    for more in ([], ["--json"]):
        chosen = parser.parse_args(["report", "hecheng", *more])
        await asyncio.to_thread(COMMANDS["rules"].run, settings, chosen)
    *lines, document = capsys.readouterr().out.splitlines()
    assert any(line.startswith("night_door") and line.endswith("C3:4") for line in lines)
    assert "missed by every person rule: 1 of 2 that people raised" in lines[-1]
    assert {one["rule"] for one in json.loads(document)["rules"]} == {
        "night_door",
        "fall",
        "sos",
        "stillness",
    }
