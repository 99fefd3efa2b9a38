"""Fixtures of the API: a founded town, and the application over it with a clock that can be turned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from psycopg.conninfo import conninfo_to_dict

from cloud import passwords
from cloud.db import Pool, connect, open_pool, roles
from cloud.settings import Settings
from cloud.web import create_app
from tests.conftest import Server
from tests.unit.cloud import town as towns
from tests.unit.cloud.town import NOON, PASSWORD, Town

_ROUTERS: dict[str, APIRouter] = {}


@dataclass
class TurnedClock:
    """A clock that stands still until a test turns it."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def turn(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True)
class Site:
    """The application as browsers find it, and the town behind it."""

    app: FastAPI
    clock: TurnedClock
    town: Town
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def browser(self, address: str = "192.0.2.1") -> httpx.AsyncClient:
        """A browser at ``address`` that nobody has signed in with."""
        transport = httpx.ASGITransport(self.app, client=(address, 50_000), raise_app_exceptions=False)
        client = httpx.AsyncClient(
            transport=transport, base_url="http://anban.test/api/v1", headers={"X-Anban": "1"}
        )
        self.clients.append(client)
        return client

    async def signed_in(self, username: str) -> httpx.AsyncClient:
        """A browser in which ``username`` has signed in."""
        browser = self.browser()
        answer = await browser.post("/session", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return browser


@dataclass(frozen=True)
class Founded:
    """The name of a database with the founded town in it, to be copied, and the town's ids."""

    template: str
    town: Town


@pytest.fixture(scope="session")
def founded(postgres: Server) -> Iterator[Founded]:
    """The town, founded once."""

    async def found() -> Town:
        async with await connect(dsn) as conn:
            return await towns.found(conn)

    dsn = postgres.create(postgres.template)
    town = asyncio.run(found())
    yield Founded(str(conninfo_to_dict(dsn)["dbname"]), town)
    postgres.drop(dsn)


@pytest.fixture
def database(request: pytest.FixtureRequest, postgres: Server) -> Iterator[str]:
    """As for all tests, but with the town in it where a test asks for that."""
    is_founded = "town" in request.fixturenames
    dsn = postgres.create(request.getfixturevalue("founded").template if is_founded else postgres.template)
    yield dsn
    postgres.drop(dsn)


@pytest.fixture
def town(founded: Founded, database: str) -> Town:
    """The founded town in ``database``."""
    del database  # it was copied from the founded one
    return founded.town


@pytest.fixture
async def pool(postgres: Server, database: str) -> AsyncIterator[Pool]:
    """A pool on ``database`` of the service role, as ingest and the worker have it."""
    async with open_pool(postgres.as_role(database, roles.SERVICE), size=8, wait_s=5) as opened:
        yield opened


@pytest.fixture
async def api_pool(postgres: Server, database: str) -> AsyncIterator[Pool]:
    """A pool on ``database`` of the api role: it sees what the scope of a transaction says."""
    async with open_pool(postgres.as_role(database, roles.API), size=8, wait_s=5) as opened:
        yield opened


def _share_routes(app: FastAPI) -> None:
    """FastAPI makes ready what a hundred routes take when the first request comes, in a fifth of a second.
    The routes are the same for every application of a process; what begins and ends with one is its own.
    """
    shared = _ROUTERS.setdefault("site", app.router)
    shared.lifespan_context = app.router.lifespan_context
    app.router = shared


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password costs next to nothing."""
    monkeypatch.setattr(passwords, "_HASHER", towns.QUICK)
    monkeypatch.setattr(passwords, "_nobodys_hash", lambda: towns.NOBODYS_HASH)


@pytest.fixture
async def site(pool: Pool, api_pool: Pool, town: Town, quick_passwords: None) -> AsyncIterator[Site]:
    """The application, without its background tasks."""
    del quick_passwords
    clock = TurnedClock()
    app = create_app(Settings(), api_pool, pool, clock=clock, monotonic=lambda: clock().timestamp())
    _share_routes(app)
    made = Site(app, clock, town)
    yield made
    for client in made.clients:
        await client.aclose()
