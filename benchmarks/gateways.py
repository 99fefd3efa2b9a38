"""Two gateways behind one source and one sink: ours and its direct peer, as processes that may be killed.

What this is: the brokers, how each gateway is configured and started, and the sinks that count. What it is
not: the measuring (``edge_peer`` has that). The one idea: a message carries its number, so lost and doubled
are counted, never estimated. Ours is acknowledged by a sink that has committed the batch to SQLite; the peer
knows no such word and is counted when its sink has received the message.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import paho.mqtt.client as mqtt
import psutil
from paho.mqtt.enums import CallbackAPIVersion

from cloud.embedded.process import free_port
from firmware_protocols.model import Event, GatewayId, Reading
from firmware_protocols.wire import control, envelope, topics
from firmware_protocols.wire.control import Ack
from firmware_protocols.wire.envelope import Batch
from firmware_protocols.wire.topics import Channel

ROOT: Final = Path(__file__).resolve().parents[1]
DEVICES: Final = 10
PEER: Final = "thingsboard-gateway==3.8.5"
GATEWAY: Final = GatewayId("gw-bench")
SHARD: Final = 7
_SECRET: Final = "secret-of-gw-bench-0123456789"
_KEEPALIVE_S: Final = 5


def wait_for(what: Callable[[], object], within_s: float, every_s: float = 0.02) -> bool:
    """Whether ``what()`` became true in time."""
    deadline = time.monotonic() + within_s
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True


def spawn(command: Sequence[str], log: Path, cwd: Path = ROOT, **environment: str) -> subprocess.Popen[bytes]:
    """Start a process whose output goes to ``log``."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command, cwd=cwd, stdout=output, stderr=output, env={**os.environ, **environment}
        )


class Mosquitto:
    """A broker with persistence on and no limit on what waits for a client that is away."""

    def __init__(self, folder: Path, *, inflight: int = 100) -> None:
        folder.mkdir(parents=True)
        self.port = free_port()
        self._log = folder / "log"
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\npersistence true\n"
            f"persistence_location {folder}/\nmax_queued_messages 0\nmax_inflight_messages {inflight}\n"
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = spawn(
            [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(self._config)], self._log
        )
        if not wait_for(self._answers, 10):
            raise RuntimeError(f"mosquitto does not start, see {self._log}")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self.process is not None:
            self.process.send_signal(number)

    def stop(self) -> None:
        """End it cleanly, so that what it keeps for its clients is on disk."""
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(10)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.2):
            return True
        return False


@dataclass
class Count:
    """What arrived: how often each number did, and when it first did (monotonic seconds)."""

    times: Counter[int] = field(default_factory=Counter)
    first_at: dict[int, float] = field(default_factory=dict)

    def add(self, number: int, at: float) -> None:
        self.times[number] += 1
        self.first_at.setdefault(number, at)


class Publisher:
    """The devices: publishes numbered messages to the source broker and remembers when.

    No two messages share a time, because the peer merges those of one device that do. The time also serves as
    the counter by which our agent knows a message that the source's broker sends again after a kill.
    """

    def __init__(self, port: int, *, events: bool) -> None:
        self._events = events
        self.sent_at: dict[int, float] = {}
        self._ts = 0
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "devices")
        self._client.max_inflight_messages_set(1000)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def send(self, number: int) -> None:
        """One message, QoS 1."""
        self._ts = max(int(time.time() * 1000), self._ts + 1)
        said: dict[str, Any] = {"ts": self._ts, "n": number, "x": 20.5, "y": 50.5, "c": self._ts}
        if self._events:
            said["e"] = 1
        self.sent_at[number] = time.monotonic()
        self._client.publish(f"sensor/dev{number % DEVICES}/data", json.dumps(said), qos=1)

    def paced(self, numbers: range, rate: float) -> None:
        """Messages at ``rate`` a second."""
        began = time.monotonic()
        for index, number in enumerate(numbers):
            time.sleep(max(0.0, began + index / rate - time.monotonic()))
            self.send(number)

    def close(self) -> None:
        """Wait until the broker has them all, and leave."""
        wait_for(lambda: not self._client.want_write() and not self._client._out_messages, 60)  # noqa: SLF001 - the only word on what is unconfirmed
        self._client.disconnect()
        self._client.loop_stop()


class Sink(Protocol):
    """Counts what arrives behind a gateway."""

    count: Count

    def close(self) -> None:
        """Stop."""
        ...


