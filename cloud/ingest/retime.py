"""Puts right what a gateway stamped before its clock was set, in the transaction that learns the time.

What this is: the book of timelines and anchors, and the rows that move. What it is not: the decision
(``timeline`` has that). The one idea: each row keeps the number of its timeline and the timeline keeps what
has been added, so a repair may be repeated, refined or come in any order. An alarm that moves is handed on
once more, so that its incident learns when it happened.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from cloud.db import Connection, Queries
from cloud.ingest.admit import Admitted
from cloud.ingest.timeline import Anchored, Key, Mark, Timeline, after_anchor, judge, key_of
from firmware_protocols.wire.topics import Lane

if TYPE_CHECKING:
    from cloud.ingest.rows import Parcel

_SQL: Final = Queries(__package__ or "", "retime.sql")
_MOVED: Final = ("lift_limit", "move_readings", "move_events", "move_alarms")
_log = logging.getLogger(__name__)


async def find_timelines(conn: Connection, admitted: Sequence[Admitted]) -> dict[Key, Timeline]:
    """The timelines of these batches, begun on demand and stretched over them."""
    found: dict[Key, Timeline] = {}
    for one in admitted:
        key = key_of(one)
        if key is not None:
            found[key] = await _stretch(conn, key, one)
    return found


async def put_right(conn: Connection, parcels: Sequence[Parcel], now: datetime) -> None:
    """Keep the anchors among ``parcels``, and move what they and the new timelines call for."""
    for parcel in parcels:
        await _keep_anchors(conn, parcel, now)
    for gateway in sorted({one.identity.gateway for one in parcels if one.anchors or _is_news(one)}):
        await _settle(conn, gateway, now)


def _is_news(parcel: Parcel) -> bool:
    """Whether this batch may change what its timeline is worth: the first on it, or one on an estimate."""
    line, batch = parcel.timeline, parcel.batch
    if line is None or batch is None:
        return False
    return line.mark is Mark.ESTIMATED or (line.first_seq, line.last_seq) == (batch.first, batch.last)


async def _stretch(conn: Connection, key: Key, admitted: Admitted) -> Timeline:
    batch = admitted.message.batch
    times = [record.observed_at for record in batch.records]
    values = {
        **key._asdict(),
        "first_seq": batch.first,
        "last_seq": batch.last,
        "first_at": min(times),
        "last_at": max(times),
    }
    found = await (await conn.execute(_SQL["stretch_timeline"], values)).fetchone()
    if found is None:
        found = await (await conn.execute(_SQL["begin_timeline"], values)).fetchone()
    if found is None:
        raise LookupError("begin_timeline")
    return _timeline(found)


async def _keep_anchors(conn: Connection, parcel: Parcel, now: datetime) -> None:
    batch = parcel.batch
    for record in parcel.anchors:
        if batch is None or batch.booted_at is None:
            continue
        own = batch.first + batch.records.index(record)
        values = {
            "gateway": batch.gateway,
            "boot": batch.boot,
            "booted_at": batch.booted_at,
            "anchored_at": record.observed_at,
            "epoch": batch.epoch,
            "alarm_seq": after_anchor(Lane.ALARM, own=own, bulk_next=record.bulk_next),
            "bulk_seq": after_anchor(Lane.BULK, own=own, bulk_next=record.bulk_next),
            "now": now,
        }
        await conn.execute(_SQL["add_anchor"], values)


async def _settle(conn: Connection, gateway: str, now: datetime) -> None:
    """Move each timeline of ``gateway`` to where it belongs by what is known now."""
    lines = await _all(conn, "unsettled_timelines", gateway)
    if not lines:
        return
    anchors = [_anchored(row) for row in await _all(conn, "anchors", gateway)]
    for line in map(_timeline, lines):
        shift, mark = judge(line, anchors)
        if (shift, mark) != (line.shift, line.mark):
            await _move(conn, line, shift, mark, now)


async def _move(conn: Connection, line: Timeline, shift: timedelta, mark: Mark, now: datetime) -> None:
    by = shift - line.shift
    stamped = {"first_at": line.first_at + line.shift, "last_at": line.last_at + line.shift}
    values = {"id": line.id, "by": by, "now": now, **stamped}
    if by:
        for statement in _MOVED:
            await conn.execute(_SQL[statement], values)
        _log.info("times put right timeline=%d by_s=%.3f mark=%s", line.id, by.total_seconds(), mark)
    await conn.execute(_SQL["mark_timeline"], {"id": line.id, "shift": shift, "mark": mark.value})


async def _all(conn: Connection, statement: str, gateway: str) -> Iterable[dict[str, Any]]:
    return await (await conn.execute(_SQL[statement], {"gateway": gateway})).fetchall()


def _timeline(row: dict[str, Any]) -> Timeline:
    return Timeline(**{**row, "mark": Mark(row["mark"])})


def _anchored(row: dict[str, Any]) -> Anchored:
    seq = {Lane.ALARM.value: row.pop("alarm_seq"), Lane.BULK.value: row.pop("bulk_seq")}
    return Anchored(**row, seq=seq)
