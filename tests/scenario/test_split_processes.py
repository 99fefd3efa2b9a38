"""Two of each process side by side, on a database and a NATS that nobody of them owns.

One county runs split for the whole file: two ingests share the shards, two workers,
two APIs behind one address, and ``accounts`` keeps the broker's sign-ins. Every process is started by its
command, watched on its own port, and told to stop by SIGTERM.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError

import httpx
import psycopg
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from psycopg.conninfo import conninfo_to_dict

from cloud.embedded.process import free_port
from firmware_protocols.wire.topics import Lane
from tests.harness import ROOT, Uplink, alarm, eventually, reading, roster
from tests.scenario.webhook import Webhook, webhook

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]  # seven processes start on a busy machine
STOP_S: Final = 60.0
"""Longest a clean stop may take on a busy machine; a service manager waits 90 s."""
NATS: Final = Path(sys.executable).with_name("nats-server")
PROMETHEUS: Final = shutil.which("prometheus")
PASSWORD: Final = "correct horse 电池"
WATCHED: Final = re.compile(r"watched at address=(http://[0-9.:]+)")
SECRET: Final = "ingest-secret-of-this-county-0123"


@dataclass(eq=False)
class Process:
    """One role of the split cloud."""

    role: str
    config: Path
    log: Path
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[str] | None = None
    watched: str = ""
    address: str = ""
    _began: int = 0
    _told: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it."""
        command = [sys.executable, "-m", "cloud", self.role, "--config", str(self.config), *self.arguments]
        self._began = len(self._said) if self.log.exists() else 0
        with self.log.open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, text=True)

    def settle(self) -> None:
        """Wait until it says where it is watched."""
        eventually(lambda: WATCHED.search(self._said, self._began) or self._failed())
        self.watched = WATCHED.findall(self._said)[-1]
        found = re.findall(r"^ready (\S+)", self._said, re.MULTILINE)
        self.address = found[-1] if found else ""

    def settle_ready(self) -> None:
        """Wait until it is ready."""
        self.settle()
        try:
            eventually(lambda: self.ready()[0] == 200)
        except AssertionError as error:
            raise AssertionError(f"{self.role}: {self.ready()[1]}; {self._said[-2_000:]}") from error

    def tell(self) -> None:
        """SIGTERM, once."""
        if self.process is not None and self.process is not self._told:
            self.process.send_signal(signal.SIGTERM)
            self._told = self.process

    def stop(self) -> int:
        """SIGTERM; its exit code, within ``STOP_S``."""
        assert self.process is not None
        self.tell()
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
        with urllib.request.urlopen(url, timeout=60) as answer:
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
    monitor_port: int
    inbox: Webhook
    collector: Webhook
    processes: dict[str, Process] = field(default_factory=dict)
    early: dict[str, tuple[int, tuple[int, str]]] = field(default_factory=dict)
    """What /health and /ready said before there was a database or a broker."""

    def config(self, name: str, text: str = "") -> Path:
        """The configuration of one process."""
        file = self.folder / f"{name}.toml"
        file.write_text(
            f"[database]\ndsn = {self.dsn!r}\n"
            f"[broker]\nhost = '127.0.0.1'\nport = {self.broker_port}\nuser = 'ingest'\nsecret = '{SECRET}'\n"
            f"monitor = ['http://127.0.0.1:{self.monitor_port}']\n"
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
def _nats(folder: Path, port: int, monitor: int) -> Iterator[None]:
    """A NATS server as an operator would run one: its own configuration, which includes our file."""
    accounts = folder / "accounts.conf"
    if not accounts.exists():
        accounts.write_text('authorization { users: [{ user: nobody, password: "drawn-by-the-test" }] }\n')
    (folder / "nats.conf").write_text(
        f'server_name: town\nlisten: "127.0.0.1:-1"\nhttp: "127.0.0.1:{monitor}"\n'
        f'mqtt {{ listen: "127.0.0.1:{port}", ack_wait: "5s", max_ack_pending: 500 }}\n'
        'jetstream { store_dir: "store", sync_interval: always }\n'
        'pid_file: "nats.pid"\ninclude "accounts.conf"\n'
    )
    process = subprocess.Popen(
        [NATS, "-c", "nats.conf"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, postgres: Any) -> Iterator[Town]:
    """Everything up and ready."""
    folder, dsn = tmp_path_factory.mktemp("split"), postgres.create(postgres.template)
    with ExitStack() as stack:
        inbox, collector = stack.enter_context(webhook()), stack.enter_context(webhook())
        town = Town(folder, dsn, free_port(), free_port(), inbox, collector)
        stack.callback(postgres.drop, dsn)
        stack.callback(_stop_all, town)
        _found(town)
        _rename(postgres.dsn, dsn, away=True)
        watched = [
            *(
                town.add(name, "ingest", "[ingest]\nshards = [0, 15]\nranges = 2\n")
                for name in ("ingest1", "ingest2")
            ),
            *(town.add(name, name[:-1]) for name in ("worker1", "worker2", "api1", "api2")),
        ]
        accounts = str(folder / "accounts.conf"), "--reload", str(folder / "nats.pid")
        town.add("accounts", "accounts", "", *accounts)
        for one in town.processes.values():
            one.start()
        for one in watched:
            one.settle()
        town.early = {
            name: (_get(f"{one.watched}/health")[0], one.ready())
            for name, one in town.processes.items()
            if one in watched
        }
        _rename(postgres.dsn, dsn, away=False)
        stack.enter_context(_nats(folder, town.broker_port, town.monitor_port))
        for one in watched:
            one.settle_ready()
        yield town


def _rename(server: str, dsn: str, *, away: bool) -> None:
    """Let the database be away, or there again."""
    name = conninfo_to_dict(dsn)["dbname"]
    before, after = (name, f"{name}_away") if away else (f"{name}_away", name)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"alter database {before} rename to {after}")


def _stop_all(town: Town) -> list[int]:
    """Tell all, then wait for each; their exit codes."""
    started = [one for one in town.processes.values() if one.process is not None]
    for one in started:
        one.tell()
    return [one.stop() for one in started]


def _found(town: Town) -> None:
    """Load two homes: one in each range of shards, whose contact reads at ``inbox``."""
    contact = {
        "rank": 1, "name": "向小妹", "relation": "family", "phone": "+8613900000001", "has_key": True,
        "locale": "zh-Hans", "channels": [town.inbox.address("sister")],
    }  # fmt: skip
    operator = {
        "username": "op1", "password": PASSWORD, "role": "operator", "name": "向玉珍", "locale": "zh-Hans",
        "homes": [],
    }  # fmt: skip
    document = roster(2, staff=[operator], contacts=[contact])
    document["homes"][1]["gateway"]["shard"] = 12
    file = town.folder / "roster.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-m", "cloud", "load", str(file), "--config", str(town.config("setup"))]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_gateways_send_is_stored_by_one_ingest_and_once(town: Town) -> None:
    with (
        Uplink("gw-h001", 1, town.broker_port) as first,
        Uplink("gw-h002", 12, town.broker_port) as second,
    ):
        first.send(Lane.BULK, reading(61.0))
        second.send(Lane.BULK, reading(62.0))
        first.settle()
        second.settle()
    assert sorted(town.rows("select value from reading")) == [61.0, 62.0]
    counted = [
        town.processes[name].metric('anban_ingest_rows_total{kind="reading"}')
        for name in ("ingest1", "ingest2")
    ]
    assert sum(counted) == 2.0, "each by one of them, and once"


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
    """A proxy hands requests to either: who signed in at one reads at the other, and misses nothing."""
    with _browser(town, "api1") as first, _browser(town, "api2") as second, ExitStack() as uplinks:
        answer = first.post("/session", json={"username": "op1", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        second.cookies = first.cookies
        seq = second.get("/snapshot").json()["seq"]
        uplink = uplinks.enter_context(Uplink("gw-h002", 12, town.broker_port))
        with first.stream("GET", "/stream", params={"after": seq}) as stream:
            uplink.send(Lane.ALARM, alarm(2))
            last = next(_changes(stream))
        uplink.send(Lane.ALARM, alarm(3))
        uplink.settle()
        wanted = town.rows(f"select max(id) from change where id > {last}")[0]
        with second.stream("GET", "/stream", headers={"Last-Event-ID": str(last)}) as stream:
            assert next(change for change in _changes(stream) if change >= wanted) == wanted


def _browser(town: Town, name: str) -> httpx.Client:
    base = f"{town.processes[name].address}/api/v1"
    return httpx.Client(base_url=base, headers={"X-Anban": "1"}, timeout=60)


def _changes(stream: httpx.Response) -> Iterator[int]:
    """The change ids of a stream's events, heartbeats left out."""
    number, event = 0, ""
    for line in stream.iter_lines():
        key, _, value = line.partition(": ")
        if key == "id":
            number = int(value)
        elif key == "event":
            event = value
        elif key == "data" and event in {"inc", "home"}:
            yield number


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


def test_each_started_while_database_and_broker_were_away_and_said_so(town: Town) -> None:
    """Readiness told the truth meanwhile, health did not care, and all of them became ready (``town``)."""
    assert set(town.early) == {"ingest1", "ingest2", "worker1", "worker2", "api1", "api2"}
    for name, (health, (ready, said)) in town.early.items():
        assert health == 200, name
        assert (ready, "database away" in said) == (503, True), name


def test_every_process_stops_on_sigterm_and_its_work_is_taken_over(town: Town) -> None:
    for name in ("worker1", "api1", "ingest1"):
        assert town.processes[name].stop() == 0, name
    with (
        Uplink("gw-h001", 1, town.broker_port) as first,
        Uplink("gw-h002", 12, town.broker_port) as second,
    ):
        first.send(Lane.BULK, reading(64.0))
        second.send(Lane.BULK, reading(64.0))
        first.settle()
        second.settle()
    assert town.rows("select count(*) from reading where value = 64") == [2], "whoever had the range before"
    eventually(lambda: _get(f"{town.processes['api2'].address}/api/v1/ready")[0] == 200)
    lines = [json.loads(line) for line in (town.folder / "worker1.log").read_text().splitlines()]
    assert lines[-1]["message"] == "stopped"
    assert all({"at", "level", "logger", "message"} <= set(line) for line in lines)


def test_when_the_last_ingest_is_gone_somebody_is_woken_and_what_waits_is_counted(town: Town) -> None:
    """The shipped rule in a real Prometheus, without its patience, over the one worker that is left."""
    worker, last = town.processes["worker2"], town.processes["ingest2"]
    with _prometheus(town, worker) as firing:
        eventually(lambda: worker.metric('anban_ingest_ranges{state="held"}') == 2)
        assert "AnbanNoIngest" not in firing()
        assert last.stop() == 0
        with Uplink("gw-h001", 1, town.broker_port) as uplink:
            uplink.send(Lane.ALARM, alarm(4))
            uplink.send(Lane.BULK, reading(65.0))
            eventually(lambda: "AnbanNoIngest" in firing())
            eventually(lambda: worker.metric('anban_ingest_ranges{state="free"}') == 2)
            eventually(lambda: worker.metric("anban_gateways_unheard") == 3)
            eventually(lambda: worker.metric('anban_broker_lag_messages{lane="readings"}') == 1)
            eventually(lambda: worker.metric('anban_broker_lag_messages{lane="prompt"}') >= 1)
            last.start()
            uplink.settle()
        eventually(lambda: "AnbanNoIngest" not in firing())
        eventually(lambda: worker.metric('anban_broker_lag_messages{lane="prompt"}') == 0)


@contextmanager
def _prometheus(town: Town, worker: Process) -> Iterator[Callable[[], list[str]]]:
    """Watches ``worker`` each second; yields what names the alerts that fire."""
    assert PROMETHEUS, "prometheus is needed: apt-get install prometheus"
    folder, port = town.folder / "prometheus", free_port()
    folder.mkdir()
    rules = (ROOT / "deploy" / "prometheus" / "anban.rules.yml").read_text(encoding="utf-8")
    rules = re.sub(r"interval: \S+", "interval: 1s", re.sub(r"(?m)^ +for: .*\n", "", rules))
    (folder / "anban.rules.yml").write_text(rules, encoding="utf-8")
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [anban.rules.yml]\n"
        "scrape_configs:\n  - job_name: anban-worker\n"
        f"    static_configs: [{{targets: ['{worker.watched.removeprefix('http://')}']}}]\n"
    )
    command = [
        PROMETHEUS, "--config.file=prometheus.yml", "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)

    def firing() -> list[str]:
        status, text = _get(f"http://127.0.0.1:{port}/api/v1/alerts")
        return (
            [one["labels"]["alertname"] for one in json.loads(text)["data"]["alerts"]]
            if status == 200
            else []
        )

    try:
        eventually(lambda: _get(f"http://127.0.0.1:{port}/-/ready")[0] == 200)
        yield firing
    finally:
        process.terminate()
        process.wait(60)
