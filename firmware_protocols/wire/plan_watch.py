"""What a home's plan may say of what the cloud alone judges: days without somebody getting up, eating, coming
home.

What this is: the part ``watch`` of a plan. What it is not: sent to the home. Figures marked D are defaults of
this project, to be confirmed by the care provider.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from firmware_protocols.wire.plan_rules import DAY_S, NIGHT, Clock, Hours, Part, Wait
from firmware_protocols.wire.strict import MAX_INTEGER

LEAST_ALARM_S: Final = 300.0
"""A device missed sooner would come and go all day. D."""


class NotUp(Part, frozen=True):
    """Not up ``after_s`` past the usual time (and urgent an hour later); ``latest``: who has no usual time
    yet.
    """

    armed: bool = True
    after_s: Wait = 3_600.0  # D.
    latest: Clock = "10:00"  # D.


class NotReturned(Part, frozen=True):
    """Not back by ``latest``, or ``wait_s`` after leaving (unset: 2 h for somebody who wanders, else longer
    than nearly every outing of their own).
    """

    armed: bool = True
    wait_s: Wait | None = None
    latest: Clock = "21:00"  # D.


class BathroomLong(Part, frozen=True):
    """In the bathroom for longer than nearly ever, and at least ``wait_s`` by day and ``wait_night_s`` by
    night.
    """

    armed: bool = True
    wait_s: Wait = 2_700.0  # D. practice: 15-45 min
    wait_night_s: Wait = 1_800.0  # D.
    night: Hours = NIGHT


class Meals(Part, frozen=True):
    """When they eat at home. D., all."""

    armed: bool = True
    breakfast: Hours = Hours(begins="06:00", ends="09:30")
    lunch: Hours = Hours(begins="11:00", ends="13:30")
    supper: Hours = Hours(begins="17:00", ends="19:30")

    @property
    def windows(self) -> tuple[Hours, ...]:
        """In the order of the day."""
        return (self.breakfast, self.lunch, self.supper)


class UsualUse(Part, frozen=True):
    """A kettle or another plug is used each morning; ``after_s`` past the usual time without it, and nobody
    seen.
    """

    armed: bool = True
    after_s: Wait = 10_800.0  # D.


class Offline(Part, frozen=True):
    """The gateway says nothing for ``wait_s``; ``urgent_s``: for whoever wanders or needs much help."""

    armed: bool = True
    wait_s: Annotated[float, Meta(ge=LEAST_ALARM_S, le=DAY_S)] = 300.0  # D. five heartbeats
    urgent_s: Annotated[float, Meta(ge=LEAST_ALARM_S, le=DAY_S)] = 1_800.0  # D.


class NotWorn(Part, frozen=True):
    """Worn for less than ``least`` (a share) of the hours with somebody about, ``days`` days in a row."""

    armed: bool = True
    least: Annotated[float, Meta(ge=0.05, le=1)] = 0.5  # D.
    days: Annotated[int, Meta(ge=1, le=14)] = 3  # D.


class Watch(Part, frozen=True):
    """What the cloud alone judges. It never travels to the home, so an older gateway need not know it.

    ``away_until``: seconds since 1970 (UTC); until then they are known to be away, and nobody misses them.
    """

    away_until: Annotated[int, Meta(ge=0, le=MAX_INTEGER)] = 0
    not_up: NotUp = NotUp()
    not_returned: NotReturned = NotReturned()
    bathroom_long: BathroomLong = BathroomLong()
    meals: Meals = Meals()
    usual_use: UsualUse = UsualUse()
    offline: Offline = Offline()
    not_worn: NotWorn = NotWorn()
