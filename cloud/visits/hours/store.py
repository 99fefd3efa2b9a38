"""The time bank in the database, within a person's bounds.

What this is: rows from and to values. What it is not: a decision (``bank``). The one idea: a balance is never
kept, it is the sum of the entries, so that the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString
from zoneinfo import ZoneInfo

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.visits.hours.certificate import Certificate
from cloud.visits.hours.ledger import NANJING, Account, Entry, Rules, Served, Sort

SQL: Final = Queries(__package__)
_ANY: Final = {"ids": None, "sort": None, "after": None, "limit": None}


@dataclass(frozen=True, slots=True)
class Desk:
    """Who writes, when, in which transaction and within which bounds."""

    conn: Connection
    scope: Scope
    tenant_id: int
    staff_id: int
    actor: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose an account becomes: one of the three."""

    staff_id: int | None = None
    resident_id: int | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Worked:
    """What somebody has served and what still counts. ``minutes``: that were earned by it."""

    minutes: int
    on_day: date
    served: Served


@dataclass(frozen=True, slots=True)
class Written:
    """What an entry says besides its minutes. ``undoes``: the entry that it takes back."""

    on_day: date
    source: str
    served: Served | None = None
    undoes: int | None = None


async def rules(desk: Desk) -> tuple[Rules, ZoneInfo]:
    """The bounds that hold in the tenant, Nanjing's where it has said nothing; and its calendar."""
    row = (await _rows(desk.conn, SQL["rules"], desk.scope, {"tenant_id": desk.tenant_id}))[0]
    said = Rules(row["day_min"], row["held_min"], donates=bool(row["donates"]))
    return (NANJING if row["donates"] is None else said), ZoneInfo(row["time_zone"])


async def put_rules(desk: Desk, wanted: Rules) -> None:
    """Let ``wanted`` hold from now on; what is held already stays."""
    values = {"day_min": wanted.day_min, "held_min": wanted.held_min, "donates": wanted.donates}
    await desk.conn.execute(SQL["put_rules"], {"tenant_id": desk.tenant_id, **values})


async def open_account(desk: Desk, holder: Holder) -> int | None:
    """The number of a new account; ``None``: no such person within the bounds, or they have one."""
    await desk.conn.execute(SQL["open_common"], {"tenant_id": desk.tenant_id, "now": desk.now})
    values = {
        "tenant_id": desk.tenant_id,
        "staff_id": holder.staff_id,
        "resident_id": holder.resident_id,
        "name": holder.group,
        "now": desk.now,
    }
    rows = await _rows(desk.conn, _OPEN[_sort_of(holder)], desk.scope, values)
    return rows[0]["id"] if rows else None


async def hold(desk: Desk, ids: Iterable[int]) -> dict[int, Account]:
    """Accounts as they are, which nobody else moves anything of before this transaction ends."""
    wanted = list(ids)
    await _rows(desk.conn, SQL["hold"], desk.scope, {"ids": wanted})
    rows = await _rows(desk.conn, SQL["accounts"], desk.scope, _ANY | {"ids": wanted})
    return {row["id"]: _account(row) for row in rows}


async def common(desk: Desk, sort: Sort) -> int:
    """The number of the tenant's account of services, or of its pool."""
    await desk.conn.execute(SQL["open_common"], {"tenant_id": desk.tenant_id, "now": desk.now})
    rows = await _rows(desk.conn, SQL["accounts"], desk.scope, _ANY | {"sort": sort})
    return int(rows[0]["id"])


async def accounts(
    conn: Connection,
    scope: Scope,
    *,
    ids: list[int] | None = None,
    after: int | None = None,
    limit: int | None,
) -> list[dict[str, Any]]:
    """Accounts with what they hold, in the order of their numbers."""
    return await _rows(conn, SQL["accounts"], scope, _ANY | {"ids": ids, "after": after, "limit": limit})


async def served(desk: Desk, account_id: int, since: date, until: date) -> list[Worked]:
    """What the account has earned on those days, both included, but for what was taken back."""
    values = {"account_id": account_id, "since": since, "until": until}
    rows = await _rows(desk.conn, SQL["served"], desk.scope, values)
    return [Worked(row["minutes"], row["on_day"], Served(row["began_at"], row["ended_at"])) for row in rows]


async def entries(
    conn: Connection,
    scope: Scope,
    *,
    id: int | None = None,  # noqa: A002 - as the column
    account_id: int | None = None,
    after: int | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    """Entries in the order in which they were written."""
    values = {"id": id, "account_id": account_id, "after": after, "limit": limit}
    return await _rows(conn, SQL["entries"], scope, values)


async def write(desk: Desk, entry: Entry, about: Written) -> int | None:
    """The number of the new entry; ``None``: its visit was paid, or its entry taken back, already."""
    values = {
        "tenant_id": desk.tenant_id,
        "kind": entry.kind,
        "giver": entry.giver,
        "taker": entry.taker,
        "minutes": entry.minutes,
        "on_day": about.on_day,
        "now": desk.now,
        "actor": desk.actor,
        "source": about.source,
        "began_at": about.served.began_at if about.served else None,
        "ended_at": about.served.ended_at if about.served else None,
        "undoes": about.undoes,
    }
    row = await (await desk.conn.execute(SQL["write"], values)).fetchone()
    return None if row is None else int(row["id"])


async def close(desk: Desk, account_id: int) -> None:
    """Let nothing more go in or out; ``account_id`` is held."""
    await desk.conn.execute(SQL["close"], {"account_id": account_id, "now": desk.now})


async def issue(desk: Desk, account_id: int, **paper: object) -> int:
    """The number of a new certificate."""
    values = {"tenant_id": desk.tenant_id, "staff_id": desk.staff_id, "now": desk.now}
    cursor = await desk.conn.execute(SQL["issue"], {**values, "account_id": account_id, **paper})
    return int((await cursor.fetchone() or {})["id"])


async def certificate(
    conn: Connection, scope: Scope, number: int, holder: str
) -> tuple[Certificate, int | None] | None:
    """What a paper of that number says if it was made out to ``holder``, and the home that it is about."""
    rows = await _rows(conn, SQL["certificate"], scope, {"number": number})
    if not rows:
        return None
    home = rows[0].pop("home_id")
    return Certificate(holder=holder, **rows[0]), home


def _account(row: Mapping[str, Any]) -> Account:
    return Account(row["id"], Sort(row["sort"]), row["balance_min"], closed=row["closed_at"] is not None)


def _sort_of(holder: Holder) -> str:
    return "group" if holder.group else "staff" if holder.staff_id is not None else "resident"


_OPEN: Final[Mapping[str, LiteralString]] = {
    "staff": SQL["open_for_staff"],
    "resident": SQL["open_for_resident"],
    "group": SQL["open_for_group"],
}


async def _rows(
    conn: Connection, statement: LiteralString, scope: Scope, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    return await (await conn.execute(statement, {**scope.params, **values})).fetchall()
