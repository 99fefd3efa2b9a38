"""``/api/v1/visits/today``, ``/doors``, ``/forms`` and ``/time/own``: what a visitor's telephone takes along.

What this is: who may ask: each for themselves. What it is not: a way to say something (``records``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from cloud.access import Api, Text, needs, require
from cloud.auth import Module, Permission, Principal, Purpose, Scope
from cloud.db import Connection
from cloud.problems import responses
from cloud.visits.field import store
from cloud.visits.field.views import (
    DayView,
    FormsView,
    OpenDoors,
    OwnEntry,
    OwnHours,
    day_visit,
    every_form,
    open_door,
)

router = APIRouter(tags=["visits"], dependencies=[Depends(needs(Module.VISITS))])

PURPOSE: Final = Purpose.CONSOLE
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
Words = Annotated[Text, Field(min_length=1, max_length=100)]
Visitor = Annotated[Principal, Depends(require(Permission.MAKE_VISITS))]


@router.get("/visits/today", operation_id="readOwnDay", summary="One's own day", responses=ERRORS)
async def read_day(
    api: Api,
    visitor: Visitor,
    day: Annotated[date | None, Query(description="left out: today by the tenant's calendar")] = None,
) -> DayView:
    """Visits in the order of the way, with what was left over from the week before, and all that is needed
    at each door: whoever carries it may have no network there.
    """
    scope = visitor.scope(PURPOSE)
    async with api.reading(scope) as conn:
        when = await store.span(conn, scope, day, api.now)
        found = await store.day_of(conn, scope, visitor.staff_id, when)
    api.saw(scope.purpose, {row["home_id"] for row in found.visits})
    return DayView(
        day=when.day,
        now=api.now,
        time_zone=when.time_zone,
        staff_id=visitor.staff_id,
        visits=[day_visit(row, found, api.parts.ring, api.now) for row in found.visits],
    )


@router.get("/visits/doors", operation_id="findDoors", summary="Whom one may visit", responses=ERRORS)
async def find_doors(
    api: Api,
    visitor: Visitor,
    q: Annotated[Words | None, Query(description="part of a name or an address")] = None,
) -> OpenDoors:
    """Without words: all of one's own homes, to be known where there is no network; nobody for whoever has a
    whole area. What the last visit found is not told here: it is told of homes that one is sent to.
    """
    scope = visitor.scope(PURPOSE)
    async with api.reading(scope) as conn:
        when = await store.span(conn, scope, None, api.now)
        found = await store.found(conn, scope, q or "", store.MOST_DOORS + 1)
        shown = found[: store.MOST_DOORS]
        doors = await store.doors_of(conn, scope, shown, when.end)
    api.saw(scope.purpose, {row["home_id"] for row in shown})
    return OpenDoors(
        items=[open_door(row, doors, api.parts.ring, api.now) for row in shown],
        more=len(found) > len(shown) or (q is None and scope.homes is None),
    )


@router.get("/visits/forms", operation_id="readVisitForms", summary="Every form", responses=ERRORS)
async def read_forms(api: Api, visitor: Visitor) -> FormsView:
    """What is asked at each kind of visit, and the 26 items of an assessment with their points."""
    api.saw(visitor.scope(PURPOSE).purpose, ())
    return every_form()


@router.get("/time/own", operation_id="readOwnHours", summary="One's own hours", responses=ERRORS)
async def read_hours(
    api: Api,
    visitor: Visitor,
    month: Annotated[date | None, Query(description="any day of it; left out: this month")] = None,
) -> OwnHours:
    """Of a month, and what one's account of the time bank holds."""
    # One's own account and visits, whichever homes one is assigned to by now.
    scope = replace(visitor.scope(PURPOSE), homes=None)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        since, until = await _month(conn, scope, month, api.now)
        named = {"staff_id": visitor.staff_id}
        (done,) = await store.rows(conn, "served", scope, **named, since=since, until=until)
        accounts = await store.rows(conn, "account", scope, **named)
        entries = []
        if accounts:
            asked = {"account_id": accounts[0]["id"], "limit": store.MOST_ENTRIES}
            entries = await store.rows(conn, "entries", scope, **asked)
    return OwnHours(
        month=since.date(),
        **done,
        balance_min=accounts[0]["balance_min"] if accounts else None,
        entries=[OwnEntry(**row) for row in entries],
    )


async def _month(
    conn: Connection, scope: Scope, month: date | None, now: datetime
) -> tuple[datetime, datetime]:
    """From its first midnight until before the next one's, by the tenant's clock."""
    begin = (await store.span(conn, scope, month, now)).begin.replace(day=1)
    return begin, (begin + timedelta(days=32)).replace(day=1)
