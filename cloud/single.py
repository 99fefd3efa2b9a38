"""Everything on one machine: embedded services, ingest, worker and API in one process group.

It composes and decides nothing. The order of starting is the order of needing (database, schema, roster,
broker accounts, broker, then the roles); the order of stopping is the reverse, and cancelling it is
enough.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
from msgspec.structs import replace

from cloud.backup.archive import archiving
from cloud.db import Connection, Pool, connect, open_pool, roles
from cloud.db.migrate import migrate
from cloud.embedded import Account, Nats, Postgres, Tls, identity, room, supervise
from cloud.embedded.access import held
from cloud.embedded.accounts import certified_name
from cloud.embedded.nats import INGEST_USER
from cloud.embedded.supervise import Service
from cloud.enrolment import authority as authorities
from cloud.enrolment.authority import Authority
from cloud.enrolment.store import certified_accounts
from cloud.ingest import subscriber
from cloud.ingest.shards import Range
from cloud.ingest.station import most_subscriptions
from cloud.metrics import BROKER_LAG
from cloud.people import roster as people
from cloud.people.accounts import CHANNEL, gateway_accounts
from cloud.people.reseal import reseal
from cloud.sealed import Keyring, SealError, keyring
from cloud.settings import Broker, ConfigError, Settings

if TYPE_CHECKING:
    from cloud.health import Checks

HEAVY: Final = ("cloud.web", "cloud.serve", "cloud.worker", "cloud.incidents.store", "dashboards")
"""Modules that take long to import; they load while the database starts."""
ACCOUNTS_S: Final = 60.0
"""The broker's accounts are compared this often even if no notification comes."""
RETRY_S: Final = 1.0
LAG_S: Final = 10.0
"""How often the broker is asked how much waits there; scrapers come every 15 s."""

_log = logging.getLogger(__name__)


async def run_all(settings: Settings, roster: people.Roster | None, announce: Callable[[str], None]) -> None:
    """Run until cancelled. ``announce`` gets the address of the screens once everything answers.

    Raises:
        ConfigError, ServiceError: it cannot start; the message says what to do.
        RosterError: the roster cannot be loaded.
    """
    embedded = not (settings.database.dsn and settings.broker.host)
    if embedded and not settings.data:
        raise ConfigError("say where the embedded services live: --data DIR, or data in the configuration")
    if settings.database.dsn and settings.backup.folder:
        raise ConfigError("backup.folder is for the embedded database: an external one has its own backups")
    check_port(settings)
    with held(Path(settings.data)) if embedded else nullcontext():
        async with asyncio.TaskGroup() as services:
            imports = services.create_task(asyncio.to_thread(_import_heavy))
            if embedded:
                services.create_task(room.watch(_folders(Path(settings.data))))
            own_database = not settings.database.dsn
            settings = await _start_database(settings, services)
            archive = archiving(settings, settings.database.dsn, wall) if own_database else None
            ring = keyring(settings)
            async with open_pool(settings.database.dsn, size=2) as owner:
                if roster is not None:
                    await load(owner, roster, ring)
                await seal_plain(owner, ring)
            async with _service_pool(settings) as pool:
                if archive is not None:
                    services.create_task(archive.run())
                broker, settings = await _start_broker(settings, pool, services)
                await imports
                await _run_roles(settings, pool, broker, announce)


