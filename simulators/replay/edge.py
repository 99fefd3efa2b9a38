"""The gateway's rules over a record: the very table of ``edge_agent.rules``, and a clock that is an argument.

What this is: what ``edge_agent.pipeline`` does between a frame and its outbox, without either. What it is
not: the radio, thinning, or the fall model; what a wearable's motion was taken for comes from the record. The
one idea: rules wait in listened seconds, so time must pass for them: they are called at every observation and
in steps between, finer while something is being asked about.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cloud.incidents.kinds import priority_of
from edge_agent.rules import RULES, Cancellable, FallSign, Heard, Home, InForce, Rule
from edge_agent.rules.sos import SosRule
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, Event, Reading
from firmware_protocols.supervision import SUPERVISION, UNSUPERVISED
from firmware_protocols.wire.plan import Plan
from simulators.replay.model import Finding, Observed, Order, Record, Row, Told
from simulators.replay.words import of_alarm

STEP_S: Final = 10.0
"""Between two calls of the rules while nothing happens; a finding may be this late. The gateway: 0.2 s."""
FINE_S: Final = 0.5
"""While a resident is being asked."""
SETTLE_S: Final = 120.0
"""So long after the last observation the rules go on, so that what was asked about then is decided."""
SAME_ALARM: Final = timedelta(minutes=2)
"""So near to it in time, an alarm of the run is the recorded one that people gave an order about. D."""
_ROWS: Final = 3
"""How many rows of its device an alarm shows."""
_CONFIRM_S: Final = 20.0
"""As long as a technician leaves it (``edge_agent.settings.RulesSettings``)."""
_LISTENS: Final = 0.5
"""A device that the gateway did not miss was heard at least this part of its time of alarm."""

Doing = Callable[["Gateway"], list[Alarm]]


@dataclass(slots=True)
class Gateway:
    """The rules of one home, and what of their alarms was found so far."""

    record: Record
    now: datetime
    in_force: InForce = field(default_factory=InForce)
    rules: dict[str, Rule] = field(init=False)
    asked: dict[AlarmId, tuple[AlarmKind, datetime]] = field(default_factory=dict)
    _open: set[AlarmId] = field(default_factory=set)
    _last: dict[DeviceId, deque[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Nothing has been seen yet."""
        kinds = {name: place.kind for name, place in self.record.devices.items()}
        rooms = {name: place.room for name, place in self.record.devices.items()}
        numbers = itertools.count(1)
        home = Home(
            kinds, lambda: AlarmId(f"{next(numbers):06}"), _confirm_s(self.record), rooms, self.in_force
        )
        self.rules = {name: make(home) for name, make in RULES.items()}

    def until(self, moment: datetime, step_s: float) -> Iterator[Finding]:
        """Let time pass."""
        while self.now < moment:
            step = timedelta(seconds=FINE_S if self._open else step_s)
            self.now = min(self.now + step, moment)
            yield from self._found([a for rule in self.rules.values() for a in rule.tick(self.now)])

    def do(self, doing: Doing) -> list[Finding]:
        """One thing happens now."""
        return self._found(doing(self))

    def see(self, seen: Observed | Heard) -> list[Alarm]:
        """An observation, unless it may not be collected."""
        kind = self.record.devices[seen.device].kind
        if isinstance(seen, Reading | Event):
            if self.in_force.plan.withheld.hides(seen, kind):
                return []
            self._last.setdefault(seen.device, deque(maxlen=_ROWS)).appendleft(_row(seen))
        return [alarm for rule in self.rules.values() for alarm in rule.see(seen, self.now)]

    def obey(self, order: Order) -> list[Alarm]:
        """What people ordered, about the alarm of this run that stands for the recorded one."""
        asking = [rule for rule in self.rules.values() if isinstance(rule, Cancellable)]
        alarm = self._stands_for(order.alarm)
        if order.name == "cancel":
            everything = order.alarm is None
            return [
                a for rule in asking for a in rule.cancel(self.now, "cloud", alarm) if everything or alarm
            ]
        for rule in self.rules.values():
            if alarm and isinstance(rule, SosRule):
                rule.answered(alarm)
        if alarm and order.name == "closed":
            for one in asking:
                one.forget(alarm)
        return []

    def _stands_for(self, recorded: AlarmId | None) -> AlarmId | None:
        first = next((one for one in self.record.told if one.id == recorded), None)
        if first is None:
            return None
        near = [
            (abs(at - first.at), alarm)
            for alarm, (kind, at) in self.asked.items()
            if kind is first.kind and abs(at - first.at) <= SAME_ALARM
        ]
        return min(near)[1] if near else None

    def _found(self, alarms: Iterable[Alarm]) -> list[Finding]:
        found = []
        for alarm in alarms:
            self.asked.setdefault(alarm.id, (alarm.kind, self.now))
            self._open = self._open | {alarm.id} if alarm.state is AlarmState.SUSPECTED else self._open
            if alarm.state in {AlarmState.RAISED, AlarmState.CANCELLED}:
                self._open = self._open - {alarm.id}
            found.append(self._finding(alarm))
        return found

    def _finding(self, alarm: Alarm) -> Finding:
        place = self.record.devices.get(alarm.device)
        return Finding(
            at=self.now,
            by="edge",
            rule=alarm.kind.value,
            kind=alarm.kind.value,
            state=alarm.state.value,
            priority=int(priority_of(alarm)),
            device=alarm.device,
            room=place.room if place else "",
            sentence=of_alarm(alarm.kind, alarm.evidence),
            numbers=dict(alarm.evidence),
            rows=tuple(self._last.get(alarm.device, ())),
            id=alarm.id,
            since=alarm.observed_at,
        )


