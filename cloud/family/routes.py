"""``/family``: the homes that somebody follows, and the page of one of them.

What this is: parse, hand on, answer. What it is not: what a page says (``store`` and the pure parts under
it). The one idea: a home whose resident shares no more with the family is outside the reader's scope like
any stranger's; only that it ended is told, so that a page can say why it is empty.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path

from cloud.access import Api, require
from cloud.auth import Permission, Principal
from cloud.family import store
from cloud.family.views import FamilyHome, Followed
from cloud.problems import not_found, responses

router = APIRouter(tags=["family"])

HomeId = Annotated[int, Path(ge=1, lt=2**31, description="number of the home")]
Follower = Annotated[Principal, Depends(require(Permission.FOLLOW_HOME))]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@router.get("/family", operation_id="listFollowed", summary="The homes that I follow", responses=ERRORS)
async def list_followed(api: Api, reader: Follower) -> Followed:
    """Those that share with me, and those that do so no more."""
    scope = reader.usual_scope()
    async with api.reading(scope) as conn:
        found = await store.followed(conn, scope)
    api.saw(scope.purpose, [one.home_id for one in found.homes])
    return found


@router.get(
    "/family/homes/{home_id}",
    operation_id="readFollowed",
    summary="How things are at a home that I follow",
    responses=ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def read_followed(home_id: HomeId, api: Api, reader: Follower) -> FamilyHome:
    """One sentence, today in plain words, how help is getting on, and who looked."""
    scope = reader.usual_scope()
    async with api.reading(scope) as conn:
        found = await store.home(conn, scope, home_id, api.now, api.parts.ring)
    if found is None:
        raise not_found()
    api.saw(scope.purpose, [home_id])
    return found
