"""The plain batch: readings alone, taken with a set clock. The hot path of the cloud's ingest.

What this is: nearly all that a city's gateways send, decoded into rows of numbers without an object per
reading, which costs a fifth of ``envelope.parse``. What it is not: another format, or a judge of bad input.
The one idea: it answers only when every record is beyond doubt, and then says the same as ``envelope.parse``;
at the least oddity it answers ``None``, and the careful road decides.
"""

from __future__ import annotations

from math import isfinite
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from firmware_protocols.model import QUALITY_NUMBERS, ClockState, GatewayId, Quality, Quantity
from firmware_protocols.wire.envelope import MAX_PAYLOAD, MAX_RECORDS, BootId, EpochId, Sequence, Uptime
from firmware_protocols.wire.strict import MAX_INTEGER

Row: TypeAlias = tuple[int, str, int, int, float | None]
"""Milliseconds since 1970, device, number of the quantity, number of the quality, value."""

_NUMBERS: Final = {quantity.value: quantity.number for quantity in Quantity}
_VALUED: Final = {quality.value: QUALITY_NUMBERS[quality] for quality in (Quality.GOOD, Quality.ESTIMATED)}
_VALUELESS: Final = {
    quality.value: number for quality, number in QUALITY_NUMBERS.items() if quality.value not in _VALUED
}


class PlainBatch(msgspec.Struct, frozen=True):
    """A batch of lane ``t`` as rows. ``earliest_ms`` to ``latest_ms``: their times. ``valued``: each has a
    value.
    """

    gateway: GatewayId
    epoch: str
    first: int
    rows: tuple[Row, ...]
    earliest_ms: int
    latest_ms: int
    valued: bool


class _Reading(msgspec.Struct, tag_field="k", tag="r", forbid_unknown_fields=True, gc=False):
    """Not tracked by the garbage collector: it refers to nothing that could refer back."""

    d: str
    n: str
    t: float = 0.0
    v: float | None = None
    vb: bool | None = None
    ql: str = "good"


class _Plain(msgspec.Struct, forbid_unknown_fields=True):
    v: Literal[1]
    gw: str
    e: EpochId
    st: Literal["t"]
    q: Sequence
    n: int
    boot: BootId
    clk: ClockState
    bt: float
    r: Annotated[list[_Reading], Meta(min_length=1, max_length=MAX_RECORDS)]
    up: Uptime | msgspec.UnsetType = msgspec.UNSET


_json_decoder: Final = msgspec.json.Decoder(_Plain)
_msgpack_decoder: Final = msgspec.msgpack.Decoder(_Plain)


def parse(payload: bytes, gateway: GatewayId) -> PlainBatch | None:
    """Return the plain batch of ``gateway`` (the topic's) in ``payload``; ``None``: take the careful road."""
    if len(payload) > MAX_PAYLOAD:
        return None
    try:
        found = (_json_decoder if payload[:1] == b"{" else _msgpack_decoder).decode(payload)
        base_ms = round(found.bt * 1000)
        valued = _all_numbers(found.r)
        rows = _numbers(found.r, base_ms) if valued else tuple([_row(one, base_ms) for one in found.r])
    except (msgspec.DecodeError, KeyError, ValueError, OverflowError, RecursionError):
        return None  # the careful road says what is wrong, or that nothing is
    times = [row[0] for row in rows]
    batch = PlainBatch(gateway, found.e, found.q, rows, min(times), max(times), valued)
    return batch if _is_plain(found, batch) else None


def _is_plain(found: _Plain, batch: PlainBatch) -> bool:
    return (
        found.gw == batch.gateway
        and found.n == len(batch.rows)
        and found.q + found.n - 1 <= MAX_INTEGER
        and found.clk is not ClockState.UNSYNCED
        and "\0" not in found.e
    )


def _all_numbers(readings: list[_Reading]) -> bool:
    """Whether each reading is a finite number, none a state or without a value: nearly always."""
    values = [one.v for one in readings if one.vb is None and one.v is not None]
    return len(values) == len(readings) and isfinite(sum(values))


def _numbers(readings: list[_Reading], base_ms: int) -> tuple[Row, ...]:
    """As ``_row``, for readings that are all numbers; a call for each would cost half as much again."""
    return tuple(
        [(base_ms + round(one.t * 1000), one.d, _NUMBERS[one.n], _VALUED[one.ql], one.v) for one in readings]
    )


def _row(one: _Reading, base_ms: int) -> Row:
    """One reading as numbers.

    Raises:
        KeyError, ValueError: it is not beyond doubt.
    """
    value = one.v
    if one.vb is not None:
        if value is not None:
            raise ValueError(value)
        value = float(one.vb)
    if value is None:
        quality = _VALUELESS[one.ql]
    elif isfinite(value):
        quality = _VALUED[one.ql]
    else:
        raise ValueError(value)
    return base_ms + round(one.t * 1000), one.d, _NUMBERS[one.n], quality, value
