"""The cloud's rules over a record: ``frame.look`` at each time it asks for, from what was known then.

What this is: what ``cloud.detect.rules.store`` reads out of the database, out of a record. What it is not: a
rule. The one idea: a look sees the last day and a half and a few numbers of each day before, so a record of
any length costs the same at each look. Nobody recorded when the gateway was off the line, so it counts as on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Final

from cloud.detect.rules.device_days import with_equipment
from cloud.detect.rules.frame import LEAD_IN, PACE, Before, Raise, look, window
from cloud.detect.rules.habits import DAYS, MIDNIGHT, ONE_DAY, PLUGS, Day, Habits, day_of, local_time
from cloud.detect.rules.house import walk
from cloud.detect.rules.model import Device, Known, Line, Sign
from cloud.detect.rules.model import Finding as Found
from cloud.detect.rules.reading import GROUPED, to_learn
from cloud.detect.rules.store import BODY_PERCENT, IN_USE_W, PAUSE
from cloud.detect.rules.table import RULES
from cloud.incidents.kinds import KINDS, Family
from firmware_protocols.model import (
    AlarmKind,
    AlarmState,
    DeviceId,
    Event,
    EventKind,
    Quality,
    Quantity,
    Reading,
)
from firmware_protocols.supervision import BY_HAND
from firmware_protocols.wire.plan import Plan
from simulators.replay.model import Finding, Record, Row
from simulators.replay.words import of_finding

_READ: Final = frozenset(
    {
        Quantity.MOTION,
        Quantity.PRESENCE,
        Quantity.OPENING,
        Quantity.IN_BED,
        Quantity.BODY_MOVEMENT,
        Quantity.POWER,
        Quantity.BATTERY,
        Quantity.WORN,
        Quantity.VIBRATION,
    }
)
_LASTING: Final = frozenset({Quantity.MOTION, Quantity.BODY_MOVEMENT})
_EVENTS: Final = frozenset({EventKind.BUTTON, EventKind.ALL_WELL})
_FORGET: Final = max([timedelta(days=1), *(spec.cool_down for spec in RULES)])
_MOST_ROWS: Final = 20
SELDOM: Final = timedelta(minutes=15)
"""Between two looks while no rule asks for one sooner; the worker looks every five minutes, so a finding may
be ten minutes late. No rule waits for less than this. D."""


@dataclass(frozen=True, slots=True)
class Series:
    """What one device said of one thing. ``runs``: for each of ``times`` the index of where its run began."""

    device_id: int
    what: Quantity | EventKind
    times: Sequence[datetime]
    values: Sequence[float]
    runs: Sequence[int]

    def signs(self, since: datetime, until: datetime) -> Iterator[Sign]:
        """As they are known at ``until`` by one who reads from ``since`` on."""
        first, end = bisect_right(self.times, since), bisect_right(self.times, until)
        while first < end:
            last = min(bisect_right(self.runs, self.runs[first]), end) - 1
            yield Sign(self.times[first], self.times[last], self.device_id, self.what, self.values[first])
            first = last + 1


@dataclass(slots=True)
class Watch:
    """One home. ``called``: when people were called to the person by what was judged before; ``calm``: when
    the resident said that all is well.
    """

    record: Record
    plans: Sequence[tuple[datetime, Plan]]
    names: Sequence[DeviceId]
    series: Sequence[Series]
    spoke: Mapping[int, Sequence[datetime]]
    called: list[datetime]
    calm: Sequence[Sign]
    days: list[tuple[date, Day]] = field(default_factory=list)
    before: list[Before] = field(default_factory=list)
    told: dict[int, Finding] = field(default_factory=dict)

    def look(self, now: datetime) -> tuple[list[Finding], datetime]:
        """One look; what is said, and when to look again."""
        standing = [one for one in self.before if one.ended_at is None or now - one.ended_at < _FORGET]
        known = self._known(window(standing, now), now)
        self._learn(known)
        looked = look(known, standing, RULES)
        said = [
            self._raise(step.spec.kind, step.finding, now)
            if isinstance(step, Raise)
            else self._end(step.before, now)
            for step in looked.steps
        ]
        return said, looked.due_at

    def _known(self, since: datetime, now: datetime) -> Known:
        until, plan = now - GROUPED, self._plan(now)
        devices, signs = self._devices(now), self._signs(since, now)
        return Known(
            now=now,
            until=until,
            plan=plan,
            devices=devices,
            lines=(Line("gateway", now),),
            signs=tuple(signs),
            house=walk(signs, devices, plan, since, until),
            habits=Habits(
                tuple(one for one in self.days if one[1].told), self.days[-1][0] if self.days else None
            ),
            withheld=plan.withheld.names,
            called_at=max((at for at in self.called if since < at <= now), default=None),
            batteries={one.device_id: one for one in signs if one.what is Quantity.BATTERY},
        )

    def _plan(self, now: datetime) -> Plan:
        return next((plan for at, plan in reversed(self.plans) if at <= now), self.plans[0][1])

    def _signs(self, since: datetime, until: datetime) -> list[Sign]:
        calm = (sign for sign in self.calm if since < sign.at <= until)
        return list(chain(chain.from_iterable(one.signs(since, until) for one in self.series), calm))

    def _devices(self, now: datetime) -> dict[int, Device]:
        found = {}
        for number, name in enumerate(self.names):
            place, spoke = self.record.devices[name], self.spoke[number]
            last = bisect_right(spoke, now) - 1
            heard_at = spoke[last] if last >= 0 else None
            found[number] = Device(number, name, place.kind, place.room, heard_at)
        return found

    def _learn(self, known: Known) -> None:
        """A day more of what is usual, as at each look of the worker."""
        day = to_learn(known)
        if day is None:
            return
        begins = local_time(known.plan, day, MIDNIGHT)
        ends = local_time(known.plan, day + ONE_DAY, MIDNIGHT)
        since = begins - LEAD_IN
        signs = self._signs(since, ends)
        house = walk(signs, known.devices, known.plan, since, ends)
        plugs = {device.id: device.name for device in known.of_kinds(PLUGS)}
        body = day_of(house, known.plan, day, plugs)
        self.days.append((day, with_equipment(body, signs, house, known.devices, known.plan, day)))
        del self.days[: -DAYS - 1]

    def _raise(self, kind: AlarmKind, found: Found, now: datetime) -> Finding:
        number = len(self.before)
        self.before.append(Before(number, found.rule, found.subject, found.priority, found.since, now))
        if KINDS[kind].family is Family.PERSON:
            self.called.append(now)
        device = DeviceId("") if found.device_id is None else self.names[found.device_id]
        place = self.record.devices.get(device)
        told = Finding(
            at=now,
            by="rules",
            rule=found.rule,
            kind=kind.value,
            state=AlarmState.RAISED.value,
            priority=int(found.priority),
            device=device,
            room=place.room if place else "",
            sentence=of_finding(found.rule, "", found.numbers),
            numbers=dict(found.numbers),
            rows=tuple(
                Row(self.names[one.device_id], one.what.value, one.at, one.value)
                for one in found.rows[:_MOST_ROWS]
            ),
            id=f"r{number}",
            since=found.since,
        )
        self.told[number] = told
        return told

    def _end(self, before: Before, now: datetime) -> Finding:
        self.before[before.id] = replace(self.before[before.id], ended_at=now)
        return replace(self.told[before.id], at=now, state=AlarmState.CANCELLED.value)


def run(record: Record, plans: Sequence[tuple[datetime, Plan]], said: Sequence[Finding]) -> Iterator[Finding]:
    """What the cloud's rules say of ``record`` under ``plans``; ``said``: what was said before them."""
    watch = _watch(record, plans, said)
    now = record.begins + GROUPED
    while now <= record.ends + GROUPED:
        found, due_at = watch.look(now)
        yield from found
        now = due_at if due_at < now + PACE else now + SELDOM


