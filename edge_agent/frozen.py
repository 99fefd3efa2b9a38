"""A batch as bytes: frozen the moment it gets its numbers, byte-equal on every resend.

The one idea: what is stored, what is sent and what is sent again are the same bytes, so the cloud may take
``(epoch, lane, first)`` for the identity of the content.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from edge_agent.clock import Stamp
from firmware_protocols.model import GatewayId, Reading
from firmware_protocols.wire import envelope
from firmware_protocols.wire.envelope import Batch, Gap, Record
from firmware_protocols.wire.topics import Lane


class Key(NamedTuple):
    """Which batch: the epoch it was numbered in, its lane, its first sequence number."""

    epoch: str
    lane: Lane
    first: int


@dataclass(frozen=True, slots=True)
class Frozen:
    """A batch ready to send: ``n`` records from ``key.first`` on, made at ``at`` (epoch seconds)."""

    key: Key
    n: int
    at: float
    payload: bytes

    @property
    def next(self) -> int:
        """The sequence number after the last record."""
        return self.key.first + self.n


def freeze(gateway: GatewayId, key: Key, records: Sequence[Record], stamp: Stamp, now: datetime) -> Frozen:
    """Encode ``records`` as the batch ``key``."""
    up_s = None if stamp.booted_at is None else records[0].observed_at.timestamp() - stamp.booted_at
    batch = Batch(gateway, key.epoch, key.lane, key.first, stamp.boot, stamp.clock, tuple(records), up_s)
    return Frozen(key, len(records), now.timestamp(), envelope.encode(batch))


def lane_of(record: Record) -> Lane:
    """Readings wait for company; an alarm, an event, the word of a gap or of the clock do not."""
    return Lane.BULK if isinstance(record, Reading) else Lane.ALARM


def gaps(dropped: Iterable[tuple[Key, int]], reason: str, now: datetime) -> list[Gap]:
    """The fewest gap records that name the ``dropped`` batches (key and record count, in order)."""
    found: list[Gap] = []
    for key, n in dropped:
        last = key.first + n - 1
        previous = found[-1] if found else None
        if previous and (previous.epoch, previous.lane, previous.last + 1) == key:
            found[-1] = Gap(key.epoch, key.lane, previous.first, last, reason, now)
        else:
            found.append(Gap(key.epoch, key.lane, key.first, last, reason, now))
    return found
