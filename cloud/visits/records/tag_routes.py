"""``/visits/tags``: the codes that hang at doors.

What this is: making them, one by one or a sheet for a whole place, and ending them. What it is not: what a
code shows when it is read (``desk``). The one idea: a code is told once, in the answer that made it; only its
digest is kept. On a sheet stands the home's key, and neither a name nor an address: somebody may find one.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Annotated, Final

import segno
from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from cloud.access import Api, needs, require
from cloud.auth import Module, Permission, Principal, Purpose
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.people import divisions
from cloud.problems import not_found, responses
from cloud.visits.at_desk import done
from cloud.visits.hours.store import Desk
from cloud.visits.records import desk as visits
from cloud.visits.records import store
from cloud.visits.records.views import NewTag, TagList, TagView

router = APIRouter(prefix="/visits", tags=["visits"], dependencies=[Depends(needs(Module.VISITS))])

PURPOSE: Final = Purpose.CONSOLE
TAG_BYTES: Final = 16
"""128 random bits: nobody guesses the code of a tag."""
SHEET: Final = 96
"""D. Labels of one sheet, four pages of paper: as many as somebody hangs before the next are printed."""

Leader = Annotated[Principal, Depends(require(Permission.LEAD_VISITS))]
HomeId = Annotated[int, Path(ge=1, lt=2**31, description="number of the home")]
TagId = Annotated[int, Path(ge=1, lt=2**31, description="number of the tag")]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
CHANGED: Final = ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND)


class NewSheet(BaseModel):
    """For the homes of a place and of those below it. ``again``: also where a tag is in force already."""

    model_config = ConfigDict(extra="forbid")

    division: Annotated[str, Field(pattern="^[0-9]{12}$")]
    again: bool = False


class Label(BaseModel):
    """What hangs at one door. ``home``: its key. ``qr``: a picture of the code, as an address of data."""

    id: int
    home: str
    qr: str


class Sheet(BaseModel):
    """Labels to print, by place and key. ``more``: homes of the place that are not on it."""

    labels: list[Label]
    more: bool


@router.get("/homes/{home_id}/tags", operation_id="listTags", summary="Tags at a door", responses=ERRORS)
async def list_tags(home_id: HomeId, api: Api, leader: Leader) -> TagList:
    """Those that were ever made; none for a home that is not there."""
    scope = leader.scope(PURPOSE)
    async with api.reading(scope) as conn:
        found = await store.rows(conn, "tags", scope, id=None, home_id=home_id)
    api.saw(scope.purpose, {row["home_id"] for row in found})
    return TagList(tags=[TagView(**row) for row in found])


@router.post(
    "/homes/{home_id}/tags",
    operation_id="addTag",
    summary="Make a tag for a door",
    status_code=HTTPStatus.CREATED,
    responses=CHANGED,
)
async def add_tag(home_id: HomeId, leader: Leader, once: Once) -> NewTag:
    """The code is written into an NFC tag, or printed as QR, and kept nowhere."""

    async def work(desk: Desk) -> NewTag:
        made, code = await _make(desk, home_id)
        once.call.saw(desk.scope.purpose, [home_id])
        row = (await store.rows(desk.conn, "tags", desk.scope, id=made, home_id=None))[0]
        return NewTag(**row, code=code)

    return await done(once, leader, NewTag, work, {})


@router.post("/tags/{tag_id}/withdraw", operation_id="withdrawTag", summary="End a tag", responses=CHANGED)
async def withdraw_tag(tag_id: TagId, leader: Leader, once: Once) -> TagView:
    """From now on it shows nothing; 404 when it is withdrawn already."""

    async def work(desk: Desk) -> TagView:
        if not await store.rows(desk.conn, "withdraw_tag", desk.scope, id=tag_id, now=desk.now):
            raise not_found()
        row = (await store.rows(desk.conn, "tags", desk.scope, id=tag_id, home_id=None))[0]
        once.call.saw(desk.scope.purpose, [row["home_id"]])
        return TagView(**row)

    return await done(once, leader, TagView, work, {})


@router.post(
    "/tags/sheet",
    operation_id="drawTags",
    summary="Make a sheet of tags for the doors of a place",
    status_code=HTTPStatus.CREATED,
    responses=CHANGED,
)
async def draw_tags(asked: NewSheet, leader: Leader, once: Once) -> Sheet:
    """At most 96 labels to print and cut out; asked again, it goes on with the doors that have none yet."""
    within = divisions.own_digits(asked.division)
    address = once.call.parts.settings.web.public_url.rstrip("/")

    async def work(desk: Desk) -> Sheet:
        wanted = {"within": within, "again": asked.again, "limit": SHEET + 1}
        homes = await store.rows(desk.conn, "homes_for_tags", desk.scope, **wanted)
        shown = homes[:SHEET]
        once.call.saw(desk.scope.purpose, [home["id"] for home in shown])
        labels = []
        for home in shown:
            made, code = await _make(desk, home["id"])
            labels.append(Label(id=made, home=home["key"], qr=picture(address, code)))
        return Sheet(labels=labels, more=len(homes) > SHEET)

    return await done(once, leader, Sheet, work, {})


def picture(address: str, code: str) -> str:
    """The QR picture of ``code``: an address of the field page below ``address``, the code alone where that
    is not known.
    """
    content = f"{address}/field/#tag={code}" if address else code
    return segno.make(content, error="m", micro=False).svg_data_uri(scale=4, border=4)


async def _make(desk: Desk, home_id: int) -> tuple[int, str]:
    """The number and the code of a new tag.

    Raises:
        ProblemError: 404 there is no such home in use.
    """
    code = secrets.token_urlsafe(TAG_BYTES)
    values = {"digest": visits.digest_of(code), "staff_id": desk.staff_id, "now": desk.now}
    found = await store.rows(desk.conn, "add_tag", desk.scope, home_id=home_id, **values)
    if not found:
        raise not_found()
    return found[0]["id"], code
