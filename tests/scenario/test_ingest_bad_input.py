"""Bad input on the real road: each has its quarantine row, and nothing stops for it."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from cloud.embedded.process import left_over
from firmware_protocols.model import ClockState
from firmware_protocols.wire import envelope
from firmware_protocols.wire.topics import Channel, Lane
from tests.harness import ROOT, System, Uplink, alarm, eventually, reading, roster, secret_of

pytestmark = pytest.mark.services
OPERATOR = {"username": "op1", "password": "the right password"}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One running cloud for this module."""
    county = roster(staff=[{**OPERATOR, "role": "operator", "name": "值班员", "homes": []}])
    with System(tmp_path_factory.mktemp("cloud"), county).started() as running:
        yield running


@pytest.fixture
def uplink(system: System) -> Iterator[Uplink]:
    """The gateway of the first home, with an epoch of its own."""
    with Uplink("gw-h001", 1, system.broker_port) as one:
        yield one


def ask(system: System, sql: str, *values: object) -> Any:
    with psycopg.connect(system.dsn) as conn:
        row = conn.execute(sql, values).fetchone()
    return row[0] if row else None


def quarantined(system: System, payload: bytes) -> bool:
    return bool(ask(system, "select count(*) from quarantine where payload = %s", payload))


@pytest.mark.parametrize("channel", [Channel.ALARM, Channel.BULK, Channel.STATE])
def test_garbage_is_kept_and_what_follows_is_stored(system: System, uplink: Uplink, channel: Channel) -> None:
    garbage = f"garbage on {channel}".encode()
    uplink.raw(channel, garbage)
    uplink.send(Lane.BULK, reading())
    uplink.settle(again_s=15)
    eventually(lambda: quarantined(system, garbage))


def test_a_malformed_batch_that_names_itself_does_not_block_its_lane(system: System, uplink: Uplink) -> None:
    document = msgspec.json.decode(envelope.encode(uplink.batch(Lane.BULK, [reading(), reading()])))
    document["r"][0]["n"] = "a quantity from the future"
    payload = msgspec.json.encode(document)
    uplink.raw(Channel.BULK, payload)
    eventually(lambda: any(1 in ack.b for ack in uplink.acks))
    assert quarantined(system, payload)
    uplink.send(Lane.BULK, reading())
    uplink.settle(again_s=15)


def test_a_batch_in_the_name_of_another_gateway_is_kept_and_not_acknowledged(
    system: System, uplink: Uplink
) -> None:
    forged = msgspec.json.decode(envelope.encode(uplink.batch(Lane.BULK, [reading()])))
    forged["gw"] = "gw-h002"
    payload = msgspec.json.encode(forged)
    uplink.raw(Channel.BULK, payload)
    eventually(lambda: quarantined(system, payload))
    assert uplink.acks == []
    assert ask(system, "select count(*) from batch where gateway_id = 'gw-h002'") == 0


def test_readings_on_a_wrong_shard_are_kept_and_an_alarm_still_comes_through(
    system: System, uplink: Uplink
) -> None:
    payload = envelope.encode(uplink.batch(Lane.BULK, [reading()]))
    uplink.raw(Channel.BULK, payload, shard=200)
    call = alarm(200)
    uplink.raw(Channel.ALARM, envelope.encode(uplink.batch(Lane.ALARM, [call])), shard=200)
    eventually(lambda: quarantined(system, payload))
    eventually(lambda: ask(system, "select count(*) from alarm where alarm_id = %s", call.id) == 1)
    eventually(lambda: uplink.acks)
    assert [ack.st for ack in uplink.acks] == [Lane.ALARM]


