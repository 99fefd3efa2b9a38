"""``anban-cloud``: one command, one role each; ``all`` is every role and the services on one machine.

Settings come from ``--config FILE``; ``--data DIR`` alone is enough for ``all``. Exit codes: 0 done or
stopped, 1 the audit found something, 2 it cannot start (one line on stderr says why and what to do).
"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NoReturn

import psycopg
from msgspec.structs import replace

from cloud import logs
from cloud.embedded import ServiceError
from cloud.settings import ConfigError, Settings
from cloud.settings import load as load_settings

STOP_S: Final = 45.0
"""Longest a stop may take: the services get 30 s. A service manager loses patience after 90."""

_log = logging.getLogger(__name__)

Role = Callable[[Settings, argparse.Namespace], None]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments[:1] == ["audit"]:
        from cloud import audit

        return audit.main(arguments[1:])
    if arguments[:1] in (["person"], ["retention"]):
        from cloud.privacy import command as privacy

        return privacy.main(arguments[0], arguments[1:])
    if arguments[:1] == ["release"]:
        from cloud.releases import command

        return command.main(arguments[1:])
    chosen = _parser().parse_args(arguments)
    logs.set_up(verbose=chosen.verbose)
    try:
        settings = _settings(chosen)
        logs.set_up(verbose=chosen.verbose, form=settings.operations.log)
        with _tracing(settings, chosen.role):
            ROLES[chosen.role](settings, chosen)
    except BaseExceptionGroup as group:
        return _explain(group)
    except KNOWN as error:
        return _fail(error)
    return 0


def _migrate(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud.db.migrate import migrate

    with _database(settings) as dsn:
        applied = migrate(dsn)
    sys.stdout.write(f"{len(applied)} migrations applied\n")


def _timescale(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud.db.timescale import use_timescale

    with _database(settings) as dsn:
        changed = use_timescale(dsn)
    told = "readings and events are hypertables now" if changed else "they were hypertables already"
    sys.stdout.write(f"{told}\n")


def _roles(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud.db import roles

    _need(settings, "database.dsn", settings.database.dsn)
    signed_in = roles.let_in(settings.database.dsn)
    sys.stdout.write("[database]\n")
    sys.stdout.write(f"service_dsn = {_quoted(signed_in[roles.SERVICE])}\n")
    sys.stdout.write(f"api_dsn = {_quoted(signed_in[roles.API])}\n")


def _quoted(text: str) -> str:
    """A basic string of TOML; JSON's is one."""
    return json.dumps(text)


