"""``/api/v1/visits/orders``: what comes again and again to a home, and when it rests.

What this is: who may order, change, pause and end. What it is not: the days (``calendar``). The one idea:
each change lets the visits follow in the same transaction, so the answer already shows the days it means.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query

from cloud.access import Api, needs
from cloud.auth import Module, Principal, Scope
from cloud.db import Connection
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once, OneCommand
from cloud.problems import ProblemError, not_found, responses
from cloud.visits.orders import keeper, store
from cloud.visits.orders.views import NewOrder, OrderChanged, OrderList, OrderView, Paused, Resumed
from cloud.visits.plans.routes import ERRORS, PURPOSE, Leader, Visitor

router = APIRouter(prefix="/visits", tags=["visits"], dependencies=[Depends(needs(Module.VISITS))])

AT_MOST: Final = 100
"""Orders that one answer names."""
OrderId = Annotated[int, Path(ge=1, lt=2**31, description="number of the order")]
HomeId = Annotated[int, Query(ge=1, lt=2**31, description="number of the home")]
CHANGED: Final = ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND)

Work = Callable[[Connection, Scope], Awaitable[None]]


@router.get("/orders", operation_id="listServiceOrders", summary="What comes again", responses=ERRORS)
async def list_orders(
    api: Api,
    visitor: Visitor,
    home_id: HomeId,
    ended: Annotated[bool, Query(description="also those that have ended")] = False,
) -> OrderList:
    """To one home, each with its next days."""
    scope = visitor.scope(PURPOSE)
    async with api.reading(scope) as conn:
        found = await store.read(conn, scope, api.now, home_id=home_id, ended=ended, limit=AT_MOST)
    api.saw(scope.purpose, {kept.row["home_id"] for kept in found})
    return OrderList(orders=[OrderView.of(kept) for kept in found])


@router.post(
    "/orders",
    operation_id="addServiceOrder",
    summary="Order what comes again",
    status_code=HTTPStatus.CREATED,
    responses=CHANGED,
)
async def add_order(asked: NewOrder, leader: Leader, once: Once) -> OrderView:
    """From its first day on; who goes is planned on each evening before."""
    scope, now = leader.scope(PURPOSE), once.call.now

    async def work(conn: Connection) -> OrderView:
        values = {**asked.model_dump(mode="json"), "staff_id": leader.staff_id, "now": now}
        added = await store.rows(conn, "add", scope, **values)
        if not added:
            raise not_found()
        return await _followed(conn, once, scope, added[0]["id"])

    return await once.do(scope, OrderView, work)


@router.put(
    "/orders/{order_id}", operation_id="putServiceOrder", summary="Change an order", responses=CHANGED
)
async def put_order(order_id: OrderId, asked: OrderChanged, leader: Leader, once: Once) -> OrderView:
    """Visits that have not begun follow; what was planned for another time is planned anew. 409 ``stale``:
    somebody changed it meanwhile; ``ended``.
    """

    async def work(conn: Connection, scope: Scope) -> None:
        if (await _held(conn, scope, order_id)) != asked.version:
            raise ProblemError(
                HTTPStatus.CONFLICT, "stale", "Somebody has changed this order: read it again."
            )
        await store.write(conn, "put", scope, **asked.model_dump(mode="json"), id=order_id)

    return await _changed(once, leader, order_id, work)


@router.post(
    "/orders/{order_id}/pause", operation_id="pauseServiceOrder", summary="Let it rest", responses=CHANGED
)
async def pause_order(order_id: OrderId, asked: Paused, visitor: Visitor, once: Once) -> OrderView:
    """Whoever is in hospital or away by what was said of their duty needs no pause."""

    async def work(conn: Connection, scope: Scope) -> None:
        await _held(conn, scope, order_id)
        values = {**asked.model_dump(), "staff_id": visitor.staff_id, "now": once.call.now}
        await store.write(conn, "add_pause", scope, **values, id=order_id)

    return await _changed(once, visitor, order_id, work)


@router.post(
    "/orders/{order_id}/resume", operation_id="resumeServiceOrder", summary="Go on", responses=CHANGED
)
async def resume_order(order_id: OrderId, asked: Resumed, visitor: Visitor, once: Once) -> OrderView:
    """Every pause that lasts ends on the day before, and one that would begin later is forgotten."""

    async def work(conn: Connection, scope: Scope) -> None:
        await _held(conn, scope, order_id)
        await store.write(conn, "forget_pauses", scope, id=order_id, day=asked.day)
        await store.write(conn, "resume", scope, id=order_id, day=asked.day)

    return await _changed(once, visitor, order_id, work)


@router.post("/orders/{order_id}/end", operation_id="endServiceOrder", summary="End it", responses=CHANGED)
async def end_order(order_id: OrderId, leader: Leader, once: Once) -> OrderView:
    """Now: nobody goes to a visit of it that has not begun. For a later day change ``until``."""

    async def work(conn: Connection, scope: Scope) -> None:
        await _held(conn, scope, order_id)
        values = {"id": order_id, "now": once.call.now, "staff_id": leader.staff_id, "why": "said"}
        await store.write(conn, "end", scope, **values)

    return await _changed(once, leader, order_id, work)


async def _held(conn: Connection, scope: Scope, order_id: int) -> int:
    """The version of an order that runs.

    Raises:
        ProblemError: 404; 409 ``ended``.
    """
    found = await store.rows(conn, "hold", scope, id=order_id)
    if not found:
        raise not_found()
    if found[0]["ended_at"] is not None:
        raise ProblemError(HTTPStatus.CONFLICT, "ended", "This order has ended: make a new one.")
    version: int = found[0]["version"]
    return version


async def _changed(once: OneCommand, who: Principal, order_id: int, change: Work) -> OrderView:
    scope = who.scope(PURPOSE)

    async def work(conn: Connection) -> OrderView:
        await change(conn, scope)
        return await _followed(conn, once, scope, order_id)

    return await once.do(scope, OrderView, work)


async def _followed(conn: Connection, once: OneCommand, scope: Scope, order_id: int) -> OrderView:
    """Let the visits follow, and show the order."""
    await keeper.refresh(conn, scope, order_id, once.call.now)
    (kept,) = await store.read(conn, scope, once.call.now, order_id=order_id)
    once.call.saw(scope.purpose, [kept.row["home_id"]])
    return OrderView.of(kept)
