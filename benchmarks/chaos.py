"""``python -m benchmarks.chaos``: two hundred faults in random order while calls, falls and readings flow.

What this is: the whole road as real processes (a broker that devices publish to, our agent, a network that
can be cut, the cloud with its embedded broker and database), each killed, frozen, cut off, filled up or set
back in time in an order drawn from ``--seed``; then the audit. What it is not: a proof for a memory card that
lies about what it has written, or for two machines that burn at once. The one idea: every press and every
reading is numbered, so at the end it is known what was said, and tables and audit are held against it.

The clock that jumps two weeks back is the agent's own, which ``bench_agent`` reads through a file; the
machine's is not touched. The full disk is a small tmpfs below the agent's data folder; where mounting is not
permitted that fault is left out, and the result says so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.bench_agent import BOOT, SUBSCRIBED, TAKEN
from benchmarks.chaos_faults import Road, hurt
from benchmarks.gateways import Gateway, Mosquitto, wait_for
from benchmarks.proxy import Proxy
from cloud.audit import Report, audit, lines
from cloud.db import connect
from firmware_protocols.model import AlarmKind, EventKind, Quantity
from firmware_protocols.wire.topics import Lane
from tests.harness import System, roster
from tests.scenario.disks import Disk, small_disk

FAULTS: Final = 200
MOST_S: Final = 900.0
"""Fifteen minutes: no fault begins after this less what the end needs."""
END_S: Final = 150.0
READINGS_PER_S: Final = 20.0
SOS_EVERY_S: Final = 2.0
FALL_EVERY_S: Final = 9.0
PENDANTS: Final = 150
"""Each is pressed once in five minutes: what the agent takes within a minute is one call, and it may be away
for long.
"""
GROUP_S: Final = 1.0
LATE_S: Final = 0.5
"""Beyond a group's time: the agent looks five times a second whether a group is due."""
DISK_MIB: Final = 4
_RADAR: Final = "radar"


_IN_THE_PAST: Final = tuple(
    f"select count(*) from {table} where observed_at < now() - interval '1 day'"
    for table in ("reading", "event", "alarm")
)


class Home:
    """The devices of one home: publishes numbered messages to the source's broker, all QoS 1."""

    def __init__(self, port: int) -> None:
        self.readings: dict[int, float] = {}
        self.presses: Counter[str] = Counter()
        self.falls = 0
        self._number = 0
        self._stopping = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "home")
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._thread = threading.Thread(target=self._live, name="home", daemon=True)

    def start(self) -> None:
        """Begin to live."""
        self._thread.start()

    def stop(self) -> None:
        """Say nothing more; everything said is with the source's broker."""
        self._stopping.set()
        self._thread.join()
        wait_for(lambda: not self._client.want_write(), 10)
        time.sleep(0.5)
        self._client.disconnect()
        self._client.loop_stop()

    def _live(self) -> None:
        began = time.monotonic()
        sos_s, fall_s, tick = 0.0, 0.0, 0
        while not self._stopping.wait(max(0.0, began + tick / READINGS_PER_S - time.monotonic())):
            now_s, tick = time.monotonic() - began, tick + 1
            self.readings[tick] = time.monotonic()
            self._say(_RADAR, n=tick)
            if now_s >= sos_s:
                sos_s += SOS_EVERY_S
                pendant = f"pendant{sum(self.presses.values()) % PENDANTS:02}"
                self.presses[pendant] += 1
                self._say(pendant, b=1)
            if now_s >= fall_s:
                fall_s += FALL_EVERY_S
                self.falls += 1
                self._say(_RADAR, f=1)

    def _say(self, device: str, **what: int) -> None:
        """``c`` is the device's counter: what the source's broker sends twice after a kill is a replay."""
        self._number += 1
        self._client.publish(f"sensor/{device}/data", json.dumps({**what, "c": self._number}), qos=1)


def heal(road: Road) -> bool:
    """Wait until the agent's outbox is empty; then end it: its last words tell the audit all numbers."""
    healed = wait_for(lambda: _waiting(road.outbox) == 0, END_S, 0.5)
    process = road.gateway.process
    if process is not None:
        process.terminate()
        process.wait(20)
        road.gateway.process = None
    return healed


def _waiting(outbox: Path) -> int:
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True)) as connection:
        return int(connection.execute("select count(*) from batch").fetchone()[0])
    return -1


