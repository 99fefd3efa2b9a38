"""What one person may ask of a county through its administrator: to see all, to be forgotten, to be kept.

What this is: parse, hand on, answer. What it is not: a decision (``wish``, ``holds``, ``export``). The one
idea: what leaves the house or cannot be taken back asks for whoever is at the screen again, and an erasure
for a second person besides.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import IO, Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from cloud import cursors
from cloud.access import Api, present, require
from cloud.auth import Permission, Principal, Purpose, Scope
from cloud.consent import store as consents
from cloud.cursors import Asked as Paged
from cloud.cursors import ById
from cloud.db import Connection
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.privacy import export, holds, rights, wish
from cloud.privacy.person_views import ErasureStep, ErasureView, HeldBack, HoldPage, HoldView, Obstacle
from cloud.privacy.tables import HELD_BACK
from cloud.privacy.views import Reason
from cloud.problems import ProblemError, not_found, responses

router = APIRouter(tags=["rights"])

PURPOSE: Final = Purpose.RIGHTS
ResidentId = Annotated[int, Path(ge=1, lt=2**31, description="number of the resident")]
HoldId = Annotated[int, Path(ge=1, lt=2**31, description="number of the hold")]
Keeper = Annotated[Principal, Depends(require(Permission.MANAGE_PERSON))]
Present = Annotated[Principal, Depends(present(Permission.MANAGE_PERSON))]
PIECE: Final = 256 * 1024
HOLDS: Final = "holds"

READ_ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
WRITE_ERRORS: Final = READ_ERRORS | ONCE_ERRORS
_ZIP: Final = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}
_PACKING: Final = asyncio.Semaphore(1)
"""An archive may hold a million rows: one after the other, so that a screen never waits for two."""


@router.get(
    "/residents/{resident_id}/export",
    operation_id="exportPerson",
    summary="All that is stored of one person, to take along",
    response_class=StreamingResponse,
    responses={HTTPStatus.OK.value: {"content": _ZIP}, **READ_ERRORS},
)
async def export_person(resident_id: ResidentId, api: Api, keeper: Present) -> StreamingResponse:
    """A zip of CSV and JSON with a README. Numbers of telephones and identity cards are readable in it: it is
    for the person themself. Asks who is at the screen (``POST /session/presence``).
    """
    scope = keeper.scope(PURPOSE)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the last byte has left; it has no name
    try:
        async with api.reading(scope) as conn:
            home_id = await _home_of(conn, scope, resident_id)
        api.saw(scope.purpose, [home_id])
        async with _PACKING, api.unscoped() as conn:
            await conn.execute("set transaction isolation level repeatable read")
            await export.export(conn, resident_id, file, api.parts.ring, api.now)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    headers = {
        "Content-Disposition": f'attachment; filename="person-{resident_id}.zip"',
        "Content-Length": str(size),
    }
    closing = BackgroundTask(file.close)
    return StreamingResponse(_pieces(file), HTTPStatus.OK, headers, "application/zip", closing)


@router.get(
    "/residents/{resident_id}/erasure",
    operation_id="readErasure",
    summary="How far the erasure of one person is",
    responses=READ_ERRORS,
)
async def read_erasure(resident_id: ResidentId, api: Api, keeper: Keeper) -> ErasureView:
    """Also before anybody asked: what would stand in its way, and what it would leave."""
    scope = keeper.scope(PURPOSE)
    async with api.reading(scope) as conn:
        with _refusals():
            found = await rights.erasure(conn, scope, resident_id)
    api.saw(scope.purpose, [found["home_id"]])
    return _erasure(found)


@router.post(
    "/residents/{resident_id}/erasure",
    operation_id="askErasure",
    summary="Ask that a person be forgotten",
    status_code=HTTPStatus.CREATED,
    responses=WRITE_ERRORS,
)
async def ask_erasure(resident_id: ResidentId, why: Reason, keeper: Present, once: Once) -> ErasureView:
    """Nothing goes before another administrator confirms it. Asks who is at the screen."""
    asked = wish.Asked(resident_id, why.reason, keeper.actor, keeper.staff_id)
    return await _decide(once, keeper, resident_id, lambda conn: wish.ask(conn, asked, once.call.now))


@router.post(
    "/residents/{resident_id}/erasure/confirmation",
    operation_id="confirmErasure",
    summary="Confirm that a person be forgotten",
    responses=WRITE_ERRORS,
)
async def confirm_erasure(resident_id: ResidentId, keeper: Present, once: Once) -> ErasureView:
    """By somebody else than who asked. It cannot be taken back. Asks who is at the screen."""

    async def work(conn: Connection) -> None:
        await wish.confirm(conn, resident_id, once.call.now, staff_id=keeper.staff_id)

    return await _decide(once, keeper, resident_id, work)


@router.delete(
    "/residents/{resident_id}/erasure",
    operation_id="withdrawErasure",
    summary="Take back that a person be forgotten",
    responses=WRITE_ERRORS,
)
async def withdraw_erasure(resident_id: ResidentId, keeper: Keeper, once: Once) -> ErasureView:
    """While nobody has confirmed it."""
    return await _decide(once, keeper, resident_id, lambda conn: wish.withdraw(conn, resident_id))


@router.get("/holds", operation_id="listHolds", summary="Legal holds that stand", responses=READ_ERRORS)
async def list_holds(asked: Annotated[Paged, Query()], api: Api, keeper: Keeper) -> HoldPage:
    """While one stands, nothing of that person's home is deleted."""
    scope = keeper.scope(PURPOSE)
    last = cursors.after(asked, HOLDS, scope, ById)
    async with api.reading(scope) as conn:
        rows = await holds.standing(conn, scope, last.id if last else 0, asked.limit + 1)
    api.saw(scope.purpose, sorted({row["home_id"] for row in rows}))
    found = [HoldView(**row) for row in rows]
    items, following = cursors.page(found, lambda hold: ById(hold.id), asked, HOLDS, scope)
    return HoldPage(items=items, next=following)


