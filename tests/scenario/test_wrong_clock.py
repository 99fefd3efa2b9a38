"""A gateway without a battery-backed clock wakes two weeks in the past, calls, records and learns the time.

The real agent's outbox on one side, the real ingest on the real database on the other; only the wire between
them is a list. What the kernel says of the clock is given, because nothing may set the clock of this machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud.audit import audit
from cloud.db import Connection
from cloud.incidents.store import attach_or_open
from cloud.ingest.alarms import hand_on_due
from cloud.ingest.model import Delivery
from cloud.ingest.read import read
from cloud.ingest.store import store
from cloud.people import roster as people
from cloud.people import roster_store
from edge_agent.app import Agent
from edge_agent.clock import Clock
from edge_agent.configuration import parse
from edge_agent.drivers import Incoming
from edge_agent.settings import EdgeSettings
from firmware_protocols.codec import Frame
from firmware_protocols.model import DeviceId
from firmware_protocols.serial import micradar
from firmware_protocols.wire.topics import Lane
from tests.harness import roster

pytestmark = pytest.mark.services

RADAR = DeviceId("radar-bath")
GATEWAY = "gw-h001"


class Pi:
    """A machine that was without power for two weeks; ``true`` is the time on the wall of the kitchen."""

    def __init__(self, boot: str) -> None:
        self.true = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)
        self.up_s = 12.0
        self.late = timedelta(days=14)
        self.clock = Clock(self.wall, lambda: self.up_s, self.is_in_step, boot, lambda: self.up_s)

    def wall(self) -> float:
        return (self.true - self.late).timestamp()

    def is_in_step(self) -> bool:
        return not self.late

    def passes(self, seconds: float) -> datetime:
        self.true += timedelta(seconds=seconds)
        self.up_s += seconds
        return self.true


def settings(folder: Path) -> EdgeSettings:
    line = {"name": RADAR, "codec": "micradar", "port": "/dev/null", "room": "bathroom"}
    return parse(
        {
            "gateway": {"id": GATEWAY, "shard": 1, "data_dir": str(folder)},
            "uplink": {"host": "127.0.0.1", "secret": "secret"},
            "serial": [line],
            "rules": {"fall_confirm_s": 3},
        }
    )


def says(agent: Agent, frame: bytes) -> None:
    agent.pipeline.take(Incoming("micradar", Frame(RADAR, frame, agent.clock.now())))


async def deliver(agent: Agent, conn: Connection, now: datetime) -> None:
    """Everything that waits reaches the cloud, which acknowledges what it has stored."""
    agent.outbox.flush(agent.clock.now())
    for lane in Lane:
        for frozen in agent.outbox.take(lane, 1000):
            topic = f"anban/1/1/{GATEWAY}/{lane}"
            for _, ack in await store(
                conn, [read(Delivery(topic, frozen.payload, now))], attach_or_open, now
            ):
                agent.outbox.settle(ack.e, ack.st, ack.b)
    while await hand_on_due(conn, attach_or_open, now):
        pass


async def times(conn: Connection, statement: str) -> Sequence[Any]:
    rows = await (await conn.execute(statement.encode())).fetchall()
    return [next(iter(row.values())) for row in rows]


async def test_what_was_recorded_two_weeks_in_the_past_ends_at_the_time_it_happened(
    conn: Connection, tmp_path: Path
) -> None:
    await roster_store.load(conn, people.parse(msgspec.json.encode(roster(1))))
    pi = Pi("boot-1")
    agent = Agent(settings(tmp_path), pi.clock)
    said = []
    for metres in range(2, 7):  # apart enough that none is thinned out
        said.append(pi.passes(4))
        says(agent, micradar.encode_distance(100 * metres))
    fell_at = pi.passes(1)
    says(agent, micradar.encode_fall(True))
    await deliver(agent, conn, pi.true)
    opened = await times(conn, "select opened_at from incident")
    assert opened == [fell_at], "the call did not wait for the clock"
    assert await times(conn, "select observed_at from incident") == [fell_at - timedelta(days=14)]

    pi.passes(30)
    pi.late = timedelta(0)
    agent._anchor_clock()
    said.append(pi.passes(2))
    says(agent, micradar.encode_distance(700))
    await deliver(agent, conn, pi.true)
    statement = "select observed_at from reading where value > 1 order by 1"
    assert await times(conn, statement) == said
    assert await times(conn, "select observed_at from incident") == [fell_at]
    assert await times(conn, "select min(observed_at) from alarm") == [fell_at]
    report = await audit(conn)
    assert (report.missing, report.doubled, report.unsure) == (0, 0, ())


async def test_a_night_without_any_clock_is_kept_in_its_place_and_marked(
    conn: Connection, tmp_path: Path
) -> None:
    await roster_store.load(conn, people.parse(msgspec.json.encode(roster(1))))
    night = Pi("boot-1")
    agent = Agent(settings(tmp_path), night.clock)
    says(agent, micradar.encode_distance(1))
    night.passes(3600)
    says(agent, micradar.encode_distance(2))
    agent.outbox.flush(night.clock.now())

    morning = Pi("boot-2")  # the power was away again
    morning.true, morning.late = night.true + timedelta(hours=2), timedelta(0)
    agent.clock = agent.pipeline.clock = morning.clock
    agent._anchor_clock()
    await deliver(agent, conn, morning.true)
    first, second = await times(
        conn, "select observed_at from reading where value in (0.01, 0.02) order by 1"
    )
    assert second - first == timedelta(hours=1), "a boot keeps its own measure of time"
    assert second <= morning.true
    assert (await audit(conn)).unsure[0][1:] == ("estimated", 2)
