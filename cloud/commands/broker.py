"""What a broker of your own needs to know of the gateways: papers, and who may sign in."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cloud.commands.command import Command, database, need_database
from cloud.commands.stopping import run_until_told
from cloud.settings import ConfigError, Settings


def _papers(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud.db import open_pool
    from cloud.enrolment import authority as authorities
    from cloud.enrolment import papers

    authority = authorities.configured(settings)
    if authority is None:
        raise ConfigError("enrolment.host is not set: without it no gateway signs in by certificate")

    async def revoked(dsn: str) -> str:
        async with open_pool(dsn, size=2) as pool, pool.connection() as conn:
            return await papers.revocations(conn, authority)

    with database(settings) as dsn:
        listed = asyncio.run(revoked(dsn))
    written = papers.write(authority, listed, [settings.enrolment.host, *chosen.also], chosen.folder)
    sys.stdout.writelines(f"{file}\n" for file in written)


def _papers_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="where to write them")
    parser.add_argument(
        "--also", action="append", default=[], metavar="NAME", help="another name of the broker, e.g. inside"
    )


def _accounts(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud import sign_ins

    need_database(settings, "service_dsn")
    run_until_told(sign_ins.keep(settings, chosen.file, chosen.reload))


def _accounts_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="where to write them")
    parser.add_argument(
        "--reload", type=Path, metavar="PID_FILE", help="send SIGHUP to the server whose number stands there"
    )


COMMANDS: Final[Mapping[str, Command]] = {
    "papers": Command(
        "write the certificates and the revocation list that a broker of your own needs",
        _papers,
        _papers_arguments,
    ),
    "accounts": Command(
        "keep a file of the sign-ins that a NATS of your own includes", _accounts, _accounts_arguments
    ),
}
