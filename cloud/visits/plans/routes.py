"""``/api/v1/visits/plans`` and ``/visits/workers``: who may be sent, plans of a day, and why not today.

What this is: who may ask. What it is not: a planner; asking writes a row, and the worker's loop makes it.
"""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query

from cloud.access import Api, needs, require
from cloud.auth import Locale, Module, Permission, Principal, Purpose
from cloud.db import Connection
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.problems import not_found, responses
from cloud.visits.plans import store
from cloud.visits.plans.views import (
    LeftList,
    LeftView,
    PlanAsked,
    PlanList,
    PlanView,
    Township,
    WorkerAsked,
    WorkerList,
    WorkerView,
)

router = APIRouter(prefix="/visits", tags=["visits"], dependencies=[Depends(needs(Module.VISITS))])

PURPOSE: Final = Purpose.CONSOLE
Visitor = Annotated[Principal, Depends(require(Permission.MAKE_VISITS))]
Leader = Annotated[Principal, Depends(require(Permission.LEAD_VISITS))]
StaffId = Annotated[int, Path(ge=1, lt=2**31, description="number of the member of staff")]
PlanId = Annotated[int, Path(ge=1, lt=2**63, description="number of the plan")]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@router.get("/workers", operation_id="listVisitWorkers", summary="Who may be sent", responses=ERRORS)
async def list_workers(
    api: Api, leader: Leader, township: Annotated[Township | None, Query()] = None
) -> WorkerList:
    """With their hours, skills and where their day begins."""
    scope = leader.scope(PURPOSE)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        found = await store.workers(conn, scope, township)
    return WorkerList(workers=[WorkerView(**row) for row in found])


@router.put(
    "/workers/{staff_id}",
    operation_id="putVisitWorker",
    summary="Say when somebody may be sent",
    responses=ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def put_worker(staff_id: StaffId, asked: WorkerAsked, leader: Leader, once: Once) -> WorkerView:
    """From the next plan on; what is planned already stays."""
    scope, now = leader.scope(PURPOSE), once.call.now

    async def work(conn: Connection) -> WorkerView:
        if not await store.put_worker(conn, scope, staff_id, asked, by=leader.staff_id, now=now):
            raise not_found()
        (row,) = await store.workers(conn, scope, staff_id=staff_id)
        return WorkerView(**row)

    return await once.do(scope, WorkerView, work)


@router.get("/plans", operation_id="listDayPlans", summary="Plans of a day", responses=ERRORS)
async def list_plans(api: Api, visitor: Visitor, day: Annotated[date, Query()]) -> PlanList:
    """By township, with what came of each."""
    scope = visitor.scope(PURPOSE)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        found = await store.plans(conn, scope, day)
    return PlanList(plans=[PlanView(**row) for row in found])


@router.post(
    "/plans",
    operation_id="askForDayPlan",
    summary="Have a day planned",
    status_code=HTTPStatus.ACCEPTED,
    responses=ERRORS | ONCE_ERRORS,
)
async def ask(asked: PlanAsked, leader: Leader, once: Once) -> PlanList:
    """Whatever nobody goes to yet is given to those who may be sent; what is planned already stays. The plans
    are made within minutes; look at them again.
    """
    scope, now = leader.scope(PURPOSE), once.call.now

    async def work(conn: Connection) -> PlanList:
        await store.ask(conn, scope, asked, by=leader.staff_id, now=now)
        return PlanList(plans=[PlanView(**row) for row in await store.plans(conn, scope, asked.day)])

    return await once.do(scope, PlanList, work)


@router.get(
    "/plans/{plan_id}/left",
    operation_id="whyNotToday",
    summary="Why not today?",
    responses=ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def list_left(
    plan_id: PlanId,
    api: Api,
    leader: Leader,
    locale: Annotated[Locale, Query(description="the language of words")] = "zh-Hans",
) -> LeftList:
    """Whom the plan leaves out, and why."""
    scope = leader.scope(PURPOSE)
    async with api.reading(scope) as conn:
        found = await store.left(conn, scope, plan_id)
    if found is None:
        raise not_found()
    api.saw(scope.purpose, {row["home_id"] for row in found})
    return LeftList(left=[LeftView.of(row, locale) for row in found])
