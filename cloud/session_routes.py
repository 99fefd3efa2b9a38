"""``/session``: sign in, who am I, sign out."""

from __future__ import annotations

import math
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud import guard, sessions
from cloud.access import Api, Parts, SignedIn, Text
from cloud.auth import PERMISSIONS, Permission, Role
from cloud.passwords import MAX_PASSWORD
from cloud.problems import ProblemError, responses
from cloud.sessions import LIFETIME, Session

router = APIRouter(prefix="/session", tags=["session"])


class Credentials(BaseModel):
    """What a person types."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    username: Annotated[Text, Field(min_length=1, max_length=100)]
    password: Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD)]


class Me(BaseModel):
    """Who is signed in. ``expires_at``: when this session ends at the latest; warn before."""

    name: str
    role: Role
    locale: str
    permissions: list[Permission]
    expires_at: datetime


@router.post(
    "",
    operation_id="signIn",
    summary="Sign in",
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS),
)
async def sign_in(credentials: Credentials, request: Request, response: Response, api: Api) -> Me:
    """Check name and password and set the session cookie; an earlier session of this browser ends.

    401 says nothing about which of the two was wrong, or whether the account rests after wrong attempts.
    """
    address = request.client.host if request.client else ""
    wait = api.parts.throttle.take(address, api.now)
    if wait is not None:
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too_many_attempts",
            "Too many attempts from this address.",
            headers={"Retry-After": str(math.ceil(wait.total_seconds()))},
        )
    opened = await sessions.sign_in(api.parts.service, credentials.username, credentials.password, api.now)
    if opened is None:
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "sign_in_refused",
            "Name or password is wrong, or there were too many attempts: then wait a few minutes.",
        )
    api.parts.throttle.forgive(address)
    await _end_earlier(request, api)
    guard.staff_seen(request, opened.session.principal.staff_id)
    _set_cookie(response, api.parts, opened.token)
    return _me(opened.session)


@router.get(
    "", operation_id="whoAmI", summary="Who is signed in", responses=responses(HTTPStatus.UNAUTHORIZED)
)
async def who_am_i(session: SignedIn) -> Me:
    """The person this cookie belongs to."""
    return _me(session)


@router.delete(
    "",
    operation_id="signOut",
    summary="Sign out",
    status_code=HTTPStatus.NO_CONTENT,
    responses=responses(HTTPStatus.UNAUTHORIZED),
)
async def sign_out(session: SignedIn, response: Response, api: Api) -> None:
    """End the session everywhere at once, its open streams included."""
    async with api.unscoped() as conn:
        await sessions.revoke(conn, session.key)
    response.delete_cookie(
        api.parts.cookie, path="/", secure=api.parts.secure, httponly=True, samesite="strict"
    )


async def _end_earlier(request: Request, api: Api) -> None:
    earlier = request.cookies.get(api.parts.cookie)
    if earlier:
        async with api.unscoped() as conn:
            await sessions.revoke(conn, sessions.key_of(earlier))


def _set_cookie(response: Response, parts: Parts, token: str) -> None:
    response.set_cookie(
        parts.cookie,
        token,
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        secure=parts.secure,
        httponly=True,
        samesite="strict",
    )


def _me(session: Session) -> Me:
    who = session.principal
    return Me(
        name=who.name,
        role=who.role,
        locale=who.locale,
        permissions=sorted(PERMISSIONS[who.role]),
        expires_at=session.expires_at,
    )
