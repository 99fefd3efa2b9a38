"""``/responders``: the register of who may be called to a door.

What this is: parse, hand on, answer. What it is not: who is called, or what they say (``own_duty_routes``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query

from cloud import cursors
from cloud.access import Api, Call, require
from cloud.auth import Permission, Principal, Purpose
from cloud.cursors import ById
from cloud.db import Connection
from cloud.dispatch import people
from cloud.dispatch.at_desk import CHANGED, ERRORS, FOUND, desk_of, refuse_past
from cloud.dispatch.people import Desk
from cloud.dispatch.views import (
    DutyShiftList,
    DutyShiftView,
    NewDutyShift,
    NewResponder,
    Reach,
    ResponderPage,
    RespondersAsked,
    ResponderView,
    Tie,
)
from cloud.once import Once
from cloud.problems import ProblemError, not_found

router = APIRouter(tags=["responders"])

LIST: Final = "responders"
Leader = Annotated[Principal, Depends(require(Permission.MANAGE_RESPONDERS))]
ResponderId = Annotated[int, Path(ge=1, lt=2**31, description="number in the register")]
HomeId = Annotated[int, Path(ge=1, lt=2**31, description="number of the home")]
ShiftId = Annotated[int, Path(ge=1, lt=2**31, description="number of the shift")]


@router.get("/responders", operation_id="listResponders", summary="Who may be called", responses=ERRORS)
async def list_responders(
    asked: Annotated[RespondersAsked, Query()], api: Api, leader: Leader
) -> ResponderPage:
    """By number; those who have withdrawn are left out."""
    scope = leader.scope(Purpose.CONSOLE)
    last = cursors.after(asked, LIST, scope, ById)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        desk = desk_of(api, conn, leader, Purpose.CONSOLE)
        after = last.id if last else None
        rows = await people.page(desk, kind=asked.kind, after=after, limit=asked.limit + 1)
    found = [ResponderView(**row) for row in rows]
    items, following = cursors.page(found, lambda one: ById(one.id), asked, LIST, scope)
    return ResponderPage(items=items, next=following)


@router.get(
    "/responders/{responder_id}", operation_id="readResponder", summary="One of them", responses=FOUND
)
async def read_responder(responder_id: ResponderId, api: Api, leader: Leader) -> ResponderView:
    """With the homes that they have a key to, know, or are not wanted at."""
    scope = leader.scope(Purpose.CONSOLE)
    async with api.reading(scope) as conn:
        return await _shown(desk_of(api, conn, leader, Purpose.CONSOLE), api, responder_id)


@router.post(
    "/responders",
    operation_id="addResponder",
    summary="Take somebody into the register",
    status_code=HTTPStatus.CREATED,
    responses=CHANGED,
)
async def add_responder(asked: NewResponder, leader: Leader, once: Once) -> ResponderView:
    """404 for a member of staff who is not there, or is in the register already."""

    async def work(desk: Desk) -> ResponderView:
        return await _shown(desk, once.call, await people.add(desk, asked.model_dump(mode="json")))

    return await _managed(once, leader, work)


@router.put(
    "/responders/{responder_id}",
    operation_id="changeResponder",
    summary="How and when somebody is reached",
    responses=CHANGED,
)
async def change_responder(
    responder_id: ResponderId, asked: Reach, leader: Leader, once: Once
) -> ResponderView:
    """What they are and their consent stay; 404 for somebody who has withdrawn."""

    async def work(desk: Desk) -> ResponderView:
        changed = await people.change(desk, responder_id, asked.model_dump(mode="json"))
        return await _shown(desk, once.call, responder_id if changed else None)

    return await _managed(once, leader, work)


@router.post(
    "/responders/{responder_id}/withdraw",
    operation_id="withdrawResponder",
    summary="Call them no more",
    responses=CHANGED,
)
async def withdraw_responder(responder_id: ResponderId, leader: Leader, once: Once) -> ResponderView:
    """From this moment no message goes to them. Their number, their places and their keys are forgotten."""

    async def work(desk: Desk) -> ResponderView:
        withdrawn = await people.withdraw(desk, responder_id)
        return await _shown(desk, once.call, responder_id if withdrawn else None)

    return await _managed(once, leader, work)


@router.put(
    "/responders/{responder_id}/homes/{home_id}",
    operation_id="tieResponder",
    summary="Who has a key, is known, or is not wanted at a home",
    responses=CHANGED,
)
async def tie_responder(
    responder_id: ResponderId, home_id: HomeId, asked: Tie, leader: Leader, once: Once
) -> ResponderView:
    """All three at once; who is barred is never sent to this home."""

    async def work(desk: Desk) -> ResponderView:
        tied = await people.tie(desk, responder_id, home_id, asked.model_dump())
        return await _shown(desk, once.call, responder_id if tied else None)

    return await _managed(once, leader, work)


@router.delete(
    "/responders/{responder_id}/homes/{home_id}",
    operation_id="untieResponder",
    summary="Forget what somebody is to a home",
    responses=CHANGED,
)
async def untie_responder(
    responder_id: ResponderId, home_id: HomeId, leader: Leader, once: Once
) -> ResponderView:
    """They have no key, are not known and not barred there; 404 where nothing was said of the two."""

    async def work(desk: Desk) -> ResponderView:
        untied = await people.untie(desk, responder_id, home_id)
        return await _shown(desk, once.call, responder_id if untied else None)

    return await _managed(once, leader, work)


@router.get(
    "/responders/{worker_id}/shifts",
    operation_id="listShifts",
    summary="When somebody is on duty",
    responses=FOUND,
)
async def list_shifts(worker_id: ResponderId, api: Api, leader: Leader) -> DutyShiftList:
    """From now on. Nobody needs one: a worker may also say for themselves that they are on duty."""
    scope = leader.scope(Purpose.CONSOLE)
    async with api.reading(scope) as conn:
        desk = desk_of(api, conn, leader, Purpose.CONSOLE)
        await _shown(desk, api, worker_id)
        return DutyShiftList(shifts=[DutyShiftView(**row) for row in await people.shifts(desk, worker_id)])


@router.post(
    "/responders/{worker_id}/shifts",
    operation_id="addShift",
    summary="Enter a shift",
    status_code=HTTPStatus.CREATED,
    responses=CHANGED,
)
async def add_shift(worker_id: ResponderId, asked: NewDutyShift, leader: Leader, once: Once) -> DutyShiftView:
    """They are on duty then without saying so; their own "off duty" ends it. 409 ``shifts_meet``."""
    refuse_past(asked.end_at, once.call.now)

    async def within(conn: Connection) -> DutyShiftView:
        desk = desk_of(once.call, conn, leader, Purpose.CONSOLE)
        await _shown(desk, once.call, worker_id)
        row = await people.add_shift(desk, worker_id, asked.begin_at, asked.end_at, leader.staff_id)
        if row is None:
            raise ProblemError(
                HTTPStatus.CONFLICT, "shifts_meet", "A worker has one shift at a time: look at the others."
            )
        return DutyShiftView(**row)

    return await once.do(leader.scope(Purpose.CONSOLE), DutyShiftView, within)


@router.delete(
    "/responders/{worker_id}/shifts/{shift_id}",
    operation_id="dropShift",
    summary="Take a shift back",
    status_code=HTTPStatus.NO_CONTENT,
    responses=CHANGED,
)
async def drop_shift(worker_id: ResponderId, shift_id: ShiftId, leader: Leader, once: Once) -> None:
    """A running one, too: they are off duty at once, unless they have said otherwise themselves."""
    scope = leader.scope(Purpose.CONSOLE)

    async def within(conn: Connection) -> None:
        if not await people.drop_shift(
            desk_of(once.call, conn, leader, Purpose.CONSOLE), worker_id, shift_id
        ):
            raise not_found()

    await once.carry_out(scope, within)


async def _managed(
    once: Once, leader: Principal, work: Callable[[Desk], Awaitable[ResponderView]]
) -> ResponderView:
    async def within(conn: Connection) -> ResponderView:
        return await work(desk_of(once.call, conn, leader, Purpose.CONSOLE))

    return await once.do(leader.scope(Purpose.CONSOLE), ResponderView, within)


async def _shown(desk: Desk, call: Call, number: int | None) -> ResponderView:
    row = None if number is None else await people.one(desk, number)
    if row is None:
        raise not_found()
    call.saw(desk.scope.purpose, [tie["home_id"] for tie in row["homes"]])
    return ResponderView(**row)
