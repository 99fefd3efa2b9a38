"""The file of sign-ins for a NATS of one's own: written when something changed, and the server told."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cloud import sign_ins
from cloud.embedded import Account, gateway_account
from cloud.embedded.accounts import certified_name
from cloud.enrolment.authority import create
from cloud.settings import Broker, ConfigError
from firmware_protocols.model import GatewayId

BROKER = Broker(host="127.0.0.1", port=1883, secret="a-secret-of-the-cloud-0123")
HASH = "$2a$04$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234"


def gateways(*names: str) -> list[Account]:
    return [gateway_account(GatewayId(name), HASH) for name in names]


def test_the_file_changes_only_when_somebody_did(tmp_path: Path) -> None:
    file = tmp_path / "accounts.conf"
    assert sign_ins.write(file, gateways("gw-a"), "ingest", BROKER)
    first = file.read_bytes()
    assert not sign_ins.write(file, gateways("gw-a"), "ingest", BROKER)
    assert file.read_bytes() == first
    assert sign_ins.write(file, gateways("gw-a", "gw-b"), "ingest", BROKER)
    assert b"anban.1.*.gw-b" in file.read_bytes()


def test_no_secret_stands_in_it_and_others_cannot_read_it(tmp_path: Path) -> None:
    file = tmp_path / "accounts.conf"
    sign_ins.write(file, gateways("gw-a"), "ingest", BROKER)
    assert BROKER.secret not in file.read_text()
    assert file.stat().st_mode & 0o007 == 0


def test_with_certificates_the_cloud_is_known_by_its_own(tmp_path: Path) -> None:
    issued, key = create().certify_client("ingest")
    paper = tmp_path / "ingest.pem"
    paper.write_text(key + issued.pem)
    broker = Broker(host="127.0.0.1", port=8883, ca_file="ca", cert_file=str(paper))
    name = sign_ins.own_name(broker)
    assert name == certified_name("ingest", issued.serial)
    file = tmp_path / "accounts.conf"
    sign_ins.write(file, [], name, broker)
    assert name in file.read_text()
    assert "password" not in file.read_text()


@pytest.mark.parametrize(
    "broker", [Broker(host="x", port=1), Broker(host="x", port=1, ca_file="ca", cert_file="/nowhere")]
)
def test_without_a_sign_in_of_its_own_nothing_is_written(broker: Broker) -> None:
    with pytest.raises(ConfigError, match=r"^broker\.(user|cert_file)"):
        sign_ins.own_name(broker)


def test_the_server_is_told_once_it_is_there(tmp_path: Path) -> None:
    number = tmp_path / "nats.pid"
    assert not sign_ins.reload(number), "it has not started"
    # Whoever runs the tests may have been told to outlive its terminal; then so would this.
    heeds = "signal.signal(signal.SIGHUP, signal.SIG_DFL); print(flush=True)"
    program = f"import signal, time; {heeds}; time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as server:
        assert server.stdout
        server.stdout.readline()
        number.write_text(f"{server.pid}\n")
        assert sign_ins.reload(number)
        assert server.wait(60) == -signal.SIGHUP
    assert not sign_ins.reload(number), "it is gone"
    assert sign_ins.reload(None), "somebody else does it"
