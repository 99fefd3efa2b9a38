"""What the API says and hears of visits.

What this is: the shapes on the wire. What it is not: a judgement of a form: one with gaps is taken, and the
answer names them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)

from cloud.access import Text
from cloud.cursors import Asked, Page
from cloud.respond.travel import Point
from cloud.visits.duty import Way
from cloud.visits.forms.shapes import LONGEST
from cloud.visits.forms.table import VisitKind
from cloud.visits.records.desk import Meant
from cloud.visits.records.fold import Conflict, File, Sort
from cloud.visits.records.place import How, Place

Id = Annotated[int, Field(ge=1, lt=2**31)]
VisitNumber = Annotated[int, Field(ge=1, lt=2**63)]
MOST_ANSWERS: Final = 200
"""Answers of one form; the longest has some thirty."""
MOST_BYTES: Final = 1024 * 1024
"""Of one file."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)


def _of_a_clock(at: datetime) -> datetime:
    """A clock that lost its battery says 1970; no clock says more than 2200."""
    if not _EPOCH <= at < _LAST:
        raise ValueError("a time between 1970 and 2200")
    return at


def _printable(text: str) -> str:
    if any(ch < " " and ch not in "\n\t" for ch in text) or "\x7f" in text:
        raise ValueError("control characters are not allowed")
    return text


DeviceTime = Annotated[AwareDatetime, AfterValidator(_of_a_clock)]
Word = Annotated[StrictStr, Field(max_length=LONGEST), AfterValidator(_printable)]
Reply = StrictBool | Annotated[StrictInt, Field(ge=-(2**31), lt=2**31)] | Word | list[Word]
Words = Annotated[Text, Field(min_length=1, max_length=4_000)]


class ContactWay(StrEnum):
    """How somebody was to be reached."""

    HOME = "home"
    PHONE = "phone"
    VIDEO = "video"


class Service(StrEnum):
    """What is done for somebody at a visit of kind ``service``."""

    MEALS = "meals"
    CLEANING = "cleaning"
    BATHING = "bathing"
    NURSING = "nursing"
    DOCTOR = "doctor"
    COMPANY = "company"


class State(StrEnum):
    """Where a visit stands."""

    PLANNED = "planned"
    BEGUN = "begun"
    OVER = "over"
    CANCELLED = "cancelled"


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Planned(_Said):
    """Who goes when. ``workers``: nobody yet, one, or two who go together."""

    workers: list[Id] = Field(default=[], max_length=2)
    planned_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.workers)) != len(self.workers):
            raise ValueError("workers: two different ones")
        return self


class NewVisit(Planned):
    """A visit to be made. Booked for a time, it begins between ``open_at`` and ``due_at``."""

    resident_id: Id
    kind: VisitKind
    way: ContactWay = ContactWay.HOME
    services: list[Service] = Field(default=[], max_length=len(Service))
    open_at: AwareDatetime | None = None
    due_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _booked(self) -> Self:
        if (self.open_at is None) != (self.due_at is None):
            raise ValueError("open_at and due_at come together")
        if self.open_at and self.due_at and self.due_at < self.open_at:
            raise ValueError("due_at is not before open_at")
        if bool(self.services) != (self.kind is VisitKind.SERVICE):
            raise ValueError("services belong to a visit of kind service, and it has some")
        return self


class Cancelled(_Said):
    """Why nobody goes."""

    why: Annotated[Text, Field(min_length=1, max_length=500)]


class Vouched(_Said):
    """How whoever vouches knows it. ``key``: drawn once, so that it is said once."""

    key: UUID
    words: Words


