"""What can still be read of a damaged outbox file, and where damaged files stay.

What it is not: a judge of damage (``store``). The one idea: alarms come first. They and the notes move to the
successor or the attempt fails as a whole and is made again; readings move if there is room for them.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

SUFFIXES: Final = ("", "-wal", "-shm")
"""What SQLite adds to a file's name for those that belong to it."""
KEPT_ASIDE: Final = 3
"""[D] Damaged files that stay for whoever wants to look into them."""
_NOTES: Final = (
    "select cast(key as text), cast(value as text) from note",
    "insert or ignore into note (key, value) values (?, ?)",
)
_BATCHES: Final = (
    "select cast(epoch as text), lane, cast(first as integer), cast(n as integer), cast(at as real),"
    " cast(payload as blob) from batch not indexed where lane"
)
_BATCH: Final = "insert or ignore into batch (epoch, lane, first, n, at, payload) values (?, ?, ?, ?, ?, ?)"
_ALARMS: Final = (f"{_BATCHES} = 'a'", _BATCH)
_READINGS: Final = (f"{_BATCHES} = 't'", _BATCH)
"""What is read, by the tables alone, and how it is written. A value of another type than its column's is what
damage leaves: it is made to fit, and whoever reads it finds out that it makes no sense.
"""


def salvage(broken: Path, target: sqlite3.Connection) -> int:
    """Copy what can be read of ``broken`` to ``target``; how many rows. Batches keep their own epoch.

    Raises:
        sqlite3.Error: there is no room for notes and alarms; nothing of ``broken`` was changed.
    """
    with contextlib.closing(sqlite3.connect(broken)) as source:
        saved = _copied(source, target, _NOTES, _ALARMS)
        try:
            saved += _copied(source, target, _READINGS)
        except sqlite3.Error as error:
            log.warning("no room for the readings of the file before reason=%s", error)
    return saved


def remove(file: Path) -> None:
    """Delete an SQLite file and what belongs to it; there need be none.

    Raises:
        OSError: one cannot be deleted.
    """
    for suffix in SUFFIXES:
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def forget_oldest(path: Path) -> None:
    """Delete all but the newest files that were set aside beside ``path``."""
    asides = sorted(
        file for file in path.parent.glob(f"{path.name}.corrupt-*") if file.suffix.count("-") == 1
    )
    for old in asides[:-KEPT_ASIDE]:
        remove(old)


def _copied(source: sqlite3.Connection, target: sqlite3.Connection, *what: tuple[str, str]) -> int:
    """Copy the rows of each query by its insert, all or none; how many."""
    rows = 0
    target.execute("begin")
    try:
        for query, insert in what:
            rows += target.executemany(insert, _readable(source, query)).rowcount
        target.execute("commit")
    except sqlite3.Error:
        if target.in_transaction:
            target.execute("rollback")
        raise
    return rows


def _readable(source: sqlite3.Connection, query: str) -> Iterator[tuple[object, ...]]:
    """The rows of ``query`` up to the first that cannot be read."""
    with contextlib.suppress(sqlite3.Error):
        yield from source.execute(query)
