"""A gateway that wakes two weeks in the past: what it sends lets the cloud put every time right."""

from __future__ import annotations

import dataclasses
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.app import Agent
from edge_agent.clock import Clock, Stamp
from edge_agent.drivers import Incoming
from edge_agent.rules.sight import Sight
from edge_agent.settings import EdgeSettings, GatewaySettings, SerialSettings, UplinkSettings
from firmware_protocols.codec import Frame
from firmware_protocols.model import Alarm, ClockState, Quantity, Reading
from firmware_protocols.serial import micradar
from firmware_protocols.wire import envelope
from firmware_protocols.wire.envelope import Anchor, Batch
from firmware_protocols.wire.topics import Lane
from tests.unit.edge_agent.household import NOON, PENDANT, RADAR, press

FORTNIGHT = timedelta(days=14)


class Machine:
    """A machine without a battery-backed clock: its wall is behind ``true`` until ``synchronise``."""

    def __init__(self, boot: str = "b1", behind: timedelta = FORTNIGHT) -> None:
        self.true = NOON
        self.up_s = 30.0
        self.behind = behind
        self.synced = False
        self.clock = Clock(self.wall, lambda: self.up_s, lambda: self.synced, boot, lambda: self.up_s)

    def wall(self) -> float:
        return (self.true - self.behind).timestamp()

    def passes(self, seconds: float) -> None:
        self.true += timedelta(seconds=seconds)
        self.up_s += seconds

    def synchronise(self) -> None:
        self.behind, self.synced = timedelta(0), True


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def settings(tmp_path: Path) -> EdgeSettings:
    return EdgeSettings(GatewaySettings("gw-1", 7, tmp_path), UplinkSettings("127.0.0.1", secret="s"))


@pytest.fixture
def agent(settings: EdgeSettings, machine: Machine) -> Agent:
    return Agent(settings, machine.clock)


def take(agent: Agent, machine: Machine) -> datetime:
    """Let the agent take a reading and a press; return when that truly was."""
    now = machine.clock.now()
    reading = Reading(RADAR, Quantity.DISTANCE, 1.0, now)
    agent.outbox.append([reading, press(PENDANT, now)], machine.clock.stamp(), now)
    return machine.true


def batches(agent: Agent) -> list[Batch]:
    agent.outbox.flush(agent.clock.now())
    return [envelope.parse(frozen.payload) for lane in Lane for frozen in agent.outbox.take(lane, 1000)]


def anchors(agent: Agent) -> list[Batch]:
    return [batch for batch in batches(agent) if isinstance(batch.records[0], Anchor)]


def put_right(batch: Batch, anchor: Batch) -> list[datetime]:
    """What the cloud makes of the times of ``batch``."""
    assert batch.booted_at is not None
    assert anchor.booted_at is not None
    return [record.observed_at + (anchor.booted_at - batch.booted_at) for record in batch.records]


def test_the_anchor_puts_every_earlier_record_of_the_boot_right(agent: Agent, machine: Machine) -> None:
    truth = []
    for _ in range(5):
        truth.append(take(agent, machine))
        machine.passes(3)
    machine.synchronise()
    agent._anchor_clock()
    (anchor,) = anchors(agent)
    unset = [batch for batch in batches(agent) if batch.clock is ClockState.UNSYNCED]
    times = {
        lane: [at for batch in unset if batch.lane is lane for at in put_right(batch, anchor)]
        for lane in Lane
    }
    assert times == {Lane.ALARM: truth, Lane.BULK: truth}
    assert all(record.observed_at < NOON - timedelta(days=13) for batch in unset for record in batch.records)


def test_the_anchor_stands_behind_the_readings_taken_before_it(agent: Agent, machine: Machine) -> None:
    take(agent, machine)
    machine.synchronise()
    agent._anchor_clock()
    take(agent, machine)
    (anchor,) = anchors(agent)
    assert anchor.records == (Anchor(2, NOON),)
    bulk = [batch for batch in batches(agent) if batch.lane is Lane.BULK]
    assert [(batch.first, batch.clock) for batch in bulk] == [
        (1, ClockState.UNSYNCED),
        (2, ClockState.SYNCED),
    ]


