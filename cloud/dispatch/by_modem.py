"""What the alarm centre's modem brings, in the hands of those who wait for it: answers, and word of texts.

What it is not: a rule. It hands a text that came to ``texted`` and a report to ``reports``, as the ways of
the providers do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from cloud.db import Connection
from cloud.dispatch import reports, texted
from cloud.dispatch.texted import Fate
from cloud.notify import modem
from cloud.notify.heard import Heard
from cloud.notify.reports import Report
from cloud.sealed import Keyring


def hearing(ring: Keyring) -> Callable[[Connection, Heard, datetime], Awaitable[bool]]:
    """Takes a text, by a keyring; false: it is nobody's answer."""

    async def hear(conn: Connection, heard: Heard, now: datetime) -> bool:
        return await texted.take(conn, ring, heard, now) is not Fate.STRANGER

    return hear


async def tell(conn: Connection, report: Report, now: datetime) -> bool:
    """Takes word of a text that went out; false: no message of ours has that number (yet)."""
    return await reports.take(conn, modem.NAME, report, now)
