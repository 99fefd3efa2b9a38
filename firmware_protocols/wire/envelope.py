"""The batch: the unit of identity on the road from home to cloud.

A batch is ``(gateway, epoch, lane, first)`` and is byte-equal on every resend; its records carry the
sequence numbers ``first .. first + n - 1``. Bodies are JSON with SenML names (RFC 8428); the first bytes
tell the encoding, the meaning never changes with it: ``{`` JSON, ``8x``/``DE`` MessagePack.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from firmware_protocols.errors import BadMessage
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    ClockState,
    DeviceId,
    Event,
    EventKind,
    GatewayId,
    Quality,
    Quantity,
    Reading,
)
from firmware_protocols.wire.topics import Lane

VERSION: Final = 1
MAX_RECORDS: Final = 1_000
"""Records in one batch; keeps a payload below the 1 MiB that the embedded broker accepts."""
MAX_PAYLOAD: Final = 512 * 1024
"""Bytes; a larger payload is refused unread."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Records that the gateway had to drop: ``first..last`` of ``lane`` (of epoch ``epoch``), and why."""

    epoch: str
    lane: Lane
    first: int
    last: int
    reason: str
    observed_at: datetime


Record = Reading | Event | Alarm | Gap


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one lane, frozen when first sent.

    ``epoch``: random, drawn when the outbox file is created. ``first``: sequence number of the first
    record, counted per lane from 1. ``boot``: the kernel's boot id. ``clock``: how far the times can be
    trusted.
    """

    gateway: GatewayId
    epoch: str
    lane: Lane
    first: int
    boot: str
    clock: ClockState
    records: tuple[Record, ...]

    @property
    def last(self) -> int:
        """Sequence number of the last record."""
        return self.first + len(self.records) - 1


class _Row(msgspec.Struct, tag_field="k", kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    t: float = 0.0


class _ReadingRow(_Row, tag="r", kw_only=True):
    d: str
    n: Quantity
    u: str | None = None
    v: float | None = None
    vb: bool | None = None
    ql: Quality = Quality.GOOD


class _EventRow(_Row, tag="e", kw_only=True):
    d: str
    n: EventKind
    vs: str = ""


class _AlarmRow(_Row, tag="a", kw_only=True):
    d: str
    id: str
    n: AlarmKind
    st: AlarmState
    ev: dict[str, Any] = {}
    do: tuple[str, ...] = ()
    cs: float = 0.0


class _GapRow(_Row, tag="g", kw_only=True):
    e: str
    st: Lane
    q: int
    to: int
    why: str


_AnyRow = _ReadingRow | _EventRow | _AlarmRow | _GapRow


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    v: int
    gw: str
    e: str
    st: Lane
    q: int
    n: int
    boot: str
    clk: ClockState
    bt: float
    r: list[_AnyRow]


_json_encoder: Final = msgspec.json.Encoder()
_json_decoder: Final = msgspec.json.Decoder(_Envelope)
_msgpack_encoder: Final = msgspec.msgpack.Encoder()
_msgpack_decoder: Final = msgspec.msgpack.Decoder(_Envelope)


def encode(batch: Batch, *, compact: bool = False) -> bytes:
    """Return the bytes of ``batch``: JSON, or MessagePack when ``compact``.

    Times are rounded to the millisecond, relative to the first record's.
    """
    base = round(batch.records[0].observed_at.timestamp(), 3)
    envelope = _Envelope(
        v=VERSION,
        gw=batch.gateway,
        e=batch.epoch,
        st=batch.lane,
        q=batch.first,
        n=len(batch.records),
        boot=batch.boot,
        clk=batch.clock,
        bt=base,
        r=[_row(record, base) for record in batch.records],
    )
    return (_msgpack_encoder if compact else _json_encoder).encode(envelope)


def parse(payload: bytes) -> Batch:
    """Parse a batch.

    Raises:
        BadMessage: for any bytes that are not a valid batch; the reason is fit for the quarantine.
    """
    if len(payload) > MAX_PAYLOAD:
        raise BadMessage(f"{len(payload)} bytes, at most {MAX_PAYLOAD} allowed")
    decoder = _json_decoder if payload[:1] == b"{" else _msgpack_decoder
    try:
        envelope = decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage(str(error)) from error
    _check(envelope)
    try:
        records = tuple(_record(row, envelope.bt) for row in envelope.r)
    except (OverflowError, ValueError, OSError) as error:
        raise BadMessage(f"a time is outside the calendar: {error}") from error
    return Batch(
        GatewayId(envelope.gw), envelope.e, envelope.st, envelope.q, envelope.boot, envelope.clk, records
    )


def _check(envelope: _Envelope) -> None:
    if envelope.v != VERSION:
        raise BadMessage(f"version {envelope.v}, this end speaks {VERSION}")
    if not 1 <= len(envelope.r) <= MAX_RECORDS:
        raise BadMessage(f"{len(envelope.r)} records, 1-{MAX_RECORDS} allowed")
    if envelope.n != len(envelope.r):
        raise BadMessage(f"n is {envelope.n}, but there are {len(envelope.r)} records")
    if not 1 <= envelope.q < 2**53:
        raise BadMessage(f"sequence number {envelope.q} is out of range")
    if not 1 <= len(envelope.e) <= 32 or not envelope.gw or len(envelope.boot) > 64:
        raise BadMessage("gateway, epoch and boot id must be present and short")


def _seconds(record: Record, base: float) -> float:
    return round(record.observed_at.timestamp() - base, 3)


def _row(record: Record, base: float) -> _AnyRow:
    t = _seconds(record, base)
    match record:
        case Reading(value=bool() as state):
            return _ReadingRow(t=t, d=record.device, n=record.quantity, vb=state, ql=record.quality)
        case Reading():
            return _ReadingRow(t=t, d=record.device, n=record.quantity, v=record.value, ql=record.quality)
        case Event():
            return _EventRow(t=t, d=record.device, n=record.kind, vs=record.detail)
        case Alarm():
            return _AlarmRow(
                t=t,
                d=record.device,
                id=record.id,
                n=record.kind,
                st=record.state,
                ev=dict(record.evidence),
                do=record.actions,
                cs=record.confirm_s,
            )
        case Gap():
            return _GapRow(t=t, e=record.epoch, st=record.lane, q=record.first, to=record.last, why=record.reason)


def _record(row: _AnyRow, base: float) -> Record:
    at = datetime.fromtimestamp(round(base + row.t, 3), UTC)
    match row:
        case _ReadingRow():
            return Reading(DeviceId(row.d), row.n, row.vb if row.vb is not None else row.v, at, row.ql)
        case _EventRow():
            return Event(DeviceId(row.d), row.n, row.vs, at)
        case _AlarmRow():
            return Alarm(AlarmId(row.id), row.n, row.st, DeviceId(row.d), at, row.ev, row.do, row.cs)
        case _GapRow():
            return Gap(row.e, row.st, row.q, row.to, row.why, at)