def _watch(record: Record, plans: Sequence[tuple[datetime, Plan]], said: Sequence[Finding]) -> Watch:
    names = sorted(record.devices)
    number = {name: index for index, name in enumerate(names)}
    spoke: dict[int, list[datetime]] = {index: [] for index in number.values()}
    for one in record.observed:
        if isinstance(one, Reading | Event):
            spoke[number[one.device]].append(one.observed_at)
    person = [one for one in said if KINDS[AlarmKind(one.kind)].family is Family.PERSON]
    calm = [
        Sign(one.at, one.at, number[DeviceId(one.device)], EventKind.ALL_WELL)
        for one in person
        if one.by == "edge" and one.state == AlarmState.CANCELLED and DeviceId(one.device) in number
    ]
    called = [one.at for one in person if one.calls]
    return Watch(record, plans, names, list(_series(record, number)), spoke, called, calm)


def _series(record: Record, number: Mapping[DeviceId, int]) -> Iterator[Series]:
    found: dict[tuple[int, Quantity | EventKind], tuple[list[datetime], list[float]]] = {}
    for one in record.observed:
        told = _told(record, one)
        if told is not None:
            times, values = found.setdefault((number[one.device], told[0]), ([], []))
            times.append(one.observed_at)
            values.append(told[1])
    for (device_id, what), (times, values) in found.items():
        yield Series(device_id, what, times, values, _runs(what, times, values))


def _told(record: Record, one: object) -> tuple[Quantity | EventKind, float] | None:
    """What is read of an observation, and its value as a state."""
    if isinstance(one, Event):
        return (one.kind, 1.0) if one.kind in _EVENTS else None
    if not isinstance(one, Reading) or one.value is None or one.quality is not Quality.GOOD:
        return None
    if one.quantity is Quantity.POWER:
        return one.quantity, float(one.value >= IN_USE_W)
    if one.quantity is Quantity.BODY_MOVEMENT:
        return one.quantity, float(one.value >= BODY_PERCENT)
    by_hand = record.devices[one.device].kind in BY_HAND
    return (one.quantity, float(one.value)) if by_hand or one.quantity in _READ else None


def _runs(what: Quantity | EventKind, times: Sequence[datetime], values: Iterable[float]) -> list[int]:
    """Where the run of each began: another value begins one, and a pause of what lasts only while it is
    repeated; an event is one by itself.
    """
    runs: list[int] = []
    before: float | None = None
    for index, value in enumerate(values):
        paused = index > 0 and times[index] - times[index - 1] > PAUSE
        begins = value != before or isinstance(what, EventKind) or (what in _LASTING and paused)
        runs.append(index if begins else runs[-1])
        before = value
    return runs
