"""A home for the agent's scenarios: a real broker, a cloud that commits and acks, a radar on a pty, an agent.

Everything is the real thing (processes, sockets, a serial line) except the cloud, which is forty lines.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from cloud.embedded.process import free_port
from firmware_protocols.model import Alarm, Event, GatewayId, Reading
from firmware_protocols.serial import micradar
from firmware_protocols.wire import control, envelope, topics
from firmware_protocols.wire.control import Ack, Command, Result, State
from firmware_protocols.wire.envelope import Record
from firmware_protocols.wire.topics import Channel, Lane

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = GatewayId("gw-test1")
SHARD = 7
SECRET = "right-secret-of-gw-test1"


def until(what: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for ``what`` to become true; fail with its name when it does not."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


class Broker:
    """A broker process; ``nats`` or ``mosquitto``."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.port = free_port()
        self._command = {"nats": self._nats, "mosquitto": self._mosquitto}[kind](folder)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: _answers(self.port))

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
        self._process.kill()
        self._process.wait()

    def _nats(self, folder: Path) -> list[str]:
        config = folder / "nats.conf"
        config.write_text(
            f"""
            server_name: test
            listen: 127.0.0.1:{free_port()}
            jetstream {{ store_dir: "{folder}/js", sync_interval: always }}
            mqtt {{ listen: 127.0.0.1:{self.port} }}
            authorization {{ users = [
                {{ user: "{GATEWAY}", password: "{SECRET}" }}, {{ user: "cloud", password: "cloud" }}
            ] }}
            """
        )
        return [str(Path(sys.executable).with_name("nats-server")), "-c", str(config)]

    def _mosquitto(self, folder: Path) -> list[str]:
        passwords = folder / "passwords"
        passwords.write_text(f"{GATEWAY}:{SECRET}\ncloud:cloud\n")
        passwords.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", passwords], check=True)
        config = folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
            f"user root\npersistence true\npersistence_location {folder}/\n"
        )
        return [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(config)]


