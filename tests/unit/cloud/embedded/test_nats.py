"""The embedded broker: each gateway is alone with its own topics."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import psutil
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from cloud import machine_secret
from cloud.embedded import Nats, ServiceError, gateway_account
from cloud.embedded.accounts import rendered
from cloud.embedded.nats import INGEST_USER
from cloud.embedded.process import left_over
from cloud.embedded.supervise import running
from firmware_protocols.model import GatewayId
from firmware_protocols.wire import topics
from firmware_protocols.wire.topics import Channel
from tests.harness import eventually, secret_of

pytestmark = pytest.mark.services
A, B = GatewayId("gw-a"), GatewayId("gw-b")


def accounts(*gateways: GatewayId) -> list[Any]:
    return [gateway_account(one, machine_secret.hashed(secret_of(one))) for one in gateways]


class Peer:
    """An MQTT client that remembers what happened to it."""

    def __init__(
        self,
        nats: Nats,
        user: str | None,
        secret: str = "",
        *,
        client_id: str = "",
        clean: bool = True,
        **will: Any,
    ) -> None:
        self.answers: list[str] = []
        self.granted: list[bool] = []
        self.received: list[tuple[str, bytes]] = []
        self.published: list[int] = []
        self.gone = threading.Event()
        name = client_id or f"peer-{user}-{id(self)}"
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean)
        if user:
            self.client.username_pw_set(user, secret)
        if will:
            self.client.will_set(**will)
        self.client.on_connect = lambda _c, _d, _f, reason, _p: self.answers.append(str(reason))
        self.client.on_disconnect = lambda *_: self.gone.set()
        self.client.on_subscribe = lambda _c, _d, _m, reasons, _p: self.granted.append(
            not reasons[0].is_failure
        )
        self.client.on_message = lambda _c, _d, message: self.received.append(
            (message.topic, bytes(message.payload))
        )
        self.client.on_publish = lambda _c, _d, mid, _r, _p: self.published.append(mid)
        self.client.connect("127.0.0.1", nats.mqtt_port)
        self.client.loop_start()
        eventually(lambda: self.answers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def may_subscribe(self, topic: str, qos: int = 1) -> bool:
        before = len(self.granted)
        self.client.subscribe(topic, qos)
        eventually(lambda: len(self.granted) > before)
        return self.granted[-1]

    def publish(self, topic: str, payload: bytes) -> None:
        before = len(self.published)
        self.client.publish(topic, payload, qos=1)
        eventually(lambda: len(self.published) > before)


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    """A broker that knows the gateways A and B."""
    broker = Nats(tmp_path_factory.mktemp("broker"))
    broker.prepare()
    broker.set_accounts(accounts(A, B))
    with running(broker):
        yield broker


def ingest(nats: Nats) -> Peer:
    peer = Peer(nats, INGEST_USER, nats.ingest_secret)
    assert peer.may_subscribe("anban/1/+/+/a")
    return peer


def durable(nats: Nats) -> Peer:
    return Peer(nats, INGEST_USER, nats.ingest_secret, client_id="durable", clean=False)


def gateway(nats: Nats, name: GatewayId) -> Peer:
    return Peer(nats, name, secret_of(name))


@pytest.mark.parametrize(
    ("user", "secret"),
    [
        (None, ""),
        ("gw-a", "wrong"),
        ("gw-a", ""),
        ("gw-a", secret_of("gw-b")),
        ("nobody", "x"),
        ("ingest", "x"),
    ],
)
def test_nobody_signs_in_without_a_name_and_its_secret(nats: Nats, user: str | None, secret: str) -> None:
    with Peer(nats, user, secret) as peer:
        assert peer.answers[0] == "Not authorized"


def test_a_gateway_writes_below_its_own_prefix_and_nowhere_else(nats: Nats) -> None:
    forbidden = (
        "anban/1/3/gw-b/a",
        "anban.1.3.gw-b.a",
        "anban/1/*/gw-b/a",
        "anban/1/c/gw-b/ack",
        "$MQTT/msgs/anban/1/3/gw-b/a",
        "$MQTT/sub/x",
        "$JS/API/STREAM/LIST",
    )
    with ingest(nats) as cloud, gateway(nats, A) as a, gateway(nats, B) as b:
        assert b.may_subscribe("anban/1/c/gw-b/ack", 0)
        for topic in forbidden:
            a.publish(topic, b"forged")
        a.publish("anban/1/3/gw-a/a", b"own")
        b.publish("anban/1/3/gw-b/a", b"last")
        eventually(lambda: len(cloud.received) >= 2)
        assert sorted(cloud.received) == [("anban/1/3/gw-a/a", b"own"), ("anban/1/3/gw-b/a", b"last")]
        assert b.received == []


def test_a_gateway_cannot_leave_a_will_for_another(nats: Nats) -> None:
    with ingest(nats) as cloud, gateway(nats, B) as b:
        forged = Peer(nats, A, secret_of(A), topic="anban/1/3/gw-b/a", payload=b"forged", qos=1)
        honest = Peer(nats, A, secret_of(A), topic="anban/1/3/gw-a/a", payload=b"gone", qos=1)
        for peer in (forged, honest):
            if (sock := peer.client.socket()) is not None:
                sock.close()
            peer.client.loop_stop()
        b.publish("anban/1/3/gw-b/a", b"last")
        eventually(lambda: len(cloud.received) >= 2)
        assert sorted(cloud.received) == [("anban/1/3/gw-a/a", b"gone"), ("anban/1/3/gw-b/a", b"last")]


@pytest.mark.parametrize(
    "topic",
    [
        *("anban/1/c/gw-b/ack", "anban/1/c/+/ack", "anban/1/c/*/ack", "anban/1/c/#", "#", "+/#", "anban/#"),
        *("anban/1/3/gw-b/a", "anban/1/+/gw-b/s", "anban/1/3/gw-a/a"),
        *("$MQTT/#", "$MQTT/msgs/#", "$MQTT/deliver/#", "$JS/#", "$JS/API/#", "$SYS/#", "_INBOX/#"),
    ],
)
@pytest.mark.parametrize("qos", [0, 1])
def test_a_gateway_cannot_read_what_is_not_addressed_to_it(nats: Nats, topic: str, qos: int) -> None:
    with gateway(nats, A) as a:
        assert not a.may_subscribe(topic, qos)


@pytest.mark.parametrize("topic", ["anban/1/c/gw-a/ack", "anban/1/c/gw-a/cmd", "anban/1/c/gw-a/#"])
def test_a_gateway_reads_what_is_addressed_to_it(nats: Nats, topic: str) -> None:
    with ingest(nats) as cloud, gateway(nats, A) as a:
        assert a.may_subscribe(topic, 1)
        cloud.publish(topic.replace("#", "ack"), b"for a")
        eventually(lambda: a.received)


def test_it_tells_how_much_waits_for_ingest_by_lane(nats: Nats) -> None:
    assert nats.waiting() == {"prompt": 0, "readings": 0}
    with durable(nats) as cloud:
        for channel in Channel:
            assert cloud.may_subscribe(topics.upward_filter(channel, 17), 1)
    # Its session stays, and so does what comes meanwhile.
    with gateway(nats, A) as a:
        assert a.may_subscribe("anban/1/c/gw-a/#", 1)
        for sent in "tttas":
            a.publish(f"anban/1/17/gw-a/{sent}", b"x")
        a.publish("anban/1/18/gw-a/t", b"x")  # another worker's
        eventually(lambda: nats.waiting() == {"prompt": 2, "readings": 3})


def test_it_writes_every_message_through_to_the_disk(nats: Nats) -> None:
    """By its own account: the default interval of two minutes would lose what it acknowledged."""
    with urllib.request.urlopen(f"http://127.0.0.1:{nats._monitor}/varz", timeout=60) as answer:
        config = json.load(answer)["jetstream"]["config"]
    assert config["sync_always"] is True


def test_it_listens_on_the_loopback_interface_only(nats: Nats) -> None:
    (pid,) = left_over(nats.folder, "nats-server")
    listening = [each for each in psutil.Process(pid).net_connections() if each.status == psutil.CONN_LISTEN]
    assert {each.laddr.ip for each in listening} == {"127.0.0.1"}


def test_changed_accounts_are_loaded_without_dropping_the_others(tmp_path: Path) -> None:
    nats = Nats(tmp_path)
    nats.prepare()
    assert nats.set_accounts(accounts(A, B))
    both = (tmp_path / "nats" / "accounts.conf").read_text()
    with running(nats), gateway(nats, A) as a, gateway(nats, B) as b:
        kept = [gateway_account(A, both.split('"user": "gw-a", "password": "')[1].split('"')[0])]
        assert nats.set_accounts(kept)
        assert b.gone.wait(60), "B lost the right to be connected"
        assert a.may_subscribe("anban/1/c/gw-a/ack")
        assert not a.gone.is_set()
        assert not nats.set_accounts(kept), "nothing changed"


def test_what_was_acknowledged_survives_a_kill_9(tmp_path: Path) -> None:
    nats = Nats(tmp_path)
    nats.prepare()
    nats.set_accounts(accounts(A))
    with running(nats):
        with durable(nats) as before:
            assert before.may_subscribe("anban/1/+/+/t")
        with gateway(nats, A) as a:
            for number in range(50):
                a.publish("anban/1/3/gw-a/t", str(number).encode())
        for pid in left_over(nats.folder, "nats-server"):
            os.kill(pid, signal.SIGKILL)
    with running(nats), durable(nats) as after:
        eventually(lambda: len(after.received) == 50)


def test_a_taken_port_is_a_clear_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServiceError, match=f"port {port} for MQTT is in use: stop what listens there"):
            Nats(tmp_path, port).prepare()


def test_no_secret_stands_in_the_configuration() -> None:
    text = rendered(accounts(A, B))
    assert secret_of(A) not in text
    assert text.count("$2a$04$") == 2
