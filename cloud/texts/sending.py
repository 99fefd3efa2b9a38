"""What goes out by the alarm centre's modem, and what the network says of it: the loop beside the port.

What this is: one text at a time out of the queue (``notify.modem``), handed to the port, and its fate written
down. What it is not: the port (``modem``), or whoever waits for word (``Desk``). The one idea: a modem that
cannot send now says so at once, so that the next channel is tried in seconds and not when the modem is back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import psycopg

from cloud.db import Connection, Pool
from cloud.notify import modem as texts
from cloud.notify.heard import Heard
from cloud.notify.reports import Report
from cloud.sealed import Keyring
from firmware_protocols.serial.at import NotSent, Sent
from firmware_protocols.serial.sms_status import Reported
from firmware_protocols.serial.sms_text import BadNumber, TooLong, checked_number, checked_segment

POLL_S: Final = 1.0
"""Between two looks at the queue: how late a text is handed to the modem."""
AWAY_S: Final = 2.0
"""Between two looks while the database is away."""

_log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Desk:
    """Who waits for what comes from the modem. ``hear``: takes a text that a person sent, false: it is
    nobody's answer. ``tell``: takes word of a text that went out, false: that one is not known yet.
    ``ring``: seals the queue.
    """

    ring: Keyring
    hear: Callable[[Connection, Heard, datetime], Awaitable[bool]]
    tell: Callable[[Connection, Report, datetime], Awaitable[bool]]


class Port(Protocol):
    """The modem, as the loop sees it. ``reports``: what the network said of texts, the oldest first.
    ``elsewhere``: another process has the modem, or may have; what waits is theirs to send.
    """

    reports: deque[Reported]
    elsewhere: bool

    async def send(self, number: str, words: str) -> Sent | NotSent:
        """Hand a text to the network, within about two minutes."""
        ...


async def send_all(port: Port, pool: Pool, desk: Desk, clock: Clock) -> None:
    """Send what is queued and tell what became of it, for ever; outlives the database and a text at which we
    fail: its lease brings it back, and meanwhile it holds up neither others nor the alarms that come in.
    """
    while True:
        try:
            busy = await send_next(port, pool, desk, clock)
        except Exception as error:  # noqa: BLE001 - supervised: else the reading of alarms would end with it
            what = "texts wait for the database" if isinstance(error, psycopg.Error) else "a text is put off"
            _log.error("%s error=%s", what, type(error).__name__)
            await asyncio.sleep(AWAY_S)
            continue
        if not busy:
            await asyncio.sleep(POLL_S)


async def send_next(port: Port, pool: Pool, desk: Desk, clock: Clock) -> bool:
    """Do the next thing; false: there is none. A report is looked at between two texts, never before the text
    that it is about has its number.
    """
    while port.reports:
        await _report(pool, desk, port.reports[0], clock())
        port.reports.popleft()
    if port.elsewhere:
        return False
    async with pool.connection() as conn:
        job = await texts.take_up(conn, desk.ring, clock())
    match job:
        case texts.ToSend():
            outcome = await _send(port, job)
            async with pool.connection() as conn:
                await _settle(conn, job, outcome, clock())
        case texts.ToTell(number, report):
            async with pool.connection() as conn:
                heard = await desk.tell(conn, report, clock())
                await texts.told(conn, number, heard=heard, now=clock())
        case None:
            return False
    return True


async def _report(pool: Pool, desk: Desk, said: Reported, now: datetime) -> None:
    async with pool.connection() as conn:
        await texts.reported(
            conn,
            desk.ring,
            said.reference,
            said.number,
            delivered=said.delivered,
            why=f"status {said.status}",
            now=now,
        )


async def _send(port: Port, text: texts.ToSend) -> Sent | NotSent:
    try:
        checked_number(text.number)
        checked_segment(text.words)
    except (BadNumber, TooLong) as error:
        return NotSent(str(error), certain=True)
    return await port.send(text.number, text.words)


async def _settle(conn: Connection, text: texts.ToSend, outcome: Sent | NotSent, now: datetime) -> None:
    if isinstance(outcome, Sent):
        await texts.sent(conn, text, outcome.reference, now)
        return
    _log.warning("text not sent id=%d attempt=%d reason=%s", text.id, text.attempt, outcome.reason)
    await texts.not_sent(conn, text, outcome.reason, now)
