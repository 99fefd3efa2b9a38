"""Plans on their way to gateways: a command whenever a heartbeat reports another version than the wanted one.

What this is: the comparison, and the rows of ``command`` it leads to. What it is not: the plan's content
(``cloud.people.plans``) or the sending of commands (``commands``). The one idea: nobody remembers what was
sent; the heartbeat alone says what is in force, so a gateway that was away, or has a new disk, gets its
plan by saying that it lives.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from cloud.db import Connection, Queries
from firmware_protocols.model import GatewayId

WORTH_SENDING: Final = timedelta(hours=1)
"""A gateway that has not answered by then says with its next heartbeat that it still needs the plan."""
SETTLES: Final = timedelta(minutes=2)
"""A heartbeat that was under way when the plan was put in force still names the old one."""
REFUSED_FOR: Final = timedelta(days=1)
"""A plan that its gateway refused is offered again after this: the gateway may have been updated."""

_SQL: Final = Queries(__package__ or "", "plans.sql")


async def compare(conn: Connection, gateways: Iterable[GatewayId], now: datetime) -> None:
    """These gateways have just said which plan is in force: those that differ are due."""
    await conn.execute(_SQL["compare_plans"], {"ids": list(gateways), "now": now})


async def offer(conn: Connection, now: datetime) -> None:
    """Queue the plan of each home that is due, for those of its gateways that are there and report another.

    A gateway that reports a higher version than ours (our database was restored) makes ours higher still.
    """
    found = await conn.execute(_SQL["take_due_plans"], {"now": now})
    homes = [row["home_id"] for row in await found.fetchall()]
    if not homes:
        return
    until = now + WORTH_SENDING
    window = {"settled": now - SETTLES, "refused": now - REFUSED_FOR}
    await conn.execute(_SQL["withdraw_old_plans"], {"homes": homes})
    await conn.execute(_SQL["offer_plans"], {"homes": homes, "now": now, "until": until, **window})
