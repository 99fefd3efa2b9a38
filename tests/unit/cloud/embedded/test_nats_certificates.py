"""The embedded broker with certificates: who shows which gets in where, and out again at once."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from cloud.embedded import Nats, Tls
from cloud.embedded.accounts import Account, certified_account, certified_name
from cloud.embedded.supervise import running
from cloud.enrolment.authority import Authority, Issued, Request, create
from firmware_protocols.model import GatewayId
from tests.harness import eventually

pytestmark = pytest.mark.services
A, B = GatewayId("gw-a"), GatewayId("gw-b")
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Card:
    """A gateway's certificate, and the file with it and its key."""

    gateway: GatewayId
    issued: Issued
    file: Path

    @property
    def account(self) -> Account:
        return certified_account(self.gateway, self.issued.serial)


def card(authority: Authority, gateway: GatewayId, folder: Path, *, age: timedelta = timedelta()) -> Card:
    key = ec.generate_private_key(ec.SECP256R1())
    made = datetime.now(UTC) - age
    issued = authority.certify_gateway(gateway, Request(key.public_key()), made, YEAR)
    file = folder / f"{issued.serial}.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    file.write_text(pem + issued.pem)
    return Card(gateway, issued, file)


@dataclass(frozen=True)
class Site:
    """A broker, its authority, and cards that it knows."""

    nats: Nats
    authority: Authority
    folder: Path
    a: Card
    b: Card
    cloud: Path

    def trusted(self) -> str:
        return self.authority.pem


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("broker")
    authority = create()
    ours, key = authority.certify_client("ingest")
    (folder / "cloud.pem").write_text(key + ours.pem)
    tls = Tls(
        listen="127.0.0.1",
        server=authority.certify_server(["127.0.0.1"]),
        authority=authority.pem,
        ingest=certified_name("ingest", ours.serial),
    )
    nats = Nats(folder / "data", tls=tls)
    nats.prepare()
    made = Site(
        nats, authority, folder, card(authority, A, folder), card(authority, B, folder), folder / "cloud.pem"
    )
    nats.set_accounts([made.a.account, made.b.account])
    with running(nats):
        yield made


class Peer:
    """An MQTT client that shows a certificate (or none) and remembers what became of it."""

    def __init__(self, site: Site, file: Path | None, *, user: str = "", secret: str = "") -> None:
        self.answers: list[str] = []
        self.received: list[tuple[str, bytes]] = []
        self.ended = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=f"peer-{id(self)}")
        context = ssl.create_default_context(cadata=site.trusted())
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        if file:
            context.load_cert_chain(file)
        self.client.tls_set_context(context)
        if user:
            self.client.username_pw_set(user, secret)
        self.client.on_connect = lambda _c, _d, _f, reason, _p: self.answers.append(str(reason))
        self.client.on_disconnect = lambda *_: self.ended.set()
        self.client.on_message = lambda _c, _d, message: self.received.append(
            (message.topic, bytes(message.payload))
        )
        self.client.reconnect_delay_set(60, 60)
        self.client.connect("127.0.0.1", site.nats.mqtt_port)
        self.client.loop_start()
        eventually(lambda: self.answers or self.ended.is_set())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    @property
    def is_in(self) -> bool:
        return self.answers == ["Success"]

    def publish(self, topic: str, payload: bytes) -> None:
        self.client.publish(topic, payload, qos=1).wait_for_publish(60)

    def subscribe(self, topic: str) -> None:
        answered = threading.Event()
        self.client.on_subscribe = lambda *_: answered.set()
        self.client.subscribe(topic, 1)
        assert answered.wait(60)


def test_a_gateway_writes_below_its_own_prefix_whatever_it_calls_itself(site: Site) -> None:
    with Peer(site, site.cloud) as cloud, Peer(site, site.a.file, user="gw-b") as a:
        assert a.is_in, "the name it gives itself counts for nothing"
        cloud.subscribe("anban/1/+/+/a")
        a.publish("anban/1/3/gw-b/a", b"forged")
        a.publish("anban/1/3/gw-a/a", b"own")
        eventually(lambda: cloud.received)
        assert cloud.received == [("anban/1/3/gw-a/a", b"own")]
        a.subscribe("anban/1/c/gw-a/ack")
        cloud.publish("anban/1/c/gw-a/ack", b"word")
        eventually(lambda: a.received)


def test_nobody_gets_in_without_a_certificate_or_with_a_secret_instead(site: Site) -> None:
    for user, secret in (
        ("", ""),
        ("gw-a", "x"),
        (site.a.account.user, ""),
        ("ingest", site.nats.ingest_secret),
    ):
        with Peer(site, None, user=user, secret=secret) as stranger:
            assert not stranger.is_in


def test_a_certificate_of_another_authority_is_refused(site: Site) -> None:
    with Peer(site, card(create(), A, site.folder).file) as stranger:
        assert not stranger.is_in


def test_one_of_ours_that_is_not_in_force_is_refused(site: Site) -> None:
    with Peer(site, card(site.authority, A, site.folder).file) as unknown:
        assert unknown.answers == ["Not authorized"]


def test_one_that_has_expired_is_refused_although_it_is_listed(site: Site) -> None:
    old = card(site.authority, A, site.folder, age=2 * YEAR)
    site.nats.set_accounts([site.a.account, site.b.account, old.account])
    with Peer(site, old.file) as late:
        assert not late.is_in


def test_a_revoked_one_is_disconnected_at_once_and_its_successor_gets_in(site: Site) -> None:
    new = card(site.authority, A, site.folder)
    with Peer(site, site.a.file) as old, Peer(site, site.b.file) as other:
        assert old.is_in
        site.nats.set_accounts([new.account, site.b.account])
        assert old.ended.wait(60)
        with Peer(site, new.file) as successor, Peer(site, site.a.file) as again:
            assert successor.is_in
            assert again.answers == ["Not authorized"]
        assert not other.ended.is_set()
    site.nats.set_accounts([site.a.account, site.b.account])
