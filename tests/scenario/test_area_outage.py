"""A village that falls silent, through the real database: one incident, and none for each of its homes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from psycopg.types.json import Jsonb

from cloud import worker
from cloud.auth import Purpose, Scope
from cloud.db import Pool, connect, open_pool, roles
from cloud.incidents import store
from cloud.incidents.model import IncidentView
from cloud.worker import Job, SetAside
from tests.conftest import Server
from tests.scenario.clockwork import clockwork

pytestmark = pytest.mark.services

NOON = datetime(2026, 3, 30, 4, 0, tzinfo=UTC)
HOMES = 10


@dataclass
class Village:
    """Ten homes of one village, and the worker that looks at them alone and together."""

    owner: str
    pool: Pool
    jobs: tuple[Job, ...]
    scope: Scope
    homes: list[int]
    now: datetime = NOON
    asides: dict[str, SetAside] = field(default_factory=dict)

    async def minutes(self, count: int, silent: int = 0) -> None:
        """Let so many minutes pass, in which the first homes do not send their heartbeat."""
        for _ in range(count):
            self.now += timedelta(minutes=1)
            async with await connect(self.owner) as conn:
                await conn.execute(
                    "update gateway set online = true, state_at = %s, state = %s"
                    " where home_id = any(%s::integer[])",
                    [self.now, Jsonb({"clock": "synced"}), self.homes[silent:]],
                )
            for job in self.jobs:
                aside = self.asides.setdefault(job.name, SetAside())
                while await worker.tick(self.pool, job, aside, self.now):
                    pass

    async def open(self) -> list[IncidentView]:
        async with await connect(self.owner) as conn:
            return await store.open_incidents(conn, self.scope, self.now)


@pytest.fixture
async def village(postgres: Server, database: str) -> AsyncIterator[Village]:
    async with await connect(database) as conn:
        await conn.execute("insert into division values ('431202001001', '河西村') on conflict do nothing")
        found = await conn.execute(
            "insert into tenant (code, name, division_code) values ('hecheng', '鹤城区', '431202001001')"
            " returning id"
        )
        tenant = (await found.fetchall())[0]["id"]
        found = await conn.execute(
            "insert into home (tenant_id, key, division_code, address)"
            " select %s, 'h' || n, '431202001001', '' from generate_series(1, %s) as n returning id",
            [tenant, HOMES],
        )
        homes = [row["id"] for row in await found.fetchall()]
        await conn.execute(
            "insert into gateway (id, home_id, shard, secret)"
            " select 'gw-' || id, id, 1, 'x' from home where tenant_id = %s",
            [tenant],
        )
    async with open_pool(postgres.as_role(database, roles.SERVICE), size=4) as pool:
        jobs = tuple(job for job in clockwork(pool).jobs if job.name in {"areas", "rules"})
        yield Village(database, pool, jobs, Scope((tenant,), None, Purpose.CONSOLE), homes)


async def test_many_silent_homes_of_a_village_are_one_incident_that_ends_when_they_are_back(
    village: Village,
) -> None:
    await village.minutes(3)
    await village.minutes(12, silent=6)
    (incident,) = await village.open()
    assert (incident.kind, incident.priority, incident.home_id) == ("area_outage", 2, village.homes[0])
    assert incident.evidence["numbers"] == {"homes": 6, "of": HOMES, "place": "河西村"}
    assert incident.evidence["homes"] == village.homes[:6]
    await village.minutes(3)
    assert await village.open() == []


async def test_a_home_that_was_told_of_before_its_village_folds_into_it(village: Village) -> None:
    await village.minutes(3)
    await village.minutes(7, silent=2)
    assert {one.kind for one in await village.open()} == {"gateway_silent"}
    await village.minutes(5, silent=6)
    (incident,) = await village.open()
    assert incident.kind == "area_outage"


async def test_a_home_that_stays_silent_after_the_rest_is_back_is_told_of_alone(village: Village) -> None:
    await village.minutes(3)
    await village.minutes(8, silent=6)
    await village.minutes(8, silent=1)
    (incident,) = await village.open()
    assert (incident.kind, incident.home_id) == ("gateway_silent", village.homes[0])


async def test_two_silent_homes_of_ten_are_two_homes(village: Village) -> None:
    await village.minutes(3)
    await village.minutes(12, silent=2)
    assert [one.kind for one in await village.open()] == ["gateway_silent"] * 2
