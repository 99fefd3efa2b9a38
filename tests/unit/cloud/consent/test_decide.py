"""Who may say what: guardians, witnesses, the dead, and how easily a word is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud.consent.decide import By, Decision, Entry, How, Record, Span, allowed, faults, spans
from cloud.consent.purposes import Purpose

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)
GIVEN = Entry(Purpose.VITALS, Decision.GIVEN, By.SELF, How.PAPER, NOW, "2026-1")
BY_GUARDIAN = replace(
    GIVEN, by=By.GUARDIAN, by_name="向玉珍", authority="鹤城区法院 2025-12", witness="村医杨再兴"
)


def judged(entry: Entry, *, ability_level: int = 0, died: bool = False) -> list[str]:
    """The names of the fields that are at fault, or the first word."""
    return [
        fault.split(":")[0].split()[0]
        for fault in faults(entry, ability_level=ability_level, died=died, now=NOW)
    ]


def test_somebody_who_understands_consents_alone() -> None:
    assert judged(GIVEN) == []


def test_somebody_with_cognitive_loss_does_not_consent_without_more() -> None:
    assert judged(GIVEN, ability_level=3) == ["ability", "witness"]
    explained = replace(GIVEN, capacity="understands, said the village doctor", witness="村医")
    assert judged(explained, ability_level=3) == []


def test_a_guardian_consents_with_a_document_and_a_witness() -> None:
    assert judged(BY_GUARDIAN, ability_level=4) == []
    assert judged(replace(BY_GUARDIAN, authority="")) == ["authority"]
    assert judged(replace(BY_GUARDIAN, witness="")) == ["witness"]
    assert judged(replace(BY_GUARDIAN, witness=BY_GUARDIAN.by_name)) == ["witness"]


def test_a_child_has_no_right_of_its_own() -> None:
    child = replace(BY_GUARDIAN, authority="")
    assert judged(child) == ["authority"], "relation is no document"
    assert judged(replace(BY_GUARDIAN, by=By.NEXT_OF_KIN)) == ["next"], "not while the person lives"


def test_after_death_next_of_kin_may_withdraw_and_nobody_may_give() -> None:
    kin = replace(BY_GUARDIAN, by=By.NEXT_OF_KIN, decision=Decision.WITHDRAWN)
    assert judged(kin, died=True) == []
    assert judged(replace(kin, decision=Decision.GIVEN), died=True) == ["nobody"]
    assert judged(GIVEN, died=True) == ["the", "nobody"]


def test_a_word_is_taken_back_more_easily_than_it_is_given() -> None:
    spoken = replace(GIVEN, decision=Decision.WITHDRAWN, how=How.VOICE, text_version="")
    assert judged(spoken, ability_level=4) == []
    assert judged(replace(spoken, decision=Decision.GIVEN)) == ["text_version", "witness"]


def test_sharing_names_who_receives_the_data() -> None:
    doctor = replace(GIVEN, purpose=Purpose.DOCTOR)
    assert judged(doctor) == ["recipient"]
    assert judged(replace(doctor, recipient="镇卫生院")) == []


def test_a_word_cannot_lie_ahead() -> None:
    assert judged(replace(GIVEN, at=NOW + DAY)) == ["at"]
    assert judged(replace(GIVEN, valid_until=NOW)) == ["valid_until"]


WORDS = [
    Record(Purpose.VITALS, Decision.GIVEN),
    Record(Purpose.VITALS, Decision.WITHDRAWN, NOW),
    Record(Purpose.VITALS, Decision.GIVEN, NOW + DAY, NOW + 3 * DAY),
]


@pytest.mark.parametrize(("days", "expected"), [(-1, True), (0, False), (0.5, False), (1, True), (3, False)])
def test_each_moment_has_its_answer(days: float, expected: bool) -> None:
    assert allowed(Purpose.VITALS, WORDS, NOW + days * DAY) is expected


def test_the_times_without_consent_are_told() -> None:
    assert spans(Purpose.VITALS, WORDS) == [
        Span(NOW, NOW + DAY),
        Span(NOW + 3 * DAY, None, expires=True),
    ]
    assert spans(Purpose.CAMERA, WORDS) == [Span(None, None)]
