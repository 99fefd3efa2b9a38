"""The queue of texts that go out by the alarm centre's own modem.

What this is: rows between whoever has something to say and the one process that has the port. What it is not:
the modem (``texts.modem``). The one idea: the row is the message until the network has it; then number and
words are gone, and only the network's number is left, by which its later word is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cloud.db import Connection, Queries
from cloud.notify.reports import Report, Word
from cloud.notify.waiting import recipient
from cloud.sealed import Keyring, SealError

NAME: Final = "modem-sms"
"""As receipts name this provider."""
LEASE: Final = timedelta(minutes=2)
"""Longer than any attempt (``at.Timeouts.send_s``)."""
WAITS: Final = timedelta(minutes=5)
"""[D] What the network has not taken by then is not sent any more: somebody else has been asked meanwhile."""
PAUSE: Final = timedelta(seconds=5)
"""Between two tries of one text, and two of telling what became of it."""
KNOWN_WITHIN: Final = timedelta(minutes=5)
"""[D] A message that does not know the number of its text by then never will: its worker died before it wrote
that down, or it is a probe that failed, of which nobody waits for word."""
MOST_TRIES: Final = 3
_SQL: Final = Queries(__package__ or "", "modem.sql")
_CONTEXT: Final = "modem"


@dataclass(frozen=True, slots=True)
class ToSend:
    """A text that is ours to send. ``number``: in E.164."""

    id: int
    number: str
    words: str
    attempt: int


@dataclass(frozen=True, slots=True)
class ToTell:
    """What became of a text, for whoever waits for it."""

    id: int
    report: Report


async def put(  # noqa: PLR0917 - one text
    conn: Connection, ring: Keyring, number: str, words: str, priority: int, now: datetime
) -> int:
    """Queue a text; its number."""
    values = {
        "recipient": recipient(ring, number),
        "number": ring.seal(number, _CONTEXT),
        "words": ring.seal(words, _CONTEXT),
    }
    row = await _one(conn, "put", **values, priority=priority, now=now)
    return int(row["id"]) if row else 0


async def take_up(conn: Connection, ring: Keyring, now: datetime) -> ToSend | ToTell | None:
    """What is to be done next, the most urgent first; ``None``: nothing. A question that is needless by now
    is passed over.
    """
    row = await _one(conn, "take_up", now=now, lease=now + LEASE)
    if row is None:
        return None
    if row["word"]:
        return ToTell(row["id"], Report(str(row["id"]), Word(row["word"]), row["why"]))
    try:
        number, words = ring.open(row["number"], _CONTEXT), ring.open(row["words"], _CONTEXT)
    except SealError:
        return await _give_up(conn, row["id"], "sealed with another key", now)
    if now - row["created_at"] > WAITS:
        return await _give_up(conn, row["id"], "waited too long", now)
    if await _one(conn, "take_back", id=row["id"], provider=NAME, now=now):
        return await take_up(conn, ring, now)
    return ToSend(row["id"], number, words, row["attempts"])


async def sent(conn: Connection, text: ToSend, reference: int | None, now: datetime) -> None:
    """The network has it, and calls it ``reference``."""
    await conn.execute(_SQL["sent"], {"id": text.id, "reference": reference, "now": now})


async def not_sent(conn: Connection, text: ToSend, why: str, now: datetime) -> None:
    """The network did not take it: once more in a moment, or it has failed."""
    if text.attempt < MOST_TRIES:
        await conn.execute(_SQL["again"], {"id": text.id, "due_at": now + PAUSE})
    else:
        await _give_up(conn, text.id, why, now)


async def reported(
    conn: Connection, ring: Keyring, reference: int, number: str, *, delivered: bool, why: str, now: datetime
) -> None:
    """The network says what became of the text that it called ``reference``."""
    word = Word.DELIVERED if delivered else Word.FAILED
    whose = recipient(ring, number) if number else None
    values = {"reference": reference, "recipient": whose, "word": word.value, "why": why, "now": now}
    await conn.execute(_SQL["known"], values)


async def told(conn: Connection, number: int, *, heard: bool, now: datetime) -> None:
    """Whoever waits for word has it; or nobody knows that message yet: again in a moment, and not for ever,
    or what nobody waits for would be told before all that is to be sent.
    """
    if heard:
        await conn.execute(_SQL["told"], {"id": number})
    else:
        again = {"id": number, "due_at": now + PAUSE, "since": now - KNOWN_WITHIN}
        await conn.execute(_SQL["tell_again"], again)


async def _give_up(conn: Connection, number: int, why: str, now: datetime) -> ToTell:
    values = {"id": number, "word": Word.FAILED.value, "why": why, "now": now}
    await conn.execute(_SQL["know"], values)
    return ToTell(number, Report(str(number), Word.FAILED, why))


async def _one(conn: Connection, statement: str, **values: object) -> dict[str, Any] | None:
    return await (await conn.execute(_SQL[statement], values)).fetchone()
