"""The ability assessment of GB/T 42195-2022: every total, every bound, every reason to override."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import combinations, permutations

import pytest

from cloud.visits.ability.due import Happened, Reason, counted, due_on, proposed
from cloud.visits.ability.items import BY_KEY, ITEMS, MOST, Domain
from cloud.visits.ability.judge import (
    Ability,
    Answers,
    BadAnswers,
    Diagnosis,
    Level,
    Override,
    RiskEvent,
    judge,
    level_of,
)
from cloud.visits.ability.self_care import Care, Task, Unanswered, care_of

BEST = {item.key: item.best for item in ITEMS}
NOTHING: Mapping[RiskEvent, int] = {}
DEMENTIA, SCHIZOPHRENIA = Diagnosis("F03"), Diagnosis("F20.0", by_psychiatrist=True)


def points(total: int) -> dict[str, int]:
    """A form of ``total`` points: lost from its end backwards, consciousness and the first items last."""
    given, left = {"consciousness": min(1, total)}, total - min(1, total)
    for item in ITEMS:
        more = min(item.best - given.get(item.key, 0), left)
        given[item.key] = given.get(item.key, 0) + more
        left -= more
    return given


def worsened(
    total: int, diagnoses: tuple[Diagnosis, ...] = (), risk_events: Mapping[RiskEvent, int] = NOTHING
) -> Ability:
    return judge(Answers(points(total), diagnoses=diagnoses, risk_events=risk_events))


def test_the_form_has_26_items_in_four_domains_and_90_points() -> None:
    best = {domain: sum(item.best for item in ITEMS if item.domain is domain) for domain in Domain}
    assert (len(ITEMS), len(BY_KEY), MOST) == (26, 26, 90)
    assert best == {Domain.SELF_CARE: 32, Domain.MOVEMENT: 15, Domain.MIND: 28, Domain.SENSES: 15}
    assert {item.key: item.best for item in ITEMS if item.best != 4} == {
        "stairs": 3, "aggression": 1, "depression": 1, "consciousness": 2, "sight": 2, "hearing": 2,
        "transport": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("total", "level"),
    [(90, 0), (89, 1), (66, 1), (65, 2), (46, 2), (45, 3), (30, 3), (29, 4), (1, 4), (0, 4)],
)
def test_each_level_begins_and_ends_where_the_standard_says(total: int, level: int) -> None:
    assert level_of(total) == level
    ability = worsened(total) if total else judge(Answers(dict.fromkeys(BEST, 0)))
    assert (ability.total, ability.by_points) == (total, level)


def test_more_points_are_never_a_worse_level_and_every_total_has_one() -> None:
    levels = [level_of(total) for total in range(MOST + 1)]
    assert levels == sorted(levels, reverse=True)
    assert [levels.count(Level(level)) for level in range(5)] == [1, 24, 20, 16, 30]


def test_more_is_more_able_in_every_item() -> None:
    best = judge(Answers(BEST))
    nothing = judge(Answers(dict.fromkeys(BEST, 0)))
    assert (best.level, nothing.level) == (Level.INTACT, Level.TOTAL)
    for key, most in BEST.items():
        one_less = judge(Answers(BEST | {key: most - 1}))
        assert (one_less.total, one_less.by_points) == (89, Level.SLIGHT)


def test_the_order_of_the_answers_changes_nothing() -> None:
    form = points(57)
    backwards = dict(reversed(form.items()))
    assert judge(Answers(form)) == judge(Answers(backwards))
    assert sum(judge(Answers(form)).domains.values()) == 57


REASONS: dict[Override, tuple[tuple[Diagnosis, ...], Mapping[RiskEvent, int]]] = {
    Override.DEMENTIA: ((DEMENTIA,), NOTHING),
    Override.MENTAL_DISORDER: ((SCHIZOPHRENIA,), NOTHING),
    Override.RISK_EVENTS: ((), {RiskEvent.FALL: 1, RiskEvent.CHOKING: 1}),
}


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize(
    ("total", "level"), [(90, 1), (89, 2), (66, 2), (65, 3), (46, 3), (45, 4), (30, 4), (29, 4)]
)
def test_each_reason_makes_the_level_one_step_worse_and_never_worse_than_total(
    reason: Override, total: int, level: int
) -> None:
    ability = worsened(total, *REASONS[reason])
    assert (ability.level, ability.overrides) == (level, (reason,))
    assert ability.by_points == level_of(total)


@pytest.mark.parametrize("reasons", [*combinations(REASONS, 2), tuple(REASONS)])
def test_several_reasons_make_one_step_together(reasons: tuple[Override, ...]) -> None:
    diagnoses = tuple(one for reason in reasons for one in REASONS[reason][0])
    events = REASONS[reasons[-1]][1]
    ability = worsened(90, diagnoses, events)
    assert (ability.level, ability.overrides) == (Level.SLIGHT, reasons)


def test_reasons_give_the_same_result_in_whatever_order_they_were_written_down() -> None:
    orders = permutations((DEMENTIA, SCHIZOPHRENIA, Diagnosis("I10")))
    assert len({worsened(70, order).overrides for order in orders}) == 1
    fell_first = {RiskEvent.FALL: 1, RiskEvent.WANDERING: 1}
    wandered_first = {RiskEvent.WANDERING: 1, RiskEvent.FALL: 1}
    assert worsened(70, (), fell_first) == worsened(70, (), wandered_first)


def test_a_coma_is_total_loss_whatever_the_points_and_whatever_else_is_there() -> None:
    awake_but_for_that = BEST | {"consciousness": 0}
    noted, answered = judge(Answers(awake_but_for_that, coma=True)), judge(Answers(awake_but_for_that))
    assert noted == answered
    assert (noted.total, noted.by_points, noted.level) == (88, Level.SLIGHT, Level.TOTAL)
    with_dementia = judge(Answers(awake_but_for_that, coma=True, diagnoses=(DEMENTIA,)))
    assert (with_dementia.level, with_dementia.overrides) == (
        Level.TOTAL, (Override.COMA, Override.DEMENTIA),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "by_psychiatrist", "overrides"),
    [
        ("F00", False, (Override.DEMENTIA,)),
        (" f03.9 ", False, (Override.DEMENTIA,)),
        ("F04", True, (Override.MENTAL_DISORDER,)),
        ("F99", True, (Override.MENTAL_DISORDER,)),
        ("F04", False, ()),
        ("F32.1", False, ()),
        ("G30.9", True, ()),
        ("E99", True, ()),
    ],
)
def test_a_diagnosis_counts_by_its_code_and_by_who_made_it(
    code: str, by_psychiatrist: bool, overrides: tuple[Override, ...]
) -> None:
    assert worsened(90, diagnoses=(Diagnosis(code, by_psychiatrist),)).overrides == overrides


@pytest.mark.parametrize(
    ("events", "worse"),
    [
        (NOTHING, False),
        ({RiskEvent.FALL: 1}, False),
        ({RiskEvent.FALL: 2}, True),
        ({RiskEvent.OTHER: 3}, True),
    ],
)
def test_two_risk_events_of_any_kind_worsen_and_one_does_not(
    events: Mapping[RiskEvent, int], worse: bool
) -> None:
    assert (worsened(90, (), events).level == Level.SLIGHT) is worse


BAD = [
    (Answers({key: n for key, n in BEST.items() if key != "walking"}), "walking: not answered"),
    (Answers(BEST | {"stairs": 4}), "stairs: points are whole, 0 to 3"),
    (Answers(BEST | {"eating": -1}), "eating: points are whole, 0 to 4"),
    (Answers(BEST | {"aggression": True}), "aggression: points are whole, 0 to 1"),
    (Answers(BEST | {"singing": 4}), "singing: no such item"),
    (Answers(BEST, risk_events={RiskEvent.FALL: -1}), "fall: a count is not negative"),
    (Answers(BEST, diagnoses=(Diagnosis("dementia"),)), "diagnosis: no ICD-10 code"),
    (Answers(BEST, coma=True), "consciousness: 0 in a coma"),
]


@pytest.mark.parametrize(("answers", "fault"), BAD)
def test_a_form_that_cannot_be_is_not_judged_and_says_where(answers: Answers, fault: str) -> None:
    with pytest.raises(BadAnswers) as raised:
        judge(answers)
    assert raised.value.faults == (fault,)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(BadAnswers) as raised:
        judge(Answers({}))
    assert len(raised.value.faults) == 26


TODAY = date(2026, 11, 26)


def fell(days_ago: int, kind: RiskEvent = RiskEvent.FALL) -> Happened:
    return Happened(kind, TODAY - timedelta(days=days_ago))


def test_events_count_for_thirty_days_and_not_before_they_happen() -> None:
    events = [fell(0), fell(29), fell(30), fell(-1), fell(3, RiskEvent.WANDERING)]
    assert counted(events, TODAY) == {RiskEvent.FALL: 2, RiskEvent.WANDERING: 1}


def test_an_assessment_holds_for_a_year_also_from_a_leap_day() -> None:
    assert due_on(TODAY) == date(2027, 11, 26)
    assert due_on(date(2028, 2, 29)) == date(2029, 2, 28)


@pytest.mark.parametrize(
    ("last", "events", "reason"),
    [
        (None, [], Reason.FIRST),
        (date(2026, 6, 1), [], None),
        (date(2025, 11, 27), [], None),
        (date(2025, 11, 26), [], Reason.REGULAR),
        (date(2026, 6, 1), [fell(2)], Reason.CHANGE),
        (date(2026, 6, 1), [fell(2, RiskEvent.WANDERING)], Reason.CHANGE),
        (date(2026, 6, 1), [fell(2, RiskEvent.CHOKING)], None),
        (date(2026, 11, 24), [fell(2)], None),
        (date(2025, 11, 26), [fell(2)], Reason.CHANGE),
    ],
)
def test_a_new_look_is_proposed_by_the_year_or_by_what_happened_since(
    last: date | None, events: list[Happened], reason: Reason | None
) -> None:
    assert proposed(last, events, TODAY) is reason


@pytest.mark.parametrize(
    ("not_met", "care"), [(0, Care.NONE), (1, Care.HALF), (3, Care.HALF), (4, Care.FULL), (6, Care.FULL)]
)
def test_six_tasks_decide_the_care_of_those_without_kin_or_means(not_met: int, care: Care) -> None:
    met = {task: number >= not_met for number, task in enumerate(Task)}
    backwards = {task: number < len(Task) - not_met for number, task in enumerate(Task)}
    assert care_of(met) is care_of(backwards) is care


def test_a_task_that_was_not_asked_is_not_taken_for_met() -> None:
    with pytest.raises(Unanswered, match="bathing"):
        care_of({task: True for task in Task if task is not Task.BATHING})
