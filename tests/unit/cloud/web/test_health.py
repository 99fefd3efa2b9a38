"""Alive and ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from cloud import health
from cloud.db import Connection, Pool, migrate, open_pool
from cloud.settings import Broker, Settings
from cloud.web import create_app
from tests.unit.cloud.stream.console import until


async def _ready(pool: Pool, broker: Broker) -> httpx.Response:
    transport = httpx.ASGITransport(create_app(Settings(broker=broker), pool, pool))
    async with httpx.AsyncClient(transport=transport, base_url="http://anban.test/api/v1") as client:
        assert (await client.get("/health")).json() == {"status": "ok"}
        return await client.get("/ready")


async def _hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """Somewhere that takes connections."""
    async with await asyncio.start_server(_hang_up, "127.0.0.1", 0) as server:
        yield Broker(host="127.0.0.1", port=server.sockets[0].getsockname()[1])


async def _fine() -> str:
    return ""


async def test_ready_when_database_and_broker_are_there_and_the_log_is_read(
    pool: Pool, broker: Broker
) -> None:
    app = create_app(Settings(broker=broker), pool, pool)
    assert await health.judge(app.state.checks) == {"changes": "not read"}
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(app.state.feed.run())
        await until(lambda: app.state.feed.current)
        assert await health.judge(app.state.checks) == {}
        following.cancel()


async def test_not_ready_names_the_broker_that_is_away(pool: Pool) -> None:
    answer = await _ready(pool, Broker(host="127.0.0.1", port=1))
    assert answer.status_code == 503
    assert answer.json()["detail"] == "Not ready: broker away; changes not read."


async def test_a_proxy_of_the_screens_does_not_ask_for_the_broker(pool: Pool) -> None:
    app = create_app(Settings(broker=Broker(host="127.0.0.1", port=1)), pool, pool)
    app.state.checks["changes"] = _fine
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://anban.test/api/v1") as client:
        assert (await client.get("/ready")).status_code == 503
        assert (await client.get("/ready?without=broker")).status_code == 200
        assert (await client.get("/ready?without=database")).status_code == 422


async def test_not_ready_names_the_database_that_is_away(broker: Broker, database: str) -> None:
    async with open_pool("host=127.0.0.1 port=1 dbname=none", wait_s=1) as away:
        answer = await _ready(away, broker)
    assert answer.json()["detail"] == "Not ready: database away; changes not read."


async def test_a_database_with_an_older_schema_is_not_ready(
    empty_database: str, pool: Pool, conn: Connection
) -> None:
    async with open_pool(empty_database, wait_s=5) as empty:
        assert "run anban-cloud migrate" in await health.database(empty)()
    assert await health.database(pool)() == ""
    await conn.execute("delete from _yoyo_migrations where migration_id = '0004_commands'")
    await conn.commit()
    assert await health.database(pool)() == "lacks 1 migrations: run anban-cloud migrate"
    await conn.execute(
        "insert into _yoyo_migrations (migration_hash, migration_id) values ('later', '9999_later')"
    )
    assert await migrate.missing(conn) == ["0004_commands"], "a newer schema is an upgrade under way"
