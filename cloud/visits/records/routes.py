"""``/api/v1/visits``: visits that are planned, begun, over; and what devices say about them.

What this is: parse, hand on, answer. What it is not: a decision (``desk``). The one idea: a telephone may
say things in any order, late and twice; each answer shows the visit as it then is, and what is missing.
"""

from __future__ import annotations

import base64
import uuid
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query

from cloud import cursors
from cloud.access import Api, needs, require
from cloud.auth import Module, Permission, Principal, Purpose, Scope
from cloud.cursors import ById
from cloud.db import Connection
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once, OneCommand
from cloud.problems import ProblemError, Refusals, not_found, refusal, responses
from cloud.sealed import SealError
from cloud.visits.at_desk import done
from cloud.visits.duty import Way
from cloud.visits.hours.store import Desk
from cloud.visits.records import desk as visits
from cloud.visits.records import files, store
from cloud.visits.records.desk import Begun, KeyReused, NotFound, OtherVisit, Said
from cloud.visits.records.files import Attached, NoConsent, NoKind, TooMany
from cloud.visits.records.store import Wanted
from cloud.visits.records.views import (
    Cancelled,
    EventSaid,
    EventView,
    FileContent,
    FileView,
    NewFile,
    NewVisit,
    Planned,
    TakenView,
    VisitDetail,
    VisitPage,
    VisitsAsked,
    VisitView,
    Vouched,
    visit_view,
)

router = APIRouter(prefix="/visits", tags=["visits"], dependencies=[Depends(needs(Module.VISITS))])

PURPOSE: Final = Purpose.CONSOLE
VISITS: Final = "visits"

Visitor = Annotated[Principal, Depends(require(Permission.MAKE_VISITS))]
Leader = Annotated[Principal, Depends(require(Permission.LEAD_VISITS))]
VisitId = Annotated[int, Path(ge=1, lt=2**63, description="number of the visit")]
FileId = Annotated[int, Path(ge=1, lt=2**63, description="number of the file")]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
CHANGED: Final = ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND)

REFUSALS: Final[Refusals] = {
    NotFound: lambda _: not_found(),
    Begun: refusal(HTTPStatus.CONFLICT, "begun", "It has begun, or is cancelled."),
    OtherVisit: refusal(
        HTTPStatus.CONFLICT,
        "other_visit",
        "The visit of this key is another person's, or of another kind.",
    ),
    TooMany: refusal(HTTPStatus.CONFLICT, "too_many", "The visit has enough of them."),
    NoConsent: lambda error: ProblemError(
        HTTPStatus.CONFLICT,
        "no_consent",
        f"The person has not agreed to {error.purpose}: the visit stands without it.",
    ),
    NoKind: refusal(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "no_kind",
        "Pictures are JPEG, PNG or WebP; recordings Ogg, WebM or MP4.",
    ),
    SealError: refusal(HTTPStatus.CONFLICT, "no_key", "What is attached is kept only sealed: set keys.file."),
    KeyReused: refusal(
        HTTPStatus.CONFLICT,
        "key_reused",
        "This key was given to other words: draw a new one, and send them again.",
    ),
}


@router.get("", operation_id="listVisits", summary="Visits", responses=ERRORS)
async def list_visits(asked: Annotated[VisitsAsked, Query()], api: Api, visitor: Visitor) -> VisitPage:
    """The newest first."""
    scope = visitor.scope(PURPOSE)
    last = cursors.after(asked, VISITS, scope, ById)
    after = last.id if last else None
    async with api.reading(scope) as conn:
        found = await store.visits(conn, scope, **asked.filters, after=after, limit=asked.limit + 1)
    api.saw(scope.purpose, {row["home_id"] for row in found})
    items, following = cursors.page(
        [visit_view(row) for row in found], lambda one: ById(one.id), asked, VISITS, scope
    )
    return VisitPage(items=items, next=following)


@router.post(
    "",
    operation_id="planVisit",
    summary="Plan a visit",
    status_code=HTTPStatus.CREATED,
    responses=CHANGED,
)
async def plan_visit(asked: NewVisit, visitor: Visitor, once: Once) -> VisitView:
    """Of any kind: also a meal, a bath, an assessment."""

    async def work(desk: Desk) -> VisitView:
        wanted = Wanted(
            uuid.uuid4(),
            asked.resident_id,
            asked.kind,
            Way(asked.way),
            tuple(asked.services),
            tuple(asked.workers),
            asked.open_at,
            asked.due_at,
            asked.planned_at,
            visitor.staff_id,
        )
        return await _visit(desk, once, await visits.plan(desk, wanted))

    return await done(once, visitor, VisitView, work, REFUSALS)


