"""``anban-cloud person export | erase | hold | release`` and ``anban-cloud retention``: for whoever runs the
cloud.

Exit codes: 0 done, 2 it cannot be done (one line on stderr says why and what to do). An erasure that was
killed, or has to wait, goes on when it is asked for again, or by the worker. Whoever is at the console is
both who asks and who confirms.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from cloud import trail
from cloud.db import Connection, Pool, open_pool
from cloud.embedded import ServiceError
from cloud.embedded.access import database
from cloud.privacy import erase, export, holds, retention, wish
from cloud.privacy.wish import Asked, PersonError
from cloud.sealed import keyring
from cloud.settings import ConfigError, Settings, load

Work = Callable[[Pool, Settings, argparse.Namespace], Awaitable[None]]
KNOWN: Final = (PersonError, ConfigError, ServiceError, ValueError, psycopg.Error, OSError)


def main(name: str, argv: list[str]) -> int:
    """Run ``person`` or ``retention``; the latter shows when it is not told to change anything."""
    if name == "retention" and argv[:1] not in (["set"], ["show"], ["-h"], ["--help"]):
        argv = ["show", *argv]
    chosen = _PARSERS[name]().parse_args(argv)
    try:
        _run(chosen, _WORK[name, chosen.what])
    except KNOWN as error:
        sys.stderr.write(f"anban-cloud {name}: {error}\n")
        return 2
    return 0


def _run(chosen: argparse.Namespace, work: Work) -> None:
    settings = load(chosen.config, data=chosen.data)
    if not (settings.database.dsn or settings.data):
        raise ConfigError("say --data DIR or --config FILE: which database?")

    async def within(dsn: str) -> None:
        async with open_pool(dsn, size=2) as pool:
            await work(pool, settings, chosen)

    dsn = settings.database.dsn
    with nullcontext(dsn) if dsn else database(Path(settings.data)) as found:
        asyncio.run(within(found))


async def _export(pool: Pool, settings: Settings, chosen: argparse.Namespace) -> None:
    async with pool.connection() as conn, conn.transaction():
        await conn.execute("set transaction isolation level repeatable read")
        n = await export.to_file(conn, chosen.resident, chosen.to, keyring(settings), _now())
        await _note(conn, chosen.resident, "exportPerson")
    sys.stdout.write(f"{n} rows in {chosen.to}\n")


async def _erase(pool: Pool, _settings: Settings, chosen: argparse.Namespace) -> None:
    async with pool.connection() as conn, conn.transaction():
        number = await wish.ask(conn, Asked(chosen.resident, chosen.reason, CONSOLE), _now())
        await wish.confirm(conn, chosen.resident, _now())
        await _note(conn, chosen.resident, "erasePerson")
    while await erase.work(pool, number, _now()):
        pass
    async with pool.connection() as conn:
        done = await wish.is_finished(conn, chosen.resident)
    sys.stdout.write(f"resident {chosen.resident} is erased\n" if done else WAITS.format(chosen.resident))


async def _hold(pool: Pool, _settings: Settings, chosen: argparse.Namespace) -> None:
    async with pool.connection() as conn, conn.transaction():
        await holds.hold(conn, Asked(chosen.resident, chosen.reason, CONSOLE), _now())
        await _note(conn, chosen.resident, "holdPerson")
    sys.stdout.write(f"nothing of resident {chosen.resident} is deleted until: person release\n")


async def _release(pool: Pool, _settings: Settings, chosen: argparse.Namespace) -> None:
    async with pool.connection() as conn, conn.transaction():
        await holds.lift(conn, chosen.resident, _now())
        await _note(conn, chosen.resident, "releasePerson")
    sys.stdout.write(f"resident {chosen.resident} is under no legal hold any more\n")


async def _show(pool: Pool, _settings: Settings, _chosen: argparse.Namespace) -> None:
    async with pool.connection() as conn, conn.transaction():
        found = await retention.kept(conn, _now())
    for one in found:
        would = retention.NOT_SWEPT.get(one.of, f"{one.n} rows would go now")
        sys.stdout.write(f"{one.tenant} {one.of} {one.days} d: {would}\n")


async def _set(pool: Pool, settings: Settings, chosen: argparse.Namespace) -> None:
    of = retention.Class(chosen.of)
    async with pool.connection() as conn, conn.transaction():
        tenant_id = await retention.tenant_of(conn, chosen.tenant)
        if tenant_id is None:
            raise PersonError(f"there is no tenant {chosen.tenant}")
        await retention.set_days(conn, tenant_id, of, chosen.days, settings.storage.keep)
        about = f"class={of} days={chosen.days}"
        await trail.append(
            conn, trail.Entry(_now(), tenant_id, CONSOLE, "setRetention", homes=(), about=about)
        )
    sys.stdout.write(f"{chosen.tenant} keeps {chosen.of} for {chosen.days} days\n")


async def _note(conn: Connection, resident_id: int, action: str) -> None:
    """An entry of the audit trail: here no request leaves one."""
    person = await wish.person_of(conn, resident_id)
    entry = trail.Entry(_now(), person["tenant_id"], CONSOLE, action, homes=(person["home_id"],))
    await trail.append(conn, entry)


CONSOLE: Final = "console"
WAITS: Final = (
    "resident {} is being erased: it waits for a legal hold, an open incident, another process at it, "
    "or until the gateway knows that it may text nobody; the worker goes on\n"
)

_WORK: Final[dict[tuple[str, str], Work]] = {
    ("person", "export"): _export,
    ("person", "erase"): _erase,
    ("person", "hold"): _hold,
    ("person", "release"): _release,
    ("retention", "show"): _show,
    ("retention", "set"): _set,
}


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="configuration (TOML)")
    common.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded services")
    return common


def _person() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="anban-cloud person", description="what one resident may ask for")
    whats = parser.add_subparsers(dest="what", required=True)
    helps = {
        "export": "write all that is stored of them into one archive",
        "erase": "forget them: delete, or keep without the person what the law asks to keep",
        "hold": "let nothing of them be deleted",
        "release": "end the legal hold",
    }
    add = {name: whats.add_parser(name, parents=[_common()], help=text) for name, text in helps.items()}
    for one in add.values():
        one.add_argument("resident", type=int, metavar="RESIDENT", help="number on the home's card")
    add["export"].add_argument("--to", type=Path, required=True, metavar="FILE", help="the archive (.zip)")
    for name in ("erase", "hold"):
        add[name].add_argument("--reason", required=True, metavar="TEXT", help="why; kept until it is done")
    return parser


def _retention() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="anban-cloud retention", description="how long what is kept")
    whats = parser.add_subparsers(dest="what", required=True)
    whats.add_parser("show", parents=[_common()], help="what each tenant keeps, and what would go now")
    change = whats.add_parser("set", parents=[_common()], help="keep something longer or shorter")
    change.add_argument("tenant", metavar="TENANT", help="code of the tenant")
    change.add_argument("of", choices=[one.value for one in retention.Class], help="what")
    change.add_argument("days", type=int, metavar="DAYS")
    return parser


_PARSERS: Final = {"person": _person, "retention": _retention}


def _now() -> datetime:
    return datetime.now(UTC)
