"""What the map shows, in the database: helpers, centres, places, and outlines that the operator brought."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from cloud.atlas.boundary import Boundary
from cloud.atlas.datum import Datum
from cloud.auth import Scope
from cloud.db import Connection, Queries

_SQL: Final = Queries(__package__)

Row = dict[str, Any]


async def rows(conn: Connection, statement: str, scope: Scope, now: datetime) -> list[Row]:
    """What ``centres``, ``helpers``, ``places`` or ``layers`` finds within ``scope``."""
    return await (await conn.execute(_SQL[statement], {**scope.params, "now": now})).fetchall()


async def outlines(conn: Connection, number: int) -> str | None:
    """The outlines of a layer, as JSON; ``None``: there is no such layer."""
    row = await (await conn.execute(_SQL["outlines"], {"id": number})).fetchone()
    return row["outlines"] if row else None


async def put(
    conn: Connection,
    name: str,
    boundary: Boundary,
    *,
    datum: Datum,
    attribution: str,
    review_no: str,
    now: datetime,
) -> None:
    """Keep ``boundary`` as ``name``, in place of the one of that name, if there is one."""
    values = {
        "name": name,
        "datum": datum,
        "attribution": attribution,
        "review_no": review_no,
        "outlines": boundary.encoded().decode(),
        "within_m": boundary.within_m,
        "now": now,
    }
    await conn.execute(_SQL["put_layer"], values)


async def remove(conn: Connection, name: str) -> bool:
    """Forget a layer; ``False``: there is none of this name."""
    return await (await conn.execute(_SQL["remove_layer"], {"name": name})).fetchone() is not None


async def layers(conn: Connection) -> list[Row]:
    """All of them, without their outlines."""
    return await (await conn.execute(_SQL["layers"])).fetchall()
