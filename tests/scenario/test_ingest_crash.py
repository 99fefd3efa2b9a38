"""kill -9 of each part, one after the other, while two hundred events flow: none lost, none doubled."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from cloud import audit
from firmware_protocols.wire.topics import Lane
from tests.harness import ROOT, Part, System, Uplink, alarm, eventually, reading

pytestmark = pytest.mark.services


def audited(system: System) -> str:
    """The last line of the audit command, run as a person would."""
    command = [sys.executable, "-m", "cloud", "audit", "--data", str(system.data)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.splitlines()[-1] if found.stdout else found.stderr


def heartbeat_counted(system: System, uplink: Uplink) -> Callable[[], object]:
    def known() -> object:
        with psycopg.connect(system.dsn) as conn:
            row = conn.execute(
                "select state->>'epoch' from gateway where id = %s", [uplink.gateway]
            ).fetchone()
        return row and row[0] == uplink.epoch

    return known


def revived(system: System, part: Part) -> Callable[[], bool]:
    dead = system.pid(part)

    def alive() -> bool:
        try:
            return system.pid(part) != dead
        except AssertionError:
            return False

    return alive


def test_two_hundred_events_survive_a_kill_9_of_every_part(tmp_path: Path) -> None:
    system = System(tmp_path)
    with system.started(), Uplink("gw-h001", 1, system.broker_port) as uplink:
        for number in range(200):
            if number % 10 == 0:
                uplink.send(Lane.ALARM, alarm(number))
            else:
                uplink.send(Lane.BULK, reading(60 + number % 40))
            match number:
                case 50:
                    system.kill9("nats")
                case 100:
                    system.kill9("postgres")
                case 150:
                    system.kill9("cloud")
                    system.start()
                    uplink.move(system.broker_port)
            time.sleep(0.01)
        uplink.settle()
        uplink.state()
        eventually(heartbeat_counted(system, uplink))
        assert audited(system) == "0 missing of 200, 0 doubled"
        with psycopg.connect(system.dsn) as conn:
            rows = conn.execute(
                "select (select count(*) from reading), (select count(*) from alarm)"
            ).fetchone()
        assert rows == (180, 20)


@pytest.mark.parametrize("part", ["nats", "postgres"])
def test_a_killed_service_comes_back_where_it_was(tmp_path: Path, part: Part) -> None:
    system = System(tmp_path)
    with system.started(), Uplink("gw-h001", 1, system.broker_port) as uplink:
        before = (system.dsn, system.broker_port)
        uplink.send(Lane.BULK, reading())
        uplink.settle()
        back = revived(system, part)
        system.kill9(part)
        eventually(back)
        assert (system.dsn, system.broker_port) == before
        uplink.send(Lane.BULK, reading())
        uplink.settle()
        assert audited(system) == "0 missing of 2, 0 doubled"


def test_a_killed_cloud_leaves_no_process_and_starts_again_on_its_data(tmp_path: Path) -> None:
    system = System(tmp_path)
    system.start()
    children = [system.pid("nats"), system.pid("postgres")]
    with Uplink("gw-h001", 1, system.broker_port) as uplink:
        uplink.send(Lane.BULK, reading())
        uplink.settle()
    system.kill9("cloud")
    with system.started():
        assert not set(children) & {system.pid("nats"), system.pid("postgres")}
        assert audited(system) == "0 missing of 1, 0 doubled"


def test_the_audit_finds_what_is_really_missing(tmp_path: Path) -> None:
    system = System(tmp_path)
    with system.started(), Uplink("gw-h001", 1, system.broker_port) as uplink:
        uplink.send(Lane.BULK, reading())
        uplink.batch(Lane.BULK, [reading()])  # numbered, but never sent and no longer in the outbox
        uplink.send(Lane.BULK, reading())
        uplink.settle()
        uplink.state()
        eventually(heartbeat_counted(system, uplink))
    assert audit.main(["--data", str(tmp_path)]) == 1
    assert audited(system) == "1 missing of 3, 0 doubled"
