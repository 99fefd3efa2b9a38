"""What a command of the console is, and what most of them need."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cloud.settings import ConfigError, Settings

Arguments: TypeAlias = Callable[[argparse.ArgumentParser], None]


def _nothing(_: argparse.ArgumentParser) -> None:
    """It takes nothing of its own."""


@dataclass(frozen=True, slots=True)
class Command:
    """``help``: one line; ``run``: does it; ``arguments``: adds what it takes beside the settings."""

    help: str
    run: Callable[[Settings, argparse.Namespace], None]
    arguments: Arguments = _nothing


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The configured database, or the embedded one below ``data``; yields how to reach it.

    Raises:
        ConfigError: neither is named.
    """
    from cloud.embedded import access

    if settings.database.dsn:
        yield settings.database.dsn
        return
    need("database.dsn (or --data DIR)", settings.data)
    with access.database(Path(settings.data)) as dsn:
        yield dsn


def need_database(settings: Settings, *own: str) -> None:
    """Refuse a role that can sign in neither as the owner nor by a connection string of its own.

    ``own``: names of ``Database``'s strings, all of which stand in for the owner's.

    Raises:
        ConfigError: names what is missing.
    """
    if not settings.database.dsn and not all(getattr(settings.database, name) for name in own):
        names = " and ".join(f"database.{name}" for name in own)
        need(f"database.dsn (or {names}, as anban-cloud roles prints them)", "")


def need(key: str, value: str) -> None:
    """Refuse a role that runs beside services of its own without ``value``.

    Raises:
        ConfigError: it is empty; names ``key``.
    """
    if not value:
        raise ConfigError(f"{key} is not set: this role runs beside services of its own, see --config")
