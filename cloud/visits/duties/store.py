"""What duties are worked out from, within a person's bounds: rows from and to the values of ``duty``.

What this is: statements, and the register's words as those of the duty. What it is not: a date
(``duty.dues``) or a decision. The one idea: everything is read for many people at once, so that a list of a
county costs a handful of statements and not one a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.visits.duty import (
    Absence,
    Campaign,
    Cause,
    Condition,
    Contact,
    Difficulty,
    Due,
    Group,
    Happening,
    History,
    Person,
    Rule,
    Way,
)
from cloud.visits.rate import Span

SQL: Final = Queries(__package__)
DISABLED_FROM: Final = 2
"""The level of GB/T 42195 from which somebody counts as disabled (失能): moderate loss. D."""
REMEMBERED: Final = timedelta(days=400)
"""How far back what has happened may still ask for a visit: beyond the longest period, D."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whose duty has begun, and where they stand in the register."""

    resident_id: int
    home_id: int
    tenant_id: int
    division: str
    person: Person


async def rule(conn: Connection, scope: Scope) -> Rule:
    """The rule of the county of ``scope``; the published one where it has said nothing."""
    rows = await _rows(conn, "rule", scope, {})
    return rule_of(rows[0]) if rows else Rule()


def rule_of(row: Mapping[str, Any]) -> Rule:
    """The rule that a row says."""
    return Rule(
        {group: timedelta(days=row[f"{group}_days"]) for group in Group},
        timedelta(days=row["special_days"]),
        frozenset(Way(way) for way in row["counts"]),
        timedelta(days=row["physical_days"]),
        {cause: timedelta(hours=row[f"{cause}_h"]) for cause in Cause},
    )


async def campaigns(conn: Connection, scope: Scope, now: datetime) -> list[Campaign]:
    """Those that are not over."""
    rows = await _rows(conn, "campaigns", scope, {"id": None, "now": now})
    return [campaign_of(row) for row in rows]


def campaign_of(row: Mapping[str, Any]) -> Campaign:
    """The campaign that a row says."""
    return Campaign(
        row["name"],
        row["since"],
        row["due_at"],
        row["until"],
        frozenset(Group(one) for one in row["groups"]),
        frozenset(Way(one) for one in row["ways"]),
    )


async def people(
    conn: Connection,
    scope: Scope,
    ids: Sequence[int] | None = None,
    *,
    after: int = 0,
    limit: int | None = None,
) -> list[Known]:
    """Everybody whose duty has begun, in the order of their numbers."""
    asked = {"ids": None if ids is None else list(ids), "after": after, "limit": limit}
    return [_known(row) for row in await _rows(conn, "people", scope, asked)]


async def histories(
    conn: Connection, scope: Scope, ids: Sequence[int], counts: frozenset[Way], now: datetime
) -> dict[int, History]:
    """What is known of each of ``ids`` that a duty of ``now`` may rest on."""
    asked = {"ids": list(ids), "now": now, "since": now - REMEMBERED, "until": now}
    contacts = _by_person(await _rows(conn, "last_contacts", scope, asked), _contact)
    happened = _by_person(
        await _rows(conn, "happenings", scope, asked), lambda row: Happening(row["at"], Cause(row["cause"]))
    )
    away = await _absences(conn, scope, asked)
    quiet = await _quiet_days(conn, scope, asked, counts)
    return {
        who: History((*contacts[who], *quiet[who]), tuple(happened[who]), tuple(away[who])) for who in ids
    }


async def absences(conn: Connection, scope: Scope, ids: Sequence[int]) -> dict[int, list[Absence]]:
    """When each of ``ids`` is in hospital or away."""
    return await _absences(conn, scope, {"ids": list(ids)})


async def tried(
    conn: Connection, scope: Scope, ids: Sequence[int], counts: frozenset[Way], span: Span
) -> dict[int, History]:
    """What was tried with each of ``ids`` in ``span``, and when they were away."""
    asked = {"ids": list(ids), "since": span.since, "until": span.until}
    contacts = _by_person(
        await _rows(conn, "contacts", scope, asked),
        lambda row: Contact(row["at"], Way(row["way"]), row["seen"]),
    )
    away = await _absences(conn, scope, asked)
    quiet = await _quiet_days(conn, scope, asked, counts)
    return {who: History((*contacts[who], *quiet[who]), absences=tuple(away[who])) for who in ids}


