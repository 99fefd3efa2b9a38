"""A storm: 500 homes of one county call for help within a minute: ``python -m benchmarks.storm [--json]``.

What this is: the cloud as separate processes (ingest, worker, api), a broker, a database, and a provider of
text messages that speaks its documented interface over HTTP, all on this machine. Every home calls once;
nobody at a console answers, so after the 60 s of telecare practice each alarm goes to its ladder by itself.
What it is not: a test of a carrier. The one idea: what counts is when the provider had the message in hand,
so that is where the clock is read: from the alarm to the family's message, and from the moment at which the
ladder begins to its first rung's.

``--slow S``: the provider takes S seconds for each answer. ``--homes N --within S``: another storm.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.gateways import wait_for
from benchmarks.split import Split, split
from cloud.notify.aliyun import SECRETS
from cloud.notify.sms_templates import TEMPLATES
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, ClockState, DeviceId, GatewayId
from firmware_protocols.wire import envelope, topics
from firmware_protocols.wire.envelope import Batch
from firmware_protocols.wire.topics import Channel, Lane
from simulators.fleet import ulid
from tests.harness import roster, secret_of
from tests.scenario.carriers import Carrier, Mood, carrier

HOMES: Final = 500
WITHIN_S: Final = 60.0
LADDER_AFTER_S: Final = 60.0
"""A call for help that nobody takes goes to the care circle by itself (``cloud.incidents.timers``)."""
PROMISED_S: Final = 5.0
"""First rung of every P1, after its ladder begins."""
SETTLE_S: Final = 60.0
PATIENCE_S: Final = 30.0
"""For the broker's acknowledgement."""
PASSWORD: Final = "correct horse battery"
PEOPLE: Final = (("一", "neighbour"), ("二", "neighbour"), ("女儿", "family"))


def county(homes: int) -> dict[str, Any]:
    """Homes with two neighbours who are asked and a daughter who is told, each with a telephone."""
    document = roster(
        homes, staff=[{"username": "op1", "password": PASSWORD, "role": "operator", "name": "op1"}]
    )
    for number, home in enumerate(document["homes"], 1):
        home["gateway"]["shard"] = number % topics.SHARDS
        home["contacts"] = [
            {
                "rank": rank,
                "name": name,
                "relation": relation,
                "has_key": relation == "neighbour",
                "channels": [f"sms:+8613{rank}{number:08d}"],
            }
            for rank, (name, relation) in enumerate(PEOPLE, 1)
        ]
    return document


def configuration(provider: Carrier) -> str:
    """The lines that name the provider."""
    codes = "".join(f'template_{name} = "{name}"\n' for name in TEMPLATES)
    return f'[notify.channels.sms]\nsign_name = "安伴"\nendpoint = "{provider.url}"\n{codes}'


def call(number: int, port: int) -> float:
    """One home calls for help, both ways at once as a gateway does; when, wall time in s."""
    now = datetime.now(UTC)
    alarm = Alarm(AlarmId(ulid(now)), AlarmKind.SOS, AlarmState.RAISED, DeviceId("pendant"), now)
    gateway = GatewayId(f"gw-h{number:03}")
    batch = Batch(gateway, "e1", Lane.ALARM, 1, "boot", ClockState.SYNCED, (alarm,))
    topic = topics.upward(number % topics.SHARDS, gateway, Channel.ALARM)
    payload = envelope.encode(batch)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, gateway)
    client.username_pw_set(gateway, secret_of(gateway))
    client.connect("127.0.0.1", port)
    client.loop_start()
    for quality in topics.qualities(Channel.ALARM):
        client.publish(topic, payload, quality).wait_for_publish(PATIENCE_S)
    client.disconnect()
    client.loop_stop()
    return now.timestamp()


def storm(cloud: Split, homes: int, within_s: float, rng: random.Random) -> dict[int, float]:
    """All homes call, each at a moment of its own; home → when."""
    began = time.monotonic()
    moments = sorted((rng.uniform(0, within_s), number) for number in range(1, homes + 1))
    with ThreadPoolExecutor(32) as hands:
        running = []
        for moment, number in moments:
            threading.Event().wait(max(0.0, began + moment - time.monotonic()))
            running.append((number, hands.submit(call, number, cloud.nats.mqtt_port)))
        return {number: future.result() for number, future in running}


