"""Brings every sealed value to the key in force: at the start, and by ``anban-cloud keys rotate``.

What this is: one step per table, each a batch in a transaction of its own. The one idea: a row says by itself
whether it still has to be done, so it may be stopped at any moment and run by several at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud import plan_numbers, sealed
from cloud.db import Connection, Pool, Queries
from cloud.people import numbers
from cloud.sealed import PEOPLE, Keyring

BATCH: Final = 200
"""Rows of one transaction: short enough that nobody at a screen waits for its locks."""

_SQL: Final = Queries(__package__ or "", "reseal.sql")
Row = dict[str, Any]


async def reseal(pool: Pool, ring: Keyring) -> int:
    """Seal what is not sealed with the first key of ``ring``; return how many rows. Safe to stop and repeat.

    Raises:
        SealError: a value was sealed with a key that is not in the ring; what came before stays done.
    """
    if not ring.keys:
        return 0
    total = 0
    for statement, keep in _STEPS.items():
        while count := await _batch(pool, ring, statement, keep):
            total += count
    return total


async def _batch(
    pool: Pool, ring: Keyring, statement: str, keep: Callable[[Connection, Keyring, Row], Awaitable[None]]
) -> int:
    asked = {"prefix": ring.prefix, "people": sorted(PEOPLE), "limit": BATCH}
    async with pool.connection() as conn, conn.transaction():
        rows = await (await conn.execute(_SQL[statement], asked)).fetchall()
        for row in rows:
            await keep(conn, ring, row)
    return len(rows)


def _again(ring: Keyring, value: str, context: str) -> str:
    return ring.seal(ring.open(value, context), context)


def _addresses(ring: Keyring, addresses: Sequence[str], context: str) -> list[str]:
    return [ring.seal_address(ring.open_address(one, context), context) for one in addresses]


async def _resident(conn: Connection, ring: Keyring, row: Row) -> None:
    home = row["home_id"]
    opened = {what: ring.open(row[what], sealed.resident(home, what)) for what in ("phone", "id_number")}
    await conn.execute(
        _SQL["keep_resident"], {"id": row["id"]} | numbers.resident_columns(ring, home, **opened)
    )


async def _contact(conn: Connection, ring: Keyring, row: Row) -> None:
    context = sealed.contact(row["home_id"])
    phone = ring.open(row["phone"], context)
    channels = [ring.open_address(one, context) for one in row["channels"]]
    columns = numbers.contact_columns(ring, row["home_id"], phone=phone, channels=channels)
    await conn.execute(_SQL["keep_contact"], {"id": row["id"]} | columns)


async def _incident(conn: Connection, ring: Keyring, row: Row) -> None:
    context = sealed.contact(row["home_id"])
    for rung in await (await conn.execute(_SQL["rungs"], row)).fetchall():
        columns = {
            "phone": _again(ring, rung["phone"], context),
            "channels": _addresses(ring, rung["channels"], context),
        }
        await conn.execute(_SQL["keep_rung"], rung | columns)
    for message in await (await conn.execute(_SQL["messages"], row)).fetchall():
        whose = sealed.addressee(message | {"tenant_id": row["tenant_id"]}, context)
        address = _addresses(ring, [message["address"]], whose)[0]
        await conn.execute(_SQL["keep_message"], {"id": message["id"], "address": address})


async def _plan(conn: Connection, ring: Keyring, row: Row) -> None:
    """The plan keeps its version: at home nothing has changed."""
    body = _planned(ring, row["home_id"], row["body"])
    await conn.execute(_SQL["keep_plan"], {"home_id": row["home_id"], "body": Jsonb(body)})


async def _command(conn: Connection, ring: Keyring, row: Row) -> None:
    args = {**row["args"], "plan": _planned(ring, row["home_id"], row["args"]["plan"])}
    await conn.execute(_SQL["keep_command"], {"id": row["id"], "args": Jsonb(args)})


def _planned(ring: Keyring, home_id: int, plan: Row) -> Row:
    return plan_numbers.seal(ring, home_id, plan_numbers.opened(ring, home_id, plan))


async def _tenant(conn: Connection, ring: Keyring, row: Row) -> None:
    channels = _addresses(ring, row["duty_channels"], sealed.duty(row["id"]))
    await conn.execute(_SQL["keep_tenant"], {"id": row["id"], "duty_channels": channels})


async def _responder(conn: Connection, ring: Keyring, row: Row) -> None:
    context = sealed.responder(row["tenant_id"])
    phone = ring.open(row["phone"], context)
    channels = [ring.open_address(one, context) for one in row["channels"]]
    columns = numbers.responder_columns(ring, row["tenant_id"], phone=phone, channels=channels)
    await conn.execute(_SQL["keep_responder"], {"id": row["id"]} | columns)


async def _push(conn: Connection, ring: Keyring, row: Row) -> None:
    address = _addresses(ring, [row["address"]], sealed.follower(row["tenant_id"]))[0]
    await conn.execute(_SQL["keep_push"], {"id": row["id"], "address": address})


async def _factor(conn: Connection, ring: Keyring, row: Row) -> None:
    secret = _again(ring, row["secret"], sealed.second_factor(row["staff_id"]))
    await conn.execute(_SQL["keep_factor"], {"staff_id": row["staff_id"], "secret": secret})


async def _file(conn: Connection, ring: Keyring, row: Row) -> None:
    context = sealed.visit(row["visit_id"])
    again = ring.seal_bytes(ring.open_bytes(row["sealed"], row["seal"], context), context)
    await conn.execute(_SQL["keep_file"], {"id": row["id"], "seal": ring.prefix, "sealed": again})


_STEPS: Final = {
    "residents": _resident,
    "contacts": _contact,
    "incidents": _incident,
    "plans": _plan,
    "commands": _command,
    "tenants": _tenant,
    "responders": _responder,
    "pushes": _push,
    "factors": _factor,
    "files": _file,
}
