"""What somebody who was called says: I go, I cannot, I am there, I am well, I leave; and where they are.

What this is: each word is written to its row and the search looks at everything again, in one transaction.
What it is not: who may say it; a secret link or a signed-in person has been shown already. The one idea: a
late yes is welcome, so nothing that somebody says is refused because of when they say it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cloud.db import Connection
from cloud.dispatch import callout, search
from cloud.dispatch.model import AT_THE_DESK, CALLING, GOING, HELP_WANTED, Answered, Outcome, Said
from cloud.dispatch.search import one
from cloud.incidents import rows
from cloud.incidents.machine import SETTLED, Detail, Trigger
from cloud.incidents.model import IncidentState
from cloud.respond import ground
from cloud.respond.travel import Mode, Point


class Word(StrEnum):
    """What a worker at the door may say."""

    WELL = "well"
    DURESS = "duress"
    LEFT = "left"


class How(StrEnum):
    """How it is known that somebody is there."""

    PLACE = "place"
    TAG = "tag"
    WORD = "word"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Given:
    """An answer of whoever stands in ``ask_id``. ``within``: in what time they promise to be there; ``None``:
    as it was thought when they were asked. ``message_id``: the message whose link they followed, if any.
    """

    ask_id: int
    said: Said
    now: datetime
    within: timedelta | None = None
    how: How = How.WORD
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of somebody whose question is still to be found; see ``Given``."""

    said: Said
    within: timedelta | None
    how: How

    def about(self, ask_id: int, now: datetime) -> Given:
        """The answer to one question."""
        return Given(ask_id, self.said, now, self.within, self.how)


async def answer(conn: Connection, row: rows.Row, given: Given) -> Answered:
    """Take an answer; its caller holds the incident. Safe to repeat; the last word counts."""
    if row.incident.state in SETTLED:
        return Answered(Outcome.OVER, "")
    ask = await _standing(conn, row, given.ask_id, given.now)
    await _close_messages(conn, given, ask["id"])
    row = await _TAKE[given.said](conn, row, ask, given)
    row = await callout.look(conn, row, given.now)
    return Answered(await _outcome(conn, row, given, ask["id"]), row.incident.responder)


async def word(conn: Connection, row: rows.Row, ask_id: int, said: Word, now: datetime) -> rows.Row:
    """A worker at the door is well, calls for help, or leaves."""
    ask = await _standing(conn, row, ask_id, now)
    await conn.execute(search.SQL[_WORDS[said]], {"ask_id": ask["id"], "now": now})
    row = await _note(conn, row, ask, now, said.value)
    return await callout.look(conn, row, now)


async def move(conn: Connection, row: rows.Row, ask_id: int, place: Point, now: datetime) -> rows.Row:
    """Somebody who said yes is at ``place``: they move, they will be there by, they are there."""
    ask = await _standing(conn, row, ask_id, now)
    if ask["answer"] != "yes" or ask["relieved_at"] or ask["arrived_at"]:
        return row
    door = Point(ask["door_latitude"], ask["door_longitude"])
    told = ground.seen(_began(ask), place, door, Mode(ask["mode"]), now)
    if told.there:
        row = await _arrive(conn, row, ask, Given(ask["id"], Said.ARRIVED, now, how=How.PLACE))
    else:
        seen = {"ask_id": ask["id"], "now": now, "expected_at": told.expected_at, "moves": told.moves}
        await conn.execute(search.SQL["move"], seen)
    return await callout.look(conn, row, now)


async def _standing(conn: Connection, row: rows.Row, ask_id: int, now: datetime) -> search.Row:
    """The newest question to whoever stands in ``ask_id``: they may answer by an older message."""
    asked = await one(conn, "standing_ask", ask_id=ask_id, now=now)
    if asked is None:
        raise LookupError(ask_id)
    newest = await one(conn, "newest_ask", incident_id=row.id, responder_id=asked["responder_id"])
    if newest is None or newest["id"] == ask_id:
        return asked
    return await _standing(conn, row, newest["id"], now)


