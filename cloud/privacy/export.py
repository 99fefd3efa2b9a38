"""All that is stored of one person, as files a person or a program can read: one zip.

What this is: a table to a file, CSV where there may be millions of rows, JSON elsewhere, and a README that
says what is in it. What it is not: a report. The one idea: what is written is everything that ``tables`` does
not argue away; numbers of telephones and identity cards are opened, because it is their owner who reads.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cloud import sealed, trail
from cloud.db import Connection, Queries
from cloud.people import numbers
from cloud.privacy.erase import PersonError
from cloud.privacy.tables import NOT_EXPORTED, SERIES
from cloud.sealed import Keyring
from firmware_protocols.model import QUALITY_NUMBERS, Quantity

_AT_A_TIME: Final = 5_000
"""Rows in memory."""
_QUANTITIES: Final = {quantity.number: quantity for quantity in Quantity}
_QUALITIES: Final = {number: quality.value for quality, number in QUALITY_NUMBERS.items()}

_SQL: Final = Queries(__package__, "export.sql")

Row = dict[str, Any]


async def export(conn: Connection, resident_id: int, to: Path, ring: Keyring, now: datetime) -> int:
    """Write the archive of a resident to ``to``, in one moment's view; return how many rows it holds.

    A file that is there already is replaced only by a whole one.

    Raises:
        PersonError: there is nobody of that number.
        OSError: the file cannot be written.
    """
    person = await (await conn.execute(_SQL["who"], {"resident_id": resident_id})).fetchone()
    if person is None:
        raise PersonError(f"there is no resident {resident_id}; the card of a home shows the number")
    entry = trail.Entry(now, person["tenant_id"], "console", "exportPerson", homes=(person["home_id"],))
    await trail.append(conn, entry)
    part = to.with_name(f"{to.name}.part")
    counts: dict[str, int] = {}
    with part.open("xb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in TABLES:
            counts[table] = await _write(conn, archive, table, person, ring)
        archive.writestr("README.txt", _readme(counts, now))
    part.replace(to)
    return sum(counts.values())


TABLES: Final = tuple(name for name in _SQL if name != "who")
"""In the order of the file."""


async def _write(
    conn: Connection, archive: zipfile.ZipFile, table: str, person: Mapping[str, Any], ring: Keyring
) -> int:
    shown = _SHOWN.get(table, _as_it_is)
    as_csv = table in SERIES
    name = f"{table}.csv" if as_csv else f"{table}.json"
    async with conn.cursor(name=f"export_{table}") as cursor:
        await cursor.execute(_SQL[table], dict(person))
        with (
            archive.open(name, "w", force_zip64=True) as raw,
            io.TextIOWrapper(raw, "utf-8", newline="") as file,
        ):
            write = _csv(file) if as_csv else _json(file)
            n = 0
            while rows := await cursor.fetchmany(_AT_A_TIME):
                for row in rows:
                    write(shown(ring, person["home_id"], row))
                n += len(rows)
            if not as_csv:
                file.write("\n]\n" if n else "[]\n")
    return n


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


_SHOWN: Final[Mapping[str, Callable[[Keyring, int, Row], Row]]] = {
    "resident": numbers.resident_shown,
    "contact": numbers.contact_shown,
    "rung": numbers.contact_shown,
    "message": _addressed,
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
