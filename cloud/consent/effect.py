"""What follows from a home's consents: what is withheld, what its gateway is told, what is still to be done.

What this is: the only writer of ``withheld``. What it is not: who may say what (``decide``, ``store``), nor
the consequences that take time (``cloud.privacy.tasks``). The one idea: everybody who collects, keeps,
shows or shares asks ``withheld``, which is made anew from all words of the home whenever one is added; so
there is one place where the words are understood, and no history of small changes to get wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.consent.decide import Decision, Record, Span, spans
from cloud.consent.dropping import Dropped
from cloud.consent.overlay import Facts, overlay
from cloud.consent.purposes import PURPOSES, Purpose, PurposeSpec
from cloud.db import Connection, Queries
from firmware_protocols.model import Quantity
from firmware_protocols.wire.withheld import Withheld

GRACE_DAYS: Final = 7
"""How long data stay after a withdrawal, hidden, so that a mistake can be put right. [D]"""
AT_LOAD: Final = tuple(purpose.value for purpose, spec in PURPOSES.items() if spec.at_load)

_SQL: Final = Queries(__package__, "effect.sql")
_NAMES: Final = {quantity.number: quantity.value for quantity in Quantity}


async def load(conn: Connection, home_id: int, entries: Iterable[Mapping[str, Any]]) -> None:
    """What a roster says of its home's resident, and what an enrolled person has signed anyway."""
    for entry in entries:
        await conn.execute(_SQL["add_from_roster"], {**entry, "home_id": home_id})
    await conn.execute(_SQL["add_at_load"], {"home_id": home_id, "purposes": list(AT_LOAD)})
    await take_effect(conn, home_id)


async def lock(conn: Connection, home_id: int) -> None:
    """Consents of one home are written one after the other."""
    await conn.execute(_SQL["lock_home"], {"home_id": home_id})


async def take_effect(conn: Connection, home_id: int) -> None:
    """Work everything out anew.

    Sensors do not tell people apart: what one resident of a home does not allow is not allowed in that home.
    """
    words, facts = await _words(conn, home_id), await _facts(conn, home_id)
    before = await (await conn.execute(_SQL["forget_withheld"], {"home_id": home_id})).fetchall()
    stood = frozenset((row["purpose"], row["since"]) for row in before if row["standing"])
    await conn.execute(_SQL["forget_tasks"], {"home_id": home_id})
    found = [
        (purpose, span)
        for purpose in PURPOSES
        for records in words.values()
        for span in spans(purpose, records)
    ]
    async with conn.cursor() as cursor:
        await cursor.executemany(_SQL["add_withheld"], [_row(home_id, *one, stood) for one in found])
        tasks = [task for one in found for task in _tasks(home_id, *one, facts)]
        await cursor.executemany(_SQL["add_task"], tasks)
    await _lay_over_plan(conn, home_id, facts)


async def stand(conn: Connection, home_id: int, purpose: Purpose, now: datetime) -> None:
    """A consent has run out: from now on ``purpose`` is withheld."""
    await conn.execute(_SQL["stand"], {"home_id": home_id, "purpose": purpose.value, "now": now})
    await _lay_over_plan(conn, home_id, await _facts(conn, home_id))


async def silence(conn: Connection, home_id: int) -> None:
    """The home's gateway collects nothing more and texts nobody: whoever lives there is leaving."""
    facts = await _facts(conn, home_id)
    over = Jsonb(overlay(dict.fromkeys(Purpose, True), facts))
    await conn.execute(_SQL["lay_over_plan"], {"home_id": home_id, "over": over})


async def dropped(conn: Connection, homes: Iterable[int]) -> dict[int, list[Dropped]]:
    """What ingest leaves out of each of ``homes``; a home that withholds nothing is not among them."""
    found = await conn.execute(_SQL["spans"], {"home_ids": sorted(set(homes))})
    spans_of: dict[int, list[Dropped]] = defaultdict(list)
    for row in await found.fetchall():
        quantities = tuple(_NAMES[number] for number in row["quantities"])
        withheld = Withheld(kinds=tuple(row["kinds"]), quantities=quantities, events=tuple(row["events"]))
        span = Span(row["since"], row["until"])
        one = Dropped(span, row["standing"], withheld, frozenset(row["alarms"]))
        spans_of[row["home_id"]].append(one)
    return spans_of


async def _words(conn: Connection, home_id: int) -> Mapping[int, Sequence[Record]]:
    found = await conn.execute(_SQL["words_of_home"], {"home_id": home_id})
    words: dict[int, list[Record]] = defaultdict(list)
    for row in await found.fetchall():
        word = Record(Purpose(row["purpose"]), Decision(row["decision"]), row["at"], row["valid_until"])
        words[row["resident_id"]].append(word)
    return words


async def _facts(conn: Connection, home_id: int) -> Facts:
    found = await conn.execute(_SQL["facts_of_home"], {"home_id": home_id, "grace_days": GRACE_DAYS})
    row = await found.fetchone()
    if row is None:
        raise LookupError(home_id)
    return Facts(frozenset(row["kinds"]), row["grace_days"])


def _row(
    home_id: int, purpose: Purpose, span: Span, stood: Collection[tuple[str, datetime | None]]
) -> dict[str, Any]:
    """``stood``: what was withheld until now. A consent that has run out stays so, whatever else is said."""
    run_out = not span.expires or (purpose.value, span.since) in stood
    return {
        "home_id": home_id,
        "purpose": purpose.value,
        "since": span.since,
        "until": span.until,
        "standing": span.until is None and run_out,
        "asked": span.since is not None,
        **_covered(PURPOSES[purpose]),
    }


def _covered(spec: PurposeSpec) -> dict[str, list[Any]]:
    return {
        "kinds": sorted(spec.kinds),
        "quantities": sorted(quantity.number for quantity in spec.quantities),
        "events": sorted(event.value for event in spec.events),
        "alarms": sorted(alarm.value for alarm in spec.alarms),
    }


def _tasks(home_id: int, purpose: Purpose, span: Span, facts: Facts) -> list[dict[str, Any]]:
    """What a span that has not ended asks for: to begin when a consent runs out, to stop what is under way,
    and to erase after the time of grace.
    """
    if span.until is not None or span.since is None:
        return []
    due = {"stop": span.since, "erase": span.since + timedelta(days=facts.grace_days)}
    if span.expires:
        due["expire"] = span.since
    about = {"home_id": home_id, "purpose": purpose.value}
    return [{**about, "task": task, "due_at": due_at} for task, due_at in due.items()]


async def _lay_over_plan(conn: Connection, home_id: int, facts: Facts) -> None:
    found = await conn.execute(_SQL["standing_purposes"], {"home_id": home_id})
    standing = {Purpose(row["purpose"]): row["asked"] for row in await found.fetchall()}
    ends = await (await conn.execute(_SQL["family_ends"], {"home_id": home_id})).fetchone()
    over = Jsonb(overlay(standing, facts, ends["at"] if ends else None))
    await conn.execute(_SQL["lay_over_plan"], {"home_id": home_id, "over": over})
