"""What the API says and hears of duties; days and hours in the names.

What this is: the shapes on the wire. What it is not: a rule about them (``duty``, ``rate``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from cloud.access import Text
from cloud.auth import Locale
from cloud.cursors import Asked, Page
from cloud.visits.campaign import Festival, Proposed
from cloud.visits.duty import Cause, Condition, Difficulty, Group, Reason, Rule, Way
from cloud.visits.plans import build, words
from cloud.visits.rate import Standing
from cloud.visits.week import Because

Days = Annotated[int, Field(ge=1, le=366)]
Hours = Annotated[int, Field(ge=1, le=24 * 31)]
Division = Annotated[str, Field(pattern=r"^[0-9]{2,12}$", description="the beginning of a division's code")]
Words = Annotated[Text, Field(min_length=1, max_length=1_000)]


class Occasion(StrEnum):
    """Why everybody is asked after."""

    HEAT = "heat"
    COLD = "cold"
    FESTIVAL = "festival"
    OTHER = "other"


class Why(StrEnum):
    """Why somebody is not at home."""

    HOSPITAL = "hospital"
    AWAY = "away"


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RuleView(_Said):
    """The rule of a county. Days that each group may wait, those in special difficulty, and until somebody
    stands in the home; hours after a trend, a closed emergency, a major change. ``counts``: ways of contact
    that end a period; a visit at home always does.
    """

    high_days: Days
    key_days: Days
    general_days: Days
    special_days: Days
    physical_days: Days
    trend_h: Hours
    emergency_h: Hours
    change_h: Hours
    counts: list[Way] = Field(max_length=len(Way))

    @model_validator(mode="after")
    def _at_home_counts(self) -> Self:
        if Way.HOME not in self.counts:
            raise ValueError("counts: a visit at home must count")
        return self

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """As ``duty`` has it."""
        days = {f"{group}_days": rule.period[group].days for group in Group}
        hours = {f"{cause}_h": int(rule.sooner[cause].total_seconds() // 3600) for cause in Cause}
        return cls.model_validate(
            {
                **days,
                **hours,
                "special_days": rule.special.days,
                "physical_days": rule.physical.days,
                "counts": [way for way in Way if way in rule.counts],
            }
        )


class NewCampaign(_Said):
    """Everybody of ``groups`` is reached once from ``since`` on, by ``due_at``, in one of ``ways``; it is
    asked for until ``until``.
    """

    name: Annotated[Text, Field(min_length=1, max_length=100)]
    occasion: Occasion
    since: AwareDatetime
    due_at: AwareDatetime
    until: AwareDatetime
    groups: list[Group] = Field(min_length=1, max_length=len(Group))
    ways: list[Way] = Field(min_length=1, max_length=len(Way))

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.since < self.due_at <= self.until:
            raise ValueError("since < due_at <= until, please")
        return self


class CampaignView(_View):
    """A campaign. ``ended_at``: somebody ended it sooner."""

    id: int
    name: str
    occasion: Occasion
    since: datetime
    due_at: datetime
    until: datetime
    groups: list[Group]
    ways: list[Way]
    ended_at: datetime | None


class CampaignList(_View):
    """Campaigns that are not over."""

    campaigns: list[CampaignView]


class ProposedView(_View):
    """A campaign that the calendar asks for: send it as a new one, as it is or changed. ``on``: the first day
    of the festival.
    """

    festival: Festival
    on: date
    campaign: NewCampaign


class ProposedList(_View):
    """Festivals of the next weeks for which no campaign was made yet, the first one first."""

    proposed: list[ProposedView]


class DutiesAsked(Asked):
    """Whose duties: overdue ones, or those of the next days, too. ``reason``: only what is owed for that;
    assessments are listed only so. ``unplanned``: only those to whom nobody goes yet: with ``within_days=2``
    the list that somebody has to look at every day.
    """

    within_days: Annotated[int, Field(ge=0, le=366, description="0: only what is overdue")] = 0
    reason: Reason | None = None
    group: Group | None = None
    division: Division | None = None
    unplanned: bool = False
    locale: Annotated[Locale, Field(description="the language of words")] = "zh-Hans"


class DutyView(_View):
    """One person, by what is owed to them first. ``n``: how many duties they have in this list. ``seen_at``:
    when they were last seen; ``tried_at``: when somebody last tried in vain; ``planned_at``: when somebody
    goes. ``on_day``, ``because``: the day that it was given, and why. ``not_yet``: why nobody goes yet, in
    words; null: somebody goes, or no plan has considered it. ``left_on``: the day of the plan that left them
    out. ``looked_at``: when this line was worked out.
    """

    resident_id: int
    home_id: int
    resident: str
    address: str
    division: str
    group: Group
    due_at: datetime
    overdue: bool
    reason: Reason
    name: str
    ways: list[Way]
    n: int
    seen_at: datetime | None
    tried_at: datetime | None
    planned_at: datetime | None
    on_day: date | None
    because: Because | None
    left_on: date | None
    not_yet: str | None
    looked_at: datetime | None


class DutyPage(Page[DutyView]):
    """People, the longest overdue first."""


class Profile(_Said):
    """What is known of a person beyond the register, which already says who lives alone and who is disabled.
    ``since``: when the duty began, unchanged where it is left out. ``ended_at``: they moved, or died.
    """

    difficulties: list[Difficulty] = Field(max_length=len(Difficulty))
    conditions: list[Condition] = Field(max_length=len(Condition))
    since: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None


class OwedView(_View):
    """One visit that is owed. ``ways``: of contact that end it."""

    due_at: datetime
    overdue: bool
    reason: Reason
    name: str
    ways: list[Way]


class PersonView(_View):
    """A person's group, why, and everything that is owed to them, the most urgent first."""

    resident_id: int
    home_id: int
    group: Group
    period_days: int
    since: datetime
    ended_at: datetime | None
    difficulties: list[Difficulty]
    conditions: list[Condition]
    owed: list[OwedView]


