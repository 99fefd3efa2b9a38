"""The power goes between any two statements: what had returned is there, and nothing that it is not.

Before every SQL statement that the outbox runs, the file and its log are copied as they have been written and
opened as after a restart. What a copy may hold is known exactly: all that had returned before, and the batch
under way either whole or not at all. Some copies have noise behind the end of the log, as from a card that
lost its power while it wrote. What is not shown: a card that says "written" of what it has not written.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.clock import Stamp
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
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
EVERYTHING = 10_000


def number_of(record: envelope.Record) -> int:
    match record:
        case Alarm():
            return int(record.id)
        case Reading(value=float() | int() as value):
            return int(value)
    raise AssertionError(f"no test record: {record}")


@dataclass
class Bench:
    """An outbox, what must be in it, and every moment at which its power might have gone."""

    folder: Path
    now: datetime = NOON
    kept: set[int] = field(default_factory=set)
    """Returned, so it must survive."""
    free: set[int] = field(default_factory=set)
    """Under way, settled or waiting in a group: it may be there or not."""
    count: int = 0
    moments: int = 0

    def __post_init__(self) -> None:
        self.box = Outbox(self.folder / "outbox.sqlite", GatewayId("gw-1"), group_s=10)
        self.rng = random.Random(1)
        self.box._store.connection.set_trace_callback(lambda _: self.power_goes())

    def alarm(self) -> None:
        self.count += 1
        alarm = Alarm(AlarmId(str(self.count)), AlarmKind.SOS, AlarmState.RAISED, DEVICE, self.now, {"n": 1})
        self.free.add(self.count)
        self.box.append([alarm], STAMP, self.now)
        self.keep({self.count})

    def readings(self, many: int) -> None:
        for _ in range(many):
            self.count += 1
            self.free.add(self.count)
            self.box.append(
                [Reading(DEVICE, Quantity.DISTANCE, float(self.count), self.now)], STAMP, self.now
            )

    def flush(self) -> None:
        grouped = {number_of(reading) for reading in self.box._group}
        self.box.flush(self.now)
        self.keep(grouped)

    def settle(self, lane: Lane) -> None:
        for frozen in self.box.take(lane, 2):
            numbers = {number_of(record) for record in envelope.parse(frozen.payload).records}
            self.kept -= numbers
            self.free |= numbers
            self.box.settle(frozen.key.epoch, lane, [frozen.key.first])

    def tick(self) -> None:
        self.now += timedelta(seconds=6)
        grouped = {number_of(reading) for reading in self.box._group}
        self.box.tick(self.now)
        if not self.box._group:
            self.keep(grouped)

    def keep(self, numbers: set[int]) -> None:
        self.free -= numbers
        self.kept |= numbers

    def power_goes(self) -> None:
        """Look at the disk as it is now, whole and with the end of the log torn."""
        self.moments += 1
        log = self.folder / "outbox.sqlite-wal"
        self.check(None)
        size = log.stat().st_size if log.exists() else 0
        if size and self.rng.random() < 0.3:
            self.check_torn()

    def check(self, tear: bytes | None) -> None:
        with self.copied() as path:
            if tear:
                with path.with_name(path.name + "-wal").open("ab") as log:
                    log.write(tear)
            held = held_in(path)
            assert self.kept <= held <= self.kept | self.free

    def check_torn(self) -> None:
        """Bytes behind the last commit: half a frame that the card was still writing."""
        self.check(self.rng.randbytes(self.rng.randrange(1, 3000)))

    @contextmanager
    def copied(self) -> Iterator[Path]:
        """The files, without the index in shared memory, which a power loss does not leave."""
        with tempfile.TemporaryDirectory(dir=self.folder) as aside:
            for name in ("outbox.sqlite", "outbox.sqlite-wal"):
                if (self.folder / name).exists():
                    shutil.copy(self.folder / name, aside)
            yield Path(aside) / "outbox.sqlite"


def held_in(path: Path) -> set[int]:
    """Every record in the file, each exactly once, by an outbox that opens it as after a restart."""
    box = Outbox(path, GatewayId("gw-1"), group_s=10)
    try:
        assert not box.replaced, "taken for corrupt"
        batches = [frozen for lane in Lane for frozen in box.take(lane, EVERYTHING)]
        numbers = [number_of(r) for frozen in batches for r in envelope.parse(frozen.payload).records]
        assert len(numbers) == len(set(numbers))
        assert sum(box.lanes(NOON)[lane].depth for lane in Lane) == len(numbers)
        after = {lane: box.lanes(NOON)[lane].next for lane in Lane}
        assert all(frozen.next <= after[frozen.key.lane] for frozen in batches), "a number would come twice"
        return set(numbers)
    finally:
        box._store.close()


steps = st.lists(
    st.sampled_from(["alarm", "readings", "flush", "settle a", "settle t", "tick"]), min_size=3, max_size=10
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=steps)
def test_power_lost_between_any_two_statements_loses_nothing_that_had_returned(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        run = {
            "alarm": bench.alarm,
            "readings": lambda: bench.readings(3),
            "flush": bench.flush,
            "settle a": lambda: bench.settle(Lane.ALARM),
            "settle t": lambda: bench.settle(Lane.BULK),
            "tick": bench.tick,
        }
        for step in steps:
            run[step]()
            bench.check(None)
        bench.box._store.connection.set_trace_callback(None)
        bench.box.close(bench.now)


def test_the_moments_are_many_and_a_lost_commit_would_be_seen() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for _ in range(5):
            bench.alarm()
        assert bench.moments >= 20
        with sqlite3.connect(Path(folder) / "outbox.sqlite") as other:
            other.execute("delete from batch where first = 3")
        try:
            bench.check(None)
        except AssertionError:
            return
        finally:
            bench.box._store.close()
        raise AssertionError("a batch that is gone was not missed")
