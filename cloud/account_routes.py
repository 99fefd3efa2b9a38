"""``/account``: what people do with their own sign-in; ``/staff``: what administrators do with another's.

What this is: parse, hand on, answer. What it is not: it decides nothing (``sessions``, ``second_factor``).
The one idea: whatever makes a sign-in weaker for somebody ends what was signed in before.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud import second_factor, sessions
from cloud.access import Api, Call, OwnHalfSignedIn, OwnSignedIn, choose_first, require
from cloud.auth import Permission, Principal, Purpose
from cloud.passwords import MAX_PASSWORD
from cloud.problems import InvalidField, ProblemError, not_found, responses
from cloud.session_routes import Code, Me, completed, refused_code
from cloud.sessions import SecondFactor, Session

router = APIRouter(tags=["account"])

PURPOSE: Final = Purpose.ADMINISTER
SHORTEST_PASSWORD: Final = 10
"""Characters; NIST SP 800-63B asks for 8 beside a second factor and 15 without. [D]"""
Admin = Annotated[Principal, Depends(require(Permission.ADMINISTER))]
Number = Annotated[int, Path(ge=1, lt=2**31)]
_ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_OF_ONE: Final = _ERRORS | responses(HTTPStatus.NOT_FOUND)


async def _may_choose(session: OwnHalfSignedIn) -> Session:
    """Whoever is signed in, or was given a one-time password. Never who still owes a code: a stolen password
    must not be enough to shut its owner out.
    """
    owes_code = session.second_factor is SecondFactor.OWED
    if not session.whole and (owes_code or not session.one_time):
        raise ProblemError(HTTPStatus.FORBIDDEN, "second_factor_owed", "Show the second factor first.")
    return session


MayChoose = Annotated[Session, Depends(_may_choose)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NewFactor(BaseModel):
    """What the authenticator must learn. ``qr``: the address as an image (data URI). Shown once."""

    secret: str
    address: str
    qr: str


class Enrolled(BaseModel):
    """``recovery_codes``: each signs in once instead of a code; shown once."""

    me: Me
    recovery_codes: list[str]


class NewPassword(_Said):
    """The old password proves that it is not somebody at an open screen."""

    old: Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD)]
    new: Annotated[str, Field(min_length=SHORTEST_PASSWORD, max_length=MAX_PASSWORD)]


class OwnSession(BaseModel):
    """Where somebody is signed in. ``origin``: the network address; ``current``: it is this one."""

    id: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    origin: str
    agent: str
    current: bool


class OwnSessions(BaseModel):
    """One's own live sessions, and the second factor: since when there is one, and the unused recovery codes.

    It is here even if an identity provider asked for one today.
    """

    sessions: list[OwnSession]
    second_factor_since: datetime | None
    recovery_codes_left: int


@router.post(
    "/account/second-factor",
    operation_id="beginSecondFactor",
    summary="Enrol an authenticator",
    responses=_ERRORS | responses(HTTPStatus.CONFLICT),
)
async def begin(api: Api, session: OwnHalfSignedIn, shown: Code | None = None) -> NewFactor:
    """It is in force once a code has proved it. Whoever has one in force shows a code of it, or a recovery
    code; until the new one is proved, the old one counts.
    """
    choose_first(session)
    staff_id, made = session.principal.staff_id, None
    if shown is not None and session.whole:
        await _show(api, session, shown)
        async with api.unscoped() as conn:
            made = await second_factor.begin_next(conn, api.parts.ring, staff_id, session.username, api.now)
    if made is None:
        async with api.unscoped() as conn:
            made = await second_factor.begin(conn, api.parts.ring, staff_id, session.username)
    if made is None:
        detail = "There is an authenticator already: show a code of it."
        raise ProblemError(HTTPStatus.CONFLICT, "second_factor_exists", detail)
    return NewFactor(secret=made.secret, address=made.address, qr=made.qr)


async def _show(api: Call, session: Session, shown: Code) -> None:
    """Use a code of the factor in force up.

    Raises:
        ProblemError: 403 it is wrong, or there were too many.
    """
    staff_id = session.principal.staff_id
    async with api.unscoped() as conn:
        if not await sessions.count_code(conn, staff_id, api.now):
            raise refused_code()
    async with api.unscoped() as conn:
        if not await second_factor.prove(conn, api.parts.ring, staff_id, shown.code, api.now):
            raise refused_code()
        await sessions.forgive(conn, staff_id)


@router.post(
    "/account/second-factor/proof",
    operation_id="proveSecondFactor",
    summary="Put the authenticator in force",
    responses=_ERRORS,
)
async def prove(
    code: Code, request: Request, response: Response, api: Api, session: OwnHalfSignedIn
) -> Enrolled:
    """The other sessions of this person end: they were signed in with less."""
    staff_id = session.principal.staff_id
    async with api.unscoped() as conn:
        if not await sessions.count_code(conn, staff_id, api.now):
            raise refused_code()
    async with api.unscoped() as conn:
        codes = await second_factor.confirm(
            conn, api.parts.ring, staff_id, code.code, api.now, replacing=session.whole
        )
        if codes is None:
            raise refused_code()
        await sessions.revoke_all(conn, staff_id, but=session.key)
        me = await completed(conn, session, request, response, api)
    return Enrolled(me=me, recovery_codes=codes)


@router.get(
    "/account/sessions", operation_id="listSessions", summary="Where I am signed in", responses=_ERRORS
)
async def list_sessions(api: Api, session: OwnSignedIn) -> OwnSessions:
    """The newest first."""
    staff_id = session.principal.staff_id
    async with api.unscoped() as conn:
        found = await sessions.own(conn, staff_id, api.now)
        factor = await second_factor.state(conn, staff_id)
    shown = [OwnSession(**row, current=row["id"] == session.id) for row in found]
    return OwnSessions(
        sessions=shown, second_factor_since=factor.since, recovery_codes_left=factor.codes_left
    )


@router.delete(
    "/account/sessions",
    operation_id="endOtherSessions",
    summary="Sign out everywhere else",
    status_code=HTTPStatus.NO_CONTENT,
    responses=_ERRORS,
)
async def end_other_sessions(api: Api, session: OwnSignedIn) -> None:
    """This one stays."""
    async with api.unscoped() as conn:
        await sessions.revoke_all(conn, session.principal.staff_id, but=session.key)


@router.delete(
    "/account/sessions/{session_id}",
    operation_id="endSession",
    summary="Sign out somewhere else",
    status_code=HTTPStatus.NO_CONTENT,
    responses=_OF_ONE,
)
async def end_session(session_id: Number, api: Api, session: OwnSignedIn) -> None:
    """Its open streams end, too."""
    async with api.unscoped() as conn:
        found = await sessions.revoke_own(conn, session.principal.staff_id, session_id)
    if not found:
        raise not_found()


@router.post(
    "/account/password",
    operation_id="changePassword",
    summary="A new password",
    status_code=HTTPStatus.NO_CONTENT,
    responses=_ERRORS,
)
async def change_password(asked: NewPassword, api: Api, session: MayChoose) -> None:
    """One's other sessions end. A wrong old password counts like one at the sign-in."""
    if asked.new == asked.old:
        rule = InvalidField(where=["body", "new"], rule="unchanged")
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "It is the old one.", fields=[rule])
    if not await sessions.change_password(api.parts.service, session, asked.old, asked.new, api.now):
        raise ProblemError(HTTPStatus.FORBIDDEN, "password_refused", "The old password is wrong.")