Line = tuple[datetime, str, str, tuple[str, ...], str]
"""What the list says of one duty: until when, why, its name, the ways that end it, the person's group."""


def lines_of(dues: Iterable[Due], group: Group) -> set[Line]:
    """What the list is to say of one person."""
    return {(due.at, due.reason.value, due.name, tuple(sorted(due.ways)), group.value) for due in dues}


async def listed(conn: Connection, scope: Scope, ids: Sequence[int]) -> dict[int, set[Line]]:
    """What the list says of each of ``ids``."""
    found: dict[int, set[Line]] = defaultdict(set)
    for row in await _rows(conn, "dues", scope, {"ids": list(ids)}):
        line = (row["due_at"], row["reason"], row["name"], tuple(row["ways"]), row["people_group"])
        found[row["resident_id"]].add(line)
    return found


async def replace_dues(conn: Connection, one: Known, dues: Iterable[Due], group: Group) -> None:
    """Let ``dues`` be what the list says of one person."""
    await conn.execute(SQL["forget_dues"], {"resident_id": one.resident_id})
    named = {"resident_id": one.resident_id, "home_id": one.home_id}
    for at, reason, name, ways, of in sorted(lines_of(dues, group)):
        line = {"due_at": at, "reason": reason, "name": name, "ways": list(ways), "people_group": of}
        await conn.execute(SQL["add_due"], named | line)


async def looked(conn: Connection, resident_id: int, now: datetime, again_at: datetime) -> None:
    """Say that the list is what ``now`` made of it, and when it is looked at again."""
    await conn.execute(SQL["looked"], {"resident_id": resident_id, "now": now, "again_at": again_at})


async def find(conn: Connection, scope: Scope, resident_id: int) -> Row | None:
    """Number, home and tenant of somebody within the bounds, whether or not their duty has begun."""
    rows = await _rows(conn, "person", scope, {"resident_id": resident_id})
    return rows[0] if rows else None


async def rows(conn: Connection, statement: str, scope: Scope, **values: object) -> list[Row]:
    """What a statement that is made for a screen answers."""
    return await _rows(conn, statement, scope, values)


async def write(conn: Connection, statement: str, scope: Scope, **values: object) -> None:
    """Carry out a statement that answers nothing."""
    await conn.execute(SQL[statement], {**scope.params, **values})


def _known(row: Row) -> Known:
    ends = [at for at in (row["ended_at"], row["left_at"]) if at is not None]
    person = Person(
        row["birth_year"],
        row["since"],
        _difficulties(row),
        frozenset(Condition(one) for one in row["conditions"]),
        min(ends, default=None),
    )
    return Known(row["resident_id"], row["home_id"], row["tenant_id"], row["division"], person)


def _difficulties(row: Row) -> frozenset[Difficulty]:
    """What was written down, and what the register says anyway."""
    said = {Difficulty(one) for one in row["difficulties"]}
    if row["lives_alone"]:
        said.add(Difficulty.LIVES_ALONE)
    if row["ability_level"] >= DISABLED_FROM:
        said.add(Difficulty.DISABLED)
    return frozenset(said)


def _contact(row: Row) -> Contact:
    return Contact(row["at"], Way(row["way"]))


async def _absences(conn: Connection, scope: Scope, asked: Mapping[str, object]) -> dict[int, list[Absence]]:
    found = await _rows(conn, "absences", scope, asked)
    return _by_person(found, lambda row: Absence(row["since"], row["until"]))


async def _quiet_days(
    conn: Connection, scope: Scope, asked: Mapping[str, object], counts: frozenset[Way]
) -> dict[int, list[Contact]]:
    """Looked for only where the county lets equipment count."""
    if Way.SENSOR not in counts:
        return defaultdict(list)
    found = await _rows(conn, "quiet_days", scope, asked)
    return _by_person(found, lambda row: Contact(row["at"], Way.SENSOR))


def _by_person(found: Iterable[Row], value: Any) -> dict[int, list[Any]]:
    by_person: dict[int, list[Any]] = defaultdict(list)
    for row in found:
        by_person[row["resident_id"]].append(value(row))
    return by_person


async def _rows(conn: Connection, statement: str, scope: Scope, values: Mapping[str, object]) -> list[Row]:
    return await (await conn.execute(SQL[statement], {**scope.params, **values})).fetchall()
