"""Visit forms: what is asked by kind, what makes one whole, and what it tells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloud.visits.forms.check import Filled, faults, needs, saw_the_person, worries, worse
from cloud.visits.forms.shapes import Answer, Count, Scale, Several, Shape, Words, YesNo
from cloud.visits.forms.table import FIVE_AREAS, FORMS, SEEN, Area, Proof, VisitKind

ALL_PROOF = frozenset(Proof)


def best(shape: Shape) -> Answer:
    """The answer that worries nobody."""
    match shape:
        case Scale(steps=steps):
            return steps[0]
        case YesNo(worry=worry):
            return not worry
        case Count():
            return 0
        case Several():
            return ()
        case Words():
            return "一切都好"


def filled(kind: VisitKind, **changed: Answer) -> Filled:
    """The form of somebody who was seen and is well, but for ``changed``."""
    answers: dict[str, Answer] = {}
    for question in FORMS[kind].questions:
        if question.only is None or (answers | changed).get(question.only[0]) == question.only[1]:
            answers[question.key] = best(question.shape)
    return Filled(kind, answers | changed, FORMS[kind].proof)


@pytest.mark.parametrize("kind", VisitKind)
def test_a_form_of_somebody_who_is_well_is_whole_and_worries_nobody(kind: VisitKind) -> None:
    assert (list(faults(filled(kind))), worries(filled(kind))) == ([], ())


@pytest.mark.parametrize("kind", VisitKind)
def test_every_question_that_is_asked_must_be_answered(kind: VisitKind) -> None:
    whole = filled(kind)
    for key, answer in whole.answers.items():
        rest = {name: value for name, value in whole.answers.items() if name != key}
        missing = set(faults(replace(whole, answers=rest)))
        assert (f"{key}: not answered" in missing) is not isinstance(answer, tuple)


@pytest.mark.parametrize("kind", VisitKind)
def test_a_key_stands_once_on_a_form_and_hangs_on_an_earlier_one(kind: VisitKind) -> None:
    keys = [question.key for question in FORMS[kind].questions]
    assert len(set(keys)) == len(keys)
    for place, question in enumerate(FORMS[kind].questions):
        assert question.only is None or question.only[0] in keys[:place]


def test_a_regular_visit_asks_about_the_five_areas_and_about_needs_family_and_consent() -> None:
    areas = {question.area for question in FORMS[VisitKind.REGULAR].questions}
    assert areas == {*FIVE_AREAS, Area.NEEDS, Area.FAMILY, Area.CONSENT, Area.VISIT}
    safety = [one.key for one in FORMS[VisitKind.REGULAR].questions if one.area is Area.SAFETY]
    assert {"gas", "water", "electricity"} <= set(safety)


def test_a_look_after_somebody_has_six_points_besides_the_door() -> None:
    asked = [one.key for one in FORMS[VisitKind.WELFARE].questions if one.area is not Area.VISIT]
    assert len(asked) == 6


def test_before_a_closed_door_only_the_reason_is_asked_and_the_arrival_proven() -> None:
    door = Filled(VisitKind.REGULAR, {SEEN: False, "why_not": "no_answer"}, frozenset({Proof.ARRIVAL}))
    assert (list(faults(door)), worries(door)) == ([], (SEEN, "why_not"))
    assert list(faults(replace(door, proof=frozenset()))) == ["arrival: missing"]


def test_nothing_is_said_of_a_person_who_was_not_seen() -> None:
    door: dict[str, Answer] = {SEEN: False, "why_not": "out", "mood": "calm"}
    assert list(faults(Filled(VisitKind.REGULAR, door, ALL_PROOF))) == ["mood: not asked here"]


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("gas", "smells"),
        ("falls", -1),
        ("falls", 100),
        ("falls", True),
        ("falls", "2"),
        ("needs", ("meals", "meals")),
        ("needs", ("gold",)),
        ("consent_read_again", "yes"),
        (SEEN, 1),
    ],
)
def test_an_answer_that_cannot_be_is_refused_by_its_key_alone(key: str, answer: Answer) -> None:
    found = list(faults(filled(VisitKind.REGULAR, **{key: answer})))
    assert f"{key}: no such answer" in found
    assert not any("gold" in fault or "smells" in fault for fault in found)


def test_a_note_is_neither_empty_nor_endless() -> None:
    for note in ("", "  ", "字" * 1_001):
        assert list(faults(filled(VisitKind.AFTER_INCIDENT, note=note))) == ["note: no such answer"]
    assert not list(faults(filled(VisitKind.AFTER_INCIDENT, note="字" * 1_000)))


def test_a_key_of_another_form_is_refused() -> None:
    assert list(faults(filled(VisitKind.WELFARE, gas="safe"))) == ["gas: not on this form"]


def test_an_emergency_has_two_photos_at_most_and_a_regular_visit_none() -> None:
    emergency, regular = filled(VisitKind.EMERGENCY), filled(VisitKind.REGULAR)
    assert not list(faults(replace(emergency, photos=2)))
    assert list(faults(replace(emergency, photos=3))) == ["photos: at most 2"]
    assert list(faults(replace(regular, photos=1))) == ["photos: at most 0"]


def test_who_was_given_to_an_ambulance_was_handed_over_to_somebody() -> None:
    called = filled(VisitKind.EMERGENCY, ambulance=True)
    rest = {key: answer for key, answer in called.answers.items() if key != "handed_over"}
    assert list(faults(replace(called, answers=rest))) == ["handed_over: not answered"]


def test_an_assessment_is_signed_by_two() -> None:
    one = replace(filled(VisitKind.ASSESSMENT), proof=frozenset({Proof.ARRIVAL, Proof.SIGNATURE}))
    assert list(faults(one)) == ["second_signature: missing"]


def test_worries_are_told_in_the_order_of_the_form() -> None:
    visit = filled(VisitKind.REGULAR, gas="unsure", mood="hopeless", falls=1, needs=("meals", "doctor"))
    assert worries(visit) == ("falls", "mood", "gas", "needs")
    assert needs(visit) == ("meals", "doctor")


def test_what_is_worse_than_last_time_is_told_even_where_it_worries_nobody_yet() -> None:
    before = filled(VisitKind.REGULAR, walks="alone", mood="low")
    now = filled(VisitKind.REGULAR, walks="with_aid", mood="calm")
    assert (worse(before, now), worries(now)) == (("walks",), ())
    assert worse(now, before) == ("mood",)


def test_what_was_not_asked_last_time_is_not_compared() -> None:
    assert not worse(filled(VisitKind.EQUIPMENT), filled(VisitKind.REGULAR, mood="hopeless"))
    quick = filled(VisitKind.WELFARE, answers="confused")
    assert worse(filled(VisitKind.CAMPAIGN), quick) == ("answers",)


def test_a_person_was_seen_only_by_whoever_was_there() -> None:
    visit = filled(VisitKind.REGULAR)
    by_telephone = replace(visit, proof=frozenset())
    assert (saw_the_person(visit), saw_the_person(by_telephone)) == (True, False)
    assert not saw_the_person(Filled(VisitKind.REGULAR, {SEEN: False, "why_not": "out"}, ALL_PROOF))
