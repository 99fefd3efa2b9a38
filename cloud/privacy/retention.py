"""How long what is kept: rows that a tenant may change, and the loop that deletes what is older.

What this is: one sweep per tenant and class, once a day. The one idea: a step looks at one home and deletes
at most a day of it (or a handful of incidents or alarms) in one transaction, so ingest never waits and a
kill loses a step. What this installation keeps of raw series at most is a setting of its own
(``storage.keep``); a tenant can only keep less.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from cloud.consent.effect import GRACE_DAYS
from cloud.db import Connection, Pool, Queries
from firmware_protocols.model import EventKind, Quantity


class Class(StrEnum):
    """What is kept for a time of its own."""

    RAW = "raw"
    AGGREGATES = "aggregates"
    INCIDENTS = "incidents"
    RECORDINGS = "recordings"
    LOCATION = "location"
    AUDIT = "audit"
    WITHDRAWN = "withdrawn"


DEFAULT_DAYS: Final[Mapping[Class, int]] = {
    Class.RAW: 90,
    Class.AGGREGATES: 730,
    Class.INCIDENTS: 3_650,
    Class.RECORDINGS: 180,
    Class.LOCATION: 30,
    Class.AUDIT: 1_096,
    Class.WITHDRAWN: GRACE_DAYS,
}
"""[D], all of them; three years of audit are what PIPL art. 56 asks for."""
LEAST_DAYS: Final[Mapping[Class, int]] = {Class.AUDIT: 1_096}
"""What no tenant may go below."""
LONGEST_DAYS: Final[Mapping[Class, int]] = {Class.LOCATION: 30}
"""What no tenant may go above: where somebody was tells a worker's whole day."""
MOST_DAYS: Final = 36_500
NOT_SWEPT: Final[Mapping[Class, str]] = {
    Class.AUDIT: "the audit log has an end of its own (cloud.trail)",
    Class.WITHDRAWN: "each withdrawal has a task of its own (cloud.privacy.tasks)",
}
EVERY: Final = timedelta(days=1)
PIECE: Final = timedelta(days=1)
INCIDENTS_AT_A_TIME: Final = 50
ALARMS_AT_A_TIME: Final = 500

_SQL: Final = Queries(__package__, "retention.sql")
_ALL: Final = {
    "quantities": [quantity.number for quantity in Quantity],
    "events": [kind.value for kind in EventKind],
}


@dataclass(frozen=True, slots=True)
class Sweep:
    """One tenant's sweep of one class, where it stands, and what is too old."""

    id: int
    tenant_id: int
    position: int
    before: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """How long a tenant keeps a class, when it was swept, and how much is too old (unset: not swept)."""

    tenant: str
    of: Class
    days: int
    swept_at: datetime | None
    n: int | None


def swept(of: Class) -> bool:
    """Whether the loop here deletes what is too old of it."""
    return of in _STEP


async def due(conn: Connection, now: datetime, skip: Sequence[int], limit: int) -> list[int]:
    """Sweeps whose time has come; a new tenant gets its rows here."""
    await fill_in(conn)
    swept = [one.value for one in _STEP]
    values = {"now": now, "skip": list(skip), "limit": limit, "swept": swept}
    return [row["id"] for row in await (await conn.execute(_SQL["due_sweeps"], values)).fetchall()]


async def fill_in(conn: Connection) -> None:
    """Every tenant has a row for each class."""
    classes = [one.value for one in DEFAULT_DAYS]
    await conn.execute(_SQL["fill_in"], {"classes": classes, "days": list(DEFAULT_DAYS.values())})


async def work(pool: Pool, sweep_id: int, now: datetime) -> bool:
    """One step; ``False`` when the sweep is over, or somebody else is at it."""
    async with pool.connection() as conn, conn.transaction():
        row = await (await conn.execute(_SQL["lock_sweep"], {"id": sweep_id, "now": now})).fetchone()
        if row is None:
            return False
        before = now - timedelta(days=row["days"])
        sweep = Sweep(sweep_id, row["tenant_id"], row["position"], before)
        if await _STEP[Class(row["class"])](conn, sweep):
            return True
        await conn.execute(_SQL["rest"], {"id": sweep_id, "now": now, "again_at": now + EVERY})
    return False


async def kept(conn: Connection, now: datetime) -> list[Kept]:
    """What each tenant keeps, and how much of it would go now."""
    await fill_in(conn)
    found = []
    for row in await (await conn.execute(_SQL["settings"])).fetchall():
        of = Class(row["class"])
        before = now - timedelta(days=row["days"])
        n = None
        if of in _COUNT:
            asked = {"tenant": row["code"], "before": before}
            counted = await (await conn.execute(_SQL[_COUNT[of]], asked)).fetchone()
            n = counted["n"] if counted else 0
        found.append(Kept(row["code"], of, row["days"], row["swept_at"], n))
    return found


@dataclass(frozen=True, slots=True)
class Bounds:
    """The fewest and the most days that a tenant may keep something."""

    least: int
    most: int


