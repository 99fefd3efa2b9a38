"""The batch: the unit of identity on the road from home to cloud.

A batch is ``(gateway, epoch, lane, first)`` and is byte-equal on every resend; its records carry the
sequence numbers ``first .. first + n - 1``. Bodies are JSON with SenML names (RFC 8428); the first bytes
tell the encoding, the meaning never changes with it: ``{`` JSON, ``8x``/``DE`` MessagePack. Times travel in
whole milliseconds. ``docs/protocols/wire.md`` says it all to somebody who has no Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

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
    JsonValue,
    Quality,
    Quantity,
    Reading,
)
from firmware_protocols.wire.strict import MAX_INTEGER, check_json, decode, tidy
from firmware_protocols.wire.topics import Lane, valid_gateway_id

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


@dataclass(frozen=True, slots=True)
class Anchor:
    """The first word after the clock was set: the times of this batch are true, and so its boot is known.

    ``bulk_next``: the next sequence number of the bulk lane, so that batches before and after can be told
    apart in either lane.
    """

    bulk_next: int
    observed_at: datetime


Record = Reading | Event | Alarm | Gap | Anchor


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one lane, frozen when first sent.

    ``epoch``: random, drawn when the outbox file is created. ``first``: sequence number of the first
    record, counted per lane from 1. ``boot``: the kernel's boot id. ``clock``: how far the times can be
    trusted. ``up_s``: seconds since that boot (CLOCK_BOOTTIME) when the gateway's clock showed the time of
    the first record, so that a wrong clock can be put right later; ``None``: the gateway does not say.
    """

    gateway: GatewayId
    epoch: str
    lane: Lane
    first: int
    boot: str
    clock: ClockState
    records: tuple[Record, ...]
    up_s: float | None = None

    @property
    def booted_at(self) -> datetime | None:
        """When this boot began, by the clock that the records were stamped with."""
        return None if self.up_s is None else self.records[0].observed_at - timedelta(seconds=self.up_s)

    @property
    def last(self) -> int:
        """Sequence number of the last record."""
        return self.first + len(self.records) - 1


_ZERO: Final = 0.0
"""The default of numbers: msgspec leaves a field out only if it *is* its default, not if it equals it."""
_MS: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

EpochId = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"\A[^\x00-\x1f]+\Z")]
BootId = Annotated[str, Meta(max_length=64, pattern=r"\A[^\x00-\x1f]*\Z")]
Sequence = Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
Uptime = Annotated[float, Meta(ge=-1e10, le=1e10)]
"""Within three hundred years; below 0 where a sensor's own time lies before the boot."""


class _Row(msgspec.Struct, tag_field="k", kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    t: float = _ZERO


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
    cs: float = _ZERO


class _GapRow(_Row, tag="g", kw_only=True):
    e: str
    st: Lane
    q: int
    to: int
    why: str


class _AnchorRow(_Row, tag="c", kw_only=True):
    q: Sequence


_AnyRow = _ReadingRow | _EventRow | _AlarmRow | _GapRow | _AnchorRow


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    v: int
    gw: str
    e: EpochId
    st: Lane
    q: Sequence
    n: int
    boot: BootId
    clk: ClockState
    bt: float
    r: Annotated[list[_AnyRow], Meta(min_length=1, max_length=MAX_RECORDS)]
    up: Uptime | msgspec.UnsetType = msgspec.UNSET


_json_encoder: Final = msgspec.json.Encoder()
_json_decoder: Final = msgspec.json.Decoder(_Envelope)
_msgpack_encoder: Final = msgspec.msgpack.Encoder()
_msgpack_decoder: Final = msgspec.msgpack.Decoder(_Envelope)


def encode(batch: Batch, *, compact: bool = False) -> bytes:
    """Return the bytes of ``batch``: JSON, or MessagePack when ``compact``.

    Times are rounded to the millisecond. What JSON cannot say (a number that is not finite) travels as "no
    value" or null, so that it costs nothing but itself.

    Raises:
        ValueError: no records, more than ``MAX_RECORDS``, or more than ``MAX_PAYLOAD`` bytes.
    """
    if not 1 <= len(batch.records) <= MAX_RECORDS:
        raise ValueError(f"{len(batch.records)} records, 1-{MAX_RECORDS} make a batch")
    base = _milliseconds(batch.records[0].observed_at)
    envelope = _Envelope(
        v=VERSION,
        gw=batch.gateway,
        e=batch.epoch,
        st=batch.lane,
        q=batch.first,
        n=len(batch.records),
        boot=batch.boot,
        clk=batch.clock,
        bt=_seconds(base),
        r=[_row(record, _seconds(_milliseconds(record.observed_at) - base)) for record in batch.records],
        up=msgspec.UNSET if batch.up_s is None else round(batch.up_s, 3),
    )
    payload = (_msgpack_encoder if compact else _json_encoder).encode(envelope)
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"{len(payload)} bytes, at most {MAX_PAYLOAD} make a batch")
    return payload