async def run_api(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve the API and the screens until cancelled."""
    check_port(settings)
    async with (
        _service_pool(settings) as service,
        serving(settings, service) as (address, checks),
        watched(settings, service, checks),
    ):
        announce(address)
        await asyncio.Event().wait()


async def run_ingest(settings: Settings, subscribed: asyncio.Event | None = None) -> None:
    """Ingest until cancelled."""
    from cloud import health

    async with _service_pool(settings) as pool:
        checks = {"database": health.database(pool), "broker": health.signed_in, "loops": health.loops}
        async with watched(settings, pool, checks):
            await _ingest(settings, pool, subscribed)


async def run_sms(settings: Settings) -> None:
    """Read the alarm centre's modem until cancelled."""
    async with _service_pool(settings) as pool:
        await _sms(settings, pool)


def wall() -> datetime:
    """The wall clock, which the worker's loops hand on as ``now``."""
    return datetime.now(UTC)


async def run_worker(settings: Settings) -> None:
    """Work the timers and the messages until cancelled."""
    from cloud import health, worker

    async with _service_pool(settings) as pool:
        checks = {"database": health.database(pool), "loops": health.loops}
        async with watched(settings, pool, checks, standing=True):
            await worker.run(settings, pool, clock=wall)


async def seal_plain(pool: Pool, ring: Keyring) -> None:
    """Seal numbers that are plain or sealed with an older key.

    Raises:
        ConfigError: the ring lacks a key that something was sealed with.
    """
    try:
        count = await reseal(pool, ring)
    except SealError as error:
        raise ConfigError(f"keys.file does not fit this database: {error}") from error
    if count:
        _log.info("sealed numbers rows=%d", count)


async def load(pool: Pool, roster: people.Roster, ring: Keyring) -> None:
    """Load ``roster`` in one transaction."""
    async with pool.connection() as conn, conn.transaction():
        await people.load(conn, roster, ring)


def check_port(settings: Settings) -> None:
    """Fail before anything is started when the screens could not be served.

    Raises:
        ConfigError: the port is in use, or the address is not ours.
    """
    host, port = settings.web.host, settings.web.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {host} port {port} ({error.strerror}): stop what uses it, or choose "
                "another with web.port in the configuration or --port (0: any free one)"
            ) from error


@asynccontextmanager
async def serving(settings: Settings, service: Pool) -> AsyncIterator[tuple[str, Checks]]:
    """The API and the screens, served for the length of the block; yields their address, and what makes them
    ready.
    """
    import dashboards
    from cloud import serve, web

    async with open_pool(_api_dsn(settings), size=settings.database.pool) as pool:
        app = web.create_app(settings, pool, service)
        dashboards.mount(app)
        async with serve.serving(app, settings.web.host, settings.web.port) as address:
            yield address, app.state.checks


@asynccontextmanager
async def watched(
    settings: Settings, pool: Pool, checks: Checks, *, standing: bool = False
) -> AsyncIterator[None]:
    """/health, /ready and /metrics for the length of the block, if the settings want them.

    ``standing``: whether this role tells how things stand in the database; one of them is enough.
    """
    from cloud import serve, watch
    from cloud.standing import Standing

    if not settings.operations.listen:
        yield
        return
    host, _, port = settings.operations.listen.rpartition(":")
    asked = Standing(pool, wall) if standing else None
    app = watch.create_app(settings.operations, pool, checks, asked)
    async with serve.serving(app, host.strip("[]"), int(port)) as address:
        _log.info("watched at address=%s", address)
        yield


def _service_pool(settings: Settings) -> AbstractAsyncContextManager[Pool]:
    """A pool of the service role: ingest, worker, and the API's ways on which nobody has signed in yet."""
    return open_pool(_service_dsn(settings), size=settings.database.pool)


def _service_dsn(settings: Settings) -> str:
    return settings.database.service_dsn or roles.taking_on(settings.database.dsn, roles.SERVICE)


def _api_dsn(settings: Settings) -> str:
    return settings.database.api_dsn or roles.taking_on(settings.database.dsn, roles.API)


async def _ingest(
    settings: Settings, pool: Pool, subscribed: asyncio.Event | None, *, alone: bool = False
) -> None:
    from cloud import trace
    from cloud.incidents import store, traced

    hook = traced.attach_or_open if trace.on() else store.attach_or_open
    await subscriber.run(settings, pool, hook, subscribed=subscribed, alone=alone)


async def _sms(settings: Settings, pool: Pool) -> None:
    from cloud.texts import modem

    await modem.run(settings.sms, pool, clock=wall)


async def _run_roles(
    settings: Settings, pool: Pool, broker: Nats | None, announce: Callable[[str], None]
) -> None:
    from cloud import worker
    from cloud.health import loops, signed_in

    subscribed = asyncio.Event()
    async with asyncio.TaskGroup() as running:
        running.create_task(_ingest(settings, pool, subscribed, alone=broker is not None))
        running.create_task(worker.run(settings, pool, clock=wall))
        if settings.sms.port:
            running.create_task(_sms(settings, pool))
        if broker is not None:
            running.create_task(_keep_accounts(_service_dsn(settings), broker))
            running.create_task(_tell_lag(broker))
        async with (
            serving(settings, pool) as (address, checks),
            watched(settings, pool, checks | {"broker": signed_in, "loops": loops}, standing=True),
        ):
            await subscribed.wait()
            announce(address)
            await asyncio.Event().wait()


