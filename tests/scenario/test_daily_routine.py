"""Daily routine through the real database: a resident's simulated days become findings, or nothing."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import Jsonb

from cloud import worker
from cloud.commands import COMMANDS
from cloud.db import connect, open_pool, roles
from cloud.detect.routine.look import model_of
from cloud.detect.routine.store import lock
from cloud.incidents import store
from cloud.incidents.model import IncidentView
from cloud.privacy import export
from cloud.sealed import Keyring
from cloud.settings import ConfigError, Database, Settings
from cloud.settings.model import Routine
from cloud.worker import Job, SetAside
from firmware_protocols.model import AlarmKind, Quantity
from simulators.replay import sources
from simulators.replay.changes import Setting
from simulators.replay.run import findings
from tests.conftest import Server
from tests.scenario.clockwork import clockwork
from tests.scenario.daily_life import DAY_S, Life, Reading, at, between
from tests.scenario.household import Household, seed

pytestmark = pytest.mark.services

DAYS = 28
TODAY = DAYS
"""The day that a test is about comes after four weeks."""
MORNING = at(TODAY, 0)
FELL_SILENT = 11
"""The resident is at home then."""


@dataclass
class Watch:
    """The worker that looks at a life."""

    life: Life
    job: Job
    now: datetime = MORNING
    aside: SetAside = field(default_factory=SetAside)

    async def until(self, hour: float) -> None:
        """Look whenever it is time, up to ``hour`` of today."""
        while self.now < at(TODAY, hour):
            await self.look()
            self.now += timedelta(hours=1)

    async def look(self) -> None:
        while await worker.tick(self.life.pool, self.job, self.aside, self.now + timedelta(minutes=6)):
            pass
        assert not self.aside.rows, "a look failed"

    async def incidents(self) -> list[IncidentView]:
        async with await connect(self.life.owner) as conn:
            return await store.open_incidents(conn, self.life.household.scope, self.now)

    async def findings(self) -> list[dict[str, Any]]:
        async with await connect(self.life.owner) as conn:
            found = await conn.execute("select * from routine_finding order by id")
            return await found.fetchall()


@dataclass(frozen=True)
class Lived:
    """A database in which a resident has lived for four weeks, to be copied."""

    template: str
    household: Household
    devices: dict[str, int]


@pytest.fixture(scope="module")
def lived(postgres: Server) -> Iterator[Lived]:
    dsn = postgres.create(postgres.template)
    try:
        household, devices = asyncio.run(_four_weeks(postgres, dsn))
        yield Lived(str(conninfo_to_dict(dsn)["dbname"]), household, devices)
    finally:
        postgres.drop(dsn)


async def _four_weeks(postgres: Server, dsn: str) -> tuple[Household, dict[str, int]]:
    async with await connect(dsn) as conn:
        household = await seed(conn)
    async with open_pool(postgres.as_role(dsn, roles.SERVICE), size=4) as pool:
        life = Life(dsn, pool, household)
        await life.move_in()
        await life.live(0, DAYS)
        return household, life.devices


@pytest.fixture
async def watch(postgres: Server, lived: Lived) -> AsyncIterator[Watch]:
    dsn = postgres.create(lived.template)
    try:
        async with open_pool(postgres.as_role(dsn, roles.SERVICE), size=4) as pool:
            job = next(job for job in clockwork(pool).jobs if job.name == "routine")
            yield Watch(Life(dsn, pool, lived.household, lived.devices), job)
    finally:
        postgres.drop(dsn)


def is_sign(reading: Reading) -> bool:
    return reading[3] > 0


async def test_who_does_not_rise_is_called_for_once_with_a_sentence_and_its_rows(watch: Watch) -> None:
    silent = between(TODAY, 5, 24)
    await watch.life.live(TODAY, 1, lambda one: not (silent(one[0]) and is_sign(one)))
    await watch.until(14)
    (incident,) = await watch.incidents()
    assert (incident.kind, incident.priority) == ("routine", 2)
    assert incident.evidence["finding"] == "routine_does_not_rise"
    assert incident.evidence["numbers"]["quiet_h"] > 3
    assert incident.evidence["numbers"]["usual"] > 3
    assert {row["value"] > 0 for row in incident.evidence["rows"]} == {True}
    (found,) = await watch.findings()
    assert at(TODAY, 7) < found["found_at"] <= at(TODAY, 12)


async def test_equipment_that_falls_silent_says_nothing_about_the_person(watch: Watch) -> None:
    silent = between(TODAY, 5, 24)
    await watch.life.live(TODAY, 1, lambda one: not silent(one[0]))
    await watch.until(27)
    assert await watch.incidents() == []
    assert await watch.findings() == []


@pytest.mark.parametrize("length_h", [12, 24, 48])
async def test_a_silent_gateway_is_one_technical_alarm_and_none_about_the_person(
    watch: Watch, length_h: int
) -> None:
    start, end = at(TODAY, FELL_SILENT), at(TODAY, FELL_SILENT + length_h)
    silent = between(TODAY, FELL_SILENT, FELL_SILENT + length_h)
    await watch.life.live(TODAY, 3, lambda one: not silent(one[0]))
    rules = Watch(watch.life, next(job for job in clockwork(watch.life.pool).jobs if job.name == "rules"))
    for hour in range(9, FELL_SILENT + length_h + 8):
        now = at(TODAY, hour) + timedelta(minutes=6)
        async with await connect(watch.life.owner) as conn:
            heard = min(now, start) if now < end else now
            state = Jsonb({"clock": "synced", "lanes": {}})
            await conn.execute(
                "update gateway set online = %s, state_at = %s, state = %s", [heard == now, heard, state]
            )
            await conn.execute("update device set last_at = %s", [heard])
        watch.now = rules.now = at(TODAY, hour)
        await watch.look()
        await rules.look()
    async with await connect(watch.life.owner) as conn:
        found = await conn.execute("select kind from alarm where state = 'raised'")
        kinds = [row["kind"] for row in await found.fetchall()]
    assert kinds.count("gateway_silent") == 1
    assert set(kinds) == {"gateway_silent"}


async def test_a_day_like_any_other_is_not_spoken_of(watch: Watch) -> None:
    await watch.life.live(TODAY, 1)
    await watch.until(27)
    assert await watch.findings() == []


async def test_a_refrigerator_whose_sensor_is_dead_is_no_missed_meal(watch: Watch) -> None:
    kitchen = ("pir-kitchen", "fridge")
    await watch.life.live(TODAY, 1, lambda one: not (one[1] in kitchen and one[0] > TODAY * DAY_S))
    await watch.until(27)
    assert await watch.findings() == []


async def test_meals_that_are_missed_are_told_the_next_day(watch: Watch) -> None:
    kitchen = ("pir-kitchen", "fridge")
    await watch.life.live(TODAY, 1, lambda one: not (one[1] in kitchen and is_sign(one)))
    await watch.until(27)
    (incident,) = await watch.incidents()
    assert (incident.priority, incident.evidence["finding"]) == (3, "routine_no_meals")
    assert incident.evidence["numbers"]["now"] == 0
    assert incident.evidence["rests_on"]["places"] == ["kitchen", "fridge"]


async def test_a_danger_that_a_deadline_told_first_stays_one_incident(watch: Watch) -> None:
    silent = between(TODAY, 5, 24)
    await watch.life.live(TODAY, 1, lambda one: not (silent(one[0]) and is_sign(one)))
    async with await connect(watch.life.owner) as conn, conn.transaction():
        told = watch.life.household.alarm(AlarmKind.STILLNESS, at=at(TODAY, 6))
        await store.attach_or_open(conn, told, at(TODAY, 6))
    await watch.until(14)
    (incident,) = await watch.incidents()
    assert incident.kind == "stillness"
    assert len(await watch.findings()) == 1


async def test_whoever_was_looked_after_since_is_not_called_for_again(watch: Watch) -> None:
    silent = between(TODAY, 5, 24)
    await watch.life.live(TODAY, 1, lambda one: not (silent(one[0]) and is_sign(one)))
    async with await connect(watch.life.owner) as conn, conn.transaction():
        told = watch.life.household.alarm(AlarmKind.STILLNESS, at=at(TODAY, 7))
        await store.attach_or_open(conn, told, at(TODAY, 7))
        await conn.execute("update incident set closed_at = %s, state = 'closed'", [at(TODAY, 8)])
    await watch.until(14)
    assert await watch.findings() == []


async def test_a_gateway_that_is_off_the_line_keeps_a_silence_from_being_told(watch: Watch) -> None:
    silent = between(TODAY, 5, 24)
    await watch.life.live(TODAY, 1, lambda one: not (silent(one[0]) and is_sign(one)))
    async with await connect(watch.life.owner) as conn:
        await conn.execute("update gateway set online = false")
    await watch.until(14)
    assert await watch.findings() == []


async def test_a_gateway_that_holds_records_back_keeps_a_silence_from_being_told(watch: Watch) -> None:
    silent = between(TODAY, 5, 24)
    await watch.life.live(TODAY, 1, lambda one: not (silent(one[0]) and is_sign(one)))
    lanes = {"lanes": {"t": {"next": 9, "depth": 3, "oldest_s": 7200.0}}}
    async with await connect(watch.life.owner) as conn:
        await conn.execute("update gateway set state = %s", [Jsonb(lanes)])
    await watch.until(14)
    assert await watch.findings() == []


async def test_nobody_misses_who_is_known_to_be_away(watch: Watch) -> None:
    silent = between(TODAY, 5, 24)
    await watch.life.live(TODAY, 1, lambda one: not (silent(one[0]) and is_sign(one)))
    body = Jsonb({"watch": {"away_until": int(at(TODAY + 2, 0).timestamp())}})
    async with await connect(watch.life.owner) as conn:
        await conn.execute(
            "insert into plan (home_id, version, body) values (%s, 1, %s)",
            [watch.life.household.home_id, body],
        )
    await watch.until(14)
    assert await watch.findings() == []


async def test_what_the_resident_withholds_is_not_looked_at(watch: Watch) -> None:
    async with await connect(watch.life.owner) as conn:
        await conn.execute(
            "insert into withheld values (%s, 'monitoring', null, null, true, true, '{}', %s, '{}', '{}')",
            [watch.life.household.home_id, [Quantity.MOTION.number]],
        )
    await watch.until(14)
    async with await connect(watch.life.owner) as conn:
        assert await (await conn.execute("select * from routine_day")).fetchall() == []


async def test_the_console_says_when_the_market_is_and_the_home_keeps_its_days(watch: Watch) -> None:
    parser = argparse.ArgumentParser()
    command = COMMANDS["market"]
    command.arguments(parser)
    settings = Settings(database=Database(dsn=watch.life.owner))
    said = parser.parse_args(["431202000000", "2026-03-02"])
    await asyncio.to_thread(command.run, settings, said)
    async with await connect(watch.life.owner) as conn, conn.transaction():
        home = await lock(conn, watch.life.household.home_id, watch.now)
    assert home is not None
    assert home.market == date(2026, 3, 2)
    with pytest.raises(ConfigError, match="no such division"):
        await asyncio.to_thread(command.run, settings, parser.parse_args(["999999000000", "2026-03-02"]))


async def test_two_workers_that_look_at_once_tell_it_once(watch: Watch) -> None:
    silent = between(TODAY, 5, 24)
    await watch.life.live(TODAY, 1, lambda one: not (silent(one[0]) and is_sign(one)))
    other = Watch(watch.life, watch.job)
    await asyncio.gather(watch.until(13), other.until(13))
    assert len(await watch.findings()) == 1


async def test_the_console_learns_from_the_homes_it_has_and_says_when_they_are_too_few(
    watch: Watch, tmp_path: Path
) -> None:
    await watch.look()
    parser = argparse.ArgumentParser()
    command = COMMANDS["train-routine"]
    command.arguments(parser)
    settings = Settings(database=Database(dsn=watch.life.owner), routine=Routine(backend="sequential"))
    with pytest.raises(ConfigError, match="1 homes have the days it takes; training needs 8"):
        await asyncio.to_thread(
            command.run, settings, parser.parse_args(["--write", str(tmp_path / "m.json")])
        )


def test_a_model_file_that_is_damaged_does_not_stop_the_worker(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text("{}")
    assert model_of(str(tmp_path / "m.json")).thresholds == model_of("").thresholds


async def test_the_weeks_judged_again_from_their_archive_say_the_same(watch: Watch, tmp_path: Path) -> None:
    silent = between(TODAY, 5, 24)
    await watch.life.live(TODAY, 1, lambda one: not (silent(one[0]) and is_sign(one)))
    await watch.until(14)
    (stored,) = await watch.findings()
    async with await connect(watch.life.owner) as conn:
        resident = await (await conn.execute("select id from resident")).fetchone()
        assert resident is not None
        await export.to_file(conn, resident["id"], tmp_path / "person.zip", Keyring(), watch.now)
    found = findings(sources.read(tmp_path / "person.zip", None), Setting(), frozenset({"routine"}))
    today = [one for one in found if MORNING <= one.at < at(TODAY, 14)]
    assert [(one.rule, one.since) for one in today] == [(f"routine_{stored['kind']}", stored["onset"])]
