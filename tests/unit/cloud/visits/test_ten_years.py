"""Ten drawn years of a person's duties: nobody is forgotten, nobody is owed twice, whatever happens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from cloud.visits.duty import (
    Absence,
    Cause,
    Condition,
    Contact,
    Difficulty,
    Due,
    Happening,
    History,
    Person,
    Reason,
    Rule,
    Way,
    dues,
    period_of,
)

ZONE: Final = ZoneInfo("Asia/Shanghai")
BEGIN: Final = datetime(2026, 11, 26, 9, tzinfo=ZONE)
DAY: Final = timedelta(days=1)
YEARS: Final = 10
RULE: Final = Rule()
SLOW: Final = 2
"""Days after which somebody who is due is visited, at most."""


@dataclass
class Life:
    """A person, and what is known of them day by day."""

    rng: Random
    person: Person
    contacts: list[Contact] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)

    def owed(self, now: datetime) -> tuple[Due, ...]:
        known = History(tuple(self.contacts[-3:]), tuple(self.happenings[-20:]), tuple(self.absences[-3:]))
        return dues(self.person, RULE, known, (), now)

    def away(self, now: datetime) -> bool:
        return any(one.since <= now and (one.until is None or now < one.until) for one in self.absences)

    def live(self, now: datetime) -> None:
        """Risk rises and falls, something happens, somebody leaves and comes back."""
        draw = self.rng.random()
        if draw < 0.003:
            had = self.person.conditions
            self.person = replace(
                self.person, conditions=frozenset() if had else frozenset({Condition.DEMENTIA})
            )
        elif draw < 0.006:
            had_any = self.person.difficulties
            now_has = frozenset[Difficulty]() if had_any else frozenset({Difficulty.LIVES_ALONE})
            self.person = replace(self.person, difficulties=now_has)
        elif draw < 0.012:
            self.happenings.append(Happening(now, self.rng.choice(list(Cause))))
        elif draw < 0.016 and not self.away(now):
            self.absences.append(Absence(now, now + self.rng.randint(1, 60) * DAY))


def a_life(seed: int) -> Life:
    rng = Random(seed)
    return Life(rng, Person(rng.randint(1930, 1965), BEGIN))


@pytest.mark.parametrize("seed", range(2))
def test_whoever_is_visited_when_the_list_says_so_never_waits_longer_than_the_rule(seed: int) -> None:
    life, seen, back = a_life(seed), BEGIN, BEGIN
    for number in range(YEARS * 366):
        now = BEGIN + number * DAY
        life.live(now)
        if life.away(now):
            back = now
            continue
        waited = now - max(seen, back)
        assert waited <= max(period_of(life.person, RULE, now), RULE.physical) + (SLOW + 1) * DAY
        owed = life.owed(now)
        assert len({(one.reason, one.at) for one in owed}) == len(owed)
        assert {Reason.PERIOD, Reason.PHYSICAL} <= {one.reason for one in owed}
        if owed[0].at <= now + life.rng.randint(0, SLOW) * DAY:
            life.contacts.append(Contact(now, Way.HOME))
            seen = now
            after = life.owed(now)
            assert all(one.at > now for one in after), "a visit ends everything that was owed until then"
            assert [one.reason for one in after if one.reason not in {Reason.PERIOD, Reason.PHYSICAL}] == []


def test_whoever_nobody_visits_stays_in_the_list_from_the_day_that_was_due_until_somebody_comes() -> None:
    life = a_life(100)
    first: datetime | None = None
    for number in range(0, YEARS * 366, 3):
        now = BEGIN + number * DAY
        if life.rng.random() < 0.01:
            life.contacts.append(Contact(now, life.rng.choice([Way.PHONE, Way.VIDEO])))
            life.contacts.append(Contact(now, Way.HOME, seen=False))
        (earliest, *_) = life.owed(now)
        first = first or earliest.at
        assert earliest.at == first


def test_the_month_end_and_the_leap_day_are_days_like_others() -> None:
    for seen in (datetime(2028, 1, 31, 9, tzinfo=ZONE), datetime(2028, 2, 29, 9, tzinfo=ZONE)):
        person = Person(1940, BEGIN, frozenset({Difficulty.DISABLED}))
        owed = dues(person, RULE, History((Contact(seen, Way.HOME),)), (), seen + DAY)
        assert owed[0].at == seen + 30 * DAY
        assert owed[0].at.astimezone(ZONE).hour == 9
