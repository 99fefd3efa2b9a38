"""Alive and ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from cloud.db import Pool, open_pool
from cloud.settings import Broker, Settings
from cloud.web import create_app


async def _ready(pool: Pool, broker: Broker) -> httpx.Response:
    transport = httpx.ASGITransport(create_app(Settings(broker=broker), pool))
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


async def test_ready_when_database_and_broker_are_there(pool: Pool, broker: Broker) -> None:
    assert (await _ready(pool, broker)).status_code == 200


async def test_not_ready_names_the_broker_that_is_away(pool: Pool) -> None:
    answer = await _ready(pool, Broker(host="127.0.0.1", port=1))
    assert answer.status_code == 503
    assert answer.json()["detail"] == "Not reachable: broker."


async def test_not_ready_names_the_database_that_is_away(broker: Broker, database: str) -> None:
    async with open_pool("host=127.0.0.1 port=1 dbname=none", wait_s=1) as away:
        answer = await _ready(away, broker)
    assert answer.json()["detail"] == "Not reachable: database."
