"""Tells the open screens what was changed under them: at the commit, by the change log."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from psycopg.types.json import Jsonb

from cloud.db import Connection
from cloud.incidents import screens
from cloud.register.desk import Work

_ANEW: Final = {"reason": "scope"}
"""As ``cloud.stream.Reset`` has it."""


async def start_anew(conn: Connection, tenant_id: int, home_id: int | None, now: datetime) -> None:
    """Let the screens that show this home (``None``: all of the tenant's desk) read a new snapshot: a change
    can add and alter a home there, and not take it away.
    """
    params = {"tenant_id": tenant_id, "home_id": home_id, "topic": "reset"}
    await conn.execute(screens.SQL["defer_change"], {**params, "body": Jsonb(_ANEW), "now": now})


async def show(work: Work, home_id: int) -> None:
    """Put the home as it now is into the change log."""
    view = await screens.home(work.conn, home_id, work.now)
    body = Jsonb(view.model_dump(mode="json"))
    params = {"tenant_id": work.actor.tenant_id, "home_id": home_id, "topic": "home"}
    await work.conn.execute(screens.SQL["defer_change"], {**params, "body": body, "now": work.now})
