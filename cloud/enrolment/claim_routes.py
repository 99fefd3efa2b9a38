"""``/claims``, ``/certificates``: what administrators draw, look through and take back.

What this is: parse, hand on, answer. What it is not: what gateways ask for (``routes``). The one idea: a code
is shown once, in the answer that drew it, and never again.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final

import segno
from fastapi import APIRouter, Depends, Path

from cloud.access import Api, require
from cloud.auth import Permission, Principal, Purpose
from cloud.db import Connection
from cloud.enrolment import claims
from cloud.enrolment.claims import ClaimError
from cloud.enrolment.office import Desk
from cloud.enrolment.views import Certificates, Claims, DrawnClaim, NewClaim
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.problems import ProblemError, not_found, responses

router = APIRouter(tags=["enrolment"])

Admin = Annotated[Principal, Depends(require(Permission.ADMINISTER))]
GatewayName = Annotated[str, Path(min_length=2, max_length=48, pattern="^[A-Za-z0-9-]+$")]
_ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


@router.post(
    "/claims",
    operation_id="drawClaim",
    summary="Draw a claim for a gateway",
    responses=_ERRORS | responses(HTTPStatus.CONFLICT),
)
async def draw_claim(claim: NewClaim, admin: Admin, once: Once, _: Desk) -> DrawnClaim:
    """A code that works once, for a limited time, for one gateway; it is shown only in this answer."""
    scope = admin.scope(Purpose.ADMINISTER)

    async def work(conn: Connection) -> DrawnClaim:
        drawn = await claims.draw(
            conn,
            scope,
            home_id=claim.home_id,
            gateway=claim.gateway_id,
            hardware=claim.hardware,
            valid=timedelta(hours=claim.hours),
            actor=admin.actor,
            now=once.call.now,
        )
        picture = segno.make(drawn.code, error="m").svg_data_uri(scale=6, border=4)
        return DrawnClaim(
            id=drawn.id,
            code=drawn.code,
            qr=picture,
            gateway_id=drawn.gateway,
            expires_at=drawn.expires_at,
        )

    try:
        return await once.do(scope, DrawnClaim, work)
    except ClaimError as error:
        if error.code == "not_found":
            raise not_found() from error
        raise ProblemError(HTTPStatus.CONFLICT, error.code, str(error)) from error


@router.get("/claims", operation_id="listClaims", summary="The newest claims", responses=_ERRORS)
async def list_claims(api: Api, admin: Admin) -> Claims:
    """Claims with what became of them; never their codes."""
    scope = admin.scope(Purpose.ADMINISTER)
    api.saw(scope.purpose, None)
    async with api.reading(scope) as conn:
        return Claims(claims=await claims.listed(conn, scope))


@router.delete(
    "/claims/{claim_id}",
    operation_id="withdrawClaim",
    summary="Withdraw an unused claim",
    status_code=HTTPStatus.NO_CONTENT,
    responses=_ERRORS | ONCE_ERRORS,
)
async def withdraw_claim(claim_id: Annotated[int, Path(ge=1, lt=2**31)], admin: Admin, once: Once) -> None:
    """The code is worth nothing from now on. A used one cannot be withdrawn: revoke the gateway."""
    scope = admin.scope(Purpose.ADMINISTER)

    async def work(conn: Connection) -> None:
        if not await claims.withdraw(conn, scope, claim_id, admin.actor, once.call.now):
            raise not_found()

    await once.carry_out(scope, work)


@router.get(
    "/certificates",
    operation_id="listCertificates",
    summary="The newest certificates",
    responses=_ERRORS,
)
async def list_certificates(api: Api, admin: Admin) -> Certificates:
    """Which gateway has which certificate, until when, and whether it was revoked."""
    scope = admin.scope(Purpose.ADMINISTER)
    api.saw(scope.purpose, None)
    async with api.reading(scope) as conn:
        return Certificates(certificates=await claims.certificates(conn, scope))


@router.post(
    "/gateways/{gateway_id}/revoke",
    operation_id="revokeGateway",
    summary="Shut a gateway out",
    status_code=HTTPStatus.NO_CONTENT,
    responses=_ERRORS | ONCE_ERRORS,
)
async def revoke_gateway(gateway_id: GatewayName, admin: Admin, once: Once) -> None:
    """Its certificates, its sign-in and its unused claims are over at once; a new claim lets it in again."""
    scope = admin.scope(Purpose.ADMINISTER)

    async def work(conn: Connection) -> None:
        if not await claims.revoke(conn, scope, gateway_id, admin.actor, once.call.now):
            raise not_found()

    await once.carry_out(scope, work)
