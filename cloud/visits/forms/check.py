"""Whether a filled form is whole, what in it somebody must look at, and what got worse. Pure.

What this is: three questions asked of a filled form. What it is not: a judge of the visitor. The one idea: a
form that came from a telephone without a network is checked here once more, all faults at once, so that
nothing has to be sent twice for one mistake each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cloud.visits.forms.shapes import Answer, Scale, Several
from cloud.visits.forms.table import FORMS, SEEN, Proof, Question, VisitKind


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it came back. ``photos``: how many."""

    kind: VisitKind
    answers: Mapping[str, Answer]
    proof: frozenset[Proof]
    photos: int = 0


def faults(filled: Filled) -> Iterator[str]:
    """What keeps ``filled`` from being taken, by key, without the answer itself; nothing: it is whole."""
    form, answers = FORMS[filled.kind], filled.answers
    for question in form.questions:
        yield from _faults(question, answers)
    known = {question.key for question in form.questions}
    yield from (f"{key}: not on this form" for key in sorted(answers.keys() - known))
    yield from (f"{proof}: missing" for proof in sorted(_needed(filled) - filled.proof))
    if filled.photos > form.photos:
        yield f"photos: at most {form.photos}"


def worries(filled: Filled) -> tuple[str, ...]:
    """Keys whose answers somebody must look at, in the order of the form; ``filled`` has no faults."""
    return tuple(
        question.key
        for question in FORMS[filled.kind].questions
        if question.key in filled.answers and question.shape.worries(filled.answers[question.key])
    )


def worse(before: Filled, now: Filled) -> tuple[str, ...]:
    """Keys that stand on a worse step than at the visit before; both have no faults. What was not asked at
    either is not compared.
    """
    return tuple(
        question.key
        for question in FORMS[now.kind].questions
        if isinstance(question.shape, Scale)
        and _asked_alike(question, before)
        and question.key in now.answers
        and question.shape.rank(now.answers[question.key]) > question.shape.rank(before.answers[question.key])
    )


def needs(filled: Filled) -> tuple[str, ...]:
    """What the person asked for, by the form's own words; each becomes somebody's task."""
    found = filled.answers.get("needs", ())
    return found if isinstance(found, tuple) else ()


def saw_the_person(filled: Filled) -> bool:
    """Whether somebody stood before the person: what makes a visit a physical one."""
    return filled.answers.get(SEEN) is True and Proof.ARRIVAL in filled.proof


def _faults(question: Question, answers: Mapping[str, Answer]) -> Iterator[str]:
    is_asked = _is_asked(question, answers)
    if question.key not in answers:
        if is_asked and not isinstance(question.shape, Several):
            yield f"{question.key}: not answered"
    elif not is_asked:
        yield f"{question.key}: not asked here"
    elif not question.shape.fits(answers[question.key]):
        yield f"{question.key}: no such answer"


def _is_asked(question: Question, answers: Mapping[str, Answer]) -> bool:
    return question.only is None or answers.get(question.only[0]) == question.only[1]


def _needed(filled: Filled) -> frozenset[Proof]:
    """Who found nobody proves that they were there, and nothing more."""
    proof = FORMS[filled.kind].proof
    return proof & {Proof.ARRIVAL} if filled.answers.get(SEEN) is False else proof


def _asked_alike(question: Question, before: Filled) -> bool:
    return any(one == question for one in FORMS[before.kind].questions) and question.key in before.answers
