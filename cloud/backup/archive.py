"""The log between two base backups: received as it is written, sealed piece by piece, and a base a day.

What this is: the loop beside a running embedded server. What it is not: PostgreSQL's ``archive_command``,
which would run as the server's account and reach no folder of ours. The one idea: ``pg_receivewal`` holds a
replication slot, so the server keeps what is not yet received, up to a bound; beyond it the server's disk
matters more than the copy: the slot is given up, and a new base is taken at once.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg

from cloud.backup import base, seal
from cloud.backup.base import Source, client
from cloud.backup.shelf import HISTORY, SEGMENT, Shelf, replace_file
from cloud.db import Queries
from cloud.embedded import identity
from cloud.embedded.postgres import program
from cloud.embedded.process import Launch, spawn, stop
from cloud.metrics import LOOPS
from cloud.settings import Settings

SLOT: Final = "anban_archive"
SEAL_EVERY_S: Final = 30.0
"""How much of the log may be lost with the machine."""
STUCK_S: Final = 300.0
_STOP_S: Final = 10.0
_LOOKS_EVERY_S: Final = 1
_PARTIAL: Final = ".partial"
_SQL: Final = Queries(__package__ or "")
_log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Archive:
    """The archive of one embedded server. ``incoming``: where the log arrives, on the server's own disk."""

    source: Source
    shelf: Shelf
    key: bytes
    keep: int
    every: timedelta
    clock: Clock
    _sealed: dict[str, int] = field(default_factory=dict)
    """Beginnings of segments already sealed: name -> modification time, ns."""

    @property
    def incoming(self) -> Path:
        return self.source.data / "archive"

    async def run(self) -> None:
        """Receive, seal and save, for ever; what fails is told once and tried again."""
        LOOPS.expect("archive", within_s=STUCK_S)
        failing = ""
        receiver: subprocess.Popen[bytes] | None = None
        try:
            while True:
                try:
                    receiver = await asyncio.to_thread(self._receiving, receiver)
                    await asyncio.to_thread(self.seal_new)
                    await asyncio.to_thread(self._save_if_due)
                    LOOPS.turned("archive")
                    failing = _say(failing, "")
                except Exception as error:  # noqa: BLE001 - supervised: whatever ails the copies stops no alarm
                    failing = _say(failing, f"{type(error).__name__}: {error}")
                await asyncio.sleep(SEAL_EVERY_S)
        finally:
            if receiver is not None:
                await asyncio.shield(asyncio.to_thread(self._end, receiver))

    def seal_new(self) -> None:
        """Seal what is whole and forget it here; seal the beginning of the newest again if it has grown.

        Raises:
            OSError: the folder of the copies is full or away; nothing is forgotten.
        """
        self.shelf.prepare()
        for file in sorted(self.incoming.iterdir()):
            name = file.name
            if SEGMENT.fullmatch(name) or HISTORY.fullmatch(name):
                self._put(file, name)
                (self.shelf.log / f"{name}{_PARTIAL}.gz").unlink(missing_ok=True)
                file.unlink()
            elif name.endswith(_PARTIAL):
                changed_ns = file.stat().st_mtime_ns
                if self._sealed.get(name) != changed_ns:
                    self._put(file, name)
                    self._sealed = {name: changed_ns}

    def _put(self, file: Path, name: str) -> None:
        sealed = io.BytesIO()
        with (
            seal.Sealer(sealed, self.key, f"{name}.gz") as sealer,
            gzip.GzipFile(fileobj=sealer, mode="wb", compresslevel=base.LEVEL) as packed,
            file.open("rb") as plain,
        ):
            shutil.copyfileobj(plain, packed)
        replace_file(self.shelf.log / f"{name}.gz", sealed.getvalue())

    def _receiving(self, receiver: subprocess.Popen[bytes] | None) -> subprocess.Popen[bytes]:
        """The running receiver; a new one if it has ended, with its slot made if there is none."""
        if receiver is not None and receiver.poll() is None:
            return receiver
        ours = identity.Account(os.geteuid(), os.getegid())
        identity.own(self.incoming, ours)
        self._make_slot()
        where, environment = client(self.source.dsn)
        # A signal that comes just before it waits is seen so much later; unasked, after 10 s.
        often = f"--status-interval={_LOOKS_EVERY_S}"
        options = ("--no-password", "--no-loop", "--synchronous", often, f"--slot={SLOT}", "--directory=.")
        command = (str(program("pg_receivewal", ours)), "--dbname", where, *options)
        log = self.source.data / "archive.log"
        launch = Launch(command, self.incoming, log, ours.uid, ours.gid, signal.SIGINT)
        return spawn(launch, {"PGPASSWORD": environment["PGPASSWORD"]})

    def _make_slot(self) -> None:
        """See that the server keeps the log for us; a new slot comes with a base.

        Raises:
            psycopg.Error, BackupError, OSError: the server is away, or the base fails; then there is no slot.
        """
        with psycopg.connect(self.source.dsn, autocommit=True) as conn:
            found = conn.execute(_SQL["slot"], {"slot": SLOT}).fetchone()
            if found is not None and found[0] == "lost":
                _log.error("the archive was away too long: the log has a gap, saving everything anew")
                conn.execute(_SQL["drop_slot"], {"slot": SLOT})
                found = None
            if found is None:
                conn.execute(_SQL["add_slot"], {"slot": SLOT})
                try:
                    self._save()
                except BaseException:  # without its base the log that follows is worth nothing: both anew
                    conn.execute(_SQL["drop_slot"], {"slot": SLOT})
                    raise

    def _save_if_due(self) -> None:
        notes = self.shelf.notes()
        if not notes or notes[-1].finished_at + self.every <= self.clock():
            self._save()

    def _save(self) -> None:
        note = base.take(self.source, self.shelf, self.key, self.keep, self.clock)
        _log.info("backup taken and verified name=%s bytes=%d", note.name, note.bytes)

    def _end(self, receiver: subprocess.Popen[bytes]) -> None:
        """Stop receiving, and seal what came last."""
        stop(receiver, signal.SIGINT, wait_s=_STOP_S)
        try:
            self.seal_new()
        except OSError as error:
            _log.error("the newest log is not saved: %s", error)


def archiving(settings: Settings, dsn: str, clock: Clock) -> Archive | None:
    """The archive of the embedded server at ``dsn``; ``None``: the settings name no folder for it.

    Raises:
        SealError: there is no key.
    """
    wanted = settings.backup
    if not wanted.folder:
        return None
    source, shelf = Source(dsn, Path(settings.data)), Shelf(Path(wanted.folder))
    key, every = seal.read_key(Path(wanted.key_file)), timedelta(hours=wanted.every_h)
    return Archive(source, shelf, key, wanted.keep, every, clock)


def _say(before: str, now: str) -> str:
    """Log a change once."""
    if now and not before:
        _log.error("the archive stands still: %s", now)
    if before and not now:
        _log.info("the archive goes on")
    return now
