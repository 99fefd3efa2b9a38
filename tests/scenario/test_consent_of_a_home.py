"""A no on its whole way: from a word in the cloud to a gateway that no longer collects, and back.

A whole cloud and an agent, both by their commands, with a real broker and database between them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from cloud.auth import Purpose as Reason
from cloud.auth import Scope
from cloud.consent import store
from cloud.consent.decide import By, Decision, Entry, How
from cloud.consent.purposes import Purpose
from cloud.db import Connection, connect
from cloud.people import roster as people
from cloud.people import roster_store
from edge_agent.app import Agent as Gateway
from firmware_protocols.model import Quantity
from firmware_protocols.serial import micradar
from firmware_protocols.wire.topics import Lane
from tests.harness import System, eventually, roster
from tests.scenario.edge_home import GATEWAY, SECRET, SHARD, Agent, Radar
from tests.scenario.test_wrong_clock import Pi, deliver, says, settings

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]

NO = Entry(Purpose.MONITORING, Decision.WITHDRAWN, By.SELF, How.VOICE, datetime(2026, 1, 1, tzinfo=UTC), "")
YES = replace(NO, decision=Decision.GIVEN, how=How.PAPER, text_version="2026-1")


@dataclass
class Home:
    """A cloud, and one home with a gateway and a radar."""

    system: System
    agent: Agent
    radar: Radar

    def say(self, entry: Entry) -> None:
        """Write down what the resident says now."""

        async def write() -> None:
            now = datetime.now(UTC)
            conn = await connect(self.system.dsn)
            async with conn.transaction():
                said = store.Said(1, replace(entry, at=now), "staff:1")
                await store.record(conn, Scope((1,), None, Reason.CARE), said, now)
            await conn.close()

        asyncio.run(write())

    def one(self, statement: str) -> Any:
        """The first value of the first row, ``None`` without one."""
        with psycopg.connect(self.system.dsn) as conn:
            row = conn.execute(statement.encode()).fetchone()
            return row[0] if row else None

    def distances(self) -> int:
        """How many distances are stored."""
        return int(self.one(f"select count(*) from reading where quantity = {Quantity.DISTANCE.number}"))

    def figure(self, name: str) -> float:
        """A figure of the last heartbeat."""
        return float(self.one(f"select coalesce((state -> 'health' ->> '{name}')::float, 0) from gateway"))

    def is_told(self, version: int) -> bool:
        """Whether the gateway says that it goes by this plan."""
        return bool(self.one(f"select (state ->> 'plan')::int = {version} from gateway"))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with ExitStack() as stack:
        one = roster(1)
        one["homes"][0]["gateway"] = {"id": GATEWAY, "shard": SHARD, "secret": SECRET}
        one["homes"][0]["devices"] = [{"name": "radar-bath", "kind": "radar", "room": "bathroom"}]
        system = System(tmp_path / "cloud", one)
        stack.enter_context(system.started())
        radar = Radar(tmp_path)
        agent = Agent(tmp_path, system.broker_port, radar)
        stack.callback(agent.kill)
        agent.start()
        eventually(agent.hears_radar)
        yield Home(system, agent, radar)


def test_a_withdrawal_stops_the_home_and_a_backlog_is_sorted_and_a_fall_still_calls(home: Home) -> None:
    home.radar.number(1)
    eventually(lambda: home.distances() == 1)

    home.say(NO)
    eventually(lambda: home.is_told(1))
    assert home.figure("unarmed/stillness") == 1, "the rule that needs it says that it is off"
    assert "not armed, for want of consent: long_lie" in home.one("select detail from command")

    for number in range(2, 6):
        home.radar.number(number)
    home.radar.fall()
    eventually(lambda: home.one("select count(*) from alarm where kind = 'fall' and state = 'raised'") == 1)
    eventually(lambda: home.figure("withheld") >= 4 or home.agent.committed(Lane.BULK) > 1)
    assert home.distances() == 1, "nothing of it left the home"
    assert home.one("select evidence ? 'frames' from alarm where state = 'raised'") is not True
    assert home.one("select sum(withheld) from batch") == 0, "the gateway dropped it, not the cloud"

    home.say(YES)
    eventually(lambda: home.is_told(2))
    home.radar.number(9)
    eventually(lambda: home.distances() == 2)


async def test_what_a_gateway_collected_while_it_was_away_is_told_apart(
    conn: Connection, tmp_path: Path
) -> None:
    await roster_store.load(conn, people.parse(msgspec.json.encode(roster(1))))
    machine = Pi("boot")
    machine.late = timedelta()
    agent = Gateway(settings(tmp_path), machine.clock)
    says(agent, micradar.encode_distance(100))
    no_at = machine.passes(60)
    said = store.Said(1, replace(NO, at=no_at), "staff:1")
    await store.record(conn, Scope((1,), None, Reason.CARE), said, no_at)
    machine.passes(60)
    says(agent, micradar.encode_distance(300))

    await deliver(agent, conn, machine.passes(3_600))
    found = await (
        await conn.execute("select value, observed_at < %s as before from reading", [no_at])
    ).fetchall()
    assert [tuple(row.values()) for row in found] == [(1.0, True)]
    counts = await (await conn.execute("select sum(withheld) as n from batch")).fetchone()
    assert counts == {"n": 1}
    assert not await (await conn.execute("select from quarantine")).fetchall()
