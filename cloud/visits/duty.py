"""Who must be visited by when. Pure.

What this is: one person's open duties, worked out from who they are, the county's rule, what has been done
and what has happened. What it is not: a calendar; no date is kept, each is derived anew, so a changed rule or
a visit that is reported late can never leave a stale date behind. The one idea: every duty says which ways of
contact end it, so a telephone call ends what it may end and nothing else.

Sources: the opinion on visits to older people in special difficulty (ten ministries, 2022: monthly, 100 % by
the end of 2025); the frequencies by risk of Inner Mongolia (2022); "D" marks a default of this project.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

ADVANCED_AGE: Final = 80
OLD_AGE: Final = 60


class Group(StrEnum):
    """How much is at stake for a person; the first is the highest."""

    HIGH = "high"
    KEY = "key"
    GENERAL = "general"


class Difficulty(StrEnum):
    """The special difficulties of the 2022 opinion, and the poor who are supported at home (分散特困)."""

    LIVES_ALONE = "lives_alone"
    EMPTY_NEST = "empty_nest"
    LEFT_BEHIND = "left_behind"
    DISABLED = "disabled"
    SEVERELY_IMPAIRED = "severely_impaired"
    FAMILY_PLANNING = "family_planning"
    SUPPORTED_AT_HOME = "supported_at_home"


class Condition(StrEnum):
    """What alone makes a high risk."""

    DEMENTIA = "dementia"
    SEVERE_HYPERTENSION = "severe_hypertension"
    HEART_DISEASE = "heart_disease"


class Way(StrEnum):
    """How somebody was reached. ``SENSOR``: the home's equipment said that all is well."""

    HOME = "home"
    PHONE = "phone"
    VIDEO = "video"
    SENSOR = "sensor"


class Cause(StrEnum):
    """What moves a visit up."""

    TREND = "trend"
    EMERGENCY = "emergency"
    CHANGE = "change"


class Reason(StrEnum):
    """Why a visit is due. ``PHYSICAL``: once a quarter somebody stands in the home, whatever else counts.
    ``ASSESSMENT``: owed by another rule (``ability.due``), never by ``dues``.
    """

    PERIOD = "period"
    PHYSICAL = "physical"
    TREND = "trend"
    EMERGENCY = "emergency"
    CHANGE = "change"
    CAMPAIGN = "campaign"
    ASSESSMENT = "assessment"


IN_PERSON: Final = frozenset({Way.HOME})
_APART: Final = frozenset({Difficulty.LIVES_ALONE, Difficulty.EMPTY_NEST, Difficulty.LEFT_BEHIND})
_KEY: Final = frozenset(
    {
        Difficulty.DISABLED,
        Difficulty.SEVERELY_IMPAIRED,
        Difficulty.FAMILY_PLANNING,
        Difficulty.SUPPORTED_AT_HOME,
    }
)


@dataclass(frozen=True, slots=True)
class Person:
    """``birth_year``: somebody counts as a year older from the first of January on, which is never too late.

    ``since``: when the duty began. ``ended_at``: they died, moved or went into an institution.
    """

    birth_year: int
    since: datetime
    difficulties: frozenset[Difficulty] = frozenset()
    conditions: frozenset[Condition] = frozenset()
    ended_at: datetime | None = None

    def age(self, at: datetime) -> int:
        """In years, counted from the first of January."""
        return at.year - self.birth_year


@dataclass(frozen=True, slots=True)
class Rule:
    """A county's rule; the defaults are the published figures, or ours where marked.

    ``special``: nobody in special difficulty waits longer (monthly, 100 %). ``counts``: the ways that end a
    period; the county may add telephone, video or equipment. ``physical``: one visit a quarter. ``sooner``:
    how soon after what happened (a trend: within the P4 window of 7 days; a closed emergency: 72 hours, both
    D; a major change: 24 hours, published for high risk, ours for all).
    """

    period: Mapping[Group, timedelta] = field(
        default_factory=lambda: {
            Group.HIGH: timedelta(days=7),
            Group.KEY: timedelta(days=30),
            Group.GENERAL: timedelta(days=90),
        }
    )
    special: timedelta = timedelta(days=30)
    counts: frozenset[Way] = IN_PERSON
    physical: timedelta = timedelta(days=90)
    sooner: Mapping[Cause, timedelta] = field(
        default_factory=lambda: {
            Cause.TREND: timedelta(days=7),
            Cause.EMERGENCY: timedelta(hours=72),
            Cause.CHANGE: timedelta(hours=24),
        }
    )

    def __post_init__(self) -> None:
        spans = (*self.period.values(), self.special, self.physical, *self.sooner.values())
        if set(self.period) != set(Group) or set(self.sooner) != set(Cause) or min(spans) <= timedelta(0):
            raise ValueError("a rule of visits: every group and cause needs a time, longer than nothing")
        if Way.HOME not in self.counts:
            raise ValueError("a rule of visits: a visit at home must count")


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody tried to reach a person. ``seen``: and did; only that ends a duty."""

    at: datetime
    way: Way
    seen: bool = True


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that moves a visit up: a trend was found, an emergency closed, a major change reported."""

    at: datetime
    cause: Cause


