"""The homes part of ``/api/v1``."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from cloud.access import Api, require
from cloud.auth import Permission, Principal
from cloud.consent import emergency
from cloud.people.card import HomeCard, home_card
from cloud.problems import not_found, responses

router = APIRouter(tags=["homes"])

HomeId = Annotated[int, Path(ge=1, lt=2**31, description="number of the home")]


@router.get(
    "/homes/{home_id}",
    operation_id="readHome",
    summary="The card of one home",
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND),
)
async def read_home(
    home_id: HomeId, api: Api, reader: Annotated[Principal, Depends(require(Permission.READ_HOME))]
) -> HomeCard:
    """Resident, care circle, devices, last readings and events.

    Read for the purpose that the role usually has; family gets no notes and masked telephone numbers.
    """
    scope = reader.usual_scope()
    async with api.reading(scope) as conn:
        opened = await emergency.is_open(conn, scope, home_id, reader.staff_id, api.now)
        card = await home_card(conn, scope, home_id, api.now, ring=api.parts.ring, opened=opened)
    if card is None:
        raise not_found()
    api.saw("home card", [home_id])
    return card
