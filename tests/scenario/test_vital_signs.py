"""Vital signs through the real database: what was measured becomes an alarm, a request, or nothing."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloud import worker
from cloud.commands import COMMANDS
from cloud.db import Pool, connect, open_pool, roles
from cloud.detect.vitals import record
from cloud.incidents import store
from cloud.incidents.model import IncidentView
from cloud.settings import Database, Settings
from cloud.worker import Job, SetAside
from firmware_protocols.model import Quality, Quantity
from tests.conftest import Server
from tests.scenario.clockwork import clockwork
from tests.scenario.household import Household, seed

pytestmark = pytest.mark.services

MORNING = datetime(2026, 3, 30, 0, 30, tzinfo=UTC)
"""Half past eight at home."""


@dataclass
class Body:
    """A home whose resident measures, and the worker that looks."""

    owner: str
    pool: Pool
    household: Household
    job: Job
    now: datetime = MORNING
    aside: SetAside = field(default_factory=SetAside)

    async def has(self, name: str, kind: str) -> int:
        """A device of ``kind``; its number."""
        async with await connect(self.owner) as conn:
            found = await conn.execute(
                "insert into device (gateway_id, name, kind, room) values (%s, %s, %s, 'bedroom')"
                " on conflict (gateway_id, name) do update set kind = excluded.kind returning id",
                [self.household.gateway, name, kind],
            )
            row = await found.fetchone()
            assert row is not None
            return int(row["id"])

    async def measures(
        self, kind: str, values: dict[Quantity, float | None], quality: Quality = Quality.GOOD
    ) -> None:
        """One measurement now, as ingest stores it."""
        device = await self.has(kind, kind)
        async with await connect(self.owner) as conn:
            for quantity, value in values.items():
                await conn.execute(
                    "insert into reading values (%s, %s, %s, %s, %s, %s, %s, null)",
                    [
                        self.now,
                        self.household.tenant_id,
                        self.household.home_id,
                        device,
                        quantity.number,
                        quality.number,
                        value,
                    ],
                )
            await conn.execute("update device set last_at = %s where id = %s", [self.now, device])

    async def measured(self, kind: str, quantity: Quantity, means: list[float]) -> None:
        """The days before today, oldest first, as the roll-up holds them."""
        device = await self.has(kind, kind)
        async with await connect(self.owner) as conn:
            for ago, mean in enumerate(reversed(means), start=1):
                await conn.execute(
                    "insert into reading_1d values"
                    " (bucket_of('24 hours', %s), %s, %s, %s, %s, 1, %s, 0, %s, %s)",
                    [
                        self.now - timedelta(days=ago),
                        self.household.tenant_id,
                        self.household.home_id,
                        device,
                        quantity.number,
                        mean,
                        mean,
                        mean,
                    ],
                )

    async def equipped(self, *modules: str) -> None:
        """The tenant has these modules from now on."""
        async with await connect(self.owner) as conn:
            await conn.execute("update tenant set modules = %s", [list(modules)])

    async def look(self) -> None:
        """Let the worker do what is due."""
        while await worker.tick(self.pool, self.job, self.aside, self.now):
            pass

    async def later(self, minutes: float) -> None:
        """Let time pass, and the worker look."""
        self.now += timedelta(minutes=minutes)
        await self.look()

    async def incidents(self) -> list[IncidentView]:
        async with await connect(self.owner) as conn:
            return await store.open_incidents(conn, self.household.scope, self.now)

    async def findings(self) -> list[dict[str, Any]]:
        async with await connect(self.owner) as conn:
            found = await conn.execute("select * from vital_finding order by id")
            return await found.fetchall()

    async def states(self) -> list[tuple[str, str]]:
        return [(one["rule"], one["state"]) for one in await self.findings()]


@pytest.fixture
async def body(postgres: Server, database: str) -> AsyncIterator[Body]:
    async with await connect(database) as conn:
        household = await seed(conn)
    async with open_pool(postgres.as_role(database, roles.SERVICE), size=4) as pool:
        job = next(job for job in clockwork(pool).jobs if job.name == "vitals")
        yield Body(database, pool, household, job)


async def test_a_fever_of_an_older_person_is_told_today_with_its_numbers(body: Body) -> None:
    await body.measures("thermometer", {Quantity.BODY_TEMPERATURE: 38.2})
    await body.look()
    (incident,) = await body.incidents()
    assert (incident.kind, incident.priority, incident.room) == ("vitals", 3, "bedroom")
    assert incident.evidence["finding"] == "fever"
    assert incident.evidence["numbers"] == {"value": 38.2, "limit": 37.8}
    assert [row["value"] for row in incident.evidence["rows"]] == [38.2]


async def test_a_tenant_without_the_module_is_looked_at_from_the_day_on_which_it_has_it(body: Body) -> None:
    await body.equipped("monitoring", "reports")
    await body.measures("thermometer", {Quantity.BODY_TEMPERATURE: 38.2})
    await body.look()
    assert (await body.findings(), await body.incidents()) == ([], [])
    await body.equipped("monitoring", "reports", "detection")
    await body.look()
    assert [incident.evidence["finding"] for incident in await body.incidents()] == ["fever"]


async def test_the_same_fever_is_not_told_again_and_a_high_one_is(body: Body) -> None:
    await body.measures("thermometer", {Quantity.BODY_TEMPERATURE: 38.2})
    await body.look()
    await body.later(120)
    await body.measures("thermometer", {Quantity.BODY_TEMPERATURE: 38.4})
    await body.look()
    assert len(await body.findings()) == 1
    await body.later(120)
    await body.measures("thermometer", {Quantity.BODY_TEMPERATURE: 39.4})
    await body.look()
    (incident,) = await body.incidents()
    assert (incident.priority, incident.evidence["finding"]) == (2, "fever_high")


async def test_falling_oxygen_is_measured_again_before_anybody_is_called(body: Body) -> None:
    await body.measures("pulse_oximeter", {Quantity.SPO2: 95, Quantity.PULSE_RATE: 82})
    await body.look()
    await body.later(60)
    await body.measures("pulse_oximeter", {Quantity.SPO2: 90, Quantity.PULSE_RATE: 88})
    await body.look()
    assert await body.incidents() == []
    (asked,) = await body.findings()
    assert (asked["state"], asked["due_at"]) == ("asked", body.now + timedelta(minutes=15))
    await body.later(4)
    await body.measures("pulse_oximeter", {Quantity.SPO2: 89, Quantity.PULSE_RATE: 90})
    await body.look()
    (incident,) = await body.incidents()
    assert (incident.priority, incident.evidence["finding"]) == (2, "news2_single")
    assert incident.evidence["numbers"] == {"total": 3, "known": 2, "of": 7, "value": 89}
    assert [row["value"] for row in incident.evidence["rows"]] == [89, 90, 90]
    assert await body.states() == [("news2_single", "confirmed"), ("news2_single", "raised")]


async def test_oxygen_of_somebody_whose_doctor_set_scale_two_is_scored_by_it(body: Body) -> None:
    async with await connect(body.owner) as conn:
        await record.set_record(conn, body.household.home_id, "欧阳医生", MORNING, scale2=True, oxygen=False)
    for _ in range(2):
        await body.measures("pulse_oximeter", {Quantity.SPO2: 90})
        await body.later(5)
    assert await body.findings() == []


async def test_whoever_does_not_measure_again_is_looked_after_all_the_same(body: Body) -> None:
    await body.measures("pulse_oximeter", {Quantity.SPO2: 88})
    await body.look()
    await body.later(14)
    assert await body.incidents() == []
    await body.later(1)
    (incident,) = await body.incidents()
    assert (incident.priority, incident.evidence["finding"]) == (3, "not_repeated")
    assert await body.states() == [("news2_single", "unanswered"), ("not_repeated", "raised")]


async def test_low_sugar_that_nobody_measures_again_calls_somebody(body: Body) -> None:
    await body.measures("glucose_meter", {Quantity.GLUCOSE: 3.6})
    await body.look()
    await body.later(14)
    assert await body.incidents() == []
    await body.later(1)
    (incident,) = await body.incidents()
    assert (incident.priority, incident.evidence["finding"]) == (2, "not_repeated")


async def test_three_kilograms_in_three_days_are_told(body: Body) -> None:
    await body.measured("scale", Quantity.BODY_WEIGHT, [61.0, 61.2, 60.9, 61.1, 62.0, 62.9])
    await body.measures("scale", {Quantity.BODY_WEIGHT: 63.6})
    await body.look()
    (incident,) = await body.incidents()
    assert (incident.priority, incident.evidence["finding"]) == (3, "weight_gain")
    assert incident.evidence["numbers"] == {"value": 63.6, "change": 2.5, "before": 61.1, "days": 3}


async def test_two_kilograms_are_not_more_than_two(body: Body) -> None:
    await body.measured("scale", Quantity.BODY_WEIGHT, [61.0, 61.0, 61.0])
    await body.measures("scale", {Quantity.BODY_WEIGHT: 63.0})
    await body.look()
    assert await body.findings() == []


async def test_a_visitor_on_the_scale_is_not_a_heart_that_fails(body: Body) -> None:
    await body.measured("scale", Quantity.BODY_WEIGHT, [61.0, 61.0, 61.0])
    await body.measures("scale", {Quantity.BODY_WEIGHT: 82.0})
    await body.look()
    await body.later(2)
    await body.measures("scale", {Quantity.BODY_WEIGHT: 61.2})
    await body.look()
    await body.later(60)
    assert await body.incidents() == []
    assert await body.states() == [("weight_gain", "cleared")]


async def test_a_loose_cuff_raises_nothing(body: Body) -> None:
    await body.measures(
        "blood_pressure", {Quantity.SYSTOLIC: 88, Quantity.DIASTOLIC: 82, Quantity.PULSE_RATE: 74}
    )
    await body.look()
    assert await body.states() == [("unusable", "asked")]
    await body.later(4)
    await body.measures(
        "blood_pressure", {Quantity.SYSTOLIC: 134, Quantity.DIASTOLIC: 76, Quantity.PULSE_RATE: 72}
    )
    await body.look()
    await body.later(120)
    assert await body.incidents() == []
    assert {state for _, state in await body.states()} == {"cleared"}


async def test_a_high_pressure_that_the_second_measurement_does_not_confirm_raises_nothing(
    body: Body,
) -> None:
    await body.measures("blood_pressure", {Quantity.SYSTOLIC: 192, Quantity.DIASTOLIC: 96})
    await body.look()
    await body.later(5)
    await body.measures("blood_pressure", {Quantity.SYSTOLIC: 158, Quantity.DIASTOLIC: 88})
    await body.look()
    assert await body.incidents() == []
    assert await body.states() == [("pressure_high", "cleared")]


async def test_a_pressure_that_is_high_twice_calls_somebody(body: Body) -> None:
    for systolic in (192, 186):
        await body.measures("blood_pressure", {Quantity.SYSTOLIC: systolic, Quantity.DIASTOLIC: 96})
        await body.later(5)
    (incident,) = await body.incidents()
    assert (incident.priority, incident.evidence["finding"]) == (2, "pressure_high")


async def test_what_is_not_worn_or_impossible_is_shown_and_never_scored(body: Body) -> None:
    await body.measures("pulse_oximeter", {Quantity.SPO2: None}, Quality.NOT_WORN)
    await body.measures("thermometer", {Quantity.BODY_TEMPERATURE: 45.0})
    await body.look()
    shown = [one["evidence"]["numbers"]["fault"] for one in await body.findings()]
    assert sorted(shown) == ["clipped", "not_worn"]
    await body.later(30)
    assert await body.incidents() == []


async def test_a_clinicians_limit_stands_in_for_the_scores(body: Body) -> None:
    async with await connect(body.owner) as conn:
        for text in ("spo2:80:", "spo2:86:"):
            await record.set_limit(conn, body.household.home_id, "欧阳医生", MORNING, record.limit(text))
    for value in (90, 90):
        await body.measures("pulse_oximeter", {Quantity.SPO2: value})
        await body.later(5)
    assert await body.findings() == []
    for value in (86, 85):
        await body.measures("pulse_oximeter", {Quantity.SPO2: value})
        await body.later(5)
    (incident,) = await body.incidents()
    assert incident.evidence["numbers"] == {"value": 85, "limit": 86, "by": "欧阳医生"}


async def test_the_console_sets_what_a_clinician_decides_and_says_so_in_the_audit_trail(body: Body) -> None:
    parser = argparse.ArgumentParser()
    command = COMMANDS["vitals"]
    command.arguments(parser)
    async with await connect(body.owner) as conn:
        tenant = await (await conn.execute("select code from tenant")).fetchone()
    assert tenant is not None
    said = ["h1", "--tenant", tenant["code"], "--by", "欧阳医生", "--scale", "2", "--limit", "spo2:86:"]
    settings = Settings(database=Database(dsn=body.owner))
    await asyncio.to_thread(command.run, settings, parser.parse_args(said))
    async with await connect(body.owner) as conn:
        record = await (await conn.execute("select scale2, oxygen, set_by from vital_record")).fetchone()
        limit = await (await conn.execute("select low, high, set_by from vital_limit")).fetchone()
        entry = await (await conn.execute("select actor, action, homes from audit_entry")).fetchone()
    assert record == {"scale2": True, "oxygen": None, "set_by": "欧阳医生"}
    assert limit == {"low": 86, "high": None, "set_by": "欧阳医生"}
    assert entry == {"actor": "console", "action": "setVitalRecord", "homes": [body.household.home_id]}


async def test_a_device_whose_clock_is_ahead_neither_keeps_the_worker_busy_nor_hides_another(
    body: Body,
) -> None:
    body.now += timedelta(days=2)
    await body.measures("scale", {Quantity.BODY_WEIGHT: 61.0})
    body.now -= timedelta(days=2)
    await asyncio.wait_for(body.look(), timeout=60)
    await body.measures("thermometer", {Quantity.BODY_TEMPERATURE: 38.6})
    await body.look()
    assert await body.states() == [("fever", "raised")]


async def test_what_the_resident_withholds_since_is_not_judged(body: Body) -> None:
    await body.measures("thermometer", {Quantity.BODY_TEMPERATURE: 38.6})
    async with await connect(body.owner) as conn:
        await conn.execute(
            "insert into withheld values (%s, 'vitals', null, null, true, true, '{}', %s, '{}', '{}')",
            [body.household.home_id, [Quantity.BODY_TEMPERATURE.number]],
        )
    await body.look()
    assert await body.findings() == []


async def test_two_workers_that_look_at_once_tell_it_once(body: Body) -> None:
    await body.measures("thermometer", {Quantity.BODY_TEMPERATURE: 38.6})
    other = Body(body.owner, body.pool, body.household, body.job)
    await asyncio.gather(body.look(), other.look())
    assert len(await body.findings()) == 1
