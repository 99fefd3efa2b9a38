"""What row security costs: the API's reads, and ingest's writes to its ledger.

``python -m benchmarks.row_security [--json] [--homes N]``: a home card, a snapshot of all homes and the queue
as the api role and as the owner, whom nothing bounds; and the ledger's own statement as the service role,
with row security on its table and without. The two take turns; the ratio of their medians is printed.
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

from cloud.auth import Purpose, Scope
from cloud.db import Connection, Queries, connect, roles
from cloud.db.migrate import migrate
from cloud.db.scope import narrow
from cloud.embedded import Postgres
from cloud.embedded.supervise import running
from cloud.incidents import store
from cloud.people.card import home_card

HOMES: Final = 3_000
BATCHES: Final = 200
"""In one transaction, as when readings come fast."""
ROUNDS: Final = 30
NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
Read = Callable[[Connection, Scope], Awaitable[object]]

FILL: Final = """
insert into division values ('431202000000', 'a', null), ('431221000000', 'b', null);
insert into tenant (code, name, division_code) values ('a', 'a', '431202000000'), ('b', 'b', '431221000000');
insert into home (tenant_id, key, division_code, address, latitude, longitude)
select 1 + n %% 2, n::text, '431202000000', 'lane ' || n, 27.5, 110 from generate_series(1, 2 * %(homes)s) n;
insert into resident (home_id, name, birth_year, sex) select id, 'r' || id, 1940, 'f' from home;
insert into contact (home_id, rank, name, relation)
select id, r, 'c', 'family' from home, generate_series(1, 3) r;
insert into gateway (id, home_id, shard, secret) select 'gw-' || id, id, 1, '' from home;
insert into device (gateway_id, name, kind)
select 'gw-' || h.id, 'd' || n, 'door' from home h, generate_series(1, 5) n;
insert into incident (tenant_id, home_id, kind, family, priority, state, state_since, observed_at, opened_at)
select tenant_id, id, 'sos', 'sos', 1, 'raised', now(), now(), now() from home where id %% 30 < 2;
"""


async def _card(conn: Connection, scope: Scope) -> object:
    return await home_card(conn, scope, 2, NOW)


async def _snapshot(conn: Connection, scope: Scope) -> object:
    return await store.snapshot(conn, scope, NOW)


async def _queue(conn: Connection, scope: Scope) -> object:
    return await store.open_incidents(conn, scope, NOW)


READS: Final[dict[str, Read]] = {"home card": _card, "snapshot": _snapshot, "queue": _queue}


async def measure(homes: int) -> dict[str, dict[str, float]]:
    """Milliseconds of each read as the owner and as the api role, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        server = Postgres(Path(folder))
        with running(server):
            migrate(server.dsn)
            dsns = roles.let_in(server.dsn, server.secret_of)
            async with (
                await connect(server.dsn) as owner,
                await connect(dsns[roles.API]) as bounded,
                await connect(dsns[roles.SERVICE]) as service,
            ):
                for statement in FILL.strip().split(";\n"):
                    await owner.execute(statement.rstrip(";").encode(), {"homes": homes})
                await owner.commit()
                await owner.execute("analyze")
                await owner.commit()
                reads = {name: await _compare(owner, bounded, read) for name, read in READS.items()}
                return reads | {"ledger": await _ledger(owner, service)}


async def _compare(owner: Connection, bounded: Connection, read: Read) -> dict[str, float]:
    scope = Scope((1,), None, Purpose.CONSOLE)
    took: dict[str, list[float]] = {"owner_ms": [], "api_ms": []}
    for _ in range(ROUNDS):
        for name, conn in (("owner_ms", owner), ("api_ms", bounded)):
            start = time.perf_counter()
            async with conn.transaction():
                await narrow(conn, scope)
                await read(conn, scope)
            took[name].append(1_000 * (time.perf_counter() - start))
    medians = {name: round(statistics.median(values), 2) for name, values in took.items()}
    return medians | {"ratio": round(medians["api_ms"] / medians["owner_ms"], 2)}


async def _ledger(owner: Connection, service: Connection) -> dict[str, float]:
    """``BATCHES`` rows by ingest's own statement; each time undone."""
    kinds = dict.fromkeys(("readings", "events", "alarms", "gaps", "refused", "withheld"), 0)
    rows = [
        {"gateway_id": f"gw-{n}", "epoch": "e", "lane": "t", "first_seq": 1, "n": 50, **kinds}
        for n in range(BATCHES)
    ]
    statement = Queries("cloud.ingest")["add_batches"]
    took: dict[str, list[float]] = {"without_ms": [], "with_ms": []}
    for _ in range(ROUNDS):
        for name, change in (("without_ms", b"disable"), ("with_ms", b"enable")):
            await owner.execute(b"alter table batch " + change + b" row level security")
            await owner.commit()
            async with service.transaction(force_rollback=True):
                start = time.perf_counter()
                await service.execute(statement, {"now": NOW, "rows": json.dumps(rows)})
                took[name].append(1_000 * (time.perf_counter() - start))
    medians = {name: round(statistics.median(values), 2) for name, values in took.items()}
    return medians | {"ratio": round(medians["with_ms"] / medians["without_ms"], 2)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.row_security", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--homes", type=int, default=HOMES, help=f"homes of the tenant ({HOMES})")
    chosen = parser.parse_args()
    found = asyncio.run(measure(chosen.homes))
    if chosen.json:
        print(json.dumps(found))
        return
    for name, figures in found.items():
        without, bounded, ratio = figures.values()
        print(f"{name}: without {without} ms, with row security {bounded} ms, x{ratio}")


if __name__ == "__main__":
    main()
