"""A whole cloud in one subprocess, as a person would start it, and gateways that speak ``anban/1`` to it.

Nothing here reaches into the product: the system is started by its command, told apart by its process
numbers and judged by ``audit``. ``Uplink`` is the least gateway there can be: it keeps every batch until
the commit-ack names it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, Self

import psutil
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from cloud.embedded import Nats, Postgres
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
from firmware_protocols.wire.control import Ack, LaneState, State
from firmware_protocols.wire.envelope import Batch, Record
from firmware_protocols.wire.topics import Channel, Lane
from tests import cluster

ROOT: Final = Path(__file__).parent.parent
READY_S: Final = 120.0
Part = Literal["cloud", "nats", "postgres"]


def eventually(what: Callable[[], object], *, within_s: float = 60.0, every_s: float = 0.05) -> None:
    """Wait until ``what()`` is true; fail with its name when it never is."""
    deadline = time.monotonic() + within_s
    while not what():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s: {getattr(what, '__name__', what)}")
        time.sleep(every_s)


def roster(
    homes: int = 2, *, staff: Sequence[Mapping[str, Any]] = (), contacts: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """A small county: homes ``h001`` … with gateways ``gw-h001`` … (shard = number, secret by
    ``secret_of``).
    """
    return {
        "divisions": [
            {"code": "431202000000", "name": "鹤城区", "parent": None},
            {"code": "431202001001", "name": "城北社区", "parent": "431202000000"},
        ],
        "tenant": {"code": "hecheng", "name": "鹤城区", "division": "431202000000"},
        "staff": [{**person} for person in staff],
        "homes": [
            {
                "key": f"h{number:03}",
                "division": "431202001001",
                "address": f"城北路{number}号",
                "latitude": 27.56,
                "longitude": 109.99,
                "resident": {
                    "name": f"住户{number}",
                    "birth_year": 1942,
                    "sex": "f",
                    "phone": "0745-0000000",
                },
                "gateway": {
                    "id": f"gw-h{number:03}",
                    "shard": number,
                    "secret": secret_of(f"gw-h{number:03}"),
                },
                "devices": [{"name": "pendant", "kind": "pendant", "room": "bedroom"}],
                "contacts": [{**contact} for contact in contacts],
            }
            for number in range(1, homes + 1)
        ],
    }


def secret_of(gateway: str) -> str:
    """The secret of a gateway in ``roster``."""
    return f"secret-of-{gateway}-0123456789"


@dataclass(slots=True)
class System:
    """``anban-cloud all`` on ``data``. Use ``started`` or ``start`` and ``stop``.

    ``embedded``: whether it runs a database of its own.
    """

    data: Path
    roster: Mapping[str, Any] = field(default_factory=roster)
    arguments: tuple[str, ...] = ("--port", "0")
    embedded: bool = True
    address: str = ""
    ready_s: float = 0.0
    process: subprocess.Popen[str] | None = None

    @contextmanager
    def started(self) -> Iterator[System]:
        """Run it for the length of a block."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        """Start it and wait for its ready line; for the first time, on a database that others migrated."""
        if self.embedded:
            cluster.lay(self.data)
        self.data.mkdir(parents=True, exist_ok=True)
        file = self.data / "roster.json"
        file.write_text(json.dumps(self.roster), encoding="utf-8")
        began = time.monotonic()
        command = (sys.executable, "-m", "cloud", "all", "--data", str(self.data), "--load", str(file))
        with (self.data / "cloud.log").open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*command, *self.arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.address = self._ready_line()
        self.ready_s = time.monotonic() - began

    def stop(self) -> int:
        """Ask it to stop as a service manager would; its exit code."""
        process = self._running()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(60)
        finally:
            process.kill()  # nothing to kill if it ended; a test that fails leaves nothing behind
            if process.stdout:
                process.stdout.close()
            self.process = None

    def kill9(self, part: Part) -> None:
        """SIGKILL one part. A killed cloud is left dead: ``start`` it again."""
        pid = self.pid(part)
        os.kill(pid, signal.SIGKILL)
        if part == "cloud":
            process = self._running()
            process.wait(60)
            if process.stdout:
                process.stdout.close()
            self.process = None

    def pid(self, part: Part) -> int:
        """Process number of a part."""
        mine = self._running().pid
        if part == "cloud":
            return mine
        program = {"nats": "nats-server", "postgres": "postgres"}[part]
        found = [child.pid for child in psutil.Process(mine).children() if child.name() == program]
        if not found:
            raise AssertionError(f"{part} is not running")
        return found[0]

    @property
    def dsn(self) -> str:
        return Postgres(self.data).dsn

    @property
    def broker_port(self) -> int:
        return Nats(self.data).mqtt_port

    @property
    def log(self) -> str:
        return (self.data / "cloud.log").read_text(encoding="utf-8")

    def _running(self) -> subprocess.Popen[str]:
        if self.process is None:
            raise AssertionError("the system is not running")
        return self.process

    def _ready_line(self) -> str:
        process = self._running()
        watchdog = threading.Timer(READY_S, process.kill)
        watchdog.start()
        try:
            line = process.stdout.readline() if process.stdout else ""
        finally:
            watchdog.cancel()
        if not line.startswith("ready "):
            process.wait()
            raise AssertionError(f"no ready line but {line!r}; log: {self.log[-4_000:]}")
        return line.split()[1]


class Uplink:
    """A gateway's side of the wire: batches are kept and sent again until the commit-ack names them."""

    def __init__(self, gateway: str, shard: int, port: int, *, secret: str | None = None) -> None:
        """Connect as ``gateway`` to the broker at ``port`` of this machine, now and whenever it is lost."""
        self.gateway = GatewayId(gateway)
        self.shard = shard
        self.epoch = f"e{time.monotonic_ns():x}"
        self.next = dict.fromkeys(Lane, 1)
        self.unsettled: dict[tuple[Lane, int], tuple[str, bytes]] = {}
        self.acks: list[Ack] = []
        self.connected = threading.Event()
        self._lock = threading.Lock()
        self._sent_at: dict[tuple[Lane, int], float] = {}
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=gateway, clean_session=True)
        self.client.username_pw_set(gateway, secret or secret_of(gateway))
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda *_: self.connected.clear()
        self.client.on_message = self._on_message
        self.client.connect_async("127.0.0.1", port)
        self.client.loop_start()

    def __enter__(self) -> Self:
        if not self.connected.wait(60):
            raise AssertionError(f"{self.gateway} cannot connect")
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def move(self, port: int) -> None:
        """The broker listens elsewhere now."""
        self.client.connect_async("127.0.0.1", port)

    def batch(self, lane: Lane, records: Sequence[Record], *, clock: ClockState = ClockState.SYNCED) -> Batch:
        """Freeze ``records`` as the next batch of ``lane`` without sending it."""
        first = self.next[lane]
        self.next[lane] += len(records)
        return Batch(self.gateway, self.epoch, lane, first, "boot", clock, tuple(records))

    def send(self, lane: Lane, *records: Record) -> Batch:
        """Freeze, keep and send ``records``."""
        batch = self.batch(lane, records)
        topic = topics.upward(self.shard, self.gateway, Channel(lane.value))
        payload = envelope.encode(batch)
        with self._lock:
            self.unsettled[lane, batch.first] = (topic, payload)
            self._sent_at[lane, batch.first] = time.monotonic()
        self.client.publish(topic, payload, qos=1)
        return batch

    def resend(self, *, older_s: float = 0.0, most: int | None = None) -> None:
        """Send again what no commit-ack has named: the oldest ``most`` that were sent so long ago."""
        now = time.monotonic()
        with self._lock:
            old = [key for key in self.unsettled if now - self._sent_at[key] >= older_s][:most]
            self._sent_at |= dict.fromkeys(old, now)
            waiting = [self.unsettled[key] for key in old]
        for topic, payload in waiting:
            self.client.publish(topic, payload, qos=1)

    def raw(self, channel: Channel, payload: bytes, *, shard: int | None = None) -> None:
        """Send any bytes on one of our channels."""
        self.client.publish(
            topics.upward(self.shard if shard is None else shard, self.gateway, channel), payload, qos=1
        )

    def state(self, *, online: bool = True) -> None:
        """Publish a heartbeat that tells the truth about the lanes."""
        with self._lock:
            waiting = {lane: sum(1 for one, _ in self.unsettled if one is lane) for lane in Lane}
        lanes = {lane: LaneState(self.next[lane], waiting[lane]) for lane in Lane}
        state = State(online=online, at=time.time(), epoch=self.epoch, boot="boot", lanes=lanes)
        self.client.publish(
            topics.upward(self.shard, self.gateway, Channel.STATE), control.encode(state), qos=1, retain=True
        )

    def settle(self, *, within_s: float = 60.0, again_s: float = 2.0) -> None:
        """Wait until everything is committed, sending again what stays unnamed for ``again_s``."""
        deadline = time.monotonic() + within_s
        again = time.monotonic() + again_s
        while self.unsettled:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(self.unsettled)} batches of {self.gateway} unsettled")
            if time.monotonic() > again and self.connected.is_set():
                self.resend()
                again = time.monotonic() + again_s
            time.sleep(0.05)

    def _on_connect(self, client: Client, _data: Any, _flags: Any, reason: Any, _props: Any) -> None:
        if reason.is_failure:
            return
        client.subscribe(topics.ack(self.gateway), 0)
        self.connected.set()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        ack = control.parse(Ack, bytes(message.payload))
        self.acks.append(ack)
        with self._lock:
            for first in ack.b:
                if ack.e == self.epoch:
                    self.unsettled.pop((ack.st, first), None)


def reading(value: float = 72.0, *, at: datetime | None = None, device: str = "pendant") -> Reading:
    """A heart rate, now unless said otherwise."""
    return Reading(DeviceId(device), Quantity.HEART_RATE, value, at or datetime.now(UTC))


def alarm(
    number: int = 1,
    *,
    kind: AlarmKind = AlarmKind.SOS,
    state: AlarmState = AlarmState.RAISED,
    at: datetime | None = None,
    confirm_s: float = 0.0,
) -> Alarm:
    """One alarm record; equal numbers make the same alarm."""
    return Alarm(
        AlarmId(f"01J{number:023d}"),
        kind,
        state,
        DeviceId("pendant"),
        at or datetime.now(UTC),
        confirm_s=confirm_s,
    )