class Where(_Said):
    """A device's own place, WGS 84, right within ``accuracy_m``."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    accuracy_m: Annotated[float, Field(ge=0, le=100_000)]

    @property
    def place(self) -> Place:
        """As the rules have it."""
        return Place(Point(self.latitude, self.longitude), self.accuracy_m)


class MeantVisit(_Said):
    """Which visit is meant. ``visit``: the key that a device drew for it; where it is not known yet, the
    visit is made from ``resident_id``, ``kind`` and ``way``, which everything said about it repeats.
    """

    visit: UUID
    resident_id: Id
    kind: VisitKind
    way: ContactWay = ContactWay.HOME

    @property
    def meant(self) -> Meant:
        """As the desk has it."""
        return Meant(self.visit, self.resident_id, self.kind, Way(self.way))


class EventSaid(MeantVisit):
    """One thing that a device says about a visit, in whatever order it gets through.

    ``key``: of this event; a repeat gets the same answer, for ever.
    ``device_at``, ``sent_at``: by the device's own clock, when it happened and when it is sent.
    ``tag``: what was read at the door; ``place``: where the device is; with ``arrive`` and ``depart``.
    """

    key: UUID
    sort: Sort
    device_at: DeviceTime
    sent_at: DeviceTime
    tag: Annotated[str, Field(max_length=100)] = ""
    place: Where | None = None
    answers: dict[Annotated[str, Field(max_length=40)], Reply] | None = Field(
        default=None, max_length=MOST_ANSWERS
    )
    words: Words | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.sort is Sort.VOUCH:
            raise ValueError("whoever leads vouches, at the visit itself")
        if (self.sort is Sort.ANSWERS) != (self.answers is not None):
            raise ValueError("answers come with sort answers")
        if self.sort is Sort.NOTE and self.words is None:
            raise ValueError("a note has words")
        return self

    @property
    def body(self) -> dict[str, Any]:
        """What is kept of it as it was said."""
        said = {"answers": self.answers, "words": self.words}
        return {key: one for key, one in said.items() if one is not None}


class NewFile(_Said):
    """What is attached to a visit: a photo, a signature, a voice note. ``key``: drawn once by the device.
    ``content``: at most 1 MiB. A photo shows no face: it is about the home. One of ``visit_id`` and ``visit``
    says which visit.
    """

    visit_id: VisitNumber | None = None
    visit: MeantVisit | None = None
    key: UUID
    sort: File
    content: Annotated[Base64Bytes, Field(min_length=1, max_length=MOST_BYTES)]

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if (self.visit_id is None) == (self.visit is None):
            raise ValueError("one of visit_id and visit")
        return self


class FileContent(_View):
    """What is attached, opened."""

    id: int
    media_type: str
    content: Base64Bytes


class VisitsAsked(Asked):
    """Which visits. ``staff_id``: those of one worker; ``open``: those that are not over;
    ``troubled``: with gaps, conflicts, or something to look at; from ``since`` until before ``until``.
    """

    home_id: Id | None = None
    resident_id: Id | None = None
    staff_id: Id | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    open: bool | None = None
    troubled: bool = False


class VisitView(_View):
    """A visit. ``key``: under which devices speak of it. ``by_id``: who was there. ``complete``: it is over
    and nothing that its form asks is missing; ``faults`` name what is. ``worries``: answers to look at;
    ``worse``: those on a worse step than the last time. ``clock_off_s``: how wrong a device's clock was at
    worst. ``hours``: ``booked``, or why they were not; empty: nobody serves for hours here.
    """

    id: int
    key: UUID
    home_id: int
    resident_id: int
    resident: str
    address: str
    kind: VisitKind
    way: Way
    services: list[str]
    state: State
    staff_id: int | None
    staff: str | None
    second_id: int | None
    open_at: datetime | None
    due_at: datetime | None
    planned_at: datetime | None
    cancelled_at: datetime | None
    cancelled_why: str
    began_at: datetime | None
    ended_at: datetime | None
    by_id: int | None
    seen: bool | None
    arrival: How | None
    departure: How | None
    complete: bool
    faults: list[str]
    worries: list[str]
    worse: list[str]
    conflicts: list[Conflict]
    clock_off_s: int
    hours: str


class VisitPage(Page[VisitView]):
    """Some visits, the newest first."""


class EventView(_View):
    """What was said, by whom, and the three times of it: believed, by the device, and when it came."""

    id: int
    key: UUID
    sort: Sort
    at: datetime
    device_at: datetime
    received_at: datetime
    off_s: int
    staff_id: int
    staff: str | None
    body: dict[str, Any]


class FileView(_View):
    """What is attached; its content has an address of its own."""

    id: int
    sort: File
    media_type: str
    size: int
    received_at: datetime


class VisitDetail(_View):
    """A visit with everything that was said about it, in the order in which it happened."""

    visit: VisitView
    events: list[EventView]
    files: list[FileView]


class TakenView(_View):
    """What became of an event. ``known``: it had come before. ``clock_off_s``: tell the worker that the
    device's clock is wrong, by so many seconds ahead.
    """

    known: bool
    clock_off_s: int
    visit: VisitView


class TagView(_View):
    """A tag at a door."""

    id: int
    home_id: int
    made_at: datetime
    withdrawn_at: datetime | None


class NewTag(TagView):
    """``code``: to be written into the tag now; it is shown this once."""

    code: str


class TagList(_View):
    """The tags of a home, the oldest first."""

    tags: list[TagView]


def state_of(row: dict[str, Any]) -> State:
    """What was done counts more than what was decided: who went all the same is not cancelled."""
    if row["ended_at"] is not None:
        return State.OVER
    if row["began_at"] is not None:
        return State.BEGUN
    return State.PLANNED if row["cancelled_at"] is None else State.CANCELLED


def visit_view(row: dict[str, Any]) -> VisitView:
    """A visit as screens have it."""
    return VisitView(**row, state=state_of(row))
