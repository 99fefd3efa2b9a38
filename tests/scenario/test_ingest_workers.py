"""Several workers of ingest on one broker and database: one dies, one sleeps, every reading is there once.

The gateways here never send anything twice, so what is stored was brought by the broker's sessions alone.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import psycopg
import pytest

from cloud import machine_secret
from cloud.db import connect, roles
from cloud.embedded import Nats, gateway_account
from cloud.embedded.supervise import running
from cloud.ingest.shards import Range
from cloud.ingest.station import most_subscriptions
from cloud.people import roster as people
from cloud.people import roster_store
from firmware_protocols.model import GatewayId
from firmware_protocols.wire.topics import Lane
from tests.conftest import Server
from tests.harness import ROOT, Uplink, alarm, eventually, reading, roster, secret_of
from tests.scenario.test_ingest_external import broker as _anonymous_broker

pytestmark = pytest.mark.services
HOMES = 4
EACH = 60
SHARDS = Range(0, 15)
mosquitto = _anonymous_broker


class Worker:
    """``anban-cloud ingest`` as a process of its own."""

    def __init__(self, folder: Path, name: str, config: str) -> None:
        file, self._log = folder / "cloud.toml", folder / f"{name}.log"
        file.write_text(config)
        file.chmod(0o600)
        command = [sys.executable, "-m", "cloud", "ingest", "--config", str(file)]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def takes_in_everything(self) -> bool:
        """Whether the broker keeps for us what comes, whoever works on it later."""
        return self.log.count("shards taken in range=") == 4

    def send(self, sign: signal.Signals) -> None:
        self.process.send_signal(sign)

    def stop(self) -> None:
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        self.process.wait(60)


class Scene:
    """A database with homes spread over the shards, a broker, and workers that share four ranges.

    ``dsn``: ours; ``own``: the workers', who are ingest and nothing else. ``broker``: its port, and how they
    sign in to it.
    """

    def __init__(self, folder: Path, dsn: str, own: str, broker: tuple[int, str], stack: ExitStack) -> None:
        self._folder, self._stack, self.dsn = folder, stack, dsn
        self.port, sign_in = broker
        self._config = (
            f"[database]\ningest_dsn = {own!r}\n[broker]\nhost = '127.0.0.1'\nport = {self.port}\n{sign_in}\n"
            f"[ingest]\nshards = [{SHARDS.first}, {SHARDS.last}]\nranges = 4\n"
        )
        self._uplinks: list[Uplink] = []

    def worker(self, name: str) -> Worker:
        one = Worker(self._folder, name, self._config)
        self._stack.callback(one.stop)
        return one

    def homes(self) -> list[Uplink]:
        if not self._uplinks:
            links = (Uplink(f"gw-h{n:03}", shard_of(n), self.port) for n in range(1, HOMES + 1))
            self._uplinks = [self._stack.enter_context(link) for link in links]
        return self._uplinks

    def send(self, number: int) -> None:
        """Each home sends a reading; each tenth time it calls for help."""
        for home in self.homes():
            home.send(Lane.BULK, reading(60 + number % 40))
            if number % 10 == 0:
                home.send(Lane.ALARM, alarm(1_000 * int(home.gateway[-3:]) + number))

    def owners(self) -> dict[int, str | None]:
        with psycopg.connect(self.dsn) as conn:
            return dict(conn.execute("select first_shard, owner from ingest_lease order by 1").fetchall())

    def shared_by(self, workers: int) -> bool:
        """Whether so many workers have all ranges among them."""
        owners = self.owners().values()
        return len(owners) == 4 and None not in owners and len(set(owners)) == workers

    def hold_leases_for(self, length: str) -> None:
        """Whatever now happens within seconds does not happen because a lease ran out."""
        with psycopg.connect(self.dsn) as conn:
            for table in ("ingest_lease", "ingest_worker"):
                conn.execute(f"update {table} set expires_at = clock_timestamp() + interval '{length}'")

    def settle(self, again_s: float = 1_000) -> None:
        """Until every batch is acknowledged; none is sent again sooner than after ``again_s``."""
        for home in self.homes():
            home.settle(within_s=120, again_s=again_s)

    def rows(self) -> tuple[int, int, int]:
        """Readings, distinct batches in the ledger, alarms."""
        with psycopg.connect(self.dsn) as conn:
            found = conn.execute(
                "select (select count(*) from reading), (select count(*) from batch where lane = 't'),"
                " (select count(*) from alarm where path = 'mqtt')"
            ).fetchone()
        assert found
        return found


def shard_of(number: int) -> int:
    """Each home in another range."""
    return 4 * number - 3


async def load(dsn: str) -> None:
    document = roster(HOMES)
    for number, home in enumerate(document["homes"], 1):
        home["gateway"] |= {"shard": shard_of(number)}
        del home["gateway"]["secret"]
    conn = await connect(dsn)
    async with conn.transaction():
        await roster_store.load(conn, people.parse(msgspec.json.encode(document)))
    await conn.close()


@contextmanager
def on_nats(folder: Path) -> Iterator[tuple[int, str]]:
    nats = Nats(folder, subscriptions=most_subscriptions(SHARDS, 4))
    nats.prepare()
    names = [GatewayId(f"gw-h{number:03}") for number in range(1, HOMES + 1)]
    nats.set_accounts(gateway_account(name, machine_secret.hashed(secret_of(name))) for name in names)
    with running(nats):
        yield nats.mqtt_port, f"secret = {nats.ingest_secret!r}"


@pytest.fixture(params=["mosquitto", "nats"])
def scene(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: Server, database: str, mosquitto: int
) -> Iterator[Scene]:
    asyncio.run(load(database))
    with ExitStack() as stack:
        port, sign_in = mosquitto, "user = ''"
        if request.param == "nats":
            port, sign_in = stack.enter_context(on_nats(tmp_path / "nats"))
        yield Scene(tmp_path, database, postgres.as_role(database, roles.INGEST), (port, sign_in), stack)


def test_a_worker_killed_under_load_loses_and_doubles_nothing(scene: Scene) -> None:
    first = scene.worker("first")
    eventually(first.takes_in_everything)
    scene.worker("second")
    eventually(lambda: scene.shared_by(2))
    for number in range(EACH):
        scene.send(number)
        if number == EACH // 2:
            first.send(signal.SIGKILL)
        time.sleep(0.02)
    eventually(lambda: scene.shared_by(1))
    scene.settle()
    assert scene.rows() == (HOMES * EACH, HOMES * EACH, HOMES * EACH // 10)


@pytest.mark.parametrize("scene", ["mosquitto"], indirect=True)  # it says nothing about the broker
def test_a_worker_that_was_killed_and_is_started_again_waits_for_no_lease(scene: Scene) -> None:
    killed = scene.worker("killed")
    eventually(killed.takes_in_everything)
    scene.send(10)
    scene.settle()
    before = scene.owners()
    killed.send(signal.SIGKILL)
    scene.send(20)  # comes while nobody is there
    scene.hold_leases_for("1 hour")
    scene.worker("again")
    scene.settle()
    assert not set(scene.owners().values()) & set(before.values())
    assert scene.rows() == (2 * HOMES, 2 * HOMES, 2 * HOMES)


def test_a_worker_that_sleeps_through_its_leases_and_wakes_up_does_no_harm(scene: Scene) -> None:
    sleeper = scene.worker("sleeper")
    eventually(sleeper.takes_in_everything)
    before = set(scene.owners().values())
    scene.send(1)
    scene.settle()
    flowing, over = threading.Event(), threading.Event()

    def flow() -> None:
        number = 2
        while not over.is_set():
            scene.send(number)
            flowing.set()
            number += 1
            time.sleep(0.02)

    thread = threading.Thread(target=flow)
    thread.start()
    flowing.wait(60)
    sleeper.send(signal.SIGSTOP)
    scene.worker("other")
    eventually(lambda: scene.shared_by(1) and set(scene.owners().values()) != before)
    sleeper.send(signal.SIGCONT)
    eventually(lambda: scene.shared_by(2))
    over.set()
    thread.join()
    scene.settle(
        again_s=20
    )  # an acknowledgement that was on its way when it fell asleep is lost, as gateways expect
    sent = sum(home.next[Lane.BULK] - 1 for home in scene.homes())
    called = sum(home.next[Lane.ALARM] - 1 for home in scene.homes())
    assert scene.rows() == (sent, sent, called)
