"""Everything on one machine: embedded services, ingest, worker and API in one process group.

It composes and decides nothing. The order of starting is the order of needing (database, schema, roster,
broker accounts, broker, then the roles); the order of stopping is the reverse, and cancelling it is
enough.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from cloud.backup.archive import archiving
from cloud.db import Pool, open_pool
from cloud.embedded import Nats, room
from cloud.embedded.access import held
from cloud.own_services import folders, keep_accounts, start_broker, start_database, tell_lag
from cloud.people import roster as people
from cloud.people import roster_store
from cloud.people.reseal import reseal
from cloud.role import check_port, ingest, ingest_pool, service_dsn, service_pool, serving, sms, wall, watched
from cloud.sealed import Keyring, SealError, keyring
from cloud.settings import ConfigError, Settings

HEAVY: Final = ("cloud.web", "cloud.serve", "cloud.worker", "cloud.incidents.store", "dashboards")
"""Modules that take long to import; they load while the database starts."""

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
                services.create_task(room.watch(folders(Path(settings.data))))
            own_database = not settings.database.dsn
            settings = await start_database(settings, services)
            archive = archiving(settings, settings.database.dsn, wall) if own_database else None
            ring = keyring(settings)
            async with open_pool(settings.database.dsn, size=2) as owner:
                if roster is not None:
                    await load(owner, roster, ring)
                await seal_plain(owner, ring)
            async with service_pool(settings) as pool, ingest_pool(settings) as ingesting:
                if archive is not None:
                    services.create_task(archive.run())
                broker, settings = await start_broker(settings, pool, services)
                await imports
                await _run_roles(settings, pool, ingesting, broker, announce)


async def _run_roles(
    settings: Settings, pool: Pool, ingesting: Pool, broker: Nats | None, announce: Callable[[str], None]
) -> None:
    from cloud import worker
    from cloud.health import loops, signed_in

    subscribed = asyncio.Event()
    async with asyncio.TaskGroup() as running:
        running.create_task(ingest(settings, ingesting, subscribed, alone=broker is not None))
        running.create_task(worker.run(settings, pool, clock=wall))
        if settings.sms.port:
            running.create_task(sms(settings, pool))
        if broker is not None:
            running.create_task(keep_accounts(service_dsn(settings), broker))
            running.create_task(tell_lag(broker))
        async with (
            serving(settings, pool) as (address, checks),
            watched(settings, pool, checks | {"broker": signed_in, "loops": loops}, standing=True),
        ):
            await subscribed.wait()
            announce(address)
            await asyncio.Event().wait()


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
        await roster_store.load(conn, roster, ring)


def _import_heavy() -> None:
    for name in HEAVY:
        importlib.import_module(name)
