"""PostgreSQL and a broker of somebody else's: the same code, told where they are."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cloud.embedded.process import free_port
from firmware_protocols.wire import envelope
from firmware_protocols.wire.topics import Channel, Lane
from tests.harness import ROOT, System, Uplink, alarm, eventually, reading

pytestmark = pytest.mark.services
MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    """A mosquitto that lets everybody in; its port."""
    assert MOSQUITTO, "mosquitto is needed: apt-get install mosquitto"
    port = free_port()
    file = tmp_path / "mosquitto.conf"
    file.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    process = subprocess.Popen(
        [MOSQUITTO, "-c", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        eventually(lambda: listening(port))
        yield port
    finally:
        process.terminate()
        process.wait(60)


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_same_cloud_runs_on_services_of_somebody_else(
    tmp_path: Path, empty_database: str, broker: int
) -> None:
    file = tmp_path / "cloud.toml"
    file.write_text(
        f"[database]\ndsn = {empty_database!r}\n[broker]\nhost = '127.0.0.1'\nport = {broker}\nuser = ''\n"
    )
    system = System(tmp_path / "unused", arguments=("--port", "0", "--config", str(file)), embedded=False)
    with system.started(), Uplink("gw-h001", 1, broker) as uplink:
        uplink.send(Lane.BULK, reading())
        uplink.send(Lane.ALARM, alarm())
        uplink.settle(again_s=15)
        stranger = envelope.encode(uplink.batch(Lane.BULK, [reading()])).replace(b"gw-h001", b"gw-x999")
        uplink.client.publish("anban/1/1/gw-x999/t", stranger, qos=1)
        found = "select reason from quarantine where gateway_id = 'gw-x999'"
        with psycopg.connect(empty_database, autocommit=True) as conn:
            eventually(lambda: conn.execute(found).fetchone() == ("unknown gateway",))
            assert conn.execute("select count(*) from reading").fetchone() == (1,)
            assert conn.execute("select count(*) from incident").fetchone() == (1,)
        uplink.raw(Channel.BULK, b"garbage")
    assert not (tmp_path / "unused" / "postgres").exists()
    command = [sys.executable, "-m", "cloud", "audit", "--dsn", empty_database]
    audited = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert audited.stdout.splitlines()[-1] == "0 missing of 2, 0 doubled"
