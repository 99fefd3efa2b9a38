"""The plan of a home: what is normal for the person who lives there, so that the gateway can judge without
a cloud.

What this is: one frozen document with a version that only grows, and its parser. What it is not: identity,
drivers or sensors; those are the technician's file. The one idea: a plan is taken whole or refused whole,
with a reason that says what to change; the default of every field is what holds in a home without a plan.
Calls for help, smoke and falls are not in it, because nothing may switch them off.

Figures marked D are defaults of this project, shaped by telecare practice, to be confirmed by the care
provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone, tzinfo
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from firmware_protocols.model import Quantity
from firmware_protocols.wire.strict import MAX_INTEGER
from firmware_protocols.wire.withheld import NOTHING, Withheld

MAX_PLAN: Final = 16 * 1024
"""Bytes of JSON; a larger plan is refused."""
LEAST_ALARM_S: Final = 300.0
"""A device missed sooner would come and go all day. D."""
DEFAULT_ZONE: Final = "Asia/Shanghai"
_DEFAULT_ZONE: Final = timezone(timedelta(hours=8), DEFAULT_ZONE)
"""China has had one zone without summer time since 1991, so the default needs no zone database."""
_DAY_S: Final = 86_400.0

_Text = Annotated[str, Meta(min_length=1, max_length=48, pattern=r"\A[^\x00-\x1f]+\Z")]
_Clock = Annotated[str, Meta(pattern=r"\A([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
_Phone = Annotated[str, Meta(pattern=r"\A\+[1-9][0-9]{6,14}\Z")]
"""E.164: at most 15 digits, no leading zero."""
_Wait = Annotated[float, Meta(ge=60, le=_DAY_S)]
_Confirm = Annotated[float, Meta(ge=0, le=60)]


@dataclass(eq=False)
class BadPlan(Exception):  # noqa: N818 - a reason is a noun, as in ``errors``
    """The document is no plan that can be used; ``reason`` names the place in it and what would be right."""

    reason: str

    def __str__(self) -> str:
        return self.reason


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What all parts of a plan share."""


class Person(_Part, frozen=True):
    """Who lives here. ``wanders``: may leave at night without knowing why. ``ability_level``: 0 able to 4
    fully dependent (GB/T 42195-2022).
    """

    lives_alone: bool = True
    wanders: bool = False
    ability_level: Annotated[int, Meta(ge=0, le=4)] = 0


class Limit(_Part, frozen=True):
    """At or below ``low``, at or above ``high`` is outside. ``twice``: only a second such reading counts."""

    low: float | None = None
    high: float | None = None
    twice: bool = True


class Hours(_Part, frozen=True):
    """A part of the day in local time, ``HH:MM``, from ``begins`` until just before ``ends``; it may span
    midnight.
    """

    begins: _Clock
    ends: _Clock

    def hold(self, local: datetime) -> bool:
        """Whether ``local`` (a time in the home's zone) is within."""
        begins, ends, at = time.fromisoformat(self.begins), time.fromisoformat(self.ends), local.time()
        return begins <= at < ends if begins < ends else at >= begins or at < ends


NIGHT: Final = Hours(begins="22:00", ends="06:00")
DAY: Final = Hours(begins="06:00", ends="22:00")


class LongLie(_Part, frozen=True):
    """Lying or motionless where nobody rests. ``soon_s`` and ``soon_night_s``: silence after the last
    movement in one of the plan's ``soon_rooms`` by day and by night; ``late_s``: elsewhere; ``lying_s``:
    seen close to the floor.
    """

    armed: bool = True
    soon_s: _Wait = 2_700.0  # D. 45 min; practice: 15-45 min for a bathroom
    soon_night_s: _Wait = 1_800.0  # D.
    late_s: _Wait = 5_400.0  # D. harm grows from 1 h on (Fleming and Brayne, BMJ 2008)
    lying_s: Annotated[float, Meta(ge=10, le=600)] = 20.0  # D.


