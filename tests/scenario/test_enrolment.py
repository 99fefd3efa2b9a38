"""A gateway becomes itself: from a claim to an alarm that is committed over a mutual TLS connection."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest

from cloud.db import connect
from cloud.enrolment import claims
from cloud.enrolment.authority import create
from edge_agent import identity
from edge_agent.clock import Clock
from edge_agent.link import Identity, Link, LinkEvent, Offline, Outgoing
from edge_agent.renewal import renew_if_due
from edge_agent.settings import UplinkSettings
from edge_agent.walk import Protocol
from firmware_protocols.serial import micradar
from tests.harness import ROOT, System, eventually, roster
from tests.scenario.edge_home import Radar

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A cloud whose gateways enrol, with two homes."""
    folder = tmp_path_factory.mktemp("cloud")
    (folder / "cloud.toml").write_text("[enrolment]\nhost = '127.0.0.1'\nlisten = '127.0.0.1'\n")
    made = System(folder / "data", roster(2), ("--port", "0", "--config", str(folder / "cloud.toml")))
    with made.started():
        yield made


def cloud(system: System, *arguments: str) -> str:
    """What ``anban-cloud`` says."""
    config = system.arguments[-1]
    command = [sys.executable, "-m", "cloud", *arguments, "--config", config, "--data", str(system.data)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def claim(system: System, home: str) -> str:
    """A claim for the gateway of ``home``, without a process of its own."""

    async def draw() -> str:
        conn = await connect(system.dsn)
        try:
            home_id, scope = await claims.home_of_key(conn, home, None)
            drawn = await claims.draw(
                conn,
                scope,
                home_id=home_id,
                gateway=None,
                hardware="",
                valid=claims.VALID,
                actor="test",
                now=datetime.now(UTC),
            )
            await conn.commit()
        finally:
            await conn.close()
        return drawn.code

    return asyncio.run(draw())


class Gateway:
    """A machine with ``anban-edge`` and a radar, and nothing in its configuration that says who it is."""

    def __init__(self, folder: Path, system: System) -> None:
        self.system, self.config, self.log = system, folder / "edge.toml", folder / "agent.log"
        self.data = folder / "data"
        self.radar = Radar(folder)
        self.config.write_text(
            f'[gateway]\ndata_dir = "{self.data}"\n'
            f'[[serial]]\nname = "radar-bath"\ncodec = "micradar"\nport = "{self.radar.port}"\n'
            'room = "bathroom"\n'
            "[rules]\nfall_confirm_s = 0\n[outbox]\ngroup_s = 0.1\n"
        )

    def enrol(self, claim: str, *more: str) -> subprocess.CompletedProcess[str]:
        command = self.command("enrol", claim, "--url", self.system.address, *more)
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The agent, connected and reading its radar."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(self.command("run"), cwd=ROOT, stdout=log, stderr=log)
        try:
            eventually(lambda: "uplink connected" in self.said() and "serial port open" in self.said())
            yield
        finally:
            process.terminate()
            process.wait(60)

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "edge_agent", *arguments, "--config", str(self.config)]


@pytest.fixture
def gateway(tmp_path: Path, system: System) -> Gateway:
    return Gateway(tmp_path, system)


def test_from_a_claim_to_a_committed_alarm_and_out_again_at_once(system: System, gateway: Gateway) -> None:
    enrolled = gateway.enrol(cloud(system, "claim", "h001"))
    assert enrolled.returncode == 0, enrolled.stderr
    assert enrolled.stdout.startswith("enrolled as gw-h001, certificate until ")
    with gateway.running():
        gateway.radar.say(micradar.encode_fall(True))
        with psycopg.connect(system.dsn, autocommit=True) as conn:
            incidents = "select count(*) from incident where kind = 'fall'"
            eventually(lambda: conn.execute(incidents).fetchone() == (1,))
            conn.execute("update certificate set revoked_at = now() where gateway_id = 'gw-h001'")
        eventually(lambda: "the certificate of gw-h001 is not in force" in gateway.said())


def test_a_renewed_certificate_is_the_one_that_connects(system: System, gateway: Gateway) -> None:
    assert gateway.enrol(claim(system, "h002")).returncode == 0
    folder = gateway.data / "identity"
    before = identity.read(folder)
    months_later = datetime.now(UTC) + timedelta(days=250)
    assert renew_if_due(folder, Clock(wall=months_later.timestamp, synchronised=lambda: True))
    with gateway.running():
        eventually(lambda: (known := identity.read(folder)) is not None and not known.previous)
    after = identity.read(folder)
    assert before is not None
    assert after is not None
    assert (after.root, after.gateway) == (before.certificate, "gw-h002")
    assert after.certificate != before.certificate


