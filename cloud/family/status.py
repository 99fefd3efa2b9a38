"""The one sentence: how things stand at a home now, and which facts say so. Pure.

What this is: rules from the gravest to the calmest; the first that holds is the answer. What it is not: a
diagnosis. The one idea: calm is never assumed. A home that is not heard is "not heard", however quiet its
last hour was, and "no alarm" says just that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cloud.incidents.model import IncidentState, Priority

FRESH: Final = timedelta(minutes=15)
"""[D] Older than this, what is known of a home is not "now": fifteen of its heartbeats are missing."""
LATELY: Final = timedelta(minutes=30)
"""[D] Movement of the last half hour is told as such, and no finer."""

_COMING: Final = frozenset({IncidentState.EN_ROUTE, IncidentState.DISPATCHING})
_THERE: Final = frozenset({IncidentState.ON_SITE, IncidentState.EMERGENCY_SERVICES})


class Level(StrEnum):
    """How the card is drawn; a word and a shape go with each colour."""

    HELP = "help"
    WATCH = "watch"
    UNKNOWN = "unknown"
    CALM = "calm"


@dataclass(frozen=True, slots=True)
class Open:
    """An incident that is not over. ``technical``: it is about equipment."""

    priority: Priority
    state: IncidentState
    technical: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """``known_until``: up to when the home is known, ``None``: it has never been heard. ``observed``: the
    resident allows the daily routine to be seen. ``ended``: nobody lives there any more. ``away_until``: they
    are known to be away. ``up_at``: when they got up today. ``out_since``: they left and are not back.
    ``moved_at``: the last sign of life. ``nights_up``: how often they were in the bathroom last night.
    """

    now: datetime
    known_until: datetime | None
    incidents: tuple[Open, ...] = ()
    observed: bool = True
    ended: bool = False
    away_until: datetime | None = None
    up_at: datetime | None = None
    out_since: datetime | None = None
    moved_at: datetime | None = None
    nights_up: int = 0

    @property
    def gravest(self) -> Open | None:
        """Of a person or a danger; a suspicion that nobody has confirmed yet is one, too."""
        return min((one for one in self.incidents if not one.technical), key=_priority, default=None)


@dataclass(frozen=True, slots=True)
class Status:
    """``headline``: key of a few words. ``parts``: keys of the clauses that make the sentence, in order."""

    level: Level
    headline: str
    parts: tuple[str, ...]


def status(facts: Facts) -> Status:
    """How things stand."""
    return next(found for rule in _RULES if (found := rule(facts)) is not None)


def _over(facts: Facts) -> Status | None:
    """Said without a colour and without a word why: a person of the centre speaks with the family."""
    return Status(Level.UNKNOWN, "ended", ("ask_the_centre",)) if facts.ended else None


def _in_need(facts: Facts) -> Status | None:
    one = facts.gravest
    if one is None or one.priority > Priority.TODAY:
        return None
    sure = one.state is not IncidentState.DETECTED
    level = Level.HELP if sure and one.priority <= Priority.URGENT else Level.WATCH
    return Status(level, "alarm" if level is Level.HELP else "notice", (_progress(one.state),))


def _progress(state: IncidentState) -> str:
    if state in _THERE:
        return "someone_there"
    if state in _COMING:
        return "someone_coming"
    return "being_asked" if state is IncidentState.DETECTED else "being_seen_to"


def _not_heard(facts: Facts) -> Status | None:
    if facts.known_until is None:
        return Status(Level.UNKNOWN, "not_heard", ("never_heard",))
    if facts.now - facts.known_until > FRESH:
        return Status(Level.UNKNOWN, "not_heard", ("heard_until", "told_the_centre"))
    return None


def _away(facts: Facts) -> Status | None:
    if facts.away_until is None or facts.away_until <= facts.now:
        return None
    return Status(Level.CALM, "away", ("away_until",))


def _unobserved(facts: Facts) -> Status | None:
    return None if facts.observed else Status(Level.CALM, "no_alarm", ("not_observed",))


def _calm(facts: Facts) -> Status:
    parts = [name for name, said in _CLAUSES.items() if said(facts)]
    faulty = any(one.technical for one in facts.incidents)
    return Status(Level.CALM, "no_alarm", (*(parts or ["no_sign_today"]), *(["equipment"] if faulty else [])))


def _moved_lately(facts: Facts) -> bool:
    return facts.moved_at is not None and facts.now - facts.moved_at <= LATELY


_CLAUSES: Final[dict[str, Callable[[Facts], bool]]] = {
    "up_at": lambda facts: facts.up_at is not None,
    "nights_up": lambda facts: facts.nights_up > 0,
    "out_since": lambda facts: facts.out_since is not None,
    "moved_lately": lambda facts: facts.out_since is None and _moved_lately(facts),
    "moved_at": lambda facts: (
        facts.out_since is None and facts.moved_at is not None and not _moved_lately(facts)
    ),
}
"""What a calm sentence is made of, in this order, and when each part is said."""
_RULES: Final = (_over, _in_need, _not_heard, _away, _unobserved, _calm)


def _priority(one: Open) -> Priority:
    return one.priority
