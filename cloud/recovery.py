"""The commands of backups: save now, bring back, and prove in a drill that bringing back works.

It composes ``backup`` and ``audit`` and decides nothing. Everything here blocks, for as long as it takes.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cloud import audit
from cloud.backup import base, seal
from cloud.backup import restore as restoring
from cloud.backup.archive import Clock, archiving
from cloud.backup.restore import Restored
from cloud.backup.shelf import Note, Shelf
from cloud.embedded import Postgres
from cloud.embedded.supervise import running
from cloud.settings import ConfigError, Settings


def back_up(settings: Settings, dsn: str, clock: Clock) -> Note:
    """Save the embedded database at ``dsn`` now.

    Raises:
        ConfigError, BackupError, SealError: it cannot be saved; says what to do.
    """
    archive = archiving(settings, dsn, clock)
    if archive is None:
        raise ConfigError("backup.folder is not set: say where backups go")
    return base.take(archive.source, archive.shelf, archive.key, archive.keep, clock)


def restore(settings: Settings, to: datetime | None, data: Path) -> Restored:
    """Make ``data`` a data folder as of ``to``, from the backups of ``settings``.

    Raises:
        ConfigError, BackupError, SealError: it cannot be; says what to do.
    """
    if not settings.backup.folder:
        raise ConfigError("backup.folder is not set: say where backups are")
    key = seal.read_key(Path(settings.backup.key_file))
    return restoring.restore(Shelf(Path(settings.backup.folder)), key, to, data)


def drill(settings: Settings) -> Iterator[str]:
    """Restore the newest state beside the backups, audit it, and remove it; yields what to tell about it.

    Raises:
        ConfigError, BackupError, SealError: it cannot be restored, which is what a drill is for.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="drill-", dir=settings.backup.folder or None) as folder:
        data = Path(folder) / "data"
        done = restore(settings, None, data)
        yield f"{done.note.name}, {done.segments} pieces of log: restored in {time.monotonic() - began:.1f} s"
        with running(Postgres(data)):
            report = asyncio.run(audit.audit_at(Postgres(data).dsn))
        yield f"audit: {report.missing} missing of {report.sent}, {report.doubled} doubled"
