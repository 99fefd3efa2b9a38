"""Readings in PostgreSQL's binary COPY format, each packed by one ``struct`` call.

Why: a driver that adapts a row value by value costs more than the server's work for it. COPY of packed rows
is never dearer than ``insert ... select from unnest`` either, from one row (1.0 against 1.1 ms of processor a
transaction) to 20,000 (2.6 against 10 us a row), so it is the only way in. ``copy_readings`` names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Final

from firmware_protocols.model import Reading
from firmware_protocols.wire.plain import Row

_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # no flags, no extension
_TRAILER: Final = b"\xff\xff"
_COLUMNS: Final = 8
_NULL: Final = -1
_ROW: Final = Struct("! h iq ii ii ii ih ih id i".replace(" ", ""))
"""The number of columns, then each column's length and value; the last one is null."""
_HEAD: Final = Struct("! h iq ii ii ii ih ih".replace(" ", ""))
_FLOAT: Final = Struct("!id")
_INT: Final = Struct("!ii")
_NOTHING: Final = Struct("!i").pack(_NULL)
_US: Final = timedelta(microseconds=1)
_POSTGRES: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""PostgreSQL counts from here."""
_POSTGRES_MS: Final = int(_POSTGRES.timestamp() * 1000)


def valued(tenant: int, home: int, devices: Mapping[str, int], rows: Iterable[Row]) -> list[bytes]:
    """As ``plain``, for rows that all have a value; a call for each would cost a third more. ``devices``: by
    name.
    """
    pack, begins = _ROW.pack, _POSTGRES_MS
    return [
        pack(
            _COLUMNS, 8, (at_ms - begins) * 1000, 4, tenant, 4, home, 4, devices[name],
            2, quantity, 2, quality, 8, value, _NULL,
        )
        for at_ms, name, quantity, quality, value in rows
    ]  # fmt: skip


def plain(tenant: int, home: int, device: int, row: Row) -> bytes:
    """A reading without a timeline, which is nearly every row there is."""
    at_ms, _, quantity, quality, value = row
    at = (at_ms - _POSTGRES_MS) * 1000
    if value is None:
        return (
            _HEAD.pack(_COLUMNS, 8, at, 4, tenant, 4, home, 4, device, 2, quantity, 2, quality)
            + _NOTHING
            + _NOTHING
        )
    return _ROW.pack(_COLUMNS, 8, at, 4, tenant, 4, home, 4, device, 2, quantity, 2, quality, 8, value, _NULL)


def reading(tenant: int, home: int, device: int, said: Reading, timeline: int | None) -> bytes:
    """Any reading."""
    at = (said.observed_at - _POSTGRES) // _US
    kind = (2, said.quantity.number, 2, said.quality.number)
    measured = _NOTHING if said.value is None else _FLOAT.pack(8, said.value)
    line = _NOTHING if timeline is None else _INT.pack(4, timeline)
    return _HEAD.pack(_COLUMNS, 8, at, 4, tenant, 4, home, 4, device, *kind) + measured + line


def stream(rows: Iterable[bytes]) -> bytes:
    """The whole of a COPY."""
    return b"".join((_HEADER, *rows, _TRAILER))
