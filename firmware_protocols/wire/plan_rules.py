"""What a home's plan may say of each rule: whether it judges, from when on, and how long it waits.

What this is: the part ``rules`` of a plan. What it is not: the rules (``edge_agent.rules``, ``cloud.detect``)
or the document as a whole (``plan``). The one idea: every threshold is a field with a range and a default
that holds without a plan, so a person's own value is one line and a misspelt one is refused.

Figures marked D are defaults of this project, shaped by telecare practice, to be confirmed by the care
provider.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Final

import msgspec
from msgspec import Meta

DAY_S: Final = 86_400.0
Clock = Annotated[str, Meta(pattern=r"\A([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
Wait = Annotated[float, Meta(ge=60, le=DAY_S)]
_Celsius = Annotated[float, Meta(ge=0, le=60)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What all parts of a plan share."""


class Hours(Part, frozen=True):
    """A part of the day in local time, ``HH:MM``, from ``begins`` until just before ``ends``; it may span
    midnight.
    """

    begins: Clock
    ends: Clock

    def hold(self, local: datetime) -> bool:
        """Whether ``local`` (a time in the home's zone) is within."""
        begins, ends, at = time.fromisoformat(self.begins), time.fromisoformat(self.ends), local.time()
        return begins <= at < ends if begins < ends else at >= begins or at < ends


NIGHT: Final = Hours(begins="22:00", ends="06:00")
DAY: Final = Hours(begins="06:00", ends="22:00")


class LongLie(Part, frozen=True):
    """Lying or motionless where nobody rests. ``soon_s`` and ``soon_night_s``: silence after the last
    movement in one of the plan's ``soon_rooms`` by day and by night; ``late_s``: elsewhere; ``lying_s``:
    seen close to the floor. ``own``: where silence alone tells it, it must also be unlike the home's own
    days; without, these waits hold as they are from the first day on.
    """

    armed: bool = True
    soon_s: Wait = 2_700.0  # D. 45 min; practice: 15-45 min for a bathroom
    soon_night_s: Wait = 1_800.0  # D.
    late_s: Wait = 5_400.0  # D. harm grows from 1 h on (Fleming and Brayne, BMJ 2008)
    lying_s: Annotated[float, Meta(ge=10, le=600)] = 20.0  # D.
    own: bool = True


class BedExit(Part, frozen=True):
    """Out of bed at ``night`` and not back within ``wait_s`` (unset: 45 min, 15 min from ability level 3
    on).
    """

    armed: bool = True
    wait_s: Wait | None = None
    night: Hours = NIGHT


class NightDoor(Part, frozen=True):
    """Out of the door at ``night`` and nobody moves inside for ``wait_s`` (unset: 10 min for somebody who
    wanders, else 30 min). Whoever works at night needs it off.
    """

    armed: bool = True
    wait_s: Wait | None = None
    night: Hours = Hours(begins="23:00", ends="05:00")


class Pacing(Part, frozen=True):
    """Through the door ``trips`` times ``within_s`` at ``night``. ``armed`` unset: only for somebody who
    wanders.
    """

    armed: bool | None = None
    trips: Annotated[int, Meta(ge=2, le=100)] = 6  # D.
    within_s: Wait = 1_800.0  # D.
    night: Hours = Hours(begins="23:00", ends="05:00")


class Stillness(Part, frozen=True):
    """No sign of life for ``wait_s`` while at home; only the hours of ``day`` count."""

    armed: bool = True
    wait_s: Wait = 14_400.0  # D. practice: 4-5 h without movement
    day: Hours = DAY


class Stove(Part, frozen=True):
    """The cooker draws at least ``on_w`` and nobody has been near it for ``wait_s``."""

    armed: bool = True
    wait_s: Wait = 1_200.0  # D.
    on_w: Annotated[float, Meta(ge=5, le=5_000)] = 200.0  # D. lights and clocks draw less


class Medicine(Part, frozen=True):
    """A dose of the plan counts as taken when its box is opened from ``early_s`` before its time on; after
    ``remind_s`` the home reminds, after ``late_s`` people are told.
    """

    armed: bool = True
    early_s: Wait = 3_600.0  # D.
    remind_s: Wait = 3_600.0  # D.
    late_s: Wait = 7_200.0  # D.


class Climate(Part, frozen=True):
    """The air at home, in °C. Below ``cool_c`` for ``notice_s`` is a notice; below ``cold_c`` or above
    ``warm_c`` for ``wait_s`` is for today; below ``freezing_c``, above ``hot_c`` or a heat index of
    ``heat_index_c`` for ``grave_s`` is urgent.
    """

    armed: bool = True
    cool_c: _Celsius = 18.0  # WHO Housing and health guidelines 2018: 18 °C, more for older people
    cold_c: _Celsius = 16.0  # D. below it the lungs resist infection less
    freezing_c: _Celsius = 12.0  # D. below it blood pressure rises within an hour
    warm_c: _Celsius = 30.0  # D.
    hot_c: _Celsius = 35.0  # D. China Meteorological Administration: a day of 35 °C is a hot day
    heat_index_c: _Celsius = 40.0  # NWS: "danger" begins at 39.4 °C
    notice_s: Wait = 7_200.0  # D.
    wait_s: Wait = 3_600.0  # D.
    grave_s: Wait = 1_800.0  # D.


class Heat(Part, frozen=True):
    """A room that warms by ``rise_k`` within 10 min to at least ``least_c`` may burn."""

    armed: bool = True
    rise_k: Annotated[float, Meta(ge=3, le=40)] = 8.0  # D.
    least_c: _Celsius = 30.0  # D. a cold room that is heated stays below


class Water(Part, frozen=True):
    """Wet for ``wet_s`` is a leak; a mop is gone sooner. It cannot be switched off."""

    wet_s: Annotated[float, Meta(ge=0, le=600)] = 30.0  # D.


class Vitals(Part, frozen=True):
    """``within_s``: how soon a second reading outside must follow the first to confirm it."""

    armed: bool = True
    within_s: Wait = 900.0  # D. measured again after 5 min, with time to find the cuff


class Upkeep(Part, frozen=True):
    """The devices themselves. ``mains_s``: how long the power must be out; ``battery_percent``: low at or
    below; ``per_hour``: a sensor that says so often in an hour that something happens, alone, lies.
    """

    armed: bool = True
    mains_s: Annotated[float, Meta(ge=0, le=3_600)] = 60.0
    battery_percent: Annotated[float, Meta(ge=1, le=50)] = 10.0
    per_hour: Annotated[int, Meta(ge=50, le=10_000)] = 300  # D.


class Rules(Part, frozen=True):
    """Which rules are armed and how long they wait."""

    long_lie: LongLie = LongLie()
    bed_exit: BedExit = BedExit()
    night_door: NightDoor = NightDoor()
    pacing: Pacing = Pacing()
    stillness: Stillness = Stillness()
    stove: Stove = Stove()
    medicine: Medicine = Medicine()
    climate: Climate = Climate()
    heat: Heat = Heat()
    water: Water = Water()
    vitals: Vitals = Vitals()
    upkeep: Upkeep = Upkeep()
