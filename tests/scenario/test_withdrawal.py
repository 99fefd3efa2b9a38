"""A withdrawal end to end: the home stops, no route shows it to anybody, the family hears nothing, and in its
time everything is deleted.

A whole cloud and an agent by their commands, a real broker and database; only the days of the schedule are
not waited for: the worker's own work is given the time.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import pytest

from cloud.audit import audit
from cloud.db import connect, open_pool
from cloud.privacy import tasks
from tests.harness import System, eventually, roster
from tests.scenario.edge_home import GATEWAY, SECRET, SHARD, Agent, Radar
from tests.scenario.webhook import Webhook, webhook

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]

PASSWORD: Final = "correct horse 电池"
ROLES: Final = (
    "admin",
    "supervisor",
    "operator",
    "caseworker",
    "responder",
    "family",
    "evaluator",
    "auditor",
)
MARK_CM: Final = 273
MARK: Final = re.compile(r"(?<![\d.])2\.73(?!\d)")
"""The distance that the radar measured once, in metres, and no other number."""
DAUGHTER: Final = "+8613800000001"
API: Final = "/api/v1"
ENDLESS: Final = "followChanges"
ALONG: Final = "exportPerson"
"""What is withheld from others and not deleted yet is still the person's own."""
NUMBERS: Final = {"home_id": 1, "resident_id": 1, "incident_id": 1, "number": 1}


@dataclass
class Home:
    """A cloud, and one home with a radar, a daughter and a neighbour."""

    system: System
    agent: Agent
    radar: Radar
    channels: Webhook
    stack: ExitStack

    def one(self, statement: str) -> Any:
        """The first value of the first row, ``None`` without one."""
        with psycopg.connect(self.system.dsn) as conn:
            row = conn.execute(statement.encode()).fetchone()
            return row[0] if row else None

    @cached_property
    def people(self) -> dict[str, httpx.Client]:
        """By role a client in which somebody has signed in."""
        return {role: self._signed_in(role) for role in ROLES}

    def _signed_in(self, role: str) -> httpx.Client:
        address = f"{self.system.address}/api/v1"
        client = self.stack.enter_context(
            httpx.Client(base_url=address, headers={"X-Anban": "1"}, timeout=60)
        )
        client.post("/session", json={"username": role, "password": PASSWORD}).raise_for_status()
        return client

    def plan_in_force(self) -> Any:
        """What the gateway goes by, once it has said that this is the newest plan."""
        newest = self.one(
            "select (state ->> 'plan')::int = plan.version"
            " from gateway join plan on plan.home_id = gateway.home_id"
        )
        return json.loads(self.agent.noted("plan")) if newest else None

    def shown(self, *only: str) -> set[tuple[str, str]]:
        """Role and operation of every reading route (or of ``only`` these) that shows the mark, and of the
        stream what it would say.
        """
        said = self.one("select coalesce(string_agg(body::text, ' '), '') from change")
        found = {("anybody", "followChanges")} if MARK.search(said) else set()
        for name, path in self._reading().items():
            if only and name not in only:
                continue
            for role, client in self.people.items():
                text = client.get(path.format_map(_Numbers()), params=_span(name)).text
                found |= {(role, name)} if MARK.search(text) else set()
        return found

    def _reading(self) -> dict[str, str]:
        document = httpx.get(f"{self.system.address}/api/v1/openapi.json", timeout=60).json()
        return {
            methods["get"]["operationId"]: path.removeprefix(API)
            for path, methods in document["paths"].items()
            if path.startswith(API)
            and methods.get("get", {}).get("operationId", ENDLESS) not in {ENDLESS, ALONG}
        }

    def say(self, purpose: str, decision: str) -> None:
        """The operator writes down what the resident says now."""
        said = {"purpose": purpose, "decision": decision, "by": "self", "how": "voice"}
        now = {"at": datetime.now(UTC).isoformat()}
        answer = self.people["operator"].post("/residents/1/consents", json=said | now)
        assert answer.status_code == 201, answer.text

    def archive(self) -> str:
        """All that is stored of the resident, as they would take it along."""
        admin = self.people["admin"]
        admin.post("/session/presence", json={"password": PASSWORD}).raise_for_status()
        answer = admin.get("/residents/1/export")
        assert answer.status_code == 200, answer.text
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            return "\n".join(archive.read(name).decode() for name in archive.namelist())

    def after(self, days: int) -> None:
        """Do what is due in so many days, as the worker does."""

        async def work() -> None:
            now = datetime.now(UTC) + timedelta(days=days)
            async with open_pool(self.system.dsn, size=2) as pool:
                while True:
                    async with pool.connection() as conn:
                        due = await tasks.due(conn, now, [], 100)
                    if not due:
                        return
                    for task in due:
                        await tasks.work(pool, task, now)

        asyncio.run(work())


