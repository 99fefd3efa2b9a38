"""Which gateways may sign in to the broker: the enrolled ones that are not revoked."""

from __future__ import annotations

from typing import Final

from cloud.db import Connection, Queries
from cloud.embedded import Account, gateway_account
from firmware_protocols.model import GatewayId

CHANNEL: Final = "gateway"
"""The database notifies here whenever enrolment changes (migration 0003)."""

_SQL: Final = Queries(__package__ or "", "accounts.sql")


async def gateway_accounts(conn: Connection) -> list[Account]:
    """The accounts of all gateways, ordered by id."""
    rows = await (await conn.execute(_SQL["gateway_accounts"])).fetchall()
    return [gateway_account(GatewayId(row["id"]), row["secret"]) for row in rows]