@router.delete(
    "/staff/{staff_id}/sessions",
    operation_id="endSessionsOf",
    summary="Sign a person out everywhere",
    status_code=HTTPStatus.NO_CONTENT,
    responses=_OF_ONE,
)
async def end_sessions_of(staff_id: Number, api: Api, admin: Admin) -> None:
    """Of a person of one's own tenant."""
    async with api.unscoped() as conn:
        if not await sessions.is_of(conn, staff_id, admin.scope(PURPOSE)):
            raise not_found()
        await sessions.revoke_all(conn, staff_id)


@router.delete(
    "/staff/{staff_id}/second-factor",
    operation_id="forgetSecondFactorOf",
    summary="A person has lost their authenticator",
    status_code=HTTPStatus.NO_CONTENT,
    responses=_OF_ONE | responses(HTTPStatus.CONFLICT),
)
async def forget_factor_of(staff_id: Number, api: Api, admin: Admin) -> None:
    """It is out of force, and the person is signed out. One's own is taken away by somebody else."""
    if staff_id == admin.staff_id:
        raise ProblemError(HTTPStatus.CONFLICT, "oneself", "Another administrator must take it from you.")
    async with api.unscoped() as conn:
        if not await sessions.is_of(conn, staff_id, admin.scope(PURPOSE)):
            raise not_found()
        await sessions.revoke_all(conn, staff_id)
        await second_factor.forget(conn, staff_id)
