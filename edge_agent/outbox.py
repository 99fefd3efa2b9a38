"""The outbox: what must reach the cloud waits here, on disk, until the cloud says that it is committed.

What this is not: it knows no network. The one idea: one SQLite transaction gives a batch its numbers, freezes
its bytes and keeps whatever else must be durable no later than it (``note``: replay counters, the state of
rules). Alarms and events commit alone and at once; readings wait up to ``group_s`` or for 100 of their kind.
When space ends, readings go, oldest first, and a gap record says which; alarms and events never go. When the
disk fails, the spare carries on in memory until it is back.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from edge_agent import outbox_sql as sql
from edge_agent.clock import Stamp
from edge_agent.frozen import Frozen, Key, freeze, gaps, lane_of
from edge_agent.spare import Spare
from edge_agent.store import Store, StoreError
from firmware_protocols.model import GatewayId, Reading
from firmware_protocols.wire.control import LaneState
from firmware_protocols.wire.envelope import Record
from firmware_protocols.wire.topics import Lane

log = logging.getLogger(__name__)

GROUP_MOST: Final = 100
"""Readings in one commit: at 100 an SD card sees 0.7 kB for each, at 1 it sees 17.6 kB (measured)."""
_MIB: Final = 1024 * 1024
_NUMBERS: Final = 2**53
"""Sequence numbers are below this on the wire; SQLite would not even look up one above 2**63."""
_FORGET_AT: Final = 32
"""[D] Settled batches that may wait to be deleted with the next commit: each commit saved spares the card."""
_TRIM_TO: Final = 0.95
"""Down to this part of the quota at once, so that gap records stay few."""


class Outbox:
    """Append records, take frozen batches, settle them. All times are passed in."""

    def __init__(
        self, path: Path, gateway: GatewayId, *, quota_mib: float = 512, group_s: float = 10.0
    ) -> None:
        self._store = Store(path)
        self._spare = Spare(gateway)
        self._gateway = gateway
        self._quota = int(quota_mib * _MIB)
        self._group_s = group_s
        self._group: list[Reading] = []
        self._group_stamp: Stamp | None = None
        self._group_since: datetime | None = None
        self._next = dict.fromkeys(Lane, 1)
        self._depth = dict.fromkeys(Lane, 0)
        self._notes: dict[str, str] = {}
        self._dirty: set[str] = set()
        self._settled: set[Key] = set()
        """Never sent again, but still in the file; after a kill they are, and the cloud knows them."""
        self._forget_from: datetime | None = None
        self._tried_at: datetime | None = None
        """When the disk was last tried; each try on a full one writes what there is room for."""
        self.fault = ""
        """Why the disk takes nothing now; empty while it does."""
        self._open()

    @property
    def epoch(self) -> str:
        """The file's epoch; empty while there has been no usable file."""
        return self._store.epoch

    @property
    def replaced(self) -> str:
        """Why the file found at start was set aside as corrupt; empty if it was sound."""
        return self._store.replaced

    # -- what goes in ------------------------------------------------------------------------------

    def note(self, key: str, value: str) -> None:
        """Remember ``value``; durable with the next commit, so no later than whatever is appended next."""
        if self._notes.get(key) != value:
            self._notes[key] = value
            self._dirty.add(key)

    def recall(self, key: str) -> str | None:
        """What was noted under ``key``, in this run or before."""
        return self._notes.get(key)

    def append(self, records: Sequence[Record], stamp: Stamp, now: datetime) -> None:
        """Take a frame's records. Alarms and events are on disk, all or none, on return; readings wait."""
        urgent = [record for record in records if lane_of(record) is Lane.ALARM]
        if urgent:
            self._commit(Lane.ALARM, urgent, stamp, now)
        for record in records:
            if isinstance(record, Reading):
                self._gather(record, stamp, now)

    def flush(self, now: datetime) -> None:
        """Commit the waiting readings and notes."""
        group, stamp = self._group, self._group_stamp
        self._group, self._group_stamp, self._group_since = [], None, None
        if group and stamp:
            self._commit(Lane.BULK, group, stamp, now)
            self._trim(stamp, now)
        elif self._dirty:
            self._write([])

    def tick(self, now: datetime) -> None:
        """Call about once a second: commits a group that is due, deletes what was settled a while ago, and
        brings home what is only in memory, at once and then every ``group_s``.
        """
        if self._group and self._is_due(now):
            self.flush(now)
        if self.fault:
            if self._tried_at is None or self._is_over(self._tried_at, now):
                self._recover(now)
        elif not self._settled:
            self._forget_from = None
        elif self._forget_from is None:
            self._forget_from = now
        elif self._is_over(self._forget_from, now):
            self._write([])

    def close(self, now: datetime) -> None:
        """Commit what waits, delete what is settled, and close the file."""
        self.flush(now)
        if self.fault:
            self._recover(now)
        elif self._settled:
            self._write([])
        self._store.close()

    # -- what goes out -----------------------------------------------------------------------------

    def take(self, lane: Lane, limit: int, *, newest: bool = False) -> list[Frozen]:
        """Up to ``limit`` unsettled batches of ``lane``: oldest first, or (``newest``) the newest first.

        Taking changes nothing: the same batch is there, with the same bytes, until it is settled.
        """
        waiting = self._spare.take(lane)
        if self._store.is_open():
            try:
                with self._store.reading() as connection:
                    stored = sql.batches(connection, lane, limit + len(self._settled), newest=newest)
                waiting = [*reversed(waiting), *stored] if newest else [*stored, *waiting]
            except StoreError as fault:
                self._failed(fault)
        return [frozen for frozen in waiting if frozen.key not in self._settled][:limit]

    def settle(self, epoch: str, lane: Lane, firsts: Iterable[int]) -> None:
        """The cloud has committed these batches: they are not sent again, and deleted with a later commit.

        Unknown ones are fine (an ack may repeat).
        """
        self._settled |= self._spare.settle(
            Key(epoch, lane, first) for first in firsts if 0 < first < _NUMBERS
        )
        if len(self._settled) >= _FORGET_AT and self._store.is_open():
            self._write([])

    def lanes(self, now: datetime) -> dict[Lane, LaneState]:
        """What waits, per lane, for the heartbeat."""
        return {lane: self._lane(lane, now) for lane in Lane}

    # -- inside ------------------------------------------------------------------------------------

    def _gather(self, reading: Reading, stamp: Stamp, now: datetime) -> None:
        if self._group_stamp and (not self._group_stamp.agrees(stamp) or self._is_due(now)):
            self.flush(now)
        if not self._group:
            self._group_stamp, self._group_since = stamp, now
        self._group.append(reading)
        if len(self._group) >= GROUP_MOST:
            self.flush(now)

    def _lane(self, lane: Lane, now: datetime) -> LaneState:
        spare = self._spare.take(lane)
        age = max((now.timestamp() - oldest.at for oldest in self.take(lane, 1)), default=0.0)
        depth = self._depth[lane] + sum(frozen.n for frozen in spare) - self._held(lane)
        return LaneState(self._next[lane], depth, round(max(age, 0.0), 1))

    def _held(self, lane: Lane) -> int:
        """Records of settled batches that the file still holds."""
        keys = [key for key in self._settled if key.lane is lane]
        if not keys or not self._store.is_open():
            return 0
        try:
            with self._store.reading() as connection:
                return sql.held(connection, keys)
        except StoreError as fault:
            self._failed(fault)
            return 0

    def _is_due(self, now: datetime) -> bool:
        """Old enough, or the clock has stepped back behind the group's start."""
        return self._group_since is not None and self._is_over(self._group_since, now)

    def _is_over(self, since: datetime, now: datetime) -> bool:
        age = (now - since).total_seconds()
        return age >= self._group_s or age < 0

    def _commit(self, lane: Lane, records: Sequence[Record], stamp: Stamp, now: datetime) -> None:
        """Freeze ``records`` in the file; if it takes nothing, in the spare."""
        if self._store.is_open() or self._open():
            key = Key(self._store.epoch, lane, self._next[lane])
            batches = [freeze(self._gateway, key, records, stamp, now)]
            is_alarm = lane is Lane.ALARM
            if self._write(batches, forget=not is_alarm):  # an alarm waits for nothing that can wait
                return
            if is_alarm and self._store.release_reserve() and self._write(batches, forget=False):
                return
        self._spare.put(lane, records, stamp, now)

    def _write(self, batches: Sequence[Frozen], *, forget: bool = True) -> bool:
        """One transaction: batches, numbers, notes, and (``forget``) the end of what is settled."""
        notes = {key: self._notes[key] for key in self._dirty}
        settled = set(self._settled) if forget else set()
        try:
            with self._store.transaction() as connection:
                gone = {
                    lane: sql.delete(connection, [key for key in settled if key.lane is lane])
                    for lane in Lane
                }
                sql.insert(connection, batches)
                own = [frozen for frozen in batches if frozen.key.epoch == self._store.epoch]
                sql.number(connection, {frozen.key.lane: frozen.next for frozen in own})
                sql.remember(connection, notes)
        except StoreError as fault:
            self._failed(fault)
            return False
        for frozen in own:
            self._next[frozen.key.lane] = frozen.next
        for frozen in batches:
            self._depth[frozen.key.lane] += frozen.n
        for lane, records in gone.items():
            self._depth[lane] -= records
        self._settled -= settled
        self._forget_from = None if settled else self._forget_from
        self._dirty.clear()
        return True

    def _trim(self, stamp: Stamp, now: datetime) -> None:
        """Over the quota: drop the oldest readings and write down which, in one transaction."""
        if not self._store.is_open():
            return
        try:
            with self._store.transaction() as connection:
                used = sql.used_bytes(connection)
                if used <= self._quota:
                    return
                dropped = sql.delete_oldest(connection, Lane.BULK, used - int(self._quota * _TRIM_TO))
                if not dropped:
                    return
                key = Key(self._store.epoch, Lane.ALARM, self._next[Lane.ALARM])
                frozen = freeze(self._gateway, key, gaps(dropped, "quota", now), stamp, now)
                sql.insert(connection, [frozen])
                sql.number(connection, {Lane.ALARM: frozen.next})
        except StoreError as fault:
            self._failed(fault)
            return
        self._next[Lane.ALARM] = frozen.next
        self._depth[Lane.ALARM] += frozen.n
        self._depth[Lane.BULK] -= sum(n for _, n in dropped)
        log.warning("outbox over quota, dropped readings=%d", sum(n for _, n in dropped))

    def _recover(self, now: datetime) -> None:
        """The disk may be back: move the spare's batches to the file as they are."""
        self._tried_at = now
        if not (self._store.is_open() or self._open()):
            return
        self.note("outbox/probe", now.isoformat())  # so that something is written, and a full disk shows
        if not self._write(self._spare.all()):
            return
        self._spare.clear()
        log.info("outbox on disk again")
        self.fault, self._tried_at = "", None
        self._store.keep_reserve()

    def _open(self) -> bool:
        """Open the file and take up its numbers and notes; notes made meanwhile stay."""
        try:
            self._store.open()
            with self._store.reading() as connection:
                self._next = sql.next_numbers(connection, self._store.epoch)
                self._depth = sql.depths(connection)
                stored = sql.notes(connection)
        except StoreError as fault:
            self._store.close()
            self._failed(fault)
            return False
        self._dirty |= set(self._notes)
        self._notes = stored | self._notes
        return True

    def _failed(self, fault: StoreError) -> None:
        if not self.fault:
            log.error("outbox cannot write, going on in memory reason=%s", fault)
        self.fault = fault.reason
