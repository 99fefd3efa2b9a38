"""Agent, broker, cloud and database, each killed while 200 events flow: 0 lost, 0 doubled, says the audit."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from firmware_protocols.model import EventKind, Quantity
from firmware_protocols.wire.topics import Lane
from tests.harness import ROOT, System, eventually, roster
from tests.scenario.edge_home import GATEWAY, SECRET, SHARD, Agent, Radar, numbered

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]

EVENTS = 200
PACE_S = 0.03


@dataclass
class Road:
    """The whole road: a radar, an agent, a broker and a cloud, all real processes but the radar."""

    system: System
    agent: Agent
    radar: Radar
    said: int = 0

    def flow(self, until: int) -> None:
        """Let the radar speak up to event ``until``; each is a fall or its end, and a number of its own."""
        while self.said < until:
            self.said += 1
            self.radar.fall(self.said % 2 == 1)
            self.radar.number(self.said)
            time.sleep(PACE_S)

    def is_on_disk(self) -> bool:
        """Whether the agent holds all that was said (no kill can give back what it had not read)."""
        return self.agent.committed(Lane.BULK) >= 2 * self.said

    def rows(self, statement: str, *values: Any) -> list[Any]:
        with psycopg.connect(self.system.dsn) as conn:
            return [row[0] for row in conn.execute(statement, values)]

    def numbers(self) -> list[int]:
        """What was said and is stored, as often as it is."""
        values = self.rows("select value from reading where quantity = %s", Quantity.DISTANCE.number)
        return sorted(map(numbered, values))

    def has_stored_all(self) -> bool:
        """Whether nothing is under way any more; false while the database comes back."""
        with suppress(psycopg.OperationalError):
            return len(self.numbers()) >= self.said and self.falls() >= self.said // 2
        return False

    def falls(self) -> int:
        """How many fall reports are stored."""
        return len(self.rows("select 1 from event where kind = %s", EventKind.FALL_SUSPECTED.value))


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    county = roster(1)
    county["homes"][0]["gateway"] = {"id": GATEWAY, "shard": SHARD, "secret": SECRET}
    with ExitStack() as stack:
        system = stack.enter_context(System(tmp_path / "cloud", county).started())
        radar = Radar(tmp_path)
        agent = Agent(tmp_path, system.broker_port, radar)
        stack.callback(agent.kill)
        agent.start()
        eventually(agent.hears_radar)
        yield Road(system, agent, radar)


def kill_broker(road: Road) -> None:
    road.system.kill9("nats")


def kill_cloud(road: Road) -> None:
    road.system.kill9("cloud")
    road.flow(road.said + 10)  # nobody is there to take these
    road.system.start()


def kill_database(road: Road) -> None:
    road.system.kill9("postgres")


def kill_agent(road: Road) -> None:
    eventually(road.is_on_disk)
    road.agent.kill()
    road.agent.start()
    eventually(road.agent.hears_radar)


FAULTS: tuple[Callable[[Road], None], ...] = (kill_agent, kill_broker, kill_cloud, kill_database)


def test_agent_broker_cloud_and_database_killed_in_turn_lose_and_double_nothing(
    road: Road, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, fault in enumerate(FAULTS, start=1):
        road.flow(number * EVENTS // (len(FAULTS) + 1))
        fault(road)
    road.flow(EVENTS)
    eventually(road.has_stored_all, within_s=90)
    assert road.numbers() == list(range(1, EVENTS + 1))
    assert road.falls() == EVENTS // 2
    assert len(road.rows("select 1 from incident")) == 1, "falls that follow each other are one incident"
    assert road.agent.stop() == 0  # the last heartbeat tells the audit the last number
    eventually(partial(audited, road.system))
    with capsys.disabled():
        sys.stdout.write(f"\n{audit(road.system).stdout}")


def audit(system: System) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "anban", "audit", "--data", str(system.data)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def audited(system: System) -> bool:
    return audit(system).returncode == 0
