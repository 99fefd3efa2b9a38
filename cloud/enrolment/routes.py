"""``/enrolments``: what gateways ask for.

What this is: parse, hand on, answer. What it is not: it decides nothing (``judge``, ``store``). The one idea:
a gateway has no session; its claim, or a signature by the key in force, is what it shows. The signature is in
the body, because TLS may end at a proxy that hands no client certificate on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request

from cloud.access import Api, Call
from cloud.enrolment import store
from cloud.enrolment.authority import BadRequestError, read_request
from cloud.enrolment.authority import Request as SigningRequest
from cloud.enrolment.judge import Verdict
from cloud.enrolment.office import Desk, Office
from cloud.enrolment.store import Enrolled, Refused
from cloud.enrolment.views import BrokerAddress, Enrolment, Identity, Renewal
from cloud.problems import ProblemError, responses

router = APIRouter(tags=["enrolment"])

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

_ERRORS: Final = responses(
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.GONE,
    HTTPStatus.TOO_MANY_REQUESTS,
)


@router.post(
    "/enrolments", operation_id="enrolGateway", summary="Turn a claim into a certificate",
    responses=_ERRORS,
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
    responses=_ERRORS,
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
