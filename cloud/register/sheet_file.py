"""The cells of a CSV or XLSX file as text, within bounds.

What this is: bytes in, rows of trimmed text out. What it is not: what a cell means (``sheet``). The one
idea: a file comes from anybody's desk, so how large it unpacks is known before it is unpacked, and a number
that a spreadsheet has cut short is marked instead of guessed.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from typing import Final

MOST_ROWS: Final = 10_000
"""Rows of one file: a county's homes several times over. D."""
MOST_COLUMNS: Final = 100
MOST_UNPACKED: Final = 64 * 1024 * 1024
"""Bytes of an XLSX file when it is unpacked; ten thousand rows are about 10 MiB of XML."""
LONGEST: Final = 2_000
"""Characters of one cell that are read; no field takes more."""
EXACT: Final = 10**15
"""From here on a spreadsheet no longer knows all digits of a number (IEEE 754 double, shown with 15)."""
_TORN: Final = (KeyError, ValueError, IndexError, TypeError, AttributeError, SyntaxError, EOFError, OSError)
"""What the library raises where the parts of a workbook do not fit together."""
_DELIMITERS: Final = ",;\t"

Row = tuple[str, ...]


class Form(StrEnum):
    """How the file is written."""

    CSV = "csv"
    XLSX = "xlsx"


class Unreadable(Exception):  # noqa: N818 - a noun
    """No rows can be had of the file; ``code`` is stable: ``unreadable``, ``too_large``, ``empty``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def rows(form: Form, content: bytes) -> list[Row]:
    """All rows, empty ones too, so that the first is number 1 of the file.

    Raises:
        Unreadable: it is no such file, has too much in it, or nothing.
    """
    found = list(islice(_READERS[form](content), MOST_ROWS + 1))
    if len(found) > MOST_ROWS:
        raise Unreadable("too_large")
    if not any(any(row) for row in found):
        raise Unreadable("empty")
    return found


def _csv(content: bytes) -> Iterator[Row]:
    text = _decoded(content)
    head = text[: text.find("\n")] if "\n" in text else text
    delimiter = max(_DELIMITERS, key=head.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield _row(row)
    except csv.Error as error:
        raise Unreadable("unreadable") from error


def _decoded(content: bytes) -> str:
    """UTF-8, or what spreadsheets in China save as CSV by themselves."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("unreadable")


def _xlsx(content: bytes) -> Iterator[Row]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    _bounded(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size may be anything
        yield from (_row(row) for row in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True))
    except (InvalidFileException, zipfile.BadZipFile, zlib.error, *_TORN) as error:
        raise Unreadable("unreadable") from error


def _bounded(content: bytes) -> None:
    """Look into the directory only: reading a member stops at the size that stands there."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            size = sum(member.file_size for member in packed.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise Unreadable("unreadable") from error
    if size > MOST_UNPACKED:
        raise Unreadable("too_large")


def _row(cells: Iterable[object]) -> Row:
    return tuple(_text(cell)[:LONGEST] for cell in islice(cells, MOST_COLUMNS))


def _text(cell: object) -> str:
    """What a person reads in the cell; a number without a needless point."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, int | float):
        return _number(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()


def _number(value: float) -> str:
    if abs(value) >= EXACT:
        return f"{value:.5E}"
    return str(int(value)) if float(value).is_integer() else repr(value)


_READERS: Final = {Form.CSV: _csv, Form.XLSX: _xlsx}
