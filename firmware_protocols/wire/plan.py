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
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from firmware_protocols.model import Quantity
from firmware_protocols.wire.plan_rules import DAY_S, Clock, Part, Rules
from firmware_protocols.wire.plan_watch import LEAST_ALARM_S, Watch
from firmware_protocols.wire.strict import MAX_INTEGER
from firmware_protocols.wire.withheld import NOTHING, Withheld

MAX_PLAN: Final = 16 * 1024
"""Bytes of JSON; a larger plan is refused."""
DEFAULT_ZONE: Final = "Asia/Shanghai"
_DEFAULT_ZONE: Final = timezone(timedelta(hours=8), DEFAULT_ZONE)
"""China has had one zone without summer time since 1991, so the default needs no zone database."""

_Text = Annotated[str, Meta(min_length=1, max_length=48, pattern=r"\A[^\x00-\x1f]+\Z")]
_Phone = Annotated[str, Meta(pattern=r"\A\+[1-9][0-9]{6,14}\Z")]
"""E.164: at most 15 digits, no leading zero."""
_Confirm = Annotated[float, Meta(ge=0, le=60)]


@dataclass(eq=False)
class BadPlan(Exception):  # noqa: N818 - a reason is a noun, as in ``errors``
    """The document is no plan that can be used; ``reason`` names the place in it and what would be right."""

    reason: str

    def __str__(self) -> str:
        return self.reason


class Person(Part, frozen=True):
    """Who lives here. ``wanders``: may leave at night without knowing why. ``ability_level``: 0 able to 4
    fully dependent (GB/T 42195-2022).
    """

    lives_alone: bool = True
    wanders: bool = False
    ability_level: Annotated[int, Meta(ge=0, le=4)] = 0


class Limit(Part, frozen=True):
    """At or below ``low``, at or above ``high`` is outside. ``twice``: only a second such reading counts."""

    low: float | None = None
    high: float | None = None
    twice: bool = True


class Dose(Part, frozen=True):
    """A medicine that is taken every day at ``at``, local time, out of ``box``, a device. ``critical``: a
    dose that must not be missed.
    """

    at: Clock
    box: _Text
    critical: bool = False


class Supervision(Part, frozen=True):
    """A device speaks at least every ``expected_s``; after ``alarm_s`` of silence people are told. 0: it
    need not.
    """

    expected_s: Annotated[float, Meta(ge=0, le=7 * DAY_S)]
    alarm_s: Annotated[float, Meta(ge=0, le=30 * DAY_S)]


class Phones(Part, frozen=True):
    """Whom to text when the network is gone, E.164: the alarm centre and at most two contacts.

    ``contacts`` unset: whom the technician named; empty: nobody. ``until``: seconds since 1970 (UTC), from
    when on it is nobody, because their being told is not allowed any longer; unset: it does not end.
    """

    centre: _Phone | None = None
    contacts: Annotated[tuple[_Phone, ...], Meta(max_length=2)] | None = None
    until: Annotated[int, Meta(ge=0, le=MAX_INTEGER)] | None = None


class Plan(Part, frozen=True):
    """The whole document.

    ``version``: 0 without a plan, then growing. ``time_zone``: IANA name; unset: ``DEFAULT_ZONE``.
    ``confirm_s``: how long a resident may call a suspicion off; unset: as the technician set. ``limits``
    replace the defaults of ``LIMITS``. ``soon_rooms``: where stillness is judged sooner. ``rest_rooms``:
    where it is rest unless a sign of a fall came first. ``exits``: the doors that lead outside, by device;
    empty: every device of kind ``door``. ``devices``: supervision by device, in place of that of its kind.
    ``doses``: the medicines of a day. ``withheld``: what the person does not allow to be collected.
    ``watch``: the cloud's own part.
    """

    version: Annotated[int, Meta(ge=0, le=MAX_INTEGER)] = 0
    time_zone: str | None = None
    person: Person = Person()
    confirm_s: _Confirm | None = None
    limits: dict[Quantity, Limit] = msgspec.field(default_factory=dict)
    rules: Rules = Rules()
    soon_rooms: Annotated[tuple[_Text, ...], Meta(max_length=20)] = ("bathroom", "hall")
    rest_rooms: Annotated[tuple[_Text, ...], Meta(max_length=20)] = ("bedroom", "living_room")
    exits: Annotated[tuple[_Text, ...], Meta(max_length=20)] = ()
    devices: dict[_Text, Supervision] = msgspec.field(default_factory=dict)
    doses: Annotated[tuple[Dose, ...], Meta(max_length=24)] = ()
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
    Quantity.GLUCOSE: LimitSpec(Limit(low=3.0, high=33.3, twice=False), 0.3, 40),
}
"""A single 3 of NEWS2 (Royal College of Physicians 2017), and 39.1 °C, its highest band of temperature.

Glucose, mmol/L: below 3.0 a person may lose consciousness soon (American Diabetes Association, Standards of
Care, level 2), and a meter that shows "HI" has met its end at 33.3; some go on to 40. Neither waits for a
second drop of blood.
"""

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
    yield from _order_faults(plan)
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
    boxes = {dose.box for dose in plan.doses}
    for name in sorted({*plan.devices, *plan.exits, *boxes} - set(names)):
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
        "rules.pacing.night": rules.pacing.night,
        "rules.stillness.day": rules.stillness.day,
        "watch.bathroom_long.night": watch.bathroom_long.night,
        "watch.meals.breakfast": watch.meals.breakfast,
        "watch.meals.lunch": watch.meals.lunch,
        "watch.meals.supper": watch.meals.supper,
    }
    for name, hours in given.items():
        if hours.begins == hours.ends:
            yield f"{name}: begins and ends must differ; to switch the rule off, say armed false"


def _order_faults(plan: Plan) -> Iterator[str]:
    climate, medicine = plan.rules.climate, plan.rules.medicine
    if not climate.freezing_c <= climate.cold_c <= climate.cool_c < climate.warm_c <= climate.hot_c:
        yield "rules.climate: freezing_c, cold_c, cool_c, warm_c, hot_c must rise in this order"
    if medicine.late_s <= medicine.remind_s:
        yield "rules.medicine: late_s must be above remind_s, or nobody could follow the reminder"
    doses = [(dose.at, dose.box) for dose in plan.doses]
    if len(set(doses)) < len(doses):
        yield "doses: the same time and box are listed twice"
