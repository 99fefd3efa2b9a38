"""Sends due messages: claim, send, settle.

What this is: two short transactions with the network between them. What it is not: exactly-once. The one
idea: the claim commits before the send, and the lease brings a message back whose worker died; so a message
may come twice and is never lost. Every attempt leaves a receipt; a failure at once tries the person's next
channel too.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cloud import sealed, trace
from cloud.db import Connection, Pool, Queries
from cloud.metrics import SENT, known
from cloud.notify import tokens, wording
from cloud.notify.model import Notifier, NotifyError, Outgoing, Receipt
from cloud.sealed import NO_KEYS, Keyring, SealError

SQL: Final = Queries(__package__)

LEASE: Final = timedelta(seconds=60)
"""Longer than any attempt; how late a message is whose worker died while sending it."""
PAUSES: Final = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900))
"""After the first failure, the second …; after the last the message is dead, and an error is logged."""
INCIDENT_PATH: Final = "/console/i/"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Post:
    """What sending needs besides the message: the channels, and the public address that links start with."""

    notifiers: Mapping[str, Notifier]
    public_url: str
    ring: Keyring = NO_KEYS


async def due(conn: Connection, now: datetime, skip: Sequence[int] = (), limit: int = 100) -> list[int]:
    """Messages to send now, the most urgent incident's first, without those in ``skip``."""
    params = {"now": now, "skip": list(skip), "limit": limit}
    cursor = await conn.execute(SQL["due_messages"], params)
    return [row["id"] for row in await cursor.fetchall()]


async def deliver(pool: Pool, post: Post, message_id: int, now: datetime) -> bool:
    """Make one attempt; ``False`` when another worker has the message. A failed attempt is an attempt too,
    however it failed: the person's next channel must not wait for our mistakes in this one.
    """
    token = tokens.draw()
    async with pool.connection() as conn:
        message = await _claim(conn, message_id, token, now)
    if message is None:
        return False
    channel = known(message["channel"], post.notifiers)
    try:
        with trace.span("message.send", message["incident_id"], channel=channel, attempt=message["attempts"]):
            receipt = await _send(post, message, token)
    except NotifyError as error:
        failure = error
    except Exception as error:  # noqa: BLE001 - one channel's fault, or one message's; its text may quote an address
        place = traceback.extract_tb(error.__traceback__)[-1]
        failure = NotifyError(f"{type(error).__name__} in {place.name}:{place.lineno}", permanent=False)
    else:
        async with pool.connection() as conn:
            await _settle_success(conn, message, receipt, now)
        SENT.labels(channel, "accepted").inc()
        return True
    async with pool.connection() as conn:
        dead = await _settle_failure(conn, message, failure, now)
    SENT.labels(channel, "dead" if dead else "again").inc()
    return True


async def _claim(conn: Connection, message_id: int, token: str, now: datetime) -> dict[str, Any] | None:
    params = {"message_id": message_id, "now": now, "lease": now + LEASE}
    message = await (await conn.execute(SQL["claim"], params)).fetchone()
    if message is not None and message["template"] == "ask":
        kept = {"token_hash": tokens.digest(token), "message_id": message_id, "now": now}
        await conn.execute(SQL["keep_token"], kept)
    return message


async def _send(post: Post, message: Mapping[str, Any], token: str) -> Receipt:
    notifier = post.notifiers.get(message["channel"])
    if notifier is None:
        raise NotifyError(f"no channel {message['channel']} here", permanent=True)
    asks = message["template"] == "ask"
    path = f"{tokens.ANSWER_PATH}{token}" if asks else f"{INCIDENT_PATH}{message['incident_id']}"
    words = wording.facts(message["params"], message["locale"], post.public_url.rstrip("/") + path)
    title, body = wording.render(message["template"], message["locale"], words)
    # Texts that carriers approve in advance exist in simplified Chinese only.
    variables = wording.facts(message["params"], wording.DEFAULT, "") | ({"token": token} if asks else {})
    address = _address(post.ring, message)
    return await notifier.deliver(Outgoing(address, message["template"], title, body, variables))


def _address(ring: Keyring, message: Mapping[str, Any]) -> str:
    """Where it goes, opened for the moment of sending only."""
    whose = sealed.addressee(message, sealed.contact(message["home_id"]))
    try:
        return ring.open_address(message["address"], whose)
    except SealError as error:
        raise NotifyError(f"the address does not open: {error}", permanent=True) from error


async def _settle_success(
    conn: Connection, message: Mapping[str, Any], receipt: Receipt, now: datetime
) -> None:
    await _settle(conn, message, "accepted", None)
    await _append_receipt(conn, message, "accepted", receipt.reference, now)


async def _settle_failure(
    conn: Connection, message: Mapping[str, Any], error: NotifyError, now: datetime
) -> bool:
    """Whether the message is given up; else it comes again."""
    dead = error.permanent or message["attempts"] > len(PAUSES)
    if dead:
        _log.error("message is dead id=%d channel=%s reason=%s", message["id"], message["channel"], error)
        await conn.execute(SQL["look_at_ladder"], {"incident_id": message["incident_id"], "now": now})
    pause = None if dead else now + PAUSES[message["attempts"] - 1]
    await _settle(conn, message, "failed" if dead else "queued", pause)
    await _append_receipt(conn, message, "failed", error.reason, now)
    for again in ("try_next_channel", "try_next_channel_of_called"):
        await conn.execute(SQL[again], {"message_id": message["id"], "now": now})
    return dead


async def _settle(conn: Connection, message: Mapping[str, Any], state: str, due_at: datetime | None) -> None:
    params = {"message_id": message["id"], "attempts": message["attempts"], "state": state, "due_at": due_at}
    await conn.execute(SQL["settle"], params)


async def _append_receipt(
    conn: Connection, message: Mapping[str, Any], state: str, detail: str, now: datetime
) -> None:
    params = {"message_id": message["id"], "now": now, "state": state, "detail": detail}
    await conn.execute(SQL["append_receipt"], params)
