"""Connections: whoever hangs, on this side or the other, is given up within seconds."""

from __future__ import annotations

import asyncio
import socket

from psycopg import AsyncCursor
from psycopg.rows import DictRow

from cloud.db import Pool, connect, open_pool, stepwise
from tests.stopping import Endless


async def test_a_connection_waits_neither_for_a_lock_nor_with_one_for_ever(database: str) -> None:
    async with open_pool(database) as pool, pool.connection() as conn:
        shown = [
            (await (await conn.execute(f"show {name}".encode())).fetchone() or {}).popitem()[1]
            for name in ("lock_timeout", "idle_in_transaction_session_timeout", "timezone")
        ]
    assert shown == ["5s", "30s", "UTC"]


async def test_a_server_that_vanishes_with_a_request_under_way_is_noticed(database: str) -> None:
    conn = await connect(database)
    try:
        with socket.socket(fileno=socket.dup(conn.pgconn.socket)) as wire:
            assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000
    finally:
        await conn.close()


async def _told_to_stop(pool: Pool, turns: int) -> bool:
    """Hand a waiting task the pool's only connection, tell it to stop so many turns later; whether it did."""

    async def ask() -> None:
        async with pool.connection() as conn:
            await conn.execute("select 1")

    async with pool.connection():
        asking = Endless(ask)
        await asyncio.sleep(0.01)
    return await asking.stops_after(turns)


async def test_a_task_told_to_stop_in_the_moment_it_gets_a_connection_stops(database: str) -> None:
    async with open_pool(database, size=1) as pool:
        deaf = [turns for turns in range(40) if not await _told_to_stop(pool, turns)]
    assert deaf == []


async def test_a_cursor_whose_closing_is_cancelled_is_closed(database: str) -> None:
    """The closing waits for its turn on the connection, and is told to stop there."""
    read = asyncio.Event()

    async def look(cursors: list[AsyncCursor[DictRow]]) -> None:
        async with stepwise(conn, "numbers") as cursor:
            cursors.append(cursor)
            await cursor.execute("select generate_series(1, 9)")
            await conn.lock.acquire()
            read.set()

    conn, cursors = await connect(database), list[AsyncCursor[DictRow]]()
    task = asyncio.create_task(look(cursors))
    await read.wait()
    task.cancel()
    assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
    conn.lock.release()
    assert cursors[0].closed
    await conn.close()
