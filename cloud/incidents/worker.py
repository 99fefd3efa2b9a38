"""``POST /api/v1/sos``: a worker calls for help for themselves.

What this is: the one incident that a signed-in person opens. What it is not: an alarm of the home it stands
at: that is only where to go, so neither the care circle nor the family nor the home's own loudspeaker hears
of it. The one idea: whoever calls is heard, wherever they are; a place that is not sure is said to be so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from psycopg.types.json import Jsonb
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cloud.access import Call, Text, require
from cloud.auth import Permission, Principal, Purpose, Scope
from cloud.db import Connection, Queries
from cloud.incidents import rows
from cloud.incidents.kinds import Family
from cloud.incidents.machine import Detail, Trigger, opened
from cloud.incidents.model import Priority
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.problems import ProblemError, responses

router = APIRouter(tags=["incidents"])

KIND: Final = "worker"
BY_VISIT: Final = "visit"
"""How the statement ``where`` says that it went by visits alone."""
OLDEST: Final = timedelta(days=1)
"""How long a call may have waited in a telephone for a network and still say when it was made. D."""

_SQL: Final = Queries("cloud.incidents", "worker.sql")
Worker = Annotated[Principal, Depends(require(Permission.HANDLE_INCIDENT))]


class Spot(BaseModel):
    """Where the telephone is, WGS 84, right within ``accuracy_m``."""

    model_config = ConfigDict(extra="forbid")

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    accuracy_m: Annotated[float, Field(ge=0, le=100_000)]


class Sos(BaseModel):
    """A call for help. ``home_id``: of the visit that they are at or on the way to; ``waited_s``: how long
    the telephone could not send it.
    """

    model_config = ConfigDict(extra="forbid")

    home_id: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    place: Spot | None = None
    waited_s: Annotated[int, Field(ge=0, le=int(OLDEST.total_seconds()))] = 0
    words: Annotated[Text, Field(max_length=500)] = ""


class SosView(BaseModel):
    """It was heard. ``opened_at``: when the incident was opened that it belongs to."""

    incident_id: int
    opened_at: AwareDatetime


@router.post(
    "/sos",
    operation_id="callForMyself",
    summary="I am in danger",
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) | ONCE_ERRORS,
)
async def call(asked: Sos, worker: Worker, once: Once) -> SosView:
    """A P1 at the door they are at. 409 ``nowhere``: nobody knows where that is; call 110."""
    # Whoever is in danger may stand before any door of the county, assigned to it or not.
    scope = worker.scope(Purpose.EMERGENCY)

    async def work(conn: Connection) -> SosView:
        return await _open(conn, scope, worker, asked, once.call)

    return await once.do(scope, SosView, work)


async def _open(conn: Connection, scope: Scope, worker: Principal, asked: Sos, api: Call) -> SosView:
    where = await _where(conn, scope, worker, asked, api.now)
    home = {"home_id": where["home_id"]}
    api.saw(scope.purpose, [where["home_id"]])
    await conn.execute(_SQL["lock"], {**scope.params, **home})
    at, evidence = api.now - timedelta(seconds=asked.waited_s), _evidence(worker, asked, where["how"])
    known = await rows.maybe(conn, "open_incident_of_family", **home, family=Family.WORKER.value)
    if known is not None:
        row = await rows.lock(conn, known["id"])
        detail = Detail(priority=Priority.LIFE)
        await rows.take(conn, row, rows.Step(Trigger.ALARM, worker.actor, api.now, detail, evidence))
        return SosView(incident_id=row.id, opened_at=known["opened_at"])
    columns = {
        "tenant_id": where["tenant_id"],
        **home,
        "kind": KIND,
        "family": Family.WORKER.value,
        "observed_at": at,
        "room": "",
        "evidence": Jsonb(evidence),
    }
    step = rows.Step(Trigger.ALARM, worker.actor, api.now, record=evidence)
    number = await rows.create(conn, columns, opened(Priority.LIFE, api.now), step)
    return SosView(incident_id=number, opened_at=api.now)


async def _where(
    conn: Connection, scope: Scope, worker: Principal, asked: Sos, now: datetime
) -> dict[str, Any]:
    values = {
        "home_id": asked.home_id,
        "latitude": asked.place.latitude if asked.place else None,
        "longitude": asked.place.longitude if asked.place else None,
        "staff_id": worker.staff_id,
        "now": now,
    }
    found = await (await conn.execute(_SQL["where"], {**scope.params, **values})).fetchone()
    if found is None:
        detail = "Nobody knows where you are: call 110."
        raise ProblemError(HTTPStatus.CONFLICT, "nowhere", detail)
    return found


def _evidence(worker: Principal, asked: Sos, how: str) -> dict[str, Any]:
    """What whoever answers must know: who calls, from where, and how sure that is."""
    said = {"worker": worker.name, "staff_id": worker.staff_id, "place_unsure": how == BY_VISIT}
    place = asked.place.model_dump() if asked.place else {}
    more = {"words": asked.words, "waited_s": asked.waited_s}
    return said | place | {name: value for name, value in more.items() if value}
