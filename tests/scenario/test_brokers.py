"""Brokers of somebody else's, with the configuration that is shipped for them."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from cloud import lag
from cloud.db import connect
from cloud.embedded.process import free_port
from cloud.enrolment import papers
from cloud.enrolment.authority import Authority, Request, create
from cloud.metrics import REGISTRY
from cloud.settings import Broker
from firmware_protocols.model import GatewayId
from tests.harness import ROOT, eventually
from tests.scenario.test_ingest_external import MOSQUITTO, listening
from tests.unit.cloud.stream.console import until

pytestmark = pytest.mark.services
SHIPPED = ROOT / "deploy" / "brokers"
THERE = "/etc/mosquitto/anban"


def card(authority: Authority, gateway: str, folder: Path) -> tuple[Path, str]:
    """The file with a gateway's key and certificate, and the certificate's serial number."""
    key = ec.generate_private_key(ec.SECP256R1())
    issued = authority.certify_gateway(
        GatewayId(gateway), Request(key.public_key()), datetime.now(UTC), timedelta(days=365)
    )
    file = folder / f"{issued.serial}.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    file.write_text(pem + issued.pem)
    return file, issued.serial


class Mosquitto:
    """mosquitto with the shipped configuration, but for the folder and the port."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.folder, self.dsn = folder, dsn
        self.authority, self.port = create(), free_port()
        text = (SHIPPED / "mosquitto.conf").read_text().replace(THERE, str(folder / "anban"))
        text = text.replace("listener 8883", f"listener {self.port} 127.0.0.1")
        self.inner_port = free_port()
        text = text.replace("listener 8884", f"listener {self.inner_port}")
        text = text.replace(
            "persistence true", f"user {pwd.getpwuid(os.geteuid()).pw_name}\npersistence false"
        )
        (folder / "mosquitto.conf").write_text(f"{text}\nsys_interval 1\n")
        self.write_papers()
        shutil.copy(SHIPPED / "gateways.acl", folder / "anban" / "gateways.acl")
        self.process: subprocess.Popen[bytes] | None = None

    def write_papers(self) -> None:
        async def revoked() -> str:
            conn = await connect(self.dsn)
            try:
                return await papers.revocations(conn, self.authority)
            finally:
                await conn.close()

        papers.write(self.authority, asyncio.run(revoked()), ["127.0.0.1"], self.folder / "anban")

    def start(self) -> None:
        assert MOSQUITTO, "mosquitto is needed: apt-get install mosquitto"
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen(
                [MOSQUITTO, "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=log
            )
        eventually(lambda: listening(self.port) and listening(self.inner_port))

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)


@pytest.fixture
def mosquitto(tmp_path: Path, database: str) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path, database)
    broker.start()
    yield broker
    broker.stop()


def revoke(dsn: str, serial: str) -> None:
    """Put a revoked certificate of the one gateway there is into the database."""
    with psycopg.connect(dsn) as conn:
        conn.execute(
            "insert into division values ('431202000000', 'd');"
            "insert into tenant (code, name, division_code) values ('t', 't', '431202000000');"
            "insert into home (tenant_id, key, division_code, address) values (1, 'h', '431202000000', 'a');"
            "insert into gateway (id, home_id, shard, secret) values ('gw-a', 1, 1, '')"
        )
        conn.execute(
            "insert into certificate (serial, gateway_id, key_hash, pem, issued_at, expires_at, revoked_at)"
            " values (%s, 'gw-a', '', '', now(), now() + interval '1 year', now())",
            [serial],
        )


class Peer:
    """A client with a certificate."""

    def __init__(
        self, broker: Mosquitto, file: Path, *, client_id: str = "", port: int = 0, lasting: bool = False
    ) -> None:
        self.answers: list[str] = []
        self.received: list[str] = []
        self.ended = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=not lasting)
        context = ssl.create_default_context(cadata=broker.authority.pem)
        context.load_cert_chain(file)
        self.client.tls_set_context(context)
        self.client.on_connect = lambda _c, _d, _f, reason, _p: self.answers.append(str(reason))
        self.client.on_disconnect = lambda *_: self.ended.set()
        self.client.on_message = lambda _c, _d, message: self.received.append(message.topic)
        self.client.reconnect_delay_set(60, 60)
        self.client.connect("127.0.0.1", port or broker.port)
        self.client.loop_start()
        eventually(lambda: self.answers or self.ended.is_set())

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def subscribe(self, topic: str) -> None:
        answered = threading.Event()
        self.client.on_subscribe = lambda *_: answered.set()
        self.client.subscribe(topic, 1)
        assert answered.wait(60)

    def publish(self, topic: str) -> None:
        """Publish and wait for the acknowledgement; mosquitto 2.0.11 ends the connection after a refusal."""
        acknowledged = threading.Event()
        self.client.on_publish = lambda *_: acknowledged.set()
        self.client.publish(topic, b"x", qos=1)
        eventually(lambda: acknowledged.is_set() or self.ended.is_set())


