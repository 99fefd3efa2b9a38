"""``/api/v1/rules``: how often each rule was right, and proposals for a home's thresholds.

What this is: the views, and who may ask. What it is not: the working out (``report``, ``suggest``,
``decide``). The one idea: whoever approves does so by name, with a reason, and from what they have seen.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud import cursors
from cloud.access import Api, Text, needs, require
from cloud.auth import Module, Permission, Principal, Purpose
from cloud.cursors import Asked, ById, Page
from cloud.db import Connection
from cloud.learning import decide, store
from cloud.learning.decide import NotFound, Stale, State, Verdict
from cloud.learning.report import RuleReport
from cloud.learning.store import Span
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once, OneCommand
from cloud.problems import ProblemError, not_found, responses
from cloud.register.desk import Work

router = APIRouter(prefix="/rules", tags=["rules"], dependencies=[Depends(needs(Module.DETECTION))])

PURPOSE: Final = Purpose.CONSOLE
PROPOSALS: Final = "proposals"
LONGEST_DAYS: Final = 366
Tuner = Annotated[Principal, Depends(require(Permission.TUNE_RULES))]
ProposalId = Annotated[int, Path(ge=1, lt=2**63, description="number of the proposal")]
Days = Annotated[int, Field(ge=1, le=LONGEST_DAYS, description="how many days back from now")]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class ReportAsked(BaseModel):
    """Which incidents: those opened in the last ``days``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: Days = 28


class ProposalsAsked(Asked):
    """Which proposals."""

    state: State | None = None
    home_id: Annotated[int | None, Field(ge=1, lt=2**31)] = None


class BasisView(BaseModel):
    """Why it is proposed. ``false_gone``: false alarms of the span that would not have come; ``right_lost``:
    right ones; ``later_s``: how much later people are called; ``missed``: emergencies that no rule found.
    """

    model_config = ConfigDict(frozen=True)

    right: int
    false: int
    false_gone: int
    right_lost: int
    missed: int
    later_s: float
    home_weeks: float
    false_per_home_week: float
    expected_false_per_home_week: float | None
    false_gone_low: float
    false_gone_high: float


class ProposalView(BaseModel):
    """A threshold that outcomes argue for, in seconds. ``was``: what the plan said, ``held``: what held.

    ``decided_by``: by name. ``plan_version``: the plan that the approval wrote.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    home_id: int
    home: str
    path: str
    was: float | None
    held: float
    becomes: float
    basis: BasisView
    made_at: datetime
    made_by: str
    state: State
    decided_by: str | None
    decided_at: datetime | None
    reason: str
    plan_version: int | None
    version: int


class ProposalPage(Page[ProposalView]):
    """Some proposals, the oldest first."""


class Proposed(BaseModel):
    """The proposals that a look has made anew."""

    model_config = ConfigDict(frozen=True)

    made: list[ProposalView]


class Look(BaseModel):
    """Look for proposals in the incidents of the last ``days``."""

    model_config = ConfigDict(extra="forbid")

    days: Days = 90


class Decision(BaseModel):
    """``version``: of the proposal they were looking at. ``reason``: why, in their own words."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, lt=2**31)
    reason: Text = Field(min_length=1, max_length=1_000)


@router.get(
    "/report", operation_id="readRuleReport", summary="How often each rule was right", responses=ERRORS
)
async def read_report(asked: Annotated[ReportAsked, Query()], api: Api, tuner: Tuner) -> RuleReport:
    """Alerts, right ones, false ones and why, and emergencies that people raised first. Counts only."""
    scope = tuner.scope(PURPOSE)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        return await store.rule_report(conn, scope, _span(api.now, asked.days))


@router.get(
    "/proposals", operation_id="listProposals", summary="Thresholds that outcomes suggest", responses=ERRORS
)
async def list_proposals(asked: Annotated[ProposalsAsked, Query()], api: Api, tuner: Tuner) -> ProposalPage:
    """Open and decided ones, the oldest first."""
    scope = tuner.scope(PURPOSE)
    last = cursors.after(asked, PROPOSALS, scope, ById)
    async with api.reading(scope) as conn:
        rows = await store.proposals(
            conn,
            scope,
            state=asked.state,
            home_id=asked.home_id,
            after=last.id if last else None,
            limit=asked.limit + 1,
        )
    found = [ProposalView(**row) for row in rows]
    api.saw(scope.purpose, {one.home_id for one in found})
    items, following = cursors.page(found, lambda one: ById(one.id), asked, PROPOSALS, scope)
    return ProposalPage(items=items, next=following)


@router.post(
    "/proposals",
    operation_id="proposeThresholds",
    summary="Look for thresholds that outcomes suggest",
    responses=ERRORS | ONCE_ERRORS,
)
async def propose(asked: Look, tuner: Tuner, once: Once) -> Proposed:
    """Nothing is changed by it: each proposal waits for a named person."""
    scope = tuner.scope(PURPOSE)

    async def work(conn: Connection) -> Proposed:
        at = Work(conn, tuner, scope, once.call)
        once.call.saw(scope.purpose, ())
        numbers = await decide.look(at, _span(once.call.now, asked.days))
        made = [await store.proposal(conn, scope, number) for number in numbers]
        return Proposed(made=[ProposalView(**row) for row in made if row is not None])

    return await once.do(scope, Proposed, work)


@router.post(
    "/proposals/{proposal_id}/approve",
    operation_id="approveProposal",
    summary="Make a proposed threshold the home's",
    responses=ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def approve(proposal_id: ProposalId, asked: Decision, tuner: Tuner, once: Once) -> ProposalView:
    """Writes the home's next plan; ``overtaken``: the plan had moved on, and nothing is written."""
    return await _decide(tuner, once, Verdict(proposal_id, asked.version, approved=True, reason=asked.reason))


@router.post(
    "/proposals/{proposal_id}/refuse",
    operation_id="refuseProposal",
    summary="Leave a threshold as it is",
    responses=ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def refuse(proposal_id: ProposalId, asked: Decision, tuner: Tuner, once: Once) -> ProposalView:
    """The same is not proposed again for as long as its outcomes are looked at."""
    return await _decide(
        tuner, once, Verdict(proposal_id, asked.version, approved=False, reason=asked.reason)
    )


async def _decide(tuner: Principal, once: OneCommand, verdict: Verdict) -> ProposalView:
    scope = tuner.scope(PURPOSE)

    async def work(conn: Connection) -> ProposalView:
        return ProposalView(**await decide.decide(Work(conn, tuner, scope, once.call), verdict))

    try:
        return await once.do(scope, ProposalView, work)
    except NotFound as error:
        raise not_found() from error
    except Stale as error:
        raise _stale(error.current) from error


def _stale(current: dict[str, Any]) -> ProblemError:
    shown = ProposalView(**current).model_dump(mode="json")
    code = "conflict" if shown["state"] == State.OPEN else "decided"
    detail = "Someone was faster." if code == "conflict" else "It is decided already."
    return ProblemError(HTTPStatus.CONFLICT, code, detail, current=shown)


def _span(now: datetime, days: int) -> Span:
    return Span(now - timedelta(days=days), now)
