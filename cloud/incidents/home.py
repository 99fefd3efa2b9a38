"""What the home is told of its incident, as rows of ``command``.

What this is: the words, and the rows they become in the transaction of the step that causes them. What it is
not: the sender (``cloud.ingest.commands``) or the rule when to say something (``machine``). The one idea: a
word goes to the gateway that raised the alarm, names nothing but that alarm, and is worth nothing once it is
old or no longer true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.db import Connection, Queries
from cloud.incidents.timers import Effect
from cloud.incidents.transitions import NEW_CALL, Trigger

WORTH_HEARING: Final = timedelta(minutes=15)
"""A home repeats its own words for at most 10 min; a word from us that comes much later only startles."""

_SQL: Final = Queries(__package__, "home.sql")


@dataclass(frozen=True, slots=True)
class Word:
    """A command to the home (``docs/protocols/wire.md``); ``args`` beside the alarm."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


WORDS: Final[Mapping[Effect, Word]] = {
    Effect.TELL_HOME_TAKEN: Word("accepted", {"coming": False}),
    Effect.TELL_HOME_COMING: Word("accepted", {"coming": True}),
    Effect.TELL_HOME_OVER: Word("closed"),
}


async def tell(conn: Connection, incident_id: int, effect: Effect, trigger: Trigger, now: datetime) -> None:
    """Queue the word of ``effect`` for every alarm of the incident, in place of what still waits.

    When the home itself caused the step (``NEW_CALL``), only its alarms that have not had a word yet get one.
    """
    word, answer = WORDS[effect], trigger in NEW_CALL
    params = {"incident_id": incident_id, "now": now}
    if not answer:
        await conn.execute(_SQL["withdraw_words"], params)
    given = {"name": word.name, "args": Jsonb(word.args), "until": now + WORTH_HEARING, "answer": answer}
    await conn.execute(_SQL["tell_home"], {**params, **given})


async def untell(conn: Connection, incident_id: int) -> None:
    """Withdraw what the home has not heard yet and what is no longer true."""
    await conn.execute(_SQL["withdraw_untrue"], {"incident_id": incident_id})