@dataclass(frozen=True, slots=True)
class Absence:
    """In hospital or away. ``until``: back home; ``None``: nobody knows yet."""

    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """Extreme weather or a festival: everybody in ``groups`` is to be reached once, by ``by``, in one of
    ``ways``. It is asked for from ``since`` until before ``until``; whom it missed, the rate tells.
    """

    name: str
    since: datetime
    by: datetime
    until: datetime
    groups: frozenset[Group] = frozenset(Group)
    ways: frozenset[Way] = frozenset({Way.HOME, Way.PHONE, Way.VIDEO})

    def __post_init__(self) -> None:
        if not self.since < self.by <= self.until:
            raise ValueError(f"campaign {self.name}: since < by <= until, please")


@dataclass(frozen=True, slots=True)
class History:
    """What is known of one person until now."""

    contacts: tuple[Contact, ...] = ()
    happenings: tuple[Happening, ...] = ()
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """A visit that is owed. ``ways``: those that end it. ``name``: of the campaign."""

    at: datetime
    reason: Reason
    ways: frozenset[Way]
    name: str = ""

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been made by ``now``."""
        return self.at < now


GROUPS: Final[tuple[tuple[Group, Callable[[Person, int], bool]], ...]] = (
    (Group.HIGH, lambda person, age: bool(person.conditions)),
    (Group.HIGH, lambda person, age: age >= ADVANCED_AGE and bool(person.difficulties & _APART)),
    (Group.KEY, lambda person, age: age >= OLD_AGE and bool(person.difficulties & _KEY)),
)
"""The first that holds decides; whoever is in none is general."""


def group_of(person: Person, now: datetime) -> Group:
    """The group that a person is in today."""
    age = person.age(now)
    return next((group for group, holds in GROUPS if holds(person, age)), Group.GENERAL)


def period_of(person: Person, rule: Rule, now: datetime) -> timedelta:
    """The longest time that a person may wait between two visits."""
    by_group = rule.period[group_of(person, now)]
    return min(by_group, rule.special) if person.difficulties else by_group


def dues(
    person: Person, rule: Rule, history: History, campaigns: Iterable[Campaign], now: datetime
) -> tuple[Due, ...]:
    """Everything that is owed to a person at ``now``, the most urgent first; nothing once the duty has ended.

    What falls into an absence, or is still owed when one begins, is due as soon after the return as after any
    major change; what was overdue before an absence that is over stays so.
    """
    if person.ended_at is not None and person.ended_at <= now:
        return ()
    owed = (
        *_regular(person, rule, history, now),
        *_moved_up(rule, history, now),
        *_asked_for(group_of(person, now), history, campaigns, now),
    )
    home = (at_home(due, history.absences, rule, now) for due in owed)
    return tuple(sorted((due for due in home if due is not None), key=lambda due: (due.at, due.reason)))


def last(contacts: Iterable[Contact], ways: frozenset[Way], now: datetime) -> datetime | None:
    """When a person was last reached in one of ``ways``; what claims to lie ahead of ``now`` has not been."""
    return max((one.at for one in contacts if one.seen and one.way in ways and one.at <= now), default=None)


def _regular(person: Person, rule: Rule, history: History, now: datetime) -> Iterator[Due]:
    for reason, ways, wait in (
        (Reason.PERIOD, rule.counts, period_of(person, rule, now)),
        (Reason.PHYSICAL, IN_PERSON, rule.physical),
    ):
        begin = last(history.contacts, ways, now) or person.since
        yield Due(max(begin, person.since) + wait, reason, ways)


def _moved_up(rule: Rule, history: History, now: datetime) -> Iterator[Due]:
    """Only a visit after it ends it: whoever came before has not seen what has changed."""
    visited = last(history.contacts, IN_PERSON, now)
    for one in history.happenings:
        if one.at <= now and (visited is None or visited < one.at):
            yield Due(one.at + rule.sooner[one.cause], Reason(one.cause), IN_PERSON)


def _asked_for(group: Group, history: History, campaigns: Iterable[Campaign], now: datetime) -> Iterator[Due]:
    for one in campaigns:
        reached = last(history.contacts, one.ways, now)
        asked = one.since <= now < one.until and group in one.groups
        if asked and (reached is None or reached < one.since):
            yield Due(one.by, Reason.CAMPAIGN, one.ways, one.name)


def at_home(due: Due, absences: Iterable[Absence], rule: Rule, now: datetime) -> Due | None:
    """The same duty put off to the return; ``None``: nobody knows when that is."""
    for away in sorted(absences, key=lambda one: one.since):
        if not (_away(away, due.at) or _away(away, now)):
            continue
        if away.until is None:
            return None
        due = replace(due, at=away.until + rule.sooner[Cause.CHANGE])
    return due


def _away(absence: Absence, at: datetime) -> bool:
    return absence.since <= at and (absence.until is None or at < absence.until)
