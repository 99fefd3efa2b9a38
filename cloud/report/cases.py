"""What is counted: one incident, one home's month, one battery, one person to be visited. Pure values.

What this is: the few facts that indicators look at. What it is not: SQL (``facts.sql``), or a judgement
(``indicators``). The one idea: a case knows whose it is and names its row, so that whatever is counted can be
cut by where and who, and followed down to what was counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Whose:
    """The home, its village (12 digits), and the person in it. ``age`` is counted from the first of January
    and at the month's end; ``None``: nobody is registered in the home, or not any more.
    """

    tenant_id: int
    home_id: int
    division: str
    age: int | None
    sex: str | None


@dataclass(frozen=True, slots=True)
class IncidentCase:
    """An incident that was opened in the month, ``opened_at`` by the tenant's clock.

    ``priority``: the most urgent that it was raised as or made; what a person lowers afterwards does not take
    it out of the count. ``raised_at``: when people were called (``None``: called off at home before that).
    ``answered_at``: the first step of a person after it; ``sent_at``: when somebody was to go; ``coming_at``:
    somebody was on the way, or a public service called; ``there_at``, ``inside_at``: at the door, through it.
    ``rung``: the step of the ladder that accepted. ``foreseen``: the home had a trend finding in the 14 days
    before.
    """

    whose: Whose
    id: int
    kind: str
    priority: int
    test: bool
    opened_at: datetime
    raised_at: datetime | None
    answered_at: datetime | None
    sent_at: datetime | None
    coming_at: datetime | None
    there_at: datetime | None
    inside_at: datetime | None
    outcome: str | None
    rung: int | None
    foreseen: bool

    @property
    def urgent(self) -> bool:
        """People were called, for a life or at once."""
        return self.raised_at is not None and self.priority <= 2 and not self.test  # noqa: PLR2004 - P1 and P2

    def answered_within(self, bound: timedelta) -> bool:
        """Whether a person answered in time."""
        return _within(self.raised_at, self.answered_at, bound)

    def coming_within(self, bound: timedelta) -> bool:
        """Whether somebody was on the way in time, counted from the call."""
        return _within(self.raised_at, self.coming_at, bound)

    def there_within(self, bound: timedelta) -> bool:
        """Whether somebody stood at the door in time, counted from the decision that somebody goes."""
        return _within(self.sent_at, self.there_at, bound)

    def inside_within(self, bound: timedelta) -> bool:
        """Whether they were through the door in time."""
        return _within(self.there_at, self.inside_at, bound)


@dataclass(frozen=True, slots=True)
class HomeCase:
    """A home's month. ``days``: those of it since the home was first heard; ``heard_days``: those on which
    anything came from it. ``alarms``: raised incidents for people (priority 1 to 3, no tests), ``false``:
    those that ended as a false alarm, ``calls``: those about the person. ``paths``: gateways with a second
    path, ``paths_heard``: those whose test or call came by it. ``near``: somebody who may be called
    reaches it within 15 min, as the travel estimate has it; ``None``: nobody knows where it is.
    """

    whose: Whose
    days: int
    heard_days: int
    alarms: int
    false: int
    calls: int
    paths: int
    paths_heard: int
    near: bool | None


@dataclass(frozen=True, slots=True)
class BatteryCase:
    """A warning of a low battery. ``lasted``: the device was still heard for 7 days."""

    whose: Whose
    id: int
    lasted: bool


@dataclass(frozen=True, slots=True)
class PersonCase:
    """A person and their visits. ``owed``: they are in the denominator of the visiting rate; ``visited``;
    ``overdue_days``: how long a visit has been overdue at the month's end.
    """

    whose: Whose
    id: int
    owed: bool
    visited: bool
    overdue_days: float


Case = IncidentCase | HomeCase | BatteryCase | PersonCase


def _within(since: datetime | None, until: datetime | None, bound: timedelta) -> bool:
    return since is not None and until is not None and until - since <= bound
