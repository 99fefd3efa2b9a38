"""Cases, and what was counted of them, in the database.

What this is: reads within a scope, and the versions of a month. What it is not: an indicator. The one idea:
the cases that make a figure and those that are listed behind it are read by the same statements.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from psycopg.types.json import Jsonb

from cloud.auth import Scope
from cloud.db import Connection, Queries, stepwise
from cloud.incidents.kinds import KINDS, Family
from cloud.incidents.transitions import ACTIONS, Trigger
from cloud.report import circle, visited
from cloud.report.cases import BatteryCase, Case, HomeCase, IncidentCase, Whose
from cloud.report.indicators import BATTERY_LEAD_DAYS, FALSE, FORESEEN_DAYS, Of
from cloud.report.months import Month
from cloud.report.tally import Cell, Cells, Cut, Key, Tally

SQL: Final = Queries(__package__ or "")
FETCHED: Final = 200
"""Cases that are counted in one go; other work of the process comes in between."""
ANSWERS: Final = sorted(
    trigger.value for trigger in {*ACTIONS, Trigger.ACCEPT} - {Trigger.NOTE, Trigger.REOPEN}
)
"""Steps by which a person has it in hand."""
_CALLS: Final = frozenset(kind.value for kind, spec in KINDS.items() if spec.family is Family.PERSON)
_FOR_PEOPLE: Final = 3
_DIGITS: Final = 12
_KNOWN: Final = frozenset(cut.value for cut in Cut)


@dataclass(frozen=True, slots=True)
class Span:
    """What of a month is counted: ``until`` is its end or the last midnight."""

    month: Month
    until: datetime

    @property
    def empty(self) -> bool:
        """Whether not even a day of it is over."""
        return self.until <= self.month.since


def span_of(month: Month, now: datetime) -> Span:
    """What can be counted at ``now``."""
    return Span(month, month.counted_until(now))


async def count(conn: Connection, scope: Scope, span: Span) -> dict[Key, Cell]:
    """All cells of a month."""
    tally = Tally()
    for of in Of:
        async for case in cases(conn, scope, span, of):
            tally.add(case)
    return tally.cells()


async def cases(conn: Connection, scope: Scope, span: Span, of: Of, after: int = 0) -> AsyncGenerator[Case]:
    """The cases of one kind in the order of their numbers, those behind number ``after``."""
    if of is Of.INCIDENT:
        async for row in _read(conn, "incidents", scope, span, after):
            yield _incident(row, span)
    elif of is Of.HOME:
        known, starts = await _of_homes(conn, scope, span), await circle.bases(conn, scope)
        async for row in _read(conn, "homes", scope, span, after):
            yield _home(row, known[row["home_id"]], circle.near(row, starts.get(row["tenant_id"], ())))
    elif of is Of.BATTERY:
        async for row in _read(conn, "batteries", scope, span, after):
            yield BatteryCase(_whose(row), row["id"], row["lasted"])
    elif of is Of.PERSON:
        async for case in visited.people(conn, scope, span.month.since, span.until, after=after):
            yield case


async def _of_homes(conn: Connection, scope: Scope, span: Span) -> Mapping[int, Counter[str]]:
    """How many incidents of which sort each home had."""
    known: dict[int, Counter[str]] = defaultdict(Counter)
    async for row in _read(conn, "incidents", scope, span, 0):
        case = _incident(row, span)
        if case.raised_at is None or case.priority > _FOR_PEOPLE or case.test:
            continue
        sorts = {"alarms": True, "false": case.outcome in FALSE, "calls": case.kind in _CALLS}
        known[case.whose.home_id].update(sort for sort, holds in sorts.items() if holds)
    return known


async def _read(
    conn: Connection, statement: str, scope: Scope, span: Span, after: int
) -> AsyncGenerator[dict[str, Any]]:
    async with stepwise(conn, f"report_{statement}_{after}") as cursor:
        cursor.itersize = FETCHED
        await cursor.execute(SQL[statement], {**scope.params, **_values(span), "after": after})
        async for row in cursor:
            yield row


def _values(span: Span) -> dict[str, Any]:
    zone = span.month.zone
    return {
        "since": span.month.since,
        "until": span.until,
        "since_day": span.month.first,
        "until_day": span.until.astimezone(zone).date(),
        "zone": zone.key,
        "year": span.month.first.year,
        "answers": ANSWERS,
        "foreseen": timedelta(days=FORESEEN_DAYS),
        "lead": timedelta(days=BATTERY_LEAD_DAYS),
    }


def _whose(row: Mapping[str, Any]) -> Whose:
    return Whose(row["tenant_id"], row["home_id"], row["division_code"], row["age"], row["sex"])


def _incident(row: Mapping[str, Any], span: Span) -> IncidentCase:
    known = {name: row[name] for name in IncidentCase.__slots__ if name != "whose"}
    known["opened_at"] = row["opened_at"].astimezone(span.month.zone)
    return IncidentCase(_whose(row), **known)


def _home(row: Mapping[str, Any], had: Counter[str], near: bool | None) -> HomeCase:
    return HomeCase(
        _whose(row),
        days=row["days"],
        heard_days=row["heard_days"],
        alarms=had["alarms"],
        false=had["false"],
        calls=had["calls"],
        paths=row["paths"],
        paths_heard=row["paths_heard"],
        near=near,
    )


# Versions ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Version:
    """The last version of a month of one tenant. ``frozen_at``: ``None`` while it is still counted."""

    id: int
    number: int
    frozen_at: datetime | None
    cells: Cells


def document(cells: Cells) -> list[list[Any]]:
    """``cells`` as they are stored."""
    return [
        [key.indicator, key.cut.value, key.of, cell.part, cell.whole, cell.cases]
        for key, cell in cells.items()
    ]


def parsed(stored: Iterable[list[Any]]) -> dict[Key, Cell]:
    """What ``document`` made; a cut that only a newer county knows is left out."""
    return {
        Key(name, Cut(cut), of): Cell(float(part), float(whole), n)
        for name, cut, of, part, whole, n in stored
        if cut in _KNOWN
    }


def digest(month: date, version: int, why: str, cells: Cells) -> str:
    """SHA-256 of what a version says, over an array of JSON values."""
    return hashlib.sha256(msgspec.json.encode([month, version, why, document(cells)])).hexdigest()


async def zone_of(conn: Connection, scope: Scope, tenant_id: int) -> ZoneInfo:
    """By whose calendar a tenant's months go.

    Raises:
        LookupError: no such tenant in ``scope``.
    """
    rows = await _rows(conn, "zone", {**scope.params, "tenant_id": tenant_id})
    if not rows:
        raise LookupError(tenant_id)
    return ZoneInfo(rows[0]["time_zone"])


async def last(conn: Connection, scope: Scope, tenant_id: int, month: date) -> Version | None:
    """The last version of a month; nobody else adds one until the transaction ends."""
    asked = {**scope.params, "tenant_id": tenant_id, "month": month}
    await conn.execute(SQL["lock_months"], asked)
    rows = await _rows(conn, "last_version", asked)
    if not rows:
        return None
    return Version(rows[0]["id"], rows[0]["version"], rows[0]["frozen_at"], parsed(rows[0]["cells"]))


@dataclass(frozen=True, slots=True)
class Draft:
    """What a month of a tenant says, before it is written."""

    tenant_id: int
    month: date
    cells: Cells


async def write(
    conn: Connection, draft: Draft, before: Version | None, now: datetime, *, freeze: bool
) -> str:
    """Count a month (again) that is not frozen; its digest."""
    said = digest(draft.month, 1, "", draft.cells)
    values = _columns(draft, said, now) | {"frozen_at": now if freeze else None}
    if before is None:
        await conn.execute(SQL["add"], values | {"version": 1, "why": "", "made_by": None})
    else:
        await conn.execute(SQL["count_again"], values | {"id": before.id})
    return said


async def correct(
    conn: Connection, draft: Draft, before: Version, now: datetime, *, why: str, staff_id: int
) -> str:
    """Add a version to a frozen month; its digest."""
    number = before.number + 1
    said = digest(draft.month, number, why, draft.cells)
    new = {"version": number, "why": why, "made_by": staff_id, "frozen_at": now}
    await conn.execute(SQL["add"], _columns(draft, said, now) | new)
    return said


def _columns(draft: Draft, said: str, now: datetime) -> dict[str, Any]:
    cells = Jsonb(document(draft.cells))
    return {"tenant_id": draft.tenant_id, "month": draft.month, "now": now, "digest": said, "cells": cells}


async def stored(conn: Connection, scope: Scope, month: date) -> list[dict[str, Any]]:
    """The last version of each tenant of ``scope``."""
    return await _rows(conn, "stored", {**scope.params, "month": month})


async def recent(conn: Connection, scope: Scope, since: date) -> list[dict[str, Any]]:
    """The last version of every month since ``since`` of each tenant of ``scope``; undivided cells only."""
    return await _rows(conn, "recent", {**scope.params, "since": since})


async def areas(conn: Connection, codes: Iterable[str]) -> dict[str, str]:
    """What areas are called, by the digits of their ``codes`` without the noughts at the end."""
    padded = {code.ljust(_DIGITS, "0"): code for code in codes}
    found = await _rows(conn, "areas", {"codes": list(padded)})
    return {padded[row["code"]]: row["name"] for row in found}


async def versions(conn: Connection, scope: Scope) -> list[dict[str, Any]]:
    """Every version of every month, the newest month first; without cells."""
    return await _rows(conn, "versions", scope.params)


async def _rows(conn: Connection, statement: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return await (await conn.execute(SQL[statement], values)).fetchall()
