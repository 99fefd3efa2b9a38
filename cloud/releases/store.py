"""Releases in the database: added, started, stopped, and looked after while they run.

What this is not: the judgement (``rings``) or the sending of commands (``ingest.commands``). The one idea:
one transaction reads where all gateways stand, asks ``rings``, and writes the decision with the commands that
follow from it; the heartbeats are the only memory of who runs what.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.db import Connection, Queries
from cloud.releases import rings
from cloud.releases.rings import Policy, Standing, Step
from firmware_protocols.wire.release import Release

CHUNK: Final = 256 * 1024
"""Bytes of a file in one row."""
LOOK_EVERY: Final = timedelta(seconds=5)
WORTH_SENDING: Final = timedelta(hours=1)
"""A gateway that does not answer by then is told anew once it is heard."""
AT_ONCE: Final = 500
"""[D] Gateways told in one look, so that a city does not fetch in the same second."""

_SQL: Final = Queries(__package__ or "")
_log = logging.getLogger(__name__)


class ReleaseError(Exception):
    """The release cannot be handled so; ``str()`` says why and what to do."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as it is kept."""

    release: int
    name: str
    size: int
    chunk: int


async def add(
    conn: Connection,
    release: Release,
    document: bytes,
    signature: bytes,
    *,
    files: Iterable[tuple[str, Iterable[bytes]]],
    now: datetime,
) -> None:
    """Keep ``release``, checked before, with its ``files``: names, and their content in pieces of ``CHUNK``.

    Raises:
        ReleaseError: its version is there, or its serial is not above all others.
    """
    before = await listed(conn)
    if any(row["version"] == release.version for row in before):
        raise ReleaseError(f"{release.version} was added before: a version is never given twice")
    if before and release.serial <= before[-1]["serial"]:
        raise ReleaseError(f"serial {release.serial} must be above {before[-1]['serial']}, the newest one")
    values = {"version": release.version, "serial": release.serial, "document": document}
    found = await conn.execute(_SQL["add"], {**values, "signature": signature, "now": now})
    row = await found.fetchone()
    assert row is not None  # noqa: S101 - an insert returns its row
    for name, pieces in files:
        for n, piece in enumerate(pieces):
            await conn.execute(_SQL["add_chunk"], {"id": row["id"], "name": name, "n": n, "content": piece})


async def listed(conn: Connection) -> list[dict[str, Any]]:
    """All releases, oldest first."""
    return await (await conn.execute(_SQL["all"])).fetchall()


async def start(
    conn: Connection,
    version: str,
    now: datetime,
    *,
    pilots: Sequence[str] | None = None,
    shares: Sequence[float] | None = None,
    soak: timedelta | None = None,
    most_back: float | None = None,
    again: bool = False,
) -> None:
    """Let the release go out, or on after a pause. ``again``: from the first ring, also to whoever went back.

    Raises:
        ReleaseError: another one goes out, or this one cannot.
    """
    others = await (await conn.execute(_SQL["others"], {"version": version})).fetchall()
    if others:
        raise ReleaseError(f"{others[0]['version']} is going out: withdraw it first")
    values = {
        "version": version,
        "pilots": None if pilots is None else list(pilots),
        "shares": None if shares is None else list(shares),
        "soak": soak,
        "most_back": most_back,
        "again": again,
        "now": now,
    }
    if await (await conn.execute(_SQL["start"], values)).fetchone() is None:
        raise ReleaseError(f"{version} was not added, runs already, or was withdrawn: see status")


async def stop(conn: Connection, version: str, *, withdraw: bool) -> None:
    """Tell nobody else and hand out no file. ``withdraw``: for ever; its files are deleted.

    Raises:
        ReleaseError: there is no such release.
    """
    state = "withdrawn" if withdraw else "paused"
    values = {"version": version, "state": state, "note": "by hand"}
    row = await (await conn.execute(_SQL["stop"], values)).fetchone()
    if row is None:
        raise ReleaseError(f"{version} was not added, or was withdrawn: see status")
    await conn.execute(_SQL["withdraw_commands"], {"version": version})
    if withdraw:
        await conn.execute(_SQL["forget_files"], {"id": row["id"]})


