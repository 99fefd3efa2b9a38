"""One SQLite file that may be full, broken or gone, and the process goes on.

What this is: opening, checking, setting a corrupt file aside, transactions. What it is not: it knows nothing
of lanes or batches. The one idea: the *epoch* is drawn when the file is created, so numbers given in one
file can never be mistaken for those of another.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge_agent.salvage import SUFFIXES, forget_oldest, remove, salvage

log = logging.getLogger(__name__)

SCHEMA: Final = """
create table if not exists meta (key text primary key, value text not null) without rowid;
create table if not exists lane (lane text primary key, next integer not null) without rowid;
create table if not exists note (key text primary key, value text not null) without rowid;
create table if not exists batch (
    id integer primary key, epoch text not null, lane text not null, first integer not null,
    n integer not null, at real not null, payload blob not null, unique (epoch, lane, first)
);
create index if not exists batch_lane on batch (lane, id);
"""
_PRAGMAS: Final = """
pragma page_size = 1024;
pragma journal_mode = wal;
pragma synchronous = full;
pragma wal_autocheckpoint = 1000;
pragma busy_timeout = 2000;
"""
"""The page size counts for a new file only. A commit writes whole pages, five or six for ten readings, so
small ones spare the card: 71 MB a day at one reading a second, not 178 MB (`benchmarks.edge_resources`).
"""
VERSION: Final = 1
"""Of the file, in ``user_version``. A program may add to it (and raise this) as long as the programs before
it can go on with the file; ``_NEEDS`` says from which version on that is so.
"""
_NEEDS: Final = 1
RESERVE_BYTES: Final = 256 * 1024
_CORRUPT: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY_CODE: Final = 0xFF


@dataclass(eq=False)
class StoreError(Exception):
    """The file cannot be read or written now. ``reason`` is SQLite's name or the system's words."""

    reason: str

    def __str__(self) -> str:
        return self.reason


def new_epoch() -> str:
    """A random epoch, 64 bits of hex."""
    return secrets.token_hex(8)


class TooNewError(sqlite3.DatabaseError):
    """The file was made by a newer program, which has changed what this one relies on."""


class Store:
    """The file. While it cannot be opened every transaction raises ``StoreError``; ``ready`` tries again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.epoch = ""
        self.replaced = ""
        """Why the file found at the start was set aside; empty if it was sound."""
        self._connection: sqlite3.Connection | None = None
        self._condemned = ""
        self._reserve = path.with_name(path.name + ".reserve")

    @property
    def _fresh(self) -> Path:
        """Where a corrupt file's successor is made."""
        return self.path.with_name(self.path.name + ".fresh")

    @property
    def connection(self) -> sqlite3.Connection:
        """The open connection.

        Raises:
            StoreError: there is none.
        """
        if self._connection is None:
            raise StoreError("no usable file")
        return self._connection

    def is_open(self) -> bool:
        """Whether there is a file to write to (it may still be full)."""
        return self._connection is not None

    def open(self) -> None:
        """Open or create the file; set a corrupt one aside and carry over what can be read of it.

        Raises:
            StoreError: not possible now (no folder, read-only, full).
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._end_replacement()
            if self._condemned:
                self._replace(self._condemned)
            try:
                self._connection = self._connection or _opened(self.path)
            except TooNewError as error:
                self._stand_aside(error)
            except sqlite3.DatabaseError as error:
                if not _is_corrupt(error):
                    raise
                self._replace(str(error))
            self._take_in()
            self.epoch = _epoch(self.connection)
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise _fault(error) from error
        self.keep_reserve()

    def keep_reserve(self) -> None:
        """Hold some disk space back for an alarm that comes when there is no other."""
        with contextlib.suppress(OSError):
            if not self._reserve.exists() or self._reserve.stat().st_size < RESERVE_BYTES:
                self._reserve.write_bytes(bytes(RESERVE_BYTES))

    def release_reserve(self) -> bool:
        """Give the space held back to whoever writes next; false if there was none left."""
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close the file, whatever state it is in."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, on disk when it returns.

        Raises:
            StoreError: nothing was written. A corrupt file is closed, so that the next ``open`` replaces it.
        """
        connection = self.connection
        try:
            connection.execute("begin immediate")
            yield connection
            connection.execute("commit")
        except sqlite3.Error as error:
            self._abandon(error)
            raise _fault(error) from error
        except BaseException:
            if connection.in_transaction:  # not when it was interrupted just after the commit
                connection.execute("rollback")
            raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with.

        Raises:
            StoreError: the file cannot be read.
        """
        try:
            yield self.connection
        except sqlite3.Error as error:
            self._abandon(error)
            raise _fault(error) from error

    def _abandon(self, error: sqlite3.Error) -> None:
        if _is_corrupt(error):
            self._condemned = str(error)
            self.close()
            return
        with contextlib.suppress(sqlite3.Error):
            if self.connection.in_transaction:
                self.connection.execute("rollback")

    def _stand_aside(self, reason: TooNewError) -> None:
        """Leave the newer program's file as it is, and work beside it until that program is back."""
        self.path = _beside(self.path, VERSION)
        log.error(
            "outbox file is of a newer program, working beside it in=%s reason=%s", self.path.name, reason
        )
        self._connection = _opened(self.path)

    def _take_in(self) -> None:
        """Take over what programs before this one have written beside the file meanwhile."""
        for version in range(1, VERSION):
            aside = _beside(self.path, version)
            if aside.exists():
                log.warning("taken in from=%s rows=%d", aside.name, salvage(aside, self.connection))
                remove(aside)

    def _replace(self, reason: str) -> None:
        """Make a sound file beside the corrupt one, with what can be read of it, and let it take its place.

        The corrupt one stays where it is until then: where there is no room now, all of it is tried again.
        """
        remove(self._fresh)
        with contextlib.closing(_opened(self._fresh)) as target:
            saved = salvage(self.path, target)
        aside = self.path.with_name(f"{self.path.name}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
        for suffix in SUFFIXES:
            source = self.path.with_name(self.path.name + suffix)
            if source.exists():
                source.rename(aside.with_name(aside.name + suffix))
        self._end_replacement()
        self._connection = _opened(self.path)
        self.replaced, self._condemned = reason, ""
        log.error("outbox file corrupt, set aside as=%s saved_rows=%d reason=%s", aside.name, saved, reason)
        forget_oldest(self.path)

    def _end_replacement(self) -> None:
        """Its successor is whole once the corrupt file is set aside; the agent may be killed just then."""
        if self._fresh.exists() and not self.path.exists():
            self._fresh.rename(self.path)
        remove(self._fresh)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.executescript(_PRAGMAS)
        (verdict,) = connection.execute("pragma quick_check(1)").fetchone()
        if verdict != "ok":
            raise _corrupt(verdict)
        _check_version(connection)
        connection.executescript(SCHEMA)
        _note_version(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _beside(path: Path, version: int) -> Path:
    return path.with_name(f"{path.name}.v{version}")


def _check_version(connection: sqlite3.Connection) -> None:
    """Refuse a file that only newer programs understand; nothing in it is touched.

    Raises:
        TooNewError: it is one.
    """
    (version,) = connection.execute("pragma user_version").fetchone()
    if version <= VERSION:
        return
    row = connection.execute("select cast(value as integer) from meta where key = 'needs'").fetchone()
    if row is None or row[0] > VERSION:
        raise TooNewError(f"version {version}, this program knows {VERSION}")


def _note_version(connection: sqlite3.Connection) -> None:
    """A newer program's number stays: it must find its own file again."""
    (version,) = connection.execute("pragma user_version").fetchone()
    if version < VERSION:
        connection.execute("insert or replace into meta values ('needs', ?)", (str(_NEEDS),))
        connection.execute(f"pragma user_version = {VERSION:d}")


def _epoch(connection: sqlite3.Connection) -> str:
    connection.execute("insert or ignore into meta values ('epoch', ?)", (new_epoch(),))
    (epoch,) = connection.execute("select value from meta where key = 'epoch'").fetchone()
    return str(epoch)


def _corrupt(verdict: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(verdict)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _is_corrupt(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _CORRUPT


def _fault(error: OSError | sqlite3.Error) -> StoreError:
    return StoreError(str(error))
