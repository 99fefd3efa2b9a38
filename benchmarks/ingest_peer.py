"""esphome-mqtt-timescaledb-ingestor from PyPI on the broker and the server that ours has just used.

It is the one other MQTT-to-PostgreSQL ingest that pip installs. It pins an old paho, so it lives in an
environment of its own below the cache folder. What is sent is its own native form, one state a message; lost
is what never became a row, although the broker delivered it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from benchmarks.gateways import spawn, wait_for
from benchmarks.ingest_rig import Blaster, Broker, packet

PEER: Final = "esphome-mqtt-timescaledb-ingestor==0.3.0"
STATES: Final = 3_000
"""ON or OFF."""
NUMBERS: Final = 1_000
"""Bare numbers, such as 21.5."""
WATCH_S: Final = 20.0
_DATABASE: Final = "anban_bench_peer"
_CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "anban" / "esphome-peer"


def measure(folder: Path, dsn: str, broker: Broker) -> dict[str, Any]:
    """Its rows a second, and what it loses: of numbers, of states, and of a kill."""
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"drop database if exists {_DATABASE}")
        admin.execute(f"create database {_DATABASE}")
    own = make_conninfo(dsn, dbname=_DATABASE)
    process = _start(folder, own, broker)
    try:
        return {"peer": PEER, **_feed(own, broker), **_killed(process, own)}
    finally:
        process.kill()
        process.wait()
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute(f"drop database {_DATABASE} with (force)")


def _feed(dsn: str, broker: Broker) -> dict[str, Any]:
    blaster = Blaster(broker)
    blaster.send([packet(f"home{n % 300}/sensor/temperature/state", b"21.5", n) for n in range(NUMBERS)])
    time.sleep(5)
    numbers = _rows(dsn)
    blaster.send([packet(f"home{n % 300}/binary_sensor/door/state", b"ON", n) for n in range(STATES)])
    began, before = time.monotonic(), _rows(dsn)
    time.sleep(WATCH_S)
    took_s, after = time.monotonic() - began, _rows(dsn)
    blaster.close()
    return {
        "per_s": round((after - before) / took_s, 1),
        "numbers_sent": NUMBERS,
        "numbers_lost": NUMBERS - numbers,
    }


def _killed(process: subprocess.Popen[bytes], dsn: str) -> dict[str, Any]:
    process.kill()
    process.wait()
    return {"states_sent": STATES, "states_lost_by_a_kill": STATES - max(0, _rows(dsn))}


def _rows(dsn: str) -> int:
    with psycopg.connect(dsn) as conn:
        row = conn.execute("select count(*) from esphome_data").fetchone()
        return int(row[0]) if row else 0


def _start(folder: Path, dsn: str, broker: Broker) -> subprocess.Popen[bytes]:
    program = _home() / "bin" / "mqtt-ingestor"
    parts = conninfo_to_dict(dsn)
    at = {key: parts[key] for key in ("host", "port", "dbname", "user", "password") if key in parts}
    mqtt = {"host": "127.0.0.1", "port": broker.port, "username": "", "password": ""}
    config = folder / ".esphome-ingestor" / "ingestor_config.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"database": at, "mqtt": mqtt}))
    log = folder / "log"
    process = spawn([str(program), "start"], log, folder, HOME=str(folder), PYTHONIOENCODING="utf-8")
    if not wait_for(lambda: "subscribed" in log.read_text() and "ready" in log.read_text(), 30):
        raise RuntimeError(f"the peer does not start: {log.read_text()[-1_000:]}")
    return process


def _home() -> Path:
    if not (_CACHE / "bin" / "mqtt-ingestor").exists():
        sys.stderr.write(f"installing {PEER} into {_CACHE}\n")
        venv.create(_CACHE, with_pip=True)
        subprocess.run([_CACHE / "bin" / "pip", "install", "--quiet", PEER], check=True)
    return _CACHE