def first_of(provider: Carrier, template: str) -> dict[int, float]:
    """Home → when the provider had the first message of ``template`` about it."""
    first: dict[int, float] = {}
    for message in list(provider.taken):
        if message.template == template and isinstance(message.values, dict):
            home = int(message.values["resident"].removeprefix("住户"))
            first.setdefault(home, message.at)
    return first


def opened(dsn: str) -> dict[int, float]:
    """Home → when its incident was opened."""
    with psycopg.connect(dsn) as conn:
        found = conn.execute("select key, opened_at from incident join home on home.id = home_id").fetchall()
    return {int(key[1:]): at.timestamp() for key, at in found}


def spread(waits_s: Sequence[float]) -> dict[str, float]:
    """Quantiles, s."""
    ranked = sorted(waits_s)
    if not ranked:
        return {}
    at = {name: ranked[min(len(ranked) - 1, int(len(ranked) * share))] for name, share in _SHARES.items()}
    return {name: round(value, 2) for name, value in at.items()}


_SHARES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}


def shown(cloud: Split) -> dict[str, Any]:
    """What an operator's screen has: incidents, the rows they stand in, how many of those are groups, and how
    long it took to read.
    """
    with httpx.Client(
        base_url=f"{cloud.address}/api/v1", headers={"X-Anban": "1"}, trust_env=False
    ) as client:
        client.post("/session", json={"username": "op1", "password": PASSWORD}).raise_for_status()
        began = time.monotonic()
        rows = client.get("/queue", timeout=30).json()["rows"]
    groups = [row for row in rows if row["group"]]
    return {
        "incidents": sum(len(row["incidents"]) for row in rows),
        "rows": len(rows),
        "group_rows": len(groups),
        "homes_in_groups": sum(row["group"]["homes"] for row in groups),
        "read_s": round(time.monotonic() - began, 2),
    }


def weather(folder: Path, homes: int, within_s: float, slow_s: float, seed: int) -> dict[str, Any]:
    """Run one storm and account for every home."""
    for name in SECRETS:
        os.environ[name] = "of-the-benchmark"
    with carrier("aliyun", Mood.SLOW if slow_s else Mood.WELL) as provider:
        provider.slow_s = slow_s
        with split(folder, county(homes), more=configuration(provider)) as cloud:
            called = storm(cloud, homes, within_s, random.Random(seed))
            patience_s = LADDER_AFTER_S + SETTLE_S
            wait_for(lambda: len(first_of(provider, "ask")) >= homes, patience_s, 0.5)
            began, on_screen = opened(cloud.postgres.dsn), shown(cloud)
    told, asked = first_of(provider, "raised"), first_of(provider, "ask")
    rung = [asked[home] - began[home] - LADDER_AFTER_S for home in called if home in asked and home in began]
    return {
        "homes": homes,
        "within_s": within_s,
        "provider_slow_s": slow_s,
        "lost": len(set(called) - set(began)),
        "never_asked": len(set(called) - set(asked)),
        "never_told": len(set(called) - set(told)),
        "on_screen": on_screen,
        "stored_after_s": spread([began[home] - called[home] for home in called if home in began]),
        "family_told_after_s": spread([told[home] - called[home] for home in called if home in told]),
        "first_rung_after_s": spread(rung),
        "late": sum(wait > PROMISED_S for wait in rung),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "seed": seed,
    }


def _lines(figures: Mapping[str, Any]) -> str:
    return "\n".join(f"{name:>20}: {value}" for name, value in figures.items())


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.storm", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--homes", type=int, default=HOMES)
    parser.add_argument("--within", type=float, default=WITHIN_S, metavar="S")
    parser.add_argument("--slow", type=float, default=0.0, metavar="S")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="anban-storm-") as folder:
        figures = weather(Path(folder), asked.homes, asked.within, asked.slow, asked.seed)
    print(json.dumps(figures) if asked.json else _lines(figures))
    return 1 if figures["lost"] or figures["never_asked"] or figures["late"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