class BedExit(_Part, frozen=True):
    """Out of bed at ``night`` and not back within ``wait_s`` (unset: 45 min, 15 min from ability level 3
    on).
    """

    armed: bool = True
    wait_s: _Wait | None = None
    night: Hours = NIGHT


class NightDoor(_Part, frozen=True):
    """Out of the door at ``night`` and nobody moves inside for ``wait_s`` (unset: 10 min for somebody who
    wanders, else 30 min). ``armed`` unset: only for somebody who wanders.
    """

    armed: bool | None = None
    wait_s: _Wait | None = None
    night: Hours = Hours(begins="23:00", ends="05:00")


class Stillness(_Part, frozen=True):
    """No sign of life for ``wait_s`` while at home; only the hours of ``day`` count."""

    armed: bool = True
    wait_s: _Wait = 14_400.0  # D. practice: 4-5 h without movement
    day: Hours = DAY


class Vitals(_Part, frozen=True):
    """``within_s``: how soon a second reading outside must follow the first to confirm it."""

    armed: bool = True
    within_s: _Wait = 900.0  # D. measured again after 5 min, with time to find the cuff


class Upkeep(_Part, frozen=True):
    """The devices themselves. ``mains_s``: how long the power must be out; ``battery_percent``: low at or
    below.
    """

    armed: bool = True
    mains_s: Annotated[float, Meta(ge=0, le=3_600)] = 60.0
    battery_percent: Annotated[float, Meta(ge=1, le=50)] = 10.0


class Rules(_Part, frozen=True):
    """Which rules are armed and how long they wait."""

    long_lie: LongLie = LongLie()
    bed_exit: BedExit = BedExit()
    night_door: NightDoor = NightDoor()
    stillness: Stillness = Stillness()
    vitals: Vitals = Vitals()
    upkeep: Upkeep = Upkeep()


class NotUp(_Part, frozen=True):
    """Not up ``after_s`` past the usual time (and urgent an hour later); ``latest``: who has no usual time
    yet.
    """

    armed: bool = True
    after_s: _Wait = 3_600.0  # D.
    latest: _Clock = "10:00"  # D.


class NotReturned(_Part, frozen=True):
    """Not back by ``latest``, or ``wait_s`` after leaving (unset: 2 h for somebody who wanders, else longer
    than nearly every outing of their own).
    """

    armed: bool = True
    wait_s: _Wait | None = None
    latest: _Clock = "21:00"  # D.


class BathroomLong(_Part, frozen=True):
    """In the bathroom for longer than nearly ever, and at least ``wait_s`` by day and ``wait_night_s`` by
    night.
    """

    armed: bool = True
    wait_s: _Wait = 2_700.0  # D. practice: 15-45 min
    wait_night_s: _Wait = 1_800.0  # D.
    night: Hours = NIGHT


class Meals(_Part, frozen=True):
    """When they eat at home. D., all."""

    armed: bool = True
    breakfast: Hours = Hours(begins="06:00", ends="09:30")
    lunch: Hours = Hours(begins="11:00", ends="13:30")
    supper: Hours = Hours(begins="17:00", ends="19:30")

    @property
    def windows(self) -> tuple[Hours, ...]:
        """In the order of the day."""
        return (self.breakfast, self.lunch, self.supper)


class UsualUse(_Part, frozen=True):
    """A kettle or another plug is used each morning; ``after_s`` past the usual time without it, and nobody
    seen.
    """

    armed: bool = True
    after_s: _Wait = 10_800.0  # D.


class Offline(_Part, frozen=True):
    """The gateway says nothing for ``wait_s``; ``urgent_s``: for whoever wanders or needs much help."""

    armed: bool = True
    wait_s: Annotated[float, Meta(ge=LEAST_ALARM_S, le=_DAY_S)] = 300.0  # D. five heartbeats
    urgent_s: Annotated[float, Meta(ge=LEAST_ALARM_S, le=_DAY_S)] = 1_800.0  # D.


class Watch(_Part, frozen=True):
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


