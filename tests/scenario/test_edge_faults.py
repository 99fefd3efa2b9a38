"""The agent as a process, killed, frozen out, unplugged, refused: nothing is lost, nothing is doubled."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from firmware_protocols.model import AlarmKind, AlarmState, EventKind, Quantity
from firmware_protocols.wire import envelope, topics
from firmware_protocols.wire.control import Command
from firmware_protocols.wire.topics import Lane
from tests.scenario.disks import on_small_disks, small_disk
from tests.scenario.edge_home import GATEWAY, SECRET, House, house, numbered, until

pytestmark = pytest.mark.services


@pytest.fixture(params=["nats", "mosquitto"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, request.param) as built:
        yield built


@pytest.fixture
def nats_home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, "nats") as built:
        yield built


def numbers(home: House) -> list[int]:
    """What the radar said and the cloud has stored, as often as it has it."""
    stored = (r.value for r in home.cloud.readings() if r.quantity is Quantity.DISTANCE and r.value)
    return sorted(map(numbered, stored))


def is_committed(home: House, number: int) -> bool:
    return home.agent.committed(Lane.BULK) >= number


def assert_nothing_lost_or_doubled(home: House, said: int) -> None:
    until(lambda: len(numbers(home)) >= said)
    assert numbers(home) == list(range(1, said + 1))
    assert not home.cloud.missing(Lane.BULK)
    assert not home.cloud.missing(Lane.ALARM)
    assert home.cloud.differing == 0


def test_a_fall_reaches_the_cloud_at_once_and_is_raised_when_nobody_answers(home: House) -> None:
    """At once: by itself, before anything that comes later. How soon, ``benchmarks.road`` measures."""
    home.agent.start()
    until(home.agent.hears_radar)
    until(lambda: any(state.online for state in home.cloud.states))
    home.radar.fall()
    until(home.cloud.alarms)
    suspected = home.cloud.alarms()[0]
    assert (suspected.kind, suspected.state, suspected.confirm_s) == (
        AlarmKind.FALL,
        AlarmState.SUSPECTED,
        3.0,
    )
    until(lambda: len(home.cloud.alarms()) == 2)
    raised = home.cloud.alarms()[1]
    assert (raised.id, raised.state) == (suspected.id, AlarmState.RAISED)
    in_batches = [envelope.parse(payload).records for payload in home.cloud.payloads.values()]
    assert not [records for records in in_batches if suspected in records and raised in records]
    assert [event.kind for event in home.cloud.events()] == [EventKind.FALL_SUSPECTED]


def test_a_stopped_agent_says_goodbye_and_leaves_nothing_behind(home: House) -> None:
    home.agent.start()
    until(home.agent.hears_radar)
    for n in range(1, 21):
        home.radar.number(n)
    until(lambda: len(numbers(home)) == 20)
    assert home.agent.stop() == 0
    until(lambda: not home.cloud.states[-1].online)


def test_another_client_that_takes_the_gateways_name_for_its_own_does_not_cut_it_off(home: House) -> None:
    home.agent.start()
    until(home.agent.hears_radar)
    until(lambda: any(state.online for state in home.cloud.states))
    intruder = mqtt.Client(CallbackAPIVersion.VERSION2, GATEWAY)
    intruder.username_pw_set("cloud", "cloud")
    intruder.connect("127.0.0.1", home.broker.port)
    intruder.loop_start()
    until(intruder.is_connected)
    home.radar.number(7)
    until(lambda: numbers(home) == [7])
    intruder.disconnect()
    intruder.loop_stop()
    assert "connection lost" not in home.agent.said()


def test_the_broker_says_that_a_killed_agent_is_offline(home: House) -> None:
    home.agent.start()
    until(lambda: any(state.online for state in home.cloud.states))
    home.agent.kill()
    until(lambda: not home.cloud.states[-1].online)


def test_the_agent_killed_again_and_again_while_readings_flow_loses_and_doubles_nothing(
    nats_home: House,
) -> None:
    home, sent = nats_home, 0
    for _ in range(4):
        home.agent.start()
        until(home.agent.hears_radar)
        for _ in range(60):
            sent += 1
            home.radar.number(sent)
        until(partial(is_committed, home, sent))  # on the agent's disk; sending is under way
        home.agent.kill()
    home.agent.start()
    assert_nothing_lost_or_doubled(home, sent)


def test_frames_of_the_last_moments_before_a_kill_are_all_a_kill_may_cost(nats_home: House) -> None:
    """Without the courtesy of a commit: killed in full flow, only what was read in the last group may go."""
    home = nats_home
    home.agent.start()
    until(home.agent.hears_radar)
    sent_at: dict[int, float] = {}
    looked_at = 0.0
    for n in range(1, 1_990):
        sent_at[n] = time.monotonic()
        home.radar.number(n)
        time.sleep(0.004)
        if n >= 300 and n % 20 == 0:  # on a busy machine the agent may be behind: not just then
            looked_at, on_disk = time.monotonic(), home.agent.committed(Lane.BULK)
            if looked_at - sent_at.get(on_disk + 1, looked_at) < 0.5:
                break
    home.agent.kill()
    home.agent.start()
    until(home.agent.hears_radar)
    home.radar.number(1000)
    until(lambda: 1000 in numbers(home))
    until(lambda: not home.cloud.missing(Lane.BULK))
    there = set(numbers(home))
    late = [looked_at - sent_at[n] for n in sent_at if n not in there]
    assert all(before < 1.0 for before in late), f"lost although old: {max(late)} s"
    assert len(numbers(home)) == len(there), "doubled"


def test_a_frozen_broker_and_then_a_killed_agent_lose_nothing(nats_home: House) -> None:
    home = nats_home
    home.agent.start()
    until(home.agent.hears_radar)
    until(lambda: any(state.online for state in home.cloud.states))
    home.broker.send(signal.SIGSTOP)
    for n in range(1, 201):
        home.radar.number(n)
    until(lambda: home.agent.committed(Lane.BULK) == 200)
    home.agent.kill()
    home.broker.send(signal.SIGCONT)
    home.agent.start()
    assert_nothing_lost_or_doubled(home, 200)


def test_a_killed_broker_loses_nothing(nats_home: House) -> None:
    home = nats_home
    home.agent.start()
    until(home.agent.hears_radar)
    for n in range(1, 101):
        home.radar.number(n)
    home.broker.stop()
    for n in range(101, 201):
        home.radar.number(n)
    until(lambda: home.agent.committed(Lane.BULK) == 200)
    home.broker.start()
    assert_nothing_lost_or_doubled(home, 200)


def test_a_cloud_that_does_not_commit_gets_the_same_bytes_again(nats_home: House) -> None:
    """The broker acknowledges, the cloud does not: nothing may be deleted."""
    home = nats_home
    home.cloud.acking = False
    home.agent.start()
    until(home.agent.hears_radar)
    home.radar.fall()
    until(lambda: len(home.cloud.offered) >= 2)
    home.cloud.acking = True
    until(lambda: len(home.cloud.alarms()) == 2)
    assert {alarm.state for alarm in home.cloud.alarms()} == {AlarmState.SUSPECTED, AlarmState.RAISED}
    assert home.cloud.resends >= 1
    assert home.cloud.differing == 0


def test_a_suspicion_survives_a_kill_and_is_raised_after_the_restart(nats_home: House) -> None:
    home = nats_home
    home.agent.start()
    until(home.agent.hears_radar)
    home.radar.fall()
    until(home.cloud.alarms)
    home.agent.kill()
    home.agent.start()
    until(lambda: len(home.cloud.alarms()) == 2)
    first, second = home.cloud.alarms()
    assert (second.id, second.state) == (first.id, AlarmState.RAISED)
    assert home.agent.said().count("phrase=help_called") >= 1


def test_the_cloud_cancels_a_suspicion_once_and_refuses_what_is_late_or_unknown(nats_home: House) -> None:
    home = nats_home
    home.agent.start()
    until(home.agent.hears_radar)
    until(lambda: any(state.online for state in home.cloud.states))
    home.radar.fall()
    until(home.cloud.alarms)
    later = time.time() + 60
    home.cloud.command(Command("c1", "cancel", later))
    until(lambda: len(home.cloud.results) == 1)
    home.cloud.command(Command("c1", "cancel", later))
    home.cloud.command(Command("c2", "test", 1.0))
    home.cloud.command(Command("c3", "dance", later))
    until(lambda: len(home.cloud.results) == 4)
    assert [(r.id, r.ok) for r in home.cloud.results] == [
        ("c1", True),
        ("c1", True),
        ("c2", False),
        ("c3", False),
    ]
    assert [r.detail for r in home.cloud.results][1:3] == ["done before", "expired"]
    until(
        lambda: [alarm.state for alarm in home.cloud.alarms()] == [AlarmState.SUSPECTED, AlarmState.CANCELLED]
    )


def test_garbage_from_the_cloud_is_counted_and_disturbs_nothing(nats_home: House) -> None:
    home = nats_home
    home.agent.start()
    until(home.agent.hears_radar)
    until(lambda: any(state.online for state in home.cloud.states))
    hostile = (b"\xff\x00", b"[]", b'{"e":1}', b'{"e":"x","st":"a","b":[1,99999999999999999999]}')
    for payload in hostile:
        home.cloud.publish(topics.ack(GATEWAY), payload)
        home.cloud.publish(topics.command(GATEWAY), payload)
    home.radar.number(1)
    until(lambda: len(numbers(home)) == 1)
    until(lambda: home.agent.said().count("message not understood") >= 7)
    assert "part failed" not in home.agent.said()


def test_a_radar_that_is_unplugged_and_plugged_in_again_is_read_again_and_logged_once(
    nats_home: House,
) -> None:
    home = nats_home
    home.agent.start()
    until(home.agent.hears_radar)
    home.radar.number(1)
    until(lambda: len(numbers(home)) == 1)
    home.radar.unplug()
    until(lambda: "is not there" in home.agent.said())
    time.sleep(3)  # several attempts fall into this time; each would be a line if repeats were logged
    home.radar.plug()
    until(lambda: home.agent.said().count("serial port open") == 2)
    home.radar.number(2)
    until(lambda: len(numbers(home)) == 2)
    assert home.agent.said().count("is not there") == 1


@pytest.mark.parametrize("kind", ["nats", "mosquitto"])
def test_a_wrong_secret_is_said_once_with_advice_and_everything_is_kept(kind: str, tmp_path: Path) -> None:
    with house(tmp_path, kind, secret="wrong-secret") as home:
        home.agent.start()
        until(home.agent.hears_radar)
        home.radar.number(1)
        until(lambda: home.agent.committed(Lane.BULK) == 1)
        until(lambda: "check the secret in uplink.secret" in home.agent.said())
        assert home.agent.said().count("check the secret") == 1
        home.agent.stop()
        text = home.agent.config.read_text()
        home.agent.config.write_text(text.replace("wrong-secret", SECRET))
        home.agent.start()
        until(lambda: len(numbers(home)) == 1)


def test_a_corrupt_outbox_is_set_aside_under_a_new_epoch_and_reported(nats_home: House) -> None:
    home = nats_home
    home.agent.start()
    until(home.agent.hears_radar)
    home.radar.number(1)
    until(lambda: len(numbers(home)) == 1)
    home.agent.stop()
    file = home.agent.data / "outbox.sqlite"
    file.write_bytes(b"\xa5" * 8192)
    home.agent.start()
    until(lambda: any(alarm.kind is AlarmKind.DEVICE_FAULT for alarm in home.cloud.alarms()))
    until(home.agent.hears_radar)
    home.radar.number(2)
    until(lambda: len(numbers(home)) == 2)
    assert len({epoch for epoch, _ in home.cloud.records(Lane.BULK)}) == 2
    assert len(list(home.agent.data.glob("outbox.sqlite.corrupt-*"))) == 1


def test_two_agents_do_not_share_a_folder(nats_home: House) -> None:
    home = nats_home
    home.agent.start()
    until(home.agent.hears_radar)
    first, home.agent._process = home.agent._process, None
    home.agent.start()
    assert home.agent._process is not None
    assert home.agent._process.wait(60) == 3
    assert "another agent uses" in home.agent.said()
    home.agent._process = first


def test_the_agent_stays_below_ninety_mebibytes(nats_home: House) -> None:
    home = nats_home
    home.agent.start()
    until(home.agent.hears_radar)
    for n in range(1, 501):
        home.radar.number(n)
    until(lambda: len(numbers(home)) == 500)
    home.radar.fall()
    until(home.cloud.alarms)
    pages = int(Path(f"/proc/{home.agent.pid}/statm").read_text().split()[1])
    assert pages * 4096 / 2**20 < 90


@on_small_disks
def test_a_full_disk_still_lets_the_alarm_out_and_recovers_by_itself(nats_home: House) -> None:
    """A real file system with no room left, mounted where the outbox lives."""
    home = nats_home
    with small_disk(home.agent.data, 3) as disk:
        home.agent.start()
        until(home.agent.hears_radar)
        home.radar.number(1)
        until(lambda: len(numbers(home)) == 1)
        disk.fill()
        home.cloud.acking = False
        until_full(home)
        home.cloud.acking = True
        home.radar.fall()
        until(home.cloud.alarms)
        until(lambda: any(state.health["outbox_in_memory"] for state in home.cloud.states), 70)
        disk.make_room()
        until(lambda: "outbox on disk again" in home.agent.said())
        until(lambda: not home.cloud.missing(Lane.BULK) and not home.cloud.missing(Lane.ALARM))
        assert home.agent.stop() == 0


def until_full(home: House) -> None:
    """Talk until the outbox says that it cannot write."""
    for n in range(2, 60_000):
        home.radar.number(n)
        if n % 200 == 0:
            time.sleep(0.05)
            if "outbox cannot write" in home.agent.said():
                return
    raise AssertionError("the disk never filled")
