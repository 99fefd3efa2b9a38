"""Absence through the real database: readings as ingest stores them, the worker, an incident in the queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from cloud import worker
from cloud.db import Pool, connect, open_pool, roles
from cloud.detect.rules import store as rules
from cloud.detect.rules.habits import DAYS
from cloud.incidents import store
from cloud.incidents.model import IncidentView
from cloud.privacy import export
from cloud.sealed import Keyring
from cloud.worker import Job, SetAside
from firmware_protocols.model import Quantity
from simulators.replay import differ, sources
from simulators.replay.changes import Setting
from simulators.replay.run import findings
from tests.conftest import Server
from tests.scenario.clockwork import clockwork
from tests.scenario.household import Household, seed

pytestmark = pytest.mark.services

MIDNIGHT = datetime(2026, 3, 29, 16, 0, tzinfo=UTC)
"""At home."""
ROOMS = {
    "pir-bedroom": ("motion", "bedroom"),
    "pir-bath": ("motion", "bathroom"),
    "pir-kitchen": ("motion", "kitchen"),
    "pir-living": ("motion", "living_room"),
    "door": ("door", "hall"),
    "bed": ("bed", "bedroom"),
}


def at(hours: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hours)


@dataclass
class Lodger:
    """A home in the database, its gateway's heartbeats, and the worker that looks."""

    owner: str
    pool: Pool
    household: Household
    job: Job
    ids: dict[str, int] = field(default_factory=dict)
    now: datetime = MIDNIGHT
    aside: SetAside = field(default_factory=SetAside)

    async def moves_in(self) -> None:
        """Their sensors are enrolled."""
        async with await connect(self.owner) as conn:
            for name, (kind, room) in ROOMS.items():
                found = await conn.execute(
                    "insert into device (gateway_id, name, kind, room) values (%s, %s, %s, %s) returning id",
                    [self.household.gateway, name, kind, room],
                )
                row = await found.fetchone()
                assert row is not None
                self.ids[name] = row["id"]

    async def says(self, device: str, quantity: Quantity, value: float, moment: datetime) -> None:
        """One report, as ingest stores it."""
        async with await connect(self.owner) as conn:
            await conn.execute(
                "insert into reading values (%s, %s, %s, %s, %s, 0, %s, null)",
                [
                    moment,
                    self.household.tenant_id,
                    self.household.home_id,
                    self.ids[device],
                    quantity.number,
                    value,
                ],
            )

    async def moves(self, room: str, *hours: float) -> None:
        """In front of a motion sensor, at these hours."""
        for hour in hours:
            await self.says(f"pir-{room}", Quantity.MOTION, 1, at(hour))
            await self.says(f"pir-{room}", Quantity.MOTION, 0, at(hour + 1 / 60))

    async def look(self, hours: float, *, behind_s: float = 0.0, silent_since: float | None = None) -> None:
        """It is so late; the gateway sends a heartbeat, or none ``silent_since``; the worker looks."""
        await self.beats(hours, behind_s=behind_s, silent_since=silent_since)
        while await worker.tick(self.pool, self.job, self.aside, self.now):
            pass

    async def beats(self, hours: float, *, behind_s: float, silent_since: float | None) -> None:
        """A heartbeat, unless the gateway is silent."""
        self.now = at(hours)
        heard = self.now if silent_since is None else at(silent_since)
        lanes = {"t": {"next": 9, "depth": int(behind_s > 0), "oldest_s": behind_s}}
        async with await connect(self.owner) as conn:
            await conn.execute(
                "update gateway set online = %s, state_at = %s, state = %s where id = %s",
                [
                    silent_since is None,
                    heard,
                    Jsonb({"clock": "synced", "lanes": lanes}),
                    self.household.gateway,
                ],
            )
            await conn.execute("update device set last_at = %s", [heard - timedelta(seconds=behind_s)])

    async def incidents(self) -> list[IncidentView]:
        async with await connect(self.owner) as conn:
            return await store.open_incidents(conn, self.household.scope, self.now)

    async def rows(self, statement: str) -> list[dict[str, Any]]:
        async with await connect(self.owner) as conn:
            return await (await conn.execute(statement.encode())).fetchall()


