"""The outbox under any order of append, take, settle, full disk, clean restart and kill.

Every record carries its own number, so the test knows what must still be there, and that nothing that was
ever shown under an (epoch, lane, sequence number) is shown again with another content.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge_agent.clock import Stamp
from edge_agent.frozen import Frozen, Key
from edge_agent.outbox import Outbox
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    ClockState,
    DeviceId,
    GatewayId,
    Quantity,
    Reading,
)
from firmware_protocols.wire import envelope
from firmware_protocols.wire.topics import Lane

STAMP = Stamp("boot", ClockState.SYNCED)
DEVICE = DeviceId("d")
EVERYTHING = 100_000


def number_of(record: envelope.Record) -> int:
    """The number a test record carries."""
    match record:
        case Alarm():
            return int(record.id)
        case Reading(value=float() | int() as value):
            return int(value)
    raise AssertionError(f"no test record: {record}")


class OutboxMachine(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.now = datetime(2026, 5, 1, tzinfo=UTC)
        self.count = 0
        self.full = False
        self.expected: dict[Lane, list[int]] = {lane: [] for lane in Lane}
        self.grouped: list[int] = []
        self.shown: dict[Key, bytes] = {}
        self.contents: dict[tuple[str, Lane, int], int] = {}
        self.box = self.opened()

    def opened(self) -> Outbox:
        return Outbox(Path(self.folder.name) / "outbox.sqlite", GatewayId("gw-1"), group_s=10)

    def teardown(self) -> None:
        if hasattr(self, "box"):
            self.box.close(self.now)
            self.folder.cleanup()

    @rule(size=st.integers(0, 6_000))
    def append_alarm(self, size: int) -> None:
        self.count += 1
        alarm = Alarm(
            AlarmId(str(self.count)), AlarmKind.SOS, AlarmState.RAISED, DEVICE, self.now, {"pad": "x" * size}
        )
        self.box.append([alarm], STAMP, self.now)
        self.expected[Lane.ALARM].append(self.count)

    @rule(many=st.integers(1, 150))
    def append_readings(self, many: int) -> None:
        for _ in range(many):
            self.count += 1
            self.box.append(
                [Reading(DEVICE, Quantity.DISTANCE, float(self.count), self.now)], STAMP, self.now
            )
            self.grouped.append(self.count)
        self.settle_model()

    @rule(seconds=st.sampled_from([-3600, 1, 5, 11]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.box.tick(self.now)
        self.settle_model()

    @rule(lane=st.sampled_from(Lane), limit=st.integers(1, 5), newest=st.booleans(), keep=st.integers(0, 2))
    def take_and_settle(self, lane: Lane, limit: int, newest: bool, keep: int) -> None:
        for frozen in self.box.take(lane, limit, newest=newest)[keep:]:
            self.box.settle(frozen.key.epoch, lane, [frozen.key.first])
            for record in envelope.parse(frozen.payload).records:
                self.expected[lane].remove(number_of(record))

    @rule(epoch=st.sampled_from(["", "0" * 16]), first=st.integers(-5, 2**70))
    def a_foreign_ack_changes_nothing(self, epoch: str, first: int) -> None:
        self.box.settle(epoch, Lane.ALARM, [first])

    @precondition(lambda self: not self.full)
    @rule()
    def disk_fills(self) -> None:
        connection = self.box._store.connection
        (pages,) = connection.execute("pragma page_count").fetchone()
        connection.execute(f"pragma max_page_count = {pages}")
        self.full = True

    @precondition(lambda self: self.full)
    @rule()
    def disk_has_room_again(self) -> None:
        self.box._store.connection.execute("pragma max_page_count = 1000000")
        self.full = False
        self.now += timedelta(seconds=10)
        self.box.tick(self.now)
        self.settle_model()
        assert not self.box.fault

    @precondition(lambda self: not self.full)
    @rule()
    def clean_restart(self) -> None:
        self.box.close(self.now)
        self.expected[Lane.BULK] += self.grouped
        self.grouped = []
        self.box = self.opened()

    @precondition(lambda self: not self.full)
    @rule()
    def killed(self) -> None:
        """Only readings that wait for company may go; what was settled and not yet deleted comes again."""
        for key in self.box._settled & set(self.shown):
            again = envelope.parse(self.shown[key]).records
            self.expected[key.lane] += [number_of(record) for record in again]
        self.box._store.close()
        self.grouped = []
        self.box = self.opened()

    def settle_model(self) -> None:
        """Which of the waiting readings have been committed by now."""
        waiting = {number_of(reading) for reading in self.box._group}
        self.expected[Lane.BULK] += [number for number in self.grouped if number not in waiting]
        self.grouped = [number for number in self.grouped if number in waiting]

    @invariant()
    def nothing_is_lost_doubled_or_reordered(self) -> None:
        for lane in Lane:
            batches = self.box.take(lane, EVERYTHING)
            held = [number_of(r) for frozen in batches for r in envelope.parse(frozen.payload).records]
            assert sorted(held) == sorted(self.expected[lane])
            for epoch in {frozen.key.epoch for frozen in batches}:
                self.check_order([frozen for frozen in batches if frozen.key.epoch == epoch])

    def check_order(self, batches: list[Frozen]) -> None:
        """Inside an epoch: numbers ascend, contents keep their order, bytes and identities never change."""
        numbers: list[int] = []
        for frozen in batches:
            assert self.shown.setdefault(frozen.key, frozen.payload) == frozen.payload
            for offset, record in enumerate(envelope.parse(frozen.payload).records):
                numbers.append(number_of(record))
                place = (frozen.key.epoch, frozen.key.lane, frozen.key.first + offset)
                assert self.contents.setdefault(place, numbers[-1]) == numbers[-1]
        assert numbers == sorted(numbers)
        assert [frozen.key.first for frozen in batches] == sorted(frozen.key.first for frozen in batches)

    @invariant()
    def the_heartbeat_counts_what_waits(self) -> None:
        lanes = self.box.lanes(self.now)
        for lane in Lane:
            assert lanes[lane].depth == len(self.expected[lane])


OutboxMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestOutbox = OutboxMachine.TestCase
