"""``anban audit log``: proves that nobody changed the audit trail, or names the first broken link; exports.

The chain is computed anew from its first link and compared with the signed heads. An export is one line of
JSON per link; of other tenants than the chosen one it holds only the hashes, so that a part can be checked
against the whole.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
import psycopg
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cloud.db import connect
from cloud.embedded import ServiceError
from cloud.embedded.access import database
from cloud.secret_files import SecretFileError
from cloud.settings import Settings
from cloud.trail import heads, store
from cloud.trail.heads import Head, HeadsError
from cloud.trail.model import Entry, Link
from cloud.trail.verify import Check, believed

KEEP_DAYS: Final = Settings().audit.keep_days


def main(argv: Sequence[str]) -> int:
    """Run the command: 0 the trail holds, 1 it does not, 2 it could not be found out."""
    chosen = _parser().parse_args(argv)
    try:
        signed, fault = _heads(chosen)
        with nullcontext(chosen.dsn) if chosen.dsn else database(chosen.data) as dsn:
            return _tell(asyncio.run(_checked(dsn, chosen, signed)), fault)
    except (ServiceError, psycopg.Error, HeadsError, SecretFileError, OSError) as error:
        sys.stderr.write(f"anban audit log: {error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="anban audit log", description="prove that the audit trail is whole"
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--dsn", help="connection string of the database")
    where.add_argument("--data", type=Path, metavar="DIR", help="data folder of the embedded database")
    parser.add_argument("--heads", type=Path, metavar="FILE", help="signed heads; below --data unless said")
    parser.add_argument("--key", metavar="HEX", help="public key of the heads; that of --data unless said")
    parser.add_argument("--keep-days", type=int, default=KEEP_DAYS, metavar="N", help="as configured")
    parser.add_argument("--export", type=Path, metavar="FILE", help="write the trail there, JSON lines")
    parser.add_argument("--tenant", type=int, metavar="ID", help="export only this tenant's entries")
    return parser


def _heads(chosen: argparse.Namespace) -> tuple[dict[int, Head], str]:
    """The heads that can be believed, and what is wrong with the others."""
    files = Settings(data=str(chosen.data)).audit_files() if chosen.data else None
    file: Path | None = chosen.heads or (files.heads if files else None)
    if file is None or (chosen.heads is None and not file.exists()):
        return {}, ""
    key: str | None = chosen.key
    if key is None and files is not None and files.key.exists():
        public = heads.signing_key(files.key).public_key()
        key = public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    if key is None:
        raise HeadsError("say with --key which public key signed the heads")
    return believed(heads.read(file), key)


async def _checked(dsn: str, chosen: argparse.Namespace, signed: dict[int, Head]) -> tuple[Check, int, int]:
    """The finished check, how many entries wait for the chain, and how many it does not know."""
    check = Check(datetime.now(UTC) - timedelta(days=chosen.keep_days), signed)
    conn = await connect(dsn)
    try:
        with chosen.export.open("wb") if chosen.export else nullcontext() as export:
            async for link, entry in store.links(conn):
                if not check.take(link, entry):
                    break
                if export is not None:
                    _export(export, link, entry, chosen.tenant)
        check.end()
        waiting, strays = await store.outside(conn)
    finally:
        await conn.close()
    return check, waiting, strays


def _export(stream: BinaryIO, link: Link, entry: Entry | None, tenant: int | None) -> None:
    shown = entry if entry is not None and tenant in {None, entry.tenant_id} else None
    line = {
        "seq": link.seq,
        "id": link.entry_id,
        "at": link.at,
        "entry_hash": link.entry_hash.hex(),
        "hash": link.hash.hex(),
        "entry": shown,
    }
    stream.write(msgspec.json.encode(line) + b"\n")


def _tell(found: tuple[Check, int, int], fault: str) -> int:
    check, waiting, strays = found
    say = sys.stdout.write
    say(f"{check.seq} links hold, {len(check.heads)} signed heads, {check.gone} entries past their time\n")
    if waiting:
        say(f"{waiting} entries wait to be sealed\n")
    for wrong in filter(None, [fault, check.fault, f"{strays} entries outside the chain" if strays else ""]):
        say(f"BROKEN: {wrong}\n")
    return 1 if fault or check.fault or strays else 0
