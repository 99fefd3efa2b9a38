"""The cloud as separate processes, each kept running as a service manager would keep it.

What this is: the embedded database and broker below the product's own supervisor, and ``anban-cloud
ingest``, ``worker`` and ``api`` as processes of their own, started again when they die. What it is not: a
benchmark. The one idea: the processes are told about each other by one configuration file, as on machines
that are apart.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import httpx

from benchmarks.gateways import ROOT, spawn, wait_for
from cloud import machine_secret
from cloud.db import roles
from cloud.db.migrate import migrate
from cloud.embedded import Nats, Postgres
from cloud.embedded.accounts import gateway_account
from cloud.embedded.nats import INGEST_USER
from cloud.embedded.process import free_port, left_over
from cloud.embedded.supervise import Service, supervise
from firmware_protocols.model import GatewayId

Part = Literal["broker", "database", "ingest", "worker", "api"]
PARTS: Final[tuple[Part, ...]] = ("broker", "database", "ingest", "worker", "api")
ROLES: Final[tuple[Part, ...]] = ("ingest", "worker", "api")
START_S: Final = 60.0
_AGAIN_S: Final = 0.3
"""How soon a dead process is started again; a service manager takes about as long."""


class Services:
    """PostgreSQL and NATS on a thread of their own, supervised by the product's code."""

    def __init__(self, services: Sequence[Service]) -> None:
        self._services = services
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._main: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._live, name="services", daemon=True)

    def start(self) -> None:
        """Start them and wait until all of them answer."""
        self._thread.start()
        if not self._ready.wait(START_S):
            raise RuntimeError("the embedded services do not start")

    def stop(self) -> None:
        """End them in good order."""
        if self._main is not None:
            self._loop.call_soon_threadsafe(self._main.cancel)
        self._thread.join()

    def _live(self) -> None:
        self._main = self._loop.create_task(self._supervise())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._main)
        self._loop.close()

    async def _supervise(self) -> None:
        marks = [asyncio.Event() for _ in self._services]
        async with asyncio.TaskGroup() as tasks:
            for service, mark in zip(self._services, marks, strict=True):
                tasks.create_task(supervise(service, mark))
            for mark in marks:
                await mark.wait()
            self._ready.set()


class Kept:
    """One process that is started again whenever it dies."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command, self._log = command, log
        self._ending = threading.Event()
        self.starts = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def kill(self) -> bool:
        """SIGKILL; whether it was alive."""
        process = self.process
        if process is None or process.poll() is not None:
            return False
        process.kill()
        return True

    def stop(self) -> None:
        """Let it end in good order, and stay ended."""
        self._ending.set()
        if self.process is not None:
            self.process.terminate()
        self._thread.join()

    def _keep(self) -> None:
        while not self._ending.is_set():
            self.process = spawn(self._command, self._log)
            self.starts += 1
            self.process.wait()
            self._ending.wait(_AGAIN_S)


@dataclass
class Split:
    """The whole cloud. Use as ``with split(folder, roster) as cloud``. ``postgres``: where the data lie."""

    folder: Path
    postgres: Postgres
    nats: Nats
    address: str
    config: Path
    roles: dict[Part, Kept] = field(default_factory=dict)

    @property
    def log(self) -> str:
        """What all roles said."""
        return "".join(file.read_text(errors="replace") for file in sorted(self.folder.glob("role-*.log")))

    def kill(self, part: Part) -> bool:
        """SIGKILL of one part; whether it was alive."""
        if part in self.roles:
            return self.roles[part].kill()
        folder, program = {
            "broker": (self.nats.folder, "nats-server"),
            "database": (self.postgres.cluster, "postgres"),
        }[part]
        # The postmaster is the oldest; its helpers end with it.
        alive = sorted(left_over(folder, program))[:1]
        for pid in alive:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(alive)

    def ready(self) -> bool:
        """Whether the API says that database and broker can be reached."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.address}/api/v1/ready", trust_env=False).is_success
        return False


@contextmanager
def split(
    folder: Path, roster: Mapping[str, Any], *, parts: Sequence[Part] = ROLES, more: str = ""
) -> Iterator[Split]:
    """Run the cloud with ``roster`` loaded. ``more``: further lines of the configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    postgres, nats = Postgres(folder), Nats(folder)
    postgres.prepare()
    nats.prepare()
    nats.set_accounts(
        gateway_account(GatewayId(home["gateway"]["id"]), machine_secret.hashed(home["gateway"]["secret"]))
        for home in roster["homes"]
        if "gateway" in home
    )
    services = Services([postgres, nats])
    services.start()
    cloud = Split(folder, postgres, nats, f"http://127.0.0.1:{free_port()}", folder / "cloud.toml")
    try:
        cloud.config.write_text(_configuration(cloud) + more)
        load(cloud.config, roster)
        for role in parts:
            cloud.roles[role] = Kept(command(cloud.config, role), folder / f"role-{role}.log")
        if "api" in parts and not wait_for(cloud.ready, START_S, 0.2):
            raise RuntimeError(f"the cloud does not start, see {folder}/role-*.log")
        yield cloud
    finally:
        for kept in cloud.roles.values():
            kept.stop()
        services.stop()


def command(config: Path, role: str, *arguments: str) -> list[str]:
    """``anban-cloud role`` with a configuration file."""
    return [sys.executable, "-m", "cloud", role, "--config", str(config), *arguments]


def _configuration(cloud: Split) -> str:
    port = cloud.address.rpartition(":")[2]
    told = services_told(cloud.postgres.dsn, cloud.nats.mqtt_port, cloud.nats.ingest_secret)
    return f"{told}[web]\nport = {port}\n"


def services_told(dsn: str, port: int, secret: str) -> str:
    """The lines of a configuration that name a database of this machine, which is brought to the newest
    schema first, because its roles stand in there, and a broker.
    """
    migrate(dsn)
    signed_in = roles.let_in(dsn)
    return (
        f"[database]\ndsn = {json.dumps(dsn)}\n"
        f"service_dsn = {json.dumps(signed_in[roles.SERVICE])}\n"
        f"ingest_dsn = {json.dumps(signed_in[roles.INGEST])}\n"
        f"api_dsn = {json.dumps(signed_in[roles.API])}\n"
        f'[broker]\nhost = "127.0.0.1"\nport = {port}\nuser = "{INGEST_USER}"\n'
        f"secret = {json.dumps(secret)}\n"
    )


def load(config: Path, roster: Mapping[str, Any]) -> None:
    """Load ``roster``.

    Raises:
        RuntimeError: it is refused, with what was said.
    """
    file = config.with_name("roster.json")
    file.write_text(json.dumps(roster, ensure_ascii=False), encoding="utf-8")
    words = command(config, "load", str(file))
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the roster is not loaded: {done.stderr[-1_000:]}")
