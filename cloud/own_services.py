"""The database and the broker that ``all`` starts on its own machine, unless the settings name others.

What this is: starting each in the order of needing, and what the broker must know while it runs. What it is
not: the servers themselves (``embedded``) or the roles that use them (``role``).
"""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Final

import psycopg
from msgspec.structs import replace

from cloud import lag
from cloud.db import Connection, Pool, connect, roles
from cloud.db.migrate import migrate
from cloud.embedded import Account, Nats, Postgres, Tls, identity, supervise
from cloud.embedded.accounts import certified_name
from cloud.embedded.nats import INGEST_USER
from cloud.embedded.supervise import Service
from cloud.enrolment import authority as authorities
from cloud.enrolment.authority import Authority
from cloud.enrolment.store import certified_accounts
from cloud.ingest.shards import Range
from cloud.ingest.station import most_subscriptions
from cloud.metrics import LOOPS
from cloud.people.accounts import CHANNEL, gateway_accounts
from cloud.role import wall
from cloud.settings import Broker, Settings

ACCOUNTS_S: Final = 60.0
"""The broker's accounts are compared this often even if no notification comes."""
STUCK_S: Final = 180.0
"""A new gateway is let in by then; three rounds."""
RETRY_S: Final = 1.0

_log = logging.getLogger(__name__)


async def start_database(settings: Settings, services: asyncio.TaskGroup) -> Settings:
    """Settings with a migrated database in them; the embedded server if none was named."""
    if settings.database.dsn:
        await asyncio.to_thread(migrate, settings.database.dsn)
        return settings
    postgres = Postgres(Path(settings.data))
    await _start(postgres, services)
    await asyncio.to_thread(migrate, postgres.dsn)
    signed_in = await asyncio.to_thread(roles.let_in, postgres.dsn, postgres.secret_of)
    found = {
        "dsn": postgres.dsn,
        "service_dsn": signed_in[roles.SERVICE],
        "ingest_dsn": signed_in[roles.INGEST],
        "api_dsn": signed_in[roles.API],
    }
    return replace(settings, database=replace(settings.database, **found))


async def start_broker(
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


async def keep_accounts(dsn: str, broker: Nats) -> None:
    """Let the broker know changed gateways, for ever."""
    LOOPS.expect("accounts", within_s=STUCK_S)
    while True:
        try:
            conn = await connect(dsn, autocommit=True)
            try:
                await conn.execute(f"listen {CHANNEL}")
                while True:
                    accounts = await _accounts(conn, broker)
                    if await asyncio.to_thread(broker.set_accounts, accounts):
                        _log.info("broker accounts changed gateways=%d", len(accounts))
                    LOOPS.turned("accounts")
                    async for _ in conn.notifies(timeout=ACCOUNTS_S, stop_after=1):
                        pass
            finally:
                await conn.close()
        except (psycopg.OperationalError, OSError):  # the database is away, or the broker's disk is full
            await asyncio.sleep(RETRY_S)


async def tell_lag(broker: Nats) -> None:
    """Let the metrics know what waits at the broker, for ever; nothing while it does not say."""
    while True:
        lag.show(await asyncio.to_thread(broker.waiting))
        await asyncio.sleep(lag.EVERY_S)


def folders(data: Path) -> tuple[Path, ...]:
    """Where the services write: each may be a disk of its own."""
    return data, Postgres(data).folder, Nats(data).folder
