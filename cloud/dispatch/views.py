"""What the API says and hears of people who may be called, and of a search for them.

What this is: the shapes on the wire. What it is not: a rule about them (``cloud.respond``). Times of a day
are minutes from midnight by the tenant's clock, ways are metres as the crow flies.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from cloud.access import Text
from cloud.auth import Locale
from cloud.cursors import Asked, Page
from cloud.dispatch.answers import Word
from cloud.dispatch.model import Outcome, Said
from cloud.respond.alone import Care
from cloud.respond.model import Step
from cloud.respond.travel import Mode

Id = Annotated[int, Field(ge=1, lt=2**31)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Kind = Literal["worker", "neighbour", "volunteer", "warden", "doctor"]
MAX_ETA_MINUTES: Final = 24 * 60
LONGEST_SHIFT: Final = timedelta(hours=36)
"""Against a date that was mistyped. D."""


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


# The register -------------------------------------------------------------------------------------------


class Reach(_Said):
    """How and when somebody is reached, and from where they come. ``days``: ISO weekdays; ``from_min`` to
    ``to_min``: past midnight where the second is not later.
    """

    phone: Text = Field(default="", max_length=32)
    locale: Locale = "zh-Hans"
    mode: Mode = Mode.WALK
    skills: list[Annotated[Text, Field(min_length=1, max_length=40)]] = Field(default=[], max_length=20)
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    days: list[Annotated[int, Field(ge=1, le=7)]] = Field(default=[1, 2, 3, 4, 5, 6, 7], max_length=7)
    from_min: int = Field(default=0, ge=0, le=1439)
    to_min: int = Field(default=1440, ge=1, le=1440)

    @model_validator(mode="after")
    def _whole_place(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("a place has both latitude and longitude")
        return self


class NewResponder(Reach):
    """A worker is a member of staff (``staff_id``); everybody else has a name, and has agreed to be called:
    ``consent_how`` says by what.
    """

    kind: Kind
    staff_id: Id | None = None
    name: Text = Field(default="", max_length=100)
    consent_how: Literal["", "paper", "voice", "screen"] = ""

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        if (self.kind == "worker") != (self.staff_id is not None):
            raise ValueError("a worker is a member of staff, and nobody else is")
        if self.kind != "worker" and not (self.name.strip() and self.consent_how):
            raise ValueError("who lives near has a name, and has agreed to be called")
        return self


class Tie(_Said):
    """What somebody is to one home. ``knows``: the resident knows them; ``barred``: does not want them."""

    has_key: bool = False
    knows: bool = False
    barred: bool = False


class TieView(_View, Tie):
    """The same, with the home; ``home``: its key."""

    home_id: int
    home: str


class ResponderView(_View):
    """Somebody who may be called. ``withdrawn_at``: they are not called any more."""

    id: int
    kind: Kind
    staff_id: int | None
    name: str
    phone: str
    locale: str
    mode: Mode
    skills: list[str]
    latitude: float | None
    longitude: float | None
    days: list[int]
    from_min: int
    to_min: int
    consent_at: datetime | None
    consent_how: str
    withdrawn_at: datetime | None
    on_duty: bool | None
    homes: list[TieView] = []


class ResponderPage(Page[ResponderView]):
    """Some of the register, by number."""


class RespondersAsked(Asked):
    """Which part of the register."""

    kind: Kind | None = None


class NewDutyShift(_Said):
    """When somebody is on duty, at most 36 hours on end."""

    begin_at: AwareDatetime
    end_at: AwareDatetime

    @model_validator(mode="after")
    def _one_after_the_other(self) -> Self:
        if not timedelta() < self.end_at - self.begin_at <= LONGEST_SHIFT:
            raise ValueError("a shift ends after it begins, and within 36 hours")
        return self


class DutyShiftView(_View):
    """One shift."""

    id: int
    begin_at: datetime
    end_at: datetime


class DutyShiftList(_View):
    """Shifts that are not over, the next first."""

    shifts: list[DutyShiftView]


# Duty ---------------------------------------------------------------------------------------------------


class Duty(_Said):
    """On or off duty. ``until``: the end of the shift; ``busy_until``: at work in a home till then, which
    ``may_leave`` it for a life.
    """

    on: bool
    until: AwareDatetime | None = None
    busy_until: AwareDatetime | None = None
    may_leave: bool = True


class Here(_Said):
    """Where somebody is, WGS 84."""

    latitude: Latitude
    longitude: Longitude


class MyAsk(_View):
    """What somebody was asked that is not over, with all they need to get there."""

    incident_id: int
    home_id: int
    kind: str
    priority: int
    state: str
    resident: str
    address: str
    room: str
    latitude: float | None
    longitude: float | None
    asked_at: datetime
    answer: Literal["yes", "no"] | None
    promised_at: datetime | None
    expected_at: datetime | None
    arrived_at: datetime | None
    has_key: bool


class DutyView(_View):
    """``on``: on duty now; ``asks``: the oldest first."""

    on: bool
    until: datetime | None
    busy_until: datetime | None
    may_leave: bool
    asks: list[MyAsk]


class Answer(_Said):
    """``within_minutes``: in what time they will be there; without it, as it was thought when they were
    asked.
    """

    said: Said
    within_minutes: int | None = Field(default=None, ge=1, le=MAX_ETA_MINUTES)

    @property
    def within(self) -> timedelta | None:
        """The same as a time."""
        return None if self.within_minutes is None else timedelta(minutes=self.within_minutes)


class MyAnswer(Answer):
    """``tag``: the code that was read at the door, NFC or QR, where they say that they are there."""

    tag: Text | None = Field(default=None, min_length=1, max_length=200)


class MyWord(_Said):
    """What a worker at the door says."""

    word: Word


class AnsweredView(_View):
    """What became of an answer. ``responder``: who answers for the resident now, empty: nobody."""

    outcome: Outcome
    responder: str


# A search -----------------------------------------------------------------------------------------------


class AskState(StrEnum):
    """Where somebody who was asked stands."""

    ASKED = "asked"
    UNREACHED = "unreached"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    RELIEVED = "relieved"
    ARRIVED = "arrived"
    LEFT = "left"


class AskView(_View):
    """One question. ``telephone``: somebody should ask them what keeps them; ``cared``: what was done because
    nothing is heard of whoever is at the door.
    """

    responder_id: int
    name: str
    kind: Kind
    phone: str
    state: AskState
    asked_at: datetime
    asked_by: str
    channels: list[str]
    travel_s: int
    distance_m: int
    has_key: bool
    answered_at: datetime | None
    promised_at: datetime | None
    expected_at: datetime | None
    arrived_at: datetime | None
    arrived_by: str | None
    relieved_at: datetime | None
    telephone: bool
    heard_at: datetime | None
    cared: list[Care]


class Reason(StrEnum):
    """Why somebody is a good choice, or not the best."""

    HAS_KEY = "has_key"
    KNOWS = "knows"
    IN_VISIT = "in_visit"


class NearView(_View):
    """Somebody who could be asked: when they would be there if they set out now."""

    responder_id: int
    name: str
    kind: Kind
    phone: str
    skills: list[str]
    arrives_at: datetime
    travel_s: int
    distance_m: int
    reasons: list[Reason]


class CalloutView(_View):
    """A search for people. ``since``: none runs where it is null; ``due_at``: when it is decided again;
    ``done``: what was done for want of people; ``accountable``: who answers for the resident, empty: the
    operator.
    """

    incident_id: int
    since: datetime | None
    due_at: datetime | None
    done: list[Step]
    accountable: str
    asks: list[AskView]
    nearest: list[NearView]


class WhomToAsk(_Said):
    """Somebody of the register."""

    responder_id: Id


class PostView(_View):
    """Where one free unit should wait. ``travel_s``: how long it needs to get there, 0: it is there."""

    responder_id: int
    name: str
    division_code: str
    division: str
    latitude: float
    longitude: float
    travel_s: int


class StandbyView(_View):
    """Where free units should wait. ``covered_now``, ``covered``: the share of expected alarms, 0 to 1, that
    somebody reaches within 15 minutes from where they are, and from their posts.
    """

    units: int
    covered_now: float
    covered: float
    posts: list[PostView]


def ask_state(ask: Mapping[str, Any]) -> AskState:
    """From the columns of ``callout_ask``; the last thing that happened counts."""
    for column, state in _LATEST.items():
        if ask[column]:
            return state
    return _ANSWERS[ask["answer"]]


_LATEST: Final = {
    "left_at": AskState.LEFT,
    "arrived_at": AskState.ARRIVED,
    "relieved_at": AskState.RELIEVED,
}
_ANSWERS: Final = {None: AskState.ASKED, "yes": AskState.ACCEPTED, "no": AskState.DECLINED}
