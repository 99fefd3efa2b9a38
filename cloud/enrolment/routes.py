"""Enrolment over HTTP: what administrators draw, and what gateways ask for.

What this is: parse, hand on, answer. What it is not: it decides nothing (``judge``, ``store``). The one idea:
a gateway has no session; its claim, or a signature by the key in force, is what it shows. The signature is in
the body, because TLS may end at a proxy that hands no client certificate on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path as File
from typing import Annotated, Final

import segno
from fastapi import APIRouter, Depends, Path, Request
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from cloud.access import Api, Call, Text, require
from cloud.auth import Permission, Principal, Purpose
from cloud.db import Connection
from cloud.enrolment import authority, claims, store
from cloud.enrolment.authority import Authority, BadRequestError, read_request
from cloud.enrolment.authority import Request as SigningRequest
from cloud.enrolment.claims import CertificateView, ClaimError, ClaimView
from cloud.enrolment.judge import Verdict
from cloud.enrolment.store import Enrolled, Refused
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.problems import ProblemError, not_found, responses
from cloud.settings import Settings
from cloud.throttle import Throttle

router = APIRouter(tags=["enrolment"])

_MAX_PEM: Final = 8_192
_MAX_HOURS: Final = int(claims.LONGEST.total_seconds() // 3600)
_VALID_HOURS: Final = int(claims.VALID.total_seconds() // 3600)
Admin = Annotated[Principal, Depends(require(Permission.ADMINISTER))]
GatewayName = Annotated[str, Path(min_length=2, max_length=48, pattern="^[A-Za-z0-9-]+$")]

REFUSALS: Final[Mapping[str, tuple[HTTPStatus, str]]] = {
    Verdict.UNKNOWN: (HTTPStatus.FORBIDDEN, "There is no such claim: check the code for typing mistakes."),
    Verdict.USED: (HTTPStatus.CONFLICT, "This claim was used already: ask for a new one."),
    Verdict.EXPIRED: (HTTPStatus.GONE, "This claim is too old: ask for a new one."),
    Verdict.WITHDRAWN: (HTTPStatus.GONE, "This claim was withdrawn: ask for a new one."),
    Verdict.OTHER_HARDWARE: (
        HTTPStatus.FORBIDDEN,
        "This claim is for another machine: its serial number is not the one that was given.",
    ),
    store.NOT_IN_FORCE.code: (
        HTTPStatus.FORBIDDEN,
        "The certificate that asks is not in force (unknown, expired or revoked): enrol with a new claim.",
    ),
    store.NOT_PROVED.code: (
        HTTPStatus.FORBIDDEN,
        "The request is not signed with the key of that certificate.",
    ),
}
"""Code of a refusal → how it is answered. Whoever holds 128 random bits may know what became of them."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NewClaim(_Body):
    """For which gateway. Without ``gateway_id``: the home's only one, or a new one if it has none.

    ``hardware``: serial number of the only machine that may use it; empty: any.
    """

    home_id: int = Field(ge=1, lt=2**31)
    gateway_id: str | None = Field(default=None, min_length=2, max_length=48, pattern="^[A-Za-z0-9-]+$")
    hardware: Text = Field(default="", max_length=64)
    hours: int = Field(default=_VALID_HOURS, ge=1, le=_MAX_HOURS)


class DrawnClaim(BaseModel):
    """The new claim. ``code`` is shown this once; ``qr``: the same as an SVG picture, a ``data:`` address."""

    id: int
    code: str
    qr: str
    gateway_id: str
    expires_at: datetime


class Claims(BaseModel):
    """The newest claims, newest first."""

    claims: list[ClaimView]


class Certificates(BaseModel):
    """The newest certificates, newest first."""

    certificates: list[CertificateView]


class Enrolment(_Body):
    """A gateway's request: its claim, a PKCS #10 request in PEM, and its machine's serial number."""

    claim: Text = Field(min_length=1, max_length=64)
    csr: str = Field(min_length=1, max_length=_MAX_PEM)
    hardware: Text = Field(default="", max_length=64)


class Renewal(_Body):
    """A gateway's request for a successor of certificate ``serial`` (hex).

    ``signature``: ECDSA with SHA-256 by that certificate's key over ``anban renewal``, a line feed and
    ``csr``, DER in base 64.
    """

    serial: str = Field(min_length=1, max_length=64, pattern="^[0-9a-f]+$")
    csr: str = Field(min_length=1, max_length=_MAX_PEM)
    signature: Base64Bytes = Field(max_length=512)


class BrokerAddress(BaseModel):
    """Where gateways publish, and who vouches for it (PEM)."""

    host: str
    port: int
    authority: str


class Identity(BaseModel):
    """What makes a gateway: its id, its shard, its certificate (PEM), its broker, and the key (hex) that
    signs its text messages.
    """

    gateway_id: str
    shard: int
    certificate: str
    broker: BrokerAddress
    sms_key: str


_ADMIN_ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_GATEWAY_ERRORS: Final = responses(
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.GONE,
    HTTPStatus.TOO_MANY_REQUESTS,
)


@dataclass(frozen=True, slots=True)
class Office:
    """Who signs, who vouches for the broker (PEM), and how often one address has asked in vain.

    The count is not that of the sign-in: a gateway's success must not forgive somebody's wrong passwords.
    """

    authority: Authority
    vouching: str
    throttle: Throttle = field(default_factory=Throttle)