def _sink_client(name: str, port: int) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, name, clean_session=False)
    client.max_inflight_messages_set(1000)
    client.reconnect_delay_set(0.3, 0.3)  # type: ignore[arg-type]  # slower, and it looks like the gateway's delay
    client.connect_async("127.0.0.1", port, keepalive=_KEEPALIVE_S)
    return client


class OurSink:
    """Stores each batch in SQLite, by its identity, and acknowledges it after the commit."""

    def __init__(self, port: int, folder: Path) -> None:
        self.count = Count()
        self.batches = 0
        self.resent = 0
        self._file = folder / "sink.sqlite"
        self._arrived: queue.Queue[bytes | None] = queue.Queue()
        self._client = _sink_client("sink", port)
        filters = [(topics.upward_filter(channel), 1) for channel in (Channel.ALARM, Channel.BULK)]
        self._client.on_connect = lambda client, *_: client.subscribe(filters)
        self._client.on_message = lambda _c, _d, message: self._arrived.put(bytes(message.payload))
        self._thread = threading.Thread(target=self._store, daemon=True)
        self._thread.start()
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._arrived.put(None)
        self._thread.join()

    def stored(self, batch: Batch) -> None:
        """Told of each batch once it is committed, in order."""

    def _store(self) -> None:
        with contextlib.closing(sqlite3.connect(self._file, isolation_level=None)) as connection:
            connection.executescript(
                "pragma journal_mode = wal; pragma synchronous = full;"
                "create table batch (e, st, q, payload, primary key (e, st, q)) without rowid"
            )
            while (payload := self._arrived.get()) is not None:
                payloads = [payload]
                with contextlib.suppress(queue.Empty):
                    while len(payloads) < 64 and (more := self._arrived.get_nowait()) is not None:
                        payloads.append(more)
                self._commit(connection, payloads)

    def _commit(self, connection: sqlite3.Connection, payloads: Sequence[bytes]) -> None:
        batches = [envelope.parse(payload) for payload in payloads]
        fresh = []
        connection.execute("begin")
        for batch, payload in zip(batches, payloads, strict=True):
            row = (batch.epoch, batch.lane, batch.first, payload)
            if connection.execute("insert or ignore into batch values (?, ?, ?, ?)", row).rowcount:
                fresh.append(batch)
        connection.execute("commit")
        now = time.monotonic()
        for batch in batches:
            ack = Ack(batch.epoch, batch.lane, (batch.first,))
            self._client.publish(topics.ack(batch.gateway), control.encode(ack), qos=0)
        self.batches += len(fresh)
        self.resent += len(batches) - len(fresh)
        for batch in fresh:
            self.stored(batch)
            for record in batch.records:
                if isinstance(record, Event):
                    self.count.add(int(record.detail), now)
                elif isinstance(record, Reading) and record.quantity.value == "distance":
                    self.count.add(int(record.value or 0), now)


class PeerSink:
    """Answers what the peer asks of a platform, and counts its telemetry."""

    def __init__(self, port: int) -> None:
        self.count = Count()
        self._client = _sink_client("sink", port)
        self._client.on_connect = self._connected
        self._client.on_message = self._received
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @staticmethod
    def _connected(client: mqtt.Client, *_: object) -> None:
        client.subscribe([("v1/gateway/telemetry", 1), ("v1/devices/me/rpc/request/+", 1)])

    def _received(self, client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        now, said = time.monotonic(), json.loads(message.payload)
        if message.topic.startswith("v1/devices/me/rpc/request/"):
            if said.get("method") == "getSessionLimits":
                limits = {"maxPayloadSize": 65_536, "maxInflightMessages": 100, "rateLimits": {}}
                client.publish(message.topic.replace("request", "response"), json.dumps(limits), qos=1)
            return
        for entries in said.values():
            for entry in entries:
                if "n" in entry.get("values", {}):
                    self.count.add(int(entry["values"]["n"]), now)


@dataclass
class Gateway:
    """One gateway as a process."""

    command: Sequence[str]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    cpu_s: float = 0.0

    def start(self) -> None:
        self.process = spawn(self.command, self.folder / "gateway.log", ROOT, **self.environment)

    def kill(self) -> None:
        """SIGKILL."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait(10)

    def figures(self) -> dict[str, float]:
        """Resident MiB, threads and CPU seconds so far."""
        if self.process is None:
            return {}
        seen = psutil.Process(self.process.pid)
        times = seen.cpu_times()
        return {
            "resident_mib": round(seen.memory_info().rss / 2**20, 1),
            "threads": seen.num_threads(),
            "cpu_s": round(times.user + times.system, 2),
        }


def our_gateway(folder: Path, source: Mosquitto, uplink: Mosquitto, group_s: float) -> Gateway:
    """The agent without a fall model, behind the benchmark's source."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        "[gateway]",
        f'id = "{GATEWAY}"',
        f"shard = {SHARD}",
        f'data_dir = "{folder / "data"}"',
        "[uplink]",
        'host = "127.0.0.1"',
        f"port = {uplink.port}",
        f'secret = "{_SECRET}"',
        "[outbox]",
        f"group_s = {group_s}",
    ]
    lines += ["[ble]", 'backend = "hci"', f'transport = "source:127.0.0.1:{source.port}"']
    for number in range(DEVICES):
        lines += ["[[ble.device]]", f'address = "A4:C1:38:00:00:{number:02X}"', f'name = "dev{number}"']
    config = folder / "edge.toml"
    config.write_text("\n".join(lines) + "\n")
    return Gateway(
        [sys.executable, "-m", "benchmarks.bench_agent", "--source", "--config", str(config)], folder
    )


