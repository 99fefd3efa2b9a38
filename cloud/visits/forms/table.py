"""The visit forms: which questions, and which proof, each kind of visit has. Pure.

What this is: tables of keys; the screens' catalogues hold the words in three languages. What it is not: when
a visit is due. Five areas are what practice asks at a regular visit (health, mind, safety with gas, water and
electricity, hygiene, living environment: Beijing Fangshan, 2019); kinds and proof: domain practice, D.
The one idea: whoever stood before a closed door answers why, and nothing about a person they did not see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from cloud.visits.forms.shapes import Answer, Count, Scale, Several, Shape, Words, YesNo


class VisitKind(StrEnum):
    """Why somebody goes."""

    EMERGENCY = "emergency"
    WELFARE = "welfare"
    REGULAR = "regular"
    ASSESSMENT = "assessment"
    EQUIPMENT = "equipment"
    SERVICE = "service"
    AFTER_INCIDENT = "after_incident"
    CAMPAIGN = "campaign"


class Area(StrEnum):
    """What a question is about. The first five are those of a regular visit."""

    HEALTH = "health"
    MIND = "mind"
    SAFETY = "safety"
    HYGIENE = "hygiene"
    SURROUNDINGS = "surroundings"
    NEEDS = "needs"
    FAMILY = "family"
    CONSENT = "consent"
    VISIT = "visit"
    EQUIPMENT = "equipment"


FIVE_AREAS: Final = (Area.HEALTH, Area.MIND, Area.SAFETY, Area.HYGIENE, Area.SURROUNDINGS)


class Proof(StrEnum):
    """What shows that a visit was made. ``ARRIVAL``: the tag at the door, or the place; ``DEPARTURE``:
    the same on leaving; ``SIGNATURE``: of the person or by voice; ``SECOND_SIGNATURE``: of another assessor.
    """

    ARRIVAL = "arrival"
    DEPARTURE = "departure"
    SIGNATURE = "signature"
    SECOND_SIGNATURE = "second_signature"


@dataclass(frozen=True, slots=True)
class Question:
    """``only``: it is asked only where another question has this answer."""

    key: str
    area: Area
    shape: Shape
    only: tuple[str, Answer] | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """``proof``: what must be there. ``photos``: at most so many, never of faces."""

    questions: tuple[Question, ...]
    proof: frozenset[Proof]
    photos: int = 0


SEEN: Final = "seen"
_WHY_NOT: Final = ("out", "no_answer", "refused", "hospital", "moved", "died")
_GRADE: Final = Scale(("good", "fair", "bad"), worry="bad")
_SAFE: Final = Scale(("safe", "unsure", "unsafe"), worry="unsure")


def _of(area: Area, **shapes: Shape) -> tuple[Question, ...]:
    return tuple(Question(key, area, shape) for key, shape in shapes.items())


_HEALTH: Final = _of(
    Area.HEALTH,
    feels=Scale(("well", "as_usual", "worse", "bad"), worry="worse"),
    eats=Scale(("well", "less", "hardly"), worry="hardly"),
    sleeps=Scale(("well", "badly", "hardly"), worry="hardly"),
    pain=Scale(("none", "some", "strong"), worry="strong"),
    walks=Scale(("alone", "with_aid", "with_help", "not_at_all")),
    medicine=Scale(("none_needed", "as_told", "sometimes_missed", "not_taken"), worry="sometimes_missed"),
    falls=Count(99, worry=1),
)
_MIND: Final = _of(
    Area.MIND,
    mood=Scale(("cheerful", "calm", "low", "hopeless"), worry="low"),
    company=Scale(("often", "sometimes", "seldom", "never"), worry="never"),
    confused=Scale(("no", "as_usual", "newly"), worry="newly"),
)
_SAFETY: Final = _of(Area.SAFETY, gas=_SAFE, water=_SAFE, electricity=_SAFE, open_fire=_SAFE)
_HYGIENE: Final = _of(Area.HYGIENE, body=_GRADE, clothes_and_bed=_GRADE, food=_GRADE)
_SURROUNDINGS: Final = _of(
    Area.SURROUNDINGS, ways=_SAFE, light=_GRADE, warmth=_GRADE, equipment_works=YesNo(worry=False)
)
_ROUND: Final = (
    *_of(
        Area.NEEDS,
        needs=Several(
            ("meals", "cleaning", "bathing", "nursing", "doctor", "repairs", "allowance", "company", "rest")
        ),
    ),
    *_of(Area.FAMILY, family_called=Scale(("this_week", "this_month", "earlier", "never"), worry="never")),
    *_of(Area.CONSENT, consent_read_again=YesNo()),
)
_QUICK: Final = _of(
    Area.HEALTH,
    answers=Scale(("clearly", "confused", "not"), worry="confused"),
    hurt=YesNo(worry=True),
    ate_today=YesNo(worry=False),
    drank_today=YesNo(worry=False),
    warm=YesNo(worry=False),
    can_call=YesNo(worry=False),
)
"""The six points of a look after somebody who could not be reached."""
_NOTE: Final = Question("note", Area.VISIT, Words())


def _at_the_door(*of_person: Question, photos: int = 0, more: frozenset[Proof] = frozenset()) -> Form:
    """A form that begins with whether the person was seen; what is asked of them hangs on that."""
    door = (
        Question(SEEN, Area.VISIT, YesNo(worry=False)),
        Question("why_not", Area.VISIT, Scale(_WHY_NOT, worry="out"), only=(SEEN, False)),
    )
    asked = tuple(replace(one, only=one.only or (SEEN, True)) for one in of_person)
    return Form((*door, *asked), frozenset({Proof.ARRIVAL}) | more, photos)


_BOTH_ENDS: Final = frozenset({Proof.DEPARTURE})

FORMS: Final[Mapping[VisitKind, Form]] = {
    VisitKind.EMERGENCY: _at_the_door(
        *_of(
            Area.HEALTH,
            answers=Scale(("clearly", "confused", "not"), worry="confused"),
            hurt=YesNo(worry=True),
            ambulance=YesNo(),
        ),
        Question("handed_over", Area.VISIT, YesNo(worry=False), only=("ambulance", True)),
        _NOTE,
        photos=2,
    ),
    VisitKind.WELFARE: _at_the_door(*_QUICK),
    VisitKind.REGULAR: _at_the_door(
        *_HEALTH, *_MIND, *_SAFETY, *_HYGIENE, *_SURROUNDINGS, *_ROUND, more=_BOTH_ENDS
    ),
    VisitKind.ASSESSMENT: _at_the_door(
        *_of(Area.VISIT, informant=Scale(("self", "family", "carer", "other"))),
        more=frozenset({Proof.SIGNATURE, Proof.SECOND_SIGNATURE}),
    ),
    VisitKind.EQUIPMENT: Form(
        _of(
            Area.EQUIPMENT,
            every_sensor_walked=YesNo(worry=False),
            alarm_answered=YesNo(worry=False),
            explained=YesNo(worry=False),
        ),
        frozenset({Proof.ARRIVAL, Proof.SIGNATURE}),
    ),
    VisitKind.SERVICE: _at_the_door(
        *_of(Area.NEEDS, done=Several(("meals", "cleaning", "bathing", "nursing", "doctor", "company"))),
        more=frozenset({Proof.DEPARTURE, Proof.SIGNATURE}),
    ),
    VisitKind.AFTER_INCIDENT: _at_the_door(
        *_of(
            Area.HEALTH,
            recovered=Scale(("fully", "partly", "no"), worry="partly"),
            cause=Scale(("known", "suspected", "unknown")),
        ),
        *_of(Area.SURROUNDINGS, hazard_left=YesNo(worry=True), plan_changed=YesNo()),
        _NOTE,
    ),
    VisitKind.CAMPAIGN: _at_the_door(*_QUICK, *_of(Area.NEEDS, supplies=YesNo(worry=False))),
}
