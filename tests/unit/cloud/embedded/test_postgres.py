"""The embedded database: private, durable, and startable whatever the last run left behind."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cloud.embedded import Postgres, ServiceError
from cloud.embedded.access import InUseError, database, held
from cloud.embedded.identity import Account, reachable
from cloud.embedded.process import alive, left_over
from cloud.embedded.supervise import running
from tests.harness import ROOT, eventually

pytestmark = pytest.mark.services


@pytest.fixture
def postgres(tmp_path: Path) -> Postgres:
    """A server that was never started, below a folder that only we may enter."""
    tmp_path.chmod(0o700)
    return Postgres(tmp_path, durable=False)


def ask(dsn: str, sql: str) -> object:
    with psycopg.connect(dsn) as conn:
        row = conn.execute(sql).fetchone()
    return row[0] if row else None


def test_it_is_set_up_as_decided(postgres: Postgres, tmp_path: Path) -> None:
    with running(postgres):
        wanted = {
            "data_checksums": "on",
            "password_encryption": "scram-sha-256",
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "server_encoding": "UTF8",
            "log_min_error_statement": "panic",
        }
        assert {name: ask(postgres.dsn, f"show {name}") for name in wanted} == wanted
        assert (
            ask(postgres.dsn, "select datlocprovider::text || datlocale from pg_database limit 1")
            == "bC.UTF-8"
        )
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(make_conninfo(postgres.dsn, password="wrong"))
    assert tmp_path.stat().st_mode & 0o777 == 0o700, "no parent folder was opened"
    assert left_over(postgres.cluster, "postgres") == []


def test_connection_string_and_data_survive_a_restart(postgres: Postgres) -> None:
    with running(postgres):
        first = postgres.dsn
        with psycopg.connect(first) as conn:
            conn.execute("create table kept (n int); insert into kept values (7)")
    with running(postgres):
        assert postgres.dsn == first
        assert ask(first, "select n from kept") == 7


def test_a_postmaster_of_an_earlier_run_is_ended_and_its_data_recovered(postgres: Postgres) -> None:
    with running(postgres):
        pass
    launch = postgres.launch()
    user = {"user": launch.uid, "group": launch.gid, "extra_groups": ()} if os.geteuid() == 0 else {}
    with launch.log.open("ab") as log:
        orphan = subprocess.Popen(launch.command, cwd=launch.folder, stderr=log, **user)  # type: ignore[call-overload]
    eventually(postgres.probe)
    with running(postgres):
        assert not alive(orphan.pid)
        assert ask(postgres.dsn, "select 1") == 1
    orphan.wait()


def test_a_pid_file_that_names_somebody_else_does_not_stop_it(postgres: Postgres) -> None:
    with running(postgres):
        pass
    other = subprocess.Popen(["/bin/sleep", "600"])
    try:
        (postgres.cluster / "postmaster.pid").write_text(f"{other.pid}\n/proc/self/cwd\n1\n1\n\n127.0.0.1\n")
        with running(postgres):
            assert ask(postgres.dsn, "select 1") == 1
        assert alive(other.pid), "it was none of ours"
    finally:
        other.kill()
        other.wait()


def test_what_was_committed_survives_a_kill_9(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path)
    with running(postgres):
        with psycopg.connect(postgres.dsn) as conn:
            conn.execute("create table kept (n int)")
        for pid in left_over(postgres.cluster, "postgres"):
            with contextlib.suppress(ProcessLookupError):  # a passing worker process
                os.kill(pid, signal.SIGKILL)
    with running(postgres):
        assert ask(postgres.dsn, "select count(*) from kept") == 0


def test_a_cluster_that_was_half_made_is_made_again(postgres: Postgres) -> None:
    half = postgres.folder / "data.new" / "base"
    half.mkdir(parents=True)
    with running(postgres):
        assert ask(postgres.dsn, "select 1") == 1
    assert not half.parent.exists()


def test_a_server_that_cannot_start_says_why(postgres: Postgres) -> None:
    with running(postgres):
        pass
    (postgres.cluster / "postgresql.auto.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(ServiceError, match="no_such_setting"), running(postgres):
        pytest.fail("it started")


def test_a_command_uses_the_server_of_whoever_runs_it_or_runs_it_itself(
    postgres: Postgres, tmp_path: Path
) -> None:
    with pytest.raises(ServiceError, match="no embedded database"), database(tmp_path):
        pytest.fail("there is none")
    with running(postgres), held(tmp_path):
        with database(tmp_path) as dsn:
            assert ask(dsn, "select 1") == 1
        assert postgres.probe(), "the holder's server goes on"
    with database(tmp_path) as dsn:
        assert ask(dsn, "select 1") == 1
    assert not postgres.probe()


def test_a_folder_is_held_once(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(InUseError, match="is in use"), held(tmp_path):
        pytest.fail("it was held twice")
    with held(tmp_path):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests already run as a normal user")
def test_it_runs_as_a_normal_user_too() -> None:
    nobody = pwd.getpwnam("nobody")
    # The interpreter of the tests may live where only root can go; the system's own can run the product
    # as well.
    python = next(filter(within_reach, (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}")), None)
    if python is None:
        pytest.skip("no interpreter of this version that another account can run")
    script = (
        "import sys; from pathlib import Path; import psycopg; from cloud.embedded import Postgres;"
        "from cloud.embedded.supervise import running; server = Postgres(Path(sys.argv[1]));\n"
        "with running(server), psycopg.connect(server.dsn) as conn:"
        " print(conn.execute('select 42').fetchone()[0])"
    )
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        found = subprocess.run(
            [python, "-B", "-c", script, folder],
            env={"PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])},
            cwd=ROOT,
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (found.stdout, found.stderr) == ("42\n", "")


def within_reach(program: str) -> bool:
    nobody = pwd.getpwnam("nobody")
    return Path(program).exists() and reachable(Path(program), Account(nobody.pw_uid, nobody.pw_gid))
