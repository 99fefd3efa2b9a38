"""Visits in the database, within a person's bounds.

What this is: rows from and to values. What it is not: a decision (``desk``) or how a visit went (``fold``).
The one idea: a visit is held while something is said about it, so that two devices are heard one after the
other and both are in the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.respond.travel import Point
from cloud.visits.duty import Way
from cloud.visits.forms.check import Filled
from cloud.visits.forms.table import Proof, VisitKind
from cloud.visits.records.clock import Believed, Told
from cloud.visits.records.fold import Event, File, Plan, Record, Sort, answers_of

SQL: Final = Queries(__package__)
_ANY: Final = {
    **dict.fromkeys(("id", "home_id", "resident_id", "staff_id", "since", "until", "open", "after", "limit")),
    "troubled": False,
}
"""What ``visits`` asks for where nobody says otherwise."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """A visit that nobody else changes before this transaction ends."""

    id: int
    home_id: int
    resident_id: int
    tenant_id: int
    plan: Plan
    began_at: datetime | None
    hours: str
    home: Point | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A visit that somebody plans, or has begun without a plan. ``workers``: nobody, one or two."""

    key: UUID
    resident_id: int
    kind: VisitKind
    way: Way = Way.HOME
    services: tuple[str, ...] = ()
    workers: tuple[int, ...] = ()
    open_at: datetime | None = None
    due_at: datetime | None = None
    planned_at: datetime | None = None
    planned_by: int | None = None


async def rows(conn: Connection, statement: str, scope: Scope, **values: object) -> list[Row]:
    """What a statement answers within the bounds."""
    return await (await conn.execute(SQL[statement], {**scope.params, **values})).fetchall()


async def visits(conn: Connection, scope: Scope, **asked: object) -> list[Row]:
    """Visits for a screen, the newest first."""
    return await rows(conn, "visits", scope, **{**_ANY, **asked})


async def hold(
    conn: Connection, scope: Scope, *, number: int | None = None, key: UUID | None = None
) -> Held | None:
    """One visit by number or key; ``None``: none within the bounds."""
    found = await rows(conn, "hold", scope, id=number, key=key)
    return _held(found[0]) if found else None


async def add(conn: Connection, scope: Scope, wanted: Wanted, now: datetime) -> int | None:
    """The number of a new visit; ``None``: nobody of that number within the bounds, or the key is taken."""
    found = await rows(conn, "resident", scope, resident_id=wanted.resident_id)
    if not found:
        return None
    values = {
        "key": wanted.key,
        "tenant_id": found[0]["tenant_id"],
        "home_id": found[0]["home_id"],
        "resident_id": wanted.resident_id,
        "kind": wanted.kind.value,
        "way": wanted.way.value,
        "services": list(wanted.services),
        "now": now,
        **_workers(wanted.workers),
        "open_at": wanted.open_at,
        "due_at": wanted.due_at,
        "planned_at": wanted.planned_at,
        "planned_by": wanted.planned_by,
    }
    added = await rows(conn, "add", scope, **values)
    return added[0]["id"] if added else None


async def move(  # noqa: PLR0917 - a plan's own words
    conn: Connection,
    scope: Scope,
    number: int,
    workers: tuple[int, ...],
    planned_at: datetime | None,
    planned_by: int | None,
) -> bool:
    """Let others go, or at another time; ``False``: it has begun or is cancelled."""
    values = {"id": number, **_workers(workers), "planned_at": planned_at, "planned_by": planned_by}
    return bool(await rows(conn, "move", scope, **values))


async def working(conn: Connection, scope: Scope, ids: tuple[int, ...]) -> bool:
    """Whether all of ``ids`` work in the tenant of ``scope``."""
    found = await rows(conn, "staff", scope, ids=list(ids))
    return {row["id"] for row in found} == set(ids)


async def add_event(  # noqa: PLR0917 - each of them a column
    conn: Connection,
    scope: Scope,
    held: Held,
    staff_id: int,
    key: UUID,
    sort: Sort,
    told: Told,
    when: Believed,
    body: Row,
) -> bool:
    """Keep what was said; ``False``: this key is kept already."""
    values = {
        "visit_id": held.id,
        "home_id": held.home_id,
        "staff_id": staff_id,
        "key": key,
        "sort": sort.value,
        "device_at": told.device_at,
        "sent_at": told.sent_at,
        "now": told.received_at,
        "at": when.at,
        "off_s": round(when.off.total_seconds()),
        "body": Jsonb(body),
    }
    return bool(await rows(conn, "add_event", scope, **values))


async def events(conn: Connection, scope: Scope, visit_id: int) -> list[Row]:
    """Everything that was said about a visit, in the order in which it happened."""
    return await rows(conn, "events", scope, visit_id=visit_id)


def event_of(row: Row) -> Event:
    """As the fold takes it."""
    return Event(row["id"], Sort(row["sort"]), row["at"], row["staff_id"], row["body"], row["off_s"])


async def files(conn: Connection, scope: Scope, visit_id: int) -> list[File]:
    """What is attached to a visit; an assessment that bears both signatures counts as them."""
    return [File(row["sort"]) for row in await rows(conn, "files", scope, visit_id=visit_id)]


async def signed(conn: Connection, scope: Scope, visit_id: int) -> bool:
    """Whether an assessment of this visit bears both signatures."""
    return bool((await rows(conn, "signed", scope, visit_id=visit_id))[0]["signed"])


async def form_before(conn: Connection, scope: Scope, held: Held, began_at: datetime) -> Filled | None:
    """The form of the last visit before at which the person was seen."""
    values = {"resident_id": held.resident_id, "began_at": began_at, "id": held.id}
    found = await rows(conn, "form_before", scope, **values)
    if not found:
        return None
    return Filled(VisitKind(found[0]["kind"]), answers_of(found[0]["body"]), frozenset(Proof))


async def keep(
    conn: Connection, held: Held, record: Record, worries: tuple[str, ...], worse: tuple[str, ...]
) -> None:
    """Let the columns of a visit say what its events say."""
    values = {
        "id": held.id,
        "began_at": record.began_at,
        "ended_at": record.ended_at,
        "by_id": record.by_id,
        "seen": record.seen,
        "arrival": record.arrival,
        "departure": record.departure,
        "complete": record.complete,
        "faults": list(record.faults),
        "worries": list(worries),
        "worse": list(worse),
        "conflicts": [one.value for one in record.conflicts],
        "clock_off_s": record.off_s,
    }
    await conn.execute(SQL["keep"], values)


async def booked(conn: Connection, visit_id: int, hours: str) -> None:
    """Say what became of the hours."""
    await conn.execute(SQL["booked"], {"id": visit_id, "hours": hours})


async def account_of(conn: Connection, scope: Scope, staff_id: int) -> int | None:
    """The account of hours of somebody who serves for hours."""
    found = await rows(conn, "account_of", scope, staff_id=staff_id)
    return found[0]["id"] if found else None


def _workers(workers: tuple[int, ...]) -> dict[str, int | None]:
    first, second = (*workers, None, None)[:2]
    return {"staff_id": first, "second_id": second}


def _held(row: Row) -> Held:
    staff = frozenset(one for one in (row["staff_id"], row["second_id"]) if one is not None)
    plan = Plan(VisitKind(row["kind"]), Way(row["way"]), staff, cancelled=row["cancelled_at"] is not None)
    known = row["latitude"] is not None and row["longitude"] is not None
    return Held(
        row["id"],
        row["home_id"],
        row["resident_id"],
        row["tenant_id"],
        plan,
        row["began_at"],
        row["hours"],
        Point(row["latitude"], row["longitude"]) if known else None,
    )
