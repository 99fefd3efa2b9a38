"""Where an update lives: the program's folder, which only the guard writes, and the agent's own.

The one idea: each side writes its own files and only reads the other's. Each file is replaced in one step and
on disk before the next thing happens, so a power cut leaves the old or the new, never half of one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from edge_agent.update.trial import Trial
from firmware_protocols.wire.control import Update

PROGRAM: Final = Path("/opt/anban")
KEY: Final = Path("/etc/anban/release.pub")
_MOST_BYTES: Final = 256 * 1024


class Request(msgspec.Struct, frozen=True):
    """What the cloud asked for (agent's): the document and its signature as they came. ``id`` is drawn."""

    id: str
    version: str
    document: bytes
    signature: bytes
    again: bool = False


class Mark(msgspec.Struct, frozen=True):
    """That something has happened to the request ``id`` (agent's)."""

    id: str


class Installed(msgspec.Struct, frozen=True):
    """A version that is ready to be switched to (guard's)."""

    id: str
    version: str
    env: str
    serial: int


class Outcome(msgspec.Struct, frozen=True):
    """What became of a request (guard's)."""

    id: str
    version: str
    state: str
    reason: str = ""


class Record(msgspec.Struct, frozen=True):
    """All that the guard knows, in one file. ``serial``: the highest tried. ``refused``: version → why it was
    taken back.
    """

    serial: int = 0
    refused: dict[str, str] = {}
    installed: Installed | None = None
    trial: Trial | None = None
    last: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """``program``: environments, the links ``current`` and ``trusted``, the guard's record. ``asked``: the
    agent's folder. ``key``: the public key of releases.
    """

    program: Path
    asked: Path
    key: Path

    @property
    def record(self) -> Path:
        return self.program / "record.json"

    @property
    def current(self) -> Path:
        """What runs."""
        return self.program / "current"

    @property
    def trusted(self) -> Path:
        """The last version that has proved itself; the guard runs from there."""
        return self.program / "trusted"

    @property
    def request(self) -> Path:
        return self.asked / "request.json"

    @property
    def staged(self) -> Path:
        """All files of the request are there."""
        return self.asked / "staged.json"

    @property
    def go(self) -> Path:
        """Nobody is in danger: the agent has left so that the guard may switch."""
        return self.asked / "go.json"

    @property
    def committed(self) -> Path:
        """The cloud has committed a batch made on trial."""
        return self.asked / "committed.json"

    @property
    def alarm(self) -> Path:
        """Somebody is asked or helped now."""
        return self.asked / "alarm.json"

    @property
    def files(self) -> Path:
        return self.asked / "files"


_Kind = TypeVar("_Kind", Request, Mark, Record, Update)


def read(kind: type[_Kind], file: Path) -> _Kind | None:
    """The content of ``file``; ``None`` when there is none, or none that can be understood.

    A link is not followed and a pipe is not waited for: the other side may have been taken over.
    """
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as opened:  # noqa: PTH123 - a file descriptor
            return msgspec.json.decode(opened.read(_MOST_BYTES), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def write(file: Path, content: Request | Mark | Record | Update) -> None:
    """Replace ``file`` in one step; on disk on return.

    Raises:
        OSError: it could not be written; what was there before still is.
    """
    fresh = file.with_name(file.name + ".new")
    with fresh.open("wb") as opened:
        opened.write(msgspec.json.encode(content))
        opened.flush()
        os.fsync(opened.fileno())
    fresh.chmod(0o644)
    fresh.replace(file)
    sync(file.parent)


def point(link: Path, folder: str) -> None:
    """Have ``link`` lead to ``folder`` beside it, in one step; on disk on return."""
    if link.is_symlink() and os.readlink(link) == folder:  # noqa: PTH115 - the text, not where it leads
        return
    fresh = link.with_name(link.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(folder)
    fresh.replace(link)
    sync(link.parent)


def sync(folder: Path) -> None:
    """Have the entries of ``folder`` on disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
