"""What an hour's and a night's look at many homes cost, through the database:
``python -m benchmarks.routine_road [--homes 30 300 3000] [--at hour night] [--json]``.

What this is: an embedded PostgreSQL with homes of seven sensors and 44 stored days, and the worker's own job
over all of them with as many hands as it has, at two in the afternoon and at two in the night. What it is
not: a measure of quality, or of ingest. The one idea: at several sizes, wall time of one worker with its
database on the same machine, and processor time of both, which does not depend on what else runs there.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import numpy as np
import psutil

from benchmarks.routine_page import kept
from cloud import worker
from cloud.db import Connection, Pool, connect, open_pool, roles
from cloud.db.migrate import migrate
from cloud.detect.routine import look, store
from cloud.detect.routine.grid import HOUR, SLOTS, Place
from cloud.detect.routine.look import SEEN_DAYS
from cloud.embedded import Postgres
from cloud.embedded.supervise import running
from cloud.worker import Job, SetAside

HOMES: Final = (30, 300, 3000)
ZONE: Final = timezone(timedelta(hours=8))
TODAY: Final = datetime(2026, 4, 15, tzinfo=ZONE)
AFTERNOON: Final = TODAY + timedelta(hours=14, minutes=6)
NIGHT: Final = TODAY + timedelta(days=1, hours=2, minutes=6)
WEEK: Final = 7
"""Days of quarters in the roll-up: what a night's look counts again."""
HANDS: Final = 2
"""As ``worker.jobs`` has it."""
TIMES: Final = {"hour": AFTERNOON, "night": NIGHT}
PATTERNS: Final = 50
"""Different lives; the homes share them."""
SEED: Final = 7

_FILL: Final = """
insert into division values ('431202000000', '鹤城区');
insert into tenant (code, name, division_code) values ('t', '鹤城区', '431202000000');
insert into home (tenant_id, key, division_code, address)
    select 1, 'h' || n, '431202000000', '' from generate_series(1, %(homes)s) as n;
insert into gateway (id, home_id, shard, secret, online)
    select 'gw-' || id, id, id %% 256, 'x', true from home;
insert into device (gateway_id, name, kind, room)
    select gateway.id, sensor.kind || sensor.room, sensor.kind, sensor.room from gateway
    cross join (values ('motion', 'bedroom'), ('motion', 'living_room'), ('motion', 'kitchen'),
        ('motion', 'bathroom'), ('motion', 'hall'), ('door', 'hall'), ('door', 'kitchen')
    ) as sensor (kind, room);
insert into reading_15m
    select bucket, 1, gateway.home_id, device.id, case device.kind when 'door' then 12 else 13 end, 15,
        case when lively then 3 else 0 end, 0, 0, case when lively then 1 else 0 end
    from gateway join device on device.gateway_id = gateway.id
    cross join generate_series(%(since)s::timestamptz, %(until)s, interval '15 minutes') as bucket
    cross join lateral (
        select extract(hour from bucket at time zone 'Asia/Shanghai') between 7 and 21
            and (device.id * 7 + extract(epoch from bucket)::bigint / 900) %% 5 = 0 as lively
    ) as now;
insert into routine_home (home_id, due_at, judged) select id, %(now)s, %(judged)s from home
"""


async def measured(homes: int, now: datetime) -> dict[str, float]:
    """Seconds of one pass over all homes, and processor seconds of the worker and of its database."""
    with tempfile.TemporaryDirectory() as folder, running(server := Postgres(Path(folder), durable=False)):
        migrate(server.dsn)
        service = roles.let_in(server.dsn, server.secret_of)[roles.SERVICE]
        async with await connect(server.dsn) as owner:
            await _fill(owner, homes, now)
        async with open_pool(service, size=2 * HANDS) as pool:
            job = Job("routine", store.due, functools.partial(look.work, pool, look.model_of("")), batch=5)
            wall, spent, database, aside = time.monotonic(), time.process_time(), _of_database(), SetAside()
            hands = await asyncio.gather(*(_hand(pool, job, aside, now) for _ in range(HANDS)))
            return {
                "looked": sum(hands),
                "failed": len(aside.rows),
                "seconds": round(time.monotonic() - wall, 1),
                "worker_cpu_s": round(time.process_time() - spent, 1),
                "database_cpu_s": round(_of_database() - database, 1),
            }


async def _hand(pool: Pool, job: Job, aside: SetAside, now: datetime) -> int:
    """How many homes one hand of the job has looked at when nothing is due any more."""
    looked = 0
    while worked := await worker.tick(pool, job, aside, now):
        looked += worked
    return looked


def _of_database() -> float:
    """Processor seconds of the server's processes, and of those that they have waited for."""
    spent = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            spent += times.user + times.system + times.children_user + times.children_system
    return spent


async def _fill(owner: Connection, homes: int, now: datetime) -> None:
    night = now == NIGHT
    values = {
        "homes": homes,
        "since": TODAY - timedelta(days=WEEK - 1) if night else TODAY,
        "until": NIGHT if night else AFTERNOON,
        "now": now,
        "judged": (TODAY - timedelta(days=1)).date(),
    }
    for statement in _FILL.strip().split(";\n"):
        await owner.execute(statement.encode(), values)
    random = np.random.default_rng(SEED)
    lives = [_life(random) for _ in range(PATTERNS)]
    full, bed = bytes([100]) * SLOTS, bytes([255]) * SLOTS
    columns = "home_id, day, counts, listening, in_bed, hour_score, night_score"
    async with owner.cursor().copy(f"copy routine_day ({columns}) from stdin".encode()) as copy:
        for home in range(1, homes + 1):
            for ago in range(1, SEEN_DAYS):
                day = (TODAY - timedelta(days=ago)).date()
                await copy.write_row((home, day, lives[(home + ago) % PATTERNS], full, bed, 0.1, 0.1))
    await owner.execute("analyze")
    await owner.commit()


def _life(random: np.random.Generator) -> bytes:
    """Counts of one day: up at seven, to bed at ten."""
    counts = np.zeros((SLOTS, len(Place)), dtype=np.uint8)
    counts[7 * HOUR : 22 * HOUR] = random.poisson(0.4, (15 * HOUR, len(Place)))
    return counts.tobytes()


async def figures(sizes: Sequence[int], times: Sequence[str]) -> dict[str, object]:
    """Each size at each time."""
    return {str(homes): {at: await measured(homes, TIMES[at]) for at in times} for homes in sizes}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routine_road")
    parser.add_argument("--homes", type=int, nargs="+", default=HOMES)
    parser.add_argument("--at", choices=list(TIMES), nargs="+", default=list(TIMES))
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--keep", type=Path, help="add the figures to those of benchmarks.routine in this file"
    )
    asked = parser.parse_args()
    found = kept({"road": asyncio.run(figures(asked.homes, asked.at))}, asked.keep)
    print(json.dumps(found, indent=None if asked.json else 2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
