"""The folder of the sealed copies: what lies there, what a time needs, what may go.

``base-TIME.tar.gz`` is a whole cluster, ``base-TIME.secrets`` the machine's secrets, ``base-TIME.json`` says
that the two are complete and verified; ``log/SEGMENT.gz`` is a piece of the write-ahead log, and the newest
is there as ``SEGMENT.partial.gz`` until it is full. The one idea: what has no note does not count.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from cloud.embedded.process import ServiceError

SEGMENT: Final = re.compile(r"[0-9A-F]{24}")
HISTORY: Final = re.compile(r"[0-9A-F]{8}\.history")
_TIMELINE: Final = 8
"""Digits of a segment's name that say its timeline; the rest orders the log of any."""


class Note(msgspec.Struct, frozen=True):
    """A finished backup. ``first_segment``: the log from there on makes it whole; ``bytes``: sealed."""

    name: str
    started_at: datetime
    finished_at: datetime
    first_segment: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder of the copies."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def prepare(self) -> None:
        """Make it exist, for us alone."""
        self.log.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Only one at a time makes or removes backups here; the next one waits."""
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def notes(self) -> list[Note]:
        """Finished backups, oldest first.

        Raises:
            ServiceError: a note is none, e.g. torn by a disk; says which.
        """
        found = [_read(file) for file in self.folder.glob("base-*.json")]
        return sorted(found, key=lambda note: note.finished_at)

    def add(self, note: Note) -> None:
        """Let a backup count."""
        replace_file(self.folder / f"{note.name}.json", msgspec.json.encode(note))

    def segments(self) -> list[Path]:
        """The sealed pieces of the log and its histories, in the order of the log."""
        return sorted(self.log.glob("*.gz"), key=lambda file: file.name)

    def prune(self, keep: int) -> list[str]:
        """Remove all but the newest ``keep`` backups and the log of the others; return the names of those.

        Call it while the folder is ``held``: what has no note is taken for left over.
        """
        notes = self.notes()
        gone, kept = notes[:-keep], notes[-keep:]
        for note in gone:
            (self.folder / f"{note.name}.json").unlink(missing_ok=True)
        ours = {name for note in kept for name in (f"{note.name}.json", *files(note.name))}
        for file in self.folder.glob("base-*"):  # of those that go, and of one that was killed half-way
            if file.name not in ours:
                file.unlink()
        for file in self.segments():
            if kept and SEGMENT.match(file.name) and _is_before(file.name, kept[0].first_segment):
                file.unlink()
        return [note.name for note in gone]


def _read(file: Path) -> Note:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Note)
    except msgspec.DecodeError as error:
        raise ServiceError(f"{file} is no note of a backup: move it away ({error})") from error


def files(name: str) -> tuple[str, str]:
    """What belongs to the backup ``name`` beside its note: the cluster and the secrets."""
    return f"{name}.tar.gz", f"{name}.secrets"


def newest_before(notes: Sequence[Note], to: datetime | None) -> Note | None:
    """The backup to start from for the time ``to`` (``None``: as late as the log goes)."""
    fit = [note for note in notes if to is None or note.finished_at <= to]
    return fit[-1] if fit else None


def needed(note: Note, segments: Sequence[Path]) -> list[Path]:
    """The pieces of the log that ``note`` needs; a piece that is whole takes the place of its beginning."""
    whole = {file.name.removesuffix(".gz") for file in segments}
    return [
        file
        for file in segments
        if HISTORY.match(file.name)
        or (not _is_before(file.name, note.first_segment) and not _is_superseded(file.name, whole))
    ]


def replace_file(file: Path, content: bytes) -> None:
    """Put ``content`` into ``file`` in one step that outlives a power cut."""
    draft = file.with_name(f"{file.name}.new")
    with draft.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make a renaming in ``folder`` outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_before(segment: str, first: str) -> bool:
    return segment[_TIMELINE:24] < first[_TIMELINE:24]


def _is_superseded(name: str, whole: set[str]) -> bool:
    return name.endswith(".partial.gz") and name.removesuffix(".partial.gz") in whole
