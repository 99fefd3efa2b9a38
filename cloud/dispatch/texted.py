"""Takes the answers that are texted back to a question.

What this is: whose telephone it is, which of its questions is meant, and what it is told. What it is not: a
reader of texts (``notify.heard``, ``notify.replies``) or a second way to answer: what counts is written by
``ladder``, as for a tap or a key. The one idea: a number can be forged, so a text may do no more than what
the next clock undoes: whoever does not come in time is followed by the next.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.db import Connection, Queries
from cloud.dispatch import ladder
from cloud.dispatch.model import HELP_WANTED, Outcome
from cloud.incidents.machine import SETTLED
from cloud.incidents.model import IncidentState
from cloud.metrics import REPLIED
from cloud.notify.heard import Heard
from cloud.notify.replies import Question, Reply, lettered, meant, promise, understood
from cloud.notify.waiting import recipient
from cloud.sealed import Keyring

CLOCKS_APART: Final = timedelta(minutes=2)
"""[D] How far the provider's clock may be behind ours: what was written before a question is no answer to
it."""
_SQL: Final = Queries(__package__, "texted.sql")
_HOME: Final = "+86"
_log = logging.getLogger(__name__)


class Fate(StrEnum):
    """What became of a text."""

    ANSWER = "answer"
    UNCLEAR = "unclear"
    LATE = "late"
    AGAIN = "again"
    STRANGER = "stranger"


_TOLD: Final[Mapping[Outcome, str]] = {
    Outcome.GO: "go",
    Outcome.ALREADY_HELPED: "relieved",
    Outcome.OVER: "settled",
}
"""By which text somebody hears what became of their answer; a no needs none."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A text and the moment of taking it."""

    heard: Heard
    now: datetime

    @property
    def written_at(self) -> datetime:
        """The latest time at which it can have been written."""
        return min(self.heard.sent_at + CLOCKS_APART, self.now)


async def take(conn: Connection, ring: Keyring, heard: Heard, now: datetime) -> Fate:
    """Take one text. Safe to repeat: the same text counts once."""
    digest = recipient(ring, f"text:{heard.mark}")
    if not (await conn.execute(_SQL["first_time"], {"digest": digest, "now": now})).rowcount:
        return _counted(Fate.AGAIN)
    text = _Text(heard, now)
    asked = await _asked(conn, ring, text)
    if not asked:
        return _counted(Fate.STRANGER)
    reply = understood(heard.text)
    if reply is None:
        return _counted(await _ask_again(conn, [one for one in asked if one.open], now))
    questions = meant(reply, asked)
    if len(questions) > 1:
        return _counted(await _ask_again(conn, questions, now))
    return _counted(await _answer(conn, questions[0], reply, now))


async def _asked(conn: Connection, ring: Keyring, text: _Text) -> Sequence[Question]:
    """What this telephone was asked, however its number is written in the care circle."""
    number = text.heard.number
    forms = {number, number.removeprefix(_HOME), number.removeprefix("+")}
    values = {"recipients": [recipient(ring, f"sms:{form}") for form in forms], "written_at": text.written_at}
    rows = await (await conn.execute(_SQL["asked_by_text"], values)).fetchall()
    return [_question(row) for row in rows]


def _question(row: Mapping[str, Any]) -> Question:
    state = IncidentState(row["state"])
    answered = row["answered"] or state not in HELP_WANTED
    return Question(row["message_id"], state in SETTLED, answered, row["code"])


async def _answer(conn: Connection, question: Question, reply: Reply, now: datetime) -> Fate:
    within = promise(reply, (await _way(conn, question))["asked_at"], now)
    answered = await ladder.answer_to(conn, question.message_id, reply.going, now, within)
    template = _TOLD.get(answered.outcome)
    if template is None:
        return Fate.ANSWER
    by = (await _way(conn, question))["by"]
    await _say(conn, question, template, {"by": by.isoformat()} if by else {}, now)
    return Fate.ANSWER if answered.outcome is Outcome.GO else Fate.LATE


async def _way(conn: Connection, question: Question) -> Mapping[str, Any]:
    """When they were asked, and ``by`` when they are to be there, if they go."""
    found = await (await conn.execute(_SQL["way"], {"message_id": question.message_id})).fetchall()
    return found[0]


async def _ask_again(conn: Connection, questions: Sequence[Question], now: datetime) -> Fate:
    """Ask once more about each, by its letter."""
    letters = lettered(questions)
    for message_id, code in letters.items():
        await conn.execute(_SQL["letter"], {"message_id": message_id, "code": code})
    for question in questions:
        code = question.code or letters.get(question.message_id, "")
        if code:
            await _say(conn, question, "which", {"code": code}, now)
    return Fate.UNCLEAR


async def _say(
    conn: Connection, question: Question, template: str, more: Mapping[str, str], now: datetime
) -> None:
    said = {"message_id": question.message_id, "template": template, "more": Jsonb(dict(more)), "now": now}
    await conn.execute(_SQL["say"], said)


def _counted(fate: Fate) -> Fate:
    """Only the numbers of texts are kept, and nothing of what was written."""
    REPLIED.labels(fate.value).inc()
    if fate is not Fate.AGAIN:
        _log.info("text answer fate=%s", fate.value)
    return fate