def parse(payload: bytes) -> Batch:
    """Parse a batch. Its shape is then right; whether each record is plausible is not looked at.

    Raises:
        BadMessage: for any bytes that are not a batch; the reason is fit for the quarantine.
    """
    decoder = _json_decoder if payload[:1] == b"{" else _msgpack_decoder
    envelope = decode(decoder, payload, MAX_PAYLOAD)
    _check(envelope)
    try:
        base = round(envelope.bt * 1000)
        records = tuple(_record(row, _EPOCH + (base + round(row.t * 1000)) * _MS) for row in envelope.r)
    except (OverflowError, ValueError) as error:
        raise BadMessage("a time is outside the calendar") from error
    gateway = GatewayId(envelope.gw)
    up_s = None if envelope.up is msgspec.UNSET else envelope.up
    return Batch(gateway, envelope.e, envelope.st, envelope.q, envelope.boot, envelope.clk, records, up_s)


def _check(envelope: _Envelope) -> None:
    if envelope.v != VERSION:
        raise BadMessage(f"version {envelope.v}, this end speaks {VERSION}")
    if envelope.n != len(envelope.r):
        raise BadMessage(f"n is {envelope.n}, but there are {len(envelope.r)} records")
    if envelope.q + envelope.n - 1 > MAX_INTEGER:
        raise BadMessage("sequence numbers end beyond 2^53")
    if not valid_gateway_id(envelope.gw):
        raise BadMessage("gw is not a gateway id")
    for row in envelope.r:
        _check_row(row)


def _check_row(row: _AnyRow) -> None:
    match row:
        case _ReadingRow(n=quantity, u=unit) if unit not in {None, quantity.unit}:
            raise BadMessage(f"{quantity} in a unit that is not its own")
        case _ReadingRow(v=v, vb=vb) if v is not None and vb is not None:
            raise BadMessage("a reading is a number and a state at once")
        case _AlarmRow(ev=evidence):
            check_json(evidence)
        case _:
            return


def _milliseconds(at: datetime) -> int:
    return round((at - _EPOCH) / _MS)


def _seconds(milliseconds: int) -> float:
    return milliseconds / 1000 or _ZERO


def _row(record: Record, t: float) -> _AnyRow:
    match record:
        case Reading():
            return _reading_row(record, t)
        case Event():
            return _EventRow(t=t, d=record.device, n=record.kind, vs=record.detail)
        case Alarm():
            return _AlarmRow(
                t=t,
                d=record.device,
                id=record.id,
                n=record.kind,
                st=record.state,
                ev=_evidence(record),
                do=record.actions,
                cs=record.confirm_s or _ZERO,
            )
        case Gap():
            return _GapRow(
                t=t, e=record.epoch, st=record.lane, q=record.first, to=record.last, why=record.reason
            )
        case Anchor():
            return _AnchorRow(t=t, q=record.bulk_next)


def _evidence(alarm: Alarm) -> dict[str, JsonValue]:
    tidied = tidy(alarm.evidence)
    return dict(tidied) if isinstance(tidied, Mapping) else {}


def _reading_row(reading: Reading, t: float) -> _ReadingRow:
    device, quantity, value, quality = reading.device, reading.quantity, reading.value, reading.quality
    match value:
        case bool():
            return _ReadingRow(t=t, d=device, n=quantity, vb=value, ql=quality)
        case float() if not isfinite(value):
            return _ReadingRow(t=t, d=device, n=quantity, ql=Quality.NO_VALUE)
        case _:
            return _ReadingRow(t=t, d=device, n=quantity, v=value, ql=quality)


def _record(row: _AnyRow, at: datetime) -> Record:
    match row:
        case _ReadingRow():
            return Reading(DeviceId(row.d), row.n, row.vb if row.vb is not None else row.v, at, row.ql)
        case _EventRow():
            return Event(DeviceId(row.d), row.n, row.vs, at)
        case _AlarmRow():
            return Alarm(AlarmId(row.id), row.n, row.st, DeviceId(row.d), at, row.ev, row.do, row.cs)
        case _GapRow():
            return Gap(row.e, row.st, row.q, row.to, row.why, at)
        case _AnchorRow():
            return Anchor(row.q, at)
