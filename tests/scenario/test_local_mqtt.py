"""The broker in the home, a real mosquitto: a simulated bridge and node, the driver, pipeline and outbox."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.app import Agent
from edge_agent.clock import Clock
from edge_agent.configuration import parse
from edge_agent.drivers import Driver, DriverError, Incoming, build_all
from edge_agent.outbox import Outbox
from edge_agent.pipeline import Pipeline
from edge_agent.prompt import Announcer
from edge_agent.rules import RULES, Home
from edge_agent.settings import EdgeSettings
from edge_agent.supervise import supervise
from edge_agent.ulid import Ulids
from firmware_protocols.model import Alarm, AlarmKind, AlarmState, Event, Quality, Quantity, Reading
from firmware_protocols.wire import envelope
from firmware_protocols.wire.topics import Lane
from simulators.local_devices import Bridge, Node
from tests.scenario.edge_home import GATEWAY, SECRET, Broker, house, until

pytestmark = pytest.mark.services

DEVICES = [
    {"name": "door", "kind": "door", "codec": "zigbee2mqtt", "topic": "zigbee2mqtt/door"},
    {"name": "sos", "kind": "sos_button", "codec": "zigbee2mqtt", "topic": "zigbee2mqtt/sos"},
    {"name": "smoke", "kind": "smoke", "codec": "zigbee2mqtt", "topic": "zigbee2mqtt/smoke"},
    {"name": "hall", "kind": "motion", "codec": "zigbee2mqtt", "topic": "zigbee2mqtt/hall"},
    {"name": "bridge", "codec": "zigbee2mqtt", "topic": "zigbee2mqtt/bridge"},
    {
        "name": "radar",
        "kind": "radar",
        "codec": "esphome",
        "topic": "radar-bedroom",
        "entities": {"binary_sensor/fall": "fall_state", "sensor/breath": "respiration_rate"},
    },
]


def settings(folder: Path, port: int, **local: Any) -> EdgeSettings:
    return parse(
        {
            "gateway": {"id": GATEWAY, "shard": 7, "data_dir": str(folder / "agent")},
            "uplink": {"host": "127.0.0.1", "secret": "unused"},
            "local_mqtt": {"port": port, "user": GATEWAY, "password": SECRET, "device": DEVICES} | local,
        }
    )


async def until_true(what: Callable[[], object]) -> None:
    """For what has no event to wait on: another process, a thread."""
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


class Gateway:
    """The part of the agent that is meant here: the driver, supervised, into a pipeline on a real outbox."""

    def __init__(self, settings: EdgeSettings) -> None:
        self.clock = Clock()
        self.outbox = Outbox(settings.gateway.data_dir / "outbox.sqlite", GATEWAY)
        kinds = {name: str(device.kind) for name, device in settings.devices.items()}
        around = Home(kinds, Ulids(self.clock.now))
        rules = {name: make(around) for name, make in RULES.items()}
        self.pipeline = Pipeline(settings.devices, self.outbox, rules, Announcer(), self.clock)
        (self.driver,) = build_all(settings)
        self.taken = 0
        self.crowded = 0
        """Messages that came before the event loop had had a turn since the last one."""
        self._has_turned = True

    async def run(self) -> None:
        run = functools.partial(self.driver.run, self._take)
        await supervise(self.driver.name, run, first_s=0.05, most_s=0.2)

    def _take(self, incoming: Incoming) -> None:
        self.taken += 1
        self.crowded += not self._has_turned
        self._has_turned = False
        asyncio.get_running_loop().call_soon(self._turned)
        self.pipeline.take(incoming)

    def _turned(self) -> None:
        self._has_turned = True

    def figure(self, name: str) -> float:
        return self.driver.health()[name]

    def stored(self, lane: Lane) -> list[envelope.Record]:
        self.outbox.flush(self.clock.now())
        return [r for f in self.outbox.take(lane, 100_000) for r in envelope.parse(f.payload).records]

    def readings(self, device: str, quantity: Quantity) -> list[Reading]:
        found = [r for r in self.stored(Lane.BULK) if isinstance(r, Reading)]
        return [r for r in found if (r.device, r.quantity) == (device, quantity)]

    def alarms(self) -> list[Alarm]:
        return [record for record in self.stored(Lane.ALARM) if isinstance(record, Alarm)]

    def events(self) -> list[Event]:
        return [record for record in self.stored(Lane.ALARM) if isinstance(record, Event)]


@asynccontextmanager
async def running(*parts: Any) -> AsyncIterator[None]:
    """Run each part for the length of a block."""
    tasks = [asyncio.create_task(part.run()) for part in parts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker("mosquitto", tmp_path)
    yield made
    made.stop()


@pytest.fixture
async def gateway(tmp_path: Path, broker: Broker) -> AsyncIterator[Gateway]:
    made = Gateway(settings(tmp_path, broker.port))
    yield made
    made.outbox.close(made.clock.now())


@pytest.fixture
async def bridge(broker: Broker) -> AsyncIterator[Bridge]:
    made = Bridge(broker.port, "cloud", "cloud")
    async with running(made):
        await until_true(lambda: made.is_connected)
        yield made


@contextlib.contextmanager
def publisher(broker: Broker) -> Iterator[Callable[..., paho.MQTTMessageInfo]]:
    """Publishes any bytes on any topic, as fast as it is told to."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "raw")
    client.username_pw_set("cloud", "cloud")
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    try:
        yield client.publish
    finally:
        client.disconnect()
        client.loop_stop()