def account(road: Road, home: Home) -> dict[str, Any]:
    """Hold what was said against what is stored."""
    report = asyncio.run(audited(road.system.dsn))
    with psycopg.connect(road.system.dsn) as conn:
        raised = _rows(
            conn,
            "select device.name, count(distinct alarm_id) from alarm join device on device.id = device_id"
            " where alarm.kind = %s and state = 'raised' group by 1",
            AlarmKind.SOS.value,
        )
        twice = _rows(conn, "select alarm_id, state, count(*) from alarm group by 1, 2 having count(*) > 1")
        orphans = _rows(
            conn,
            "select alarm_id from alarm where state = 'raised' and not exists"
            " (select from incident_alarm as one"
            " where one.alarm_id = alarm.alarm_id and one.home_id = alarm.home_id)",
        )
        falls = _rows(conn, "select count(*) from event where kind = %s", EventKind.FALL_SUSPECTED.value)[0][
            0
        ]
        values = _rows(conn, "select value from reading where quantity = %s", Quantity.DISTANCE.number)
        past = sum(_rows(conn, statement)[0][0] for statement in _IN_THE_PAST)
        moved = _rows(conn, "select count(*) from timeline where shift > interval '13 days'")[0][0]
    calls = {str(name): int(count) for name, count in raised}
    stored = Counter(round(float(value)) for (value,) in values)
    return {
        "alarms": {
            "called": sum(home.presses.values()),
            "lost": sum(max(0, n - calls.get(name, 0)) for name, n in home.presses.items()),
            "doubled": sum(max(0, calls.get(name, 0) - n) for name, n in home.presses.items()) + len(twice),
            "without_incident": len(orphans),
        },
        "fall_events": {
            "said": home.falls,
            "lost": max(0, home.falls - falls),
            "doubled": max(0, falls - home.falls),
        },
        "refused_frames": road.said().count("frame refused"),
        "readings": {
            "said": len(home.readings),
            **_of_readings(road, home, stored, report),
        },
        "clocks": {"put_right": moved, "records_at_a_wrong_time": past},
        "audit": {"sent": report.sent, "missing": report.missing, "doubled": report.doubled},
        "audit_lines": list(lines(report))[-6:],
    }


def _of_readings(road: Road, home: Home, stored: Counter[int], report: Report) -> dict[str, Any]:
    """Lost before their commit (said how long before the kill?), dropped by the gateway's own word."""
    lost = sorted(set(home.readings) - set(stored))
    taken = _taken(road.taken)
    dropped = sum(
        part.size for one in report.findings if one.lane.lane == Lane.BULK for part, _ in one.dropped
    )
    ages = [_before_kill(taken.get(number, ()), road.killed_at) for number in lost]
    old = [age for age in ages if age is None or age > GROUP_S + LATE_S]
    return {
        "lost_once_committed": report.missing,
        "doubled": sum(times - 1 for times in stored.values()),
        "dropped_and_named": dropped,
        "never_committed": len(lost) - dropped,
        "longest_before_its_kill_s": round(max((age for age in ages if age is not None), default=0.0), 2),
        "lost_without_such_a_reason": max(0, len(old) - dropped),
    }


def _taken(file: Path) -> dict[int, list[float]]:
    """When the agent took each reading: again, if a kill came before the source's broker knew that it had."""
    found: dict[int, list[float]] = {}
    for line in file.read_bytes().splitlines():
        at, _, payload = line.partition(b" ")
        with suppress(ValueError):  # the last line before a kill may be cut short
            if "n" in (said := json.loads(payload)):
                found.setdefault(int(said["n"]), []).append(float(at))
    return found


def _before_kill(taken_at: Sequence[float], kills: Sequence[float]) -> float | None:
    """How long before a kill it was taken, at the time that was nearest to one. A second time it may have
    been refused as a replay, because the counter of its first was committed with an event, and it was not.
    """
    return min((kill - at for at in taken_at for kill in kills if kill >= at), default=None)


def _rows(conn: psycopg.Connection[Any], statement: str, *values: object) -> list[Any]:
    return conn.execute(statement.encode(), values).fetchall()


async def audited(dsn: str) -> Report:
    """The audit of the database at ``dsn``."""
    conn = await connect(dsn)
    try:
        return await audit(conn)
    finally:
        await conn.close()


def county() -> dict[str, Any]:
    """One home whose gateway is ours."""
    found = roster(1)
    devices = [{"name": f"pendant{n:02}", "kind": "pendant", "room": ""} for n in range(PENDANTS)]
    found["homes"][0]["devices"] = [*devices, {"name": _RADAR, "kind": "radar", "room": "bathroom"}]
    return found


