"""The way back: a new data folder with the cluster as it stood at a given time.

What this is: ``restore``, from the sealed copies to a server that has come out of recovery. What it is not: a
way to change a cluster; it takes a new folder only, so a restore cannot make a loss worse. The one idea:
PostgreSQL itself replays the log; we only lay out what it asks for and wait until it has ended.
"""

from __future__ import annotations

import gzip
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, cast

import psycopg

from cloud.backup import seal
from cloud.backup.base import BackupError, check, unpack
from cloud.backup.shelf import Note, Shelf, files, needed, newest_before
from cloud.embedded import Postgres, identity
from cloud.embedded.access import held
from cloud.embedded.process import ServiceError, tail
from cloud.embedded.supervise import running

ENDED_EARLY: Final = "recovery ended before configured recovery target was reached"
"""What PostgreSQL says when the log does not go as far as the time that was asked for."""
_POLL_S: Final = 0.1
_SETTINGS: Final = "recovery.conf"
_BLOCK: Final = 2**20


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it. ``reached``: when the last transaction that was replayed was committed, if any was."""

    note: Note
    segments: int
    reached: datetime | None


def restore(shelf: Shelf, key: bytes, to: datetime | None, data: Path) -> Restored:
    """Make ``data`` a data folder as it stood at ``to`` (aware; ``None``: as late as the log goes). Blocks.

    Raises:
        BackupError, SealError: nothing fits, the log ends too early, the key is another; says what to do.
    """
    postgres = Postgres(data)
    if postgres.folder.exists():
        raise BackupError(f"{data} holds a database already: name a new folder, and keep the old one")
    note = newest_before(shelf.notes(), to)
    if note is None:
        raise BackupError(f"no backup in {shelf.folder} was finished before {_told(to)}")
    with held(data):
        try:
            segments = _lay_out(postgres, shelf, key, note, to)
            reached = _replay(postgres, to)
        except BaseException:
            shutil.rmtree(postgres.folder, ignore_errors=True)
            raise
    return Restored(note, segments, reached)


def parse_time(text: str) -> datetime:
    """A time as people write it; without a zone it is UTC.

    Raises:
        ValueError: it is none.
    """
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _lay_out(postgres: Postgres, shelf: Shelf, key: bytes, note: Note, to: datetime | None) -> int:
    """Unpack and prove the cluster, its log and the secrets; return how many pieces of log there are."""
    cluster, secrets = files(note.name)
    identity.own(postgres.data, identity.Account(os.geteuid(), os.getegid()))
    postgres.cluster.mkdir(mode=0o700, parents=True)
    with _open(shelf.folder / cluster, key) as stream:
        unpack(cast("gzip.GzipFile", stream), postgres.cluster)
    check(postgres.cluster)
    with _open(shelf.folder / secrets, key) as stream:
        unpack(cast("gzip.GzipFile", stream), postgres.data)
    pieces = needed(note, shelf.segments())
    log = postgres.folder / "log"
    log.mkdir()
    for piece in pieces:
        name = piece.name.removesuffix(".gz").removesuffix(".partial")
        with _open(piece, key) as source, gzip.open(source) as plain, (log / name).open("wb") as target:
            shutil.copyfileobj(plain, target, _BLOCK)
    (postgres.cluster / "conf.d" / _SETTINGS).write_text(_recovery(to), encoding="utf-8")
    (postgres.cluster / "recovery.signal").touch(mode=0o600)
    _give(postgres.folder, postgres.account)
    return len(pieces)


def _recovery(to: datetime | None) -> str:
    """The server works in its cluster, so the log lies at ``../log``."""
    wanted = {"restore_command": "cp ../log/%f %p", "recovery_target_action": "promote"}
    if to is not None:
        wanted["recovery_target_time"] = to.isoformat()
    return "".join(f"{name} = '{value}'\n" for name, value in wanted.items())


def _replay(postgres: Postgres, to: datetime | None) -> datetime | None:
    """Run the server until it has come out of recovery, however long that takes."""
    try:
        with running(postgres):
            reached = _out_of_recovery(postgres)
    except (ServiceError, psycopg.OperationalError) as error:
        if ENDED_EARLY in tail(postgres.data / "postgres.log", 4_000, lines=40):
            raise BackupError(f"the saved log ends before {_told(to)}: restore without a time") from error
        raise
    (postgres.cluster / "conf.d" / _SETTINGS).unlink()
    shutil.rmtree(postgres.folder / "log")
    return reached


def _out_of_recovery(postgres: Postgres) -> datetime | None:
    reached = None
    while True:
        with psycopg.connect(postgres.dsn) as conn:
            row = conn.execute("select pg_is_in_recovery(), pg_last_xact_replay_timestamp()").fetchone()
        recovering, last = row or (True, None)
        reached = last or reached
        if not recovering:
            return reached
        time.sleep(_POLL_S)


@contextmanager
def _open(file: Path, key: bytes) -> Iterator[IO[bytes]]:
    with file.open("rb") as source, seal.opened(source, key, file.name) as stream:
        yield cast("IO[bytes]", stream)


def _give(folder: Path, account: identity.Account) -> None:
    """Let ``account`` own all of ``folder``; only root needs to and can."""
    if os.geteuid() != 0:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _told(to: datetime | None) -> str:
    return "now" if to is None else f"{to:%Y-%m-%d %H:%M:%S} UTC"
