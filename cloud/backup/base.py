"""A base backup: the whole cluster and the machine's secrets, sealed, and opened again to prove it.

What this is: ``take``, one backup from begin to note. What it is not: the log between two backups
(``archive``). The one idea: what is verified is the sealed copy itself, opened with the key and read back, so
a copy that could not be restored never counts. That needs room for one unpacked copy beside it.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BufferedIOBase
from pathlib import Path
from typing import IO, Final, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cloud.backup import seal
from cloud.backup.shelf import Note, Shelf, files, sync_folder
from cloud.db import Queries
from cloud.embedded import identity
from cloud.embedded.postgres import program
from cloud.embedded.process import ServiceError

LEVEL: Final = 1
"""Of gzip: 3 times smaller at some 80 MB/s; more effort gains little."""
OURS: Final = ("secrets", "audit")
"""Folders beside the cluster that only this machine has: keys and passwords, heads of the audit trail."""
_BLOCK: Final = 2**20
_START: Final = re.compile(rb"START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)")
_SQL: Final = Queries(__package__ or "")


class BackupError(ServiceError):
    """A backup could not be made, or cannot be used; ``str()`` says why and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is saved: the embedded server at ``dsn``, and ``data``, the folder that holds its secrets."""

    dsn: str
    data: Path


def take(source: Source, shelf: Shelf, key: bytes, keep: int, clock: Callable[[], datetime]) -> Note:
    """Save, verify, note, and remove what is older than the newest ``keep``. Blocks for as long as it takes.

    Raises:
        BackupError: the copy could not be made or did not pass; nothing that was there is touched.
        OSError: the folder is full or away.
    """
    shelf.prepare()
    with shelf.held():
        started_at = clock()
        name = f"base-{started_at:%Y%m%dT%H%M%S%fZ}"
        cluster, secrets = (shelf.folder / file for file in files(name))
        if cluster.exists():
            raise BackupError(f"{cluster} is there already: the clock went back")
        try:
            with _sealed(cluster, key) as stream:
                _copy_cluster(source.dsn, stream)
            with _sealed(secrets, key) as stream:
                _copy_secrets(source.data, stream)
            first_segment = _verify(shelf, name, key)
        except BaseException:
            for file in (cluster, secrets):
                file.unlink(missing_ok=True)
            raise
        size = sum(file.stat().st_size for file in (cluster, secrets))
        note = Note(name, started_at, clock(), first_segment, size)
        shelf.add(note)
        shelf.prune(keep)
    with psycopg.connect(source.dsn) as conn:
        values = {"name": name, "started_at": started_at, "finished_at": note.finished_at, "bytes": size}
        conn.execute(_SQL["add_run"], values)
    return note


def client(dsn: str) -> tuple[str, dict[str, str]]:
    """``dsn`` for a program of PostgreSQL: the connection string without the password, and the environment
    with it, because everybody may read a command line.
    """
    parts = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value is not None}
    password = parts.pop("password", "")
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "PGPASSWORD": password}
    return make_conninfo(**parts), environment


def unpack(stream: BufferedIOBase, folder: Path) -> None:
    """Unpack a compressed tar file that we have made."""
    with tarfile.open(fileobj=stream, mode="r|gz") as archive:
        archive.extractall(folder, filter="data")


def check(folder: Path) -> None:
    """Prove an unpacked cluster against its own manifest, its log included.

    Raises:
        BackupError: a file is missing, too many, or changed.
    """
    command = [str(program("pg_verifybackup", _ourselves())), "--exit-on-error", "--quiet", str(folder)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        raise BackupError(f"the copy does not pass: {found.stderr.strip()}")


def _copy_cluster(dsn: str, target: IO[bytes]) -> None:
    where, environment = client(dsn)
    command = [
        *(str(program("pg_basebackup", _ourselves())), "--dbname", where, "--no-password"),
        *("--pgdata=-", "--format=tar", "--wal-method=fetch", "--checkpoint=fast"),
        "--manifest-checksums=SHA256",
    ]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        try:
            shutil.copyfileobj(cast("IO[bytes]", process.stdout), target, _BLOCK)
            said = cast("IO[bytes]", process.stderr).read().decode(errors="replace")
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise BackupError(f"pg_basebackup failed: {said.strip()}")


def _copy_secrets(data: Path, target: IO[bytes]) -> None:
    with tarfile.open(fileobj=target, mode="w|") as archive:
        for folder in filter(Path.exists, (data / name for name in OURS)):
            archive.add(folder, arcname=folder.name)


def _verify(shelf: Shelf, name: str, key: bytes) -> str:
    """Open and prove what was sealed; return the first segment of the log that it needs."""
    folder = shelf.folder / "check"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        for file in files(name):
            with (shelf.folder / file).open("rb") as source, seal.opened(source, key, file) as stream:
                unpack(stream, folder / file)
        cluster = folder / files(name)[0]
        check(cluster)
        return start_of((cluster / "backup_label").read_bytes())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start_of(label: bytes) -> str:
    """The segment at which the log begins that a backup with this label needs.

    Raises:
        BackupError: the label does not say.
    """
    found = _START.search(label)
    if found is None:
        raise BackupError("the copy has no backup label")
    return found[1].decode()


@contextmanager
def _sealed(file: Path, key: bytes) -> Iterator[IO[bytes]]:
    """A stream into ``file``, compressed and sealed; on the disk when the block ends."""
    with file.open("xb") as target:
        file.chmod(0o600)
        with (
            seal.Sealer(target, key, file.name) as sealer,
            gzip.GzipFile(fileobj=sealer, mode="wb", compresslevel=LEVEL) as stream,
        ):
            yield cast("IO[bytes]", stream)
        target.flush()
        os.fsync(target.fileno())
    sync_folder(file.parent)


def _ourselves() -> identity.Account:
    return identity.Account(os.geteuid(), os.getegid())