@pytest.fixture
async def lodger(postgres: Server, database: str) -> AsyncIterator[Lodger]:
    async with await connect(database) as conn:
        household = await seed(conn)
    async with open_pool(postgres.as_role(database, roles.SERVICE), size=4) as pool:
        job = next(job for job in clockwork(pool).jobs if job.name == "rules")
        lodger = Lodger(database, pool, household, job)
        await lodger.moves_in()
        yield lodger


async def test_nobody_moves_for_four_hours_of_the_day(lodger: Lodger) -> None:
    await lodger.moves("bedroom", 6.5)
    await lodger.moves("kitchen", 7, 7.5, 8)
    await lodger.moves("living", 8.5, 9)
    await lodger.look(12)
    assert await lodger.incidents() == []
    await lodger.look(13.25)
    (incident,) = await lodger.incidents()
    assert (incident.kind, incident.priority, incident.room) == ("stillness", 2, "living_room")
    assert incident.evidence["finding"] == "no_movement"
    assert incident.evidence["rows"][0]["device"] == lodger.ids["pir-living"]


async def test_a_late_batch_cancels_the_deadline_before_anybody_is_called(lodger: Lodger) -> None:
    await lodger.moves("living", 8, 8.5, 9)
    await lodger.look(12.9)
    await lodger.look(13.25, behind_s=3600)
    assert await lodger.incidents() == []
    await lodger.moves("kitchen", 12.5)
    await lodger.look(13.5)
    assert await lodger.incidents() == []


async def test_a_deadline_outlives_the_worker(lodger: Lodger) -> None:
    """The row is the timer: another worker takes it up where the killed one left it."""
    await lodger.moves("living", 8, 8.5, 9)
    await lodger.look(13)
    lodger.aside = SetAside()
    (row,) = await lodger.rows("select due_at, looked_at from deadline")
    assert row["looked_at"] == at(13)
    assert at(13) < row["due_at"] <= at(13 + 5 / 60)


async def test_two_workers_that_look_at_once_call_once(lodger: Lodger) -> None:
    await lodger.moves("living", 8, 8.5, 9)
    await lodger.look(13)
    await lodger.beats(13.25, behind_s=0, silent_since=None)
    home, now = lodger.household.home_id, lodger.now
    await asyncio.gather(*(rules.work(lodger.pool, home, now) for _ in range(4)))
    found = await lodger.rows("select id from alarm where kind = 'stillness'")
    assert len(found) == 1


async def test_a_gateway_that_dies_is_one_technical_alert_and_goes_when_it_is_back(lodger: Lodger) -> None:
    await lodger.moves("living", 8, 8.5, 9)
    await lodger.look(9.1)
    for hours in (9.15, 9.3, 14, 20, 33):
        await lodger.look(hours, silent_since=9.1)
    (incident,) = await lodger.incidents()
    assert (incident.kind, incident.priority) == ("gateway_silent", 3)
    assert incident.evidence["finding"] == "home_silent"
    await lodger.moves("kitchen", 33.5)
    await lodger.look(33.6)
    assert await lodger.incidents() == []


async def test_a_question_that_stays_open_is_urgent_and_is_withdrawn_with_it(lodger: Lodger) -> None:
    """Out of bed at three; the gateway dies ten minutes later."""
    await lodger.says("bed", Quantity.IN_BED, 1, at(-1))
    await lodger.says("bed", Quantity.IN_BED, 0, at(3))
    await lodger.look(3.15)
    await lodger.look(3.3, silent_since=3.15)
    await lodger.look(3.8, silent_since=3.15)
    (incident,) = await lodger.incidents()
    assert (incident.priority, incident.evidence["finding"]) == (2, "home_silent_out_of_bed")
    await lodger.says("bed", Quantity.IN_BED, 1, at(3.2))
    await lodger.look(3.9)
    assert await lodger.incidents() == []


