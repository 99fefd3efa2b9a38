"""One role for as long as its process lives: ingest, worker, API, or the alarm centre's modem.

What this is: each role over a database and a broker that are there already. What it is not: the services
below it (``own_services``), or all of it together (``single``). It composes and decides nothing; cancelling
it is enough.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cloud.db import Pool, open_pool, roles
from cloud.ingest import subscriber
from cloud.settings import Broker, ConfigError, Settings

if TYPE_CHECKING:
    from cloud.health import Checks

_log = logging.getLogger(__name__)


def wall() -> datetime:
    """The wall clock, which the worker's loops hand on as ``now``."""
    return datetime.now(UTC)


async def run_api(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve the API and the screens until cancelled."""
    check_port(settings)
    async with (
        service_pool(settings) as service,
        serving(settings, service) as (address, checks),
        watched(settings, service, checks),
    ):
        announce(address)
        await asyncio.Event().wait()


async def run_ingest(settings: Settings, subscribed: asyncio.Event | None = None) -> None:
    """Ingest until cancelled."""
    from cloud import health

    async with ingest_pool(settings) as pool:
        checks = {"database": health.database(pool), "broker": health.signed_in, "loops": health.loops}
        async with watched(settings, pool, checks):
            await ingest(settings, pool, subscribed)


async def run_sms(settings: Settings) -> None:
    """Read the alarm centre's modem, and send by it, until cancelled."""
    async with service_pool(settings) as pool:
        await sms(settings, pool)


async def run_worker(settings: Settings) -> None:
    """Work the timers and the messages until cancelled."""
    from cloud import health, worker

    async with service_pool(settings) as pool:
        checks = {"database": health.database(pool), "loops": health.loops}
        async with watched(settings, pool, checks, standing=True):
            await worker.run(settings, pool, clock=wall)


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

    ``standing``: whether this role tells how things stand in the database and at the broker; one of them is
    enough.
    """
    from cloud import lag, serve, watch
    from cloud.standing import Standing

    if not settings.operations.listen:
        yield
        return
    host, _, port = settings.operations.listen.rpartition(":")
    asked = Standing(pool, wall) if standing else None
    app = watch.create_app(settings.operations, pool, checks, asked)
    broker = settings.broker if standing else Broker()
    async with serve.serving(app, host.strip("[]"), int(port)) as address, lag.told(broker):
        _log.info("watched at address=%s", address)
        yield


def service_pool(settings: Settings) -> AbstractAsyncContextManager[Pool]:
    """A pool of the service role: worker, and the API's ways on which nobody has signed in yet."""
    return open_pool(service_dsn(settings), size=settings.database.pool)


def ingest_pool(settings: Settings) -> AbstractAsyncContextManager[Pool]:
    """A pool of ingest's own role; of the service role, where nobody has let that one in."""
    return open_pool(settings.database.ingest_dsn or service_dsn(settings), size=settings.database.pool)


def service_dsn(settings: Settings) -> str:
    """How the service role signs in."""
    return settings.database.service_dsn or roles.taking_on(settings.database.dsn, roles.SERVICE)


def _api_dsn(settings: Settings) -> str:
    return settings.database.api_dsn or roles.taking_on(settings.database.dsn, roles.API)


async def ingest(
    settings: Settings, pool: Pool, subscribed: asyncio.Event | None, *, alone: bool = False
) -> None:
    """Store what gateways send until cancelled; an alarm opens an incident in the same transaction."""
    from cloud import trace
    from cloud.incidents import store, traced

    hook = traced.attach_or_open if trace.on() else store.attach_or_open
    await subscriber.run(settings, pool, hook, subscribed=subscribed, alone=alone)


async def sms(settings: Settings, pool: Pool) -> None:
    """Read the modem, and send by it, until cancelled."""
    from cloud.dispatch import by_modem
    from cloud.sealed import keyring
    from cloud.texts import modem, sending

    ring = keyring(settings)
    desk = sending.Desk(ring, by_modem.hearing(ring), by_modem.tell)
    await modem.run(settings.sms, pool, desk, clock=wall)
