"""``/family/hushes`` and ``/family/homes/{home_id}/hush``: of which homes I want to hear nothing for a while.

What this is: parse, hand on, answer. What it is not: the rule (``hushing``). The one idea: like a mute of the
desk there is none without a reason and an end, and each speaks for oneself alone.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter

from cloud.access import Api
from cloud.db import Connection
from cloud.family import hushing
from cloud.family.routes import ERRORS, Follower, HomeId
from cloud.family.views import Hushes, NewHush
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.problems import not_found, responses

router = APIRouter(tags=["family"])

CHANGES = ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND)


@router.get("/family/hushes", operation_id="listHushes", summary="What I hear nothing of", responses=ERRORS)
async def list_hushes(api: Api, reader: Follower) -> Hushes:
    """One's own, as long as they stand."""
    scope = reader.usual_scope()
    async with api.reading(scope) as conn:
        found = Hushes(hushes=await hushing.standing(conn, scope, api.now))
    api.saw(scope.purpose, [one.home_id for one in found.hushes])
    return found


@router.put(
    "/family/homes/{home_id}/hush",
    operation_id="hushHome",
    summary="Tell me nothing of this home for a while",
    responses=CHANGES,
)
async def hush_home(home_id: HomeId, asked: NewHush, reader: Follower, once: Once) -> Hushes:
    """In place of what was asked before. Of a life and of what is urgent one always hears. ``alone``: nobody
    else of the care circle can be told, so the duty managers have been.
    """
    scope, now = reader.usual_scope(), once.call.now

    async def work(conn: Connection) -> Hushes:
        until = now + timedelta(hours=asked.hours)
        if not await hushing.begin(conn, reader, home_id, asked.kinds, asked.reason, until, now):
            raise not_found()
        once.call.saw(scope.purpose, [home_id])
        return Hushes(hushes=await hushing.standing(conn, scope, now))

    return await once.do(scope, Hushes, work)


@router.delete(
    "/family/homes/{home_id}/hush",
    operation_id="endHush",
    summary="Tell me of this home again",
    status_code=HTTPStatus.NO_CONTENT,
    responses=CHANGES,
)
async def end_hush(home_id: HomeId, reader: Follower, once: Once) -> None:
    """404 when nothing stood."""
    scope = reader.usual_scope()

    async def work(conn: Connection) -> None:
        if not await hushing.end(conn, reader, home_id, once.call.now):
            raise not_found()
        once.call.saw(scope.purpose, [home_id])

    await once.carry_out(scope, work)
