"""``anban-cloud staff list | reset``: for whoever runs the machine, when nobody can let somebody back in.

``reset`` gives a named person a one-time password, takes their second factor away, signs them out everywhere,
and leaves an entry in the audit trail. What it is not: a way in over the network; it needs the database's
owner, from the configuration or the data folder. Exit codes: 0 done, 2 it cannot be done (one line on stderr
says why and what to do).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg

from cloud import second_factor, sessions, trail
from cloud.auth import Role
from cloud.db import Connection, Queries, connect
from cloud.embedded import ServiceError
from cloud.embedded.access import database
from cloud.passwords import hash_password, readable
from cloud.settings import ConfigError, Settings, load
from cloud.trail import Entry

LETTERS: Final = 16
"""Of a one-time password: 78 random bits."""
LIFE: Final = timedelta(hours=24)
"""How long it may wait to be used: somebody is told by telephone, and signs in when they are at a screen."""
ACTION: Final = "staffReset"
"""Its name in the audit trail."""
_MARKS: Final = {"second factor": "second_factor", "out of use": "disabled"}
Work = Callable[[Connection, argparse.Namespace], Awaitable[None]]

_SQL: Final = Queries("cloud", "staff_command.sql")


class StaffError(Exception):
    """It cannot be done; ``str()`` says why and what to do."""


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    chosen = _parser().parse_args(argv)
    try:
        _run(load(chosen.config, data=chosen.data), chosen, _WORK[chosen.what])
    except (StaffError, ConfigError, ServiceError, psycopg.Error, OSError) as error:
        sys.stderr.write(f"anban-cloud staff: {str(error).strip()}\n")
        return 2
    return 0


async def reset(conn: Connection, username: str, now: datetime, *, enable: bool = False) -> str:
    """Give ``username`` a one-time password, which is returned and kept nowhere, and take all that was signed
    in or known of them away. ``enable``: also if their account is out of use.

    Raises:
        StaffError: there is nobody of that name, or the account is out of use.
    """
    who = await (await conn.execute(_SQL["named"], {"username": username})).fetchone()
    if who is None:
        raise StaffError(f"nobody is called {username}: see anban-cloud staff list")
    if who["disabled"] and not enable:
        raise StaffError(f"the account of {username} is out of use; --enable puts it into use again")
    password = readable(LETTERS)
    await conn.execute(_SQL["reset"], _one_time(who, password, now))
    await second_factor.forget(conn, who["id"])
    await conn.execute(_SQL["forget_browsers_of"], who)
    await sessions.revoke_all(conn, who["id"])
    about = f"staff_id={who['id']}"
    await trail.append(conn, Entry(now, who["tenant_id"], "console", ACTION, homes=(), about=about))
    return password


def _one_time(who: dict[str, Any], password: str, now: datetime) -> dict[str, Any]:
    return {"id": who["id"], "password_hash": hash_password(password), "until": now + LIFE}


def _run(settings: Settings, chosen: argparse.Namespace, work: Work) -> None:
    """Do ``work`` in one transaction of the database's owner."""
    if not (settings.database.dsn or settings.data):
        raise ConfigError("say --data DIR or --config FILE: which database?")

    async def in_transaction(dsn: str) -> None:
        conn = await connect(dsn)
        try:
            async with conn.transaction():
                await work(conn, chosen)
        finally:
            await conn.close()

    dsn = settings.database.dsn
    with nullcontext(dsn) if dsn else database(Path(settings.data)) as found:
        asyncio.run(in_transaction(found))


async def _reset(conn: Connection, chosen: argparse.Namespace) -> None:
    now = datetime.now(UTC)
    password = await reset(conn, chosen.username, now, enable=chosen.enable)
    sys.stdout.write(f"{password}\n")
    sys.stderr.write(
        f"for {chosen.username}, until {now + LIFE:%Y-%m-%d %H:%M} UTC, to choose another one with; "
        "they are signed out everywhere, and their second factor is gone\n"
    )


async def _list(conn: Connection, chosen: argparse.Namespace) -> None:
    for row in await (await conn.execute(_SQL["listed"], {"role": chosen.role})).fetchall():
        marks = [name for name, column in _MARKS.items() if row[column]]
        sys.stdout.write(
            f"{row['tenant']} {row['role']} {row['username']} {', '.join(marks)}".rstrip() + "\n"
        )


_WORK: Final[dict[str, Work]] = {"list": _list, "reset": _reset}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="anban-cloud staff", description="let somebody back in")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="configuration (TOML)")
    common.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded services")
    whats = parser.add_subparsers(dest="what", required=True)
    shown = whats.add_parser("list", parents=[common], help="who signs in, and with what")
    shown.add_argument("--role", choices=[role.value for role in Role], help="only these")
    again = whats.add_parser(
        "reset", parents=[common], help="a one-time password; the second factor and all sessions go"
    )
    again.add_argument("username", metavar="NAME", help="as they sign in")
    again.add_argument("--enable", action="store_true", help="also if the account is out of use")
    return parser