def peer_gateway(folder: Path, source: Mosquitto, uplink: Mosquitto, home: Path, storage: str) -> Gateway:
    """The peer with the given storage, remote configuration, statistics and rate limits off."""
    config = folder / "config"
    config.mkdir(parents=True)
    (package,) = home.glob("lib/python3*/site-packages/thingsboard_gateway")
    whole = json.loads((package / "config" / "tb_gateway.json").read_text())
    whole["thingsboard"] |= {
        "host": "127.0.0.1",
        "port": uplink.port,
        "remoteConfiguration": False,
        "statistics": {"enable": False},
        **{key: "0:0," for key in whole["thingsboard"] if key.lower().endswith("ratelimits")},
    }
    whole["storage"] = _storage(whole["storage"], storage, folder)
    connector = {"type": "mqtt", "name": "source", "configuration": "mqtt.json"}
    whole["connectors"] = [connector]
    (config / "tb_gateway.json").write_text(json.dumps(whole))
    (config / "mqtt.json").write_text(json.dumps(_connector(source.port)))
    (folder / "logs").mkdir()
    logs = (package / "config" / "logs.json").read_text().replace("./logs/", f"{folder}/logs/")
    (config / "logs.json").write_text(logs)
    return Gateway([str(home / "bin" / "thingsboard-gateway")], folder, {"TB_GW_CONFIG_DIR": f"{config}/"})


def _storage(shipped: dict[str, Any], kind: str, folder: Path) -> dict[str, Any]:
    """As shipped, but for the records read at once (1,000 instead of 10), with which it is faster."""
    paths = {"data_folder_path": f"{folder}/data/", "data_file_path": f"{folder}/data/"}
    (folder / "data").mkdir(exist_ok=True)
    return {**shipped, "type": kind, "max_read_records_count": 1000, "read_records_count": 1000, **paths}


def _connector(port: int) -> dict[str, Any]:
    device = {
        "deviceNameExpressionSource": "topic",
        "deviceNameExpression": "(?<=sensor/)(.*?)(?=/data)",
        "deviceProfileExpressionSource": "constant",
        "deviceProfileExpression": "default",
    }
    series = [{"type": "double", "key": key, "value": f"${{{key}}}"} for key in ("n", "x", "y")]
    converter = {
        "type": "json",
        "deviceInfo": device,
        "sendDataOnlyOnChange": False,
        "timeout": 60_000,
        "attributes": [],
        "timeseries": series,
    }
    broker = {
        "host": "127.0.0.1",
        "port": port,
        "clientId": "peer",
        "version": 4,
        "maxMessageNumberPerWorker": 10,
        "maxNumberOfWorkers": 100,
        "cleanSession": False,
        "security": {"type": "anonymous"},
    }
    mapping = {"topicFilter": "sensor/+/data", "subscriptionQos": 1, "converter": converter}
    nothing: list[Any] = []
    requests = dict.fromkeys(
        ("connectRequests", "disconnectRequests", "attributeRequests", "serverSideRpc"), nothing
    )
    return {
        "broker": broker,
        "mapping": [mapping],
        "requestsMapping": {**requests, "attributeUpdates": nothing},
    }


@contextlib.contextmanager
def closing_all(*stops: Callable[[], object]) -> Iterator[None]:
    """Call every stop at the end, in order, whatever happens."""
    with contextlib.ExitStack() as stack:
        for stop in reversed(stops):
            stack.callback(stop)
        yield
