"""The rules of the time bank: who may give hours to whom, and how many. Pure.

What this is: double entry in minutes. Each entry takes from one account what it gives to another, so that
all accounts of a tenant together hold nothing, always. What it is not: a store, or money. The one idea: hours
come into the world only from a visit that was proven, out of the account of services, whose debt is what has
been promised to those who served.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

HOUR_MIN: Final = 60
LONGEST_VISIT: Final = timedelta(hours=12)
"""A visit that lasts longer was not ended properly, and is for people to put right. D."""


class Sort(StrEnum):
    """Whose an account is. A tenant has one of ``SERVICES`` and one ``POOL`` of what was donated."""

    SERVICES = "services"
    POOL = "pool"
    PERSON = "person"
    GROUP = "group"


class Kind(StrEnum):
    """Why hours move. ``SURPLUS``: earned beyond what one may hold, and donated by
    the rules; ``GRANT``: from the pool to
    somebody who needs help; ``REDEEM``: help was had for them; ``UNDO``: an entry was wrong.
    """

    EARN = "earn"
    SURPLUS = "surplus"
    DONATE = "donate"
    TRANSFER = "transfer"
    GRANT = "grant"
    REDEEM = "redeem"
    UNDO = "undo"


_ONE: Final = frozenset({Sort.PERSON})
_WHO_SERVES: Final = frozenset({Sort.PERSON, Sort.GROUP})
_SERVICES: Final = frozenset({Sort.SERVICES})
_POOL: Final = frozenset({Sort.POOL})
ROADS: Final[Mapping[Kind, tuple[frozenset[Sort], frozenset[Sort]]]] = MappingProxyType(
    {
        Kind.EARN: (_SERVICES, _WHO_SERVES),
        Kind.SURPLUS: (_ONE, _POOL),
        Kind.DONATE: (_WHO_SERVES, _POOL),
        Kind.TRANSFER: (_ONE, _ONE),
        Kind.GRANT: (_POOL, _ONE),
        Kind.REDEEM: (_ONE, _SERVICES),
    }
)
"""From whom to whom; a group may only donate (Nanjing). ``UNDO`` goes the way of its entry, backwards."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A tenant's bounds for one person, in minutes; ``None``: none. ``day_min``: what counts of one day;
    ``held_min``: what one may hold; ``donates``: whether what is beyond that goes to the pool or is lost.
    """

    day_min: int | None
    held_min: int | None
    donates: bool


NANJING: Final = Rules(None, 1_500 * HOUR_MIN, donates=True)
"""At most 1,500 hours, the surplus is donated; what holds where a tenant has said nothing."""
CHANGNING: Final = Rules(2 * HOUR_MIN, 600 * HOUR_MIN, donates=False)
"""Shanghai Changning: at most 2 hours a day and 600 in all, one coin an hour."""


@dataclass(frozen=True, slots=True)
class Account:
    """``balance_min``: what it holds; only that of services may be below zero."""

    id: int
    sort: Sort
    balance_min: int = 0
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """``minutes``, above 0, from ``giver`` to ``taker``, by the ids of their accounts."""

    kind: Kind
    giver: int
    taker: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Earned:
    """What a visit is worth; the three together are what was served."""

    kept_min: int
    donated_min: int
    uncounted_min: int


class Refusal(StrEnum):
    """Why hours cannot move."""

    NO_ROAD = "no_road"
    SAME_ACCOUNT = "same_account"
    NOTHING = "nothing"
    CLOSED = "closed"
    OVERDRAWN = "overdrawn"
    OVER_CAP = "over_cap"
    NOT_A_VISIT = "not_a_visit"
    OVERLAPS = "overlaps"
    TWICE = "twice"
    NOT_EMPTY = "not_empty"


class Refused(Exception):  # noqa: N818 - a noun with fields
    """Hours cannot move so; ``why`` is stable."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Served:
    """When somebody was there: from the arrival to the departure that were proven."""

    began_at: datetime
    ended_at: datetime

    def overlaps(self, other: Served) -> bool:
        """Whether somebody would have had to be at two doors at once; one after the other is none."""
        return self.began_at < other.ended_at and other.began_at < self.ended_at


