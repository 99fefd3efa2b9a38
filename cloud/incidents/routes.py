"""The incident part of ``/api/v1``: the queue at one moment, one incident, and a person's answers to it.

What this is: parse, hand on, answer. What it is not: it decides nothing; which answer fits which state is
``machine``'s table. The one idea: each route is one trigger, and a command with an ``Idempotency-Key`` is
done once however often a flaky line repeats it.
"""

from __future__ import annotations

import gzip
from http import HTTPStatus
from typing import Annotated, Final, Literal

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud import across
from cloud.access import Api, Text, require
from cloud.auth import Permission, Principal, Purpose
from cloud.db.scope import narrow
from cloud.incidents import store
from cloud.incidents.commands import Commands, commands
from cloud.incidents.machine import Trigger
from cloud.incidents.model import IncidentDetail, IncidentView, OutcomeCode, Snapshot
from cloud.incidents.script import Question
from cloud.problems import not_found, responses

router = APIRouter(tags=["incidents"])

MAX_ETA_MINUTES: Final = 24 * 60
PACKED_FROM: Final = 16_384
"""D. Bytes of a snapshot from which on packing it saves time; it holds no secret that a guess could be tried
against."""
PACKED_LEVEL: Final = 1
"""Of gzip: the county's repeated words go with the least effort."""

IncidentId = Annotated[int, Path(ge=1, lt=2**63, description="number of the incident")]
Reader = Annotated[Principal, Depends(require(Permission.READ_QUEUE))]
Do = Annotated[Commands, Depends(commands)]

