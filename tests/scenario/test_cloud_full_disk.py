"""The cloud's disks run full: what is not stored is not acknowledged, and with room all arrives by itself."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from firmware_protocols.wire.topics import Lane
from tests.harness import ROOT, System, Uplink, alarm, eventually, reading, roster
from tests.scenario.disks import Disk, on_small_disks, small_disk
from tests.scenario.edge_home import GATEWAY, SECRET, SHARD, Agent, Radar

pytestmark = [pytest.mark.services, pytest.mark.timeout(180)]

DATABASE_MIB = 160
"""A new cluster takes about 40 MiB, its log grows by 16."""
BROKER_MIB = 48
FULL = "is full: nothing new is stored or acknowledged, gateways keep what they have; make room there"


@dataclass
class Road:
    """A cloud with one small disk in it, and a gateway with a radar."""

    system: System
    disk: Disk
    agent: Agent
    radar: Radar

    def ask(self, statement: str) -> Any:
        """The first value, ``None`` while the database is away."""
        with suppress(psycopg.OperationalError), psycopg.connect(self.system.dsn) as conn:
            row = conn.execute(statement).fetchone()
            return row[0] if row else None
        return None

    def stored(self, kind: str) -> int:
        """Alarms of a kind and state, as ``fall raised``."""
        return self.ask(f"select count(*) from alarm where kind || ' ' || state = '{kind}'") or 0

    def waits(self) -> bool:
        """Whether the gateway holds alarms that nobody has confirmed to be stored."""
        return self.agent.waiting(Lane.ALARM) > 0

    def says(self, words: str) -> bool:
        return words in self.system.log

    def is_alive(self) -> bool:
        """Whether the process runs and answers."""
        with urllib.request.urlopen(f"{self.system.address}/api/v1/health", timeout=60) as answer:
            return bool(answer.status == 200)


def is_complete(system: System) -> bool:
    """Whether the audit finds nothing missing."""
    command = [sys.executable, "-m", "anban", "audit", "--data", str(system.data)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return found.returncode == 0 and found.stdout.splitlines()[-1].startswith("0 missing of ")


def fill_log(system: System) -> None:
    """Make the database write more log than there is room for."""
    with psycopg.connect(system.dsn, autocommit=True) as conn:
        for _ in range(64):
            conn.execute("select pg_logical_emit_message(false, 'filler', repeat('x', 1000000))")


@contextmanager
def road(folder: Path, part: str, mib: int) -> Iterator[Road]:
    """A whole road whose ``part`` of the cloud lives on a disk of ``mib`` MiB."""
    county = roster(2)
    county["homes"][0]["gateway"] = {"id": GATEWAY, "shard": SHARD, "secret": SECRET}
    data = folder / "cloud"
    with small_disk(data / part, mib) as disk, System(data, county).started() as system:
        radar = Radar(folder)
        agent = Agent(folder, system.broker_port, radar)
        try:
            agent.start()
            eventually(agent.hears_radar)
            radar.distance(100)
            one = Road(system, disk, agent, radar)
            eventually(lambda: one.ask("select count(*) from reading"))
            yield one
        finally:
            agent.kill()


def assert_everything_arrives(road: Road) -> None:
    """After room was made: the fall is there with its incident, and the audit misses nothing."""
    eventually(lambda: road.stored("fall raised") == 1, within_s=60)
    eventually(lambda: not road.waits())
    assert road.ask("select count(*) from incident") == 1
    assert road.system.log.count(FULL) == 1, "told once"
    eventually(lambda: road.says("MiB free) is running out") or road.says("has room again"))
    assert road.agent.stop() == 0
    eventually(partial(is_complete, road.system))


@on_small_disks
def test_tables_that_cannot_grow_hold_the_readings_back_until_there_is_room(tmp_path: Path) -> None:
    data = tmp_path / "cloud"
    with (
        small_disk(data / "postgres", DATABASE_MIB) as disk,
        System(data).started() as system,
        Uplink("gw-h001", 1, system.broker_port) as uplink,
    ):
        uplink.send(Lane.ALARM, alarm(1))
        uplink.settle()
        disk.fill()
        eventually(lambda: FULL in system.log)
        for _ in range(40):
            uplink.send(Lane.BULK, *(reading() for _ in range(200)))
        eventually(lambda: "nothing is acknowledged until it is over: DiskFull" in system.log)
        uplink.send(Lane.ALARM, alarm(2))
        assert uplink.unsettled
        assert system.process is not None
        assert system.process.poll() is None
        disk.make_room()
        uplink.settle()
        uplink.state()
        with psycopg.connect(system.dsn, autocommit=True) as conn:
            assert conn.execute("select count(*) from reading").fetchone() == (8_000,)
            assert conn.execute("select count(*) from alarm").fetchone() == (2,)
        eventually(partial(is_complete, system))
        assert system.log.count(FULL) == 1
        assert system.log.count("until it is over: DiskFull") == 1
        assert f"the disk of {disk.folder} " in system.log


@on_small_disks
def test_a_database_that_cannot_log_ends_says_why_and_comes_back_with_room(tmp_path: Path) -> None:
    """The worst case: the server panics, and cannot even recover before there is room."""
    with road(tmp_path, "postgres", DATABASE_MIB) as home:
        home.disk.fill()
        with pytest.raises(psycopg.OperationalError):
            fill_log(home.system)
        why = f"the disk of {home.disk.folder} is full (0."
        eventually(lambda: home.says("service cannot start, will go on trying name=postgres"))
        eventually(lambda: home.says(why) and home.says(FULL))
        home.radar.fall()
        eventually(home.waits)
        eventually(lambda: home.agent.said().count("alarm kind=fall state=raised") == 1)
        assert home.is_alive()
        assert home.waits(), "nothing may be confirmed that is not stored"
        assert home.system.log.count("service cannot start") == 1, "told once, however often it is tried"
        home.disk.make_room()
        assert_everything_arrives(home)


def revoke_another(road: Road) -> None:
    """Enrolment changes the broker's files, too."""
    with psycopg.connect(road.system.dsn) as conn:
        conn.execute("update gateway set revoked_at = now() where id = 'gw-h002'")