def test_a_used_claim_and_a_second_enrolment_are_refused_in_words(
    system: System, gateway: Gateway, tmp_path: Path
) -> None:
    code = claim(system, "h002")
    assert gateway.enrol(code).returncode == 0
    twice = gateway.enrol(code)
    assert (twice.returncode, twice.stdout) == (2, "")
    assert "this gateway is enrolled as gw-h002 already" in twice.stderr
    (tmp_path / "other").mkdir()
    thief = Gateway(tmp_path / "other", system).enrol(code)
    assert thief.returncode == 4
    assert thief.stderr == "anban-edge: the cloud says: This claim was used already: ask for a new one.\n"


def openssl(*arguments: str | Path) -> str:
    """What the program says that anybody has."""
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def is_heard(gateway: Gateway) -> bool:
    """Walk past the radar; whether it was heard (it is not, before the port is open)."""
    gateway.radar.distance(120)
    return "ok       radar-bath" in gateway.said()


def test_a_walk_through_the_home_ends_in_a_signed_protocol_and_an_alarm_at_the_console(
    system: System, gateway: Gateway
) -> None:
    assert gateway.enrol(claim(system, "h001")).returncode == 0
    with gateway.log.open("wb") as log:
        walk = subprocess.Popen(
            gateway.command("commission", "--minutes", "1"), cwd=ROOT, stdout=log, stderr=log
        )
    eventually(lambda: "MISSING  radar-bath (radar, bathroom): walk past it" in gateway.said())
    eventually(lambda: is_heard(gateway), every_s=0.3)
    assert walk.wait(90) == 0, gateway.said()
    folder = gateway.data / "protocols"
    by_suffix = {file.suffix: file for file in folder.iterdir()}
    assert by_suffix[".txt"].read_text().startswith("Anban commissioning of gw-h001: PASSED\n")
    key = folder / "gateway.pub"
    openssl("x509", "-pubkey", "-noout", "-in", by_suffix[".crt"], "-out", key)
    signed = ("-signature", by_suffix[".sig"], by_suffix[".json"])
    assert openssl("dgst", "-sha256", "-verify", key, *signed) == "Verified OK"
    protocol = msgspec.json.decode(by_suffix[".json"].read_bytes(), type=Protocol)
    assert protocol.certificate == by_suffix[".crt"].read_text()
    with psycopg.connect(system.dsn) as conn:
        evidence = conn.execute(
            "select evidence from alarm where alarm_id = %s", [protocol.alarm.id]
        ).fetchone()
    assert evidence is not None
    assert {"test": True, "commissioning": True}.items() <= evidence[0].items()


def test_the_papers_of_a_broker_of_ones_own_are_made_once_and_the_list_each_time(
    system: System, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    first = cloud(system, "papers", str(folder)).split()
    assert [Path(file).name for file in first] == ["authority.crt", "revoked.crl", "broker.pem", "ingest.pem"]
    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert modes == {"authority.crt": 0o644, "revoked.crl": 0o644, "broker.pem": 0o600, "ingest.pem": 0o600}
    again = cloud(system, "papers", str(folder)).split()
    assert [Path(file).name for file in again] == ["authority.crt", "revoked.crl"]


async def test_a_broker_that_does_not_take_the_certificate_is_understood(
    system: System, tmp_path: Path
) -> None:
    foreign = create()
    issued, key = foreign.certify_client("gw-h001")
    (tmp_path / "card.pem").write_text(key + issued.pem)
    settings = UplinkSettings(
        "127.0.0.1",
        system.broker_port,
        tls=True,
        ca_file=system.data / "secrets" / "authority.crt",
        cert_file=tmp_path / "card.pem",
        key_file=tmp_path / "card.pem",
    )
    events: asyncio.Queue[LinkEvent] = asyncio.Queue()
    link = Link(settings, Identity("gw-h001", (), Outgoing("t", b"")), events.put_nowait)
    task = asyncio.create_task(link.run())
    assert await asyncio.wait_for(events.get(), 60) == Offline(
        "the broker ended the connection before it answered; it may not take this gateway's certificate"
    )
    task.cancel()
    await asyncio.wait([task])
