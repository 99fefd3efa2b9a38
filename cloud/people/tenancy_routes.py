"""``/tenants`` and ``/usage``: what the counties have, may use and have used.

What this is: for whoever reads figures, of their own tenant and of those below; the city switches. What it is
not: the register, in which a tenant keeps its name and its duty manager itself.
"""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud.access import Api, require
from cloud.auth import Module, Permission, Principal, Purpose
from cloud.db import Connection
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.people import tenancy
from cloud.people.tenancy import QuotaName, QuotaState, TenantUse
from cloud.problems import not_found, responses

router = APIRouter(tags=["tenants"])

Reader = Annotated[Principal, Depends(require(Permission.READ_FIGURES))]
Manager = Annotated[Principal, Depends(require(Permission.MANAGE_TENANTS))]
Code = Annotated[str, Path(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
ERRORS = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class QuotaView(BaseModel):
    """One quota. ``near``: from 80 % on; ``reached``: nothing is added any more, and nothing stops."""

    name: QuotaName
    most: int
    used: int
    state: QuotaState


class TenantView(BaseModel):
    """A tenant: its code, name and place, what it has and may use."""

    code: str
    name: str
    division: str
    modules: list[Module]
    quotas: list[QuotaView]


class Tenants(BaseModel):
    """One's own tenant, and those below for the roles of a city, in the order of places."""

    tenants: list[TenantView]


class Equipment(BaseModel):
    """What a tenant has from now on; a quota that is not named has no bound.

    ``monitoring``: values over time; ``detection``: what the platform finds in them by itself, beside the
    alarms of gateways; ``reports``: figures. ``visits`` and ``messages`` are not built yet and switch
    nothing.
    """

    model_config = ConfigDict(extra="forbid")

    modules: list[Module]
    quotas: dict[QuotaName, Annotated[int, Field(ge=1, lt=2**53)]] = {}


class Used(BaseModel):
    """``n`` of something in one day (UTC+8): homes, incidents, messages, readings."""

    tenant: str
    day: date
    name: str
    n: int


class Usage(BaseModel):
    """By tenant, day and name."""

    usage: list[Used]


class Span(BaseModel):
    """Which days, both included."""

    model_config = ConfigDict(extra="forbid")

    since: date
    until: date


@router.get("/tenants", operation_id="listTenants", summary="What tenants have and may use", responses=ERRORS)
async def list_tenants(api: Api, reader: Reader) -> Tenants:
    """Modules, quotas, and how much of them is used."""
    scope = reader.scope(Purpose.FIGURES)
    api.saw(scope.purpose, [])
    async with api.reading(scope) as conn:
        return Tenants(tenants=[_view(one) for one in await tenancy.tenants(conn, scope, api.now)])


@router.put(
    "/tenants/{code}/equipment",
    operation_id="equipTenant",
    summary="Switch a tenant's modules and set its quotas",
    responses=ERRORS | responses(HTTPStatus.NOT_FOUND) | ONCE_ERRORS,
)
async def equip_tenant(code: Code, asked: Equipment, manager: Manager, once: Once) -> Tenants:
    """Of the city's own tenant or one below. Alarms have no switch and no quota."""
    scope = manager.scope(Purpose.FIGURES)
    once.call.saw(scope.purpose, [])

    async def work(conn: Connection) -> Tenants:
        if not await tenancy.equip(conn, scope, code, sorted(set(asked.modules)), asked.quotas):
            raise not_found()
        found = await tenancy.tenants(conn, scope, once.call.now)
        return Tenants(tenants=[_view(one) for one in found if one.code == code])

    return await once.do(scope, Tenants, work)


@router.get("/usage", operation_id="readUsage", summary="What was used, day by day", responses=ERRORS)
async def read_usage(asked: Annotated[Span, Query()], api: Api, reader: Reader) -> Usage:
    """Counted from what is stored; the last three days may still grow by what comes late."""
    scope = reader.scope(Purpose.FIGURES)
    api.saw(scope.purpose, [])
    async with api.reading(scope) as conn:
        rows = await tenancy.usage(conn, scope, asked.since, asked.until)
    return Usage(usage=[Used(**row) for row in rows])


def _view(tenant: TenantUse) -> TenantView:
    quotas = [
        QuotaView(name=one.name, most=one.most, used=one.used, state=one.state) for one in tenant.quotas
    ]
    return TenantView(
        code=tenant.code,
        name=tenant.name,
        division=tenant.division,
        modules=list(tenant.modules),
        quotas=quotas,
    )
