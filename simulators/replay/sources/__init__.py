"""Where records come from: the archive that a person may take along, the cloud's database, published data.

What this is: a table, tried in order. What it is not: a detector. The one idea: a source gives a whole record
or says clearly why not; half of a home would be a quiet home.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from simulators.replay.model import Record, RecordError
from simulators.replay.sources import archive, smallhomes, tihm


class Source(NamedTuple):
    """``is_at``: whether a path is of this sort; ``homes``: the names of its homes; ``read``: one of them."""

    is_at: Callable[[Path], bool]
    homes: Callable[[Path], list[str]]
    read: Callable[[Path, str], Record]


SOURCES: Final[Mapping[str, Source]] = {
    "archive": Source(archive.is_at, archive.homes, archive.read),
    "smallhomes": Source(smallhomes.is_at, smallhomes.homes, smallhomes.read),
    "tihm": Source(tihm.is_at, tihm.homes, tihm.read),
}


def homes(path: Path) -> list[str]:
    """The names of the homes that ``path`` holds.

    Raises:
        RecordError: there is nothing that can be read.
    """
    return [name for source in _at(path) for name in source.homes(path)]


def read(path: Path, home: str | None) -> Record:
    """The record of ``home``; ``None``: of the only one that ``path`` holds.

    Raises:
        RecordError: there is no such home, it has to be named, or its record cannot be read.
    """
    found = [(name, source) for source in _at(path) for name in source.homes(path)]
    named = [one for one in found if home in {None, one[0]}]
    if len(named) != 1:
        known = ", ".join(name for name, _ in found)
        raise RecordError(f"{path}: say which home with --home; there are: {known or 'none'}")
    name, source = named[0]
    return source.read(path, name)


def _at(path: Path) -> list[Source]:
    if not path.exists():
        raise RecordError(f"{path}: there is no such file or folder")
    found = [source for source in SOURCES.values() if source.is_at(path)]
    if not found:
        raise RecordError(
            f"{path}: neither an archive (anban-cloud person export RESIDENT --to FILE.zip) "
            "nor a folder with smallhomes or TIHM data"
        )
    return found