def bounds(of: Class, keep_days: int) -> Bounds:
    """What a tenant may choose, where the installation keeps single readings for ``keep_days`` at most."""
    most = keep_days if of is Class.RAW else LONGEST_DAYS.get(of, MOST_DAYS)
    return Bounds(LEAST_DAYS.get(of, 1), most)


async def tenant_of(conn: Connection, code: str) -> int | None:
    """The number of the tenant with this code, if there is one."""
    row = await (await conn.execute(_SQL["tenant_of"], {"code": code})).fetchone()
    return row["id"] if row else None


async def settings(conn: Connection, tenant_id: int) -> list[dict[str, Any]]:
    """``class``, ``days``, ``swept_at`` of what a tenant has changed or the loop has seen."""
    return await (await conn.execute(_SQL["settings_of"], {"tenant_id": tenant_id})).fetchall()


async def set_days(conn: Connection, tenant_id: int, of: Class, days: int, keep_days: int) -> None:
    """Let a tenant keep ``of`` for ``days``.

    Raises:
        ValueError: it is outside the bounds.
    """
    allowed = bounds(of, keep_days)
    if not allowed.least <= days <= allowed.most:
        raise ValueError(f"{of} is kept for at least {allowed.least} and at most {allowed.most} days")
    await fill_in(conn)
    await conn.execute(_SQL["set_days"], {"tenant_id": tenant_id, "class": of.value, "days": days})


async def _drop_raw(conn: Connection, sweep: Sweep) -> bool:
    home = await _next_home(conn, sweep)
    if home is None:
        return False
    about = {"home_id": home, **_ALL}
    row = await (await conn.execute(_SQL["oldest"], about)).fetchone()
    oldest = row["at"] if row else None
    if oldest is None or oldest >= sweep.before:
        await _move_on(conn, sweep, home)
        return True
    piece = {"from": oldest, "to": min(oldest + PIECE, sweep.before)}
    await conn.execute(_SQL["drop_day"], about | piece)
    return True


async def _drop_aggregates(conn: Connection, sweep: Sweep) -> bool:
    home = await _next_home(conn, sweep)
    if home is None:
        return False
    for statement in ("roll_off", "drop_findings", "drop_routine_findings"):
        await conn.execute(_SQL[statement], {"home_id": home, "before": sweep.before})
    await _move_on(conn, sweep, home)
    return True


async def _drop_incidents(conn: Connection, sweep: Sweep) -> bool:
    if sweep.position:
        return await _drop_alarms(conn, sweep)
    asked = {"tenant_id": sweep.tenant_id, "before": sweep.before, "limit": INCIDENTS_AT_A_TIME}
    ids = [row["id"] for row in await (await conn.execute(_SQL["old_incidents"], asked)).fetchall()]
    if not ids:
        return await _drop_alarms(conn, sweep)
    await conn.execute(_SQL["drop_incidents"], {"ids": ids})
    return True


async def _drop_alarms(conn: Connection, sweep: Sweep) -> bool:
    """Alarms go after the incidents that rested on them."""
    home = await _next_home(conn, sweep)
    if home is None:
        return False
    asked = {"home_id": home, "before": sweep.before, "limit": ALARMS_AT_A_TIME}
    row = await (await conn.execute(_SQL["drop_alarms"], asked)).fetchone()
    if row is None or row["n"] < ALARMS_AT_A_TIME:
        await _move_on(conn, sweep, home)
    return True


async def _drop_places(conn: Connection, sweep: Sweep) -> bool:
    """At once: a tenant has some hundred a day."""
    await conn.execute(_SQL["drop_places"], {"tenant_id": sweep.tenant_id, "before": sweep.before})
    return False


async def _drop_recordings(conn: Connection, sweep: Sweep) -> bool:
    """At once: a tenant has some dozens a day."""
    await conn.execute(_SQL["drop_recordings"], {"tenant_id": sweep.tenant_id, "before": sweep.before})
    return False


async def _next_home(conn: Connection, sweep: Sweep) -> int | None:
    asked = {"tenant_id": sweep.tenant_id, "position": sweep.position}
    row = await (await conn.execute(_SQL["next_home"], asked)).fetchone()
    return row["id"] if row else None


async def _move_on(conn: Connection, sweep: Sweep, home: int) -> None:
    await conn.execute(_SQL["move_on"], {"id": sweep.id, "position": home})


_STEP: Final[Mapping[Class, Callable[[Connection, Sweep], Awaitable[bool]]]] = {
    Class.RAW: _drop_raw,
    Class.AGGREGATES: _drop_aggregates,
    Class.INCIDENTS: _drop_incidents,
    Class.RECORDINGS: _drop_recordings,
    Class.LOCATION: _drop_places,
}
_COUNT: Final[Mapping[Class, Any]] = {
    Class.RAW: "count_raw",
    Class.AGGREGATES: "count_aggregates",
    Class.INCIDENTS: "count_incidents",
    Class.RECORDINGS: "count_recordings",
    Class.LOCATION: "count_places",
}