def run(record: Record, plans: Iterable[tuple[datetime, Plan]], step_s: float = STEP_S) -> Iterator[Finding]:
    """What the gateway's rules say of ``record`` under ``plans`` (from when on each holds), in order."""
    gateway = Gateway(record, record.begins)
    for at, _, doing in heapq.merge(
        _tagged(0, ((at, _enforce(plan)) for at, plan in plans)),
        _tagged(1, ((_seen_at(seen), _see(seen)) for seen in _heard_too(record))),
        _tagged(2, ((order.at, _obey(order)) for order in record.orders)),
        key=lambda one: one[:2],
    ):
        yield from gateway.until(at, step_s)
        yield from gateway.do(doing)
    yield from gateway.until(gateway.now + timedelta(seconds=SETTLE_S), step_s)


def _tagged(rank: int, things: Iterable[tuple[datetime, Doing]]) -> Iterator[tuple[datetime, int, Doing]]:
    return ((at, rank, doing) for at, doing in things)


def _enforce(plan: Plan) -> Doing:
    def enforce(gateway: Gateway) -> list[Alarm]:
        gateway.in_force.plan = plan
        return []

    return enforce


def _see(seen: Observed | Heard) -> Doing:
    return lambda gateway: gateway.see(seen)


def _obey(order: Order) -> Doing:
    return lambda gateway: gateway.obey(order)


def _seen_at(seen: Observed | Heard) -> datetime:
    """When the rules saw it: the model decides a few seconds after the impact."""
    late = seen.evidence.get("decided_after_s") if isinstance(seen, FallSign) else None
    return seen.observed_at + timedelta(seconds=late if isinstance(late, int | float) else 0.0)


def _heard_too(record: Record) -> Iterator[Observed | Heard]:
    """Observations, and between them signs of life of devices that say nothing new and were not missed."""
    seen = sorted(record.observed, key=_seen_at)
    if not record.checked_in:
        return iter(seen)
    return heapq.merge(seen, sorted(_alive(record), key=_seen_at), key=_seen_at)


def _alive(record: Record) -> Iterator[Heard]:
    """A frame that tells nothing new is not stored; that the gateway did not complain shows that it came."""
    said: dict[DeviceId, list[datetime]] = {name: [record.begins] for name in record.devices}
    for one in record.observed:
        if one.device in said:
            said[one.device].append(one.observed_at)
    missed = _missed(record)
    for device, times in said.items():
        for begins, ends in itertools.pairwise((*times, record.ends)):
            yield from _between(device, begins, ends, missed.get(device, ()), _least(record, device))


def _between(
    device: DeviceId,
    begins: datetime,
    ends: datetime,
    missed: Iterable[tuple[datetime, datetime]],
    every: timedelta,
) -> Iterator[Heard]:
    at = begins + every
    while at < ends:
        if not any(since <= at <= until for since, until in missed):
            yield Heard(device, at)
        at += every


def _least(record: Record, device: DeviceId) -> timedelta:
    """How often a device was heard at the least, if it was not missed."""
    kind = record.devices[device].kind
    alarm_s = [
        plan.devices.get(device, SUPERVISION.get(kind, UNSUPERVISED)).alarm_s for _, plan in record.plans
    ]
    least = min((one for one in alarm_s if one > 0), default=SUPERVISION.get(kind, UNSUPERVISED).alarm_s)
    return timedelta(seconds=(least or 3_600.0) * _LISTENS)


def _missed(record: Record) -> Mapping[DeviceId, list[tuple[datetime, datetime]]]:
    """When each device was missed: from when it fell silent until it was heard again."""
    spans: dict[DeviceId, list[tuple[datetime, datetime]]] = {}
    for one in record.told:
        if one.kind is not AlarmKind.SENSOR_SILENT:
            continue
        of = spans.setdefault(one.device, [])
        if one.state is AlarmState.RAISED:
            of.append((one.at - timedelta(minutes=_silent_min(one)), record.ends))
        elif of:
            of[-1] = (of[-1][0], one.at - timedelta(seconds=1))
    return spans


def _silent_min(one: Told) -> float:
    told = one.evidence.get("silent_min")
    return float(told) if isinstance(told, int | float) else 0.0


def _confirm_s(record: Record) -> float:
    """How long residents were asked here, as the technician set it."""
    asked = [one.confirm_s for one in record.told if one.state is AlarmState.SUSPECTED and one.confirm_s > 0]
    return asked[-1] if asked else _CONFIRM_S


def _row(seen: Reading | Event) -> Row:
    if isinstance(seen, Reading):
        return Row(seen.device, seen.quantity.value, seen.observed_at, seen.value)
    return Row(seen.device, seen.kind.value, seen.observed_at, seen.detail)
