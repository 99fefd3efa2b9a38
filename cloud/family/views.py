"""What the routes of the family's page answer with."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud.access import Text
from cloud.auth import Role
from cloud.consent.purposes import Purpose
from cloud.family.day import What
from cloud.family.status import Level
from firmware_protocols.model import AlarmKind

Locale = Literal["zh-Hans", "zh-Hant", "en"]
Said = dict[Locale, str]
"""One text in every language, so that a telephone without a network can still change between them."""


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class FollowedView(_View):
    """A home that shares with this reader."""

    home_id: int
    resident: str


class WithdrawnView(_View):
    """A home that shared, and does not any more. ``since``: ``None``: nobody has been asked yet."""

    home_id: int
    since: datetime | None


class Followed(_View):
    """All homes that somebody follows, and those that no longer share, of which nothing else is told."""

    homes: list[FollowedView]
    withdrawn: list[WithdrawnView]


class StatusView(_View):
    """How things stand. ``known_until``: how old all of this is at best; ``None``: the home was never
    heard.
    """

    level: Level
    headline: Said
    sentence: Said
    known_until: datetime | None


class MomentView(_View):
    """Something of today. ``at``: to five minutes."""

    at: datetime
    what: What
    text: Said


class StepView(_View):
    """How an incident got on."""

    at: datetime
    text: Said


class ProgressView(_View):
    """An incident as a family follows it."""

    id: int
    opened_at: datetime
    closed_at: datetime | None
    title: Said
    steps: list[StepView]


class CircleView(_View):
    """A member of the care circle; the number is masked: it is theirs, and the centre calls it."""

    name: str
    relation: str
    phone: str
    has_key: bool


class LookView(_View):
    """Somebody looked at data of this home on that day, ``n`` times. ``emergency``: in spite of a no, for an
    emergency. ``own``: it was the reader.
    """

    name: str
    role: Role
    n: int
    last_at: datetime
    emergency: bool
    own: bool


class SharedView(_View):
    """What the resident allows, purpose by purpose. ``asked``: they have said so, or said no; else nobody has
    asked them, and nothing is done for it.
    """

    purpose: Purpose
    allowed: bool
    asked: bool


class FamilyHome(_View):
    """One home as its family sees it. ``phone``: of the resident; ``centre_phone``: of those who help; empty
    where nobody has written one down. ``time_zone``: of the home, by whose clock its day is told.
    """

    home_id: int
    now: datetime
    time_zone: str
    resident: str
    phone: str
    centre: str
    centre_phone: str
    status: StatusView
    today: list[MomentView]
    incidents: list[ProgressView]
    circle: list[CircleView]
    looks: list[LookView]
    shared: list[SharedView]


class PhoneView(_View):
    """A browser that takes pushes. ``told_at``, ``told``: when the last notice went there and what is known
    of it since; a push service never says whether it was shown.
    """

    id: int
    agent: str
    created_at: datetime
    told_at: datetime | None
    told: str


class WishesView(_View):
    """``quiet_from``, ``quiet_until``: ``HH:MM`` by the home's clock, both empty: from 21:00 to 07:00, and
    only what can wait for days. ``detail``: a locked screen may say what it is about. ``key``: what a browser
    subscribes with; empty: this installation sends no pushes.
    """

    quiet_from: str
    quiet_until: str
    detail: bool
    key: str
    phones: list[PhoneView]


class HushView(_View):
    """A home of which somebody wants to hear nothing until then. ``kinds``: of alarms, none: all.
    ``in_circle``: they stand in the care circle by this name, so that texts and calls are meant, too; else
    only their telephones here. ``alone``: the centre was told that nobody else is left to tell.
    """

    home_id: int
    kinds: list[AlarmKind]
    reason: str
    since: datetime
    until: datetime
    in_circle: bool
    alone: bool


class Hushes(_View):
    """What somebody wants to hear nothing of."""

    hushes: list[HushView]


LONGEST_HUSH_H: Final = 90 * 24
"""[D] Whoever wants to hear nothing for longer asks the centre to leave the care circle."""


class NewHush(BaseModel):
    """Of which alarms (none: of all), why, and for how many hours from now."""

    model_config = ConfigDict(extra="forbid")

    kinds: list[AlarmKind] = Field(default=[], max_length=len(AlarmKind))
    reason: Text = Field(min_length=1, max_length=200)
    hours: int = Field(ge=1, le=LONGEST_HUSH_H)


Clock = Annotated[str, Field(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9])?$")]


class NewWishes(BaseModel):
    """As they shall be: both hours, or neither."""

    model_config = ConfigDict(extra="forbid")

    quiet_from: Clock = ""
    quiet_until: Clock = ""
    detail: bool = False

    @model_validator(mode="after")
    def _both(self) -> Self:
        if bool(self.quiet_from) != bool(self.quiet_until):
            raise ValueError("quiet_from and quiet_until come together")
        return self


class NewPhone(BaseModel):
    """A subscription as the browser gives it. ``agent``: what it calls itself, in two words."""

    model_config = ConfigDict(extra="forbid")

    endpoint: Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"^https?://[!-~]+$")]
    p256dh: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{80,90}$")]
    auth: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{20,24}$")]
    agent: Text = Field(default="", max_length=60)
