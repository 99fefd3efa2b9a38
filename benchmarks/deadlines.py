"""What it costs to look at every home once: ``python -m benchmarks.deadlines [--homes N] [--json]``.

What this is: homes with a day and a half of readings (four motion sensors, a door, a bed mat that repeats
its state each minute, a kettle), four weeks of habits, and the worker's own job over all of them, on one
real server. What it is not: a measurement of ingest, to whose path nothing was added. The one idea: a pass
in which nothing is found is what happens all day, so that is what is timed; how often it comes is
``frame.PACE``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cloud import worker
from cloud.db import Connection, Pool, open_pool
from cloud.db.migrate import migrate
from cloud.detect.rules import areas, store
from cloud.detect.rules.frame import PACE, WINDOW
from cloud.embedded import Postgres
from cloud.embedded.supervise import running
from cloud.worker import Job, SetAside

NOW: Final = datetime(2026, 3, 30, 3, 0, tzinfo=UTC)
"""Eleven in the morning at home."""
_POLLS: Final = 50
_SEED: Final = (
    "insert into division values ('431202001001', 'v')",
    "insert into tenant (code, name, division_code) values ('t', 't', '431202001001')",
    "insert into home (tenant_id, key, division_code, address)"
    " select 1, 'h' || n, '431202001001', '' from generate_series(1, %(homes)s) as n",
    "insert into gateway (id, home_id, shard, secret, online, state_at, state)"
    " select 'gw-' || id, id, 1, 'x', true, %(now)s, '{\"clock\": \"synced\"}' from home",
    "insert into device (gateway_id, name, kind, room, last_at)"
    " select gateway.id, d.name, d.kind, d.room, %(now)s from gateway cross join ("
    " values ('pir-bedroom', 'motion', 'bedroom'), ('pir-bath', 'motion', 'bathroom'),"
    " ('pir-kitchen', 'motion', 'kitchen'), ('pir-living', 'motion', 'living_room'),"
    " ('door', 'door', 'hall'), ('bed', 'bed', 'bedroom'), ('kettle', 'plug', 'kitchen')"
    ") as d (name, kind, room)",
    "select series_add('reading', at) from generate_series(%(since)s, %(now)s, interval '12 hours') as at",
    # Motion every ten minutes from six to ten at home, in each room in turn; a minute later it is over.
    "insert into reading select at + said.delay, 1, gateway.home_id, device.id, 13, 0, said.value, null"
    " from device join gateway on gateway.id = device.gateway_id"
    " cross join generate_series(%(since)s + interval '1 second', %(now)s, interval '10 minutes') as at"
    " cross join (values (1.0::float8, interval '0'), (0.0, interval '1 minute')) as said (value, delay)"
    " where device.kind = 'motion' and extract(hour from at at time zone 'Asia/Shanghai') between 6 and 21"
    " and (extract(epoch from at)::bigint / 600 + device.id) %% 2 = 0",
    # The mat says each minute whether somebody lies on it.
    "insert into reading select at, 1, gateway.home_id, device.id, 15, 0,"
    " (extract(hour from at at time zone 'Asia/Shanghai') not between 6 and 21)::int, null"
    " from device join gateway on gateway.id = device.gateway_id"
    " cross join generate_series(%(since)s + interval '1 second', %(now)s, interval '1 minute') as at"
    " where device.kind = 'bed'",
    "insert into habit_day select home.id, (%(now)s at time zone 'Asia/Shanghai')::date - ago,"
    ' \'{"told": true, "up": 420.0, "gap": 60.0, "outings": [60.0, 150.0], "baths": [5.0, 12.0],'
    ' "uses": {"kettle": 430.0}, "ate": [4, 5, 3]}\' from home cross join generate_series(1, 28) as ago',
    "insert into deadline select id, %(now)s, %(now)s, %(now)s from home",
    "analyze",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """``look_ms``: of one home; ``poll_ms``: asking what is due when nothing is; ``area_ms``: all homes
    together.
    """

    homes: int
    readings: int
    pass_s: float
    worker_cpu_s: float
    server_cpu_s: float
    look_ms_median: float
    look_ms_p95: float
    poll_ms: float
    area_ms: float

    @property
    def share_of_a_core(self) -> float:
        """Of worker and server together, when every home is looked at each ``PACE``."""
        return (self.worker_cpu_s + self.server_cpu_s) / PACE.total_seconds()


async def _seed(conn: Connection, homes: int) -> int:
    await conn.execute("set session_replication_role = replica")  # roll-ups are not what is measured
    for statement in _SEED:
        await conn.execute(statement.encode(), {"homes": homes, "now": NOW, "since": NOW - WINDOW})
    row = await (await conn.execute("select count(*) as n from reading")).fetchone()
    return int(row["n"]) if row else 0


def _timed(pool: Pool, times: list[float]) -> Callable[[int, datetime], Awaitable[bool]]:
    async def work(home_id: int, now: datetime) -> bool:
        begun = time.perf_counter()
        try:
            return await store.work(pool, home_id, now)
        finally:
            times.append(time.perf_counter() - begun)

    return work


async def _pass(pool: Pool, now: datetime) -> list[float]:
    """Seconds of each look of one pass over all homes."""
    times: list[float] = []
    job, aside = Job("rules", store.due, _timed(pool, times), batch=20), SetAside()
    while await worker.tick(pool, job, aside, now):
        pass
    return times


async def _measure(dsn: str, homes: int, server: int) -> Measured:
    """``server``: the number of the database's first process."""
    async with open_pool(dsn, size=4) as pool:
        async with pool.connection() as conn:
            readings = await _seed(conn, homes)
        begun, worker_s, server_s = time.perf_counter(), time.process_time(), cpu_s(server)
        times = await _pass(pool, NOW)
        pass_s = time.perf_counter() - begun
        worker_s, server_s = time.process_time() - worker_s, cpu_s(server) - server_s
        async with pool.connection() as conn:
            begun = time.perf_counter()
            for _ in range(_POLLS):
                await store.due(conn, NOW)
            poll_s = (time.perf_counter() - begun) / _POLLS
        begun = time.perf_counter()
        await areas.work(pool, 1, NOW)
        area_s = time.perf_counter() - begun
    median_ms, p95_ms = 1e3 * statistics.median(times), 1e3 * statistics.quantiles(times, n=20)[-1]
    return Measured(
        len(times), readings, pass_s, worker_s, server_s, median_ms, p95_ms, 1e3 * poll_s, 1e3 * area_s
    )


def cpu_s(server: int) -> float:
    """Processor seconds of the server's processes that live."""
    found = 0.0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if server in {int(fields[1]), int(folder.name)}:
                found += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=3_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Postgres(Path(folder))):
        dsn = Postgres(Path(folder)).dsn
        migrate(dsn)
        server = int(next(Path(folder).rglob("postmaster.pid")).read_text().split()[0])
        found = asyncio.run(_measure(dsn, given.homes, server))
    document = {
        "homes": found.homes,
        "readings": found.readings,
        "pass_s": round(found.pass_s, 1),
        "worker_cpu_s": round(found.worker_cpu_s, 1),
        "server_cpu_s": round(found.server_cpu_s, 1),
        "look_ms_median": round(found.look_ms_median, 2),
        "look_ms_p95": round(found.look_ms_p95, 2),
        "poll_ms": round(found.poll_ms, 2),
        "area_ms": round(found.area_ms, 1),
        "share_of_a_core": round(found.share_of_a_core, 3),
    }
    if given.json:
        print(json.dumps(document))
        return
    for name, value in document.items():
        print(f"{name:16} {value}")


if __name__ == "__main__":
    main()
