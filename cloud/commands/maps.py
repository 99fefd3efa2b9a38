"""What the operator brings for the map: outlines of counties and townships, with their rights."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from cloud.commands.command import Command, database
from cloud.settings import ConfigError, Settings

if TYPE_CHECKING:
    from cloud.db import Connection

T = TypeVar("T")


def _map(settings: Settings, chosen: argparse.Namespace) -> None:
    _STEPS[chosen.step](settings, chosen)


def _import(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud.atlas import store
    from cloud.atlas.boundary import BoundaryError, read
    from cloud.atlas.datum import Datum
    from cloud.role import wall

    datum = Datum(chosen.datum)
    try:
        boundary = read(chosen.file.read_bytes(), datum)
    except (OSError, BoundaryError) as error:
        raise ConfigError(f"{chosen.file}: {error}") from error
    name = chosen.name or chosen.file.stem

    async def put(conn: Connection) -> None:
        await store.put(
            conn,
            name,
            boundary,
            datum=datum,
            attribution=chosen.attribution,
            review_no=chosen.review_no,
            now=wall(),
        )

    _within(settings, put)
    size, count = len(boundary.encoded()), len(boundary.outlines)
    sys.stdout.write(f"{name}: {count} outlines, {size} bytes, true to {boundary.within_m:.0f} m\n")


def _list(settings: Settings, _: argparse.Namespace) -> None:
    from cloud.atlas import store

    for layer in _within(settings, store.layers):
        review = layer["review_no"] or "no review number"
        day = layer["imported_at"].date()
        sys.stdout.write(f"{layer['name']}\t{layer['attribution']}\t{review}\t{day}\n")


def _remove(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud.atlas import store

    async def remove(conn: Connection) -> bool:
        return await store.remove(conn, chosen.name)

    if not _within(settings, remove):
        raise ConfigError(f"the map has no layer {chosen.name!r}: see anban-cloud map list")


def _within(settings: Settings, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Do ``work`` in one transaction of the owner."""
    from cloud.db import open_pool

    async def do(dsn: str) -> T:
        async with open_pool(dsn, size=2) as pool, pool.connection() as conn, conn.transaction():
            return await work(conn)

    with database(settings) as dsn:
        return asyncio.run(do(dsn))


def _arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True)
    add = steps.add_parser("import", help="outlines from a GeoJSON file; one of the same name is replaced")
    add.add_argument("file", type=Path, metavar="FILE", help="GeoJSON with polygons or lines")
    add.add_argument("--datum", required=True, choices=("wgs84", "gcj02"), help="to what its positions refer")
    add.add_argument("--attribution", required=True, type=_said, metavar="TEXT", help="whose map it is")
    add.add_argument(
        "--review-no", required=True, metavar="TEXT", help="its review number (审图号); '' if it has none"
    )
    add.add_argument("--name", type=_said, metavar="TEXT", help="how the map calls it (the file's name)")
    steps.add_parser("list", help="what the map has")
    remove = steps.add_parser("remove", help="take a layer from the map")
    remove.add_argument("name", metavar="NAME", help="as in the list")


def _said(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("say something")
    return text.strip()


_STEPS: Final[Mapping[str, Callable[[Settings, argparse.Namespace], None]]] = {
    "import": _import,
    "list": _list,
    "remove": _remove,
}

COMMANDS: Final[Mapping[str, Command]] = {
    "map": Command("what the map shows beside homes: import outlines, list, remove", _map, _arguments),
}
