"""``/session``: sign in, who am I, sign out."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

import psycopg
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud import guard, second_factor, sessions, trail
from cloud.access import Api, Call, HalfSignedIn, OwnHalfSignedIn, OwnSignedIn, Parts, Text
from cloud.auth import Permission, Role
from cloud.db import Connection
from cloud.passwords import MAX_PASSWORD, BusyError
from cloud.problems import ProblemError, responses, too_many
from cloud.sessions import BROWSER_KEPT, LIFETIME, Client, SecondFactor, Session, SignedIn
from cloud.trail import Entry

router = APIRouter(prefix="/session", tags=["session"])


class Credentials(BaseModel):
    """What a person types."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    username: Annotated[Text, Field(min_length=1, max_length=100)]
    password: Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD)]


class Me(BaseModel):
    """Who is signed in. ``expires_at``: when this session ends at the latest; warn before.

    ``one_time``: a password of one's own must be chosen first, then: ``second_factor`` ``owed`` or
    ``missing``: it must be shown or enrolled. Until then ``permissions`` is empty.
    """

    name: str
    role: Role
    locale: str
    permissions: list[Permission]
    expires_at: datetime
    second_factor: SecondFactor
    one_time: bool


class Code(BaseModel):
    """What an authenticator shows, or a recovery code."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    code: Annotated[Text, Field(min_length=6, max_length=40)]


class Proof(BaseModel):
    """What only the owner of a session knows and has. ``code``: as at the sign-in, if one is asked for
    there.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    password: Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD)]
    code: Annotated[Text, Field(max_length=40)] = ""


@router.post(
    "",
    operation_id="signIn",
    summary="Sign in",
    responses=responses(
        HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)
async def sign_in(credentials: Credentials, request: Request, response: Response, api: Api) -> Me:
    """Check name and password and set the session cookie; an earlier session of this browser ends.

    401 says nothing about which of the two was wrong, or whether the account rests after wrong attempts. With
    ``second_factor`` ``owed`` or ``missing`` the session is good for that only.
    """
    async with api.parts.service.connection() as conn:
        client = await client_of(conn, request, api, credentials.username)
    if not client.known:
        wait = api.parts.throttle.take(client.origin, api.now)
        if wait is not None:
            raise too_many(wait, "Too many attempts from this address.")
    try:
        opened = await sessions.sign_in(
            api.parts.service, credentials.username, credentials.password, api.now, client
        )
    except psycopg.Error:
        api.parts.throttle.give_back(client.origin)
        raise
    except BusyError as error:
        api.parts.throttle.give_back(client.origin)
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE, "busy", "Too many sign in just now.", headers={"Retry-After": "2"}
        ) from error
    await _leave_trace(api, credentials.username, opened, client)
    if opened is None:
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "sign_in_refused",
            "Name or password is wrong, or there were too many attempts: then wait a few minutes.",
        )
    api.parts.throttle.forgive(client.origin)
    await _end_earlier(request, api)
    guard.staff_seen(request, opened.session.principal.staff_id)
    set_cookies(response, api.parts, opened)
    return _me(opened.session)


@router.post(
    "/second-factor",
    operation_id="completeSignIn",
    summary="The second factor",
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
)
async def complete(
    code: Code, request: Request, response: Response, api: Api, session: OwnHalfSignedIn
) -> Me:
    """A code of the authenticator, or a recovery code; each works once. Wrong ones count like passwords."""
    staff_id = session.principal.staff_id
    async with api.unscoped() as conn:
        allowed = await sessions.count_code(conn, staff_id, api.now)
    if not allowed:
        raise refused_code()
    async with api.unscoped() as conn:
        if not await second_factor.prove(conn, api.parts.ring, staff_id, code.code, api.now):
            raise refused_code()
        return await completed(conn, session, request, response, api)


async def completed(
    conn: Connection, session: Session, request: Request, response: Response, api: Call
) -> Me:
    """The whole session in place of the half one, with new cookies."""
    client = await client_of(conn, request, api, session.username)
    await sessions.forgive(conn, session.principal.staff_id)
    opened = await sessions.complete(conn, session, api.now, client)
    if opened is None:
        raise refused_code()
    set_cookies(response, api.parts, opened)
    return _me(opened.session)


