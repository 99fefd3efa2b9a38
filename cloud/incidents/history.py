"""``GET /incidents``: every incident there was, newest first, page by page.

What this is: the filters, and the read. What it is not: the queue; a console takes ``/snapshot`` and follows
the stream.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field

from cloud import cursors
from cloud.access import Api, require
from cloud.auth import Permission, Principal, Purpose
from cloud.cursors import Asked, Number, Page
from cloud.incidents.model import IncidentState, IncidentView, OutcomeCode
from cloud.incidents.screens import SQL
from cloud.problems import responses
from firmware_protocols.model import AlarmKind

router = APIRouter(tags=["incidents"])

WHAT: Final = "incidents"


class Place(msgspec.Struct, frozen=True, array_like=True):
    """The newest come first; the number decides among those of one moment."""

    opened_at: datetime
    id: Number


class History(Asked):
    """Which incidents. ``opened_from`` is part of the span, ``opened_before`` is not."""

    home_id: Annotated[int | None, Field(ge=1, lt=2**31)] = None
    kind: AlarmKind | None = None
    state: IncidentState | None = None
    priority: Annotated[int | None, Field(ge=1, le=5)] = None
    outcome: OutcomeCode | None = None
    open: Annotated[bool | None, Field(description="true: only open ones; false: only closed ones")] = None
    opened_from: AwareDatetime | None = None
    opened_before: AwareDatetime | None = None


class IncidentPage(Page[IncidentView]):
    """Some incidents, newest first."""


@router.get(
    "/incidents",
    operation_id="listIncidents",
    summary="Incidents, newest first",
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
)
async def list_incidents(
    asked: Annotated[History, Query()],
    api: Api,
    reader: Annotated[Principal, Depends(require(Permission.READ_QUEUE))],
) -> IncidentPage:
    """Open and closed incidents within the reader's bounds."""
    scope = reader.scope(Purpose.CONSOLE)
    last = cursors.after(asked, WHAT, scope, Place)
    before = {"before_at": last and last.opened_at, "before_id": last and last.id}
    async with api.reading(scope) as conn:
        cursor = await conn.execute(
            SQL["history"], scope.params | asked.filters | before | {"limit": asked.limit + 1}
        )
        found = [IncidentView.model_validate(row) for row in await cursor.fetchall()]
    api.saw(scope.purpose, {incident.home_id for incident in found})
    items, following = cursors.page(found, _place, asked, WHAT, scope)
    return IncidentPage(items=items, next=following)


def _place(incident: IncidentView) -> Place:
    return Place(incident.opened_at, incident.id)
