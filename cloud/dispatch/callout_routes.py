"""``/callouts`` and ``/standby``: the dispatch dialog of the console.

What this is: parse, hand on, answer. What it is not: the policy. The one idea: a person may add to what the
rule does and stand somebody down; both are written beside what the rule did, with who did it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path

from cloud.access import Api, require
from cloud.auth import Permission, Principal, Purpose
from cloud.db import Connection
from cloud.dispatch import desk as work_of
from cloud.dispatch.answers import How, Reply
from cloud.dispatch.at_desk import CHANGED, FOUND, IncidentId, desk_of
from cloud.dispatch.desk import NobodyThere
from cloud.dispatch.people import Desk
from cloud.dispatch.views import Answer, CalloutView, StandbyView, WhomToAsk
from cloud.incidents.errors import NotFound
from cloud.once import Once
from cloud.problems import Refusals, not_found, refusal, refusing, responses

router = APIRouter(tags=["callouts"])

Handler = Annotated[Principal, Depends(require(Permission.HANDLE_INCIDENT))]
Overseer = Annotated[Principal, Depends(require(Permission.SHARE_INCIDENT))]
ResponderId = Annotated[int, Path(ge=1, lt=2**31, description="number in the register")]
BY_HAND: Final = CHANGED | responses(HTTPStatus.CONFLICT)
REFUSALS: Final[Refusals] = {
    NotFound: lambda _: not_found(),
    NobodyThere: refusal(
        HTTPStatus.CONFLICT,
        "not_to_be_asked",
        "They are off duty, have not agreed, are not wanted or busy, or were asked already.",
    ),
}


@router.get(
    "/callouts/{incident_id}",
    operation_id="readCallout",
    summary="Who was asked to go, and who is near",
    responses=FOUND,
)
async def read_callout(incident_id: IncidentId, api: Api, handler: Handler) -> CalloutView:
    """Also where no search runs: then to see whom one could ask."""
    async with api.reading(handler.scope(Purpose.CONSOLE)) as conn:
        view, home_id = await _shown(desk_of(api, conn, handler, Purpose.CONSOLE), incident_id)
    api.saw(Purpose.CONSOLE, [home_id])
    return view


@router.post(
    "/callouts/{incident_id}/asks",
    operation_id="askResponder",
    summary="Ask somebody by hand",
    responses=BY_HAND,
)
async def ask_responder(
    incident_id: IncidentId, asked: WhomToAsk, handler: Handler, once: Once
) -> CalloutView:
    """409 ``not_to_be_asked``: off duty, not agreed, barred, at another door, or asked already."""

    async def work(desk: Desk) -> None:
        await work_of.ask(desk, incident_id, asked.responder_id, handler.staff_id)

    return await _done(once, handler, incident_id, work)


@router.post(
    "/callouts/{incident_id}/asks/{responder_id}/relieve",
    operation_id="relieveResponder",
    summary="Stand somebody down",
    responses=BY_HAND,
)
async def relieve_responder(
    incident_id: IncidentId, responder_id: ResponderId, handler: Handler, once: Once
) -> CalloutView:
    """They are told, and the policy does not ask them again; another may be asked in their place."""

    async def work(desk: Desk) -> None:
        await work_of.relieve(desk, incident_id, responder_id, handler.staff_id)

    return await _done(once, handler, incident_id, work)


@router.post(
    "/callouts/{incident_id}/asks/{responder_id}/answer",
    operation_id="answerForResponder",
    summary="What somebody said on the telephone",
    responses=BY_HAND,
)
async def answer_for_responder(
    incident_id: IncidentId, responder_id: ResponderId, asked: Answer, handler: Handler, once: Once
) -> CalloutView:
    """Written down by the operator who has spoken with them."""
    reply = Reply(asked.said, asked.within, How.DESK)

    async def work(desk: Desk) -> None:
        await work_of.answered(desk, incident_id, responder_id, reply)

    return await _done(once, handler, incident_id, work)


@router.get(
    "/standby",
    operation_id="readStandby",
    summary="Where free units should wait",
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
)
async def read_standby(api: Api, overseer: Overseer) -> StandbyView:
    """For the next alarm to be near one of them; a proposal, nobody is sent."""
    scope = overseer.scope(Purpose.CONSOLE)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        return await work_of.wait_where(desk_of(api, conn, overseer, Purpose.CONSOLE))


async def _done(
    once: Once, handler: Principal, incident_id: int, work: Callable[[Desk], Awaitable[None]]
) -> CalloutView:
    async def within(conn: Connection) -> CalloutView:
        desk = desk_of(once.call, conn, handler, Purpose.CONSOLE)
        with refusing(REFUSALS):
            await work(desk)
        view, home_id = await _shown(desk, incident_id)
        once.call.saw(Purpose.CONSOLE, [home_id])
        return view

    return await once.do(handler.scope(Purpose.CONSOLE), CalloutView, within)


async def _shown(desk: Desk, incident_id: int) -> tuple[CalloutView, int]:
    with refusing(REFUSALS):
        return await work_of.show(desk, incident_id)
