"""What every test may ask for: a database server, a fresh database, a connection to it.

The server is the product's own embedded PostgreSQL, started once per session without fsync, in memory where
there is room. Each test gets a database of its own, a copy of a migrated template.
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final
from uuid import uuid4

import psutil
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg.conninfo import make_conninfo

from cloud.db import Connection, connect, roles
from cloud.db.migrate import migrate
from cloud.embedded import Postgres
from cloud.embedded.supervise import running
from tests import cluster

# How long an example takes says more about the machine than about the code: a busy one is no failure. The
# examples are the same in each run, so that a change is judged and not the luck of the draw;
# ``pytest --hypothesis-profile=search`` draws others.
settings.register_profile(
    "search", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("anban", settings.get_profile("search"), derandomize=True)
settings.load_profile("anban")


TEMPLATE: Final = "anban_template"
MEMORY: Final = Path("/dev/shm")
_SERVER: Final = "anban-tests"
ROOM: Final = 1 << 30
"""Bytes free there at the least; a server takes 200-300 MB at once. Containers often have 64 MB in all."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running database server. ``dsn``: its superuser, in its maintenance database.

    ``signed_in``: the same for the product's other roles. ``prefix``: of the databases that are made there.
    """

    dsn: str
    signed_in: Mapping[str, str]
    template: str = TEMPLATE
    prefix: str = "test"
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def create(self, template: str | None) -> str:
        """Make a new database (a copy of ``template``; none: empty) and return its connection string."""
        name = f"{self.prefix}_{next(self.numbers)}"
        with psycopg.connect(self.dsn, autocommit=True) as admin:
            # Copied as files: with a schema of some hundred relations that takes a fifth of the time.
            admin.execute(f"create database {name} template {template or 'template0'} strategy file_copy")
        return make_conninfo(self.dsn, dbname=name)

    def as_role(self, dsn: str, role: str) -> str:
        """``dsn``'s database, signed in as ``role`` of ``cloud.db.roles``."""
        return make_conninfo(self.signed_in[role], dbname=psycopg.conninfo.conninfo_to_dict(dsn)["dbname"])

    def drop(self, dsn: str) -> None:
        """Remove a database that ``create`` made, whoever is still connected."""
        name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
        with psycopg.connect(self.dsn, autocommit=True) as admin:
            admin.execute(f"drop database if exists {name} with (force)")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--outside``: let every test use the server that ``ANBAN_TEST_DSN`` names instead of our own."""
    parser.addoption("--outside", action="store_true", help="use the server of ANBAN_TEST_DSN")


def pytest_collection_finish() -> None:
    """What was collected lives as long as the session: the collector of memory leaves it alone."""
    gc.freeze()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The session's server, with the migrated template in it."""
    if request.config.getoption("--outside"):
        yield request.getfixturevalue("outside")
        return
    with _server_folder(tmp_path_factory) as folder:
        cluster.lay(folder)
        with running(service := Postgres(folder, durable=False)):
            # Not from the migrated one itself: nobody may be in a database that is copied.
            with psycopg.connect(service.dsn, dbname="template1", autocommit=True) as admin:
                admin.execute(f"create database {TEMPLATE} template postgres strategy file_copy")
            yield Server(service.dsn, roles.let_in(service.dsn, service.secret_of))


@contextmanager
def _server_folder(factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory, where copying a database costs a third; else on disk.

    It goes at the end; what a killed session left behind goes at the next start.
    """
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        yield factory.mktemp("server")
        return
    for left in MEMORY.glob(f"{_SERVER}-*"):
        if not psutil.pid_exists(int(left.name.rpartition("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    folder = MEMORY / f"{_SERVER}-{os.getpid()}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def outside() -> Iterator[Server]:
    """The server that ``ANBAN_TEST_DSN`` names, with the migrated template, and TimescaleDB if it has it.

    TimescaleDB's own jobs do not run: nothing happens in these databases but what a test does.
    """
    dsn = os.environ.get("ANBAN_TEST_DSN")
    if not dsn:
        pytest.skip("ANBAN_TEST_DSN names no server (docs/operations.md, Storage)")
    prefix = f"anban_{uuid4().hex[:12]}"
    server = Server(
        dsn,
        {role: roles.taking_on(dsn, role) for role in roles.ALL},
        template=f"{prefix}_template",
        prefix=prefix,
    )
    template = make_conninfo(dsn, dbname=server.template)
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"create database {server.template} template template0")
    with psycopg.connect(template, autocommit=True) as conn:
        timescale = has_timescale(conn)
        if timescale:
            conn.execute("create extension timescaledb")
        migrate(template)
        if timescale:
            conn.execute("select alter_job(job_id, scheduled => false) from timescaledb_information.jobs")
            conn.execute("select _timescaledb_functions.stop_background_workers()")
    with psycopg.connect(dsn, autocommit=True) as admin:  # or its launcher of jobs looks in
        admin.execute(f"alter database {server.template} allow_connections false")
    yield server
    server.drop(template)


def has_timescale(conn: psycopg.Connection) -> bool:
    """Whether the server could give its databases the extension."""
    found = conn.execute("select from pg_available_extensions where name = 'timescaledb'")
    return found.fetchone() is not None


@pytest.fixture(scope="session")
def timescale(outside: Server) -> Server:
    """The server outside, where it has TimescaleDB."""
    with psycopg.connect(outside.dsn) as conn:
        if not has_timescale(conn):
            pytest.skip("the server of ANBAN_TEST_DSN has no TimescaleDB")
    return outside


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