def refused_code() -> ProblemError:
    """The answer to a wrong code, a used one, and one too many."""
    return ProblemError(
        HTTPStatus.FORBIDDEN, "second_factor_refused", "The code is wrong, used, or there were too many."
    )


async def _leave_trace(api: Call, username: str, opened: SignedIn | None, client: Client) -> None:
    """Who signed in, and who was tried in vain. A name that nobody has leaves an entry, too: it must take as
    long; but never the name itself, for people type passwords into that field.
    """
    action, status = ("signIn", HTTPStatus.OK) if opened else ("signInRefused", HTTPStatus.UNAUTHORIZED)
    async with api.parts.service.connection() as conn:
        who = await sessions.whose(conn, username)
        tenant, actor = (who["tenant_id"], f"staff:{who['id']}") if who else (None, "")
        entry = Entry(api.now, tenant, actor, action, homes=(), status=status, origin=client.origin)
        await trail.append(conn, entry)


@router.post(
    "/presence",
    operation_id="provePresence",
    summary="Show that it is still you at the screen",
    status_code=HTTPStatus.NO_CONTENT,
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
)
async def prove_presence(proof: Proof, api: Api, session: OwnSignedIn) -> None:
    """The password, and a code if there is a second factor; a few routes ask for it. It counts for five
    minutes. Wrong ones count like those at the sign-in.
    """
    right = await sessions.is_owner(api.parts.service, session, proof.password, api.now)
    async with api.unscoped() as conn:
        if right and session.second_factor is SecondFactor.DONE:
            staff_id = session.principal.staff_id
            right = await second_factor.prove(conn, api.parts.ring, staff_id, proof.code, api.now)
        if not right:
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                "presence_refused",
                "The password or the code is wrong, the code is used, or there were too many attempts.",
            )
        await sessions.prove(conn, session, api.now)


@router.get(
    "", operation_id="whoAmI", summary="Who is signed in", responses=responses(HTTPStatus.UNAUTHORIZED)
)
async def who_am_i(session: HalfSignedIn) -> Me:
    """The person this cookie belongs to."""
    return _me(session)


@router.delete(
    "",
    operation_id="signOut",
    summary="Sign out",
    status_code=HTTPStatus.NO_CONTENT,
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
)
async def sign_out(session: OwnHalfSignedIn, response: Response, api: Api) -> None:
    """End the session everywhere at once, its open streams included."""
    async with api.unscoped() as conn:
        await sessions.revoke(conn, session.key)
    response.delete_cookie(
        api.parts.cookie, path="/", secure=api.parts.secure, httponly=True, samesite="strict"
    )
    response.headers["Clear-Site-Data"] = '"cache"'


async def _end_earlier(request: Request, api: Api) -> None:
    earlier = request.cookies.get(api.parts.cookie)
    if earlier:
        async with api.unscoped() as conn:
            await sessions.revoke(conn, sessions.key_of(earlier))


async def client_of(conn: Connection, request: Request, api: Call, username: str) -> Client:
    """Where a sign-in comes from, and whether this person has signed in there before."""
    browser = request.cookies.get(api.parts.browser_cookie, "")
    known = bool(browser) and await sessions.knows(conn, browser, username, api.now)
    origin = request.client.host if request.client else ""
    return Client(origin, request.headers.get("user-agent", ""), browser, known)


def set_cookies(response: Response, parts: Parts, opened: SignedIn) -> None:
    """The session's cookie, and the one by which the browser is known again."""
    _set_cookie(response, parts, parts.cookie, opened.token, LIFETIME)
    if opened.browser:
        _set_cookie(response, parts, parts.browser_cookie, opened.browser, BROWSER_KEPT)


def _set_cookie(response: Response, parts: Parts, name: str, value: str, life: timedelta) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(life.total_seconds()),
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
        permissions=sorted(one for one in Permission if session.whole and who.may(one)),
        expires_at=session.expires_at,
        second_factor=session.second_factor,
        one_time=session.one_time,
    )
