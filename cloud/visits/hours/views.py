"""What the API says and hears of the time bank; minutes everywhere.

What this is: the shapes on the wire. What it is not: a rule about them (``ledger``).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from cloud.access import Text
from cloud.cursors import Asked, Page
from cloud.visits.hours.ledger import Kind, Rules, Sort

Id = Annotated[int, Field(ge=1, lt=2**31)]
Minutes = Annotated[int, Field(ge=1, le=1_000_000)]
Source = Annotated[Text, Field(min_length=1, max_length=200, description="what it rests on, e.g. visit:17")]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RulesView(_Said):
    """The bounds of one person. ``day_min``: what counts of one day; ``held_min``: what one may hold; null:
    no bound; ``donates``: whether the surplus goes to the pool or does not count.
    """

    day_min: Minutes | None
    held_min: Minutes | None
    donates: bool

    @property
    def rules(self) -> Rules:
        """As the ledger has them."""
        return Rules(self.day_min, self.held_min, donates=self.donates)


class AccountView(_View):
    """``sort``: ``services`` and ``pool`` are everybody's. ``balance_min``: what it holds."""

    id: int
    sort: Sort
    name: str
    staff_id: int | None
    resident_id: int | None
    home_id: int | None
    opened_at: datetime
    closed_at: datetime | None
    balance_min: int


class AccountPage(Page[AccountView]):
    """Some accounts, by number."""


class NewAccount(_Said):
    """Whose: exactly one of the three."""

    staff_id: Id | None = None
    resident_id: Id | None = None
    group: Annotated[Text, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        if sum((self.staff_id is not None, self.resident_id is not None, self.group.strip() != "")) != 1:
            raise ValueError("say one of staff_id, resident_id, group")
        return self


class EntriesAsked(Asked):
    """Which entries: those of one account, or all."""

    account_id: Id | None = None


class EntryView(_View):
    """``minutes`` from the account ``giver`` to ``taker``. ``undoes``: the entry that it takes back."""

    id: int
    kind: Kind
    giver: int
    taker: int
    minutes: int
    on_day: date
    at: datetime
    actor: str
    source: str
    began_at: datetime | None
    ended_at: datetime | None
    undoes: int | None


class EntryPage(Page[EntryView]):
    """Some entries, the oldest first."""


class Visit(_Said):
    """A visit that was proven: from the arrival to the departure."""

    began_at: AwareDatetime
    ended_at: AwareDatetime
    source: Source


class EarnedView(_View):
    """What the visit is worth. ``donated_min``: went on to the pool; ``uncounted_min``: beyond the bounds."""

    kept_min: int
    donated_min: int
    uncounted_min: int


class GiftAsked(_Said):
    """``kind``: ``donate``, ``transfer``, ``grant`` (from the pool) or ``redeem``. ``other``: to whom, for a
    transfer.
    """

    kind: Kind
    other: Id | None = None
    minutes: Minutes
    source: Source


class Undoing(_Said):
    """``source``: why, in words that are found again."""

    source: Source


class CertificateAsked(_Said):
    """The days, both included."""

    since: date
    until: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until < self.since:
            raise ValueError("until is not before since")
        return self


class PaperView(_View):
    """What is printed. ``code``: shown with the paper and worked out anew when somebody checks it."""

    number: int
    tenant: str
    holder: str
    served_min: int
    visits: int
    since: date
    until: date
    issued_on: date
    code: str


class CodeAsked(_Said):
    """As somebody reads it off a paper."""

    number: Id
    holder: Annotated[Text, Field(min_length=1, max_length=200)]
    code: Annotated[Text, Field(min_length=1, max_length=40)]


class CheckedView(_View):
    """``right``: number, name and code belong together; then what the paper must say."""

    right: bool
    served_min: int | None = None
    visits: int | None = None
    since: date | None = None
    until: date | None = None
