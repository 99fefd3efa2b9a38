"""``anban-cloud release describe | add | start | pause | withdraw | status``: for whoever runs the cloud.

``describe`` needs no cloud: it writes the document of a folder of wheels, to be signed where the secret key
is. Exit codes: 0 done, 2 it cannot be done (one line on stderr says why and what to do).
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import psycopg

from cloud.db import Connection, connect
from cloud.embedded import ServiceError
from cloud.embedded.access import database
from cloud.releases import store
from cloud.releases.store import CHUNK, ReleaseError
from cloud.settings import ConfigError, load
from firmware_protocols.wire.release import BadKey, BadRelease, File, Release, is_signed, parse

Work = Callable[[Connection], Awaitable[None]]


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    chosen = _parser().parse_args(argv)
    try:
        if chosen.what == "describe":
            sys.stdout.write(describe(chosen.folder, chosen.version, chosen.serial, chosen.downgrade))
        else:
            asyncio_run(chosen, _WORK[chosen.what](chosen))
    except (ReleaseError, BadRelease, BadKey, ConfigError, ServiceError, psycopg.Error, OSError) as error:
        sys.stderr.write(f"anban-cloud release: {error}\n")
        return 2
    return 0


def describe(folder: Path, version: str, serial: int, downgrade: bool = False) -> str:
    """The document of the wheels in ``folder``.

    Raises:
        BadRelease: they are none.
    """
    files = [File(path.name, path.stat().st_size, _hash(path)) for path in sorted(folder.glob("*.whl"))]
    release = Release(version, serial, tuple(files), downgrade)
    document = msgspec.json.format(msgspec.json.encode(release), indent=1) + b"\n"
    parse(document)
    return document.decode()


def asyncio_run(chosen: argparse.Namespace, work: Work) -> None:
    """Do ``work`` in one transaction of the database that the arguments name."""
    settings = load(chosen.config, data=chosen.data)
    if not (settings.database.dsn or settings.data):
        raise ConfigError("say --data DIR or --config FILE: which database?")

    async def in_transaction(dsn: str) -> None:
        conn = await connect(dsn)
        try:
            async with conn.transaction():
                await work(conn)
        finally:
            await conn.close()

    dsn = settings.database.dsn
    with nullcontext(dsn) if dsn else database(Path(settings.data)) as found:
        asyncio.run(in_transaction(found))


def _add(chosen: argparse.Namespace) -> Work:
    document, signature = chosen.document.read_bytes(), chosen.signature.read_bytes()
    if not is_signed(document, signature, chosen.key.read_bytes()):
        raise BadRelease(f"{chosen.signature} is no signature of {chosen.document} by {chosen.key}")
    release = parse(document)
    folder = chosen.files or chosen.document.parent
    for file in release.files:
        path = folder / file.name
        if path.stat().st_size != file.size or _hash(path) != file.sha256:
            raise BadRelease(f"{path} is not the file that was signed")

    async def work(conn: Connection) -> None:
        files = ((file.name, _pieces(folder / file.name)) for file in release.files)
        await store.add(conn, release, document, signature, files=files, now=_now())
        sys.stdout.write(f"{release.version} added, {release.size} bytes; next: release start\n")

    return work


def _start(chosen: argparse.Namespace) -> Work:
    async def work(conn: Connection) -> None:
        await store.start(
            conn,
            chosen.version,
            _now(),
            pilots=chosen.pilots,
            shares=chosen.shares,
            soak=None if chosen.soak_hours is None else timedelta(hours=chosen.soak_hours),
            most_back=chosen.most_back,
            again=chosen.again,
        )
        sys.stdout.write(f"{chosen.version} goes out\n")

    return work


def _stop(chosen: argparse.Namespace) -> Work:
    async def work(conn: Connection) -> None:
        await store.stop(conn, chosen.version, withdraw=chosen.what == "withdraw")
        sys.stdout.write(f"{chosen.version} is offered to nobody else\n")

    return work


def _status(_: argparse.Namespace) -> Work:
    async def work(conn: Connection) -> None:
        for row in await store.listed(conn):
            count = await store.standing(conn, row)
            sys.stdout.write(
                f"{row['version']} serial {row['serial']} {row['state']} ring {row['ring']} of "
                f"{len(row['shares'])}: kept {count.kept}, back {count.back}, failed {count.failed}, "
                f"reachable {count.reachable} of {count.members}; {row['note']}\n"
            )

    return work


_WORK: Final = {"add": _add, "start": _start, "pause": _stop, "withdraw": _stop, "status": _status}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="anban-cloud release", description="let the gateways' program go out, ring by ring"
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="configuration (TOML)")
    common.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded services")
    commands = parser.add_subparsers(dest="what", required=True)
    describe_ = commands.add_parser("describe", help="write the document of a folder of wheels, to be signed")
    describe_.add_argument("folder", type=Path, metavar="DIR")
    describe_.add_argument("--version", required=True, metavar="VERSION")
    describe_.add_argument("--serial", type=int, required=True, metavar="N", help="above all before")
    describe_.add_argument("--downgrade", action="store_true", help="it may replace a newer version")
    add = commands.add_parser("add", parents=[common], help="bring a signed release to the cloud")
    add.add_argument("document", type=Path, metavar="DOCUMENT")
    add.add_argument("--signature", type=Path, required=True, metavar="FILE", help="of the document, Ed25519")
    add.add_argument(
        "--key", type=Path, required=True, metavar="FILE", help="the public key that gateways have"
    )
    add.add_argument("--files", type=Path, metavar="DIR", help="the wheels (beside the document)")
    start = commands.add_parser("start", parents=[common], help="let it go out, or on")
    start.add_argument("--pilots", type=_words, metavar="ID,ID", help="gateways of the first ring")
    start.add_argument(
        "--shares", type=_shares, metavar="0.01,0.1,0.5,1", help="of all gateways, ring by ring"
    )
    start.add_argument(
        "--soak-hours", type=float, metavar="N", help="how long a ring is watched at least (24)"
    )
    start.add_argument("--most-back", type=float, metavar="SHARE", help="that may go back (0.02)")
    start.add_argument("--again", action="store_true", help="from the first ring, also to whoever went back")
    pause = commands.add_parser("pause", parents=[common], help="tell nobody else until it is started again")
    withdraw = commands.add_parser(
        "withdraw", parents=[common], help="tell nobody else, ever; delete its files"
    )
    commands.add_parser("status", parents=[common], help="how far every release is")
    for each in (start, pause, withdraw):
        each.add_argument("version", metavar="VERSION")
    return parser


def _words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def _shares(text: str) -> list[float]:
    try:
        shares = [float(word) for word in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError("numbers between 0 and 1, with commas") from error
    if shares != sorted(shares) or not all(0 < share <= 1 for share in shares):
        raise argparse.ArgumentTypeError("growing numbers, above 0 and at most 1")
    return shares


def _hash(path: Path) -> str:
    with path.open("rb") as reading:
        return hashlib.file_digest(reading, "sha256").hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as reading:
        while piece := reading.read(CHUNK):
            yield piece


def _now() -> datetime:
    return datetime.now(UTC)
