"""``POST /incidents/actions``: many answers in one request, each done and answered for itself.

What this is: the list, and its answers in the same order. What it is not: one transaction: in a flood of
alarms one that somebody else has taken must not undo the others. The one idea: each item is a command of its
own, with a key derived from the request's, so a repeat goes on where the first one was cut off and does
nothing twice.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from cloud.incidents.machine import Trigger
from cloud.incidents.model import IncidentView
from cloud.incidents.routes import Answer, Close, Dispatch, Do, Emergency, Note, Report, Triage
from cloud.problems import Problem, ProblemError, document, responses

router = APIRouter(tags=["incidents"])

MOST: Final = 100
"""Items of one request: a county's flood on one screen, done within about two seconds."""
_CARRIED: Final = {"version", "incident_id", "action"}


class _Item(Answer):
    incident_id: int = Field(ge=1, lt=2**63)


class PlainItem(_Item):
    """An action that needs no more than the version."""

    action: Literal["ack", "voice", "arrive", "enter", "monitor", "follow_up", "reopen"]


class TriageItem(_Item, Triage):
    """See ``triageIncident``."""

    action: Literal["triage"]


class DispatchItem(_Item, Dispatch):
    """See ``dispatchResponder``."""

    action: Literal["dispatch"]


class EmergencyItem(_Item, Emergency):
    """See ``callEmergencyService``."""

    action: Literal["emergency"]


class NoteItem(_Item, Note):
    """See ``noteOnIncident``."""

    action: Literal["note"]


class ReportItem(_Item, Report):
    """See ``reportOutcome``."""

    action: Literal["report"]


class CloseItem(_Item, Close):
    """See ``closeIncident``."""

    action: Literal["close"]


Item = Annotated[
    PlainItem | TriageItem | DispatchItem | EmergencyItem | NoteItem | ReportItem | CloseItem,
    Field(discriminator="action"),
]


class Actions(BaseModel):
    """What is to be done, in this order."""

    model_config = ConfigDict(extra="forbid")

    actions: list[Item] = Field(min_length=1, max_length=MOST)


class ItemAnswer(BaseModel):
    """What became of one item: ``incident`` with status 200, else ``problem``."""

    incident_id: int
    status: int
    incident: IncidentView | None = None
    problem: Problem | None = None


class ActionAnswers(BaseModel):
    """One answer per item, in the order of the items."""

    answers: list[ItemAnswer]


@router.post(
    "/incidents/actions",
    operation_id="actOnIncidents",
    summary="Many answers in one request",
    responses=responses(
        HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY
    ),
)
async def act_on_incidents(asked: Actions, do: Do) -> ActionAnswers:
    """Each item succeeds or fails for itself; the request answers 200 with an answer for each."""
    return ActionAnswers(
        answers=[await _answer(number, item, do) for number, item in enumerate(asked.actions)]
    )


async def _answer(number: int, item: Item, do: Do) -> ItemAnswer:
    detail = item.model_dump(exclude=_CARRIED, exclude_none=True)
    part = do.part(number, item.model_dump_json().encode())
    try:
        incident = await part.do(item.incident_id, Trigger(item.action), item.version, detail)
    except ProblemError as problem:
        status = problem.status.value
        return ItemAnswer(incident_id=item.incident_id, status=status, problem=document(problem))
    return ItemAnswer(incident_id=item.incident_id, status=HTTPStatus.OK, incident=incident)