class Supervision(_Part, frozen=True):
    """A device speaks at least every ``expected_s``; after ``alarm_s`` of silence people are told. 0: it
    need not.
    """

    expected_s: Annotated[float, Meta(ge=0, le=7 * _DAY_S)]
    alarm_s: Annotated[float, Meta(ge=0, le=30 * _DAY_S)]


class Phones(_Part, frozen=True):
    """Whom to text when the network is gone, E.164: the alarm centre and at most two contacts.

    ``contacts`` unset: whom the technician named; empty: nobody. ``until``: seconds since 1970 (UTC), from
    when on it is nobody, because their being told is not allowed any longer; unset: it does not end.
    """

    centre: _Phone | None = None
    contacts: Annotated[tuple[_Phone, ...], Meta(max_length=2)] | None = None
    until: Annotated[int, Meta(ge=0, le=MAX_INTEGER)] | None = None


class Plan(_Part, frozen=True):
    """The whole document.

    ``version``: 0 without a plan, then growing. ``time_zone``: IANA name; unset: ``DEFAULT_ZONE``.
    ``confirm_s``: how long a resident may call a suspicion off; unset: as the technician set. ``limits``
    replace the defaults of ``LIMITS``. ``soon_rooms``: where stillness is judged sooner. ``rest_rooms``:
    where it is rest unless a sign of a fall came first. ``exits``: the doors that lead outside, by device;
    empty: every device of kind ``door``. ``devices``: supervision by device, in place of that of its kind.
    ``withheld``: what the person does not allow to be collected. ``watch``: the cloud's own part.
    """

    version: Annotated[int, Meta(ge=0, le=MAX_INTEGER)] = 0
    time_zone: str | None = None
    person: Person = Person()
    confirm_s: _Confirm | None = None
    limits: dict[Quantity, Limit] = {}
    rules: Rules = Rules()
    soon_rooms: Annotated[tuple[_Text, ...], Meta(max_length=20)] = ("bathroom", "hall")
    rest_rooms: Annotated[tuple[_Text, ...], Meta(max_length=20)] = ("bedroom", "living_room")
    exits: Annotated[tuple[_Text, ...], Meta(max_length=20)] = ()
    devices: dict[_Text, Supervision] = {}
    phones: Phones = Phones()
    withheld: Withheld = NOTHING
    watch: Watch = Watch()

    @property
    def zone(self) -> tzinfo:
        """The home's zone."""
        name = self.time_zone or DEFAULT_ZONE
        return _DEFAULT_ZONE if name == DEFAULT_ZONE else ZoneInfo(name)

    def local(self, now: datetime) -> datetime:
        """``now`` as the clock on the resident's wall shows it."""
        return now.astimezone(self.zone)

    def limit(self, quantity: Quantity) -> Limit | None:
        """The limits of ``quantity`` for this person; ``None``: it is not watched."""
        spec = LIMITS.get(quantity)
        return self.limits.get(quantity, spec.usual) if spec else None


@dataclass(frozen=True, slots=True)
class LimitSpec:
    """``usual``: what holds without a personal limit. ``least``, ``most``: no limit outside makes sense."""

    usual: Limit
    least: float
    most: float


_PULSE: Final = LimitSpec(Limit(low=40, high=131), 20, 250)
LIMITS: Final[Mapping[Quantity, LimitSpec]] = {
    Quantity.SPO2: LimitSpec(Limit(low=91), 50, 100),
    Quantity.HEART_RATE: _PULSE,
    Quantity.PULSE_RATE: _PULSE,
    Quantity.RESPIRATION_RATE: LimitSpec(Limit(low=8, high=25), 3, 80),
    Quantity.SYSTOLIC: LimitSpec(Limit(low=90, high=220), 50, 280),
    Quantity.BODY_TEMPERATURE: LimitSpec(Limit(low=35.0, high=39.1), 30, 43),
}
"""A single 3 of NEWS2 (Royal College of Physicians 2017), and 39.1 °C, its highest band of temperature."""

