"""Which batches go out, in which order, and when again."""

from __future__ import annotations

from pathlib import Path

from edge_agent.clock import Clock
from edge_agent.frozen import Frozen, Key
from edge_agent.link import Message
from edge_agent.outbox import Outbox
from edge_agent.settings import EdgeSettings, GatewaySettings, UplinkSettings
from edge_agent.uplink import Uplink
from edge_agent.window import BULK_BYTES, FIRST_ROOM, RESEND_S, ROOM, Window
from firmware_protocols.wire import control, topics
from firmware_protocols.wire.control import MAX_SLOW_S, Ack, Result, State
from firmware_protocols.wire.topics import Lane
from tests.unit.edge_agent.household import GATEWAY, NOON


def batches(lane: Lane, *firsts: int) -> list[Frozen]:
    return [Frozen(Key("e", lane, first), 1, 0.0, b"") for first in firsts]


def firsts(chosen: list[Frozen]) -> list[int]:
    return [frozen.key.first for frozen in chosen]


def wide() -> Window:
    """The window of a connection that has been committing for a while."""
    return Window(bulk_room=ROOM[Lane.BULK])


def test_alarms_go_first_then_newest_and_oldest_readings_in_turn() -> None:
    chosen = wide().choose(
        batches(Lane.ALARM, 1, 2), batches(Lane.BULK, 1, 2, 3), batches(Lane.BULK, 9, 8, 3), 0.0
    )
    assert [(f.key.lane, f.key.first) for f in chosen] == [
        ("a", 1), ("a", 2), ("t", 9), ("t", 1), ("t", 8), ("t", 2), ("t", 3)
    ]  # fmt: skip


def test_what_is_in_flight_is_not_sent_again_before_its_time() -> None:
    window, alarms = Window(), batches(Lane.ALARM, 1)
    assert firsts(window.choose(alarms, [], [], 0.0)) == [1]
    assert window.choose(alarms, [], [], RESEND_S - 0.1) == []
    assert firsts(window.choose(alarms, [], [], RESEND_S)) == [1]


def test_the_wait_for_readings_doubles_and_that_for_alarms_does_not() -> None:
    window = Window()
    alarms, readings = batches(Lane.ALARM, 1), batches(Lane.BULK, 1)
    sent: dict[Lane, list[int]] = {lane: [] for lane in Lane}
    for second in range(200):
        for frozen in window.choose(alarms, readings, [], float(second)):
            sent[frozen.key.lane].append(second)
    assert sent[Lane.ALARM] == list(range(0, 200, 15))
    assert sent[Lane.BULK] == [0, 15, 45, 105]


def test_a_new_connection_makes_everything_due() -> None:
    window, alarms = Window(), batches(Lane.ALARM, 1)
    window.choose(alarms, [], [], 0.0)
    window.reconnected()
    assert firsts(window.choose(alarms, [], [], 1.0)) == [1]


def test_a_backlog_of_readings_leaves_the_alarms_their_room() -> None:
    window = wide()
    backlog = batches(Lane.BULK, *range(1, 100))
    assert len(window.choose([], backlog, [], 0.0)) == ROOM[Lane.BULK]
    assert window.choose([], backlog, [], 1.0) == []
    assert firsts(window.choose(batches(Lane.ALARM, 5), backlog, [], 1.0)) == [5]


def test_a_settled_batch_makes_room() -> None:
    window = wide()
    backlog = batches(Lane.BULK, *range(1, 100))
    window.choose([], backlog, [], 0.0)
    window.settled([Key("e", Lane.BULK, 1)])
    assert firsts(window.choose([], backlog[1:], [], 1.0)) == [ROOM[Lane.BULK] + 1]


def test_a_batch_that_the_quota_dropped_in_flight_gives_its_room_back() -> None:
    window = wide()
    window.choose([], batches(Lane.BULK, *range(1, 50)), [], 0.0)
    later = batches(Lane.BULK, *range(50, 100))
    assert window.choose([], later, [], 1.0) == []
    assert len(window.choose([], later, [], RESEND_S)) == ROOM[Lane.BULK]


def test_a_slow_cloud_gets_one_reading_batch_at_a_time_and_every_alarm() -> None:
    window = Window(slow_s=10)
    backlog = batches(Lane.BULK, *range(1, 20))
    assert firsts(window.choose([], backlog, [], 0.0)) == [1]
    assert firsts(window.choose(batches(Lane.ALARM, 7), backlog, [], 5.0)) == [7]
    assert firsts(window.choose([], backlog, [], 10.0)) == [2]


def test_a_new_connection_sends_few_readings_and_opens_up_as_they_are_committed() -> None:
    window, backlog = wide(), batches(Lane.BULK, *range(1, 200))
    window.reconnected()
    sent = []
    for second in range(5):
        chosen = window.choose([], backlog, [], float(second))
        sent.append(len(chosen))
        window.settled(frozen.key for frozen in chosen)
        backlog = [frozen for frozen in backlog if frozen not in chosen]
    assert sent == [FIRST_ROOM, 2 * FIRST_ROOM, 4 * FIRST_ROOM, ROOM[Lane.BULK], ROOM[Lane.BULK]]


def sized(*sizes: int) -> list[Frozen]:
    return [Frozen(Key("e", Lane.BULK, first), 1, 0.0, bytes(size)) for first, size in enumerate(sizes, 1)]


def test_large_batches_fill_the_wire_sooner_than_small_ones() -> None:
    window, third = Window(), BULK_BYTES // 3
    backlog = sized(third, third, third, third)
    assert firsts(window.choose([], backlog, [], 0.0)) == [1, 2, 3]
    window.settled([Key("e", Lane.BULK, 1)])
    assert firsts(window.choose([], backlog[1:], [], 1.0)) == [4]


def test_a_batch_larger_than_the_wire_s_room_goes_alone() -> None:
    window = Window()
    backlog = sized(2 * BULK_BYTES, 1)
    assert firsts(window.choose([], backlog, [], 0.0)) == [1]
    assert window.choose([], backlog, [], 1.0) == []
    window.settled([Key("e", Lane.BULK, 1)])
    assert firsts(window.choose([], backlog[1:], [], 2.0)) == [2]


def test_the_longest_pause_that_the_contract_knows_is_kept(tmp_path: Path) -> None:
    settings = EdgeSettings(GatewaySettings("gw-1", 7, tmp_path), UplinkSettings("127.0.0.1", secret="s"))
    outbox = Outbox(tmp_path / "outbox.sqlite", GATEWAY)
    uplink = Uplink(settings, outbox, Clock(), lambda: State(online=True), lambda _: Result("c", ok=True))
    uplink._happened(Message(topics.ack(GATEWAY), control.encode(Ack("e", Lane.BULK, (1,), MAX_SLOW_S))))
    uplink._take_events()
    assert uplink._window.slow_s == MAX_SLOW_S
    outbox.close(NOON)
