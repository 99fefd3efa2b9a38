"""``/api/v1/visits/away`` and ``/visits/mends``: who cannot be sent, and what was moved because of it.

What this is: who may say and see it. What it is not: the mending; saying that somebody is away writes a row
beside it, and the worker's loop mends the day.
"""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query

from cloud.access import Api, needs
from cloud.auth import Locale, Module, Permission, Principal
from cloud.db import Connection
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.problems import ProblemError, not_found, responses
from cloud.visits.plans import store
from cloud.visits.plans.mend_views import (
    AwayAsked,
    AwayList,
    AwayView,
    BackAsked,
    MendAsked,
    MendList,
    MendView,
    MovedList,
    MovedView,
)
from cloud.visits.plans.routes import ERRORS, PURPOSE, Leader, StaffId, Visitor

router = APIRouter(prefix="/visits", tags=["visits"], dependencies=[Depends(needs(Module.VISITS))])

MendId = Annotated[int, Path(ge=1, lt=2**63, description="number of the mended day")]
AwayId = Annotated[int, Path(ge=1, lt=2**31, description="number of the absence")]
CHANGED: Final = ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND)


@router.get("/away", operation_id="listVisitWorkersAway", summary="Who cannot be sent", responses=ERRORS)
async def list_away(api: Api, leader: Leader) -> AwayList:
    """Now or later."""
    scope = leader.scope(PURPOSE)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        found = await store.away(conn, scope, now=api.now)
    return AwayList(away=[AwayView(**row) for row in found])


@router.post(
    "/workers/{staff_id}/away",
    operation_id="sayVisitWorkerAway",
    summary="Say that somebody cannot be sent",
    status_code=HTTPStatus.CREATED,
    responses=CHANGED,
)
async def say_away(staff_id: StaffId, asked: AwayAsked, visitor: Visitor, once: Once) -> AwayView:
    """From now on; of oneself, or by who leads. What they were to do today is given to others within a
    minute.
    """
    scope, now = visitor.scope(PURPOSE), once.call.now
    if not _may(visitor, staff_id):
        raise not_found()
    if asked.back_at is not None and asked.back_at <= now:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "past", "back_at: want later than now, or nothing."
        )

    async def work(conn: Connection) -> AwayView:
        values = {"why": asked.why.value, "back_at": asked.back_at, "by": visitor.staff_id, "now": now}
        number = await store.add_away(conn, scope, staff_id, **values)
        if number is None:
            raise not_found()
        await store.ask_for_mends(conn, scope, "away", by=visitor.staff_id, now=now, staff_id=staff_id)
        (row,) = await store.away(conn, scope, now=now, number=number)
        return AwayView(**row)

    return await once.do(scope, AwayView, work)


@router.post(
    "/away/{away_id}/end",
    operation_id="endVisitWorkerAway",
    summary="Say when somebody is back",
    responses=CHANGED,
)
async def end_away(away_id: AwayId, asked: BackAsked, visitor: Visitor, once: Once) -> AwayView:
    """Of oneself, or by who leads. Plans made from then on send them again."""
    scope, now = visitor.scope(PURPOSE), once.call.now

    async def work(conn: Connection) -> AwayView:
        found = await store.away(conn, scope, now=now, number=away_id)
        if not found or not _may(visitor, found[0]["staff_id"]):
            raise not_found()
        if asked.back_at < found[0]["since"]:
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY, "before", "back_at: want no earlier than they left."
            )
        await store.end_away(conn, scope, away_id, back_at=asked.back_at)
        return AwayView(**{**found[0], "back_at": asked.back_at})

    return await once.do(scope, AwayView, work)


@router.get("/mends", operation_id="listDayMends", summary="Days that were mended", responses=ERRORS)
async def list_mends(api: Api, visitor: Visitor, day: Annotated[date, Query()]) -> MendList:
    """What happened to a running day, and how much was moved because of it."""
    scope = visitor.scope(PURPOSE)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        found = await store.mends(conn, scope, day)
    return MendList(mends=[MendView(**row) for row in found])


@router.post(
    "/mends",
    operation_id="askForDayMend",
    summary="Have the running day mended",
    status_code=HTTPStatus.ACCEPTED,
    responses=ERRORS | ONCE_ERRORS,
)
async def ask(asked: MendAsked, leader: Leader, once: Once) -> MendList:
    """Of today, where it was planned. It happens by itself when somebody is away or called to an emergency,
    and when a visit comes on top or is cancelled.
    """
    scope, now = leader.scope(PURPOSE), once.call.now

    async def work(conn: Connection) -> MendList:
        day = await store.ask_for_mends(
            conn, scope, "asked", by=leader.staff_id, now=now, township=asked.township
        )
        return MendList(mends=[MendView(**row) for row in await store.mends(conn, scope, day)])

    return await once.do(scope, MendList, work)


@router.get(
    "/mends/{mend_id}/moved",
    operation_id="listMovedVisits",
    summary="What was moved, and why",
    responses=ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def list_moved(
    mend_id: MendId,
    api: Api,
    leader: Leader,
    locale: Annotated[Locale, Query(description="the language of words")] = "zh-Hans",
) -> MovedList:
    """Each visit with who was to go and who goes now."""
    scope = leader.scope(PURPOSE)
    async with api.reading(scope) as conn:
        found = await store.moved(conn, scope, mend_id)
    if found is None:
        raise not_found()
    api.saw(scope.purpose, {row["home_id"] for row in found})
    return MovedList(moved=[MovedView.of(row, locale) for row in found])


def _may(who: Principal, staff_id: int) -> bool:
    return who.staff_id == staff_id or who.may(Permission.LEAD_VISITS)
