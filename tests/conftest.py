"""What every test may ask for: a database server, a fresh database, a connection to it.

The server is the product's own embedded PostgreSQL, started once per session without fsync; each test
gets its own database, copied from a migrated template in a few hundredths of a second.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import count

import psycopg
import pytest
from hypothesis import settings
from psycopg.conninfo import make_conninfo

from cloud.db import Connection, connect
from cloud.db.migrate import migrate
from cloud.embedded import Postgres
from cloud.embedded.supervise import running

# How long an example takes says more about the machine than about the code: a busy one is no failure.
settings.register_profile("anban", settings.default, deadline=None)
settings.load_profile("anban")


@dataclass(frozen=True, slots=True)
class Server:
    """A running database server. ``dsn``: its superuser, in its maintenance database."""

    dsn: str
    template: str = "anban_template"
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def create(self, template: str | None) -> str:
        """Make a new database (a copy of ``template``; none: empty) and return its connection string."""
        name = f"test_{next(self.numbers)}"
        with psycopg.connect(self.dsn, autocommit=True) as admin:
            admin.execute(f"create database {name} template {template or 'template0'}")
        return make_conninfo(self.dsn, dbname=name)

    def drop(self, dsn: str) -> None:
        """Remove a database that ``create`` made, whoever is still connected."""
        name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
        with psycopg.connect(self.dsn, autocommit=True) as admin:
            admin.execute(f"drop database if exists {name} with (force)")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The session's server, with the migrated template in it."""
    service = Postgres(tmp_path_factory.mktemp("server"), durable=False)
    with running(service):
        server = Server(service.dsn)
        with psycopg.connect(server.dsn, autocommit=True) as admin:
            admin.execute(f"create database {server.template}")
        migrate(make_conninfo(server.dsn, dbname=server.template))
        yield server


@pytest.fixture
def empty_database(postgres: Server) -> Iterator[str]:
    """Connection string of a new database without any schema."""
    dsn = postgres.create(None)
    yield dsn
    postgres.drop(dsn)


@pytest.fixture
def database(postgres: Server) -> Iterator[str]:
    """Connection string of a new, migrated, empty database."""
    dsn = postgres.create(postgres.template)
    yield dsn
    postgres.drop(dsn)


@pytest.fixture
async def conn(database: str) -> AsyncIterator[Connection]:
    """An open connection to ``database``; what the test does not commit is lost."""
    connection = await connect(database)
    yield connection
    await connection.close()