def minutes_of(served: Served, others: Iterable[Served] = ()) -> int:
    """Whole minutes of ``served``. ``others``: what the same person has served elsewhere.

    Raises:
        Refused: it does not last a minute or lasts longer than a visit can; the person was elsewhere.
    """
    lasted = served.ended_at - served.began_at
    if not timedelta(minutes=1) <= lasted <= LONGEST_VISIT:
        raise Refused(Refusal.NOT_A_VISIT)
    if any(served.overlaps(other) for other in others):
        raise Refused(Refusal.OVERLAPS)
    return lasted // timedelta(minutes=1)


def earned(account: Account, minutes: int, today_min: int, rules: Rules) -> Earned:
    """What ``minutes`` served are worth to ``account``, of which ``today_min`` have counted that day already.

    The bounds are a person's; a group is many.
    """
    if account.sort is not Sort.PERSON:
        return Earned(minutes, 0, 0)
    counted = _within(minutes, rules.day_min, today_min)
    kept = _within(counted, rules.held_min, account.balance_min)
    donated = counted - kept if rules.donates else 0
    return Earned(kept, donated, minutes - kept - donated)


def entries_of(worth: Earned, services: int, account: int, pool: int) -> tuple[Entry, ...]:
    """What a visit writes: all that counts is earned, and the surplus goes on to the pool at once."""
    written = (
        Entry(Kind.EARN, services, account, worth.kept_min + worth.donated_min),
        Entry(Kind.SURPLUS, account, pool, worth.donated_min),
    )
    return tuple(entry for entry in written if entry.minutes)


def moved(kind: Kind, giver: Account, taker: Account, minutes: int, rules: Rules) -> Entry:
    """The entry that takes ``minutes`` from ``giver`` and gives them to ``taker``.

    Raises:
        Refused: ``kind`` does not go between these two, or one of them may not.
    """
    if giver.sort not in ROADS[kind][0] or taker.sort not in ROADS[kind][1]:
        raise Refused(Refusal.NO_ROAD)
    _judge(giver, taker, minutes)
    if taker.sort is Sort.PERSON and _within(minutes, rules.held_min, taker.balance_min) < minutes:
        raise Refused(Refusal.OVER_CAP)
    return Entry(kind, giver.id, taker.id, minutes)


def undone(entry: Entry, giver: Account, taker: Account) -> Entry:
    """The entry that takes ``entry`` back. ``giver``, ``taker``: the accounts of ``entry`` as they are now.

    Raises:
        Refused: it is itself an undoing, or its hours have been given on: then people settle it.
    """
    if entry.kind is Kind.UNDO or (giver.id, taker.id) != (entry.giver, entry.taker):
        raise Refused(Refusal.NO_ROAD)
    _judge(taker, giver, entry.minutes)
    return Entry(Kind.UNDO, entry.taker, entry.giver, entry.minutes)


def balances(entries: Iterable[Entry]) -> dict[int, int]:
    """What each account holds after ``entries``, in minutes; together nothing."""
    held: dict[int, int] = {}
    for entry in entries:
        held[entry.giver] = held.get(entry.giver, 0) - entry.minutes
        held[entry.taker] = held.get(entry.taker, 0) + entry.minutes
    return held


def _judge(giver: Account, taker: Account, minutes: int) -> None:
    refusals = {
        Refusal.SAME_ACCOUNT: giver.id == taker.id,
        Refusal.NOTHING: minutes <= 0,
        Refusal.CLOSED: giver.closed or taker.closed,
        Refusal.OVERDRAWN: giver.sort is not Sort.SERVICES and giver.balance_min < minutes,
    }
    for why, holds in refusals.items():
        if holds:
            raise Refused(why)


def _within(minutes: int, most: int | None, so_far: int) -> int:
    """What of ``minutes`` there is still room for."""
    return minutes if most is None else min(minutes, max(0, most - so_far))
