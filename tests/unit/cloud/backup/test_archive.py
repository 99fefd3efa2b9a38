"""The archive beside a real server: what it seals, and what it does when it was away too long."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import io
import logging
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from cloud.backup import seal
from cloud.backup.archive import SLOT, Archive
from cloud.backup.base import BackupError, Source, client
from cloud.backup.shelf import Shelf
from cloud.db.migrate import migrate
from cloud.embedded import Postgres
from cloud.embedded.supervise import running
from tests.harness import eventually

KEY = secrets.token_bytes(32)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def archive_of(data: Path, dsn: str) -> Archive:
    source, shelf = Source(dsn, data), Shelf(data / "copies")
    return Archive(source, shelf, KEY, 2, timedelta(hours=24), lambda: NOON)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A migrated embedded server."""
    postgres = Postgres(tmp_path_factory.mktemp("archived"), durable=False)
    with running(postgres):
        migrate(postgres.dsn)
        yield postgres


@pytest.mark.services
def test_an_archive_that_was_away_too_long_begins_anew_and_says_so(
    server: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    archive = archive_of(server.data, server.dsn)
    archive._make_slot()
    assert len(archive.shelf.notes()) == 1
    with psycopg.connect(server.dsn, autocommit=True) as conn:
        for name, value in (("max_slot_wal_keep_size", "16MB"), ("wal_keep_size", "0")):
            conn.execute(f"alter system set {name} = '{value}'")
        conn.execute("select pg_reload_conf()")
        for _ in range(4):
            conn.execute("select pg_logical_emit_message(true, 'anban', 'something')")
            conn.execute("select pg_switch_wal()")
        conn.execute("checkpoint")
        assert conn.execute("select wal_status from pg_replication_slots").fetchone() == ("lost",)
        caplog.set_level(logging.ERROR)
        archive.clock = lambda: NOON + timedelta(hours=1)
        archive._make_slot()
        assert "the log has a gap" in caplog.text
        assert len(archive.shelf.notes()) == 2, "what comes next rests on a new base"
        found = conn.execute("select slot_name, wal_status from pg_replication_slots").fetchall()
        assert [(name, status != "lost") for name, status in found] == [(SLOT, True)]


@pytest.mark.services
async def test_a_note_that_nobody_can_read_stops_the_copies_and_not_the_cloud(
    server: Postgres, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    archive = replace(archive_of(server.data, server.dsn), shelf=Shelf(tmp_path))
    (tmp_path / "base-torn.json").write_bytes(b"{")
    running_on = asyncio.create_task(archive.run())
    await asyncio.to_thread(eventually, lambda: running_on.done() or "stands still" in caplog.text)
    assert not running_on.done()
    assert "base-torn.json is no note" in caplog.text
    running_on.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running_on


@pytest.mark.services
def test_a_slot_without_its_base_is_given_up_so_that_both_are_tried_anew(
    server: Postgres, tmp_path: Path
) -> None:
    archive = archive_of(server.data, server.dsn)
    (tmp_path / "full").write_text("no folder: nothing can be put here")
    archive.shelf = Shelf(tmp_path / "full")
    with psycopg.connect(server.dsn, autocommit=True) as conn:
        conn.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots")
        with pytest.raises(OSError, match="full"):
            archive._make_slot()
        assert conn.execute("select from pg_replication_slots").rowcount == 0


@pytest.mark.services
def test_a_backup_that_cannot_be_made_leaves_what_was_there(server: Postgres) -> None:
    archive = archive_of(server.data, server.dsn.replace("password=", "password=wrong"))
    archive.shelf.prepare()
    archive.clock = lambda: NOON + timedelta(hours=2)
    (archive.shelf.folder / "lock").touch()
    before = sorted(archive.shelf.folder.iterdir())
    with pytest.raises(BackupError, match="password authentication failed"):
        archive._save()
    assert sorted(archive.shelf.folder.iterdir()) == before


def test_no_password_stands_on_a_command_line() -> None:
    where, environment = client("host=127.0.0.1 port=1 user=postgres password=secret-of-postgres dbname=x")
    assert "secret" not in where
    assert environment["PGPASSWORD"] == "secret-of-postgres"


def test_what_is_whole_is_sealed_and_forgotten_and_a_beginning_only_when_it_grew(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, "")
    archive.incoming.mkdir()
    whole, begun = f"{1:024X}", f"{2:024X}"
    (archive.incoming / whole).write_bytes(b"log" * 1_000)
    (archive.incoming / f"{begun}.partial").write_bytes(b"begun")
    archive.seal_new()
    log = archive.shelf.log
    assert [file.name for file in archive.incoming.iterdir()] == [f"{begun}.partial"]
    with seal.opened(io.BytesIO((log / f"{whole}.gz").read_bytes()), KEY, f"{whole}.gz") as stream:
        assert gzip.decompress(stream.read()) == b"log" * 1_000
    first = (log / f"{begun}.partial.gz").read_bytes()
    archive.seal_new()
    assert (log / f"{begun}.partial.gz").read_bytes() == first, "nothing new, nothing written"
    (archive.incoming / f"{begun}.partial").rename(archive.incoming / begun)
    archive.seal_new()
    assert sorted(file.name for file in log.iterdir()) == [f"{whole}.gz", f"{begun}.gz"]


def test_nothing_is_forgotten_while_the_copies_cannot_be_written(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, "")
    archive.incoming.mkdir()
    (archive.incoming / f"{1:024X}").write_bytes(b"log")
    (tmp_path / "copies").write_text("a file where the folder should be")
    with pytest.raises(OSError, match="copies"):
        archive.seal_new()
    assert (archive.incoming / f"{1:024X}").exists()
