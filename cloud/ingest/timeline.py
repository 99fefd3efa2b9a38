"""What to add to the times of a gateway whose clock was not set. Pure.

What this is: a *timeline* is what one boot of a gateway believed, a straight line between its uptime and its
wrong clock. What it is not: a correction of drift; a clock that was set is taken at its word. The one idea:
the anchor of a boot says when the boot truly began, so everything on its timelines moves by one and the same
amount; a boot that was never anchored is moved only as far as its neighbours force it to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from cloud.ingest.admit import Admitted
from firmware_protocols.model import ClockState
from firmware_protocols.wire.topics import Lane

UNMOVED: Final = timedelta(0)


class Mark(StrEnum):
    """How far the times of a timeline can be trusted now."""

    OPEN = "open"
    ANCHORED = "anchored"
    ESTIMATED = "estimated"


class Key(NamedTuple):
    """Which timeline: its lane of an outbox, its boot, and when that boot began by the clock of that time."""

    gateway: str
    epoch: str
    lane: str
    boot: str
    believed_at: datetime


@dataclass(frozen=True, slots=True)
class Timeline:
    """One timeline as stored. ``first_at`` to ``last_at``: its records' times as the gateway stamped them."""

    id: int
    epoch: str
    lane: str
    boot: str
    believed_at: datetime
    first_seq: int
    last_seq: int
    first_at: datetime
    last_at: datetime
    shift: timedelta = UNMOVED
    mark: Mark = Mark.OPEN


@dataclass(frozen=True, slots=True)
class Anchored:
    """A boot whose true beginning is known. ``seq``: the first number of each lane that came after it."""

    boot: str
    booted_at: datetime
    anchored_at: datetime
    epoch: str
    seq: Mapping[str, int]


Timelines: TypeAlias = Mapping[Key, Timeline]


def key_of(admitted: Admitted) -> Key | None:
    """The timeline that this batch is stamped with; ``None`` when its clock was set, or it does not say when
    its boot began, or a time in it was impossible and is the cloud's now.
    """
    batch = admitted.message.batch
    if batch.clock is not ClockState.UNSYNCED or batch.booted_at is None or not admitted.records:
        return None
    said = {record.observed_at for record in batch.records}
    if any(record.observed_at not in said for record in admitted.records):
        return None
    return Key(batch.gateway, batch.epoch, batch.lane.value, batch.boot, batch.booted_at)


def line_of(admitted: Admitted, timelines: Timelines) -> Timeline | None:
    """The stored timeline of this batch, if it has one."""
    key = key_of(admitted)
    return timelines.get(key) if key else None


def judge(line: Timeline, anchors: Iterable[Anchored]) -> tuple[timedelta, Mark]:
    """How far the times of ``line`` must move from what was stamped, and how sure that is."""
    known = list(anchors)
    for anchor in known:
        if anchor.boot == line.boot:
            return anchor.booted_at - line.believed_at, Mark.ANCHORED
    beside = [anchor for anchor in known if anchor.epoch == line.epoch]
    after = [anchor for anchor in beside if anchor.seq[line.lane] > line.last_seq]
    if not after:
        return line.shift, line.mark
    before = [anchor.anchored_at for anchor in beside if anchor.seq[line.lane] <= line.first_seq]
    latest = min(after, key=lambda anchor: anchor.seq[line.lane]).booted_at
    return _into(line, max(before, default=None), latest), Mark.ESTIMATED


def _into(line: Timeline, earliest: datetime | None, latest: datetime) -> timedelta:
    """The least move that brings all of ``line`` between its neighbours; the later one counts more."""
    if line.last_at > latest:
        return latest - line.last_at
    if earliest is not None and line.first_at < earliest:
        return min(earliest - line.first_at, latest - line.last_at)
    return UNMOVED


def after_anchor(lane: Lane, *, own: int, bulk_next: int) -> int:
    """The first number of ``lane`` that came after the anchor with the number ``own`` of the alarm lane."""
    return own if lane is Lane.ALARM else bulk_next