async def test_what_is_usual_is_learnt_a_day_at_a_time(lodger: Lodger) -> None:
    for day in range(3):
        await lodger.moves("kitchen", *(24 * day + 7 + hour for hour in range(12)))
    for look in range(DAYS):
        await lodger.look(72.1 + look / 10)
    days = await lodger.rows("select day, body from habit_day where body ? 'told' order by day")
    assert [row["body"]["up"] for row in days] == [420.0, 420.0, 420.0]
    assert days[0]["body"]["ate"] == [3, 3, 2]


async def test_the_day_judged_again_from_its_archive_says_the_same(lodger: Lodger, tmp_path: Path) -> None:
    for hour in range(15):
        for device in ROOMS:
            await lodger.says(device, Quantity.BATTERY, 80, at(hour))
    await lodger.moves("bedroom", 6.5)
    await lodger.moves("kitchen", 7, 7.5, 8)
    await lodger.moves("living", 8.5, 9)
    for hours in (12.0, 12.75, 13.0, 13.25):
        await lodger.look(hours)
    (stored,) = await lodger.rows("select since, rule from rule_finding")
    async with await connect(lodger.owner) as conn:
        resident = await (await conn.execute("select id from resident")).fetchone()
        assert resident is not None
        await export.to_file(conn, resident["id"], tmp_path / "person.zip", Keyring(), lodger.now)
    record = sources.read(tmp_path / "person.zip", None)
    (again,) = findings(record, Setting(), frozenset({"rules"}))
    assert (again.rule, again.since) == (stored["rule"], stored["since"])
    assert differ.against(record, [again]).missing == ()


async def test_a_day_that_nobody_recorded_calls_nobody_when_the_gateway_is_back(lodger: Lodger) -> None:
    """She goes out at half past eight; the gateway is off from nine until the next noon, and she is back
    unseen.
    """
    await lodger.moves("living", 8, 8.4)
    await lodger.says("door", Quantity.OPENING, 1, at(8.5))
    await lodger.says("door", Quantity.OPENING, 0, at(8.51))
    await lodger.look(9)
    for hours in (9.1, 12, 20, 30):
        await lodger.look(hours, silent_since=9)
    for hour in range(36, 46):
        await lodger.moves("kitchen", hour + 0.1)
        await lodger.look(hour + 0.2)
    (hole,) = await lodger.rows("select since, until from unheard")
    assert (hole["since"], hole["until"]) == (at(9) - timedelta(seconds=15), at(36.1))
    found = await lodger.rows("select rule from rule_finding")
    assert [row["rule"] for row in found] == ["home_silent"]


async def test_a_day_that_comes_late_is_no_hole(lodger: Lodger) -> None:
    await lodger.moves("living", *(7 + hour / 8 for hour in range(40)))
    await lodger.look(9)
    await lodger.look(10, silent_since=9)
    await lodger.look(12)
    assert await lodger.rows("select since from unheard") == []


async def test_how_much_of_a_day_a_watch_was_worn_is_learnt_with_it(lodger: Lodger) -> None:
    async with await connect(lodger.owner) as conn:
        found = await conn.execute(
            "insert into device (gateway_id, name, kind) values (%s, 'watch', 'wearable') returning id",
            [lodger.household.gateway],
        )
        row = await found.fetchone()
    assert row is not None
    lodger.ids["watch"] = row["id"]
    await lodger.moves("kitchen", *(7 + hour for hour in range(12)))
    for hour in range(7, 19):
        await lodger.says("watch", Quantity.WORN, float(hour < 10), at(hour))
    for look in range(DAYS):
        await lodger.look(30 + look / 10)
    (day,) = await lodger.rows("select body from habit_day where body ? 'worn'")
    assert day["body"]["worn"] == {"watch": 0.25}
    assert day["body"]["fired"] == {"pir-kitchen": 12}