@contextlib.contextmanager
def listener(broker: Broker, topic: str, heard: Callable[[bytes], None]) -> Iterator[None]:
    """Hands on what is published on ``topic``."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "listener")
    client.username_pw_set("cloud", "cloud")
    client.on_message = lambda _client, _userdata, message: heard(bytes(message.payload))
    client.connect("127.0.0.1", broker.port)
    client.subscribe(topic, 1)
    client.loop_start()
    try:
        yield
    finally:
        client.disconnect()
        client.loop_stop()


async def connected(gateway: Gateway) -> None:
    await until_true(lambda: gateway.figure("connected"))


# -- what devices say ----------------------------------------------------------------------------------


async def test_an_opened_door_is_a_reading_in_the_outbox(gateway: Gateway, bridge: Bridge) -> None:
    async with running(gateway):
        await connected(gateway)
        bridge.say("door", contact=True, battery=97)
        bridge.say("door", contact=False)
        await until_true(lambda: len(gateway.readings("door", Quantity.OPENING)) == 2)
    assert [r.value for r in gateway.readings("door", Quantity.OPENING)] == [False, True]
    assert {r.quality for r in gateway.readings("door", Quantity.OPENING)} == {Quality.GOOD}
    assert "door" in gateway.pipeline.silent_s()


async def test_the_action_of_an_sos_button_is_an_alarm(gateway: Gateway, bridge: Bridge) -> None:
    async with running(gateway):
        await connected(gateway)
        bridge.press("sos", "emergency")
        await until_true(gateway.alarms)
    (alarm,) = gateway.alarms()
    assert (alarm.kind, alarm.state, alarm.device) == (AlarmKind.SOS, AlarmState.RAISED, "sos")
    assert [event.detail for event in gateway.events()] == ["emergency"]


async def test_smoke_is_an_alarm(gateway: Gateway, bridge: Bridge) -> None:
    async with running(gateway):
        await connected(gateway)
        bridge.say("smoke", smoke=False, battery_low=False)
        bridge.say("smoke", smoke=True)
        await until_true(gateway.alarms)
    (alarm,) = gateway.alarms()
    assert (alarm.kind, alarm.state, alarm.device) == (AlarmKind.SMOKE, AlarmState.RAISED, "smoke")


async def test_smoke_shuts_the_gas_and_a_valve_that_is_deaf_at_first_is_told_again(
    tmp_path: Path, broker: Broker, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.valves.EVERY_S", 0.5)
    tap = {"name": "gas-tap", "kind": "gas_valve", "codec": "zigbee2mqtt_valve"}
    devices = [*DEVICES, tap | {"topic": "zigbee2mqtt/gas-tap"}]
    agent, stop = Agent(settings(tmp_path, broker.port, device=devices)), asyncio.Event()
    told: list[bytes] = []
    with listener(broker, "zigbee2mqtt/gas-tap/set", told.append):
        agent_runs = asyncio.create_task(agent.run(stop))
        while not told:  # the agent connects in its own time
            bridge.say("smoke", smoke=True)
            await asyncio.sleep(0.1)
        await until_true(lambda: len(told) >= 2)
        bridge.say("gas-tap", state="OFF")
        await until_true(lambda: not agent.pipeline.valves.disobeyed)
        stop.set()
        await agent_runs
    assert set(told) == {b'{"state":"OFF"}'}
    box = Outbox(tmp_path / "agent" / "outbox.sqlite", GATEWAY)
    alarms = [r for f in box.take(Lane.ALARM, 100_000) for r in envelope.parse(f.payload).records]
    box.close(datetime.now(UTC))
    smoke = next(r for r in alarms if isinstance(r, Alarm) and r.kind is AlarmKind.SMOKE)
    assert "valve" in smoke.actions


async def test_a_node_tells_of_breath_of_a_fall_and_of_its_own_end(broker: Broker, gateway: Gateway) -> None:
    node = Node(broker.port, "radar-bedroom", "cloud", "cloud")
    async with running(gateway):
        await connected(gateway)
        async with running(node):
            await until_true(lambda: node.is_connected)
            node.measure("sensor/breath", 16)
            node.measure("sensor/breath", float("nan"))
            node.switch("binary_sensor/fall")
            await until_true(gateway.alarms)
            await until_true(lambda: len(gateway.readings("radar", Quantity.RESPIRATION_RATE)) == 2)
        with publisher(broker) as publish:  # the broker's word when a node is cut off
            publish("radar-bedroom/status", b"offline", retain=True)
            await until_true(lambda: len(gateway.readings("radar", Quantity.PROBLEM)) == 2)
    assert [r.value for r in gateway.readings("radar", Quantity.RESPIRATION_RATE)] == [16.0, None]
    assert [r.value for r in gateway.readings("radar", Quantity.PROBLEM)] == [False, True]
    assert [(a.kind, a.state) for a in gateway.alarms()] == [(AlarmKind.FALL, AlarmState.SUSPECTED)]


# -- what a broker remembers ---------------------------------------------------------------------------


REMEMBERED = {
    "zigbee2mqtt/sos": b'{"action":"emergency","battery":90}',
    "zigbee2mqtt/hall": b'{"occupancy":true,"temperature":20}',
    "zigbee2mqtt/door": b'{"contact":false,"battery":97}',
    "radar-bedroom/binary_sensor/fall/state": b"ON",
}


async def test_what_the_broker_remembers_is_no_press_no_fall_and_no_sign_of_life(
    broker: Broker, gateway: Gateway
) -> None:
    with publisher(broker) as publish:
        for topic, payload in REMEMBERED.items():
            publish(topic, payload, qos=1, retain=True).wait_for_publish(10)
        async with running(gateway):
            await until_true(lambda: gateway.figure("retained") == len(REMEMBERED))
            publish("zigbee2mqtt/smoke", b'{"smoke":false}')  # of now, so all that is old was taken before it
            await until_true(lambda: gateway.readings("smoke", Quantity.SMOKE))
    assert gateway.alarms() == []
    assert gateway.events() == []
    assert list(gateway.pipeline.silent_s()) == ["smoke"]
    old = [r for r in gateway.stored(Lane.BULK) if isinstance(r, Reading) and r.device != "smoke"]
    assert sorted((r.device, r.quantity, r.value, r.quality) for r in old) == [
        ("door", Quantity.OPENING, True, Quality.ESTIMATED),
        ("radar", Quantity.FALL_STATE, True, Quality.ESTIMATED),
    ]


async def test_smoke_that_began_while_nobody_listened_is_an_alarm_once(
    broker: Broker, gateway: Gateway
) -> None:
    with publisher(broker) as publish:
        publish("zigbee2mqtt/smoke", b'{"smoke":true}', qos=1, retain=True).wait_for_publish(10)

        async def connect(time: int, word: bytes) -> None:
            async with running(gateway):
                await until_true(lambda: gateway.figure("retained") == time)
                publish("zigbee2mqtt/bridge/state", word)  # of now: what is old was taken before it
                await until_true(lambda: len(gateway.readings("bridge", Quantity.PROBLEM)) == time)

        await connect(1, b"online")
        await connect(2, b"offline")
    assert [alarm.kind for alarm in gateway.alarms()] == [AlarmKind.SMOKE]
    assert gateway.pipeline.silent_s() == {}


async def test_the_end_of_the_bridge_is_a_problem_reading(broker: Broker, gateway: Gateway) -> None:
    async with running(gateway):
        await connected(gateway)
        with publisher(broker) as publish:  # its last will, published by the broker
            publish("zigbee2mqtt/bridge/state", b'{"state":"offline"}', retain=True)
            await until_true(lambda: gateway.readings("bridge", Quantity.PROBLEM))
    assert [r.value for r in gateway.readings("bridge", Quantity.PROBLEM)] == [True]
    assert gateway.pipeline.silent_s() == {}


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
        publish("zigbee2mqtt/sos", b'{"action":"emergency"}', qos=1, retain=True).wait_for_publish(10)
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
        async with asyncio.timeout(20):
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
