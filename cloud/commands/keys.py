"""The keys that seal people's numbers."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from typing import Final

from cloud.commands.command import Command, database
from cloud.settings import ConfigError, Settings


def _keys(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud import key_file, sealed

    file = sealed.key_file(settings)
    if file is None:
        raise ConfigError("keys.file is not set, and there is no data folder to keep keys in")
    if chosen.step == "add":
        sys.stdout.write(f"{key_file.add(file)}\n")
    elif chosen.step == "use":
        key_file.use(file, chosen.key)
    else:
        _rotate(settings)


def _rotate(settings: Settings) -> None:
    from cloud import sealed, single
    from cloud.db import open_pool

    async def rotate(dsn: str) -> None:
        async with open_pool(dsn, size=2) as pool:
            await single.seal_plain(pool, sealed.keyring(settings))

    with database(settings) as dsn:
        asyncio.run(rotate(dsn))


def _arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True)
    steps.add_parser("add", help="add a key, with which every process can open from its next start on")
    use = steps.add_parser("use", help="seal with this key from the next start on")
    use.add_argument("key", metavar="ID", help="as `keys add` printed it")
    steps.add_parser("rotate", help="seal everything with the key in use; may be stopped and run again")


COMMANDS: Final[Mapping[str, Command]] = {
    "keys": Command("the keys that seal numbers: add one, use it, seal anew with it", _keys, _arguments),
}
