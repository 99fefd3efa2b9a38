"""All that is stored of one person, as files a person or a program can read: one zip.

What this is: a table to a file, CSV where there may be millions of rows, JSON elsewhere, and a README that
says what is in it. What it is not: a report. The one idea: what is written is everything that ``tables`` does
not argue away; numbers of telephones and identity cards are opened, because it is their owner who reads.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final, LiteralString

from cloud import plan_numbers, sealed
from cloud.db import Connection, Queries, stepwise
from cloud.people import numbers
from cloud.privacy.tables import NOT_EXPORTED, SERIES
from cloud.privacy.wish import UnknownPerson
from cloud.sealed import Keyring
from firmware_protocols.model import QUALITY_NUMBERS, Quantity

_AT_A_TIME: Final = 5_000
"""Rows in memory."""
_QUANTITIES: Final = {quantity.number: quantity for quantity in Quantity}
_QUALITIES: Final = {number: quality.value for quality, number in QUALITY_NUMBERS.items()}

_SQL: Final = Queries(__package__, "export.sql")

Row = dict[str, Any]


async def to_file(conn: Connection, resident_id: int, to: Path, ring: Keyring, now: datetime) -> int:
    """Like ``export``, to a file that only its owner may read.

    A file that is there already is replaced only by a whole one.

    Raises:
        UnknownPerson: there is nobody of that number.
        OSError: the file cannot be written.
    """
    part = to.with_name(f"{to.name}.part")
    part.unlink(missing_ok=True)  # of one who was killed
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            n = await export(conn, resident_id, file, ring, now)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    return n


async def export(conn: Connection, resident_id: int, file: IO[bytes], ring: Keyring, now: datetime) -> int:
    """Write the archive of a resident to ``file``, in the view that ``conn``'s transaction has; return how
    many rows it holds.

    Raises:
        UnknownPerson: there is nobody of that number, or not within the bounds of the transaction.
    """
    person = await (await conn.execute(_SQL["who"], {"resident_id": resident_id})).fetchone()
    if person is None:
        raise UnknownPerson(resident_id)
    counts: dict[str, int] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in TABLES:
            counts[table] = await write_table(conn, archive, table, _SQL[table], person, ring=ring)
        archive.writestr("README.txt", _readme(counts, now))
    return sum(counts.values())


TABLES: Final = tuple(name for name in _SQL if name != "who")
"""In the order of the file."""


async def write_table(
    conn: Connection,
    archive: zipfile.ZipFile,
    table: str,
    statement: LiteralString,
    params: Mapping[str, Any],
    *,
    ring: Keyring,
) -> int:
    """Write what ``statement`` finds as ``table`` of ``archive``; return how many rows."""
    shown = _SHOWN.get(table, _as_it_is)
    as_csv = table in SERIES
    name = f"{table}.csv" if as_csv else f"{table}.json"
    async with stepwise(conn, f"export_{table}") as cursor:
        await cursor.execute(statement, dict(params))
        with (
            archive.open(name, "w", force_zip64=True) as raw,
            io.TextIOWrapper(raw, "utf-8", newline="") as file,
        ):
            write = _csv(file) if as_csv else _json(file)
            n = 0
            while rows := await cursor.fetchmany(_AT_A_TIME):
                opened = [shown(ring, params["home_id"], row) for row in rows]
                await asyncio.to_thread(_write_all, write, opened)  # packing takes long; alarms do not wait
                n += len(rows)
            if not as_csv:
                file.write("\n]\n" if n else "[]\n")
    return n


def _write_all(write: Callable[[Row], None], rows: Sequence[Row]) -> None:
    for row in rows:
        write(row)


def _csv(file: io.TextIOWrapper) -> Callable[[Row], None]:
    out = csv.writer(file)
    begun = False

    def write(row: Row) -> None:
        nonlocal begun
        if not begun:
            out.writerow(row)
            begun = True
        out.writerow(value.isoformat() if isinstance(value, datetime) else value for value in row.values())

    return write


def _json(file: io.TextIOWrapper) -> Callable[[Row], None]:
    before = "[\n"

    def write(row: Row) -> None:
        nonlocal before
        file.write(before + json.dumps(row, ensure_ascii=False, default=str))
        before = ",\n"

    return write


def _as_it_is(_ring: Keyring, _home: int, row: Row) -> Row:
    """Nothing in it has to be opened."""
    return row


def _named(_ring: Keyring, _home: int, row: Row) -> Row:
    """Quantities and qualities by name, with the unit."""
    quantity = _QUANTITIES.get(row["quantity"])
    named = (quantity.value, quantity.unit) if quantity else (row["quantity"], "")
    told = dict(zip(("quantity", "unit"), named, strict=True))
    if "quality" in row:
        told["quality"] = _QUALITIES.get(row["quality"], row["quality"])
    return {**row, **told}


def _addressed(ring: Keyring, home: int, row: Row) -> Row:
    return {**row, "address": ring.shown_address(row["address"], sealed.contact(home))}


def _planned(ring: Keyring, home: int, row: Row) -> Row:
    return {**row, "body": plan_numbers.shown(ring, home, row["body"])}


_SHOWN: Final[Mapping[str, Callable[[Keyring, int, Row], Row]]] = {
    "resident": numbers.resident_shown,
    "contact": numbers.contact_shown,
    "rung": numbers.contact_shown,
    "message": _addressed,
    "plan": _planned,
    **dict.fromkeys(("reading", "reading_15m", "reading_1h", "reading_1d"), _named),
}


def _readme(counts: Mapping[str, int], now: datetime) -> str:
    def lines() -> Iterator[str]:
        yield f"All that Anban stores of one person, written {now:%Y-%m-%d %H:%M} UTC."
        yield "Times are UTC (ISO 8601), texts UTF-8, values in the unit that stands beside them (SenML)."
        yield ""
        yield from (f"{table}: {n}" for table, n in counts.items())
        yield ""
        yield "Not in it:"
        yield from (f"{table}: {why}" for table, why in NOT_EXPORTED.items())

    return "\n".join(lines()) + "\n"