async def _start_database(settings: Settings, services: asyncio.TaskGroup) -> Settings:
    """Settings with a migrated database in them; the embedded server if none was named."""
    if settings.database.dsn:
        await asyncio.to_thread(migrate, settings.database.dsn)
        return settings
    postgres = Postgres(Path(settings.data))
    await _start(postgres, services)
    await asyncio.to_thread(migrate, postgres.dsn)
    signed_in = await asyncio.to_thread(roles.let_in, postgres.dsn, postgres.secret_of)
    found = {"dsn": postgres.dsn, "service_dsn": signed_in[roles.SERVICE], "api_dsn": signed_in[roles.API]}
    return replace(settings, database=replace(settings.database, **found))


async def _start_broker(
    settings: Settings, pool: Pool, services: asyncio.TaskGroup
) -> tuple[Nats | None, Settings]:
    """Settings with a broker in them; the embedded one, knowing its gateways, if none was named."""
    if settings.broker.host:
        return None, settings
    data = Path(settings.data)
    authority = authorities.configured(settings)
    tls, signed_in = None, replace(settings.broker, user=INGEST_USER, secret_file="")
    if authority is not None:
        tls, signed_in = _by_certificate(settings, authority, data / "secrets")
    wanted = most_subscriptions(Range(*settings.ingest.shards), settings.ingest.ranges)
    nats = Nats(data, settings.broker.port, tls, wanted)
    await asyncio.to_thread(nats.prepare)
    async with pool.connection() as conn:
        nats.set_accounts(await _accounts(conn, nats))
    await _start(nats, services)
    broker = replace(signed_in, host=nats.host, port=nats.mqtt_port, secret=nats.ingest_secret)
    return nats, replace(settings, broker=broker)


def _by_certificate(settings: Settings, authority: Authority, secrets: Path) -> tuple[Tls, Broker]:
    """How the embedded broker knows certificates, and how ingest signs in with one.

    Both certificates are made anew at each start. The secret only names ingest's session then.
    """
    ours, key = authority.certify_client(INGEST_USER)
    account = identity.Account(os.geteuid(), os.getegid())
    secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    signing, trusted = secrets / "ingest.pem", secrets / "authority.crt"
    identity.write_private(signing, key + ours.pem, account)
    identity.write_private(trusted, authority.pem, account)
    host, listen = settings.enrolment.host, settings.enrolment.listen
    tls = Tls(
        listen=listen,
        server=authority.certify_server([host, listen, "127.0.0.1", "localhost"]),
        authority=authority.pem,
        ingest=certified_name(INGEST_USER, ours.serial),
    )
    by_certificate = {"user": "", "secret_file": "", "ca_file": str(trusted), "cert_file": str(signing)}
    return tls, replace(settings.broker, **by_certificate)


async def _accounts(conn: Connection, broker: Nats) -> list[Account]:
    """Who may sign in to ``broker`` now, by what it asks for."""
    if broker.tls is None:
        return await gateway_accounts(conn)
    return await certified_accounts(conn, wall())


async def _start(service: Service, services: asyncio.TaskGroup) -> None:
    """Supervise ``service`` in the group and return once it answers."""
    ready = asyncio.Event()
    services.create_task(supervise(service, ready))
    await ready.wait()


async def _keep_accounts(dsn: str, broker: Nats) -> None:
    """Let the broker know changed gateways, for ever."""
    while True:
        try:
            conn = await connect(dsn, autocommit=True)
            try:
                await conn.execute(f"listen {CHANNEL}")
                while True:
                    accounts = await _accounts(conn, broker)
                    if await asyncio.to_thread(broker.set_accounts, accounts):
                        _log.info("broker accounts changed gateways=%d", len(accounts))
                    async for _ in conn.notifies(timeout=ACCOUNTS_S, stop_after=1):
                        pass
            finally:
                await conn.close()
        except (psycopg.OperationalError, OSError):  # the database is away, or the broker's disk is full
            await asyncio.sleep(RETRY_S)


async def _tell_lag(broker: Nats) -> None:
    """Let the metrics know what waits at the broker, for ever; nothing while it does not say."""
    while True:
        waiting = await asyncio.to_thread(broker.waiting)
        BROKER_LAG.set(nan if waiting is None else waiting)
        await asyncio.sleep(LAG_S)


def _folders(data: Path) -> tuple[Path, ...]:
    """Where the services write: each may be a disk of its own."""
    return data, Postgres(data).folder, Nats(data).folder


def _import_heavy() -> None:
    for name in HEAVY:
        importlib.import_module(name)
