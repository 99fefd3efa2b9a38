"""What a visitor's telephone is told: a day, every form, one's own hours.

What this is: the shapes on the wire. What it is not: words of questions: those stand in the screens'
catalogues, under the keys that are named here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from cloud.people import numbers
from cloud.sealed import Keyring
from cloud.visits import tasks
from cloud.visits.ability.items import ITEMS, Domain
from cloud.visits.ability.judge import EVENTS_THAT_WORSEN, LEAST, Level
from cloud.visits.duty import Reason
from cloud.visits.field.store import Day, Doors
from cloud.visits.forms.shapes import Count, Scale, Several, Shape, YesNo
from cloud.visits.forms.table import FORMS, Area, Proof, Question, VisitKind
from cloud.visits.hours.ledger import Kind
from cloud.visits.records.views import VisitView, visit_view


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class KeyHolder(_View):
    """Who opens where nobody answers."""

    name: str
    relation: str
    phone: str


class OwedHere(_View):
    """A duty that a visit may end; ``name``: of the campaign, or why an assessment is proposed."""

    due_at: datetime
    overdue: bool
    reason: Reason
    name: str


class LastVisit(_View):
    """What was found the last time: answers to look at, and those on a worse step than before."""

    at: datetime
    worries: list[str]
    worse: list[str]


class Door(_View):
    """What somebody must know before one door opens. ``notes``: dialect, hearing, dog, the way."""

    latitude: float | None
    longitude: float | None
    age: int
    sex: str
    lives_alone: bool
    ability_level: int
    phone: str
    notes: str
    keys: list[KeyHolder]
    owed: list[OwedHere]


class DayVisit(Door):
    """One visit with all that is needed at its door. ``skills``: what it asks of whoever goes; ``minutes``:
    how long it takes; ``people``: how many go together.
    """

    visit: VisitView
    minutes: int
    people: int
    skills: list[str]
    last: LastVisit | None


class OpenDoor(Door):
    """Somebody who may be visited without a plan. ``kind``: the visit that ends most of what is owed."""

    resident_id: int
    home_id: int
    resident: str
    address: str
    kind: VisitKind


class OpenDoors(_View):
    """By name. ``more``: there are others, to be found by a search."""

    items: list[OpenDoor]
    more: bool


class DayView(_View):
    """A day in the order of the way. ``now``: by our clock, so that a telephone can tell how wrong its own
    is. ``time_zone``: in which the times are meant.
    """

    day: date
    now: datetime
    time_zone: str
    staff_id: int
    visits: list[DayVisit]


ShapeName = Literal["scale", "yes_no", "count", "several", "words"]


class QuestionView(_View):
    """``shape``: ``scale`` (one of ``options``, the best first), ``yes_no``, ``count`` (0 to ``most``),
    ``several`` (any of ``options``), ``words``. ``only``: asked where the answer to that question is
    ``only_is``. ``worry``: from which option or number on somebody must look; of ``yes_no``: which answer.
    """

    key: str
    area: Area
    shape: ShapeName
    options: list[str]
    most: int | None
    only: str | None
    only_is: bool | None
    worry: str | int | bool | None

    @classmethod
    def of(cls, question: Question) -> QuestionView:
        """As the forms have it."""
        name, options, most, worry = _shown(question.shape)
        only = question.only
        return cls(
            key=question.key,
            area=question.area,
            shape=name,
            options=list(options),
            most=most,
            only=only[0] if only else None,
            only_is=bool(only[1]) if only else None,
            worry=worry,
        )


class FormView(_View):
    """What is asked at a visit of one kind. ``proof``: what must show that it was made; ``photos``: at most
    so many, never of faces.
    """

    kind: VisitKind
    questions: list[QuestionView]
    proof: list[Proof]
    photos: int


class ItemView(_View):
    """One of the 26 items of GB/T 42195; ``best``: its points for somebody who needs nobody."""

    key: str
    domain: Domain
    best: int


class LevelView(_View):
    """``least``: points from which on somebody has this level, 0 (able) to 4."""

    level: int
    least: int


class AbilityForm(_View):
    """The assessment, and how it is scored. ``events_that_worsen``: care-risk events in 30 days that make
    the level one step worse. The level that counts is the one that the server answers with.
    """

    items: list[ItemView]
    levels: list[LevelView]
    events_that_worsen: int


class FormsView(_View):
    """Every form there is."""

    forms: list[FormView]
    ability: AbilityForm


class OwnEntry(_View):
    """Minutes that came (more than 0) or went."""

    id: int
    kind: Kind
    on_day: date
    minutes: int
    began_at: datetime | None
    ended_at: datetime | None


class OwnHours(_View):
    """Of the month of ``month``: how many visits are over, their minutes from arrival to departure, and how
    many of them miss something. ``balance_min``: what one's account of the time bank holds; null: none.
    """

    month: date
    visits: int
    minutes: int
    incomplete: int
    balance_min: int | None
    entries: list[OwnEntry]


def every_form() -> FormsView:
    """All forms, as this version asks them."""
    return FormsView(
        forms=[
            FormView(
                kind=kind,
                questions=[QuestionView.of(one) for one in form.questions],
                proof=sorted(form.proof),
                photos=form.photos,
            )
            for kind, form in FORMS.items()
        ],
        ability=AbilityForm(
            items=[ItemView(key=one.key, domain=one.domain, best=one.best) for one in ITEMS],
            levels=[LevelView(level=level, least=least) for least, level in (*LEAST, (0, Level.TOTAL))],
            events_that_worsen=EVENTS_THAT_WORSEN,
        ),
    )


def day_visit(row: Mapping[str, Any], day: Day, ring: Keyring, now: datetime) -> DayVisit:
    """One visit of ``day``, with its numbers opened."""
    last = day.lasts.get(row["resident_id"])
    needed = tasks.needed(VisitKind(row["kind"]), row["services"])
    return DayVisit(
        **_door(row, day, ring, now),
        visit=visit_view(dict(row)),
        minutes=needed.minutes,
        people=needed.people,
        skills=sorted(needed.skills),
        last=LastVisit(at=last["at"], worries=last["worries"], worse=last["worse"]) if last else None,
    )


def open_door(row: Mapping[str, Any], doors: Doors, ring: Keyring, now: datetime) -> OpenDoor:
    """Somebody of ``doors``, with their numbers opened."""
    door = _door(row, doors, ring, now)
    return OpenDoor(
        **door,
        resident_id=row["resident_id"],
        home_id=row["home_id"],
        resident=row["resident"],
        address=row["address"],
        kind=tasks.kind_of(one.reason for one in door["owed"]),
    )


def _door(row: Mapping[str, Any], doors: Doors, ring: Keyring, now: datetime) -> dict[str, Any]:
    who, home_id = row["resident_id"], row["home_id"]
    person = numbers.resident_shown(ring, home_id, doors.people[who])
    keys = [numbers.contact_shown(ring, home_id, one) for one in doors.keys.get(home_id, ())]
    same = ("latitude", "longitude", "sex", "lives_alone", "ability_level", "phone", "notes")
    return {
        **{name: person[name] for name in same},
        "age": now.year - person["birth_year"],
        "keys": [KeyHolder(name=one["name"], relation=one["relation"], phone=one["phone"]) for one in keys],
        "owed": [
            OwedHere(
                due_at=one["due_at"], overdue=one["due_at"] < now, reason=one["reason"], name=one["name"]
            )
            for one in doors.owed.get(who, ())
        ],
    }


def _shown(shape: Shape) -> tuple[ShapeName, tuple[str, ...], int | None, str | int | bool | None]:
    """A shape's name, options, greatest number, and what of it worries."""
    match shape:
        case Scale(steps, worry):
            return "scale", steps, None, worry
        case YesNo(worry):
            return "yes_no", (), None, worry
        case Count(most, worry):
            return "count", (), most, worry
        case Several(options):
            return "several", options, None, None
        case _:
            return "words", (), None, None
