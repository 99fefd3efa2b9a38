"""What ``benchmarks.ingest`` measures on: a database, a broker, ingest as its own process, and a publisher.

What it is not: the measuring. The one idea: publishing must cost next to nothing, or two cores measure the
publisher; so every packet is made beforehand and written to the socket as it stands, and its acknowledgements
are counted, not parsed.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import paho.mqtt.client as mqtt
import psutil
import psycopg
from paho.mqtt.enums import CallbackAPIVersion
from psycopg.conninfo import make_conninfo

from benchmarks.gateways import Mosquitto, spawn, wait_for
from cloud import machine_secret
from cloud.db import connect
from cloud.db.migrate import migrate
from cloud.embedded import Account, Nats, Postgres
from cloud.embedded.supervise import running
from cloud.people import roster as people
from cloud.people import roster_store
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    ClockState,
    DeviceId,
    GatewayId,
    Quantity,
    Reading,
)
from firmware_protocols.wire import control, envelope, topics
from firmware_protocols.wire.control import Ack
from firmware_protocols.wire.envelope import Batch
from firmware_protocols.wire.topics import Channel, Lane

HOMES: Final = 300
DEVICES: Final = 10
INFLIGHT: Final = 2_000
_USER, _SECRET = "bench", "secret-of-the-benchmark-0123456789"
_QUANTITIES: Final = (Quantity.HEART_RATE, Quantity.TEMPERATURE, Quantity.RESPIRATION_RATE, Quantity.BED_LOAD)
_START_S: Final = 90.0


def gateway(number: int) -> GatewayId:
    """The id of home ``number``'s gateway."""
    return GatewayId(f"gw-b{number:03}")


def shard(number: int) -> int:
    """Its shard."""
    return number % topics.SHARDS


def batches(count: int, size: int, epoch: str, *, first: int = 0) -> Iterator[Batch]:
    """``count`` batches of ``size`` readings, home after home; the value of each reading is its number, so
    that a lost one and a doubled one can be counted.
    """
    base = datetime.now(UTC) - timedelta(seconds=60)
    for number in range(count):
        home, turn = number % HOMES, number // HOMES
        records = tuple(
            Reading(
                DeviceId(f"device-{step % DEVICES}"),
                _QUANTITIES[step % len(_QUANTITIES)],
                float(first + number * size + step),
                base + timedelta(milliseconds=turn * 100 + step),
            )
            for step in range(size)
        )
        yield Batch(
            gateway(home), epoch, Lane.BULK, turn * size + 1, "boot", ClockState.SYNCED, records, 93.5
        )


def topic(batch: Batch) -> str:
    """Where it is published."""
    return topics.upward(shard(int(batch.gateway[-3:])), batch.gateway, Channel(batch.lane.value))


@contextlib.contextmanager
def database(folder: Path, dsn: str | None) -> Iterator[tuple[str, Callable[[], float]]]:
    """A migrated database with ``HOMES`` homes, and the processor seconds its server has used; of a server
    that is not ours those are 0.
    """
    if dsn is None:
        service = Postgres(folder)
        with running(service):
            migrate(service.dsn)
            server = psutil.Process(_postmaster(service))
            yield service.dsn, lambda: sum(map(cpu_s, server.children()))
        return
    name = f"anban_bench_{os.getpid()}"
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"create database {name}")
    own = make_conninfo(dsn, dbname=name)
    try:
        migrate(own)
        yield own, lambda: 0.0
    finally:
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute(f"drop database {name} with (force)")


async def settle_in(dsn: str) -> None:
    """Load the homes."""
    place = {"division": "431202001001", "address": "-"}
    homes = [
        {
            **place,
            "key": f"h{number:03}",
            "resident": {"name": "-", "birth_year": 1940, "sex": "f"},
            "gateway": {"id": gateway(number), "shard": shard(number)},
        }
        for number in range(HOMES)
    ]
    divisions = [{"code": "431202001001", "name": "-", "parent": None}]
    tenant = {"code": "bench", "name": "-", "division": "431202001001"}
    document = {"divisions": divisions, "tenant": tenant, "staff": [], "homes": homes}
    conn = await connect(dsn)
    async with conn.transaction():
        await roster_store.load(conn, people.parse(msgspec.json.encode(document)))
    await conn.close()


