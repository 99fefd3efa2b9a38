"""Which county keeps its data in which database, and how the city asks them all at once.

What this is: the directory from the settings, and one question to every county's database. What it is not: a
way to a person; the role that the city signs in as may call one function that counts. The one idea: a county
that does not answer in time is said to be silent, with its last word and when that was, and holds up nobody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import psycopg
from psycopg.types.json import Jsonb

from cloud.auth import Scope
from cloud.db import Connection, Queries, connect
from cloud.figures.model import CountyFigures, TenantFigures
from cloud.secret_files import SecretFileError
from cloud.settings import County, county_dsn

ANSWER_S: Final = 3.0
"""[D] How long a county may take; counting 30,000 homes takes a small part of it."""

Answer = TypeVar("Answer")
_SQL: Final = Queries(__package__)
_log = logging.getLogger(__name__)


async def own(conn: Connection, now: datetime) -> list[TenantFigures]:
    """The tenants of the transaction's scope."""
    found = await conn.execute(_SQL["scoped"], {"now": now})
    return [TenantFigures(**row) for row in await found.fetchall()]


async def below(conn: Connection, scope: Scope, counties: Sequence[County]) -> list[County]:
    """Those of ``counties`` that lie below a tenant of ``scope``: a city asks none of another city's."""
    asked = {**scope.params, "divisions": [county.division for county in counties]}
    found = {row["code"] for row in await (await conn.execute(_SQL["below"], asked)).fetchall()}
    return [county for county in counties if county.division in found]


async def ask(counties: Sequence[County], now: datetime) -> list[CountyFigures]:
    """What each county says now; ``answers`` is false for those that do not."""

    async def counted(conn: Connection) -> list[TenantFigures]:
        found = await conn.execute(_SQL["county"], {"now": now})
        return [TenantFigures(**row) for row in await found.fetchall()]

    answers = await put(counties, counted)
    return [
        CountyFigures(
            division_code=county.division,
            taken_at=None if tenants is None else now,
            answers=tenants is not None,
            tenants=tenants or [],
        )
        for county, tenants in zip(counties, answers, strict=True)
    ]


async def put(
    counties: Sequence[County], question: Callable[[Connection], Awaitable[Answer]]
) -> list[Answer | None]:
    """Put one question to every county's database at once; ``None``: it does not answer in time."""
    return list(await asyncio.gather(*(_put(county, question) for county in counties)))


async def keep(conn: Connection, answers: Sequence[CountyFigures], now: datetime) -> None:
    """Remember what was answered, for the time when it cannot be asked."""
    for one in answers:
        if one.answers:
            tenants = [tenant.model_dump() for tenant in one.tenants]
            await conn.execute(
                _SQL["keep"], {"division": one.division_code, "now": now, "figures": Jsonb(tenants)}
            )


async def with_last_words(conn: Connection, answers: Sequence[CountyFigures]) -> list[CountyFigures]:
    """``answers``, where the silent ones say what they said last."""
    silent = [one.division_code for one in answers if not one.answers]
    found = await conn.execute(_SQL["kept"], {"divisions": silent})
    kept = {row["division_code"]: row for row in await found.fetchall()}
    return [_last(kept[one.division_code]) if one.division_code in kept else one for one in answers]


def _last(row: dict[str, Any]) -> CountyFigures:
    tenants = [TenantFigures(**tenant) for tenant in row["figures"]]
    return CountyFigures(
        division_code=row["division_code"], taken_at=row["taken_at"], answers=False, tenants=tenants
    )


async def _put(county: County, question: Callable[[Connection], Awaitable[Answer]]) -> Answer | None:
    try:
        async with asyncio.timeout(ANSWER_S):
            conn = await connect(county_dsn(county), autocommit=True)
            try:
                return await question(conn)
            finally:
                await conn.close()
    except (psycopg.Error, OSError, TimeoutError, SecretFileError) as error:
        _log.warning("county does not answer division=%s reason=%s", county.division, type(error).__name__)
        return None