def configuration(folder: Path, source: int, broker: int) -> str:
    """The agent's, with the devices of the benchmark's source."""
    home = county()["homes"][0]
    gateway = home["gateway"]
    text = (
        f'[gateway]\nid = "{gateway["id"]}"\nshard = {gateway["shard"]}\ndata_dir = "{folder / "data"}"\n'
        f'[uplink]\nhost = "127.0.0.1"\nport = {broker}\nsecret = "{gateway["secret"]}"\n'
        f"[rules]\nfall_confirm_s = 3\n[outbox]\ngroup_s = {GROUP_S}\nquota_mib = 64\n"
        f'[ble]\nbackend = "hci"\ntransport = "source:127.0.0.1:{source}"\n'
    )
    for number, device in enumerate(home["devices"]):
        address = f"A4:C1:38:00:00:{number:02X}"
        text += (
            f'[[ble.device]]\naddress = "{address}"\nname = "{device["name"]}"\nkind = "{device["kind"]}"\n'
        )
    return text


@contextmanager
def standing(folder: Path, seed: int) -> Iterator[tuple[Road, Home]]:
    """The road, running; every process is ended at the end, by its number."""
    with ExitStack() as stack:
        source = Mosquitto(folder / "source")
        stack.callback(source.stop)
        system = stack.enter_context(System(folder / "cloud", county()).started())
        proxy = Proxy(lambda: system.broker_port)
        stack.callback(proxy.close)
        at = folder / "gateway"
        at.mkdir()
        disk = _disk(stack, at / "data")
        config = at / "edge.toml"
        config.write_text(configuration(at, source.port, proxy.port))
        skew = at / "skew"
        skew.write_text("0")
        command = [sys.executable, "-m", "benchmarks.bench_agent", "--source", "--skew", str(skew)]
        taken = at / "taken"
        environment = {BOOT: "boot-0", TAKEN: str(taken)}
        gateway = Gateway([*command, "--config", str(config)], at, environment)
        stack.callback(gateway.kill)
        home = Home(source.port)
        road = Road(system, gateway, proxy, skew, disk, random.Random(seed), taken)
        gateway.start()
        if not wait_for(lambda: SUBSCRIBED in road.said(), 60):
            raise RuntimeError(f"the agent does not start, see {at / 'gateway.log'}")
        yield road, home


def _disk(stack: ExitStack, folder: Path) -> Disk | None:
    try:
        return stack.enter_context(small_disk(folder, DISK_MIB))
    except OSError:
        return None


def main(argv: Sequence[str] | None = None) -> int:
    """Run, print, and return 0 if nothing was lost that may not be, and nothing doubled."""
    parser = argparse.ArgumentParser(prog="benchmarks.chaos", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    parser.add_argument("--faults", type=int, default=FAULTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="run in this (new) folder and leave it")
    options = parser.parse_args(argv)
    began = time.monotonic()
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="anban-chaos-")))
        folder.mkdir(exist_ok=True)
        with standing(folder, options.seed) as (road, home):
            home.start()
            time.sleep(3)
            done = hurt(road, options.faults, began + MOST_S - END_S)
            time.sleep(2)
            home.stop()
            healed = heal(road)
            result = account(road, home)
    result |= {
        "seed": options.seed,
        "faults": dict(sorted(done.items())),
        "count": sum(done.values()),
        "took_s": round(time.monotonic() - began),
        "disk_fault": "left out: mounting is not permitted here" if road.disk is None else "tmpfs",
    }
    result["failed"] = failures(result, options.faults, healed=healed)
    sys.stdout.write(
        json.dumps(result, indent=1, ensure_ascii=False) + "\n" if options.json else shown(result)
    )
    return 1 if result["failed"] else 0


def failures(result: Mapping[str, Any], wanted: int, *, healed: bool) -> list[str]:
    """What must not be, in words."""
    must_be_none = {
        "alarms": ("lost", "doubled", "without_incident"),
        "fall_events": ("lost", "doubled"),
        "readings": ("lost_once_committed", "doubled", "lost_without_such_a_reason"),
        "clocks": ("records_at_a_wrong_time",),
        "audit": ("missing", "doubled"),
    }
    found = [
        f"{part}: {result[part][name]} {name}"
        for part, names in must_be_none.items()
        for name in names
        if result[part][name]
    ]
    if not healed:
        found.append("the outbox did not empty")
    if result["count"] < wanted:
        found.append(f"{result['count']} of {wanted} faults within the time")
    return found


def shown(result: Mapping[str, Any]) -> str:
    """The result for people."""
    text = [
        f"{result['count']} faults in {result['took_s']} s, seed {result['seed']},"
        f" full disk: {result['disk_fault']}"
    ]
    text += [f"  {count:>4} {name}" for name, count in result["faults"].items()]
    for part in ("alarms", "fall_events", "readings", "clocks", "audit"):
        text.append(f"{part}: " + ", ".join(f"{name} {value}" for name, value in result[part].items()))
    text += result["audit_lines"]
    text += [f"FAILED {what}" for what in result["failed"]] or ["nothing lost, nothing doubled"]
    return "\n".join(text) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
