"""``/map`` and ``/tiles``: what one picture of the county shows beside its homes and incidents.

What this is: parse, hand on, answer. Homes and incidents come by ``/snapshot`` and ``/stream``. The one idea:
how far somebody gets within a quarter of an hour is said here, by the estimate that the search for helpers
uses, so a circle on the map and a name in the dispatch dialog never contradict each other.
"""

from __future__ import annotations

import base64
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel

from cloud.access import Api, require
from cloud.atlas import store
from cloud.atlas.datum import Datum
from cloud.atlas.tiles import NoSuchTile, Picture, Shelf, TilesOff
from cloud.atlas.tiles import Place as TilePlace
from cloud.auth import Permission, Principal, Purpose
from cloud.dispatch.search import local
from cloud.problems import ProblemError, not_found, responses
from cloud.respond import ground, standby
from cloud.respond.travel import Mode, reach_m
from cloud.settings import Tiles

router = APIRouter(tags=["map"])

Overseer = Annotated[Principal, Depends(require(Permission.SHARE_INCIDENT))]
Reader = Annotated[Principal, Depends(require(Permission.READ_QUEUE))]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
FOUND: Final = ERRORS | responses(HTTPStatus.NOT_FOUND)
Zoom = Annotated[int, Path(ge=0, le=22)]
Index = Annotated[int, Path(ge=0, lt=2**22)]
TilesId = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,31}$", description="of the settings")]
LayerId = Annotated[int, Path(ge=1, lt=2**31, description="number of the layer")]
KEPT_S: Final = 3_600
"""D. A browser asks for the same picture again after an hour."""
NOTHING: Final = Picture(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    ),
    "image/png",
)
"""A clear pixel: where a base map ends the map goes on, and nothing is broken."""


class CentreView(BaseModel):
    """Where workers start from. ``reach_m``: as the crow flies, by car within ``within_s``."""

    id: int
    name: str
    latitude: float
    longitude: float
    reach_m: float


class HelperView(BaseModel):
    """Somebody who may be asked to go. ``seen_at``: when they last said where they are; ``null``: it is
    where they live or start from. ``free``: they could be asked now. ``reach_m``: as they travel.
    """

    id: int
    name: str
    kind: str
    mode: str
    latitude: float
    longitude: float
    seen_at: datetime | None
    free: bool
    reach_m: float


class PlaceView(BaseModel):
    """A division by its name, in the middle of its homes."""

    code: str
    name: str
    latitude: float
    longitude: float
    homes: int


class LayerView(BaseModel):
    """Outlines that the operator brought. ``within_m``: how far they may be off, being simplified."""

    id: int
    name: str
    attribution: str
    review_no: str
    within_m: float
    imported_at: datetime


class TilesView(BaseModel):
    """A base map. ``datum``: to what its pictures refer."""

    id: str
    attribution: str
    review_no: str
    datum: Datum
    min_zoom: int
    max_zoom: int


class MapView(BaseModel):
    """All positions are WGS-84. ``within_s``: for what ``reach_m`` counts."""

    now: datetime
    within_s: int
    centres: list[CentreView]
    helpers: list[HelperView]
    places: list[PlaceView]
    layers: list[LayerView]
    tiles: list[TilesView]


class Outline(BaseModel):
    """``lines``: of latitude and longitude, WGS-84."""

    name: str
    lines: list[list[tuple[float, float]]]


class OutlinesView(BaseModel):
    """What of a layer is drawn."""

    outlines: list[Outline]


@router.get("/map", operation_id="readMap", summary="What the map shows beside homes", responses=ERRORS)
async def read_map(request: Request, api: Api, overseer: Overseer) -> MapView:
    """Workers on duty, people who live near, centres, names of places, and which layers there are."""
    scope = overseer.scope(Purpose.CONSOLE)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        found = {
            name: await store.rows(conn, name, scope, api.now)
            for name in ("centres", "helpers", "places", "layers")
        }
    return MapView(
        now=api.now,
        within_s=round(standby.WITHIN.total_seconds()),
        centres=[CentreView(**row, reach_m=reach_m(standby.WITHIN, Mode.CAR)) for row in found["centres"]],
        helpers=[_helper(row, api.now) for row in found["helpers"]],
        places=[PlaceView(**row) for row in found["places"]],
        layers=[LayerView(**row) for row in found["layers"]],
        tiles=[_tiles(layer) for layer in shelf_of(request).layers],
    )


@router.get(
    "/map/layers/{layer_id}", operation_id="readMapLayer", summary="Outlines of one layer", responses=FOUND
)
async def read_map_layer(layer_id: LayerId, api: Api, reader: Reader) -> OutlinesView:
    """Public geography: the same for everybody."""
    scope = reader.scope(Purpose.CONSOLE)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        text = await store.outlines(conn, layer_id)
    if text is None:
        raise not_found()
    return OutlinesView.model_validate_json(f'{{"outlines":{text}}}')


@router.get(
    "/tiles/{tiles_id}/{z}/{x}/{y}",
    operation_id="readTile",
    summary="One picture of a base map",
    response_class=Response,
    responses=FOUND
    | responses(HTTPStatus.SERVICE_UNAVAILABLE)
    | {200: {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def read_tile(  # noqa: PLR0917 - FastAPI passes by name
    tiles_id: TilesId, z: Zoom, x: Index, y: Index, request: Request, reader: Reader
) -> Response:
    """A clear picture where the base map has none; 503 ``tiles_off`` while it does not answer."""
    del reader
    try:
        picture = await shelf_of(request).picture(tiles_id, TilePlace(z, x, y)) or NOTHING
    except NoSuchTile as error:
        raise not_found() from error
    except TilesOff as error:
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "tiles_off",
            "The base map does not answer; the map works without.",
        ) from error
    headers = {"Cache-Control": f"private, max-age={KEPT_S}"}
    return Response(picture.content, media_type=picture.kind, headers=headers)


def shelf_of(request: Request) -> Shelf:
    """The base maps of the application."""
    shelf = request.app.state.tiles
    assert isinstance(shelf, Shelf)  # noqa: S101 - create_app puts it there
    return shelf


def _helper(row: dict[str, Any], now: datetime) -> HelperView:
    hours = ground.Hours(frozenset(row["days"]), row["from_min"], row["to_min"])
    asked_now = row["kind"] == "worker" or hours.include(local(row["time_zone"], now))
    return HelperView(
        **row, free=asked_now and not row["busy"], reach_m=reach_m(standby.WITHIN, Mode(row["mode"]))
    )


def _tiles(layer: Tiles) -> TilesView:
    return TilesView(
        id=layer.id,
        attribution=layer.attribution,
        review_no=layer.review_no,
        datum=Datum(layer.datum),
        min_zoom=layer.min_zoom,
        max_zoom=layer.max_zoom,
    )
