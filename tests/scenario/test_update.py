"""An update through a whole cloud, with real wheels, environments and processes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.harness import System, eventually, roster
from tests.scenario.edge_home import GATEWAY, SECRET, SHARD, Radar
from tests.scenario.updating import Machine, Press, release

pytestmark = [pytest.mark.services, pytest.mark.timeout(400)]

OLD, NEW, BROKEN = "9.0.0", "9.1.0", "9.2.0"
OPERATOR = {"username": "op1", "password": "correct horse 电池"}


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Press:
    press = Press(tmp_path_factory.mktemp("press") / "press")
    press.wheel(OLD)
    press.wheel(NEW)
    press.wheel(BROKEN, mute=True)
    return press


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, press: Press) -> Iterator[System]:
    staff = {**OPERATOR, "role": "operator", "name": "向玉珍", "homes": []}
    county = roster(1, staff=[staff])
    county["homes"][0]["gateway"] = {"id": GATEWAY, "shard": SHARD, "secret": SECRET}
    system = System(tmp_path_factory.mktemp("cloud") / "cloud", county)
    with system.started():
        for serial, version in enumerate((NEW, BROKEN), 1):
            document = press.release(version, serial)
            signed = ("--signature", str(document.with_name("release.sig")), "--key", str(press.public_key))
            release(system, "add", str(document), *signed)
        yield system


@pytest.fixture
def machine(tmp_path: Path, system: System, press: Press) -> Machine:
    radar = Radar(tmp_path)
    config = tmp_path / "edge.toml"
    config.write_text(
        f"""
        [gateway]
        id = "{GATEWAY}"
        shard = {SHARD}
        data_dir = "{tmp_path}/agent"
        [uplink]
        host = "127.0.0.1"
        port = {system.broker_port}
        secret = "{SECRET}"
        [update]
        url = "{system.address}"
        folder = "{tmp_path}/program"
        key_file = "{press.public_key}"
        [[serial]]
        name = "radar-bath"
        codec = "micradar"
        port = "{radar.port}"
        room = "bathroom"
        [rules]
        fall_confirm_s = 0
        """
    )
    machine = Machine(tmp_path, config, press.public_key, radar)
    machine.install(press.folder / OLD / f"anban-{OLD}-py3-none-any.whl")
    return machine


def one(system: System, statement: str) -> Any:
    """The first value of the first row, ``None`` without one."""
    with psycopg.connect(system.dsn, autocommit=True) as conn:
        cursor = conn.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def heartbeat(system: System) -> tuple[str, str, str]:
    """What the gateway says: the version that runs, and how far the newest update is."""
    said = one(system, "select coalesce(state, '{}') from gateway")
    update = said.get("update", {})
    return said.get("version", ""), update.get("version", ""), update.get("state", "")


def soon(what: Callable[[], object], every_s: float = 0.3) -> None:
    """Wait for many processes to have their turn; asked seldom, because each question is a connection."""
    eventually(what, within_s=120.0, every_s=every_s)


@contextmanager
def offered(system: System, version: str) -> Iterator[None]:
    """The release goes out for the length of a block."""
    release(system, "start", version, "--pilots", GATEWAY, "--soak-hours", "0", "--again")
    yield
    one(system, "update release set state = 'added', due_at = null")


def test_an_update_is_kept_once_the_cloud_has_committed_a_batch_of_it_whatever_is_killed_meanwhile(
    system: System, machine: Machine
) -> None:
    with machine.on():
        soon(lambda: heartbeat(system)[0] == OLD)
        with offered(system, NEW):
            soon(machine.places.request.exists, 0.01)
            machine.kill()
            soon(lambda: machine.environments > 1, 0.01)
            machine.kill_guard()
            machine.kill()
            soon(lambda: machine.record.trial is not None, 0.01)
            machine.kill()
            soon(lambda: heartbeat(system) == (NEW, NEW, "kept"))
    assert machine.places.trusted.resolve() == machine.places.current.resolve()
    assert one(system, "select detail from event where kind = 'restarted'") == NEW
    answer = one(system, "select detail from command where name = 'update'")
    assert answer in {f"{NEW} is taken up", "done before"}, "killed before its first answer was out"


def test_a_version_that_delivers_nothing_is_taken_back_not_tried_again_and_its_release_stops(
    system: System, machine: Machine
) -> None:
    with machine.on():
        soon(lambda: heartbeat(system)[0] == OLD)
        with offered(system, BROKEN):
            soon(lambda: heartbeat(system) == (BROKEN, BROKEN, "trial"))
            machine.within_s = 3.0
            soon(lambda: heartbeat(system) == (OLD, BROKEN, "back"))
            soon(lambda: one(system, "select count(*) from release where state = 'paused'"))
            assert "1 of 1 gateways that tried it went back" in release(system, "status")
    assert machine.runs == "env-first"
    assert machine.record.refused == {BROKEN: "nothing committed within 3 s"}


def test_nothing_is_switched_while_an_alarm_is_open_also_where_nothing_but_the_data_is_written(
    system: System, machine: Machine
) -> None:
    unshare = subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)
    if not unshare.returncode:
        machine.make_read_only()
    with machine.on():
        soon(lambda: "serial port open" in machine.said())
        machine.radar.fall()
        soon(lambda: one(system, "select state from incident") == "raised")
        with offered(system, NEW):
            soon(lambda: heartbeat(system) == (OLD, NEW, "waiting"))
            assert "an alarm is open" in one(system, "select state -> 'update' ->> 'reason' from gateway")
            close(system)
            soon(lambda: heartbeat(system) == (NEW, NEW, "kept"))
    assert "Read-only file system" not in machine.said()
    if unshare.returncode:
        pytest.skip("all passed, but on a machine that could be written: there is no mount namespace here")


def close(system: System) -> None:
    """Be done with the one incident, at the console."""
    with httpx.Client(base_url=f"{system.address}/api/v1", headers={"X-Anban": "1"}, timeout=60) as browser:
        assert browser.post("/session", json=OPERATOR).status_code == 200
        (incident,) = browser.get("/snapshot").json()["incidents"]
        for action, body in (("ack", {}), ("close", {"outcome": "A2", "note": ""})):
            path = f"/incidents/{incident['id']}/{action}"
            answer = browser.post(path, json={"version": incident["version"], **body})
            assert answer.status_code == 200, answer.text
            incident = answer.json()
