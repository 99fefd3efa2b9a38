"""Messages whose provider accepted them and then said nothing: the person's next channel is tried.

What this is: the worker's loop over ``message.expect_at``. What it is not: a judgement of the provider, whose
word may still come and is kept then. The one idea: accepted is not delivered; whoever is asked at three in
the morning hears it by another way before the ladder has given up on them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cloud.db import Connection
from cloud.metrics import UNCONFIRMED, known
from cloud.notify.deliver import SQL, append_receipt, try_next_channel

MOST: Final = 4
"""Attempts of one message that nobody confirms, by whichever provider. [D]"""

_log = logging.getLogger(__name__)


async def due(conn: Connection, now: datetime, skip: Sequence[int] = (), limit: int = 100) -> list[int]:
    """Messages of whose delivery there should have been word, without those in ``skip``."""
    found = await conn.execute(SQL["due_words"], {"now": now, "skip": list(skip), "limit": limit})
    return [row["id"] for row in await found.fetchall()]


async def give_up_waiting(
    conn: Connection, message_id: int, now: datetime, channels: Sequence[str] = ()
) -> bool:
    """Try another way; ``False`` when word has come meanwhile or another worker is at it."""
    params = {"message_id": message_id, "now": now}
    row = await (await conn.execute(SQL["stop_waiting"], params)).fetchone()
    if row is None:
        return False
    UNCONFIRMED.labels(known(row["channel"], channels)).inc()
    _log.warning("no word of a message id=%d channel=%s", message_id, row["channel"])
    await append_receipt(conn, message_id, "unconfirmed", "the provider says nothing", now)
    if not await try_next_channel(conn, message_id, now):
        await conn.execute(SQL["send_again"], {**params, "most": MOST})
    return True