@on_small_disks
def test_a_full_disk_of_the_broker_holds_readings_back_and_no_alarm(tmp_path: Path) -> None:
    """The broker runs on, but what it failed to write has stuck it; alarms go past its disk."""
    with road(tmp_path, "nats", BROKER_MIB) as home:
        home.disk.fill()
        eventually(lambda: home.says(FULL))
        home.radar.fall()
        eventually(lambda: home.says("service ails, waiting for room name=nats"))
        revoke_another(home)
        eventually(lambda: home.stored("fall raised") == 1)
        home.radar.distance(200)
        eventually(lambda: home.agent.waiting(Lane.BULK) > 0)
        home.disk.make_room()
        assert_everything_arrives(home)


@on_small_disks
def test_a_broker_that_has_no_room_to_start_leaves_alarms_in_the_gateway(tmp_path: Path) -> None:
    """Its supervisor finds no room for as much as its configuration."""
    with road(tmp_path, "nats", BROKER_MIB) as home:
        home.disk.fill()
        eventually(lambda: home.says(FULL))
        revoke_another(home)
        home.system.kill9("nats")
        eventually(lambda: home.says("service cannot start, will go on trying name=nats"))
        home.radar.fall()
        eventually(lambda: home.agent.said().count("alarm kind=fall state=raised") == 1)
        assert home.waits()
        assert home.stored("fall raised") == 0
        assert home.is_alive()
        home.disk.make_room()
        assert_everything_arrives(home)
        eventually(lambda: home.says("broker accounts changed gateways=1"))


@on_small_disks
def test_a_first_start_on_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data", 8) as disk:
        command = [sys.executable, "-m", "cloud", "all", "--data", str(disk.folder), "--port", "0"]
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
        assert found.returncode == 2
        last = found.stderr.splitlines()[-1]
        assert last.startswith("anban-cloud: ")
        assert f"the disk of {disk.folder / 'postgres'} is full (" in last
        assert last.endswith("MiB free): make room there")
