"""``python -m benchmarks.ingest``: what the cloud takes in, beside a bare COPY and a peer, in one run.

What this is: batches of fifty readings and single readings end to end (publisher, broker, ``anban-cloud
ingest``, commit), the path alone (message bytes to COMMIT, no broker) against a COPY of the same rows into
the same table, alarms while readings run at full speed, and a count of every reading. What it is not: a claim
about another machine; ratios and processor time per reading carry over, rates do not. Everything shares the
machine's cores.

``--dsn`` takes another server, for example with TimescaleDB; a database of its own is made there and dropped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks import ingest_peer
from benchmarks.gateways import wait_for
from benchmarks.ingest_path import path_against_copy
from benchmarks.ingest_rig import (
    Blaster,
    Broker,
    Callers,
    Ingest,
    analyze,
    batches,
    database,
    packet,
    programs,
    settle_in,
    topic,
)
from firmware_protocols.wire import envelope

BATCHED: Final = 12_000
"""Batches of ``SIZE`` readings."""
SIZE: Final = 50
SINGLE: Final = 60_000
SETTLE_S: Final = 300.0
TARGETS: Final = {
    "batched_per_s": 100_000.0,
    "single_per_s": 15_000.0,
    "path_part": 0.5,
    "alarm_p99_s": 0.25,
    "times_peer": 500.0,
}


@dataclass(frozen=True, slots=True)
class Rig:
    """What one broker's tests run on."""

    dsn: str
    server_cpu_s: Callable[[], float]
    broker: Broker
    ingest: Ingest


def end_to_end(rig: Rig, count: int, size: int, *, calling: bool = False) -> dict[str, Any]:
    """Publish ``count`` batches at once and wait until each is committed."""
    epoch = f"e{time.monotonic_ns():x}"
    before = stored(rig.dsn)
    packets = [
        packet(topic(batch), envelope.encode(batch, compact=True), number)
        for number, batch in enumerate(batches(count, size, epoch, first=before))
    ]
    used = (rig.ingest.cpu_s(), rig.server_cpu_s(), rig.broker.cpu_s())
    blaster = Blaster(rig.broker)
    began = time.monotonic()
    callers = Callers(rig.broker) if calling else None
    if callers:
        with callers:
            blaster.send(packets)
            done = wait_for(lambda: stored(rig.dsn) >= before + count * size, SETTLE_S, 0.05)
            took_s = time.monotonic() - began
    else:
        blaster.send(packets)
        done = wait_for(lambda: stored(rig.dsn) >= before + count * size, SETTLE_S, 0.05)
        took_s = time.monotonic() - began
    blaster.close()
    now = (rig.ingest.cpu_s(), rig.server_cpu_s(), rig.broker.cpu_s())
    total = count * size
    parts = zip(("ingest", "database", "broker"), now, used, strict=True)
    found = {
        "readings": total,
        "all_stored": done,
        "took_s": round(took_s, 2),
        "per_s": round(total / took_s),
        "cpu_us_per_reading": {name: round((a - b) / total * 1e6, 2) for name, a, b in parts},
    }
    if callers:
        waits = sorted(callers.waits_s)
        found |= {
            "alarms": len(waits),
            "alarms_unanswered": callers.unanswered,
            "alarm_p50_s": round(statistics.median(waits), 4),
            "alarm_p99_s": round(waits[int(len(waits) * 0.99)], 4),
        }
    return found


def stored(dsn: str) -> int:
    """Readings that the book of days has."""
    with psycopg.connect(dsn) as conn:
        row = conn.execute("select coalesce(sum(records), 0) from delivery_day where lane = 't'").fetchone()
        return int(row[0]) if row else 0


def exactly_once(dsn: str) -> dict[str, int]:
    """Each reading's value is its number: which are missing, which are there twice?"""
    with psycopg.connect(dsn) as conn:
        row = conn.execute("select count(*), count(distinct value) from reading").fetchone()
    sent = stored(dsn)
    rows, distinct = row or (0, 0)
    return {"sent": sent, "stored": rows, "lost": sent - distinct, "doubled": rows - distinct}


def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All figures."""
    results: dict[str, Any] = {"machine": programs(), "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}"}
    with database(folder / "data", options.dsn) as (dsn, server_cpu_s):
        asyncio.run(settle_in(dsn))
        for name in options.brokers:
            with Broker(name, folder) as broker, Ingest(folder / f"ingest-{name}", dsn, broker) as ingest:
                rig = Rig(dsn, server_cpu_s, broker, ingest)
                end_to_end(rig, 600, SIZE)  # every device is known, every plan is made
                analyze(dsn)
                results[f"batched, {name}"] = end_to_end(rig, options.batched, SIZE)
                results[f"single, {name}"] = end_to_end(rig, options.single, 1)
                results[f"alarms beside readings, {name}"] = end_to_end(
                    rig, options.batched, SIZE, calling=True
                )
                if name == "mosquitto" and not options.no_peer:
                    results["peer"] = ingest_peer.measure(folder / "peer", dsn, broker)
        results["exactly once"] = exactly_once(dsn)
        results["path alone"] = asyncio.run(path_against_copy(dsn, server_cpu_s))
    if "peer" in results:
        ours = max(results[key]["per_s"] for key in results if key.startswith("batched"))
        results["times peer"] = round(ours / max(results["peer"]["per_s"], 0.01))
    return results


def misses(results: dict[str, Any]) -> list[str]:
    """Which targets a run has missed, in words."""
    found = []

    def best(prefix: str, key: str) -> float:
        return float(max(one[key] for name, one in results.items() if name.startswith(prefix)))

    for prefix, target in (("batched", "batched_per_s"), ("single", "single_per_s")):
        if best(prefix, "per_s") < TARGETS[target]:
            found.append(f"{prefix}: {best(prefix, 'per_s'):.0f} readings/s, target {TARGETS[target]:.0f}")
    slowest = best("alarms", "alarm_p99_s")
    if slowest > TARGETS["alarm_p99_s"]:
        found.append(f"alarms beside readings: p99 {slowest} s, target {TARGETS['alarm_p99_s']}")
    if results["path alone"]["part_of_copy"] < TARGETS["path_part"]:
        found.append(f"path alone: {results['path alone']['part_of_copy']} of COPY, target 0.5")
    if any(results["exactly once"][key] for key in ("lost", "doubled")):
        found.append(f"exactly once: {results['exactly once']}")
    if results.get("times peer", TARGETS["times_peer"]) < TARGETS["times_peer"]:
        found.append(f"times the peer: {results['times peer']}, target 500")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0 if every target was met."""
    parser = argparse.ArgumentParser(prog="benchmarks.ingest", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    parser.add_argument("--dsn", help="another server, by a user who may make databases")
    parser.add_argument("--brokers", nargs="*", default=["mosquitto", "nats"], choices=["mosquitto", "nats"])
    parser.add_argument("--batched", type=int, default=BATCHED, help="batches of fifty readings")
    parser.add_argument("--single", type=int, default=SINGLE, help="batches of one reading")
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="anban-ingest-") as folder:
        Path(folder).chmod(0o755)
        results = measure(Path(folder), options)
    results["missed"] = misses(results)
    if options.json:
        sys.stdout.write(json.dumps(results, indent=1) + "\n")
    else:
        sys.stdout.writelines(f"{name}: {json.dumps(found)}\n" for name, found in results.items())
    return 1 if results["missed"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