def test_a_boot_is_anchored_once_whatever_restarts(
    agent: Agent, machine: Machine, settings: EdgeSettings
) -> None:
    agent._anchor_clock()
    assert anchors(agent) == [], "nothing is known yet"
    machine.synchronise()
    agent._anchor_clock()
    agent._anchor_clock()
    assert len(anchors(agent)) == 1
    _end(agent)
    again = Agent(settings, machine.clock)
    again._anchor_clock()
    assert len(anchors(again)) == 1
    _end(again)
    rebooted = Machine("b2", timedelta(0))
    rebooted.synced = True
    third = Agent(settings, rebooted.clock)
    third._anchor_clock()
    assert [batch.boot for batch in anchors(third)] == ["b1", "b2"]


def test_a_step_of_the_clock_before_it_is_in_step_begins_a_batch_of_its_own(
    agent: Agent, machine: Machine
) -> None:
    first = take(agent, machine)
    machine.behind = timedelta(seconds=8)  # less than a group lasts
    second = take(agent, machine)
    machine.synchronise()
    agent._anchor_clock()
    (anchor,) = anchors(agent)
    bulk = [batch for batch in batches(agent) if batch.lane is Lane.BULK]
    assert [put_right(batch, anchor) for batch in bulk] == [[first], [second]]


class Setter:
    """A rule during whose work the clock is set."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        self.machine.synchronise()
        return []

    def tick(self, now: datetime) -> list[Alarm]:
        return []

    def state(self) -> None:
        return None

    def restore(self, state: object) -> None:
        pass


def test_a_record_whose_frame_came_before_the_clock_was_set_is_not_stamped_as_if_after(
    settings: EdgeSettings, machine: Machine
) -> None:
    line = SerialSettings(RADAR, "micradar", "/dev/null")
    agent = Agent(dataclasses.replace(settings, serial=(line,)), machine.clock)
    agent.pipeline.rules = {"setter": Setter(machine)}
    frame = Frame(RADAR, micradar.encode_distance(7), machine.clock.now())
    agent.pipeline.take(Incoming("micradar", frame))
    agent._anchor_clock()
    (anchor,) = anchors(agent)
    (bulk,) = [batch for batch in batches(agent) if batch.lane is Lane.BULK]
    assert bulk.clock is ClockState.UNSYNCED
    assert put_right(bulk, anchor) == [NOON]


def test_a_machine_without_a_boot_id_anchors_nothing(settings: EdgeSettings) -> None:
    nameless = Machine("")
    nameless.synchronise()
    agent = Agent(settings, nameless.clock)
    agent._anchor_clock()
    assert anchors(agent) == []


def test_a_slewed_clock_is_one_line_and_a_stepped_one_two() -> None:
    stamp = Stamp("b", ClockState.UNSYNCED, 1000.0)
    assert stamp.agrees(Stamp("b", ClockState.UNSYNCED, 1000.005))
    assert not stamp.agrees(Stamp("b", ClockState.UNSYNCED, 1001.5))
    assert not stamp.agrees(Stamp("b", ClockState.SYNCED, 1000.0))
    assert not stamp.agrees(Stamp("b", ClockState.UNSYNCED))


def test_the_uptime_of_this_machine_is_the_kernels() -> None:
    stamp = Clock().stamp()
    assert stamp.booted_at is not None
    began = datetime.fromtimestamp(stamp.booted_at, UTC)
    (line,) = [one for one in Path("/proc/stat").read_text().splitlines() if one.startswith("btime ")]
    assert abs(began.timestamp() - int(line.split()[1])) < 2


def _end(agent: Agent) -> None:
    agent.outbox.close(agent.clock.now())
    os.close(agent._lock)


def test_a_noted_time_that_cannot_be_read_keeps_nobody_from_starting(
    settings: EdgeSettings, agent: Agent, machine: Machine
) -> None:
    agent.outbox.note("clock/last", "2026-0\x1f-01T")
    agent.outbox.close(NOON)
    os.close(agent._lock)
    assert Agent(settings, machine.clock).clock.now() == NOON - FORTNIGHT
