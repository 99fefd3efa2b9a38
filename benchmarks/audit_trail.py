"""What the audit trail costs: writers that only insert, against no trail and against a chain that each seals.

``python -m benchmarks.audit_trail [--json]``: on one real server (fsync on), three ways in turn, several
rounds; prints entries per second, and ratios to the way without a trail.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cloud import trail
from cloud.db import Connection, Pool, open_pool
from cloud.db.locks import Lock
from cloud.db.migrate import migrate
from cloud.embedded import Postgres
from cloud.embedded.supervise import running
from cloud.trail import Entry, keeper

WRITERS: Final = 8
ROUNDS: Final = 5
EACH: Final = 150
"""Transactions of one writer in one round."""

ENTRY: Final = Entry(
    datetime(2026, 11, 26, tzinfo=UTC), 1, "staff:1", "readHome", "home card", (7,), "home_id=7", 200
)
Way = Callable[[Connection], Awaitable[object]]


async def _nothing(conn: Connection) -> None:
    """What any transaction that writes pays: one row, one commit."""
    await conn.execute("insert into plain (at) values (now())")


async def _insert(conn: Connection) -> None:
    await _nothing(conn)
    await trail.append(conn, ENTRY)


async def _seal_at_once(conn: Connection) -> None:
    """Each writer waits for the chain's lock until the one before has committed."""
    await _nothing(conn)
    await conn.execute("select pg_advisory_xact_lock(%s)", [Lock.SEAL])
    await trail.append(conn, ENTRY)
    await trail.seal(conn)


WAYS: Final[dict[str, Way]] = {"without": _nothing, "insert": _insert, "seal_at_once": _seal_at_once}


async def _round(pool: Pool, way: Way) -> float:
    """Transactions per second of all writers together."""

    async def write() -> None:
        for _ in range(EACH):
            async with pool.connection() as conn:
                await way(conn)

    begun = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(WRITERS)))
    return WRITERS * EACH / (time.perf_counter() - begun)


async def _measured(dsn: str) -> dict[str, float]:
    async with open_pool(dsn, size=WRITERS + 1) as pool:
        async with pool.connection() as conn:
            await conn.execute("create table plain (at timestamptz)")
        rates: dict[str, list[float]] = {name: [] for name in WAYS}
        for _ in range(ROUNDS):
            for name, way in WAYS.items():
                rates[name].append(await _round(pool, way))
                await keeper.seal_all(pool)
        found = {name: statistics.median(values) for name, values in rates.items()}
        await asyncio.gather(*(_round(pool, _insert) for _ in range(3)))
        begun = time.perf_counter()
        sealed = await keeper.seal_all(pool)
        return found | {"sealed_per_s": sealed / (time.perf_counter() - begun)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Postgres(Path(folder))):
        dsn = Postgres(Path(folder)).dsn
        migrate(dsn)
        found = asyncio.run(_measured(dsn))
    found |= {f"{name}_ratio": found[name] / found["without"] for name in WAYS}
    if chosen.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:20} {value:10.2f}")


if __name__ == "__main__":
    main()
