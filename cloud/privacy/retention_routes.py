"""How long a tenant keeps what, and what is to be deleted next: ``/retention`` and ``/deletions``."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query

from cloud import cursors
from cloud.access import Api, Call, present, require
from cloud.auth import Permission, Principal, Purpose
from cloud.cursors import Asked, Number
from cloud.db import Connection
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.privacy import retention, rights
from cloud.privacy.person_views import Days, DeletionPage, DeletionView, Retentions, RetentionView
from cloud.privacy.retention import Class
from cloud.problems import ProblemError, responses

router = APIRouter(tags=["rights"])

PURPOSE: Final = Purpose.RIGHTS
DELETIONS: Final = "deletions"
Keeper = Annotated[Principal, Depends(require(Permission.MANAGE_PERSON))]
Present = Annotated[Principal, Depends(present(Permission.MANAGE_PERSON))]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Place(msgspec.Struct, frozen=True, array_like=True):
    """The next deletion comes first; kind and number decide among those of one moment."""

    due_at: datetime
    kind: str
    id: Number


@router.get(
    "/deletions",
    operation_id="listDeletions",
    summary="What is to be deleted, the next first",
    responses=ERRORS,
)
async def list_deletions(asked: Annotated[Asked, Query()], api: Api, keeper: Keeper) -> DeletionPage:
    """Withdrawn purposes after their time of grace, people who leave, and what is kept for a time."""
    scope = keeper.scope(PURPOSE)
    last = cursors.after(asked, DELETIONS, scope, Place)
    after = rights.After(last.due_at, last.kind, last.id) if last else None
    async with api.reading(scope) as conn:
        rows = await rights.deletions(conn, scope, after, asked.limit + 1)
    api.saw(scope.purpose, sorted({row["home_id"] for row in rows if row["home_id"] is not None}))
    found = [DeletionView(**row) for row in rows]
    items, following = cursors.page(found, _place, asked, DELETIONS, scope)
    return DeletionPage(items=items, next=following)


@router.get("/retention", operation_id="readRetention", summary="How long what is kept", responses=ERRORS)
async def read_retention(api: Api, keeper: Keeper) -> Retentions:
    """Of one's own tenant, with what it may choose."""
    scope = keeper.scope(PURPOSE)
    async with api.reading(scope) as conn:
        return await _shown(conn, keeper, api)


@router.put(
    "/retention/{of}",
    operation_id="setRetention",
    summary="Keep something longer or shorter",
    responses=ERRORS | ONCE_ERRORS,
)
async def set_retention(of: Class, asked: Days, keeper: Present, once: Once) -> Retentions:
    """What is older than a shorter time goes within a day, for good. Asks who is at the screen."""
    scope, most = keeper.scope(PURPOSE), once.call.parts.settings.storage.keep

    async def work(conn: Connection) -> Retentions:
        once.call.saw(scope.purpose, ())
        try:
            await retention.set_days(conn, keeper.tenant_id, of, asked.days, most)
        except ValueError as error:
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "out_of_bounds", str(error)) from error
        return await _shown(conn, keeper, once.call)

    return await once.do(scope, Retentions, work)


async def _shown(conn: Connection, keeper: Principal, call: Call) -> Retentions:
    found = {row["class"]: row for row in await retention.settings(conn, keeper.tenant_id)}
    return Retentions(kept=[_view(of, found.get(of.value), call) for of in Class])


def _view(of: Class, row: dict[str, Any] | None, call: Call) -> RetentionView:
    allowed = retention.bounds(of, call.parts.settings.storage.keep)
    return RetentionView(
        of=of,
        days=row["days"] if row else retention.DEFAULT_DAYS[of],
        least=allowed.least,
        most=allowed.most,
        swept_at=row["swept_at"] if row else None,
        note=retention.NOT_SWEPT.get(of, ""),
    )


def _place(deletion: DeletionView) -> Place:
    return Place(deletion.due_at, deletion.kind, deletion.id)
