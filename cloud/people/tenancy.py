"""What a tenant has, may use and has used: modules, quotas, and usage counted by day.

What this is: the rules and their statements. What it is not: the modules themselves. The one idea: usage is
counted anew from what is stored, so counting twice counts once; and a quota stops growth, never help: at its
end no home is added, but every alarm, message and reading of those that are there goes on, and is counted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, Final

import psycopg
from psycopg_pool import PoolTimeout

from cloud.auth import Module, Scope
from cloud.db import Connection, Pool, Queries

WARN_AT: Final = 0.8
"""D. The share of a quota from which its tenant and the city are warned."""
RECOUNTED: Final = 3
"""Days that are counted again, today included: what comes late belongs to the day it arrived."""
COUNT_EVERY_S: Final = 900.0
DAY: Final = timezone(timedelta(hours=8))
"""The days of usage, the same for every tenant, so that they can be added."""

_SQL: Final = Queries(__package__ or "", "tenancy.sql")
_log = logging.getLogger(__name__)


class QuotaName(StrEnum):
    """What is bounded."""

    HOMES = "homes"
    MESSAGES_MONTH = "messages_month"
    READINGS_DAY = "readings_day"


class QuotaState(StrEnum):
    """How near its end a quota is."""

    OK = "ok"
    NEAR = "near"
    REACHED = "reached"


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """One quota: at most ``most``, of which ``used`` are used."""

    name: QuotaName
    most: int
    used: int

    @property
    def state(self) -> QuotaState:
        """``near`` from 80 % on, ``reached`` from 100 %."""
        if self.used >= self.most:
            return QuotaState.REACHED
        return QuotaState.NEAR if self.used >= WARN_AT * self.most else QuotaState.OK


@dataclass(frozen=True, slots=True)
class Room:
    """``used`` homes stand, of ``most`` that may (``None``: no bound)."""

    most: int | None
    used: int

    def grown_beyond(self, before: Room) -> bool:
        """Whether homes were added since ``before`` although there was no room for them.

        A quota that the city lowered below what stands takes nothing away.
        """
        return self.most is not None and self.used > max(self.most, before.used)


@dataclass(frozen=True, slots=True)
class TenantUse:
    """A tenant with its modules and quotas."""

    id: int
    code: str
    name: str
    division: str
    modules: tuple[Module, ...]
    quotas: tuple[QuotaUse, ...]


def day_of(now: datetime) -> date:
    """The day of usage that ``now`` belongs to."""
    return now.astimezone(DAY).date()


async def tenants(conn: Connection, scope: Scope, now: datetime) -> list[TenantUse]:
    """The tenants of ``scope`` with what they have and how much of it is used."""
    asked = {**scope.params, "day": day_of(now)}
    rows = await (await conn.execute(_SQL["tenants"], asked)).fetchall()
    used = {row["tenant_id"]: row for row in await (await conn.execute(_SQL["used"], asked)).fetchall()}
    return [_tenant(row, used[row["id"]]) for row in rows]


async def equip(
    conn: Connection, scope: Scope, code: str, modules: Iterable[Module], quotas: Mapping[QuotaName, int]
) -> bool:
    """Say what the tenant ``code`` has and may use; false: there is none in ``scope``."""
    asked = {**scope.params, "code": code, "modules": [module.value for module in modules]}
    row = await (await conn.execute(_SQL["set_modules"], asked)).fetchone()
    if row is None:
        return False
    tenant = {**scope.params, "tenant_id": row["id"]}
    await conn.execute(_SQL["drop_quotas"], tenant | {"names": [name.value for name in quotas]})
    for name, most in quotas.items():
        await conn.execute(_SQL["set_quota"], tenant | {"name": name.value, "most": most})
    return True


async def room(conn: Connection, scope: Scope, tenant_id: int) -> Room:
    """How many homes ``tenant_id`` has and may have; until the transaction ends nobody else adds one."""
    asked = {**scope.params, "tenant_id": tenant_id}
    await conn.execute(_SQL["lock_tenant"], asked)
    row = await (await conn.execute(_SQL["room"], asked)).fetchone() or {"most": None, "used": 0}
    return Room(row["most"], row["used"])


async def usage(conn: Connection, scope: Scope, since: date, until: date) -> list[dict[str, Any]]:
    """What the tenants of ``scope`` used, day by day: ``tenant``, ``day``, ``name``, ``n``."""
    asked = {**scope.params, "since": since, "until": until}
    return await (await conn.execute(_SQL["usage"], asked)).fetchall()


async def count(conn: Connection, now: datetime) -> None:
    """Count the last days again. Safe to repeat, and at the same time."""
    for back in reversed(range(RECOUNTED)):
        await conn.execute(_SQL["count_usage"], {"day": day_of(now) - timedelta(days=back)})


async def run(pool: Pool, *, clock: Callable[[], datetime]) -> None:
    """Count until cancelled; outlives every failure of the database."""
    while True:
        try:
            async with pool.connection() as conn:
                await count(conn, clock())
        except (psycopg.Error, PoolTimeout) as error:
            _log.warning("usage waits for the database reason=%s", type(error).__name__)
        await asyncio.sleep(COUNT_EVERY_S)


def _tenant(row: Mapping[str, Any], used: Mapping[str, Any]) -> TenantUse:
    quotas = tuple(
        QuotaUse(QuotaName(name), most, used[name]) for name, most in sorted(row["quotas"].items())
    )
    modules = tuple(Module(module) for module in row["modules"])
    return TenantUse(row["id"], row["code"], row["name"], row["division"], modules, quotas)
