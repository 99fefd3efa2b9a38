"""What a provider's later word changes: a message goes on, a key that was pressed is an answer.

What this is: the shell around ``notify.reports``. What it is not: the reading of a provider's format. The one
idea: the first time a thing is said counts; a call-back that comes again changes nothing and is thanked for.

Locks are taken in the order of incidents: home, incident, message.
"""

from __future__ import annotations

import logging
from datetime import datetime

from cloud.db import Connection
from cloud.dispatch import ladder
from cloud.dispatch.model import UnknownToken
from cloud.incidents import store
from cloud.metrics import REPORTED
from cloud.notify import probe, tokens
from cloud.notify.deliver import SQL, try_next_channel
from cloud.notify.reports import Report, Word, advanced

_log = logging.getLogger(__name__)

_SAID = {Word.DELIVERED: "delivered", Word.FAILED: "undelivered", Word.YES: "pressed", Word.NO: "pressed"}


async def take(conn: Connection, provider: str, report: Report, now: datetime) -> bool:
    """Take one report; ``False`` when no message of ours has that number (yet). Safe to repeat."""
    named = {"provider": provider, "reference": report.reference}
    found = await (await conn.execute(SQL["reported"], named)).fetchone()
    if found is None:
        came_through = report.word is not Word.FAILED
        return came_through and await probe.word(conn, provider, report.reference, now)
    if found["incident_id"] is not None:
        await store.hold(conn, found["incident_id"], wait=True)
    message = await (await conn.execute(SQL["lock_reported"], {"message_id": found["message_id"]})).fetchone()
    if message is None:
        return False
    said = {"message_id": message["id"], "now": now, "state": _SAID[report.word], "detail": report.code}
    if (await conn.execute(SQL["first_word"], {**named, **said})).rowcount:
        REPORTED.labels(provider, report.word.value).inc()
        await _follow(conn, message["id"], message["incident_id"], message["state"], report, now)
    return True


async def opened(conn: Connection, token: str, now: datetime) -> None:
    """Somebody, or a program that looks at links, has opened the one in a message."""
    await conn.execute(SQL["read_by_link"], {"token_hash": tokens.digest(token), "now": now})


async def _follow(  # noqa: PLR0917 - one message and one word
    conn: Connection, message_id: int, incident_id: int | None, state: str, report: Report, now: datetime
) -> None:
    if report.word in {Word.YES, Word.NO}:
        await _answered(conn, message_id, state, report, now)
        return
    after = advanced(state, report.word)
    if after == state:
        return
    if after == "failed":
        _log.warning("message was not delivered id=%d code=%s", message_id, report.code)
        await conn.execute(SQL["look_at_ladder"], {"incident_id": incident_id, "now": now})
    await conn.execute(SQL["advance"], {"message_id": message_id, "state": after})
    if after == "failed":
        await try_next_channel(conn, message_id, now)


async def _answered(conn: Connection, message_id: int, state: str, report: Report, now: datetime) -> None:
    """A key is an answer where one was asked for; elsewhere it shows that somebody listened."""
    try:
        await ladder.answer_to(conn, message_id, report.word is Word.YES, now)
    except UnknownToken:
        after = advanced(state, Word.DELIVERED)
        if after != state:
            await conn.execute(SQL["advance"], {"message_id": message_id, "state": after})
