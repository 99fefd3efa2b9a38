"""The visiting rate (探訪率) of a span of time, and everybody behind it. Pure.

What this is: who was to be visited, who was, and who was not and why. What it is not: a percentage alone.
The one idea: nobody falls out of the count in silence: whoever is not in the denominator is named with the
reason, and whoever was missed is named with what was tried.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cloud.visits.duty import Absence, Contact, History, Person, Way


class Standing(StrEnum):
    """Where a person stands in the rate. The first four are the denominator."""

    VISITED = "visited"
    NO_ACCESS = "no_access"
    OTHER_WAY = "other_way"
    NOBODY_CAME = "nobody_came"
    NEW = "new"
    ENDED = "ended"
    AWAY = "away"


MISSED: Final = frozenset({Standing.NO_ACCESS, Standing.OTHER_WAY, Standing.NOBODY_CAME})
"""``NO_ACCESS``: somebody tried in a way that counts; ``OTHER_WAY``: reached, but in none that counts."""
COUNTED: Final = MISSED | {Standing.VISITED}


@dataclass(frozen=True, slots=True)
class Span:
    """From ``since`` until before ``until``."""

    since: datetime
    until: datetime

    def holds(self, contact: Contact) -> bool:
        """Whether the contact falls into it."""
        return self.since <= contact.at < self.until


@dataclass(frozen=True, slots=True)
class Rate:
    """``people``: everybody of one area by where they stand, each by name of the register."""

    people: Mapping[Standing, tuple[int, ...]]

    @property
    def owed(self) -> int:
        """The denominator."""
        return sum(len(self.people.get(one, ())) for one in COUNTED)

    @property
    def visited(self) -> int:
        """The numerator."""
        return len(self.people.get(Standing.VISITED, ()))

    @property
    def missed(self) -> tuple[int, ...]:
        """Whom nobody has seen."""
        return tuple(sorted(who for one in MISSED for who in self.people.get(one, ())))

    @property
    def share(self) -> float | None:
        """0 to 1; ``None`` where nobody was to be visited, which is not the same as all."""
        return self.visited / self.owed if self.owed else None


def standing(person: Person, history: History, counts: frozenset[Way], span: Span) -> Standing:
    """Where a person stands: a visit always counts, also one of a person who was new, left or was away."""
    tried = tuple(one for one in history.contacts if span.holds(one))
    if any(one.seen and one.way in counts for one in tried):
        return Standing.VISITED
    if person.ended_at is not None and person.ended_at < span.until:
        return Standing.ENDED
    if person.since > span.since:
        return Standing.NEW
    if any(_covers(one, span) for one in history.absences):
        return Standing.AWAY
    if any(one.way in counts for one in tried):
        return Standing.NO_ACCESS
    return Standing.OTHER_WAY if any(one.seen for one in tried) else Standing.NOBODY_CAME


def rates(people: Iterable[tuple[int, str, Standing]], digits: int) -> dict[str, Rate]:
    """The rate of every area: people as number, division code and standing; ``digits`` of the statistical
    code: 4 a city, 6 a county, 9 a town, 12 a village.
    """
    areas: dict[str, dict[Standing, list[int]]] = defaultdict(lambda: defaultdict(list))
    for who, division, stands in people:
        areas[division[:digits]][stands].append(who)
    return {
        area: Rate({stands: tuple(sorted(found)) for stands, found in by_standing.items()})
        for area, by_standing in sorted(areas.items())
    }


def _covers(absence: Absence, span: Span) -> bool:
    return absence.since <= span.since and (absence.until is None or absence.until >= span.until)
