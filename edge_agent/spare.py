"""The outbox's spare: batches in memory while the disk takes none.

The one idea: it numbers in an epoch of its own, which no file ever uses, so a batch may be sent from here at
once and may later move to the file unchanged; nothing is numbered twice, even if the process dies.
Readings are bounded (oldest dropped, with the word of it); alarms are bounded only so that memory is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from edge_agent.clock import Stamp
from edge_agent.frozen import Frozen, Key, freeze, gaps
from edge_agent.store import new_epoch
from firmware_protocols.model import GatewayId
from firmware_protocols.wire.envelope import Record
from firmware_protocols.wire.topics import Lane

MOST: Final = {Lane.ALARM: 5_000, Lane.BULK: 256}
"""Batches held per lane. A home makes a few alarm-lane batches a day; 256 x 10 s is 43 minutes."""


class Spare:
    """Batches that are only in memory, oldest first."""

    def __init__(self, gateway: GatewayId) -> None:
        self._gateway = gateway
        self._epoch = new_epoch()
        self._next = dict.fromkeys(Lane, 1)
        self._batches: dict[Key, Frozen] = {}

    def put(self, lane: Lane, records: Sequence[Record], stamp: Stamp, now: datetime) -> None:
        """Freeze ``records`` here; when the lane is full its oldest goes, and a gap record says so."""
        frozen = freeze(self._gateway, Key(self._epoch, lane, self._next[lane]), records, stamp, now)
        self._next[lane] = frozen.next
        self._batches[frozen.key] = frozen
        lane_keys = [key for key in self._batches if key.lane is lane]
        if len(lane_keys) > MOST[lane]:
            oldest = lane_keys[: MOST[lane] // 8]
            lost = [(key, self._batches.pop(key).n) for key in oldest]
            self.put(Lane.ALARM, gaps(lost, "no disk", now), stamp, now)

    def take(self, lane: Lane) -> list[Frozen]:
        """The lane's batches, oldest first."""
        return [frozen for frozen in self._batches.values() if frozen.key.lane is lane]

    def settle(self, keys: Iterable[Key]) -> set[Key]:
        """Forget those of ``keys`` that are here; return the others."""
        return {key for key in keys if self._batches.pop(key, None) is None}

    def all(self) -> list[Frozen]:
        """Everything, oldest first."""
        return list(self._batches.values())

    def clear(self) -> None:
        """Everything has moved to the file."""
        self._batches.clear()
