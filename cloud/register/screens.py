"""Tells the open screens of a home that was changed: at the commit, by the change log."""

from __future__ import annotations

from psycopg.types.json import Jsonb

from cloud.incidents import screens
from cloud.register.desk import Work


async def show(work: Work, home_id: int) -> None:
    """Put the home as it now is into the change log."""
    view = await screens.home(work.conn, home_id, work.now)
    body = Jsonb(view.model_dump(mode="json"))
    params = {"tenant_id": work.actor.tenant_id, "home_id": home_id, "topic": "home"}
    await work.conn.execute(screens.SQL["defer_change"], {**params, "body": body, "now": work.now})
