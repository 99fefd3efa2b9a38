"""How much room the disks below the services have, and the plain words when one is running out.

What this is: a question (``shortage``) and a watch that tells each change once. What it is not: a remedy;
nothing is ever deleted to make room. The one idea: a full disk is named by its folder and comes with what
to do, because the services themselves only say that a write failed.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path
from typing import Final

from cloud.metrics import DISK_FREE

FULL_MIB: Final = 16.0
"""Below this a disk counts as full: PostgreSQL's log grows in pieces of this size."""
LOW_MIB: Final = 512.0
"""Below this somebody should look, in daylight."""
_RISE: Final = 1.25
"""A disk gets better only when it has this much more than the mark, so that it does not flap there."""
NAMED: Final = frozenset(["postgres", "nats"])
"""Folders that metrics know by their name; any other is the data folder itself."""
_EVERY_S: Final = 2.0
_MIB: Final = 2**20

_log = logging.getLogger(__name__)


class Level(IntEnum):
    """How a disk stands; higher is worse."""

    FINE = 0
    LOW = 1
    FULL = 2


_MARKS: Final = {Level.LOW: LOW_MIB, Level.FULL: FULL_MIB}
_SAID: Final = {
    Level.FINE: (logging.INFO, "has room again"),
    Level.LOW: (logging.WARNING, "is running out: make room there"),
    Level.FULL: (
        logging.ERROR,
        "is full: nothing new is stored or acknowledged, gateways keep what they have; make room there, "
        "everything goes on by itself",
    ),
}


def free_mib(folder: Path) -> float:
    """Room for an ordinary user on the disk of ``folder``, or of the nearest folder above it, MiB.

    A disk without a free inode has none. A disk that cannot be asked counts as having room: it has another
    trouble, and that will be said by whoever meets it.
    """
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    try:
        found = os.statvfs(existing)
    except OSError:
        return float("inf")
    has_inodes = found.f_favail > 0 or found.f_files == 0  # some file systems do not count them
    return found.f_bavail * found.f_frsize / _MIB if has_inodes else 0.0


def shortage(folder: Path) -> str:
    """What to tell a person when the disk of ``folder`` is full; ``""`` when it is not."""
    free = free_mib(folder)
    return f"the disk of {folder} is full ({free:.1f} MiB free): make room there" if free < FULL_MIB else ""


def level(free: float, before: Level = Level.FINE) -> Level:
    """How a disk with ``free`` MiB stands that stood at ``before``."""
    reached = [mark for mark, mib in _MARKS.items() if free < mib * (_RISE if before >= mark else 1.0)]
    return max(reached, default=Level.FINE)


async def watch(folders: Iterable[Path]) -> None:
    """Log how the disks of ``folders`` stand whenever that changes, for ever; each disk once."""
    before: dict[int, Level] = {}
    watched = tuple(folders)
    while True:
        for disk, folder in _disks(watched).items():
            free = free_mib(folder)
            DISK_FREE.labels(folder.name if folder.name in NAMED else "data").set(free * _MIB)
            now = level(free, before.get(disk, Level.FINE))
            if now is not before.get(disk, Level.FINE):
                severity, words = _SAID[now]
                _log.log(severity, "the disk of %s (%.1f MiB free) %s", folder, free, words)
            before[disk] = now
        await asyncio.sleep(_EVERY_S)


def _disks(folders: Iterable[Path]) -> dict[int, Path]:
    """The first of ``folders`` on each disk, by device number."""
    found: dict[int, Path] = {}
    for folder in filter(Path.exists, folders):
        found.setdefault(folder.stat().st_dev, folder)
    return found
