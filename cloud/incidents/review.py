"""``/reviews``: one in ten closed urgent incidents, looked at by somebody who had no part in them.

What this is: the list, and the verdict. What it is not: a choice; which ones is told by their numbers
(``is_sampled``). The one idea: a verdict is made of words that can be counted, so it helps the next shift and
says nothing of the person who was helped.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud import cursors
from cloud.access import Api, require
from cloud.auth import Permission, Principal, Purpose, Scope
from cloud.cursors import Asked, ById, Page
from cloud.db import Connection, Queries
from cloud.incidents.model import OutcomeCode
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.problems import ProblemError, not_found, responses

router = APIRouter(prefix="/reviews", tags=["incidents"])

REVIEWS: Final = "reviews"
_SQL: Final = Queries(__package__, "review.sql")
Reviewer = Annotated[Principal, Depends(require(Permission.REVIEW_ACCESS))]
IncidentId = Annotated[int, Path(ge=1, lt=2**63, description="number of the incident")]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Verdict(StrEnum):
    """How it was handled."""

    GOOD = "good"
    IMPROVE = "improve"
    WRONG = "wrong"


class Finding(StrEnum):
    """What could be better: too late, the script, the outcome code, who was asked, how they were spoken to,
    what was to follow.
    """

    LATE = "late"
    SCRIPT = "script"
    OUTCOME = "outcome"
    CONTACTS = "contacts"
    WORDS = "words"
    FOLLOW_UP = "follow_up"


class NewReview(BaseModel):
    """A verdict that is not good says why."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    findings: list[Finding] = Field(default=[], max_length=len(Finding))


class ReviewsAsked(Asked):
    """Which ones: those still to be reviewed, or (``done``) those that are."""

    done: bool = False


class ReviewView(BaseModel):
    """A sampled incident; ``verdict``: none until it is reviewed. ``reviewed_by``: by name."""

    model_config = ConfigDict(frozen=True)

    id: int
    home_id: int
    kind: str
    priority: int
    opened_at: datetime
    closed_at: datetime
    outcome: OutcomeCode | None
    verdict: Verdict | None
    findings: list[Finding] | None
    reviewed_by: str | None
    reviewed_at: datetime | None


class ReviewPage(Page[ReviewView]):
    """Some of the sample, the oldest first."""


@router.get(
    "", operation_id="listReviews", summary="Closed incidents that are to be reviewed", responses=ERRORS
)
async def list_reviews(asked: Annotated[ReviewsAsked, Query()], api: Api, reviewer: Reviewer) -> ReviewPage:
    """One in ten of priority 1 and 2."""
    scope = reviewer.scope(Purpose.CONSOLE)
    last = cursors.after(asked, REVIEWS, scope, ById)
    wanted = {"done": asked.done, "after": last.id if last else 0, "limit": asked.limit + 1, "id": None}
    async with api.reading(scope) as conn:
        found = [ReviewView(**row) for row in await _rows(conn, "to_review", scope, wanted)]
    api.saw(scope.purpose, {one.home_id for one in found})
    items, following = cursors.page(found, lambda one: ById(one.id), asked, REVIEWS, scope)
    return ReviewPage(items=items, next=following)


@router.post(
    "/{incident_id}",
    operation_id="reviewIncident",
    summary="Say how it was handled",
    responses=ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def review(incident_id: IncidentId, asked: NewReview, reviewer: Reviewer, once: Once) -> ReviewView:
    """Once, by somebody who took no step of it."""
    if asked.verdict is not Verdict.GOOD and not asked.findings:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "finding_required", "Say what could be better.")
    scope = reviewer.scope(Purpose.CONSOLE)

    async def work(conn: Connection) -> ReviewView:
        before = await _one(conn, scope, incident_id)
        once.call.saw(scope.purpose, [before.home_id])
        if before.verdict is not None:
            raise ProblemError(HTTPStatus.CONFLICT, "reviewed", "It is reviewed already.")
        (part,) = await _rows(conn, "had_part", scope, {"id": incident_id, "actor": reviewer.actor})
        if part["had"]:
            raise ProblemError(
                HTTPStatus.CONFLICT, "own_incident", "You had a part in it: ask somebody else."
            )
        values = {
            "id": incident_id,
            "verdict": asked.verdict.value,
            "findings": sorted(set(asked.findings)),
            "staff_id": reviewer.staff_id,
            "now": once.call.now,
        }
        await conn.execute(_SQL["add_review"], values)
        return await _one(conn, scope, incident_id)

    return await once.do(scope, ReviewView, work)


async def _one(conn: Connection, scope: Scope, incident_id: int) -> ReviewView:
    rows = await _rows(conn, "to_review", scope, {"done": None, "after": 0, "limit": 1, "id": incident_id})
    if not rows:
        raise not_found()
    return ReviewView(**rows[0])


async def _rows(
    conn: Connection, statement: str, scope: Scope, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    return await (await conn.execute(_SQL[statement], {**scope.params, **values})).fetchall()
