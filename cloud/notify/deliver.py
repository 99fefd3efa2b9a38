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
from cloud.notify import PROVIDERS, push_words, tokens, waiting, wording
from cloud.notify.courtesy import Held
from cloud.notify.model import Notifier, NotifyError, Outgoing, Receipt
from cloud.sealed import NO_KEYS, Keyring, SealError

SQL: Final = Queries(__package__)

LEASE: Final = timedelta(seconds=60)
"""Longer than any attempt; how late a message is whose worker died while sending it."""
PAUSES: Final = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900))
"""After the first failure, the second …; after the last the message is dead, and an error is logged."""
DELIVERED_WITHIN: Final = {1: timedelta(seconds=30), 2: timedelta(minutes=1), 3: timedelta(minutes=5)}
"""By priority: how long a provider that reports may take to say that it delivered. D: half of what one person
may take to answer where a life is at stake, so that the next channel rings in the same turn."""
PATIENT: Final = timedelta(minutes=30)
"""For what is not urgent."""
INCIDENT_PATH: Final = "/console/i/"
FAMILY_PATH: Final = "/family/?i="
CARRIED: Final = frozenset(PROVIDERS)
"""Channels that cost by the message; the module ``messages`` switches them."""
UNKNOWN: Final = "sent, delivery unknown"
"""What is known of a message whose provider will never say more."""
NOBODY: Final = Receipt()
"""Our own word, not a provider's."""

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
        goes_for = await _considered(conn, post, message, now)
    if isinstance(goes_for, Held) and goes_for.until is not None:
        return True
    channel = known(message["channel"], post.notifiers)
    try:
        with trace.span("message.send", message["incident_id"], channel=channel, attempt=message["attempts"]):
            receipt = await _send(post, message, token, goes_for)
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


async def _considered(conn: Connection, post: Post, message: Mapping[str, Any], now: datetime) -> Held | int:
    """See ``waiting.consider``; an address that does not open is dealt with when it is sent to."""
    try:
        address = _address(post.ring, message)
    except NotifyError:
        return 1
    return await waiting.consider(conn, post.ring, message, address, now)


async def _claim(conn: Connection, message_id: int, token: str, now: datetime) -> dict[str, Any] | None:
    params = {"message_id": message_id, "now": now, "lease": now + LEASE}
    message = await (await conn.execute(SQL["claim"], params)).fetchone()
    if message is not None and message["template"] == "ask":
        kept = {"token_hash": tokens.digest(token), "message_id": message_id, "now": now}
        await conn.execute(SQL["keep_token"], kept)
    return message


async def _send(post: Post, message: Mapping[str, Any], token: str, goes_for: Held | int) -> Receipt:
    """``goes_for``: for how many messages, or why none can go out on this channel."""
    if isinstance(goes_for, Held):
        raise NotifyError("the recipient has had as many as carriers let through", permanent=False)
    notifier = post.notifiers.get(message["channel"])
    if message["channel"] in CARRIED and not message["switched_on"]:
        raise NotifyError("the module messages is off: no texts, no calls", permanent=True)
    if notifier is None:
        raise NotifyError(f"no channel {message['channel']} here", permanent=True)
    asks, link = message["template"] == "ask", _link(post, message, token)
    count = {"count": str(goes_for)}
    template = message["template"] if goes_for == 1 else "digest"
    words = wording.facts(message["params"], message["locale"], link) | count
    render = push_words.render if _is_discreet(message, template) else wording.render
    title, body = render(template, message["locale"], words)
    # Texts that carriers approve in advance exist in simplified Chinese only.
    variables = wording.discreet(message["params"]) | count | ({"token": token} if asks else {})
    return await notifier.deliver(
        Outgoing(
            _address(post.ring, message),
            template,
            title,
            body,
            variables,
            message["attempts"],
            message["priority"],
            link,
            str(message["id"]),
        )
    )


def _link(post: Post, message: Mapping[str, Any], token: str) -> str:
    """Where whoever gets it reads on: the answer's page, the family's, or the console."""
    if message["template"] == "ask":
        path = f"{tokens.ANSWER_PATH}{token}"
    else:
        page = INCIDENT_PATH if message["push_id"] is None else FAMILY_PATH
        path = f"{page}{message['incident_id'] or ''}"
    return post.public_url.rstrip("/") + path


def _is_discreet(message: Mapping[str, Any], template: str) -> bool:
    """A push lights up a locked screen: it says what happened only to whom chose that."""
    pushed = message["push_id"] is not None and template in push_words.DISCREET
    return pushed and not message["params"].get("detail")


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
    expect_at = now + DELIVERED_WITHIN.get(message["priority"], PATIENT) if receipt.followed else None
    await _settle(conn, message, "accepted", None, expect_at)
    detail = receipt.reference or ("" if receipt.followed else UNKNOWN)
    await append_receipt(conn, message["id"], "accepted", detail, now, receipt)


async def _settle_failure(
    conn: Connection, message: Mapping[str, Any], error: NotifyError, now: datetime
) -> bool:
    """Whether the message is given up; else it comes again."""
    dead = error.permanent or message["attempts"] > len(PAUSES)
    if error.gone and message["push_id"] is not None:
        await conn.execute(SQL["forget_push"], {"push_id": message["push_id"], "now": now})
    if dead:
        level = logging.INFO if error.gone else logging.ERROR
        _log.log(
            level, "message is dead id=%d channel=%s reason=%s", message["id"], message["channel"], error
        )
        await conn.execute(SQL["look_at_ladder"], {"incident_id": message["incident_id"], "now": now})
    pause = None if dead else now + max(PAUSES[message["attempts"] - 1], min(error.wait, PAUSES[-1]))
    await _settle(conn, message, "failed" if dead else "queued", pause)
    await append_receipt(conn, message["id"], "failed", error.reason, now)
    await try_next_channel(conn, message["id"], now)
    return dead


async def try_next_channel(conn: Connection, message_id: int, now: datetime) -> bool:
    """The same words to the same person on the channel after this one; false: there is none, or it has been
    tried.
    """
    params = {"message_id": message_id, "now": now}
    ways = ("try_next_channel", "try_next_channel_of_called")
    return any([(await conn.execute(SQL[way], params)).rowcount for way in ways])


async def _settle(
    conn: Connection,
    message: Mapping[str, Any],
    state: str,
    due_at: datetime | None,
    expect_at: datetime | None = None,
) -> None:
    params = {"message_id": message["id"], "attempts": message["attempts"]}
    await conn.execute(SQL["settle"], {**params, "state": state, "due_at": due_at, "expect_at": expect_at})


async def append_receipt(  # noqa: PLR0917 - one row
    conn: Connection, message_id: int, state: str, detail: str, now: datetime, receipt: Receipt = NOBODY
) -> None:
    """One more line of what became of a message; ``receipt``: by whose word."""
    params = {"message_id": message_id, "now": now, "state": state, "detail": detail}
    named = {"provider": receipt.provider, "reference": receipt.reference}
    await conn.execute(SQL["append_receipt"], {**params, **named})
