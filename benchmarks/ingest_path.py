"""The path of ingest alone, from message bytes to COMMIT, against a COPY of the same rows into the same
table.

Both write the same number of rows per transaction, in turn, so that whatever else the machine does weighs on
both. The path decodes, checks, enters the ledger, counts and acknowledges, in as many lines as a station has;
COPY is given rows that are packed already, and one connection, as a program has that does nothing else.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from benchmarks.ingest_rig import analyze, batches, topic
from cloud.db import Pool, Queries, open_pool
from cloud.ingest import packing
from cloud.ingest.batch import Limits
from cloud.ingest.lanes import grouped
from cloud.ingest.leases import Holder, Lease
from cloud.ingest.link import Link
from cloud.ingest.model import Delivery, StoredAlarm
from cloud.ingest.shards import Range
from cloud.ingest.station import LINES
from cloud.ingest.subscriber import COLLECT_AFTER, utc_now
from cloud.ingest.way import RightOfWay
from cloud.ingest.writer import Outage, Writer
from cloud.settings import Broker
from firmware_protocols.wire import envelope
from firmware_protocols.wire.plain import Row

ROUNDS: Final = 5
MESSAGES: Final = 6_000
SIZE: Final = 50
ROWS: Final = 5_000
_SQL: Final = Queries("cloud.ingest")


async def path_against_copy(dsn: str, server_cpu_s: Callable[[], float]) -> dict[str, Any]:
    """Rates and processor time of both, and the part that the path reaches of COPY, round by round."""
    gc.set_threshold(*COLLECT_AFTER)  # as in a worker of ingest
    rounds: list[dict[str, float]] = []
    async with open_pool(dsn, size=LINES + 1) as pool:
        lease = await _lease(pool)
        for number in range(ROUNDS + 1):
            deliveries = _deliveries(f"p{number}{time.monotonic_ns():x}")
            path = await _timed(_path(pool, lease, deliveries), server_cpu_s)
            copied = await _timed(_copy(pool, _rows()), server_cpu_s)
            if not number:  # the first round warms both
                analyze(dsn)
            else:
                rounds.append(
                    {f"path_{k}": v for k, v in path.items()} | {f"copy_{k}": v for k, v in copied.items()}
                )
    middle = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
    parts = [one["path_per_s"] / one["copy_per_s"] for one in rounds]
    return {key: round(value, 2) for key, value in middle.items()} | {
        "part_of_copy": round(statistics.median(parts), 3),
        "parts": [round(part, 3) for part in parts],
        "rows_per_transaction": ROWS,
    }


async def _timed(work: Coroutine[Any, Any, None], server_cpu_s: Callable[[], float]) -> dict[str, float]:
    total = MESSAGES * SIZE
    server, ours, began = server_cpu_s(), time.process_time(), time.monotonic()
    await work
    took_s = time.monotonic() - began
    return {
        "per_s": total / took_s,
        "client_us": (time.process_time() - ours) / total * 1e6,
        "server_us": (server_cpu_s() - server) / total * 1e6,
    }


async def _lease(pool: Pool) -> Lease:
    holder = Holder("benchmark", Range(0, 255), 1)
    async with pool.connection() as conn, conn.transaction():
        await holder.lay(conn, alone=True)
        leases, _ = await holder.beat(conn)
    return leases[0]


async def _no_hook(_conn: object, _alarm: StoredAlarm, _now: object) -> None:
    """There are no alarms among them."""


def _deliveries(epoch: str) -> list[Delivery]:
    return [
        Delivery(topic(batch), envelope.encode(batch, compact=True), utc_now())
        for batch in batches(MESSAGES, SIZE, epoch)
    ]


def _rows() -> list[bytes]:
    """What the path would pack of the same messages."""
    at_ms = int(utc_now().timestamp() * 1000)
    said: list[Row] = [
        (at_ms + number // 50, "", 1 + number % 4, 0, float(number)) for number in range(MESSAGES * SIZE)
    ]
    return [
        packing.plain(1, 1 + number // SIZE % 300, 1 + number % 3_000, row) for number, row in enumerate(said)
    ]


class _Unconnected(Link):
    """A link to nowhere that knows when everything was acknowledged."""

    def __init__(self, wanted: int) -> None:
        super().__init__(Broker(host="127.0.0.1", port=1), "nobody", [], utc_now, lines=LINES)
        self._wanted = wanted
        self.done = asyncio.Event()

    def acknowledge(self, deliveries: Any) -> None:
        self._wanted -= sum(1 for _ in deliveries)
        if self._wanted == 0:
            self.done.set()

    def publish(self, topic: str, payload: bytes) -> None:
        """The commit-ack is made and goes nowhere."""


async def _path(pool: Pool, lease: Lease, deliveries: Sequence[Delivery]) -> None:
    link = _Unconnected(len(deliveries))
    working = asyncio.create_task(_work(pool, lease, link))
    for delivery in deliveries:
        link.inbox.put(delivery)
    done = asyncio.create_task(link.done.wait())
    await asyncio.wait([working, done], return_when=asyncio.FIRST_COMPLETED)
    working.cancel()
    await asyncio.wait([working])


async def _work(pool: Pool, lease: Lease, link: Link) -> None:
    """The bulk lanes of a station."""
    outage = Outage(utc_now())
    async with asyncio.TaskGroup() as tasks:
        for line in link.inbox.lines:
            writer = Writer(f"line {id(line)}", pool, link, lease, _no_hook, utc_now, outage, RightOfWay())
            grouped(tasks, line, Limits(ROWS, 0.05), writer)


async def _copy(pool: Pool, rows: Sequence[bytes]) -> None:
    for start in range(0, len(rows), ROWS):
        async with (
            pool.connection() as conn,
            conn.transaction(),
            conn.cursor() as cursor,
            cursor.copy(_SQL["copy_readings"]) as stream,
        ):
            await stream.write(packing.stream(rows[start : start + ROWS]))