def test_the_shipped_mosquitto_configuration_keeps_each_gateway_to_its_own(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    cloud = Peer(mosquitto, tmp_path / "anban" / "ingest.pem")
    b = Peer(mosquitto, card(mosquitto.authority, "gw-b", tmp_path)[0])
    cloud.subscribe("anban/1/#")
    b.subscribe("#")
    for topic in ("anban/1/3/gw-b/a", "anban/1/c/gw-b/ack"):
        forger = Peer(mosquitto, card(mosquitto.authority, "gw-a", tmp_path)[0])
        forger.publish(topic)
        forger.stop()
    a = Peer(mosquitto, card(mosquitto.authority, "gw-a", tmp_path)[0])
    a.publish("anban/1/3/gw-a/a")
    cloud.publish("anban/1/c/gw-b/ack")
    eventually(lambda: b.received and len(cloud.received) >= 2)
    assert cloud.received == ["anban/1/3/gw-a/a", "anban/1/c/gw-b/ack"]
    assert b.received == ["anban/1/c/gw-b/ack"]
    for peer in (cloud, a, b):
        peer.stop()


def test_ingest_holds_two_sessions_by_one_certificate_at_the_entrance_of_the_cloud(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    card_of_ingest = tmp_path / "anban" / "ingest.pem"
    names = ("ingest-0-255-x", "ingest-0-255-x-prompt")
    first, second = (
        Peer(mosquitto, card_of_ingest, client_id=name, port=mosquitto.inner_port) for name in names
    )
    for peer in (first, second):
        peer.subscribe("anban/1/#")
    a = Peer(mosquitto, card(mosquitto.authority, "gw-a", tmp_path)[0])
    a.publish("anban/1/3/gw-a/a")
    eventually(lambda: first.received and second.received)
    assert (first.answers, second.answers) == (["Success"], ["Success"])
    for peer in (first, second, a):
        peer.stop()


async def test_the_cloud_hears_what_waits_there_and_no_gateway_does(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lag, "EVERY_S", 0.1)
    papers_of = tmp_path / "anban"
    broker = Broker(
        host="127.0.0.1", port=mosquitto.inner_port, user="", monitor=("$SYS",),
        ca_file=str(papers_of / "authority.crt"), cert_file=str(papers_of / "ingest.pem"),
    )  # fmt: skip
    away = Peer(
        mosquitto, papers_of / "ingest.pem", client_id="away", port=mosquitto.inner_port, lasting=True
    )
    away.subscribe("anban/1/#")
    away.stop()
    a = Peer(mosquitto, card(mosquitto.authority, "gw-a", tmp_path)[0])
    a.subscribe("$SYS/#")
    async with lag.told(broker):
        await until(lambda: _told() == 0)
        for _ in range(3):
            a.publish("anban/1/3/gw-a/t")
        await until(lambda: _told() == 3)
    assert a.received == []
    a.stop()


def _told() -> float | None:
    return REGISTRY.get_sample_value("anban_broker_lag_messages", {"lane": "all"})


def test_mosquitto_refuses_a_certificate_that_the_list_names(
    mosquitto: Mosquitto, tmp_path: Path, database: str
) -> None:
    file, serial = card(mosquitto.authority, "gw-a", tmp_path)
    before = Peer(mosquitto, file)
    assert before.answers == ["Success"]
    mosquitto.stop()
    before.stop()
    revoke(database, serial)
    mosquitto.write_papers()
    mosquitto.start()
    after = Peer(mosquitto, file)
    assert after.answers == []
    after.stop()
    other = Peer(mosquitto, card(mosquitto.authority, "gw-a", tmp_path)[0])
    assert other.answers == ["Success"], "its next certificate is not the one that was revoked"
    other.stop()
