"""``/audit`` and ``/homes/{home_id}/trail``: the trail for whoever may read it, newest first, page by page.

An entry is ids only; who they are, an auditor asks those who may know. Whoever leads people sees their names,
of one home at a time. Reading the trail is an entry, too.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from cloud import cursors
from cloud.access import Api, require
from cloud.auth import Permission, Principal, Purpose
from cloud.cursors import Asked, ById, Page
from cloud.problems import not_found, responses
from cloud.trail import store

router = APIRouter(tags=["audit"])

PURPOSE: Final = Purpose.AUDIT
HOME_TRAIL: Final = "home trail"


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


class DoingView(BaseModel):
    """One entry that names the home. ``name``, ``role``: of the member of staff, empty: a service.

    ``status``: 0: it changed something; else of the answer to a read.
    """

    id: int
    at: datetime
    actor: str
    name: str
    role: str
    action: str
    purpose: str
    about: str
    status: int


class DoingPage(Page[DoingView]):
    """Some entries, newest first."""


class DoingsAsked(Asked):
    """Which entries: all that name the home, or those of one incident, or only what changed something."""

    incident_id: Annotated[int | None, Field(ge=1, lt=2**63)] = None
    changes: bool = False

    @property
    def about(self) -> str | None:
        """The incident, as an entry names it (``cloud.recorder.about``)."""
        return None if self.incident_id is None else f"incident_id={self.incident_id}"


@router.get(
    "/homes/{home_id}/trail",
    operation_id="readHomeTrail",
    summary="Who read or changed what of a home",
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND),
)
async def read_home_trail(
    home_id: Annotated[int, Path(ge=1, lt=2**31, description="number of the home")],
    asked: Annotated[DoingsAsked, Query()],
    api: Api,
    reader: Annotated[Principal, Depends(require(Permission.REVIEW_ACCESS))],
) -> DoingPage:
    """People of one's own tenant, by name. What shows all homes at once (the queue) names none."""
    scope = reader.scope(Purpose.OVERSEE)
    last = cursors.after(asked, HOME_TRAIL, scope, ById)
    bounds = {"home_id": home_id, "before": last.id if last else None, "limit": asked.limit + 1}
    async with api.reading(scope) as conn:
        wanted = bounds | {"about": asked.about, "changes": asked.changes}
        rows = await store.page_of_home(conn, {**scope.params, **wanted})
    if rows is None:
        raise not_found()
    api.saw(scope.purpose, [home_id])
    found = [DoingView(**row) for row in rows]
    items, following = cursors.page(found, lambda entry: ById(entry.id), asked, HOME_TRAIL, scope)
    return DoingPage(items=items, next=following)
