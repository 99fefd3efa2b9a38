"""Backups: the key, a copy, the way back, and the proof that it works."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from cloud.commands.command import Command, database, need
from cloud.settings import Settings


def _backup_key(_settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud.backup import seal

    seal.new_key(chosen.file)
    sys.stdout.write(f"{chosen.file}\n")
    sys.stderr.write("keep a copy of it elsewhere: without it no backup can be opened\n")


def _backup(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud import recovery
    from cloud.role import wall

    with database(settings) as dsn:
        note = recovery.back_up(settings, dsn, wall)
    sys.stdout.write(f"{note.name} {note.bytes} bytes, verified\n")


def _restore(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud import recovery

    need("--data DIR (a new folder)", str(chosen.data or ""))
    done = recovery.restore(settings, chosen.to, chosen.data)
    reached = f"{done.reached:%Y-%m-%d %H:%M:%S} UTC" if done.reached else f"as of {done.note.name}"
    sys.stdout.write(f"{chosen.data}: {done.note.name} and {done.segments} pieces of log, up to {reached}\n")


def _drill(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud import recovery

    for line in recovery.drill(settings):
        sys.stdout.write(f"{line}\n")


def _key_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="where to write it")


def _restore_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to", type=_time, metavar="TIME", help="e.g. 2026-11-26T03:04:05Z; without it as late as possible"
    )


def _time(text: str) -> datetime:
    from cloud.backup.restore import parse_time

    try:
        return parse_time(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


COMMANDS: Final[Mapping[str, Command]] = {
    "backup-key": Command("make the key that backups are sealed with", _backup_key, _key_arguments),
    "backup": Command("save the embedded database now, and verify the copy", _backup),
    "restore": Command("make a new data folder as of a time, from the backups", _restore, _restore_arguments),
    "drill": Command(
        "restore the newest backup beside, audit it, say how long it took, and remove it", _drill
    ),
}
