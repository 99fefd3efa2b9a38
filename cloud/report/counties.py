"""A month of counties that keep a database of their own.

What this is: the question to each, and its last word. What it is not: how they are reached
(``cloud.figures.directory``). The one idea: a county answers with what it froze itself, digest and all; the
city adds up and never counts for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.db import Connection, Queries
from cloud.figures import directory
from cloud.report.views import TenantMonth
from cloud.settings import County

_SQL: Final = Queries(__package__ or "", "counties.sql")


@dataclass(frozen=True, slots=True)
class CountyMonth:
    """``taken_at``: when its tenants' months were told; ``None``: never. ``answers``: it told them now."""

    division: str
    taken_at: datetime | None
    answers: bool
    tenants: list[TenantMonth]


async def ask(counties: Sequence[County], month: date, now: datetime) -> list[CountyMonth]:
    """What each county says of ``month`` now."""

    async def question(conn: Connection) -> list[TenantMonth]:
        found = await conn.execute(_SQL["ask"], {"month": month})
        return [TenantMonth(**row) for row in await found.fetchall()]

    answers = await directory.put(counties, question)
    return [
        CountyMonth(county.division, None if told is None else now, told is not None, told or [])
        for county, told in zip(counties, answers, strict=True)
    ]


async def trend(counties: Sequence[County], since: date) -> list[list[TenantMonth] | None]:
    """What each county says of every month since ``since``; ``None``: it does not answer."""

    async def question(conn: Connection) -> list[TenantMonth]:
        found = await conn.execute(_SQL["trend"], {"since": since})
        return [TenantMonth(**row) for row in await found.fetchall()]

    return await directory.put(counties, question)


async def keep(conn: Connection, answers: Sequence[CountyMonth], month: date, now: datetime) -> None:
    """Remember what was answered, for the time when it cannot be asked."""
    for one in answers:
        if one.answers:
            tenants = Jsonb([tenant.model_dump(mode="json") for tenant in one.tenants])
            values = {"division": one.division, "month": month, "now": now, "tenants": tenants}
            await conn.execute(_SQL["keep"], values)


async def with_last_words(conn: Connection, answers: Sequence[CountyMonth], month: date) -> list[CountyMonth]:
    """``answers``, where the silent ones say what they said last."""
    silent = [one.division for one in answers if not one.answers]
    found = await conn.execute(_SQL["kept"], {"divisions": silent, "month": month})
    kept: dict[str, dict[str, Any]] = {row["division_code"]: row for row in await found.fetchall()}
    return [_last(one, kept.get(one.division)) for one in answers]


def _last(one: CountyMonth, row: dict[str, Any] | None) -> CountyMonth:
    if one.answers or row is None:
        return one
    tenants = [TenantMonth.model_validate(tenant) for tenant in row["tenants"]]
    return CountyMonth(one.division, row["taken_at"], answers=False, tenants=tenants)
