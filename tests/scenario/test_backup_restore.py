"""A county is saved while it works, its machine is lost, and a new one is put where the old one stood.

One cloud runs with an archive; gateways send before and after the time that is restored to. What is compared
is what people would ask: are the readings there, does the audit agree, do the incidents still run.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from cloud.backup import restore as restoring
from cloud.backup import seal
from cloud.backup.base import BackupError
from cloud.backup.seal import SealError
from cloud.backup.shelf import Shelf
from cloud.embedded import Postgres, access
from firmware_protocols.wire.topics import Lane
from tests.harness import ROOT, System, Uplink, alarm, eventually, reading

pytestmark = pytest.mark.services


@dataclass(frozen=True)
class Lost:
    """What is left of the county: its copies, its key, its configuration, and when which reading came."""

    copies: Shelf
    key: bytes
    config: Path
    between: datetime
    secrets: dict[str, str]
    audited: str
    metrics: str


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Lost:
    """A cloud that is saved, takes readings 1 and 2 and an alarm between them, and is killed."""
    folder = tmp_path_factory.mktemp("county")
    key, config = folder / "key", folder / "cloud.toml"
    seal.new_key(key)
    config.write_text(
        f"[backup]\nfolder = '{folder / 'copies'}'\nkey_file = '{key}'\n"
        "[operations]\nlisten = '127.0.0.1:0'\n"
    )
    system = System(folder / "data", arguments=("--port", "0", "--config", str(config)))
    shelf = Shelf(folder / "copies")
    with (
        system.started(),
        psycopg.connect(system.dsn, autocommit=True) as conn,
        Uplink("gw-h001", 1, system.broker_port) as uplink,
    ):
        eventually(shelf.notes)
        uplink.send(Lane.BULK, reading(61.0))
        uplink.send(Lane.ALARM, alarm())
        uplink.settle()
        uplink.state()
        eventually(lambda: _next_of(conn) == 2)
        between = datetime.now(UTC)
        uplink.send(Lane.BULK, reading(62.0))
        uplink.settle()
        uplink.state()
        eventually(lambda: _next_of(conn) == 3)
        audited = _audit(system.dsn)
        metrics = _watched(system)
        secrets = {file.name: file.read_text() for file in (system.data / "secrets").iterdir()}
    return Lost(shelf, seal.read_key(key), config, between, secrets, audited, metrics)


def _watched(system: System) -> str:
    """What the whole of it on one machine tells of itself, once it is ready."""
    found = re.search(r"watched at address=(\S+)", system.log)
    assert found, system.log
    eventually(lambda: httpx.get(f"{found[1]}/ready", timeout=60).json() == {"status": "ok"})
    eventually(lambda: "anban_backup_age_seconds " in httpx.get(f"{found[1]}/metrics", timeout=60).text)
    return httpx.get(f"{found[1]}/metrics", timeout=60).text


def test_one_machine_tells_of_its_disk_its_broker_its_loops_and_its_backup(lost: Lost) -> None:
    assert re.search(r'^anban_disk_free_bytes\{disk="data"\} [1-9]', lost.metrics, re.MULTILINE)
    for line in (
        "anban_broker_connected 1.0",
        'anban_broker_lag_messages{lane="prompt"} 0.0',
        'anban_ingest_rows_total{kind="reading"} 2.0',
        'anban_incidents_open{priority="1"} 1.0',
        'anban_loop_limit_seconds{loop="archive"} 300.0',
    ):
        assert line in lost.metrics.splitlines(), line


def _next_of(conn: psycopg.Connection[Any]) -> int:
    row = conn.execute("select state from gateway where id = 'gw-h001'").fetchone()
    return int(row[0]["lanes"]["t"]["next"]) if row and row[0] else 0


def _audit(dsn: str) -> str:
    command = [sys.executable, "-m", "cloud", "audit", "--dsn", dsn]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()[
        -1
    ]


@contextmanager
def restored(lost: Lost, to: datetime | None, data: Path) -> Iterator[psycopg.Connection[Any]]:
    """The county as of ``to``, answering."""
    restoring.restore(lost.copies, lost.key, to, data)
    with access.database(data) as dsn, psycopg.connect(dsn, autocommit=True) as conn:
        yield conn


def _readings(conn: psycopg.Connection[Any]) -> list[float]:
    return [row[0] for row in conn.execute("select value from reading order by value")]


def test_everything_is_there_without_a_time_and_can_be_saved_again(lost: Lost, tmp_path: Path) -> None:
    data = tmp_path / "new"
    with restored(lost, None, data) as conn:
        assert _readings(conn) == [61.0, 62.0]
        assert _audit(Postgres(data).dsn) == lost.audited == "0 missing of 3, 0 doubled"
        assert conn.execute("select count(*) from backup_run").fetchone() == (1,)
        assert "verified" in _cloud("backup", "--config", str(lost.config), "--data", str(data))
        assert conn.execute("select count(*) from backup_run").fetchone() == (2,), "where metrics read it"
    found = {file.name: file.read_text() for file in (data / "secrets").iterdir()}
    assert found["ingest.secret"] == lost.secrets["ingest.secret"]


def test_what_came_after_the_time_is_not_there_and_incidents_run_on(lost: Lost, tmp_path: Path) -> None:
    data = tmp_path / "new"
    with restored(lost, lost.between, data) as conn:
        assert _readings(conn) == [61.0]
        assert _audit(Postgres(data).dsn) == "0 missing of 2, 0 doubled"
        before = conn.execute("select state, version from incident where closed_at is null").fetchone()
        assert before is not None
        # Its timer ran out while the machine was away: the restored cloud takes it up at once.
        conn.execute("update incident set due_at = now() - interval '1 hour' where closed_at is null")
        steps = _steps(conn)
    system = System(data, arguments=("--port", "0"))
    with system.started(), psycopg.connect(system.dsn, autocommit=True) as conn:
        eventually(lambda: _steps(conn) > steps)
        with Uplink("gw-h001", 1, system.broker_port) as uplink:
            uplink.send(Lane.BULK, reading(63.0))
            uplink.settle()
        eventually(lambda: _readings(conn) == [61.0, 63.0])


def _steps(conn: psycopg.Connection[Any]) -> int:
    row = conn.execute("select count(*) from incident_event").fetchone()
    return int(row[0]) if row else 0


def test_a_drill_restores_audits_and_leaves_nothing(lost: Lost) -> None:
    told = _cloud("drill", "--config", str(lost.config))
    assert "restored in" in told
    assert "audit: 0 missing of 3, 0 doubled" in told
    assert not list(lost.copies.folder.glob("drill-*"))


def _cloud(*arguments: str) -> str:
    command = [sys.executable, "-m", "cloud", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_time_before_the_first_backup_and_one_after_the_log_are_refused_with_advice(
    lost: Lost, tmp_path: Path
) -> None:
    with pytest.raises(BackupError, match=r"no backup .* was finished before 2020"):
        restoring.restore(lost.copies, lost.key, datetime(2020, 1, 1, tzinfo=UTC), tmp_path / "early")
    with pytest.raises(BackupError, match=r"the saved log ends before .*: restore without a time"):
        restoring.restore(lost.copies, lost.key, datetime(2100, 1, 1, tzinfo=UTC), tmp_path / "late")
    assert not (tmp_path / "late" / "postgres").exists()


def test_a_folder_with_a_database_and_a_wrong_key_are_refused(lost: Lost, tmp_path: Path) -> None:
    (tmp_path / "old" / "postgres").mkdir(parents=True)
    with pytest.raises(BackupError, match="name a new folder"):
        restoring.restore(lost.copies, lost.key, None, tmp_path / "old")
    with pytest.raises(SealError, match="another key"):
        restoring.restore(lost.copies, bytes(32), None, tmp_path / "new")


def test_no_name_and_no_secret_is_readable_in_the_copies(lost: Lost) -> None:
    words = ["住户1".encode(), b"postgres", lost.secrets["ingest.secret"].strip().encode()]
    for file in lost.copies.folder.rglob("*.gz"):
        content = file.read_bytes()
        assert not [word for word in words if word in content], file.name