@router.post(
    "/residents/{resident_id}/holds",
    operation_id="placeHold",
    summary="Let nothing of a person be deleted",
    status_code=HTTPStatus.CREATED,
    responses=WRITE_ERRORS,
)
async def place_hold(resident_id: ResidentId, why: Reason, keeper: Keeper, once: Once) -> HoldView:
    """From now on; an erasure that is under way stops where it is."""
    scope = keeper.scope(PURPOSE)

    async def work(conn: Connection) -> HoldView:
        home_id = await _home_of(conn, scope, resident_id)
        asked = wish.Asked(resident_id, why.reason, keeper.actor)
        number = await holds.hold(conn, asked, once.call.now)
        once.call.saw(scope.purpose, [home_id])
        (placed,) = await holds.standing(conn, scope, number - 1, 1)
        return HoldView(**placed)

    return await once.do(scope, HoldView, work)


@router.post(
    "/residents/{resident_id}/holds/{hold_id}/lift",
    operation_id="liftHold",
    summary="End a legal hold",
    status_code=HTTPStatus.NO_CONTENT,
    responses=WRITE_ERRORS,
)
async def lift_hold(resident_id: ResidentId, hold_id: HoldId, keeper: Keeper, once: Once) -> None:
    """An erasure that waited for it goes on at once."""
    scope = keeper.scope(PURPOSE)

    async def work(conn: Connection) -> None:
        home_id = await _home_of(conn, scope, resident_id)
        if not await holds.lift(conn, resident_id, once.call.now, hold_id):
            raise not_found()
        once.call.saw(scope.purpose, [home_id])

    await once.carry_out(scope, work)


async def _decide(
    once: Once, keeper: Principal, resident_id: int, work: Callable[[Connection], Awaitable[Any]]
) -> ErasureView:
    """Do ``work`` for somebody within the administrator's bounds, and show what became of it."""
    scope = keeper.scope(PURPOSE)

    async def done(conn: Connection) -> ErasureView:
        once.call.saw(scope.purpose, [await _home_of(conn, scope, resident_id)])
        with _refusals():
            await work(conn)
            found = await rights.erasure(conn, scope, resident_id)
        return _erasure(found)

    return await once.do(scope, ErasureView, done)


async def _home_of(conn: Connection, scope: Scope, resident_id: int) -> int:
    try:
        person = await consents.person_of(conn, scope, resident_id)
    except consents.UnknownResident as error:
        raise not_found() from error
    return int(person["home_id"])


@contextmanager
def _refusals() -> Iterator[None]:
    """What cannot be done, as a problem."""
    try:
        yield
    except wish.UnknownPerson as error:
        raise not_found() from error
    except wish.PersonError as error:
        raise ProblemError(HTTPStatus.CONFLICT, error.code, str(error)) from error


def _erasure(row: dict[str, Any]) -> ErasureView:
    fields = {name: row[name] for name in ErasureView.model_fields if name in row}
    stands = {
        Obstacle.LEGAL_HOLD: "held",
        Obstacle.INCIDENT_OPEN: "in_hand",
        Obstacle.ACCESS_UNREVIEWED: "unreviewed",
    }
    return ErasureView(
        **fields,
        step=_step(row),
        obstacles=[obstacle for obstacle, column in stands.items() if row[column]],
        held_back=[HeldBack(what=what, why=why) for what, why in HELD_BACK.items()],
    )


def _step(row: dict[str, Any]) -> ErasureStep:
    if row["finished_at"] is not None:
        return ErasureStep.FINISHED
    if row["begun_at"] is not None:
        return ErasureStep.UNDER_WAY
    return ErasureStep.NOT_ASKED if row["asked_at"] is None else ErasureStep.ASKED


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    file.seek(0)
    while piece := await asyncio.to_thread(file.read, PIECE):
        yield piece
