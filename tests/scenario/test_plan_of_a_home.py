"""The plan of a home on its whole way: from the roster to a gateway that goes by it and says so.

A whole cloud and an agent, both by their commands, with a real broker and database between them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from cloud.db import connect
from cloud.people import roster as people
from cloud.people import roster_store
from tests.harness import System, eventually, roster
from tests.scenario.edge_home import GATEWAY, SECRET, SHARD, Agent, Radar

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]


@dataclass
class County:
    """A cloud, one home with a gateway, and the roster that says how it shall judge."""

    system: System
    agent: Agent
    radar: Radar

    def load(self, plan: dict[str, Any]) -> None:
        """Load the roster anew with ``plan``, as an administrator does while everything runs."""
        county = {**self.system.roster}
        county["homes"] = [{**county["homes"][0], "plan": plan}]

        async def load() -> None:
            conn = await connect(self.system.dsn)
            async with conn.transaction():
                await roster_store.load(conn, people.parse(msgspec.json.encode(county)))
            await conn.close()

        asyncio.run(load())

    def one(self, statement: str) -> Any:
        """The first value of the first row, ``None`` without one."""
        with psycopg.connect(self.system.dsn) as conn:
            row = conn.execute(statement.encode()).fetchone()
            return row[0] if row else None

    def reported(self) -> int:
        """The version that the last heartbeat named."""
        return int(self.one("select coalesce((state ->> 'plan')::int, 0) from gateway"))

    def sent(self) -> int:
        """How many plans were ever sent."""
        return int(self.one("select count(*) from command where name = 'plan'"))


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
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
        yield County(system, agent, radar)


def test_a_plan_reaches_its_home_again_when_it_changes_and_after_an_absence_and_never_twice(
    county: County,
) -> None:
    county.load({"confirm_s": 2})
    eventually(lambda: county.reported() == 1)
    assert county.one("select ok from command where name = 'plan'") is True

    county.load({"confirm_s": 1})
    eventually(lambda: county.reported() == 2)
    county.radar.fall()
    eventually(lambda: county.one("select evidence from alarm where state = 'raised'"))
    suspected = county.one(
        "select (confirm_s, evidence ->> 'plan')::text from alarm where state = 'suspected'"
    )
    assert suspected == "(1,2)", "the window and the number of the plan in force"
    frames = county.one("select evidence -> 'frames' from alarm where state = 'raised'")
    assert [frame["d"] for frame in frames] == ["radar-bath"]
    assert county.one("select evidence ->> 'frames' from incident") == "1", (
        "a screen is told how many there are"
    )

    county.agent.kill()
    eventually(lambda: county.one("select online from gateway") is False)
    county.load({"confirm_s": 30})
    assert county.sent() == 2, "nothing is sent to a gateway that is away"
    county.agent.start()
    eventually(lambda: county.reported() == 3)

    county.load({"confirm_s": 30})
    county.agent.stop()
    before = county.one("select state_at from gateway")
    county.agent.start()
    eventually(
        lambda: (
            county.one("select online from gateway") and county.one("select state_at from gateway") > before
        )
    )
    assert county.reported() == 3, "kept over the restart"
    assert county.one("select due_at from plan") is None
    assert county.sent() == 3