def _load(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud import single
    from cloud.db import open_pool
    from cloud.people import roster as people
    from cloud.sealed import keyring

    roster = people.read(chosen.file)

    async def load(dsn: str) -> None:
        async with open_pool(dsn, size=2) as pool:
            await single.load(pool, roster, keyring(settings))

    with _database(settings) as dsn:
        asyncio.run(load(dsn))
    sys.stdout.write(f"{len(roster.homes)} homes and {len(roster.staff)} staff loaded\n")


def _claim(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud import single
    from cloud.db import open_pool
    from cloud.enrolment import claims

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
                now=single.wall(),
            )

    with _database(settings) as dsn:
        drawn = asyncio.run(draw(dsn))
    sys.stdout.write(f"{drawn.code}\n")
    sys.stderr.write(
        f"for {drawn.gateway}, once, until {drawn.expires_at:%Y-%m-%d %H:%M} UTC; on the gateway: "
        f"anban-edge enrol {drawn.code} --url {settings.web.public_url or 'https://...'}\n"
    )


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

    with _database(settings) as dsn:
        listed = asyncio.run(revoked(dsn))
    written = papers.write(authority, listed, [settings.enrolment.host, *chosen.also], chosen.folder)
    sys.stdout.writelines(f"{file}\n" for file in written)


def _keys(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud import key_file, sealed, single
    from cloud.db import open_pool

    file = sealed.key_file(settings)
    if file is None:
        raise ConfigError("keys.file is not set, and there is no data folder to keep keys in")
    if chosen.step == "add":
        sys.stdout.write(f"{key_file.add(file)}\n")
    elif chosen.step == "use":
        key_file.use(file, chosen.key)
    else:

        async def rotate(dsn: str) -> None:
            async with open_pool(dsn, size=2) as pool:
                await single.seal_plain(pool, sealed.keyring(settings))

        with _database(settings) as dsn:
            asyncio.run(rotate(dsn))


def _ingest(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud import single

    _need(settings, "database.dsn", settings.database.dsn)
    _need(settings, "broker.host", settings.broker.host)
    run_until_told(single.run_ingest(settings))


def _worker(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud import single

    _need(settings, "database.dsn", settings.database.dsn)
    run_until_told(single.run_worker(settings))


def _api(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud import single

    _need(settings, "database.dsn", settings.database.dsn)
    run_until_told(single.run_api(settings, announce))


def _sms(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud import single

    _need(settings, "database.dsn", settings.database.dsn)
    _need(settings, "sms.port (or --port PORT)", settings.sms.port)
    run_until_told(single.run_sms(settings))


def _accounts(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud import sign_ins

    _need(settings, "database.dsn", settings.database.dsn)
    run_until_told(sign_ins.keep(settings, chosen.file, chosen.reload))


def _backup_key(_settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud.backup import seal

    seal.new_key(chosen.file)
    sys.stdout.write(f"{chosen.file}\n")
    sys.stderr.write("keep a copy of it elsewhere: without it no backup can be opened\n")


def _backup(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud import recovery, single

    with _database(settings) as dsn:
        note = recovery.back_up(settings, dsn, single.wall)
    sys.stdout.write(f"{note.name} {note.bytes} bytes, verified\n")


def _restore(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud import recovery

    _need(settings, "--data DIR (a new folder)", str(chosen.data or ""))
    done = recovery.restore(settings, chosen.to, chosen.data)
    reached = f"{done.reached:%Y-%m-%d %H:%M:%S} UTC" if done.reached else f"as of {done.note.name}"
    sys.stdout.write(f"{chosen.data}: {done.note.name} and {done.segments} pieces of log, up to {reached}\n")


def _drill(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud import recovery

    for line in recovery.drill(settings):
        sys.stdout.write(f"{line}\n")


def _all(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud import single
    from cloud.people import roster as people

    roster = people.read(chosen.load) if chosen.load else None
    run_until_told(single.run_all(settings, roster, announce))


ROLES: Final[dict[str, Role]] = {
    "migrate": _migrate,
    "timescale": _timescale,
    "roles": _roles,
    "load": _load,
    "claim": _claim,
    "papers": _papers,
    "keys": _keys,
    "ingest": _ingest,
    "worker": _worker,
    "api": _api,
    "sms": _sms,
    "all": _all,
    "accounts": _accounts,
    "backup-key": _backup_key,
    "backup": _backup,
    "restore": _restore,
    "drill": _drill,
}


def run_until_told(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` until it ends or SIGTERM or SIGINT comes; then it is cancelled and may clean up."""
    asyncio.run(_until_told(work))


def announce(address: str) -> None:
    """Say on stdout that the screens answer; whoever started us may wait for this line."""
    sys.stdout.write(f"ready {address}\n")
    sys.stdout.flush()


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if not task.cancelling():  # a terminal and a parent may both ask: cleaning up goes on undisturbed
            task.cancel()
            loop.call_later(STOP_S, _give_up)

    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop)
    try:
        await task
    except asyncio.CancelledError:
        _log.info("stopped")


def _give_up() -> NoReturn:
    """End at once and say what still ran; the kernel ends the services with us, and they recover."""
    for task in asyncio.all_tasks():
        _log.error("does not stop: %s", task.get_stack(limit=1) or task)
    faulthandler.dump_traceback()
    os._exit(1)


@contextmanager
def _database(settings: Settings) -> Iterator[str]:
    """The configured database, or the embedded one below ``data``."""
    from cloud.embedded.access import database

    if settings.database.dsn:
        yield settings.database.dsn
        return
    _need(settings, "database.dsn (or --data DIR)", settings.data)
    with database(Path(settings.data)) as dsn:
        yield dsn


def _need(settings: Settings, key: str, value: str) -> None:
    if not value:
        raise ConfigError(f"{key} is not set: this role runs beside services of its own, see --config")


def _settings(chosen: argparse.Namespace) -> Settings:
    settings = load_settings(chosen.config, data=chosen.data)
    if getattr(chosen, "port", None) is not None:
        settings = replace(settings, web=replace(settings.web, port=chosen.port))
    if getattr(chosen, "modem", None) is not None:
        settings = replace(settings, sms=replace(settings.sms, port=chosen.modem))
    return settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="anban-cloud", description="the cloud side of Anban")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="configuration (TOML)")
    common.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded services")
    common.add_argument("--verbose", action="store_true", help="log more")
    roles = parser.add_subparsers(dest="role", required=True)
    add = {name: roles.add_parser(name, parents=[common], help=HELP[name]) for name in ROLES}
    roles.add_parser("audit", help="prove that nothing that was sent is missing")
    roles.add_parser("person", help="export or erase all that is stored of one resident; legal holds")
    roles.add_parser("retention", help="show or change how long what is kept")
    roles.add_parser("release", help="let the gateways' program go out, ring by ring")
    add["load"].add_argument("file", type=Path, metavar="FILE", help="roster (JSON)")
    add["all"].add_argument("--load", type=Path, metavar="FILE", help="load this roster first")
    _claim_arguments(add["claim"])
    add["accounts"].add_argument("file", type=Path, metavar="FILE", help="where to write them")
    add["accounts"].add_argument(
        "--reload", type=Path, metavar="PID_FILE", help="send SIGHUP to the server whose number stands there"
    )
    add["backup-key"].add_argument("file", type=Path, metavar="FILE", help="where to write it")
    add["restore"].add_argument(
        "--to", type=_time, metavar="TIME", help="e.g. 2026-11-26T03:04:05Z; without it as late as possible"
    )
    add["papers"].add_argument("folder", type=Path, metavar="DIR", help="where to write them")
    add["papers"].add_argument(
        "--also", action="append", default=[], metavar="NAME", help="another name of the broker, e.g. inside"
    )
    steps = add["keys"].add_subparsers(dest="step", required=True)
    steps.add_parser("add", help="add a key, with which every process can open from its next start on")
    use = steps.add_parser("use", help="seal with this key from the next start on")
    use.add_argument("key", metavar="ID", help="as `keys add` printed it")
    steps.add_parser("rotate", help="seal everything with the key in use; may be stopped and run again")
    for name in ("api", "all"):
        add[name].add_argument(
            "--port", type=int, metavar="N", help="port of the screens, 0 for any free one"
        )
    add["sms"].add_argument("--port", dest="modem", metavar="PORT", help="the modem's serial port or URL")
    return parser


def _claim_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("home", metavar="HOME", help="key of the home, as in the roster")
    parser.add_argument("--tenant", metavar="CODE", help="its tenant, if several have such a home")
    parser.add_argument("--gateway", metavar="ID", help="which of the home's gateways, if it has several")
    parser.add_argument("--hardware", default="", metavar="SERIAL", help="the only machine that may use it")
    parser.add_argument("--hours", type=_hours, default=72, metavar="N", help="how long it may be used (72)")


def _time(text: str) -> datetime:
    from cloud.backup.restore import parse_time

    try:
        return parse_time(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _hours(text: str) -> int:
    from cloud.enrolment import claims

    most = int(claims.LONGEST.total_seconds() // 3600)
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"1-{most} hours")
    return int(text)


HELP: Final = {
    "migrate": "bring the database to the newest schema",
    "timescale": "make hypertables in a database that got TimescaleDB later",
    "roles": "let the api and service roles of a database of your own sign in; prints the configuration",
    "load": "load a roster: homes, gateways, contacts, staff",
    "claim": "draw a code with which the gateway of a home enrols, once",
    "papers": "write the certificates and the revocation list that a broker of your own needs",
    "keys": "the keys that seal numbers: add one, use it, seal anew with it",
    "ingest": "store what gateways send",
    "worker": "work the timers and the messages",
    "api": "serve the API and the screens",
    "sms": "read the texts that come to the alarm centre's modem",
    "all": "everything on this machine, with embedded services",
    "accounts": "keep a file of the sign-ins that a NATS of your own includes",
    "backup-key": "make the key that backups are sealed with",
    "backup": "save the embedded database now, and verify the copy",
    "restore": "make a new data folder as of a time, from the backups",
    "drill": "restore the newest backup beside, audit it, say how long it took, and remove it",
}


def _tracing(settings: Settings, role: str) -> AbstractContextManager[None]:
    """Spans for the length of the block, if the settings say where they go."""
    wanted = settings.operations
    if not wanted.trace_url:
        return nullcontext()
    try:
        from cloud.trace import export
    except ImportError as error:
        raise ConfigError("operations.trace_url needs more: pip install 'anban[cloud,trace]'") from error
    return export.tracing(wanted.trace_url, wanted.site, role)


def _explain(group: BaseExceptionGroup[BaseException]) -> int:
    """One clear line where we know the reason; the whole story where we do not."""
    known, unknown = group.split(KNOWN)
    if unknown is not None or known is None:
        raise group
    first: BaseException = known
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return _fail(first)


def _fail(error: BaseException) -> int:
    sys.stderr.write(f"anban-cloud: {str(error).strip()}\n")
    return 2


def _known() -> tuple[type[BaseException], ...]:
    from cloud.backup.seal import SealError
    from cloud.enrolment.authority import AuthorityError
    from cloud.enrolment.claims import ClaimError
    from cloud.people.roster import RosterError

    return (
        ConfigError,
        ServiceError,
        RosterError,
        AuthorityError,
        ClaimError,
        SealError,
        psycopg.OperationalError,
        OSError,
    )


KNOWN: Final = _known()
"""Errors whose message tells a person what to do."""

if __name__ == "__main__":
    raise SystemExit(main())
