"""A broker in the home that fails, floods or lies; and one press all the way to the cloud."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edge_agent.drivers import Driver, DriverError, build_all
from firmware_protocols.model import AlarmKind, Quantity
from simulators.local_devices import Bridge
from tests.scenario.edge_home import GATEWAY, SECRET, Broker, house, until
from tests.scenario.local_mqtt.gateway import (
    Gateway,
    connected,
    publisher,
    running,
    settings,
)
from tests.unit.edge_agent.lines import until_true

pytestmark = pytest.mark.services


# -- a broker that fails -------------------------------------------------------------------------------


async def test_a_killed_broker_is_said_once_and_taken_up_again(
    broker: Broker, gateway: Gateway, bridge: Bridge, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(gateway):
        await connected(gateway)
        bridge.say("door", contact=True)
        await until_true(lambda: gateway.readings("door", Quantity.OPENING))
        broker.stop()
        await until_true(lambda: "does the broker run?" in caplog.text)
        assert gateway.figure("connected") == 0
        broker.start()
        await connected(gateway)
        await until_true(lambda: bridge.is_connected)
        bridge.press("sos", "emergency")
        await until_true(gateway.alarms)
    reasons = [r.getMessage() for r in caplog.records if "restarting part=local_mqtt" in r.getMessage()]
    assert [reason.split(f":{broker.port} ")[1] for reason in reasons] == [
        "is lost: the connection was closed",
        "refuses the connection: does the broker run?",
    ]


async def test_a_broker_or_bridge_that_stays_away_is_a_fault_until_it_is_back(
    broker: Broker, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.drivers.local_mqtt.AWAY_S", 0.2)
    async with running(gateway):
        await connected(gateway)
        await until_true(lambda: not gateway.figure("fault"))
        with publisher(broker) as publish:
            publish("zigbee2mqtt/bridge/state", b'{"state":"offline"}', retain=True)
            await until_true(lambda: gateway.figure("fault/zigbee2mqtt"))
            publish("zigbee2mqtt/bridge/state", b'{"state":"online"}', retain=True)
            await until_true(lambda: not gateway.figure("fault/zigbee2mqtt"))
        broker.stop()
        await until_true(lambda: gateway.figure("fault"))
        assert not gateway.figure("fault/zigbee2mqtt"), "nobody knows"
        broker.start()
        await until_true(lambda: not gateway.figure("fault"))


async def test_an_action_retained_over_the_brokers_restart_is_no_alarm(
    broker: Broker, gateway: Gateway
) -> None:
    with publisher(broker) as publish:
        publish("zigbee2mqtt/sos", b'{"action":"emergency"}', qos=1, retain=True).wait_for_publish(60)
    async with running(gateway):
        await until_true(lambda: gateway.figure("retained") == 1)
        broker.send(signal.SIGTERM)  # it writes down what it remembers
        await until_true(lambda: not gateway.figure("connected"))
        broker.stop()
        broker.start()
        await until_true(lambda: gateway.figure("retained") == 2)
        with publisher(broker) as publish:
            publish("zigbee2mqtt/sos", b'{"battery":50}')
            await until_true(lambda: gateway.readings("sos", Quantity.BATTERY))
    assert gateway.alarms() == []
    assert gateway.events() == []


async def ended(driver: Driver) -> str:
    """Why a run ends that cannot succeed."""
    with pytest.raises(DriverError) as caught:
        async with asyncio.timeout(60):
            await driver.run(lambda _incoming: None)
    return str(caught.value)


# paho leaves the socket of a failed handshake to the garbage collector
UNCLOSED = pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket")


@UNCLOSED
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": "wrong"}, "check local_mqtt.user and its password"),
        ({"tls": True}, "does it speak TLS as local_mqtt.tls says?"),
        ({"host": "no-such-host.invalid"}, "cannot be found: check local_mqtt.host"),
        ({"tls": True, "ca_file": "/nowhere/ca.pem"}, "local_mqtt.ca_file is not there"),
    ],
    ids=["password", "tls", "host", "ca_file"],
)
async def test_a_broker_that_cannot_be_had_is_said_in_words(
    tmp_path: Path, broker: Broker, change: dict[str, Any], words: str
) -> None:
    (driver,) = build_all(settings(tmp_path, broker.port, **change))
    assert words in await ended(driver)


class TlsBroker(Broker):
    """With a certificate that it has signed itself, for 127.0.0.1."""

    def _mosquitto(self, folder: Path) -> list[str]:
        command = super()._mosquitto(folder)
        self.certificate = folder / "broker.pem"
        key = folder / "broker.key"
        certify(self.certificate, key)
        with (folder / "mosquitto.conf").open("a") as config:
            config.write(f"certfile {self.certificate}\nkeyfile {key}\n")
        return command


def certify(certificate: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "broker")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    certificate.write_bytes(made.public_bytes(pem))
    plain = serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


@UNCLOSED
async def test_tls_needs_the_authority_of_the_brokers_certificate(tmp_path: Path) -> None:
    broker = TlsBroker("mosquitto", tmp_path)
    try:
        (stranger,) = build_all(settings(tmp_path, broker.port, tls=True))
        assert "we do not agree on TLS: CERTIFICATE_VERIFY_FAILED" in await ended(stranger)
        gateway = Gateway(settings(tmp_path, broker.port, tls=True, ca_file=str(broker.certificate)))
        async with running(gateway):
            await connected(gateway)
        gateway.outbox.close(gateway.clock.now())
    finally:
        broker.stop()


# -- a broker that floods or lies ----------------------------------------------------------------------

HOSTILE = {
    "not UTF-8": b'{"contact":false,"x":"\xff"}',
    "NaN": b'{"temperature":NaN}',
    "deep": b'{"contact":' + b"[" * 4_000 + b"]" * 4_000 + b"}",
    "binary": bytes(range(256)),
    "empty": b"",
}


async def test_messages_that_cannot_be_are_counted_and_the_press_after_them_is_an_alarm(
    broker: Broker, gateway: Gateway
) -> None:
    async with running(gateway):
        await connected(gateway)
        with publisher(broker) as publish:
            for payload in HOSTILE.values():
                publish("zigbee2mqtt/sos", payload, qos=1)
            publish("zigbee2mqtt/sos", bytes(10_000_000), qos=1)
            publish("zigbee2mqtt/sos", b'{"action":"emergency"}', qos=1)
            await until_true(gateway.alarms)
    assert gateway.pipeline.refused == {"sos": len(HOSTILE)}
    assert gateway.figure("too_large") == 1
    assert gateway.figure("messages") == len(HOSTILE) + 2


async def test_a_flood_of_ten_thousand_costs_only_its_own_topic_and_never_the_loop(
    broker: Broker, gateway: Gateway
) -> None:
    with publisher(broker) as publish:
        async with running(gateway):
            await connected(gateway)
            for number in range(10_000):
                publish("zigbee2mqtt/hall", b'{"illuminance":%d}' % (20 * number))  # each worth keeping
            publish("zigbee2mqtt/sos", b'{"action":"emergency"}', qos=1)
            await until_true(lambda: gateway.taken + gateway.figure("dropped") == 10_001)
    assert gateway.crowded == 0
    assert gateway.figure("messages") == 10_001
    assert [alarm.kind for alarm in gateway.alarms()] == [AlarmKind.SOS]
    light = [float(r.value or 0) for r in gateway.readings("hall", Quantity.ILLUMINANCE)]
    assert (light[0], light[-1]) == (0.0, 199_980.0)
    assert light == sorted(light)


# -- the whole agent -----------------------------------------------------------------------------------


def test_a_press_on_the_homes_broker_reaches_the_cloud(tmp_path: Path) -> None:
    """One broker serves as the home's and as the cloud's here; the agent has a connection to each."""
    with house(tmp_path, "mosquitto") as home:
        password = tmp_path / "local-password"
        password.write_text(f"{SECRET}\n")
        with home.agent.config.open("a") as config:
            config.write(
                f"[local_mqtt]\nport = {home.broker.port}\nuser = '{GATEWAY}'\npassword_file = '{password}'\n"
                "[[local_mqtt.device]]\nname = 'sos'\nkind = 'sos_button'\ncodec = 'zigbee2mqtt'\n"
                "topic = 'zigbee2mqtt/sos'\n"
            )
        home.agent.start()
        until(lambda: "local broker connected topics=3" in home.agent.said())
        home.cloud.publish("zigbee2mqtt/sos", b'{"action":"emergency","battery":80}')
        until(home.cloud.alarms)
        (alarm,) = home.cloud.alarms()
        assert (alarm.kind, alarm.device) == (AlarmKind.SOS, "sos")
        assert home.agent.stop() == 0
