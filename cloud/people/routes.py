"""The homes part of ``/api/v1``."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

from cloud import across
from cloud.access import Api, needs, require
from cloud.auth import Module, Permission, Principal, Purpose
from cloud.consent import emergency
from cloud.consent import store as consents
from cloud.people.card import HomeCard, home_card
from cloud.problems import not_found, responses
from cloud.series import history
from cloud.series.history import Resolution, SeriesView, Span
from firmware_protocols.model import Quantity

router = APIRouter(tags=["homes"])

HomeId = Annotated[int, Path(ge=1, lt=2**31, description="number of the home")]


class SeriesAsked(BaseModel):
    """Which part of a home's history. ``resolution``: absent, what suits the span."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quantity: Quantity
    begin: AwareDatetime
    end: AwareDatetime
    resolution: Resolution | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.begin >= self.end:
            raise ValueError("begin comes before end")
        return self


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

    Read for the purpose that the role usually has; family gets no notes and masked telephone numbers. Who has
    broken the glass for an incident there reads for the emergency: the whole card, also of a home not theirs.
    """
    scope = reader.usual_scope()
    async with api.reading(scope) as conn:
        scope = await across.to_visit(conn, reader, scope, home_id, api.now)
        scope = await emergency.to_rescue(conn, reader, scope, home_id, api.now)
        opened = scope.purpose is Purpose.EMERGENCY
        card = await home_card(conn, scope, home_id, api.now, ring=api.parts.ring, opened=opened)
    if card is None:
        raise not_found()
    api.saw(scope.purpose if opened else "home card", [home_id])
    return card


@router.get(
    "/homes/{home_id}/series",
    operation_id="readSeries",
    summary="One quantity of one home over time",
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND),
    dependencies=[Depends(needs(Module.MONITORING))],
)
async def read_series(
    home_id: HomeId,
    asked: Annotated[SeriesAsked, Query()],
    api: Api,
    reader: Annotated[Principal, Depends(require(Permission.READ_HOME))],
) -> SeriesView:
    """Single readings for half a day, quarters of an hour for a week, hours for two months, days beyond.

    What is withheld for want of consent is left out, as on the card.
    """
    scope, span = reader.usual_scope(), Span(asked.begin, asked.end)
    async with api.reading(scope) as conn:
        scope = await emergency.to_rescue(conn, reader, scope, home_id, api.now)
        opened = scope.purpose is Purpose.EMERGENCY
        hidden = [] if opened else await consents.standing(conn, scope, home_id)
        view = await history.series(
            conn,
            scope,
            home_id,
            asked.quantity,
            span=span,
            now=api.now,
            resolution=asked.resolution,
            hides=lambda kind: any(one.hides(kind, quantity=asked.quantity.number) for one in hidden),
        )
    if view is None:
        raise not_found()
    api.saw(scope.purpose if opened else "home series", [home_id])
    return view
