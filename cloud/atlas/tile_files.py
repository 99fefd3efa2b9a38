"""One picture of a base map that lies in a file.

What this is: MBTiles 1.3 and PMTiles 3, told apart by how the file begins. What it is not: a judge of
pictures (``tiles``). The one idea: a file is opened for each picture and let go again, so it may be replaced
at any time.

MBTiles is a database: a table ``tiles`` with rows counted from the south. PMTiles is one run of bytes with
directories, read by its own library.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from pmtiles.tile import (
    Entry,
    HeaderDict,
    MagicNumberNotFound,
    SpecVersionUnsupported,
    TileType,
    deserialize_directory,
    deserialize_header,
    find_tile,
    zxy_to_tileid,
)

PICTURES: Final = frozenset({TileType.PNG, TileType.JPEG, TileType.WEBP})
"""What a screen can draw; vector tiles are none of them."""
_DAMAGED: Final = (MagicNumberNotFound, SpecVersionUnsupported, zlib.error, EOFError, ValueError, IndexError)
"""What the library raises where bytes are missing or are no directory."""
Version: TypeAlias = tuple[int, int, int]
"""Which file it is, and since when, and how long: another after each replacement."""
_HEADER: Final = 127
"""Bytes of a PMTiles 3 header (specification, 3)."""
_DEEPEST: Final = 4
"""D. Directories that lead to a picture; writers make two levels. It ends what leads round and round."""
_HEAD: Final = 16
"""Bytes by which the two are told apart."""


class FileError(Exception):
    """The file is away, damaged, or neither MBTiles nor PMTiles with pictures; ``str()`` says which."""


def picture(file: Path, z: int, x: int, y: int) -> bytes | None:
    """The content at zoom ``z``, column ``x`` from the west, row ``y`` from the north; ``None``: it has none.

    Raises:
        FileError: it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD)
    except OSError as error:
        raise FileError(error.strerror or "it cannot be read") from error
    for mark, read in _READERS.items():
        if head.startswith(mark):
            return read(file, z, x, y)
    raise FileError("it is neither MBTiles nor PMTiles")


def _of_mbtiles(file: Path, z: int, x: int, y: int) -> bytes | None:
    south_first = 2**z - 1 - y
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as conn:
            found = conn.execute(
                "select tile_data from tiles where zoom_level = ? and tile_column = ? and tile_row = ?",
                (z, x, south_first),
            ).fetchone()
    except sqlite3.Error as error:
        raise FileError(f"it is no MBTiles file: {error}") from error
    return found[0] if found else None


def _of_pmtiles(file: Path, z: int, x: int, y: int) -> bytes | None:
    try:
        made = file.stat()
        version = (made.st_ino, made.st_mtime_ns, made.st_size)
        with file.open("rb") as opened:
            header = deserialize_header(opened.read(_HEADER))
            entry = _entry(file, version, header, zxy_to_tileid(z, x, y))
            if entry is not None:
                opened.seek(header["tile_data_offset"] + entry.offset)
            found = None if entry is None else opened.read(entry.length)
    except (OSError, *_DAMAGED) as error:
        raise FileError("it is no PMTiles 3 file, or is damaged") from error
    if header["tile_type"] not in PICTURES:
        raise FileError(f"it holds tiles of kind {header['tile_type'].name}, and no pictures")
    return found


def _entry(file: Path, version: Version, header: HeaderDict, wanted: int) -> Entry | None:
    where = header["root_offset"], header["root_length"]
    for _ in range(_DEEPEST):
        entry = find_tile(_directory(file, version, *where), wanted)
        if entry is None or entry.run_length > 0:
            return entry
        where = header["leaf_directory_offset"] + entry.offset, entry.length
    return None


@lru_cache(maxsize=16)
def _directory(file: Path, version: Version, offset: int, length: int) -> list[Entry]:
    """A directory of some thousand entries, kept: to unpack one takes longer than to draw the picture. Those
    of one view lie in one or two of them; a file that was replaced has another ``version``.
    """
    del version  # it is what the cache tells apart
    with file.open("rb") as opened:
        opened.seek(offset)
        return deserialize_directory(opened.read(length))


_READERS: Final[Mapping[bytes, Callable[[Path, int, int, int], bytes | None]]] = {
    b"SQLite format 3\0": _of_mbtiles,
    b"PMTiles": _of_pmtiles,
}
