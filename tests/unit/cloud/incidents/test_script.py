"""What the answers of the first call mean, on values alone."""

from __future__ import annotations

import pytest

from cloud.incidents.model import Priority
from cloud.incidents.script import DANGER, FAST, I_STUMBLE, Question, urgency
from dashboards.words import catalogue


@pytest.mark.parametrize("locale", ["zh-Hans", "zh-Hant", "en"])
def test_every_question_has_its_words_in_every_language(locale: str) -> None:
    words = catalogue(locale)
    asked = {key.removeprefix("triage.ask.") for key in words if key.startswith("triage.ask.")}
    assert asked == {question.value for question in Question}


@pytest.mark.parametrize("question", I_STUMBLE)
def test_one_yes_of_i_stumble_is_a_life(question: Question) -> None:
    assert urgency("fall", question, yes=True) is Priority.LIFE
    assert urgency("fall", question, yes=False) is None


@pytest.mark.parametrize("question", FAST)
def test_one_sign_of_a_stroke_is_a_life(question: Question) -> None:
    assert urgency("vitals", question, yes=True) is Priority.LIFE


def test_who_is_out_in_the_cold_is_a_life_and_who_is_found_is_none() -> None:
    assert urgency("wandering", Question.EXPOSED, yes=True) is Priority.LIFE
    assert urgency("wandering", Question.FOUND, yes=True) is None


def test_silence_is_danger_unless_it_is_about_a_device() -> None:
    assert urgency("fall", Question.ANSWERS, yes=False) is Priority.LIFE
    assert urgency("fall", Question.ANSWERS, yes=True) is None
    assert urgency("battery_low", Question.ANSWERS, yes=False) is None
    assert urgency("a kind of tomorrow", Question.ANSWERS, yes=False) is Priority.LIFE


@pytest.mark.parametrize("question", sorted(set(Question) - DANGER - {Question.ANSWERS}))
def test_a_wish_for_help_is_no_danger(question: Question) -> None:
    assert urgency("sos", question, yes=True) is None
