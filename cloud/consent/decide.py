"""Whether something is allowed, and whether what somebody signs counts. Pure.

The one idea: the records are never changed, so every question has an answer for every moment: what was
allowed when a reading was taken is asked in the same way as what is allowed now. Without a word from the
resident nothing is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from cloud.consent.purposes import PURPOSES, Purpose

COGNITIVE_LOSS: Final = 3
"""Ability level of GB/T 42195-2022 from which on it must be said why the person can decide alone. [D]"""
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)


class Decision(StrEnum):
    """What was said."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


class By(StrEnum):
    """Who may speak. A child is none of them: relation gives no right (Civil Code art. 28, 33: a guardian is
    appointed or agreed in writing).
    """

    SELF = "self"
    GUARDIAN = "guardian"
    NEXT_OF_KIN = "next_of_kin"


class How(StrEnum):
    """In which form it was said. ``ROSTER``: on paper before the home was enrolled, by whoever loads the
    roster.
    """

    PAPER = "paper"
    VOICE = "voice"
    SCREEN = "screen"
    ROSTER = "roster"


@dataclass(frozen=True, slots=True)
class Record:
    """One word on one purpose. ``at``: when it was said, ``None``: before anything was collected.
    ``valid_until``: from then on it no longer holds.
    """

    purpose: Purpose
    decision: Decision
    at: datetime | None = None
    valid_until: datetime | None = None

    def gives(self, at: datetime) -> bool:
        """Whether this word, while it is the last one, allows at ``at``."""
        return self.decision is Decision.GIVEN and (self.valid_until is None or at < self.valid_until)


@dataclass(frozen=True, slots=True)
class Span:
    """When a purpose was not allowed: from ``since`` (``None``: always) until just before ``until``
    (``None``: it has not ended). ``expires``: ``since`` is the end of a consent's validity and may lie ahead.
    """

    since: datetime | None
    until: datetime | None
    expires: bool = False

    def holds(self, at: datetime) -> bool:
        """Whether ``at`` is within."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


def allowed(purpose: Purpose, records: Iterable[Record], now: datetime) -> bool:
    """Whether ``purpose`` is allowed at ``now``; ``records`` in the order they were written.

    The last word said by then counts; of two said at the same time the one written later.
    """
    said = [record for record in _ordered(purpose, records) if record.at is None or record.at <= now]
    return bool(said) and said[-1].gives(now)


def spans(purpose: Purpose, records: Iterable[Record]) -> list[Span]:
    """All times at which ``allowed`` is false, oldest first, none touching the next."""
    found: list[Span] = []
    for span in _between(_ordered(purpose, records)):
        if found and found[-1].until == span.since:
            found[-1] = Span(found[-1].since, span.until, found[-1].expires)
        else:
            found.append(span)
    return found


def _ordered(purpose: Purpose, records: Iterable[Record]) -> list[Record]:
    mine = [record for record in records if record.purpose is purpose]
    return sorted(mine, key=lambda record: record.at or _ALWAYS)


def _between(ordered: Sequence[Record]) -> Iterator[Span]:
    """The spans that each word leaves, in order; they may touch."""
    if not ordered or ordered[0].at is not None:
        yield Span(None, ordered[0].at if ordered else None)
    for number, record in enumerate(ordered):
        following = ordered[number + 1] if number + 1 < len(ordered) else None
        until = following.at if following else None
        if following is not None and (until is None or until == record.at):
            continue  # said at the same time: the later one counts
        if record.decision is not Decision.GIVEN:
            yield Span(record.at, until)
        elif record.valid_until is not None and (until is None or record.valid_until < until):
            since = record.valid_until if record.at is None else max(record.at, record.valid_until)
            yield Span(since, until, expires=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody writes down. ``by_name``: the guardian or relative; ``authority``: the document that
    makes them so; ``capacity``: why this person can decide in spite of a loss; ``recipient``: who receives
    the data.
    """

    purpose: Purpose
    decision: Decision
    by: By
    how: How
    at: datetime
    text_version: str
    by_name: str = ""
    authority: str = ""
    capacity: str = ""
    witness: str = ""
    recipient: str = ""
    valid_until: datetime | None = None

    @property
    def record(self) -> Record:
        """The part that decides."""
        return Record(self.purpose, self.decision, self.at, self.valid_until)


def faults(entry: Entry, *, ability_level: int, died: bool, now: datetime) -> Iterator[str]:
    """Why ``entry`` does not count; empty if it does.

    Whoever may speak may withdraw at any time without a witness (PIPL art. 15: as easily as consent is
    given).
    """
    if entry.at > now:
        yield "at lies ahead: write it down when it has been said"
    if entry.valid_until is not None and entry.valid_until <= entry.at:
        yield "valid_until must lie after at"
    yield from _speaker_faults(entry, died=died)
    if entry.decision is Decision.GIVEN:
        yield from _given_faults(entry, ability_level)


def _speaker_faults(entry: Entry, *, died: bool) -> Iterator[str]:
    if died and entry.by is not By.NEXT_OF_KIN:
        yield "the person has died: only next of kin may speak (PIPL art. 49)"
    if not died and entry.by is By.NEXT_OF_KIN:
        yield "next of kin have no right while the person lives; a guardian is appointed or agreed in writing"
    if died and entry.decision is Decision.GIVEN:
        yield "nobody consents for the dead; next of kin may withdraw, see and erase (PIPL art. 49)"
    if entry.by is not By.SELF and not entry.by_name:
        yield f"by_name: say who the {entry.by} is"
    if entry.by is not By.SELF and not entry.authority:
        yield f"authority: name the document that makes {entry.by} the one to speak; relation alone does not"


def _given_faults(entry: Entry, ability_level: int) -> Iterator[str]:
    lost = ability_level >= COGNITIVE_LOSS
    if not entry.text_version:
        yield "text_version: say which text was agreed to"
    if entry.by is By.SELF and lost and not entry.capacity:
        yield (
            f"ability level {ability_level}: a guardian consents, or capacity says why (and who judged that) "
            "the person understands this"
        )
    if not entry.witness and (entry.by is By.GUARDIAN or entry.how is How.VOICE or lost):
        yield "witness: name who was there (for a guardian, a spoken word, a person with cognitive loss)"
    if entry.witness and entry.witness == entry.by_name:
        yield "witness: somebody else than who speaks"
    if PURPOSES[entry.purpose].recipient and not entry.recipient:
        yield f"recipient: {entry.purpose} names who receives the data (PIPL art. 23)"