async def due(conn: Connection, now: datetime, aside: Sequence[int], most: int) -> list[int]:
    """Releases to look after now."""
    values = {"now": now, "aside": list(aside), "most": most}
    return [row["id"] for row in await (await conn.execute(_SQL["due"], values)).fetchall()]


async def look_after(conn: Connection, release_id: int, now: datetime) -> bool:
    """Judge a running release and tell the gateways that are next; whether it was ours to do."""
    async with conn.transaction():
        found = await conn.execute(_SQL["release_for_update"], {"id": release_id, "now": now})
        row = await found.fetchone()
        if row is None:
            return False
        policy = _policy(row)
        standings = await _standings(conn, policy.version)
        count = rings.tally(standings, policy, row["ring"])
        step, reason = rings.judge(policy, row["ring"], row["ring_at"], count, now)
        await _decide(conn, row, step, reason, now)
        if step is Step.PAUSE:
            await conn.execute(_SQL["withdraw_commands"], {"version": policy.version})
        else:
            ring = row["ring"] + (step is Step.NEXT)
            await _tell(conn, row, rings.to_tell(standings, policy, ring, now)[:AT_ONCE], now)
    return True


async def standing(conn: Connection, row: dict[str, Any]) -> rings.Tally:
    """How the gateways of a listed release stand that it was offered to."""
    policy = _policy(row)
    return rings.tally(await _standings(conn, policy.version), policy, row["ring"])


async def find_file(conn: Connection, version: str, name: str) -> Stored | None:
    """The file ``name`` of a release that goes out."""
    row = await (await conn.execute(_SQL["file"], {"version": version, "name": name})).fetchone()
    return Stored(row["id"], name, row["size"], row["chunk_size"]) if row else None


async def piece(conn: Connection, file: Stored, first: int) -> bytes:
    """Some bytes of ``file`` from ``first`` on; none after its end, or when it was withdrawn meanwhile."""
    n, skip = divmod(first, file.chunk)
    values = {"id": file.release, "name": file.name, "n": n}
    row = await (await conn.execute(_SQL["chunk"], values)).fetchone()
    return bytes(row["content"])[skip:] if row else b""


async def _standings(conn: Connection, version: str) -> list[Standing]:
    found = await conn.execute(_SQL["standings"], {"version": version})
    return [Standing(**row) for row in await found.fetchall()]


def _policy(row: dict[str, Any]) -> Policy:
    return Policy(
        row["version"],
        frozenset(row["pilots"]),
        row["shares"],
        row["soak"],
        row["most_back"],
        row["again_at"],
    )


async def _decide(conn: Connection, row: dict[str, Any], step: Step, reason: str, now: datetime) -> None:
    moves = step is Step.NEXT
    values = {
        "id": row["id"],
        "state": "paused" if step is Step.PAUSE else "running",
        "ring": row["ring"] + moves,
        "ring_at": now if moves else row["ring_at"],
        "note": reason,
        "due_at": None if step is Step.PAUSE else now + LOOK_EVERY,
    }
    if step is not Step.STAY:
        level = logging.ERROR if step is Step.PAUSE else logging.INFO
        _log.log(level, "release %s version=%s ring=%d: %s", step, row["version"], values["ring"], reason)
    await conn.execute(_SQL["decide"], values)


async def _tell(conn: Connection, row: dict[str, Any], gateways: list[str], now: datetime) -> None:
    if not gateways:
        return
    args = {
        "version": row["version"],
        "document": base64.b64encode(row["document"]).decode("ascii"),
        "signature": base64.b64encode(row["signature"]).decode("ascii"),
        **({"again": True} if row["again_at"] else {}),
    }
    values = {"args": Jsonb(args), "gateways": gateways, "now": now, "until": now + WORTH_SENDING}
    await conn.execute(_SQL["tell"], values)
