"""The figures part of ``/api/v1``."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends

from cloud.access import Api, needs, require
from cloud.auth import CITY_ROLES, Module, Permission, Principal, Purpose
from cloud.figures import directory
from cloud.figures.model import Figures, figures
from cloud.problems import responses

router = APIRouter(tags=["figures"], dependencies=[Depends(needs(Module.REPORTS))])


@router.get(
    "/figures",
    operation_id="readFigures",
    summary="The numbers of a county, or of a city's counties",
    responses=responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
)
async def read_figures(
    api: Api, reader: Annotated[Principal, Depends(require(Permission.READ_FIGURES))]
) -> Figures:
    """Homes, gateways online, open incidents, and how fast people answered; no person is named.

    The roles of a city also see the tenants below their own, and the counties that keep a database of their
    own. One that does not answer is in ``silent`` and counts with its last word.
    """
    scope = reader.scope(Purpose.FIGURES)
    api.saw(scope.purpose, [])
    counties = api.parts.settings.county if reader.role in CITY_ROLES else ()
    async with api.reading(scope) as conn:
        below = await directory.below(conn, scope, counties)
    answers = await directory.ask(below, api.now)
    async with api.writing(scope) as conn:
        await directory.keep(conn, answers, api.now)
        own = await directory.own(conn, api.now)
        return figures(api.now, own, await directory.with_last_words(conn, answers))