async def _accept(conn: Connection, row: rows.Row, ask: search.Row, given: Given) -> rows.Row:
    stands = ask["answer"] == "yes" and not ask["relieved_at"]
    needless = ask["relieved_at"] and row.incident.state not in HELP_WANTED
    if needless or ask["arrived_at"] or (stands and given.within is None):
        return row
    within = given.within or ground.whole_minutes(timedelta(seconds=ask["travel_s"]))
    watched = ask["place_at"] is not None and given.now - ask["place_at"] <= ground.WATCHED_FOR
    accepted = {
        "ask_id": ask["id"],
        "now": given.now,
        "promised_at": given.now + within,
        "moved_at": None if watched else given.now,
    }
    await conn.execute(search.SQL["accept"], accepted)
    awaited = row.incident.state in GOING and row.incident.responder == ask["name"]
    if row.incident.state in AT_THE_DESK or awaited:
        return await _go(conn, row, ask, given, given.now + within)
    return await _note(conn, row, ask, given.now, given.said.value)


async def _decline(conn: Connection, row: rows.Row, ask: search.Row, given: Given) -> rows.Row:
    if ask["answer"] == "no" or ask["arrived_at"]:
        return row
    await conn.execute(search.SQL["decline"], {"ask_id": ask["id"], "now": given.now})
    return await _note(conn, row, ask, given.now, given.said.value)


async def _arrive(conn: Connection, row: rows.Row, ask: search.Row, given: Given) -> rows.Row:
    """Who stands at the door is the responder, whoever else was on the way."""
    if ask["arrived_at"]:
        return row
    arrived = {"ask_id": ask["id"], "now": given.now, "arrived_by": given.how.value}
    await conn.execute(search.SQL["arrive"], arrived)
    if row.incident.state not in CALLING | AT_THE_DESK or row.incident.state is IncidentState.ON_SITE:
        return await _note(conn, row, ask, given.now, given.said.value)
    if row.incident.responder != ask["name"] or row.incident.state in AT_THE_DESK:
        row = await _go(conn, row, ask, given, given.now + callout.SOON)
    record, who = {"how": given.how.value}, f"responder:{ask['responder_id']}"
    return await rows.take(conn, row, rows.Step(Trigger.ARRIVE, who, given.now, record=record))


async def _go(conn: Connection, row: rows.Row, ask: search.Row, given: Given, eta_at: datetime) -> rows.Row:
    """They are the one on the way."""
    going, who = Detail(responder=ask["name"], eta_at=eta_at), f"responder:{ask['responder_id']}"
    record = {"by": eta_at.isoformat()}
    return await rows.take(conn, row, rows.Step(Trigger.ACCEPT, who, given.now, going, record))


_TAKE: Final = {Said.ACCEPT: _accept, Said.DECLINE: _decline, Said.ARRIVED: _arrive}
_WORDS: Final = {Word.WELL: "hear", Word.DURESS: "duress", Word.LEFT: "leave"}


async def _note(conn: Connection, row: rows.Row, ask: search.Row, now: datetime, said: str) -> rows.Row:
    record = {"responder": ask["name"], "said": said}
    who = f"responder:{ask['responder_id']}"
    return await rows.take(conn, row, rows.Step(Trigger.ANSWER, who, now, record=record))


async def _outcome(conn: Connection, row: rows.Row, given: Given, ask_id: int) -> Outcome:
    if given.said is Said.DECLINE:
        return Outcome.NOTED
    ask = await one(conn, "standing_ask", ask_id=ask_id, now=given.now)
    if ask is None or ask["relieved_at"]:
        return Outcome.ALREADY_HELPED
    return Outcome.THERE if ask["arrived_at"] else Outcome.GO


async def _close_messages(conn: Connection, given: Given, ask_id: int) -> None:
    if given.message_id is not None:
        params = {"message_id": given.message_id, "now": given.now, "detail": given.said.value}
        await conn.execute(search.SQL["answer_message"], params)
    await conn.execute(search.SQL["stop_messages"], {"ask_id": ask_id})


def _began(ask: search.Row) -> Point | None:
    if ask["place_latitude"] is None:
        return None
    return Point(ask["place_latitude"], ask["place_longitude"])