class _Numbers(dict[str, object]):
    def __missing__(self, name: str) -> object:
        return NUMBERS.get(name, "none")


def _span(operation: str) -> dict[str, str]:
    now = datetime.now(UTC)
    if operation == "readSeries":
        begin, end = now - timedelta(hours=1), now + timedelta(minutes=1)
        return {"quantity": "distance", "begin": begin.isoformat(), "end": end.isoformat()}
    return {}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with ExitStack() as stack:
        channels = stack.enter_context(webhook())
        staff = [
            {"username": role, "password": PASSWORD, "role": role, "name": role, "homes": ["h001"]}
            for role in ROLES
        ]
        contacts = [
            {"rank": 1, "name": "向明", "relation": "family", "phone": DAUGHTER,
             "channels": [channels.address("daughter")]},
            {"rank": 2, "name": "吴嫂", "relation": "neighbour", "channels": [channels.address("neighbour")]},
        ]  # fmt: skip
        county = roster(1, staff=staff, contacts=contacts)
        county["tenant"]["second_factor_roles"] = []
        county["homes"][0] |= {
            "gateway": {"id": GATEWAY, "shard": SHARD, "secret": SECRET},
            "devices": [{"name": "radar-bath", "kind": "radar", "room": "bathroom"}],
            "plan": {"phones": {"contacts": [DAUGHTER]}},
        }
        system = System(tmp_path / "cloud", county)
        stack.enter_context(system.started())
        radar = Radar(tmp_path)
        agent = Agent(tmp_path, system.broker_port, radar)
        stack.callback(agent.kill)
        agent.start()
        eventually(agent.hears_radar)
        yield Home(system, agent, radar, channels, stack)


def test_what_is_withdrawn_is_collected_shown_and_shared_no_more_and_then_deleted(home: Home) -> None:
    home.radar.distance(MARK_CM)
    eventually(lambda: home.one("select count(*) from reading where value = 2.73") == 1)
    cards = ("readHome", "readSeries")
    watching = {"admin", "supervisor", "operator", "caseworker", "responder", "family"}
    assert home.shown(*cards) == {(role, name) for role in watching for name in cards}
    assert MARK.search(home.archive())
    eventually(home.plan_in_force)
    assert home.plan_in_force()["phones"]["contacts"] == [DAUGHTER]
    assert home.one("select body #>> '{phones,contacts,0}' from plan").startswith("~"), "sealed where it lies"

    home.say("monitoring", "withdrawn")
    home.say("family_sharing", "withdrawn")
    eventually(home.plan_in_force)
    assert home.plan_in_force()["phones"]["contacts"] == [], "the modem texts nobody of the family"

    home.radar.distance(MARK_CM + 100)
    home.radar.fall()
    eventually(lambda: home.one("select count(*) from incident where state = 'raised'") == 1)
    assert home.shown() == set()
    operator = home.people["operator"]
    withheld = operator.get("/homes/1").json()["withheld"]
    assert {one["purpose"] for one in withheld} == {"monitoring", "family_sharing"}
    assert home.people["family"].get("/homes/1").status_code == 404
    (incident,) = operator.get("/snapshot").json()["incidents"]
    operator.post(f"/incidents/{incident['id']}/dispatch", json={"version": incident["version"]})
    eventually(lambda: home.channels.texts("neighbour"))
    assert home.channels.texts("daughter") == []
    assert home.one("select count(*) from reading where value in (2.73, 3.73)") == 1, "collected before only"
    assert home.one("select sum(withheld) from batch") == 0, "it never left the home"

    due = home.people["admin"].get("/deletions").json()["items"]
    (deletion,) = [one for one in due if one["kind"] == "withdrawal"]
    in_days = (datetime.fromisoformat(deletion["due_at"]) - datetime.now(UTC)) / timedelta(days=1)
    assert (deletion["what"], round(in_days)) == ("monitoring", 7)
    home.after(days=6)
    assert MARK.search(home.archive()), "hidden, and there in case of a mistake"
    home.after(days=8)
    assert not MARK.search(home.archive())
    assert asyncio.run(_missing(home.system.dsn)) == ()


async def _missing(dsn: str) -> tuple[object, ...]:
    conn = await connect(dsn)
    try:
        return tuple((await audit(conn)).off)
    finally:
        await conn.close()
