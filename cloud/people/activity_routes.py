"""``/homes/{home_id}/activity``, ``/places`` and ``/events``: a home's day on the screens of the centre.

What this is: parse, hand on, answer. What it is not: for a family: minute by minute is for whoever answers an
alarm (``READ_QUEUE``), a family reads sentences.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final, Self, TypeVar

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

from cloud import across
from cloud.access import Api, Call, needs, require
from cloud.auth import Module, Permission, Principal, Purpose
from cloud.consent import emergency
from cloud.consent import store as consents
from cloud.people.routes import HomeId
from cloud.problems import not_found, responses
from cloud.series import activity
from cloud.series.activity import ActivityView, EventsView, Home, PlacesView
from cloud.series.history import Span

router = APIRouter(tags=["homes"], dependencies=[Depends(needs(Module.MONITORING))])

LONGEST: Final = timedelta(days=8)
"""A week, whole days of it, seen from anywhere in today."""

Reader = Annotated[Principal, Depends(require(Permission.READ_QUEUE))]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
View = TypeVar("View", ActivityView, PlacesView, EventsView)


class SpanAsked(BaseModel):
    """Which part of a home's history, of at most eight days."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begin: AwareDatetime
    end: AwareDatetime

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not timedelta(0) < self.end - self.begin <= LONGEST:
            raise ValueError("begin comes before end, and at most eight days lie between")
        return self

    @property
    def span(self) -> Span:
        return Span(self.begin, self.end)


@router.get(
    "/homes/{home_id}/activity",
    operation_id="readActivity",
    summary="Where somebody was noticed, quarter by quarter",
    responses=ERRORS,
)
async def read_activity(
    home_id: HomeId, asked: Annotated[SpanAsked, Query()], api: Api, reader: Reader
) -> ActivityView:
    """One line for each place with a sensor; null where nobody listened. What is withheld is left out."""
    async with _within(api, reader, home_id) as home:
        view = await activity.activity(home, asked.span)
    return _shown(api, home, view)


@router.get(
    "/homes/{home_id}/places",
    operation_id="readPlaces",
    summary="Where somebody was last noticed",
    responses=ERRORS,
)
async def read_places(home_id: HomeId, api: Api, reader: Reader) -> PlacesView:
    """The latest place first: where to look for somebody who does not answer."""
    async with _within(api, reader, home_id) as home:
        view = await activity.places(home)
    return _shown(api, home, view)


@router.get(
    "/homes/{home_id}/events",
    operation_id="readHomeEvents",
    summary="What devices said happened",
    responses=ERRORS,
)
async def read_events(
    home_id: HomeId, asked: Annotated[SpanAsked, Query()], api: Api, reader: Reader
) -> EventsView:
    """Newest first; what is withheld is left out."""
    async with _within(api, reader, home_id) as home:
        view = await activity.events(home, asked.span)
    return _shown(api, home, view)


@asynccontextmanager
async def _within(api: Call, reader: Principal, home_id: int) -> AsyncIterator[Home]:
    """One moment of what the reader may see of the home: also one that another tenant has shared, and one
    whose glass they have broken.
    """
    scope = reader.usual_scope()
    async with api.reading(scope) as conn:
        scope = await across.to_visit(conn, reader, scope, home_id, api.now)
        scope = await emergency.to_rescue(conn, reader, scope, home_id, api.now)
        opened = scope.purpose is Purpose.EMERGENCY
        hidden = [] if opened else await consents.standing(conn, scope, home_id)

        def hides(kind: str, *, quantity: int | None = None, event: str | None = None) -> bool:
            return any(one.hides(kind, quantity=quantity, event=event) for one in hidden)

        yield Home(conn, scope, home_id, api.now, hides)


def _shown(api: Call, home: Home, view: View | None) -> View:
    if view is None:
        raise not_found()
    api.saw(home.scope.purpose if home.scope.purpose is Purpose.EMERGENCY else "home activity", [home.id])
    return view
