"""The database itself: its schema, its engine, its roles."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Final

from cloud.commands.command import Command, database, need
from cloud.settings import Settings


def _migrate(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud.db.migrate import migrate

    with database(settings) as dsn:
        applied = migrate(dsn)
    sys.stdout.write(f"{len(applied)} migrations applied\n")


def _timescale(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud.db.timescale import use_timescale

    with database(settings) as dsn:
        changed = use_timescale(dsn)
    told = "readings and events are hypertables now" if changed else "they were hypertables already"
    sys.stdout.write(f"{told}\n")


def _roles(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud.db import roles

    need("database.dsn", settings.database.dsn)
    signed_in = roles.let_in(settings.database.dsn)
    sys.stdout.write("[database]\n")
    sys.stdout.write(f"service_dsn = {_quoted(signed_in[roles.SERVICE])}\n")
    sys.stdout.write(f"ingest_dsn = {_quoted(signed_in[roles.INGEST])}\n")
    sys.stdout.write(f"api_dsn = {_quoted(signed_in[roles.API])}\n")


def _quoted(text: str) -> str:
    """A basic string of TOML; JSON's is one."""
    return json.dumps(text)


COMMANDS: Final[Mapping[str, Command]] = {
    "migrate": Command("bring the database to the newest schema", _migrate),
    "timescale": Command("make hypertables in a database that got TimescaleDB later", _timescale),
    "roles": Command("let the roles of a database of your own sign in; prints the configuration", _roles),
}
