"""``/duty``: what a worker says of themselves, and of what they were asked.

What this is: parse, hand on, answer. What it is not: who is called. The one idea: who was asked sees that one
incident for as long as they are wanted there, also where it is not among the homes that they look after.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends

from cloud.access import Api, Call, require
from cloud.auth import Permission, Principal, Purpose
from cloud.db import Connection
from cloud.dispatch import answers, people
from cloud.dispatch.answers import Given, How
from cloud.dispatch.at_desk import CHANGED, FOUND, IncidentId, desk_of, refuse_past
from cloud.dispatch.people import Desk
from cloud.dispatch.views import AnsweredView, Duty, DutyView, Here, Id, MyAnswer, MyAsk, MyWord
from cloud.incidents import store
from cloud.incidents.rows import Row
from cloud.once import Once
from cloud.problems import ProblemError, not_found
from cloud.respond.travel import Point

router = APIRouter(tags=["responders"])

Worker = Annotated[Principal, Depends(require(Permission.HANDLE_INCIDENT))]


@router.get("/duty", operation_id="readMyDuty", summary="My duty, and what I was asked", responses=FOUND)
async def read_my_duty(api: Api, worker: Worker) -> DutyView:
    """404 for whoever is not in the register as a worker."""
    async with api.reading(worker.scope(Purpose.EMERGENCY)) as conn:
        return await _duty(desk_of(api, conn, worker, Purpose.EMERGENCY), api, worker)


@router.put("/duty", operation_id="putMyDuty", summary="On or off duty", responses=CHANGED)
async def put_my_duty(asked: Duty, worker: Worker, once: Once) -> DutyView:
    """Off duty nobody is asked, and where they were is forgotten."""
    refuse_past(asked.until, once.call.now)

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
