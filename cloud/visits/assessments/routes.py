"""``/api/v1/visits/…/assessments``: the ability of GB/T 42195, judged here, signed by two.

What this is: parse, hand on, answer. What it is not: a rule about points (``ability.judge``). The one idea:
nobody sends a level: it is worked out from the answers, and shown with everything that made it.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path

from cloud.access import Api, needs, require
from cloud.auth import Module, Permission, Principal, Purpose, Scope
from cloud.db import Connection
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once, OneCommand
from cloud.problems import InvalidField, ProblemError, Refusals, not_found, refusal, responses
from cloud.visits.ability.due import counted
from cloud.visits.ability.judge import BadAnswers
from cloud.visits.assessments import desk as office
from cloud.visits.assessments import store
from cloud.visits.assessments.desk import Drawn, NoDay, NotFound, SameHand, Signed
from cloud.visits.assessments.views import (
    AbilityView,
    AssessmentView,
    NewAssessment,
    NewCareEvent,
    Second,
)
from cloud.visits.at_desk import done
from cloud.visits.hours.store import Desk
from cloud.visits.records import desk as visits

router = APIRouter(prefix="/visits", tags=["visits"], dependencies=[Depends(needs(Module.VISITS))])

PURPOSE: Final = Purpose.CONSOLE
Visitor = Annotated[Principal, Depends(require(Permission.MAKE_VISITS))]
ResidentId = Annotated[int, Path(ge=1, lt=2**31, description="number of the resident")]
AssessmentId = Annotated[int, Path(ge=1, lt=2**63, description="number of the assessment")]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
CHANGED: Final = ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND)

REFUSALS: Final[Refusals] = {
    NotFound: lambda _: not_found(),
    visits.NotFound: lambda _: not_found(),
    visits.OtherVisit: refusal(
        HTTPStatus.CONFLICT, "other_visit", "The visit of this key is another person's, or of another kind."
    ),
    SameHand: refusal(HTTPStatus.CONFLICT, "same_hand", "Somebody else signs second."),
    Signed: refusal(
        HTTPStatus.CONFLICT,
        "signed",
        "It bears a second word already: draw up another one where you doubt it.",
    ),
    NoDay: refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "no_day", "The day lies ahead, or more than a year ago."),
    BadAnswers: lambda error: ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "bad_answers",
        "The form cannot be judged.",
        fields=[InvalidField(where=["body"], rule=fault) for fault in error.faults],
    ),
}


@router.get(
    "/people/{resident_id}/assessments",
    operation_id="readAbility",
    summary="Somebody's ability",
    responses=ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def read_ability(resident_id: ResidentId, api: Api, visitor: Visitor) -> AbilityView:
    """The level that holds, what asks for another look, and every assessment there was."""
    scope = visitor.scope(PURPOSE)
    async with api.reading(scope) as conn:
        shown = await _ability(conn, scope, resident_id, api.now)
    api.saw(scope.purpose, [shown.home_id])
    return shown


@router.post(
    "/people/{resident_id}/assessments",
    operation_id="addAssessment",
    summary="Draw up an assessment",
    status_code=HTTPStatus.CREATED,
    responses=CHANGED,
)
async def add_assessment(
    resident_id: ResidentId, asked: NewAssessment, visitor: Visitor, once: Once
) -> AssessmentView:
    """Whoever sends it signs first. 422 names every item that cannot be judged, all at once."""

    async def work(desk: Desk) -> AssessmentView:
        visit_id = asked.visit_id
        if asked.visit is not None:
            visit_id = (await visits.visit_of(desk, asked.visit.meant)).id
        drawn = Drawn(
            asked.key,
            resident_id,
            visit_id,
            asked.reason,
            asked.assessed_on,
            asked.informant,
            asked.answers,
        )
        return await _assessment(desk, once, await office.draw_up(desk, drawn))

    return await done(once, visitor, AssessmentView, work, REFUSALS)


@router.post(
    "/assessments/{assessment_id}/second",
    operation_id="signAssessment",
    summary="Sign as the second assessor",
    responses=CHANGED,
)
async def second(assessment_id: AssessmentId, asked: Second, visitor: Visitor, once: Once) -> AssessmentView:
    """Or refuse to, with the reason; never one's own."""

    async def work(desk: Desk) -> AssessmentView:
        if asked.agrees:
            await office.sign(desk, assessment_id, once.call.parts.ring)
        else:
            await office.refuse(desk, assessment_id, asked.why)
        return await _assessment(desk, once, assessment_id)

    return await done(once, visitor, AssessmentView, work, REFUSALS)


@router.post(
    "/people/{resident_id}/care-events",
    operation_id="addCareEvent",
    summary="Write down a fall, a choking, a wandering",
    responses=CHANGED,
)
async def add_care_event(
    resident_id: ResidentId, asked: NewCareEvent, visitor: Visitor, once: Once
) -> AbilityView:
    """It counts for 30 days; a fall and a wandering ask for an assessment at once."""

    async def work(desk: Desk) -> AbilityView:
        await office.note(desk, resident_id, asked.kind, asked.on_day, asked.words)
        shown = await _ability(desk.conn, desk.scope, resident_id, desk.now)
        once.call.saw(desk.scope.purpose, [shown.home_id])
        return shown

    return await done(once, visitor, AbilityView, work, REFUSALS)


async def _ability(conn: Connection, scope: Scope, resident_id: int, now: datetime) -> AbilityView:
    found = await store.rows(conn, "person", scope, resident_id=resident_id, now=now)
    if not found:
        raise not_found()
    stands = (await store.standings(conn, scope, [resident_id], now)).get(resident_id)
    all_of_them = await store.assessments(conn, scope, resident_id=resident_id)
    return AbilityView(
        resident_id=resident_id,
        home_id=found[0]["home_id"],
        level=found[0]["ability_level"],
        proposed=stands.reason if stands else None,
        due_at=stands.due.at if stands else None,
        counted=dict(counted(stands.events, stands.today)) if stands else {},
        assessments=[AssessmentView(**row) for row in all_of_them],
    )


async def _assessment(desk: Desk, once: OneCommand, number: int) -> AssessmentView:
    shown = AssessmentView(**(await store.assessments(desk.conn, desk.scope, number=number))[0])
    once.call.saw(desk.scope.purpose, [shown.home_id])
    return shown
