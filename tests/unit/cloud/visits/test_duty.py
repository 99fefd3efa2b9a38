"""Who must be visited by when: groups, periods, what moves a visit up, campaigns, absences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.visits.duty import (
    IN_PERSON,
    Absence,
    Campaign,
    Cause,
    Condition,
    Contact,
    Difficulty,
    Due,
    Group,
    Happening,
    History,
    Person,
    Reason,
    Rule,
    Way,
    dues,
    group_of,
    period_of,
)

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
DAY = timedelta(days=1)
RULE = Rule()
ALONE = frozenset({Difficulty.LIVES_ALONE})
OLD_AND_ALONE = Person(1940, NOW - 400 * DAY, ALONE)


def visited(days_ago: float, way: Way = Way.HOME, *, seen: bool = True) -> Contact:
    return Contact(NOW - days_ago * DAY, way, seen)


def owed(
    person: Person, *contacts: Contact, rule: Rule = RULE, campaigns: tuple[Campaign, ...] = ()
) -> dict[Reason, float]:
    """In how many days each duty is due."""
    found = dues(person, rule, History(contacts), campaigns, NOW)
    return {due.reason: (due.at - NOW) / DAY for due in found}


@pytest.mark.parametrize(
    ("birth_year", "difficulties", "conditions", "group"),
    [
        (1946, ALONE, frozenset(), Group.HIGH),
        (1947, ALONE, frozenset(), Group.GENERAL),
        (1946, {Difficulty.EMPTY_NEST}, frozenset(), Group.HIGH),
        (1946, {Difficulty.LEFT_BEHIND}, frozenset(), Group.HIGH),
        (1946, frozenset(), frozenset(), Group.GENERAL),
        (1966, {Difficulty.DISABLED}, frozenset(), Group.KEY),
        (1967, {Difficulty.DISABLED}, frozenset(), Group.GENERAL),
        (1960, {Difficulty.SUPPORTED_AT_HOME}, frozenset(), Group.KEY),
        (1960, {Difficulty.FAMILY_PLANNING}, frozenset(), Group.KEY),
        (1946, {Difficulty.DISABLED, Difficulty.LIVES_ALONE}, frozenset(), Group.HIGH),
        (1960, frozenset(), {Condition.HEART_DISEASE}, Group.HIGH),
    ],
)
def test_age_difficulty_and_illness_make_the_group(
    birth_year: int, difficulties: set[Difficulty], conditions: set[Condition], group: Group
) -> None:
    person = Person(birth_year, NOW, frozenset(difficulties), frozenset(conditions))
    assert group_of(person, NOW) is group


@pytest.mark.parametrize(
    ("person", "days"),
    [
        (OLD_AND_ALONE, 7),
        (Person(1960, NOW, frozenset({Difficulty.DISABLED})), 30),
        (Person(1960, NOW), 90),
        (Person(1960, NOW, ALONE), 30),
    ],
)
def test_nobody_in_special_difficulty_waits_longer_than_a_month(person: Person, days: int) -> None:
    assert period_of(person, RULE, NOW) == days * DAY


def test_a_person_never_visited_is_due_one_period_after_the_duty_began() -> None:
    assert owed(replace(OLD_AND_ALONE, since=NOW - 2 * DAY))[Reason.PERIOD] == 5


def test_a_telephone_call_ends_a_period_only_where_the_county_says_so() -> None:
    call = visited(1, Way.PHONE)
    counting = Rule(counts=frozenset({Way.HOME, Way.PHONE}))
    assert owed(OLD_AND_ALONE, visited(6), call)[Reason.PERIOD] == 1
    assert owed(OLD_AND_ALONE, visited(6), call, rule=counting)[Reason.PERIOD] == 6


def test_calls_every_week_never_replace_the_visit_of_the_quarter() -> None:
    counting = Rule(counts=frozenset({Way.HOME, Way.PHONE}))
    calls = [visited(days, Way.PHONE) for days in range(1, 100, 6)]
    assert owed(OLD_AND_ALONE, visited(91), *calls, rule=counting) == {Reason.PHYSICAL: -1, Reason.PERIOD: 6}


def test_a_door_that_stayed_shut_ends_nothing() -> None:
    assert owed(OLD_AND_ALONE, visited(6), visited(1, seen=False))[Reason.PERIOD] == 1


def test_a_visit_entered_with_a_time_ahead_of_now_does_not_count_yet() -> None:
    assert owed(OLD_AND_ALONE, visited(6), visited(-3))[Reason.PERIOD] == 1


@pytest.mark.parametrize(("cause", "days"), [(Cause.TREND, 7), (Cause.EMERGENCY, 3), (Cause.CHANGE, 1)])
def test_what_has_happened_moves_the_visit_up(cause: Cause, days: int) -> None:
    person = Person(1960, NOW - 400 * DAY)
    history = History((visited(2),), (Happening(NOW - 0.5 * DAY, cause),))
    first, *_ = dues(person, RULE, history, (), NOW)
    assert first == Due(NOW + (days - 0.5) * DAY, Reason(cause), IN_PERSON)


def test_only_a_visit_after_it_answers_what_has_happened() -> None:
    happened = (Happening(NOW - 3 * DAY, Cause.EMERGENCY),)
    before = History((visited(3.1), visited(1, Way.PHONE)), happened)
    after = History((visited(2.9),), happened)
    assert Reason.EMERGENCY in {due.reason for due in dues(OLD_AND_ALONE, RULE, before, (), NOW)}
    assert Reason.EMERGENCY not in {due.reason for due in dues(OLD_AND_ALONE, RULE, after, (), NOW)}


COLD = Campaign("cold wave", NOW - DAY, NOW + DAY, NOW + 4 * DAY, frozenset({Group.HIGH}))


def test_in_a_cold_wave_everybody_at_high_risk_is_rung_up_first() -> None:
    assert owed(OLD_AND_ALONE, visited(2), campaigns=(COLD,))[Reason.CAMPAIGN] == 1
    assert Reason.CAMPAIGN not in owed(OLD_AND_ALONE, visited(0.5, Way.PHONE), campaigns=(COLD,))
    assert Reason.CAMPAIGN not in owed(Person(1960, NOW), campaigns=(COLD,))


def test_a_campaign_asks_between_its_days_only() -> None:
    before, over = (replace(COLD, since=NOW + DAY / 2), replace(COLD, until=NOW, by=NOW))
    assert Reason.CAMPAIGN not in owed(OLD_AND_ALONE, campaigns=(before, over))


def test_a_duty_that_falls_into_a_stay_in_hospital_waits_for_the_return() -> None:
    def first(absence: Absence) -> float | None:
        found = dues(OLD_AND_ALONE, RULE, History((visited(6),), absences=(absence,)), (), NOW)
        return min(((due.at - NOW) / DAY for due in found), default=None)

    assert first(Absence(NOW - 5 * DAY, NOW + 3 * DAY)) == 4
    assert first(Absence(NOW - 5 * DAY)) is None


def test_a_visit_that_was_overdue_before_an_absence_stays_so_after_it() -> None:
    history = History((visited(20),), absences=(Absence(NOW - 9 * DAY, NOW - 5 * DAY),))
    assert dues(OLD_AND_ALONE, RULE, history, (), NOW)[0].at == NOW - 13 * DAY


def test_nothing_is_owed_to_the_dead() -> None:
    assert owed(replace(OLD_AND_ALONE, ended_at=NOW)) == {}


def test_a_rule_that_would_let_somebody_wait_for_ever_is_refused() -> None:
    with pytest.raises(ValueError, match="every group and cause"):
        Rule(period={Group.HIGH: 7 * DAY})
    with pytest.raises(ValueError, match="at home must count"):
        Rule(counts=frozenset({Way.PHONE}))
    with pytest.raises(ValueError, match="since < by"):
        replace(COLD, by=COLD.since)


ways = st.sampled_from(Way)
moments = st.floats(-30, 400).map(lambda days: NOW - days * DAY)
contacts = st.lists(st.builds(Contact, moments, ways, st.booleans()), max_size=6).map(tuple)
happenings = st.lists(st.builds(Happening, moments, st.sampled_from(Cause)), max_size=4).map(tuple)
people = st.builds(
    Person,
    st.integers(1920, 1990),
    moments,
    st.frozensets(st.sampled_from(Difficulty), max_size=2),
    st.frozensets(st.sampled_from(Condition), max_size=1),
)
histories = st.builds(History, contacts, happenings)


@given(people, histories)
def test_a_visit_now_leaves_nothing_overdue(person: Person, history: History) -> None:
    visit = replace(history, contacts=(*history.contacts, Contact(NOW, Way.HOME)))
    assert not [due for due in dues(person, RULE, visit, (COLD,), NOW) if due.overdue(NOW)]


@given(people, histories)
def test_whatever_happens_the_next_visit_is_never_further_off_than_the_period(
    person: Person, history: History
) -> None:
    begin = max((NOW, person.since))
    assert dues(person, RULE, history, (), NOW)[0].at <= begin + period_of(person, RULE, NOW)


@given(people, histories, st.sampled_from(Cause))
def test_no_event_ever_puts_a_visit_off(person: Person, history: History, cause: Cause) -> None:
    more = replace(history, happenings=(*history.happenings, Happening(NOW, cause)))
    assert dues(person, RULE, more, (), NOW)[0].at <= dues(person, RULE, history, (), NOW)[0].at
