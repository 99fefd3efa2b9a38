"""``/incidents/{id}/grants``: share an incident with another tenant, or hand it over, for a time.

What this is: giving, listing and taking back. What it is not: what a grant opens (``cloud.across``). The one
idea: help happens where the emergency is, whoever's county it is; the record stays with its own tenant, both
consoles show it, each step is in its timeline, and closing ends every grant.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from cloud.access import Api, Text, require
from cloud.auth import Permission, Principal, Purpose, Scope
from cloud.db import Connection, Queries
from cloud.incidents import store
from cloud.incidents.commands import step
from cloud.incidents.machine import Trigger
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.problems import ProblemError, not_found, responses

router = APIRouter(tags=["incidents"])

LONGEST_H: Final = 72
"""D. Help that lasts longer than a long weekend is a move, not help."""
_SQL: Final = Queries(__package__, "sharing.sql")

IncidentId = Annotated[int, Path(ge=1, lt=2**63, description="number of the incident")]
GrantId = Annotated[int, Path(ge=1, lt=2**31, description="number of the grant")]
Giver = Annotated[Principal, Depends(require(Permission.SHARE_INCIDENT))]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND) | ONCE_ERRORS


class NewGrant(BaseModel):
    """Whom to ask for help (a tenant's code), for how long, and why. ``handover``: they lead from now on."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, lt=2**31)
    tenant: Text = Field(min_length=1, max_length=200)
    kind: Literal["share", "handover"] = "share"
    hours: int = Field(default=12, ge=1, le=LONGEST_H)
    reason: Text = Field(min_length=1, max_length=500)


class Given(BaseModel):
    """The number of the new grant."""

    id: int


class GrantView(BaseModel):
    """One grant; the timeline says why. ``stands``: the other tenant sees the incident now."""

    id: int
    tenant: str
    kind: str
    given_at: datetime
    expires_at: datetime
    stands: bool


class Grants(BaseModel):
    """All grants of one incident, oldest first."""

    grants: list[GrantView]


@router.post(
    "/incidents/{incident_id}/grants",
    operation_id="shareIncident",
    summary="Ask another tenant for help",
    status_code=HTTPStatus.CREATED,
    responses=ERRORS,
)
async def share_incident(incident_id: IncidentId, asked: NewGrant, giver: Giver, once: Once) -> Given:
    """They see this incident and its home, and may act on it, until it is closed, taken back or over."""
    scope = giver.scope(Purpose.CONSOLE)

    async def work(conn: Connection) -> Given:
        tenant = await _tenant(conn, asked.tenant)
        if tenant == giver.tenant_id:
            raise ProblemError(HTTPStatus.CONFLICT, "own_tenant", "This incident is your tenant's already.")
        now = once.call.now
        values = {
            **scope.params,
            "incident_id": incident_id,
            "tenant_id": tenant,
            "kind": asked.kind,
            "staff_id": giver.staff_id,
            "now": now,
            "expires_at": now + timedelta(hours=asked.hours),
        }
        note = f"{asked.kind} → {asked.tenant}: {asked.reason}"
        await _held(conn, scope, incident_id)
        await conn.execute(_SQL["end_expired"], values)
        row = await (await conn.execute(_SQL["give"], values)).fetchone()
        await step(conn, once, scope, incident_id, Trigger.NOTE, asked.version, {"note": note})
        if row is None:
            raise ProblemError(
                HTTPStatus.CONFLICT, "not_shared", "It is closed, or shared with them already."
            )
        return Given(id=row["id"])

    return await once.do(scope, Given, work)


@router.get(
    "/incidents/{incident_id}/grants",
    operation_id="listGrants",
    summary="Who was asked for help",
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
)
async def list_grants(incident_id: IncidentId, api: Api, giver: Giver) -> Grants:
    """Standing grants and those that are over; none for an incident that is not one's own."""
    scope = giver.scope(Purpose.CONSOLE)
    api.saw(scope.purpose, [])
    async with api.reading(scope) as conn:
        asked = {**scope.params, "incident_id": incident_id, "now": api.now}
        rows = await (await conn.execute(_SQL["grants"], asked)).fetchall()
    return Grants(grants=[GrantView(**row) for row in rows])


@router.delete(
    "/incidents/{incident_id}/grants/{grant_id}",
    operation_id="takeBackIncident",
    summary="End another tenant's help",
    status_code=HTTPStatus.NO_CONTENT,
    responses=ERRORS,
)
async def take_back(incident_id: IncidentId, grant_id: GrantId, giver: Giver, once: Once) -> None:
    """From now on they see nothing of it any more; what they did stays in the timeline."""
    scope = giver.scope(Purpose.CONSOLE)

    async def work(conn: Connection) -> None:
        now = once.call.now
        values = {**scope.params, "incident_id": incident_id, "grant_id": grant_id, "now": now}
        version = await _held(conn, scope, incident_id)
        if await (await conn.execute(_SQL["take_back"], values)).fetchone() is None:
            raise not_found()
        note = {"note": f"grant {grant_id} ended"}
        await step(conn, once, scope, incident_id, Trigger.NOTE, version, note)

    await once.carry_out(scope, work)


async def _held(conn: Connection, scope: Scope, incident_id: int) -> int:
    """Lock the incident before its grants, as closing does, or both wait for each other; its version."""
    try:
        return (await store.hold_in_scope(conn, scope, incident_id)).incident.version
    except store.NotFound as error:
        raise not_found() from error


async def _tenant(conn: Connection, code: str) -> int:
    row = await (await conn.execute(_SQL["tenant_of_code"], {"code": code})).fetchone()
    if row is None or row["id"] is None:
        raise ProblemError(HTTPStatus.CONFLICT, "tenant_unknown", "There is no tenant with this code.")
    return int(row["id"])
