"""The consent part of ``/api/v1``: what a resident allows, and who looked in spite of a no."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query

from cloud import cursors
from cloud.access import Api, require
from cloud.auth import Permission, Principal, Scope
from cloud.auth import Purpose as Reading
from cloud.consent import emergency, store
from cloud.consent.decide import Decision, Record, allowed
from cloud.consent.purposes import PURPOSES, Purpose
from cloud.cursors import ById
from cloud.db import Connection
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.privacy.views import (
    AccessesAsked,
    AccessView,
    Consents,
    ConsentView,
    EmergencyAccess,
    NewConsent,
    PurposeView,
    Reason,
    Review,
    ReviewPage,
)
from cloud.problems import ProblemError, not_found, responses

router = APIRouter(tags=["consent"])

ResidentId = Annotated[int, Path(ge=1, lt=2**31, description="number of the resident")]
IncidentId = Annotated[int, Path(ge=1, lt=2**63, description="number of the incident")]
AccessId = Annotated[int, Path(ge=1, lt=2**63, description="number of the access")]
Keeper = Annotated[Principal, Depends(require(Permission.MANAGE_CONSENT))]
Rescuer = Annotated[Principal, Depends(require(Permission.OVERRIDE_CONSENT))]
Reviewer = Annotated[Principal, Depends(require(Permission.REVIEW_ACCESS))]

ACCESSES: Final = "emergency accesses"
READ_ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
WRITE_ERRORS: Final = READ_ERRORS | ONCE_ERRORS


@router.get(
    "/residents/{resident_id}/consents",
    operation_id="readConsents",
    summary="What a resident allows, purpose by purpose",
    responses=READ_ERRORS,
)
async def read_consents(resident_id: ResidentId, api: Api, keeper: Keeper) -> Consents:
    """Each purpose as it stands, and every word that was ever said."""
    scope = keeper.usual_scope()
    async with api.reading(scope) as conn:
        found = await _consents(conn, scope, resident_id, api)
    api.saw(scope.purpose, [found.home_id])
    return found


@router.post(
    "/residents/{resident_id}/consents",
    operation_id="recordConsent",
    summary="Write down what a resident has said",
    status_code=HTTPStatus.CREATED,
    responses=WRITE_ERRORS,
)
async def record_consent(resident_id: ResidentId, said: NewConsent, keeper: Keeper, once: Once) -> Consents:
    """It takes effect with this answer: what is withdrawn is shown no more, and the home is told to stop."""
    scope = keeper.usual_scope()

    async def work(conn: Connection) -> Consents:
        word = store.Said(resident_id, said.entry, f"staff:{keeper.staff_id}")
        try:
            await store.record(conn, scope, word, once.call.now)
        except store.UnknownResident as error:
            raise not_found() from error
        except store.NotCounted as error:
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "does_not_count", str(error)) from error
        found = await _consents(conn, scope, resident_id, once.call)
        once.call.saw(scope.purpose, [found.home_id])
        return found

    return await once.do(scope, Consents, work)


@router.post(
    "/incidents/{incident_id}/emergency-access",
    operation_id="breakGlass",
    summary="Read in spite of a missing consent",
    status_code=HTTPStatus.CREATED,
    responses=WRITE_ERRORS,
)
async def break_glass(incident_id: IncidentId, why: Reason, reader: Rescuer, once: Once) -> EmergencyAccess:
    """For an incident of the tenant that is not closed, for an hour; somebody else reviews it. The home's
    card is then shown whole, also to whoever is not assigned to that home.
    """
    scope = reader.scope(Reading.EMERGENCY)

    async def work(conn: Connection) -> EmergencyAccess:
        try:
            opened = await emergency.break_glass(conn, reader, incident_id, why.reason, once.call.now)
        except emergency.Refused as refused:
            raise _refused(refused) from refused
        seen = await emergency.evidence(conn, scope, incident_id)
        once.call.saw(scope.purpose, [opened.home_id])
        return EmergencyAccess(id=opened.id, home_id=opened.home_id, until=opened.until, evidence=seen)

    return await once.do(scope, EmergencyAccess, work)


@router.get(
    "/emergency-access",
    operation_id="listEmergencyAccess",
    summary="Times that somebody read in spite of a missing consent",
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
)
async def list_accesses(asked: Annotated[AccessesAsked, Query()], api: Api, reviewer: Reviewer) -> ReviewPage:
    """The oldest first; nothing stops waiting but by a review, and what was reviewed stays to be seen."""
    scope = reviewer.usual_scope()
    last = cursors.after(asked, ACCESSES, scope, ById)
    async with api.reading(scope) as conn:
        rows = await emergency.listed(
            conn,
            scope,
            api.now,
            reviewed=asked.reviewed,
            after=last.id if last else None,
            limit=asked.limit + 1,
        )
    api.saw(scope.purpose, sorted({row["home_id"] for row in rows}))
    found = [AccessView(**row) for row in rows]
    items, following = cursors.page(found, lambda access: ById(access.id), asked, ACCESSES, scope)
    return ReviewPage(items=items, next=following)


@router.post(
    "/emergency-access/{access_id}/review",
    operation_id="reviewEmergencyAccess",
    summary="Say whether it was justified",
    status_code=HTTPStatus.NO_CONTENT,
    responses=WRITE_ERRORS,
)
async def review_access(access_id: AccessId, review: Review, reviewer: Reviewer, once: Once) -> None:
    """By somebody else than the reader; it leaves the list."""

    async def work(conn: Connection) -> None:
        verdict = emergency.Verdict(access_id, review.justified, review.remark)
        try:
            await emergency.review(conn, reviewer, verdict, once.call.now)
        except emergency.Refused as refused:
            raise _refused(refused) from refused

    await once.carry_out(reviewer.usual_scope(), work)


async def _consents(conn: Connection, scope: Scope, resident_id: int, api: Api) -> Consents:
    try:
        person = await store.person_of(conn, scope, resident_id)
    except store.UnknownResident as error:
        raise not_found() from error
    rows = await store.history(conn, scope, resident_id)
    standing = {one.purpose: one for one in await store.standing(conn, scope, person["home_id"])}
    words = [_record(row) for row in rows]
    purposes = [
        _purpose(purpose, allowed(purpose, words, api.now), standing.get(purpose)) for purpose in PURPOSES
    ]
    return Consents(
        resident_id=resident_id,
        home_id=person["home_id"],
        purposes=purposes,
        records=[ConsentView(**row) for row in rows],
    )


def _record(row: dict[str, Any]) -> Record:
    return Record(Purpose(row["purpose"]), Decision(row["decision"]), row["at"], row["valid_until"])


def _purpose(purpose: Purpose, is_allowed: bool, standing: store.Standing | None) -> PurposeView:
    spec = PURPOSES[purpose]
    return PurposeView(
        purpose=purpose,
        allowed=is_allowed,
        since=standing.since if standing and not is_allowed else None,
        device_kinds=sorted(spec.kinds),
        quantities=sorted(quantity.value for quantity in spec.quantities),
        events=sorted(event.value for event in spec.events),
        readers=sorted(spec.readers),
        basis=spec.basis,
        recipient=spec.recipient,
    )


def _refused(refused: emergency.Refused) -> ProblemError:
    if refused.reason is emergency.Refusal.NOT_FOUND:
        return not_found()
    return ProblemError(HTTPStatus.CONFLICT, refused.reason.value, _WHY[refused.reason])


_WHY: Final = {
    emergency.Refusal.CLOSED: "The incident is closed: there is no emergency any more.",
    emergency.Refusal.OWN: "Somebody else than the reader reviews it.",
    emergency.Refusal.REVIEWED: "It has been reviewed already.",
}
