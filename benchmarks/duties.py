"""What it costs to know who is due by when: ``python -m benchmarks.duties [--people N] [--json]``.

What this is: a county of older people with a year of visits each, the worker's own job over some of them,
the list of who is overdue, and the visiting rate of a month over all of them, on one real server. What it is
not: the plan of a day. The one idea: the list must cost next to nothing while nobody looks, and the rate must
never hold up its process for longer than an alarm may wait."""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks.deadlines import cpu_s
from cloud.auth import Purpose, Scope
from cloud.db import Connection, Pool, open_pool
from cloud.db.migrate import migrate
from cloud.embedded import Postgres
from cloud.embedded.supervise import running
from cloud.visits.duties import keeper, store, survey
from cloud.visits.rate import Span

NOW: Final = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
MONTH: Final = Span(NOW - timedelta(days=30), NOW)
SCOPE: Final = Scope((1,), None, Purpose.CONSOLE)
_POLLS: Final = 50
_TICK_S: Final = 0.001
_SEED: Final = (
    "insert into division values ('431202001001', 'v')",
    "insert into tenant (code, name, division_code) values ('t', 't', '431202001001')",
    "insert into home (tenant_id, key, division_code, address)"
    " select 1, 'h' || n, '431202001001', '' from generate_series(1, %(people)s) as n",
    "insert into resident (home_id, name, birth_year, sex, lives_alone)"
    " select id, 'r' || id, 1931 + id %% 30, 'f', id %% 3 = 0 from home",
    "update visit_person set since = %(now)s - interval '1 year', due_at = %(now)s + interval '1 h'",
    # A visit a month, one in ten before a closed door.
    "insert into visit"
    " (key, tenant_id, home_id, resident_id, kind, way, made_at, began_at, ended_at, seen, arrival)"
    " select gen_random_uuid(), 1, home_id, id, 'regular', 'home', at, at, at + interval '40 min',"
    " (id + n) %% 10 > 0, 'tag' from resident, generate_series(1, 12) as n,"
    " lateral (select %(now)s - n * interval '30 days' + id %% 25 * interval '1 day' as at) as t",
    "insert into visit_due (resident_id, home_id, due_at, reason, ways, people_group)"
    " select id, home_id, %(now)s + (id %% 40 - 10) * interval '1 day', reason, '{home}', 'general'"
    " from resident, unnest(array['period', 'physical', 'assessment']) as reason",
    "analyze",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """``poll_ms``: asking whose time has come when nobody's has; ``look_ms``: one person's duties into the
    list; ``look_cpu_ms``: of processors, ours and the server's; ``share_of_a_core``: of them, when each
    person is looked at every ``keeper.AGAIN``; ``list_ms``: a page of who is overdue; ``rate_s``: the month's
    rate of everybody; ``held_up_ms``: for how long at worst it kept others in its process waiting.
    """

    people: int
    poll_ms: float
    look_ms_median: float
    look_ms_p95: float
    look_cpu_ms: float
    share_of_a_core: float
    list_ms: float
    rate_s: float
    held_up_ms: float


async def _seed(conn: Connection, people: int) -> None:
    for statement in _SEED:
        await conn.execute(statement.encode(), {"people": people, "now": NOW})


async def _timed(times: int, work: Callable[[int], Awaitable[object]]) -> list[float]:
    """Milliseconds of each."""
    found = []
    for number in range(1, times + 1):
        begun = time.perf_counter()
        await work(number)
        found.append(1e3 * (time.perf_counter() - begun))
    return found


async def _watched(waits: list[float]) -> None:
    """Somebody else in the process, who wants to be served every millisecond."""
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(_TICK_S)
        waits.append(1e3 * (time.perf_counter() - begun - _TICK_S))


async def _rate(conn: Connection) -> tuple[float, float]:
    """Seconds of the rate, and milliseconds for which somebody else waited at worst."""
    waits: list[float] = []
    other = asyncio.create_task(_watched(waits))
    begun = time.perf_counter()
    await survey.rate(conn, SCOPE, MONTH, 12)
    took_s = time.perf_counter() - begun
    other.cancel()
    with suppress(asyncio.CancelledError):
        await other
    return took_s, max(waits)


async def _measure(dsn: str, people: int, looks: int, server: int) -> Measured:
    async with open_pool(dsn, size=4) as pool:
        async with pool.connection() as conn:
            await _seed(conn, people)
        return await _measured(pool, people, looks, server)


async def _measured(pool: Pool, people: int, looks: int, server: int) -> Measured:
    async def poll(_: int) -> None:
        await keeper.due(conn, NOW, [], 20)

    async def page(_: int) -> None:
        asked = {"people_group": None, "reason": None, "division": None, "after_at": None, "after_id": None}
        await store.rows(conn, "overdue", SCOPE, now=NOW, before=NOW, limit=51, unplanned=False, **asked)

    async with pool.connection() as conn:
        poll_ms = statistics.median(await _timed(_POLLS, poll))
        list_ms = statistics.median(await _timed(10, page))
        rate_s, held_up_ms = await _rate(conn)
    later = NOW + timedelta(hours=1)
    used_s = time.process_time() + cpu_s(server)
    look_ms = await _timed(looks, lambda number: keeper.work(pool, number, later))
    each_s = (time.process_time() + cpu_s(server) - used_s) / looks
    return Measured(
        people,
        poll_ms,
        statistics.median(look_ms),
        statistics.quantiles(look_ms, n=20)[-1],
        1e3 * each_s,
        people * each_s / keeper.AGAIN.total_seconds(),
        list_ms,
        rate_s,
        held_up_ms,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=30_000)
    parser.add_argument("--looks", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Postgres(Path(folder))):
        dsn = Postgres(Path(folder)).dsn
        migrate(dsn)
        server = int(next(Path(folder).rglob("postmaster.pid")).read_text().split()[0])
        found = asyncio.run(_measure(dsn, given.people, given.looks, server))
    document = {name: round(value, 3) for name, value in asdict(found).items()}
    if given.json:
        print(json.dumps(document))
        return
    for name, value in document.items():
        print(f"{name:16} {value}")


if __name__ == "__main__":
    main()
