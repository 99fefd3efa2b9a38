"""Waiting for somebody who waits for a lock."""

from __future__ import annotations

import asyncio

from cloud.db import Connection


async def somebody_waits(conn: Connection) -> None:
    """Until some transaction of the server waits for a lock of another."""
    statement = "select from pg_locks where not granted"
    async with asyncio.timeout(60):
        while not (await conn.execute(statement)).rowcount:  # noqa: ASYNC110 - a server's lock has no event
            await asyncio.sleep(0.02)