@dataclass
class Cloud:
    """Stores batches by identity, then acks. ``acking`` off: it stores nothing (its database is down)."""

    port: int
    acking: bool = True
    payloads: dict[tuple[str, Lane, int], bytes] = field(default_factory=dict)
    offered: dict[tuple[str, Lane, int], bytes] = field(default_factory=dict)
    resends: int = 0
    differing: int = 0
    states: list[State] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._subscribed = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, "cloud", clean_session=False, protocol=mqtt.MQTTv311
        )
        self._client.username_pw_set("cloud", "cloud")
        self._client.reconnect_delay_set(1, 1)
        filters = [(topics.upward_filter(channel), 1) for channel in Channel]
        self._client.on_connect = lambda client, *_: client.subscribe(filters)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._received
        self._client.connect("127.0.0.1", self.port, keepalive=5)
        self._client.loop_start()
        assert self._subscribed.wait(60)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def command(self, command: Command) -> None:
        self.publish(topics.command(GATEWAY), control.encode(command))

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1)

    def records(self, lane: Lane) -> dict[tuple[str, int], Record]:
        """Everything stored of a lane, by (epoch, sequence number); a number stored twice fails."""
        merged: dict[tuple[str, int], Record] = {}
        for (epoch, of, first), payload in list(self.payloads.items()):
            if of is lane:
                for offset, record in enumerate(envelope.parse(payload).records):
                    assert (epoch, first + offset) not in merged, "a number was stored twice"
                    merged[epoch, first + offset] = record
        return merged

    def missing(self, lane: Lane) -> list[tuple[str, int]]:
        """Numbers below the highest stored one that are not there."""
        have = self.records(lane)
        last: dict[str, int] = {}
        for epoch, number in have:
            last[epoch] = max(number, last.get(epoch, 0))
        return [
            (epoch, n) for epoch, top in last.items() for n in range(1, top + 1) if (epoch, n) not in have
        ]

    def alarms(self) -> list[Alarm]:
        return [record for record in self.records(Lane.ALARM).values() if isinstance(record, Alarm)]

    def events(self) -> list[Event]:
        return [record for record in self.records(Lane.ALARM).values() if isinstance(record, Event)]

    def readings(self) -> list[Reading]:
        return [record for record in self.records(Lane.BULK).values() if isinstance(record, Reading)]

    def _received(self, client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        payload = bytes(message.payload)
        channel = topics.parse_upward(message.topic).channel
        if channel is Channel.STATE:
            self.states.append(control.parse(State, payload))
        elif channel is Channel.RESULT:
            self.results.append(control.parse(Result, payload))
        else:
            self._offered(client, payload)

    def _offered(self, client: mqtt.Client, payload: bytes) -> None:
        batch = envelope.parse(payload)
        key = (batch.epoch, batch.lane, batch.first)
        self.resends += key in self.offered
        self.differing += self.offered.setdefault(key, payload) != payload
        if not self.acking:
            return
        self.payloads[key] = payload
        ack = Ack(batch.epoch, batch.lane, (batch.first,))
        client.publish(topics.ack(batch.gateway), control.encode(ack), qos=1)


_STRIDE_CM, _SPAN_CM = 37, 1999
"""Above what thinning calls the same, below what the radar's codec believes; one is prime to the other."""


def numbered(metres: float) -> int:
    """The number that ``Radar.number`` said by a distance, up to 1,998."""
    return round(metres * 100) * pow(_STRIDE_CM, -1, _SPAN_CM) % _SPAN_CM


class Radar:
    """A MicRadar on a pty. ``port`` is stable over ``unplug`` and ``plug`` (a link)."""

    def __init__(self, folder: Path) -> None:
        self.port = folder / "ttyRADAR"
        self.plug()

    def plug(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        self.port.unlink()
        os.close(self._master)
        os.close(self._slave)

    def say(self, frame: bytes) -> None:
        os.write(self._master, frame)

    def distance(self, centimetres: int) -> None:
        self.say(micradar.encode_distance(centimetres))

    def number(self, n: int) -> None:
        """Say a distance that stands for ``n``, far enough from the one for ``n - 1`` to be stored."""
        self.distance(n * _STRIDE_CM % _SPAN_CM)

    def fall(self, fallen: bool = True) -> None:
        self.say(micradar.encode_fall(fallen))


class Agent:
    """``anban-edge run`` as a process."""

    def __init__(
        self, folder: Path, broker_port: int, radar: Radar, *, secret: str = SECRET, extra: str = ""
    ) -> None:
        self.folder = folder
        self.data = folder / "agent"
        self.config = folder / "edge.toml"
        self.log = folder / "agent.log"
        self.config.write_text(
            f"""
            {extra}
            [gateway]
            id = "{GATEWAY}"
            shard = {SHARD}
            data_dir = "{self.data}"
            [uplink]
            host = "127.0.0.1"
            port = {broker_port}
            secret = "{secret}"
            [[serial]]
            name = "radar-bath"
            codec = "micradar"
            port = "{radar.port}"
            room = "bathroom"
            [rules]
            fall_confirm_s = 3
            [outbox]
            group_s = 0.1
            """
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._mark = 0

    def start(self) -> None:
        self._mark = len(self.said())
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "edge_agent", "run", "--config", str(self.config)],
                stdout=log,
                stderr=log,
                cwd=ROOT,
            )

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def stop(self) -> int:
        """End it as systemd would; return its exit code."""
        return self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        return process.wait(60)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def committed(self, lane: Lane) -> int:
        """The highest sequence number of ``lane`` that is on its disk."""
        with sqlite3.connect(f"file:{self.data}/outbox.sqlite?mode=ro", uri=True) as connection:
            row = connection.execute("select next - 1 from lane where lane = ?", (lane,)).fetchone()
        return row[0] if row else 0

    def waiting(self, lane: Lane) -> int:
        """How many batches of ``lane`` are on its disk and not yet confirmed by the cloud."""
        with sqlite3.connect(f"file:{self.data}/outbox.sqlite?mode=ro", uri=True) as connection:
            row = connection.execute("select count(*) from batch where lane = ?", (lane,)).fetchone()
        return int(row[0])

    def noted(self, key: str) -> str:
        """What it keeps under ``key`` on its disk."""
        with sqlite3.connect(f"file:{self.data}/outbox.sqlite?mode=ro", uri=True) as connection:
            row = connection.execute("select value from note where key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def hears_radar(self) -> bool:
        """Whether it reads the serial port (what came before it opened the port is gone, as on any line)."""
        return "serial port open" in self.said()[self._mark :]


@dataclass
class House:
    """All of it."""

    broker: Broker
    cloud: Cloud
    radar: Radar
    agent: Agent


@contextlib.contextmanager
def house(folder: Path, kind: str, **agent: str) -> Iterator[House]:
    """A running broker and cloud, a radar, and an agent not yet started."""
    broker = Broker(kind, folder)
    with contextlib.ExitStack() as stack:
        stack.callback(broker.stop)
        cloud = Cloud(broker.port)
        stack.callback(cloud.stop)
        radar = Radar(folder)
        home = House(broker, cloud, radar, Agent(folder, broker.port, radar, **agent))
        stack.callback(home.agent.kill)
        yield home