def test_an_alarm_from_a_gateway_that_lost_the_time_opens_an_incident(system: System, uplink: Uplink) -> None:
    call = alarm(1970, at=datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
    batch = uplink.batch(Lane.ALARM, [call], clock=ClockState.UNSYNCED)
    uplink.raw(Channel.ALARM, envelope.encode(batch))
    found = "select count(*) from incident_alarm where alarm_id = %s"
    eventually(lambda: ask(system, found, call.id) == 1)
    stored: datetime = ask(system, "select observed_at from alarm where alarm_id = %s", call.id)
    assert abs(stored - datetime.now(UTC)) < timedelta(minutes=1)


def test_duplicates_and_disorder_are_stored_once(system: System, uplink: Uplink) -> None:
    batches = [uplink.batch(Lane.BULK, [reading(50 + n, device="order")]) for n in range(20)]
    for batch in [*reversed(batches), *batches]:
        uplink.raw(Channel.BULK, envelope.encode(batch))
    eventually(lambda: len({first for ack in uplink.acks for first in ack.b}) == 20)
    found = "select count(*) from reading join device on device.id = device_id where name = 'order'"
    assert ask(system, found) == 20


def test_a_new_gateway_may_sign_in_as_soon_as_it_is_enrolled_and_no_longer_than_that(system: System) -> None:
    with psycopg.connect(system.dsn) as conn:
        conn.execute("update gateway set revoked_at = now() where id = 'gw-h002'")
    late = Uplink("gw-h002", 2, system.broker_port)
    eventually(lambda: "broker accounts changed gateways=1" in system.log)
    with psycopg.connect(system.dsn) as conn:
        conn.execute("update gateway set revoked_at = null where id = 'gw-h002'")
    with late:
        late.send(Lane.BULK, reading())
        late.settle(again_s=15)
        late.connected.clear()
        with psycopg.connect(system.dsn) as conn:
            conn.execute("update gateway set revoked_at = now() where id = 'gw-h002'")
        eventually(lambda: system.log.count("broker accounts changed gateways=1") == 2)
        assert not late.connected.wait(0.5)


def test_a_gateway_with_a_wrong_secret_or_an_unknown_name_does_not_get_in_and_disturbs_nobody(
    system: System, uplink: Uplink
) -> None:
    for name, secret in (("gw-h002", "wrong"), ("gw-stranger", secret_of("gw-stranger"))):
        intruder = Uplink(name, 2, system.broker_port, secret=secret)
        refused = threading.Event()
        intruder.client.on_disconnect = lambda *_, heard=refused: heard.set()
        assert refused.wait(60)
        assert not intruder.connected.is_set()
        intruder.client.loop_stop()
    uplink.send(Lane.BULK, reading())
    uplink.settle(again_s=15)


def sign_in(system: System, **credentials: str) -> tuple[int, dict[str, Any]]:
    """What the running cloud answers."""
    request = urllib.request.Request(
        f"{system.address}/api/v1/session",
        json.dumps(credentials).encode(),
        {"Content-Type": "application/json", "X-Anban": "1"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def test_a_wrong_password_is_refused_with_a_problem_and_the_right_one_still_works(system: System) -> None:
    status, problem = sign_in(system, **{**OPERATOR, "password": "the wrong password"})
    assert (status, problem["code"]) == (401, "sign_in_refused")
    assert problem["detail"] == (
        "Name or password is wrong, or there were too many attempts: then wait a few minutes."
    )
    status, me = sign_in(system, **OPERATOR)
    assert (status, me["role"]) == (200, "operator")


async def test_a_slow_database_delays_the_acknowledgement_but_loses_nothing(
    system: System, uplink: Uplink
) -> None:
    holder = await psycopg.AsyncConnection.connect(system.dsn)
    await holder.execute("lock table batch in exclusive mode")
    await asyncio.to_thread(uplink.send, Lane.BULK, reading())
    await asyncio.sleep(0.5)
    assert uplink.unsettled
    await holder.rollback()
    await holder.close()
    await asyncio.to_thread(uplink.settle, again_s=15)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cloud", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_an_unknown_configuration_key_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "cloud.toml"
    file.write_text("[web]\nprot = 80\n")
    found = run("all", "--data", str(tmp_path), "--config", str(file))
    assert found.returncode == 2
    assert found.stderr == "anban-cloud: unknown configuration key web.prot; did you mean web.port?\n"


def test_a_port_in_use_is_one_clear_line_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = run("all", "--data", str(tmp_path / "data"), "--port", str(port))
    assert found.returncode == 2
    assert found.stderr.startswith(
        f"anban-cloud: cannot listen on 127.0.0.1 port {port} (Address already in use)"
    )
    assert "--port" in found.stderr
    assert not (tmp_path / "data").exists()


def test_the_port_of_a_running_cloud_is_refused_to_another_one(system: System, tmp_path: Path) -> None:
    port = system.address.rpartition(":")[2]
    found = run("all", "--data", str(tmp_path / "data"), "--port", port)
    assert found.returncode == 2
    assert found.stderr.startswith(f"anban-cloud: cannot listen on 127.0.0.1 port {port} (Address already in")


def test_a_broker_port_in_use_is_one_clear_line_and_the_database_is_stopped_again(
    system: System, tmp_path: Path
) -> None:
    port, data = system.broker_port, tmp_path / "data"
    file = tmp_path / "cloud.toml"
    file.write_text(f"[web]\nport = 0\n[broker]\nport = {port}\n")
    found = run("all", "--data", str(data), "--config", str(file))
    assert found.returncode == 2
    assert found.stderr.splitlines()[-1] == (
        f"anban-cloud: port {port} for MQTT is in use: stop what listens there or set another broker.port"
    )
    assert left_over(data / "postgres" / "data", "postgres") == []


def test_an_ingest_with_a_wrong_broker_secret_says_what_to_check_and_goes_on_trying(
    system: System, database: str, tmp_path: Path
) -> None:
    file, log = tmp_path / "cloud.toml", tmp_path / "log"
    broker = f"[broker]\nhost = '127.0.0.1'\nport = {system.broker_port}\nsecret = 'wrong'\n"
    file.write_text(f"[database]\ndsn = {database!r}\n{broker}")
    command = [sys.executable, "-m", "cloud", "ingest", "--config", str(file)]
    with log.open("w") as stream:
        process = subprocess.Popen(command, cwd=ROOT, stderr=stream)
    try:
        advice = "broker refuses us: Not authorized; check broker.user and the broker's secret"
        eventually(lambda: advice in log.read_text())
        assert process.poll() is None
        process.terminate()
        assert process.wait(60) == 0
        assert log.read_text().count("refuses us") == 1
    finally:
        process.kill()
        process.wait()


def test_a_second_cloud_on_the_same_data_is_refused(system: System) -> None:
    found = run("all", "--data", str(system.data), "--port", "0")
    assert (found.returncode, "is in use by another anban-cloud" in found.stderr) == (2, True)


def test_a_role_without_its_services_says_which_key_is_missing() -> None:
    found = run("ingest")
    assert found.returncode == 2
    assert "database.dsn (or database.ingest_dsn, as anban-cloud roles" in found.stderr


def test_a_broken_roster_is_one_clear_line_and_changes_nothing(system: System, tmp_path: Path) -> None:
    file = tmp_path / "roster.json"
    file.write_text('{"divisions": []}')
    found = run("load", str(file), "--data", str(system.data))
    assert found.returncode == 2
    assert "missing required field `tenant`" in found.stderr


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_in_good_order(tmp_path: Path, sign: signal.Signals) -> None:
    system = System(tmp_path)
    system.start()
    children = [Path(f"/proc/{system.pid(part)}") for part in ("nats", "postgres")]
    assert system.process is not None
    system.process.send_signal(sign)
    assert system.stop() == 0
    assert not any(child.exists() for child in children)
    assert system.log.splitlines()[-1].endswith("stopped")