READ_ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
ACT_ERRORS: Final = READ_ERRORS | responses(HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


class Answer(BaseModel):
    """What every action carries: the version of the incident the person was looking at."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, lt=2**31)


class Triage(Answer):
    """The script is done; ``priority`` if it turned out otherwise (it may rise or fall here)."""

    priority: int | None = Field(default=None, ge=1, le=5)


class Reply(Answer):
    """What somebody answered to one question of the script."""

    question: Question
    yes: bool


class Dispatch(Answer):
    """Someone is on the way: then who and when they arrive. Without a name the care circle is asked."""

    responder: Text = Field(default="", max_length=100)
    eta_minutes: int | None = Field(default=None, ge=1, le=MAX_ETA_MINUTES)


class Emergency(Answer):
    """A public service was called."""

    service: Literal["110", "119", "120"]


class Note(Answer):
    """A remark for the timeline."""

    note: Text = Field(min_length=1, max_length=2_000)


class Report(Answer):
    """What the responder found so far."""

    outcome: OutcomeCode | None = None
    note: Text = Field(default="", max_length=2_000)


class Close(Answer):
    """What it turned out to be."""

    outcome: OutcomeCode
    note: Text = Field(default="", max_length=2_000)


@router.get(
    "/snapshot",
    operation_id="readSnapshot",
    summary="All a console needs to start",
    response_model=Snapshot,
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
)
async def read_snapshot(request: Request, api: Api, reader: Reader) -> Response:
    """Open incidents, homes, and the change id to continue ``/stream`` from, all of one moment."""
    scope = reader.scope(Purpose.CONSOLE)
    api.saw(scope.purpose, scope.homes)
    async with api.reading(scope) as conn:
        seen = await store.snapshot(conn, scope, api.now)
        for shared in await across.all_shared(conn, reader, scope, api.now):
            await narrow(conn, shared)
            seen.incidents.extend(await store.open_incidents(conn, shared, api.now))
    return await _packed(request, seen.model_dump_json().encode())


async def _packed(request: Request, body: bytes) -> Response:
    """JSON, packed for whoever takes that: of 3,000 homes 99 kB are sent instead of 610."""
    headers = {"Vary": "Accept-Encoding"}
    if len(body) >= PACKED_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        body = await to_thread.run_sync(gzip.compress, body, PACKED_LEVEL)
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="application/json", headers=headers)


@router.get(
    "/incidents/{incident_id}",
    operation_id="readIncident",
    summary="Everything the incident pane shows",
    responses=READ_ERRORS,
)
async def read_incident(incident_id: IncidentId, api: Api, reader: Reader) -> IncidentDetail:
    """One incident with its timeline, ladder and messages."""
    scope = reader.scope(Purpose.CONSOLE)
    async with api.reading(scope) as conn:
        scope = await across.to_read(conn, reader, scope, incident_id, api.now)
        try:
            detail = await store.detail(conn, scope, incident_id, api.parts.ring)
        except store.NotFound as error:
            raise not_found() from error
    api.saw(scope.purpose, [detail.incident.home_id])
    return detail


@router.post(
    "/incidents/{incident_id}/ack",
    operation_id="acknowledgeIncident",
    summary="I take it",
    responses=ACT_ERRORS,
)
async def acknowledge(incident_id: IncidentId, answer: Answer, do: Do) -> IncidentView:
    """Take the incident: its clock for the first answer stops, its owner is shown to all."""
    return await _act(do, incident_id, Trigger.ACK, answer)


@router.post(
    "/incidents/{incident_id}/voice",
    operation_id="speakWithResident",
    summary="I am speaking with the home",
    responses=ACT_ERRORS,
)
async def voice(incident_id: IncidentId, answer: Answer, do: Do) -> IncidentView:
    """A call to the home has begun."""
    return await _act(do, incident_id, Trigger.VOICE, answer)


@router.post(
    "/incidents/{incident_id}/triage",
    operation_id="triageIncident",
    summary="The script is done",
    responses=ACT_ERRORS,
)
async def triage(incident_id: IncidentId, answer: Triage, do: Do) -> IncidentView:
    """The questions are answered; the priority may be corrected."""
    return await _act(do, incident_id, Trigger.TRIAGE, answer)


@router.post(
    "/incidents/{incident_id}/reply",
    operation_id="answerOfScript",
    summary="One answer of the first call",
    responses=ACT_ERRORS,
)
async def reply(incident_id: IncidentId, answer: Reply, do: Do) -> IncidentView:
    """Kept in the timeline. Somebody is heard: the line's clock begins anew. Danger makes it a P1 at once."""
    return await _act(do, incident_id, Trigger.REPLY, answer)


@router.post(
    "/incidents/{incident_id}/dispatch",
    operation_id="dispatchResponder",
    summary="Someone is on the way",
    responses=ACT_ERRORS,
)
async def dispatch(incident_id: IncidentId, answer: Dispatch, do: Do) -> IncidentView:
    """With a responder: they are on the way. Without: the ladder of the care circle runs."""
    return await _act(do, incident_id, Trigger.DISPATCH, answer)


@router.post(
    "/incidents/{incident_id}/arrive",
    operation_id="arriveAtHome",
    summary="The responder is at the door",
    responses=ACT_ERRORS,
)
async def arrive(incident_id: IncidentId, answer: Answer, do: Do) -> IncidentView:
    """Someone stands at the door."""
    return await _act(do, incident_id, Trigger.ARRIVE, answer)


@router.post(
    "/incidents/{incident_id}/enter",
    operation_id="enterHome",
    summary="The responder is inside",
    responses=ACT_ERRORS,
)
async def enter(incident_id: IncidentId, answer: Answer, do: Do) -> IncidentView:
    """The door is open; the clock for a forced entry stops."""
    return await _act(do, incident_id, Trigger.ENTER, answer)


@router.post(
    "/incidents/{incident_id}/report",
    operation_id="reportOutcome",
    summary="What the responder found",
    responses=ACT_ERRORS,
)
async def report(incident_id: IncidentId, answer: Report, do: Do) -> IncidentView:
    """The responder is done; the outcome is still to be confirmed by closing."""
    return await _act(do, incident_id, Trigger.REPORT, answer)


@router.post(
    "/incidents/{incident_id}/emergency",
    operation_id="callEmergencyService",
    summary="110, 119 or 120 was called",
    responses=ACT_ERRORS,
)
async def emergency(incident_id: IncidentId, answer: Emergency, do: Do) -> IncidentView:
    """A public emergency service was called by telephone; this records it."""
    return await _act(do, incident_id, Trigger.EMERGENCY, answer)


@router.post(
    "/incidents/{incident_id}/monitor",
    operation_id="monitorIncident",
    summary="Safe for now, watch",
    responses=ACT_ERRORS,
)
async def monitor(incident_id: IncidentId, answer: Answer, do: Do) -> IncidentView:
    """Keep the incident open and look again later."""
    return await _act(do, incident_id, Trigger.MONITOR, answer)


@router.post(
    "/incidents/{incident_id}/note",
    operation_id="noteOnIncident",
    summary="A remark for the timeline",
    responses=ACT_ERRORS,
)
async def note(incident_id: IncidentId, answer: Note, do: Do) -> IncidentView:
    """Write a remark; the state stays."""
    return await _act(do, incident_id, Trigger.NOTE, answer)


@router.post(
    "/incidents/{incident_id}/close",
    operation_id="closeIncident",
    summary="Close with an outcome",
    responses=ACT_ERRORS,
)
async def close(incident_id: IncidentId, answer: Close, do: Do) -> IncidentView:
    """Say what it turned out to be; the ladder and all timers stop."""
    return await _act(do, incident_id, Trigger.CLOSE, answer)


@router.post(
    "/incidents/{incident_id}/follow_up",
    operation_id="followUpIncident",
    summary="Resolved, but a visit remains to be made",
    responses=ACT_ERRORS,
)
async def follow_up(incident_id: IncidentId, answer: Answer, do: Do) -> IncidentView:
    """The emergency is over; the caseworker takes up what it showed."""
    return await _act(do, incident_id, Trigger.FOLLOW_UP, answer)


@router.post(
    "/incidents/{incident_id}/reopen",
    operation_id="reopenIncident",
    summary="It is not over",
    responses=ACT_ERRORS,
)
async def reopen(incident_id: IncidentId, answer: Answer, do: Do) -> IncidentView:
    """Raise a closed incident again."""
    return await _act(do, incident_id, Trigger.REOPEN, answer)


async def _act(do: Commands, incident_id: int, trigger: Trigger, answer: Answer) -> IncidentView:
    detail = answer.model_dump(exclude={"version"}, exclude_none=True)
    return await do.do(incident_id, trigger, answer.version, detail)
