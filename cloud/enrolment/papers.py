"""What a broker of somebody else's needs to know gateways by certificate, as four files in a folder.

``authority.crt`` and ``revoked.crl`` are written each time; ``broker.pem`` and ``ingest.pem`` only where they
are missing, so that the command may run after every revocation. See ``deploy/brokers/``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cloud.db import Connection, Queries
from cloud.embedded.nats import INGEST_USER
from cloud.enrolment.authority import Authority

_SQL: Final = Queries(__package__ or "")


async def revocations(conn: Connection, authority: Authority) -> str:
    """The list of everything that was revoked, PEM."""
    rows = await (await conn.execute(_SQL["revoked"])).fetchall()
    return authority.revocations((int(row["serial"], 16), row["revoked_at"]) for row in rows)


def write(authority: Authority, revoked: str, hosts: Sequence[str], folder: Path) -> list[Path]:
    """Write the files of a broker that is reached as any of ``hosts``; return those that were written.

    Raises:
        OSError: the folder takes nothing.
    """
    contents = {"authority.crt": authority.pem, "revoked.crl": revoked}
    if not (folder / "broker.pem").exists():
        contents["broker.pem"] = authority.certify_server(hosts)
    if not (folder / "ingest.pem").exists():
        issued, key = authority.certify_client(INGEST_USER)
        contents["ingest.pem"] = key + issued.pem
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [_put(folder / name, text) for name, text in contents.items()]


def _put(file: Path, text: str) -> Path:
    """In one step; a private key for its owner alone."""
    draft = file.with_name(file.name + ".new")
    mode = 0o600 if "PRIVATE KEY" in text else 0o644
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    return draft.replace(file)
