"""``/audit``: the trail for whoever may read it, newest first, a page at a time.

An entry is ids only; who they are, an auditor asks those who may know. Reading the trail is an entry, too.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from cloud import cursors
from cloud.access import Api, require
from cloud.auth import Permission, Principal, Purpose
from cloud.cursors import Asked, ById, Page
from cloud.problems import responses
from cloud.trail import store

router = APIRouter(tags=["audit"])

PURPOSE: Final = Purpose.AUDIT


class EntryView(BaseModel):
    """One entry. ``homes``: whose data, ``None``: of all homes that ``actor`` may see. ``status``: of the
    answer, 0: written together with the change itself.
    """

    id: int
    at: datetime
    actor: str
    action: str
    purpose: str
    homes: list[int] | None
    about: str
    status: int
    origin: str


class TrailPage(Page[EntryView]):
    """Some entries, newest first."""


class TrailAsked(Asked):
    """Which entries. With ``home_id`` those that name it and those that name all homes."""

    home_id: Annotated[int | None, Field(ge=1, lt=2**31)] = None
    actor: Annotated[str | None, Field(pattern="^(staff|token):[0-9]{1,10}$")] = None


@router.get(
    "/audit",
    operation_id="readAuditTrail",
    summary="Who read or changed what",
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
)
async def read_trail(
    asked: Annotated[TrailAsked, Query()],
    api: Api,
    reader: Annotated[Principal, Depends(require(Permission.READ_AUDIT))],
) -> TrailPage:
    """What the people and services of one's own tenant did."""
    scope = reader.scope(PURPOSE)
    last = cursors.after(asked, PURPOSE, scope, ById)
    bounds = {"tenants": list(scope.tenants), "before": last.id if last else None, "limit": asked.limit + 1}
    api.saw(PURPOSE, [])
    async with api.reading(scope) as conn:
        found = [EntryView(**row) for row in await store.page(conn, asked.filters | bounds)]
    items, following = cursors.page(found, lambda entry: ById(entry.id), asked, PURPOSE, scope)
    return TrailPage(items=items, next=following)
