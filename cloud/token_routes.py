"""``/tokens``: what administrators do with the tokens of services.

What this is: parse, hand on, answer. What it is not: it decides nothing (``api_tokens``). The one idea: a
token is shown once and kept nowhere, so a repeat of its command is told the token's number, to revoke it by.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from cloud import api_tokens
from cloud.access import Api, Text, require
from cloud.auth import Permission, Principal, Purpose
from cloud.db import Connection
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.problems import ProblemError, not_found, responses

router = APIRouter(tags=["account"])

PURPOSE: Final = Purpose.ADMINISTER
Admin = Annotated[Principal, Depends(require(Permission.ADMINISTER))]
_ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class NewToken(BaseModel):
    """A token for a service. ``division``: statistics code of the only place that a wall shows."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: Annotated[Text, Field(min_length=1, max_length=100)]
    permissions: Annotated[set[Permission], Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=api_tokens.LONGEST.days)] = 365
    division: Annotated[str | None, Field(pattern=r"^[0-9]{12}$")] = None


class DrawnToken(BaseModel):
    """``token`` goes into ``Authorization: Bearer``; it is shown this once."""

    id: int
    token: str
    expires_at: datetime


class _Kept(BaseModel):
    """What is kept of the answer for a repeat: all but the token, which may be good for a year."""

    id: int
    expires_at: datetime


class TokenView(BaseModel):
    """A token without what signs in. ``made_by``: number of the administrator. ``division``: the only place
    whose homes it reaches.
    """

    id: int
    name: str
    permissions: list[Permission]
    made_by: int
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    division: str | None


class Tokens(BaseModel):
    """The newest tokens."""

    tokens: list[TokenView]


@router.post("/tokens", operation_id="drawToken", summary="Let a service in", responses=_ERRORS | ONCE_ERRORS)
async def draw_token(asked: NewToken, admin: Admin, once: Once) -> DrawnToken:
    """With permissions to read, for one's own tenant. A repeat draws no second one and shows none: 409
    ``shown_once`` names the first, to be revoked if its answer was lost.
    """
    missing = asked.permissions - api_tokens.GRANTED
    if missing:
        raise ProblemError(HTTPStatus.FORBIDDEN, "not_for_services", f"Not for services: {min(missing)}.")
    _check_wall(asked)
    now, until = once.call.now, once.call.now + timedelta(days=asked.days)
    drawn = api_tokens.NewToken(asked.name, frozenset(asked.permissions), until, asked.division)
    shown: list[str] = []

    async def work(conn: Connection) -> _Kept:
        if drawn.division and not await api_tokens.has_place(
            conn, admin.scope(PURPOSE).params, drawn.division
        ):
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY, "division_unknown", "Your tenant has no such place."
            )
        token_id, token = await api_tokens.draw(conn, admin, drawn, now)
        shown.append(token)
        return _Kept(id=token_id, expires_at=drawn.expires_at)

    kept = await once.do(admin.scope(PURPOSE), _Kept, work)
    if not shown:
        detail = f"Token {kept.id} was shown once. If it never reached you, revoke it and draw another."
        raise ProblemError(HTTPStatus.CONFLICT, "shown_once", detail)
    return DrawnToken(id=kept.id, token=shown[0], expires_at=kept.expires_at)


def _check_wall(asked: NewToken) -> None:
    """A wall's token reads the wall and nothing else, and only a wall's is bound to a place.

    Raises:
        ProblemError: 422 it asks for more.
    """
    wall = asked.permissions & api_tokens.ALONE
    if wall and len(asked.permissions) > 1:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "wall_alone", "A token for a wall may read nothing else."
        )
    if asked.division and not wall:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "division_of_wall", "Only a token for a wall has a place."
        )


@router.get("/tokens", operation_id="listTokens", summary="The newest tokens", responses=_ERRORS)
async def list_tokens(api: Api, admin: Admin) -> Tokens:
    """With their last use; never what signs in."""
    scope = admin.scope(PURPOSE)
    async with api.reading(scope) as conn:
        found = await api_tokens.listed(conn, scope.params)
    return Tokens(tokens=[TokenView(**row) for row in found])


@router.delete(
    "/tokens/{token_id}",
    operation_id="revokeToken",
    summary="Shut a service out",
    status_code=HTTPStatus.NO_CONTENT,
    responses=_ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def revoke_token(token_id: Annotated[int, Path(ge=1, lt=2**31)], api: Api, admin: Admin) -> None:
    """At once."""
    scope = admin.scope(PURPOSE)
    async with api.writing(scope) as conn:
        found = await api_tokens.revoke(conn, scope.params, token_id, api.now)
    if not found:
        raise not_found()
