"""Daily routine: market days."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from datetime import date
from typing import Final

from cloud.commands.command import Command, database
from cloud.settings import ConfigError, Settings


def _market(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud.db import connect
    from cloud.detect.routine.market import set_market

    async def write(dsn: str) -> bool:
        async with await connect(dsn) as conn:
            return await set_market(conn, chosen.division, chosen.day)

    with database(settings) as dsn:
        if not asyncio.run(write(dsn)):
            raise ConfigError(f"{chosen.division}: no such division; load it first")
    sys.stdout.write(f"{chosen.division}: market on {chosen.day.isoformat()} and every fifth day\n")


def _market_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("division", metavar="DIVISION", help="the township's code, 12 digits")
    parser.add_argument(
        "day", metavar="DAY", type=date.fromisoformat, help="any one market day, as 2026-03-02"
    )


COMMANDS: Final[Mapping[str, Command]] = {
    "market": Command("say when a township's five-day market is", _market, _market_arguments),
}