DEFAULT: Final = Plan()
"""What holds in a home without a plan."""

_QUOTED: Final = re.compile(r"(?<=Invalid enum value) '.*'", re.DOTALL)


def parse(document: object) -> Plan:
    """Return the plan that ``document`` (decoded JSON) is.

    Raises:
        BadPlan: anything in it is unknown or impossible.
    """
    try:
        plan = msgspec.convert(document, Plan)
    except msgspec.ValidationError as error:
        raise BadPlan(_QUOTED.sub("", str(error)).replace("`$.", "`")) from error
    for fault in faults(plan):
        raise BadPlan(fault)
    return plan


def as_document(plan: Plan) -> dict[str, object]:
    """Return ``plan`` as JSON values, defaults left out; ``parse`` gives it back."""
    found = msgspec.to_builtins(plan)
    return dict(found)


def faults(plan: Plan) -> Iterator[str]:
    """What each value alone cannot show; empty for a plan that can be used."""
    size = len(msgspec.json.encode(plan))
    if size > MAX_PLAN:
        yield f"{size} bytes, at most {MAX_PLAN} allowed"
    if plan.time_zone is not None and not _is_zone(plan.time_zone):
        yield f"time_zone {plan.time_zone[:64]!r} is not known here; give an IANA name, e.g. {DEFAULT_ZONE!r}"
    for quantity, limit in plan.limits.items():
        yield from _limit_faults(quantity, limit)
    yield from _hours_faults(plan)
    for name, supervision in plan.devices.items():
        if 0 < supervision.alarm_s < LEAST_ALARM_S:
            yield f"devices.{name}: alarm_s must be at least {LEAST_ALARM_S:g} (0: it is not supervised)"
        if 0 < supervision.alarm_s < supervision.expected_s:
            yield f"devices.{name}: alarm_s must not be below expected_s (0: it is not supervised)"
    numbers = [number for number in (plan.phones.centre, *(plan.phones.contacts or ())) if number]
    if len(set(numbers)) < len(numbers):
        yield "phones: a number is listed twice"


def unknown_devices(plan: Plan, known: Iterable[str]) -> Iterator[str]:
    """What ``plan`` says of devices that are not among ``known``: a misspelt name is a device left
    unwatched.
    """
    names = sorted(known)
    for name in sorted({*plan.devices, *plan.exits} - set(names)):
        yield f"no device {name!r} here; there are: {', '.join(names) or 'none'}"


def _is_zone(name: str) -> bool:
    try:
        return name == DEFAULT_ZONE or bool(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a name that is a folder of zones
        return False


def _limit_faults(quantity: Quantity, limit: Limit) -> Iterator[str]:
    spec = LIMITS.get(quantity)
    if spec is None:
        yield f"limits.{quantity}: only {', '.join(LIMITS)} are watched"
        return
    given = {"low": limit.low, "high": limit.high}
    for name, value in given.items():
        if value is not None and not spec.least <= value <= spec.most:
            yield f"limits.{quantity}.{name} must be {spec.least:g}-{spec.most:g} {quantity.unit}"
    if limit.low is None and limit.high is None:
        yield f"limits.{quantity}: give low, high or both; leave it out for the default"
    if limit.low is not None and limit.high is not None and limit.low >= limit.high:
        yield f"limits.{quantity}: low must be below high"


def _hours_faults(plan: Plan) -> Iterator[str]:
    rules, watch = plan.rules, plan.watch
    given = {
        "rules.bed_exit.night": rules.bed_exit.night,
        "rules.night_door.night": rules.night_door.night,
        "rules.stillness.day": rules.stillness.day,
        "watch.bathroom_long.night": watch.bathroom_long.night,
        "watch.meals.breakfast": watch.meals.breakfast,
        "watch.meals.lunch": watch.meals.lunch,
        "watch.meals.supper": watch.meals.supper,
    }
    for name, hours in given.items():
        if hours.begins == hours.ends:
            yield f"{name}: begins and ends must differ; to switch the rule off, say armed false"
