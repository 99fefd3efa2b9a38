"""Homes and their gateways: a roster is loaded, a gateway gets the code that it enrols with."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from cloud.commands.command import Command, database
from cloud.settings import Settings


def _load(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud import single
    from cloud.db import open_pool
    from cloud.people import roster as people
    from cloud.sealed import keyring

    roster = people.read(chosen.file)

    async def load(dsn: str) -> None:
        async with open_pool(dsn, size=2) as pool:
            await single.load(pool, roster, keyring(settings))

    with database(settings) as dsn:
        asyncio.run(load(dsn))
    sys.stdout.write(f"{len(roster.homes)} homes and {len(roster.staff)} staff loaded\n")


def _load_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="roster (JSON)")


def _claim(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud.db import open_pool
    from cloud.enrolment import claims
    from cloud.role import wall

    async def draw(dsn: str) -> claims.Drawn:
        async with open_pool(dsn, size=2) as pool, pool.connection() as conn, conn.transaction():
            home_id, scope = await claims.home_of_key(conn, chosen.home, chosen.tenant)
            return await claims.draw(
                conn,
                scope,
                home_id=home_id,
                gateway=chosen.gateway,
                hardware=chosen.hardware,
                valid=timedelta(hours=chosen.hours),
                actor="console",
                now=wall(),
            )

    with database(settings) as dsn:
        drawn = asyncio.run(draw(dsn))
    sys.stdout.write(f"{drawn.code}\n")
    sys.stderr.write(
        f"for {drawn.gateway}, once, until {drawn.expires_at:%Y-%m-%d %H:%M} UTC; on the gateway: "
        f"anban-edge enrol {drawn.code} --url {settings.web.public_url or 'https://...'}\n"
    )


def _claim_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("home", metavar="HOME", help="key of the home, as in the roster")
    parser.add_argument("--tenant", metavar="CODE", help="its tenant, if several have such a home")
    parser.add_argument("--gateway", metavar="ID", help="which of the home's gateways, if it has several")
    parser.add_argument("--hardware", default="", metavar="SERIAL", help="the only machine that may use it")
    parser.add_argument("--hours", type=_hours, default=72, metavar="N", help="how long it may be used (72)")


def _hours(text: str) -> int:
    from cloud.enrolment import claims

    most = int(claims.LONGEST.total_seconds() // 3600)
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"1-{most} hours")
    return int(text)


COMMANDS: Final[Mapping[str, Command]] = {
    "load": Command("load a roster: homes, gateways, contacts, staff", _load, _load_arguments),
    "claim": Command("draw a code with which the gateway of a home enrols, once", _claim, _claim_arguments),
}
