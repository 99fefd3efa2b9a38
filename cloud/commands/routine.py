"""Daily routine: market days, and a model of one's own homes."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloud.commands.command import Command, database
from cloud.settings import ConfigError, Settings

if TYPE_CHECKING:
    from cloud.detect.routine.history import History


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


def _train(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud.detect.routine.model import write

    try:
        from cloud.detect.routine.parallel import Backend, BackendError, train_many
    except ImportError as error:
        raise ConfigError(f"install anban[train] to train: {error.name} is missing") from error
    wanted = settings.routine
    with database(settings) as dsn:
        homes = asyncio.run(_homes(dsn))
    try:
        model = train_many(homes, Backend(wanted.backend, wanted.jobs, wanted.address))
    except (BackendError, ValueError) as error:
        raise ConfigError(str(error)) from error
    write(chosen.write, model)
    sys.stdout.write(f"{chosen.write}: trained on {len(homes)} homes; name it in [routine] model\n")


async def _homes(dsn: str) -> list[tuple[int, History]]:
    from cloud.db import connect
    from cloud.detect.routine.past import homes
    from cloud.detect.routine.times import midnight_of
    from cloud.role import wall

    async with await connect(dsn) as conn:
        return [one async for one in homes(conn, midnight_of(wall()))]


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--write", type=Path, required=True, metavar="FILE", help="where the model goes")


COMMANDS: Final[Mapping[str, Command]] = {
    "market": Command("say when a township's five-day market is", _market, _market_arguments),
    "train-routine": Command("train the routine model on this county's homes", _train, _train_arguments),
}
