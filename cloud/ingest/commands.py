"""Commands on their way to gateways, and what became of them.

What this is: the claim of rows that are due, and the end of a row when its gateway answers. What it is not:
the reason for a command (whoever writes the row has that) or the connection (``link``). The one idea: a row
of ``command`` is sent again until its gateway answers or its time is over, whoever of us dies meanwhile; the
gateway does it once, because it remembers the id.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from cloud import plan_numbers
from cloud.db import Connection, Queries
from cloud.ingest.model import ResultMessage
from cloud.sealed import Keyring, SealError
from firmware_protocols.model import GatewayId
from firmware_protocols.wire.control import Command

AT_ONCE: Final = 100
"""Commands claimed in one transaction."""
_LONGEST_DETAIL: Final = 500

_SQL: Final = Queries(__package__ or "", "commands.sql")
_log = logging.getLogger(__name__)


async def claim(
    conn: Connection, ring: Keyring, shards: tuple[int, int], now: datetime
) -> list[tuple[GatewayId, Command]]:
    """The commands to send now to gateways of these shards, oldest first; each is due again after a pause.
    A plan that does not open with the keys of ``ring`` is not sent.

    Send them after COMMIT: whoever dies in between has lost an attempt, not the command.
    """
    first, last = shards
    params = {"first": first, "last": last, "now": now, "most": AT_ONCE}
    await _give_up(conn, now)
    found = await conn.execute(_SQL["claim_commands"], params)
    rows = sorted(await found.fetchall(), key=lambda row: (row["created_at"], row["id"]))
    return [(GatewayId(row["gateway_id"]), command) for row in rows for command in _opened(ring, row)]


async def settle(conn: Connection, results: Sequence[ResultMessage], now: datetime) -> list[ResultMessage]:
    """Keep each command's first answer; return the results of commands that their gateway never got."""
    unasked = []
    for message in sorted(results, key=lambda message: message.result.id):  # one order of locks everywhere
        result = message.result
        values = {
            "id": result.id.replace("\0", "\ufffd"),
            "gateway_id": message.gateway,
            "ok": result.ok,
            "detail": result.detail.replace("\0", "\ufffd")[:_LONGEST_DETAIL],
            "now": now,
        }
        row = await (await conn.execute(_SQL["answer_command"], values)).fetchone()
        if row is None:
            unasked.append(message)
        elif not row["ok"] and row["answered_at"] == now:
            _log.warning("command refused gateway=%s name=%s id=%s", message.gateway, row["name"], result.id)
    return unasked


def _opened(ring: Keyring, row: Mapping[str, Any]) -> Iterator[Command]:
    """The command of ``row``, as its gateway shall read it."""
    args = row["args"]
    try:
        if "plan" in args:
            args = {**args, "plan": plan_numbers.opened(ring, row["home_id"], args["plan"])}
        yield Command(row["id"], row["name"], row["until"].timestamp(), args)
    except SealError as error:
        _log.error("a plan is not sent gateway=%s id=%s: %s", row["gateway_id"], row["id"], error)


async def wake(conn: Connection, gateways: Iterable[GatewayId], now: datetime) -> None:
    """These gateways have just been heard: what waits for them is due at once."""
    await conn.execute(_SQL["wake_commands"], {"ids": list(gateways), "now": now})


async def _give_up(conn: Connection, now: datetime) -> None:
    found = await conn.execute(_SQL["expire_commands"], {"now": now})
    for row in await found.fetchall():
        _log.warning(
            "command never answered gateway=%s name=%s attempts=%d",
            *(row["gateway_id"], row["name"], row["attempts"]),
        )
