"""Two of each process side by side, on a database and a NATS that nobody of them owns.

One county runs split for the whole file: ingest and the second ingest own half the shards each, two workers,
two APIs behind one address, and ``accounts`` keeps the broker's sign-ins. Every process is started by its
command, watched on its own port, and told to stop by SIGTERM.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from itertools import cycle
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError

import psycopg
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from cloud.embedded.process import free_port
from firmware_protocols.wire.topics import Lane
from tests.harness import ROOT, Uplink, alarm, eventually, reading, roster
from tests.scenario.webhook import Webhook, webhook

pytestmark = pytest.mark.services
STOP_S: Final = 20.0
"""Bound of a clean stop of one process; a service manager waits 90 s."""
NATS: Final = Path(sys.executable).with_name("nats-server")
PASSWORD: Final = "correct horse 电池"
SECRET: Final = "ingest-secret-of-this-county-0123"


@dataclass
class Process:
    """One role of the split cloud."""

    role: str
    config: Path
    log: Path
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[str] | None = None
    watched: str = ""
    address: str = ""

    def start(self) -> None:
        """Start it and wait until it says where it is watched."""
        command = [sys.executable, "-m", "cloud", self.role, "--config", str(self.config), *self.arguments]
        with self.log.open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, text=True)
        began = len(self._said)
        eventually(lambda: re.search(r"watched at address=(\S+)", self._said[began:]) or self._failed())
        self.watched = re.findall(r"watched at address=(http://[0-9.:]+)", self._said)[-1]
        found = re.findall(r"^ready (\S+)", self._said, re.MULTILINE)
        self.address = found[-1] if found else ""

    def stop(self) -> int:
        """SIGTERM; its exit code, within ``STOP_S``."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        finally:
            self.process.kill()

    def ready(self) -> tuple[int, str]:
        """What /ready says."""
        return _get(f"{self.watched}/ready")

    def metric(self, line: str) -> float:
        """The value of a metric, 0 if it is not told."""
        found = re.search(rf"^{re.escape(line)} (\S+)$", _get(f"{self.watched}/metrics")[1], re.MULTILINE)
        return float(found[1]) if found else 0.0

    @property
    def _said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def _failed(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self._said[-3_000:]
        return False


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()
    except (URLError, OSError) as error:
        return 0, str(error)


@dataclass
class Town:
    """The split cloud and what it runs on."""

    folder: Path
    dsn: str
    broker_port: int
    inbox: Webhook
    collector: Webhook
    processes: dict[str, Process] = field(default_factory=dict)

    def config(self, name: str, text: str = "") -> Path:
        """The configuration of one process."""
        file = self.folder / f"{name}.toml"
        file.write_text(
            f"[database]\ndsn = {self.dsn!r}\n"
            f"[broker]\nhost = '127.0.0.1'\nport = {self.broker_port}\nuser = 'ingest'\nsecret = '{SECRET}'\n"
            "[web]\nport = 0\npublic_url = 'http://anban.test'\n"
            f"[operations]\nlisten = '127.0.0.1:0'\nlog = 'json'\n"
            f"trace_url = 'http://127.0.0.1:{self.collector.port}'\n{text}",
            encoding="utf-8",
        )
        return file

    def add(self, name: str, role: str, text: str = "", *arguments: str) -> Process:
        """Another process, not yet started."""
        made = Process(role, self.config(name, text), self.folder / f"{name}.log", arguments)
        self.processes[name] = made
        return made

    def rows(self, query: str) -> list[Any]:
        """The first column of a query's answer."""
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            return [row[0] for row in conn.execute(query)]


@contextmanager
def _nats(folder: Path, port: int) -> Iterator[None]:
    """A NATS server as an operator would run one: its own configuration, which includes our file, and a
    reloader that sends it SIGHUP when that file changes.
    """
    accounts = folder / "accounts.conf"
    accounts.write_text("authorization { users: [] }\n")
    (folder / "nats.conf").write_text(
        'server_name: town\nlisten: "127.0.0.1:-1"\n'
        f'mqtt {{ listen: "127.0.0.1:{port}", ack_wait: "5s", max_ack_pending: 2000 }}\n'
        'jetstream { store_dir: "store", sync_interval: always }\ninclude "accounts.conf"\n'
    )
    process = subprocess.Popen(
        [NATS, "-c", "nats.conf"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    ended = threading.Event()

    def reload() -> None:
        seen = accounts.read_bytes()
        while not ended.wait(0.1):
            if accounts.read_bytes() != seen:
                seen = accounts.read_bytes()
                os.kill(process.pid, signal.SIGHUP)

    reloader = threading.Thread(target=reload)
    reloader.start()
    try:
        yield
    finally:
        ended.set()
        reloader.join()
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, postgres: Any) -> Iterator[Town]:
    """Everything up and ready."""
    folder, dsn = tmp_path_factory.mktemp("split"), postgres.create(None)
    with ExitStack() as stack:
        inbox, collector = stack.enter_context(webhook()), stack.enter_context(webhook())
        town = Town(folder, dsn, free_port(), inbox, collector)
        stack.callback(lambda: [one.stop() for one in town.processes.values() if one.process])
        _found(town)
        stack.enter_context(_nats(folder, town.broker_port))
        accounts = town.add("accounts", "accounts", "", str(folder / "accounts.conf"))
        with accounts.log.open("a", encoding="utf-8") as log:
            command = [sys.executable, "-m", "cloud", "accounts", str(folder / "accounts.conf")]
            accounts.process = subprocess.Popen(
                [*command, "--config", str(accounts.config)], cwd=ROOT, stderr=log, text=True
            )
        town.add("ingest1", "ingest", "[ingest]\nshards = [0, 127]\n")
        town.add("ingest2", "ingest", "[ingest]\nshards = [128, 255]\n")
        for name in ("worker1", "worker2", "api1", "api2"):
            town.add(name, name[:-1])
        for name, one in town.processes.items():
            if name != "accounts":
                one.start()
        for name, one in town.processes.items():
            if name != "accounts":
                eventually(lambda one=one: one.ready()[0] == 200)  # type: ignore[misc]
        yield town
    postgres.drop(dsn)


def _found(town: Town) -> None:
    """Migrate and load two homes: one in each half of the shards, whose contact reads at ``inbox``."""
    contact = {
        "rank": 1, "name": "向小妹", "relation": "family", "phone": "+8613900000001", "has_key": True,
        "locale": "zh-Hans", "channels": [town.inbox.address("sister")],
    }  # fmt: skip
    operator = {
        "username": "op1", "password": PASSWORD, "role": "operator", "name": "向玉珍", "locale": "zh-Hans",
        "homes": [],
    }  # fmt: skip
    document = roster(2, staff=[operator], contacts=[contact])
    document["homes"][1]["gateway"]["shard"] = 200
    file = town.folder / "roster.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    for command in (["migrate"], ["load", str(file)]):
        whole = [sys.executable, "-m", "cloud", *command, "--config", str(town.config("setup"))]
        done = subprocess.run(whole, cwd=ROOT, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_each_half_of_the_shards_is_stored_by_its_own_ingest(town: Town) -> None:
    with (
        Uplink("gw-h001", 1, town.broker_port) as first,
        Uplink("gw-h002", 200, town.broker_port) as second,
    ):
        first.send(Lane.BULK, reading(61.0))
        second.send(Lane.BULK, reading(62.0))
        first.settle()
        second.settle()
    assert sorted(town.rows("select value from reading")) == [61.0, 62.0]
    for name in ("ingest1", "ingest2"):
        assert town.processes[name].metric('anban_ingest_rows_total{kind="reading"}') == 1.0


def test_two_workers_send_every_message_once_and_one_alarm_is_one_trace(town: Town) -> None:
    with Uplink("gw-h001", 1, town.broker_port) as uplink:
        uplink.send(Lane.ALARM, alarm(1))
        uplink.settle()
    eventually(lambda: town.inbox.texts("sister"))
    eventually(lambda: not town.rows("select id from message where due_at is not null"))
    sent = town.rows("select count(*) from message where state in ('accepted', 'answered')")
    assert len(town.inbox.texts("sister")) == sent[0]
    assert town.rows("select count(*) from receipt where state = 'accepted'") == sent
    counted = sum(
        town.processes[name].metric('anban_messages_total{channel="json",outcome="accepted"}')
        for name in ("worker1", "worker2")
    )
    assert counted == sent[0]

    incident = town.rows("select id from incident order by id")[0]
    wanted = {
        ("anban-ingest", "alarm"),
        ("anban-ingest", "incident.attach"),
        ("anban-worker", "message.send"),
    }
    eventually(lambda: wanted <= {(one.service, one.name) for one in _spans(town, incident)})
    spans = _spans(town, incident)
    assert len({one.trace for one in spans}) == 1, "processes that share only the database share the trace"
    root = next(one for one in spans if one.name == "alarm")
    assert root.parent == b""
    assert {one.parent for one in spans if one.name != "alarm"} == {root.id}
    words = {"incident", "kind", "priority", "channel", "attempt", "trigger", "error"}
    assert {key for one in spans for key in one.facts} <= words
    told = b"".join(body for _, _, body in town.collector.seen)
    assert not [
        word for word in ("住户1", "向小妹", "城北路", "gw-h001", "13900000001") if word.encode() in told
    ]


@dataclass(frozen=True)
class Span:
    """What a collector got."""

    service: str
    name: str
    trace: bytes
    id: bytes
    parent: bytes
    facts: dict[str, str]


def _spans(town: Town, incident: int) -> list[Span]:
    found = []
    for _, _, body in list(town.collector.seen):
        request = ExportTraceServiceRequest()
        request.ParseFromString(body)
        for resource in request.resource_spans:
            named = {one.key: one.value.string_value for one in resource.resource.attributes}
            for scope in resource.scope_spans:
                for one in scope.spans:
                    facts = {fact.key: str(fact.value) for fact in one.attributes}
                    if f"int_value: {incident}\n" == facts.get("incident"):
                        where = named["service.name"], one.name, one.trace_id, one.span_id, one.parent_span_id
                        found.append(Span(*where, facts))
    return found


def test_a_stream_goes_on_at_the_other_api(town: Town) -> None:
    """The proxy hands requests out in turn: who signed in at one reads at the other, and misses nothing."""
    addresses = cycle([town.processes["api1"].address, town.processes["api2"].address])
    first, second = next(addresses), next(addresses)
    cookie = _sign_in(first)
    snapshot = json.loads(_ask(second, "/api/v1/snapshot", cookie).read())
    seen = _changes(first, cookie, after=snapshot["seq"])
    with Uplink("gw-h002", 200, town.broker_port) as uplink:
        uplink.send(Lane.ALARM, alarm(2))
        uplink.settle()
        event, last = next(seen)
        assert event == "inc"
        seen.close()
        uplink.send(Lane.ALARM, alarm(3))
        uplink.settle()
    wanted = town.rows(f"select max(id) from change where id > {last}")[0]
    for _, number in _changes(second, cookie, after=0, last=last):
        if number == wanted:
            return
    pytest.fail("the stream ended before the change came")


def _sign_in(address: str) -> str:
    host = address.removeprefix("http://")
    connection = HTTPConnection(host, timeout=60)
    body = json.dumps({"username": "op1", "password": PASSWORD})
    headers = {"X-Anban": "1", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/session", body, headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    return str(answer.getheader("set-cookie")).split(";")[0]


def _ask(address: str, path: str, cookie: str, **headers: str) -> HTTPResponse:
    connection = HTTPConnection(address.removeprefix("http://"), timeout=60)
    connection.request("GET", path, headers={"Cookie": cookie, **headers})
    return connection.getresponse()


def _changes(
    address: str, cookie: str, *, after: int, last: int | None = None
) -> Generator[tuple[str, int], None, None]:
    """Events of a stream with their change ids, heartbeats left out."""
    headers = {"Last-Event-ID": str(last)} if last is not None else {}
    answer = _ask(address, f"/api/v1/stream?after={after}", cookie, **headers)
    number, event = 0, ""
    for raw in answer:
        key, _, value = raw.decode().strip().partition(": ")
        if key == "id":
            number = int(value)
        elif key == "event":
            event = value
        elif key == "data" and event in {"inc", "home"}:
            yield event, number


def test_a_gateway_that_is_added_signs_in_within_the_minute(town: Town) -> None:
    with psycopg.connect(town.dsn, autocommit=True) as conn:
        conn.execute(
            "insert into gateway (id, home_id, shard, secret)"
            " select 'gw-new', home_id, 7, secret from gateway where id = 'gw-h001'"
        )
    eventually(lambda: "gw-new" in (town.folder / "accounts.conf").read_text())
    uplink = Uplink("gw-new", 7, town.broker_port, secret="secret-of-gw-h001-0123456789")
    with uplink:
        uplink.send(Lane.BULK, reading(63.0))
        uplink.settle()
    assert 63.0 in town.rows("select value from reading")


def test_each_starts_while_the_database_is_away_and_stops_within_the_bound(
    town: Town, tmp_path: Path
) -> None:
    """Readiness tells the truth meanwhile, and health does not care."""
    away = Town(tmp_path, f"host=127.0.0.1 port={free_port()} dbname=none", town.broker_port, town.inbox,
                town.collector)  # fmt: skip
    for role in ("worker", "ingest", "api"):
        one = away.add(role, role, "[ingest]\nshards = [3, 3]\n" if role == "ingest" else "")
        one.start()
    try:
        for one in away.processes.values():
            assert _get(f"{one.watched}/health")[0] == 200
            status, said = one.ready()
            assert (status, "database away" in said) == (503, True)
            assert "anban_" in _get(f"{one.watched}/metrics")[1]
    finally:
        began = time.monotonic()
        assert [one.stop() for one in away.processes.values()] == [0, 0, 0]
        assert time.monotonic() - began < 3 * STOP_S


def test_every_process_stops_on_sigterm_and_its_work_is_taken_over(town: Town) -> None:
    for name in ("worker1", "api1", "ingest1"):
        assert town.processes[name].stop() == 0, name
    with Uplink("gw-h001", 1, town.broker_port) as uplink:
        uplink.send(Lane.BULK, reading(64.0))
        town.processes["ingest1"].start()
        uplink.settle()
    assert town.rows("select count(*) from reading where value = 64") == [1], "the broker kept it meanwhile"
    assert _get(f"{town.processes['api2'].address}/api/v1/ready")[0] == 200
    lines = [json.loads(line) for line in (town.folder / "worker1.log").read_text().splitlines()]
    assert lines[-1]["message"] == "stopped"
    assert all({"at", "level", "logger", "message"} <= set(line) for line in lines)
