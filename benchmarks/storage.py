"""``python -m benchmarks.storage``: a simulated day of a city's readings in the database, and what it costs.

What this is: homes with twelve quantities each, every one read each two minutes, copied in the order in which
they would come; then bytes per reading, roll-ups, late rows, and the questions that screens ask. What it is
not: the road from a gateway (``road``, ``gateways``). The one idea: the same day and the same questions on
plain PostgreSQL (the embedded one, or ``--dsn`` of a server without the extension) and on TimescaleDB.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.conninfo import make_conninfo

from cloud.auth import Purpose, Scope
from cloud.db import Connection, connect
from cloud.db.migrate import migrate
from cloud.embedded import Postgres
from cloud.embedded.supervise import running
from cloud.series import history, rollup
from cloud.series.history import Resolution, Span
from firmware_protocols.model import Quantity

BEGIN: Final = datetime(2026, 3, 2, 16, tzinfo=UTC)
"""Midnight in UTC+8, so that a day is one bucket."""
PERIOD_S: Final = 120
DIVISIONS: Final = 40
LATE_ROWS: Final = 20_000
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""PostgreSQL counts its binary times from here, in microseconds."""
AGGREGATES: Final = ("reading_15m", "reading_1h", "reading_1d")
MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kind:
    """How one quantity behaves: it wanders by ``stride`` between bounds in steps of ``grain``, and stays as
    it is with the probability ``calm``.
    """

    quantity: Quantity
    low: float
    high: float
    grain: float
    stride: float
    calm: float


KINDS: Final = (
    Kind(Quantity.TEMPERATURE, 14.0, 28.0, 0.1, 0.1, 0.7),
    Kind(Quantity.HUMIDITY, 30.0, 80.0, 1.0, 1.0, 0.8),
    Kind(Quantity.HEART_RATE, 52.0, 110.0, 1.0, 3.0, 0.1),
    Kind(Quantity.RESPIRATION_RATE, 10.0, 22.0, 1.0, 1.0, 0.4),
    Kind(Quantity.ILLUMINANCE, 0.0, 400.0, 1.0, 20.0, 0.5),
    Kind(Quantity.PRESENCE, 0.0, 1.0, 1.0, 1.0, 0.97),
    Kind(Quantity.MOTION, 0.0, 1.0, 1.0, 1.0, 0.8),
    Kind(Quantity.IN_BED, 0.0, 1.0, 1.0, 1.0, 0.99),
    Kind(Quantity.BATTERY, 20.0, 100.0, 1.0, 1.0, 0.995),
    Kind(Quantity.POWER, 0.0, 900.0, 0.1, 15.0, 0.3),
    Kind(Quantity.DISTANCE, 0.4, 6.0, 0.01, 0.3, 0.4),
    Kind(Quantity.BODY_MOVEMENT, 0.0, 100.0, 1.0, 12.0, 0.3),
)
"""Assumed [D]; what is quantised and how often it stays decides how well it is compressed."""

_FIELDS: Final = (("at", ">i8"), ("tenant", ">i4"), ("home", ">i4"), ("device", ">i4"), ("quantity", ">i2"),
                  ("quality", ">i2"), ("value", ">f8"))  # fmt: skip