class Away(_Said):
    """``until``: when they come back; null: nobody knows yet."""

    why: Why
    since: AwareDatetime
    until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until is not None and self.until <= self.since:
            raise ValueError("until is after since")
        return self


class Back(_Said):
    """``at``: since when they are at home again."""

    at: AwareDatetime


class Concern(_Said):
    """What somebody has noticed, in words; a visit follows soon."""

    words: Words


class RateAsked(_Said):
    """Days by the tenant's calendar, both included. ``digits`` of the area's code: 4 a city, 6 a county, 9 a
    town, 12 a village.
    """

    since: date
    until: date
    digits: Annotated[int, Field(ge=2, le=12)] = 6
    division: Division | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not 0 <= (self.until - self.since).days <= 366:  # noqa: PLR2004 - a year
            raise ValueError("since to until: from a day to a year")
        return self


class RateView(_View):
    """The rate of one area: ``visited`` of ``owed``; ``share`` is null where nobody was to be visited.
    ``people``: everybody by where they stand.
    """

    division: str
    name: str
    owed: int
    visited: int
    share: float | None
    people: Mapping[Standing, int]


class RateList(_View):
    """The areas, by their codes."""

    areas: list[RateView]


class PeopleAsked(RateAsked):
    """Whom: those who stand so."""

    standing: Standing


class NamedView(_View):
    """Somebody behind a figure."""

    resident_id: int
    home_id: int
    name: str
    address: str
    division: str
    seen_at: datetime | None
    tried_at: datetime | None


class NamedList(_View):
    """``more``: how many there are beyond those that are named."""

    people: list[NamedView]
    more: int


def duty_view(row: Mapping[str, Any], now: datetime, locale: Locale) -> DutyView:
    """One line of the list."""
    named = {key: row[key] for key in DutyView.model_fields.keys() & row.keys()}
    named |= {"overdue": row["due_at"] < now, "not_yet": _not_yet(row, now, locale)}
    return DutyView(**named, group=row["people_group"])


def _not_yet(row: Mapping[str, Any], now: datetime, locale: Locale) -> str | None:
    """What a plan found against it comes before the day that was chosen."""
    if row["planned_at"] is not None and row["planned_at"] > now:
        return None
    found = build.Why(row["left_why"]) if row["left_why"] else build.Why.LATER
    if found is not build.Why.LATER:
        return words.sentence(locale, found, None, None)
    if row["on_day"] is None:
        return None
    return words.sentence(locale, found, row["on_day"], Because(row["because"]))


def proposed_view(one: Proposed) -> ProposedView:
    """As a leader may send it."""
    asked = one.campaign
    campaign = NewCampaign(
        name=asked.name,
        occasion=Occasion.FESTIVAL,
        since=asked.since,
        due_at=asked.by,
        until=asked.until,
        groups=[group for group in Group if group in asked.groups],
        ways=[way for way in Way if way in asked.ways],
    )
    return ProposedView(festival=one.festival, on=one.on, campaign=campaign)