@router.post("/events", operation_id="tellOfVisit", summary="Say something of a visit", responses=CHANGED)
async def tell(asked: EventSaid, visitor: Visitor, once: Once) -> TakenView:
    """Taken whatever it says: a form with gaps, a visit that was cancelled meanwhile, a clock that is wrong.
    404: nobody of that number within your bounds; 409 ``other_visit``, ``key_reused``: keep it and show it.
    """

    async def work(desk: Desk) -> TakenView:
        place = asked.place.place if asked.place else None
        number, new = await visits.take(
            desk,
            Said(
                asked.meant,
                asked.key,
                asked.sort,
                asked.device_at,
                asked.sent_at,
                asked.body,
                asked.tag,
                place,
            ),
        )
        off = next(
            row["off_s"]
            for row in await store.events(desk.conn, desk.scope, number)
            if row["key"] == asked.key
        )
        return TakenView(known=not new, clock_off_s=off, visit=await _visit(desk, once, number))

    return await done(once, visitor, TakenView, work, REFUSALS)


@router.post("/files", operation_id="attachToVisit", summary="Attach to a visit", responses=CHANGED)
async def attach(asked: NewFile, visitor: Visitor, once: Once) -> VisitView:
    """409 ``no_consent``: the person has not agreed, and the visit stands without it."""

    async def work(desk: Desk) -> VisitView:
        meant = asked.visit_id if asked.visit is None else (await visits.visit_of(desk, asked.visit.meant)).id
        if meant is None:  # the form has one of the two
            raise not_found()
        number = meant
        await files.attach(desk, once.call.parts.ring, Attached(number, asked.key, asked.sort, asked.content))
        return await _visit(desk, once, number)

    return await done(once, visitor, VisitView, work, REFUSALS)


@router.get(
    "/files/{file_id}",
    operation_id="readVisitFile",
    summary="What is attached",
    responses=ERRORS | responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
async def read_file(file_id: FileId, api: Api, visitor: Visitor) -> FileContent:
    """Opened; who reads it is in the trail."""
    scope = visitor.scope(PURPOSE)
    try:
        async with api.reading(scope) as conn:
            home_id, media_type, content = await files.read(conn, scope, api.parts.ring, file_id)
    except NotFound as error:
        raise not_found() from error
    except SealError as error:
        raise ProblemError(HTTPStatus.CONFLICT, "no_key", "Its key is not in the ring.") from error
    api.saw(scope.purpose, [home_id])
    return FileContent(id=file_id, media_type=media_type, content=base64.b64encode(content))


@router.get(
    "/{visit_id}",
    operation_id="readVisit",
    summary="One visit",
    responses=ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def read_visit(visit_id: VisitId, api: Api, visitor: Visitor) -> VisitDetail:
    """With everything that was said about it."""
    scope = visitor.scope(PURPOSE)
    async with api.reading(scope) as conn:
        shown = await _shown(conn, scope, visit_id)
        said = await store.events(conn, scope, visit_id)
        attached = await store.rows(conn, "files", scope, visit_id=visit_id)
    api.saw(scope.purpose, [shown.home_id])
    return VisitDetail(
        visit=shown, events=[EventView(**row) for row in said], files=[FileView(**row) for row in attached]
    )


@router.put("/{visit_id}/plan", operation_id="moveVisit", summary="Let others go", responses=CHANGED)
async def move_visit(visit_id: VisitId, asked: Planned, visitor: Visitor, once: Once) -> VisitView:
    """Or at another time; 409 once somebody has begun."""

    async def work(desk: Desk) -> VisitView:
        await visits.move(desk, visit_id, tuple(asked.workers), asked.planned_at)
        return await _visit(desk, once, visit_id)

    return await done(once, visitor, VisitView, work, REFUSALS)


@router.post("/{visit_id}/cancel", operation_id="cancelVisit", summary="Let nobody go", responses=CHANGED)
async def cancel_visit(visit_id: VisitId, asked: Cancelled, visitor: Visitor, once: Once) -> VisitView:
    """What is owed stays owed."""

    async def work(desk: Desk) -> VisitView:
        await visits.cancel(desk, visit_id, asked.why)
        return await _visit(desk, once, visit_id)

    return await done(once, visitor, VisitView, work, REFUSALS)


@router.post(
    "/{visit_id}/vouch", operation_id="vouchForVisit", summary="Vouch for a visit", responses=CHANGED
)
async def vouch(visit_id: VisitId, asked: Vouched, leader: Leader, once: Once) -> VisitView:
    """That the visitor was there, where neither tag nor place shows it; never for oneself."""

    async def work(desk: Desk) -> VisitView:
        await visits.vouch(desk, visit_id, asked.key, asked.words)
        return await _visit(desk, once, visit_id)

    return await done(once, leader, VisitView, work, REFUSALS)


async def _shown(conn: Connection, scope: Scope, number: int) -> VisitView:
    found = await store.visits(conn, scope, id=number, limit=1)
    if not found:
        raise not_found()
    return visit_view(found[0])


async def _visit(desk: Desk, once: OneCommand, number: int) -> VisitView:
    shown = await _shown(desk.conn, desk.scope, number)
    once.call.saw(desk.scope.purpose, [shown.home_id])
    return shown