def office(settings: Settings) -> Office | None:
    """The office that ``settings`` ask for; ``None`` when gateways do not enrol here.

    Raises:
        AuthorityError: a file of it cannot be used.
    """
    found = authority.configured(settings)
    if found is None:
        return None
    other = settings.enrolment.broker_ca_file
    return Office(found, authority.read_text(File(other)) if other else found.pem)


def _office(request: Request) -> Office:
    found = request.app.state.office
    if not isinstance(found, Office):
        raise ProblemError(
            HTTPStatus.NOT_FOUND,
            "enrolment_off",
            "This cloud gives no certificates: set enrolment.host in its configuration.",
        )
    return found


Desk = Annotated[Office, Depends(_office)]


@router.post(
    "/claims",
    operation_id="drawClaim",
    summary="Draw a claim for a gateway",
    responses=_ADMIN_ERRORS | responses(HTTPStatus.CONFLICT),
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
            actor=_actor(admin),
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


@router.get("/claims", operation_id="listClaims", summary="The newest claims", responses=_ADMIN_ERRORS)
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
    responses=_ADMIN_ERRORS | ONCE_ERRORS,
)
async def withdraw_claim(claim_id: Annotated[int, Path(ge=1, lt=2**31)], admin: Admin, once: Once) -> None:
    """The code is worth nothing from now on. A used one cannot be withdrawn: revoke the gateway."""
    scope = admin.scope(Purpose.ADMINISTER)

    async def work(conn: Connection) -> None:
        if not await claims.withdraw(conn, scope, claim_id, _actor(admin), once.call.now):
            raise not_found()

    await once.carry_out(scope, work)


@router.get(
    "/certificates",
    operation_id="listCertificates",
    summary="The newest certificates",
    responses=_ADMIN_ERRORS,
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
    responses=_ADMIN_ERRORS | ONCE_ERRORS,
)
async def revoke_gateway(gateway_id: GatewayName, admin: Admin, once: Once) -> None:
    """Its certificates, its sign-in and its unused claims are over at once; a new claim lets it in again."""
    scope = admin.scope(Purpose.ADMINISTER)

    async def work(conn: Connection) -> None:
        if not await claims.revoke(conn, scope, gateway_id, _actor(admin), once.call.now):
            raise not_found()

    await once.carry_out(scope, work)


@router.post(
    "/enrolments", operation_id="enrolGateway", summary="Turn a claim into a certificate",
    responses=_GATEWAY_ERRORS,
)  # fmt: skip
async def enrol_gateway(asked: Enrolment, request: Request, api: Api, desk: Desk) -> Identity:
    """A gateway's first certificate. Asked again at once with the same key, the answer is the same."""
    address = _counted(request, api, desk)
    signing = _signing_request(asked.csr)
    async with api.unscoped() as conn:
        answer = await store.enrol(
            conn,
            desk.authority,
            code=asked.claim,
            hardware=asked.hardware,
            request=signing,
            life=_life(api),
            now=api.now,
        )
    return _identity(answer, api, desk, address)


@router.post(
    "/enrolments/renew", operation_id="renewGateway", summary="Turn a certificate into its successor",
    responses=_GATEWAY_ERRORS,
)  # fmt: skip
async def renew_gateway(asked: Renewal, request: Request, api: Api, desk: Desk) -> Identity:
    """The next certificate, for a new key; the one that asks stays in force until the next renewal."""
    address = _counted(request, api, desk)
    signing = _signing_request(asked.csr)
    async with api.unscoped() as conn:
        answer = await store.renew(
            conn,
            desk.authority,
            serial=asked.serial,
            request_pem=asked.csr,
            request=signing,
            signature=asked.signature,
            life=_life(api),
            now=api.now,
        )
    return _identity(answer, api, desk, address)


def _counted(request: Request, api: Call, desk: Office) -> str:
    """The asker's address, unless it has asked in vain too often."""
    address = request.client.host if request.client else ""
    wait = desk.throttle.take(address, api.now)
    if wait is not None:
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too_many_attempts",
            "Too many attempts from this address.",
            headers={"Retry-After": str(math.ceil(wait.total_seconds()))},
        )
    return address


def _signing_request(pem: str) -> SigningRequest:
    try:
        return read_request(pem)
    except BadRequestError as error:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "csr_invalid", f"The certificate request is refused: {error}."
        ) from error


def _identity(answer: Enrolled | Refused, api: Call, desk: Office, address: str) -> Identity:
    if isinstance(answer, Refused):
        status, detail = REFUSALS[answer.code]
        raise ProblemError(status, answer.code, detail)
    desk.throttle.forgive(address)
    settings = api.parts.settings.enrolment
    port = settings.port or api.parts.settings.broker.port
    broker = BrokerAddress(host=settings.host, port=port, authority=desk.vouching)
    return Identity(
        gateway_id=answer.gateway,
        shard=answer.shard,
        certificate=answer.certificate,
        broker=broker,
        sms_key=answer.sms_key.hex(),
    )


def _life(api: Call) -> timedelta:
    return timedelta(days=api.parts.settings.enrolment.days)


def _actor(admin: Principal) -> str:
    return f"staff:{admin.staff_id}"
