"""``/responders`` and ``/duty``: who may be called to a door, and what a worker says of themselves.

What this is: parse, hand on, answer. What it is not: who is called. The one idea: who was asked sees that one
incident for as long as they are wanted there, also where it is not among the homes that they look after.
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
from cloud.dispatch import answers, people
from cloud.dispatch.answers import Given, How
from cloud.dispatch.people import Desk
from cloud.dispatch.views import (
    AnsweredView,
    Duty,
    DutyShiftList,
    DutyShiftView,
    DutyView,
    Here,
    Id,
    MyAnswer,
    MyAsk,
    MyWord,
    NewDutyShift,
    NewResponder,
    Reach,
    ResponderPage,
    RespondersAsked,
    ResponderView,
    Tie,
)
from cloud.incidents import store
from cloud.incidents.rows import Row
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.problems import ProblemError, not_found, responses
from cloud.respond.travel import Point

router = APIRouter(tags=["responders"])

LIST: Final = "responders"
Leader = Annotated[Principal, Depends(require(Permission.MANAGE_RESPONDERS))]
Worker = Annotated[Principal, Depends(require(Permission.HANDLE_INCIDENT))]
ResponderId = Annotated[int, Path(ge=1, lt=2**31, description="number in the register")]
HomeId = Annotated[int, Path(ge=1, lt=2**31, description="number of the home")]
ShiftId = Annotated[int, Path(ge=1, lt=2**31, description="number of the shift")]
IncidentId = Annotated[int, Path(ge=1, lt=2**63, description="number of the incident")]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
FOUND: Final = ERRORS | responses(HTTPStatus.NOT_FOUND)
CHANGED: Final = FOUND | ONCE_ERRORS


def desk_of(call: Call, conn: Connection, who: Principal, purpose: Purpose) -> Desk:
    """What the register is worked with."""
    return Desk(conn, who.scope(purpose), call.parts.ring, call.now)


# The register -------------------------------------------------------------------------------------------


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
    if asked.end_at <= once.call.now:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "shift_over", "The shift would be over: say when it ends."
        )

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


# Duty ---------------------------------------------------------------------------------------------------


@router.get("/duty", operation_id="readMyDuty", summary="My duty, and what I was asked", responses=FOUND)
async def read_my_duty(api: Api, worker: Worker) -> DutyView:
    """404 for whoever is not in the register as a worker."""
    async with api.reading(worker.scope(Purpose.EMERGENCY)) as conn:
        return await _duty(desk_of(api, conn, worker, Purpose.EMERGENCY), api, worker)


@router.put("/duty", operation_id="putMyDuty", summary="On or off duty", responses=CHANGED)
async def put_my_duty(asked: Duty, worker: Worker, once: Once) -> DutyView:
    """Off duty nobody is asked, and where they were is forgotten."""
    if asked.until is not None and asked.until <= once.call.now:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "shift_over", "The shift would be over: say when it ends."
        )

    async def work(desk: Desk) -> DutyView:
        await people.set_duty(desk, await _number(desk, worker), asked.model_dump())
        return await _duty(desk, once.call, worker)

    return await _own(once, worker, work)


@router.post("/duty/places", operation_id="iAmHere", summary="I am here", responses=CHANGED)
async def i_am_here(asked: Here, worker: Worker, once: Once) -> DutyView:
    """Kept for 30 days at most. On the way it tells when they will be there, at the door that they are."""

    async def work(desk: Desk) -> DutyView:
        place = Point(asked.latitude, asked.longitude)
        await people.be_at(desk, await _number(desk, worker), worker.staff_id, place)
        return await _duty(desk, once.call, worker)

    return await _own(once, worker, work)


@router.post(
    "/duty/incidents/{incident_id}/answer",
    operation_id="answerMyAsk",
    summary="I go, I cannot, I am there",
    responses=CHANGED,
)
async def answer_my_ask(incident_id: IncidentId, asked: MyAnswer, worker: Worker, once: Once) -> AnsweredView:
    """The last word counts; 404 for whoever was not asked, 422 ``tag_unknown`` for a code of another door."""

    async def work(conn: Connection) -> AnsweredView:
        desk = desk_of(once.call, conn, worker, Purpose.EMERGENCY)
        number, row = await _asked(desk, once.call, worker, incident_id)
        how = await _how(desk, incident_id, asked)
        taken = await answers.answer(conn, row, Given(number, asked.said, desk.now, asked.within, how))
        return AnsweredView(outcome=taken.outcome, responder=taken.responder)

    return await once.do(worker.scope(Purpose.EMERGENCY), AnsweredView, work)


@router.post(
    "/duty/incidents/{incident_id}/word",
    operation_id="sayMyWord",
    summary="I am well, I need help, I leave",
    responses=CHANGED,
)
async def say_my_word(incident_id: IncidentId, asked: MyWord, worker: Worker, once: Once) -> DutyView:
    """A worker at the door who is not heard of for 30 minutes is rung, then a colleague is sent."""

    async def work(desk: Desk) -> DutyView:
        number, row = await _asked(desk, once.call, worker, incident_id)
        await answers.word(desk.conn, row, number, asked.word, desk.now)
        return await _duty(desk, once.call, worker)

    return await _own(once, worker, work)


async def _how(desk: Desk, incident_id: int, asked: MyAnswer) -> How:
    if asked.tag is None:
        return How.WORD
    if not await people.is_tag(desk, incident_id, asked.tag):
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "tag_unknown",
            "This code is not on that door: look at the address.",
        )
    return How.TAG


async def _own(once: Once, worker: Principal, work: Callable[[Desk], Awaitable[DutyView]]) -> DutyView:
    async def within(conn: Connection) -> DutyView:
        return await work(desk_of(once.call, conn, worker, Purpose.EMERGENCY))

    return await once.do(worker.scope(Purpose.EMERGENCY), DutyView, within)


async def _asked(desk: Desk, call: Call, worker: Principal, incident_id: int) -> tuple[int, Row]:
    number = await people.my_ask(desk, worker.staff_id, incident_id)
    if number is None:
        raise not_found()
    row = await store.hold_in_scope(desk.conn, desk.scope, incident_id)
    call.saw(desk.scope.purpose, [row.home_id])
    return number, row


async def _number(desk: Desk, worker: Principal) -> Id:
    number = await people.of_staff(desk, worker.staff_id)
    if number is None:
        raise not_found()
    return number


async def _duty(desk: Desk, call: Call, worker: Principal) -> DutyView:
    row = await people.one(desk, await _number(desk, worker))
    if row is None:
        raise not_found()
    asks = [MyAsk(**ask) for ask in await people.my_asks(desk, worker.staff_id)]
    call.saw(desk.scope.purpose, [ask.home_id for ask in asks])
    return DutyView(
        on=bool(row["on_duty"]),
        until=row["duty_until"] or row["shift_until"],
        busy_until=row["busy_until"],
        may_leave=row["may_leave"],
        asks=asks,
    )
