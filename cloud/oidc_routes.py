"""``/session/oidc``: to the identity provider and back; ``/staff/{id}/identity``: who is let in so."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from cloud import guard, oidc, sessions
from cloud.access import Api, Call, Text
from cloud.account_routes import PURPOSE, Admin
from cloud.oidc import OidcError, Provider
from cloud.problems import ProblemError, not_found, responses, too_many
from cloud.session_routes import client_of, set_cookies
from cloud.settings import Settings

router = APIRouter(tags=["session"])

PATH: Final = "/session/oidc"
CALLBACK: Final = f"/api/v1{PATH}/callback"
AFTER: Final = "/console/"
_ERRORS: Final = responses(HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class Ways(BaseModel):
    """How one may sign in. ``oidc``: what the provider is called, ``None``: there is none."""

    oidc: str | None


class Identity(BaseModel):
    """Who a person is at the provider, by the configured claim; empty: nobody any more."""

    model_config = ConfigDict(extra="forbid")

    value: Annotated[Text, Field(max_length=200)]


def provider(settings: Settings) -> Provider | None:
    """The provider of this installation; ``None``: none is configured."""
    if not settings.oidc.issuer:
        return None
    return Provider(settings.oidc, settings.web.public_url.rstrip("/") + CALLBACK)


def _provider(request: Request) -> Provider:
    found = request.app.state.oidc
    if not isinstance(found, Provider):
        raise not_found()
    return found


@router.get(f"{PATH}/ways", operation_id="waysToSignIn", summary="How one may sign in")
async def ways(request: Request) -> Ways:
    """For the screen that asks."""
    found = request.app.state.oidc
    return Ways(oidc=found.settings.name if found else None)


@router.get(
    PATH,
    operation_id="signInElsewhere",
    summary="Sign in through the identity provider",
    status_code=HTTPStatus.SEE_OTHER,
    response_class=RedirectResponse,
    responses=_ERRORS,
)
async def begin(request: Request, api: Api) -> RedirectResponse:
    """Sends the browser there, or back to the sign-in that says why not."""
    found = _provider(request)
    try:
        return await _begun(found, request, api)
    except ProblemError as problem:
        return _back(request, problem)


async def _begun(found: Provider, request: Request, api: Call) -> RedirectResponse:
    wait = api.parts.throttle.take(request.client.host if request.client else "", api.now)
    if wait is not None:
        raise too_many(wait, "Too many attempts from this address.")
    try:
        start = await found.start()
    except OidcError as error:
        raise _refused(error) from error
    async with api.unscoped() as conn:
        await oidc.keep(conn, start, api.now)
    answer = RedirectResponse(start.address, HTTPStatus.SEE_OTHER)
    # Lax: it must come along when the provider sends the browser back.
    life = int(oidc.START_LIFE.total_seconds())
    answer.set_cookie(
        _cookie(api),
        start.state,
        max_age=life,
        path="/",
        secure=api.parts.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get(
    f"{PATH}/callback",
    operation_id="signedInElsewhere",
    summary="Back from the identity provider",
    status_code=HTTPStatus.SEE_OTHER,
    response_class=RedirectResponse,
    responses=_ERRORS | responses(HTTPStatus.UNAUTHORIZED),
)
async def finish(
    request: Request,
    api: Api,
    state: Annotated[str, Query(max_length=200)],
    code: Annotated[str, Query(max_length=2_000)] = "",
) -> Response:
    """Opens a session for whoever was written down; the browser must be the one that began."""
    found = _provider(request)
    try:
        return await _finished(found, request, api, state, code)
    except ProblemError as problem:
        return _back(request, problem)


async def _finished(found: Provider, request: Request, api: Call, state: str, code: str) -> Response:
    if request.cookies.get(_cookie(api)) != state:
        raise _refused(OidcError("refused"))
    async with api.unscoped() as conn:
        start = await oidc.take(conn, state, api.now)
    if start is None or not code:
        raise _refused(OidcError("refused"))
    try:
        claims = await found.finish(start, code, api.now)
    except OidcError as error:
        raise _refused(error) from error
    async with api.unscoped() as conn:
        staff_id = await oidc.whose(conn, found.settings, claims)
        client, opened = await client_of(conn, request, api, ""), None
        if staff_id is not None:
            proved = oidc.two_factors(found.settings, claims)
            opened = await sessions.enter(conn, staff_id, api.now, client, second_factor=proved)
        if opened is None:
            raise _refused(OidcError("refused"))
        api.note.by(opened.session.principal.actor, opened.session.principal.tenant_id)
    api.parts.throttle.forgive(client.origin)
    guard.staff_seen(request, opened.session.principal.staff_id)
    answer = RedirectResponse(AFTER, HTTPStatus.SEE_OTHER)
    set_cookies(answer, api.parts, opened)
    answer.delete_cookie(_cookie(api), path="/", secure=api.parts.secure, httponly=True, samesite="lax")
    return answer


@router.put(
    "/staff/{staff_id}/identity",
    operation_id="writeIdentityOf",
    summary="Who a person is at the identity provider",
    status_code=HTTPStatus.NO_CONTENT,
    responses=_ERRORS | responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT),
)
async def write_identity(
    staff_id: Annotated[int, Path(ge=1, lt=2**31)],
    identity: Identity,
    request: Request,
    api: Api,
    admin: Admin,
) -> None:
    """Of one's own tenant. Nobody comes in through the provider who is not written down."""
    async with api.unscoped() as conn:
        if not await sessions.is_of(conn, staff_id, admin.scope(PURPOSE)):
            raise not_found()
        if not await oidc.write_down(conn, _provider(request).settings, staff_id, identity.value):
            raise ProblemError(HTTPStatus.CONFLICT, "taken", "Somebody else signs in with this.")


def _back(request: Request, problem: ProblemError) -> RedirectResponse:
    """A browser goes back to the sign-in, which says why; a program gets the problem.

    Raises:
        ProblemError: ``problem``.
    """
    if "text/html" not in request.headers.get("accept", ""):
        raise problem
    return RedirectResponse(f"{AFTER}?sign_in={problem.code}", HTTPStatus.SEE_OTHER)


def _cookie(api: Call) -> str:
    return f"{api.parts.cookie}-oidc"


def _refused(error: OidcError) -> ProblemError:
    if error.code == "unavailable":
        return ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE, "provider_unavailable", "The identity provider does not answer."
        )
    return ProblemError(HTTPStatus.UNAUTHORIZED, "sign_in_refused", "The sign-in is refused.")