def analyze(dsn: str) -> None:
    """Let the server count what has just been enrolled, as it does by itself within the minute."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("analyze home, gateway, device, withheld")


def cpu_s(process: psutil.Process) -> float:
    """Processor seconds it has used."""
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def _postmaster(service: Postgres) -> int:
    return int((service.folder / "data" / "postmaster.pid").read_text().split()[0])


@dataclass
class Broker:
    """A broker that lets the benchmark and ingest in."""

    name: str
    folder: Path
    port: int = 0
    user: str = ""
    secret: str = ""
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _process: psutil.Process | None = None

    def __enter__(self) -> Self:
        if self.name == "mosquitto":
            broker = Mosquitto(self.folder / "mosquitto", inflight=INFLIGHT)
            self._stack.callback(broker.stop)
            self.port = broker.port
            self._process = psutil.Process(broker.process.pid) if broker.process else None
            return self
        nats = Nats(self.folder / "broker")
        nats.prepare()
        hashed = machine_secret.hashed(_SECRET)
        nats.set_accounts([Account(_USER, hashed, (f"{topics.ROOT}/#",), (f"{topics.ROOT}/c/#",))])
        self._stack.enter_context(running(nats))
        self.port, self.user, self.secret = nats.mqtt_port, "ingest", nats.ingest_secret
        mine = psutil.Process().children()
        self._process = next(child for child in mine if child.name() == "nats-server")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def sign_in(self) -> tuple[str, str] | None:
        """Of whoever publishes."""
        return (_USER, _SECRET) if self.user else None

    def cpu_s(self) -> float:
        """Processor seconds it has used."""
        return cpu_s(self._process) if self._process else 0.0


class Ingest:
    """``anban-cloud ingest`` as a process."""

    def __init__(self, folder: Path, dsn: str, broker: Broker) -> None:
        """Write its configuration and start it."""
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "cloud.toml"
        config.write_text(
            f"[database]\ndsn = {dsn!r}\n[broker]\nhost = '127.0.0.1'\nport = {broker.port}\n"
            f"user = {broker.user!r}\nsecret = {broker.secret!r}\n"
        )
        config.chmod(0o600)
        self.log = folder / "ingest.log"
        self.process = spawn([sys.executable, "-m", "cloud", "ingest", "--config", str(config)], self.log)

    def __enter__(self) -> Self:
        if not wait_for(lambda: "broker connected" in self.log.read_text(), _START_S):
            raise RuntimeError(f"ingest does not start: {self.log.read_text()[-2_000:]}")
        time.sleep(2)  # both sessions are subscribed: a broker drops what comes before
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def cpu_s(self) -> float:
        """Processor seconds it has used."""
        return cpu_s(psutil.Process(self.process.pid))


def packet(where: str, payload: bytes, number: int) -> bytes:
    """An MQTT 3.1.1 PUBLISH at QoS 1 (section 3.3)."""
    name = where.encode()
    body = struct.pack("!H", len(name)) + name + struct.pack("!H", number % 65_535 + 1) + payload
    length, left = bytearray(), len(body)
    while left > 127:
        length.append(left % 128 | 128)
        left //= 128
    return b"\x32" + bytes(length) + bytes([left]) + body


class Blaster:
    """Writes packets as fast as the broker acknowledges them."""

    def __init__(self, broker: Broker) -> None:
        """Connect."""
        self._socket = socket.create_connection(("127.0.0.1", broker.port), 10)
        flags, tail = 0x02, b""
        for part, flag in zip(broker.sign_in or (), (0x80, 0x40), strict=False):
            flags |= flag
            tail += struct.pack("!H", len(part)) + part.encode()
        name = b"blaster"
        body = b"\0\4MQTT\4" + bytes([flags]) + b"\0\0" + struct.pack("!H", len(name)) + name + tail
        self._socket.sendall(bytes([0x10, len(body)]) + body)
        if self._socket.recv(4)[3:] != b"\0":
            raise RuntimeError("the broker refuses the publisher")
        self._unread = 0

    def send(self, packets: Sequence[bytes], *, at_once: int = 50) -> None:
        """Send all, with at most ``INFLIGHT`` unacknowledged, and wait until all are."""
        for start in range(0, len(packets), at_once):
            part = packets[start : start + at_once]
            self._socket.sendall(b"".join(part))
            self._unread += 4 * len(part)
            while self._unread > 4 * INFLIGHT or self._waits():
                self._read()
        while self._unread:
            self._read()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def _waits(self) -> bool:
        return bool(select.select([self._socket], [], [], 0)[0])

    def _read(self) -> None:
        found = len(self._socket.recv(65_536))
        if not found:
            raise RuntimeError("the broker ended the publisher's connection")
        self._unread -= found


class Callers:
    """Homes that call for help at a steady rate, each until the commit-ack: how long did that take?"""

    def __init__(self, broker: Broker, *, homes: int = 10, per_s: float = 20.0) -> None:
        """Connect; ``with`` calls."""
        self.waits_s: list[float] = []
        self._epoch, self._pause_s, self._homes = f"c{time.monotonic_ns():x}", 1 / per_s, homes
        self._sent: dict[tuple[str, int], float] = {}
        self._done = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "callers")
        if broker.sign_in:
            self._client.username_pw_set(*broker.sign_in)
        self._client.on_message = self._acknowledged
        self._client.connect("127.0.0.1", broker.port)
        self._client.subscribe([(topics.ack(gateway(number)), 0) for number in range(homes)])
        self._client.loop_start()
        self._thread = threading.Thread(target=self._call, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        wait_for(lambda: not self._sent, 30)
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def unanswered(self) -> int:
        """Calls without a commit-ack."""
        return len(self._sent)

    def _call(self) -> None:
        number = 0
        while not self._done.wait(self._pause_s):
            home, turn = number % self._homes, number // self._homes + 1
            one = AlarmId(f"01J{time.monotonic_ns():023d}")
            alarm = Alarm(one, AlarmKind.SOS, AlarmState.RAISED, DeviceId("pendant"), datetime.now(UTC))
            batch = Batch(gateway(home), self._epoch, Lane.ALARM, turn, "boot", ClockState.SYNCED, (alarm,))
            self._sent[batch.gateway, turn] = time.monotonic()
            for quality in topics.qualities(Channel.ALARM):
                self._client.publish(topic(batch), envelope.encode(batch), quality)
            number += 1

    def _acknowledged(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        who = message.topic.split("/")[-2]
        ack = control.parse(Ack, bytes(message.payload))
        for first in ack.b:
            since = self._sent.pop((who, first), None) if ack.e == self._epoch else None
            if since is not None:
                self.waits_s.append(time.monotonic() - since)


def programs() -> dict[str, Any]:
    """What the machine offers."""
    return {"cores": os.cpu_count(), "load": os.getloadavg()[0], "mosquitto": bool(shutil.which("mosquitto"))}