_ROW: Final = np.dtype([
    ("fields", ">i2"), *(part for name, kind in _FIELDS for part in ((f"{name}_size", ">i4"), (name, kind))),
    ("no_timeline", ">i4"),
])  # fmt: skip
"""One row of COPY in binary form: the number of fields, then each with its size."""
_COPY: Final = (
    "copy reading (observed_at, tenant_id, home_id, device_id, quantity, quality, value, timeline_id)"
    " from stdin (format binary)"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to store. ``jitter_ms``: how late a report may come."""

    homes: int
    hours: float
    seed: int
    jitter_ms: int


@dataclass(slots=True)
class Figures:
    """What was measured. Rates are rows a second, times ms; ``mib``: most memory of all processes at once."""

    engine: str
    version: str
    homes: int
    hours: float
    rows: int = 0
    store_rate: float = 0.0
    rollup_rate: float = 0.0
    rollup_again_s: float = 0.0
    bytes_per_reading: float = 0.0
    index_bytes_per_reading: float = 0.0
    rollup_bytes_per_reading: float = 0.0
    compress_rate: float | None = None
    compressed_bytes_per_reading: float | None = None
    late_rate: float = 0.0
    home_12h_p50_ms: float = 0.0
    home_12h_p95_ms: float = 0.0
    series_p95_ms: dict[str, float] = field(default_factory=dict)
    city_p50_ms: float = 0.0
    city_p95_ms: float = 0.0
    mib: float = 0.0


class Day:
    """The readings of ``homes`` in the order in which they come, one array for each two minutes."""

    def __init__(self, homes: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        shape = (homes, len(KINDS))
        self._low, self._high, self._grain, self._stride, self._calm = (
            np.array([getattr(kind, name) for kind in KINDS])
            for name in ("low", "high", "grain", "stride", "calm")
        )
        self._value = self._rng.uniform(self._low, self._high, shape)
        self._phase_ms = self._rng.integers(0, PERIOD_S * 1000, shape)
        self._rows = np.zeros(shape, _ROW)
        self._rows["fields"] = len(_FIELDS) + 1
        for name, kind in _FIELDS:
            self._rows[f"{name}_size"] = np.dtype(kind).itemsize
        self._rows["no_timeline"] = -1
        self._rows["tenant"] = 1
        self._rows["home"] = np.arange(1, homes + 1)[:, None]
        self._rows["device"] = np.arange(1, homes * len(KINDS) + 1).reshape(shape)
        self._rows["quantity"] = [kind.quantity.number for kind in KINDS]

    def step(self, n: int, jitter_ms: int) -> NDArray[Any]:
        """The rows of the ``n``-th two minutes, sorted by time. A report comes up to ``jitter_ms`` late."""
        shape = self._value.shape
        moves = self._rng.random(shape) >= self._calm
        self._value += moves * self._rng.uniform(-1, 1, shape) * np.maximum(self._stride, self._grain)
        self._value = np.clip(self._value, self._low, self._high)
        begin_us = int((BEGIN - EPOCH).total_seconds()) * 1_000_000 + n * PERIOD_S * 1_000_000
        late_ms = self._rng.integers(0, jitter_ms + 1, shape)
        self._rows["at"] = begin_us + (self._phase_ms + late_ms) * 1000
        self._rows["value"] = np.round(np.round(self._value / self._grain) * self._grain, 2)
        rows = self._rows.ravel()
        return rows[np.argsort(rows["at"], kind="stable")]


class Memory(threading.Thread):
    """Watches how much memory this process and the server's hold together (proportional set size)."""

    def __init__(self, postmaster: int) -> None:
        super().__init__(daemon=True)
        self._postmaster = postmaster
        self._done = threading.Event()
        self.most_mib = 0.0

    def run(self) -> None:
        while not self._done.wait(1.0):
            self.most_mib = max(self.most_mib, sum(map(_pss_mib, [*_family(self._postmaster), "self"])))

    def stop(self) -> float:
        """End watching; return the most that was seen."""
        self._done.set()
        self.join()
        return self.most_mib


def _family(postmaster: int) -> list[str]:
    found = [str(postmaster)]
    for folder in Path("/proc").iterdir():
        try:
            if (
                folder.name.isdigit()
                and (folder / "stat").read_text().rpartition(")")[2].split()[1] == found[0]
            ):
                found.append(folder.name)
        except OSError:
            continue  # it has just ended
    return found


def _pss_mib(pid: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


@contextmanager
def _database(dsn: str | None) -> Iterator[str]:
    """A new, migrated database on the server at ``dsn`` (none: an embedded one), dropped at the end."""
    with tempfile.TemporaryDirectory(prefix="anban-storage-") as folder:
        service = Postgres(Path(folder)) if dsn is None else None
        with running(service) if service else nullcontext():
            server = service.dsn if service else str(dsn)
            name = f"bench_{uuid4().hex[:12]}"
            with psycopg.connect(server, autocommit=True) as admin:
                admin.execute(f"create database {name}")
            try:
                yield make_conninfo(server, dbname=name)
            finally:
                with psycopg.connect(server, autocommit=True) as admin:
                    admin.execute(f"drop database {name} with (force)")


def _prepare(dsn: str, homes: int) -> tuple[str, str, int]:
    """Schema and homes; what the server is, its version, and its first process."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        found = conn.execute("select from pg_available_extensions where name = 'timescaledb'").fetchone()
        if found is not None:
            conn.execute("create extension timescaledb")
    migrate(dsn)
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(
            "insert into division (code, name) select lpad((431202000000 + n)::text, 12, '0'), 'd' || n"
            " from generate_series(1, %s) n",
            [DIVISIONS],
        )
        conn.execute("insert into tenant (code, name, division_code) values ('t', 't', '431202000001')")
        conn.execute(
            "insert into home (tenant_id, key, division_code, address)"
            " select 1, 'h' || n, (431202000001 + n %% %s)::text, '' from generate_series(1, %s) n",
            [DIVISIONS, homes],
        )
        conn.execute(
            "insert into gateway (id, home_id, shard, secret) select 'gw-' || id, id, 1, '' from home"
        )
        conn.execute(
            "insert into device (gateway_id, name) select 'gw-' || h, 'd' || d"
            " from generate_series(1, %s) h, generate_series(1, %s) d order by h, d",
            [homes, len(KINDS)],
        )
        version, pid = conn.execute(
            "select current_setting('server_version') || coalesce((select ', timescaledb ' || extversion"
            " from pg_extension where extname = 'timescaledb'), ''), pg_backend_pid()"
        ).fetchone() or ("", 0)
        if found is not None:
            conn.execute("select alter_job(job_id, scheduled => false) from timescaledb_information.jobs")
        for day in range(-1, 3):
            conn.execute("select series_add('reading', %s)", [BEGIN + timedelta(days=day)])
        parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
    return ("timescale" if found is not None else "plain"), version, int(parent)


def _store(
    conn: psycopg.Connection[Any], day: Day, steps: int, jitter_ms: int, say: Callable[[str], None]
) -> float:
    """Copy the day in, two minutes a transaction; return the seconds that the database took."""
    spent = 0.0
    for n in range(steps):
        rows = day.step(n, jitter_ms)
        payload = rows.tobytes()
        began = time.perf_counter()
        _copy(conn, payload)
        spent += time.perf_counter() - began
        if n % 60 == 59:
            say(f"{(n + 1) * PERIOD_S / 3600:.0f} h stored, {len(rows) * (n + 1) / spent:,.0f} rows/s")
    return spent


def _copy(conn: psycopg.Connection[Any], payload: bytes) -> None:
    with conn.transaction(), conn.cursor() as cursor, cursor.copy(_COPY) as stream:
        stream.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        stream.write(payload)
        stream.write(b"\xff\xff")


async def _roll_up(dsn: str, engine: str) -> float:
    """Bring quarters, hours and days up to date; return the seconds."""
    conn = await connect(dsn, autocommit=True)
    began = time.perf_counter()
    try:
        if engine == "timescale":
            for name in AGGREGATES:
                await conn.execute("call refresh_continuous_aggregate(%s, null, null)", [name])
        else:
            while await _turn(conn):
                pass
        return time.perf_counter() - began
    finally:
        await conn.close()


async def _turn(conn: Connection) -> bool:
    async with conn.transaction():
        return await rollup.roll(conn, BEGIN - timedelta(days=30))


def _sizes(conn: psycopg.Connection[Any], engine: str) -> tuple[int, int, int]:
    """Bytes of the readings, of their indexes, and of the roll-ups."""
    if engine == "timescale":
        statement = (
            "select sum(table_bytes + toast_bytes)::bigint, sum(index_bytes)::bigint,"
            " (select sum(hypertable_size(series_rows_of(name)))::bigint"
            " from unnest(array['reading_15m', 'reading_1h', 'reading_1d']) name)"
            " from hypertable_detailed_size('reading')"
        )
    else:
        statement = (
            "select sum(pg_table_size(part))::bigint, sum(pg_indexes_size(part))::bigint,"
            " (select sum(pg_total_relation_size(name::regclass))::bigint"
            " from unnest(array['reading_15m', 'reading_1h', 'reading_1d']) name)"
            " from series_parts('reading')"
        )
    table, index, rollups = conn.execute(statement).fetchone() or (0, 0, 0)
    return int(table or 0), int(index or 0), int(rollups or 0)


def _late(day: Day, homes: int, rng: random.Random) -> bytes:
    """Rows of random homes and moments of the day that is stored: half a second beside what is there."""
    some = rng.sample(range(homes * len(KINDS)), min(LATE_ROWS, homes * len(KINDS)))
    rows = day.step(0, 0)[some]
    rows["at"] += 500_000
    return bytes(rows.tobytes())


async def _ask(dsn: str, figures: Figures, rng: random.Random) -> None:
    """Time the questions of screens, each in a transaction of its own that is bound to its scope."""
    scope = Scope((1,), None, Purpose.CONSOLE)
    end = BEGIN + timedelta(hours=figures.hours)
    conn = await connect(dsn, autocommit=True)

    async def home(resolution: Resolution, hours: float) -> None:
        span = Span(end - timedelta(hours=hours), end)
        kind, number = rng.choice(KINDS), rng.randint(1, figures.homes)
        await history.series(conn, scope, number, kind.quantity, span=span, now=end, resolution=resolution)

    async def all_of_home() -> None:
        values = {"home": rng.randint(1, figures.homes), "begin": end - timedelta(hours=12), "end": end}
        found = await conn.execute(
            "select observed_at, device_id, quantity, quality, value from reading_seen"
            " where home_id = %(home)s and observed_at >= %(begin)s and observed_at < %(end)s",
            values,
        )
        await found.fetchall()

    async def city() -> None:
        span = Span(BEGIN, end)
        await history.divisions(conn, scope, rng.choice(KINDS).quantity, span)

    try:
        figures.home_12h_p50_ms, figures.home_12h_p95_ms = await _timed(conn, all_of_home, 200)
        for resolution in Resolution:
            hours = 12 if resolution is Resolution.RAW else figures.hours
            _, p95 = await _timed(conn, partial(home, resolution, hours), 100)
            figures.series_p95_ms[resolution.value] = p95
        figures.city_p50_ms, figures.city_p95_ms = await _timed(conn, city, 40)
    finally:
        await conn.close()


async def _timed(
    conn: Connection, question: Callable[[], Awaitable[None]], times: int
) -> tuple[float, float]:
    """Median and 95th percentile in ms, the first three left out."""
    spent = []
    for _ in range(times + 3):
        began = time.perf_counter()
        async with conn.transaction():
            await conn.execute(
                "select set_config('anban.tenants', '{1}', true), set_config('anban.homes', '', true)"
            )
            await question()
        spent.append((time.perf_counter() - began) * 1000)
    cuts = statistics.quantiles(spent[3:], n=20)
    return round(cuts[9], 2), round(cuts[18], 2)


def measure(dsn: str, plan: Plan, say: Callable[[str], None]) -> Figures:
    """The whole day on one database."""
    engine, version, postmaster = _prepare(dsn, plan.homes)
    homes, hours, seed, jitter_ms = plan.homes, plan.hours, plan.seed, plan.jitter_ms
    figures = Figures(engine, version, homes, hours)
    memory = Memory(postmaster)
    memory.start()
    day, rng = Day(homes, seed), random.Random(seed)
    steps = int(hours * 3600 / PERIOD_S)
    with psycopg.connect(dsn, autocommit=True) as conn:
        figures.rows = steps * homes * len(KINDS)
        figures.store_rate = round(figures.rows / _store(conn, day, steps, jitter_ms, say))
        figures.rollup_rate = round(figures.rows / asyncio.run(_roll_up(dsn, engine)))
        say(f"rolled up, {figures.rollup_rate:,.0f} rows/s")
        conn.execute("vacuum analyze")
        table, index, rollups = _sizes(conn, engine)
        figures.bytes_per_reading = round((table + index) / figures.rows, 2)
        figures.index_bytes_per_reading = round(index / figures.rows, 2)
        figures.rollup_bytes_per_reading = round(rollups / figures.rows, 2)
        if engine == "timescale":
            began = time.perf_counter()
            conn.execute("select compress_chunk(c) from show_chunks('reading') c")
            figures.compress_rate = round(figures.rows / (time.perf_counter() - began))
            table, index, _ = _sizes(conn, engine)
            figures.compressed_bytes_per_reading = round((table + index) / figures.rows, 2)
            say(f"compressed, {figures.compressed_bytes_per_reading} bytes a reading")
        conn.execute("checkpoint")
        asyncio.run(_ask(dsn, figures, rng))
        late = _late(day, homes, rng)
        began = time.perf_counter()
        _copy(conn, late)
        figures.late_rate = round(len(late) / _ROW.itemsize / (time.perf_counter() - began))
        figures.rollup_again_s = round(asyncio.run(_roll_up(dsn, engine)), 2)
    figures.mib = round(memory.stop(), 1)
    return figures


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.storage", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--homes", type=int, default=3_000)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--jitter-ms", type=int, default=20, help="how late a report may come (20)")
    parser.add_argument("--dsn", help="a server to make a database in; none: the embedded one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    options = parser.parse_args(argv)

    def say(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    with _database(options.dsn) as dsn:
        plan = Plan(options.homes, options.hours, options.seed, options.jitter_ms)
        figures = measure(dsn, plan, say)
    found = asdict(figures)
    if options.json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    else:
        sys.stdout.writelines(f"{name:30} {value}\n" for name, value in found.items() if value is not None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
