"""Vital signs of a record, judged as the worker does: ``judge`` and ``follow``, and a memory of findings.

What this is: when to look, and the rows that ``cloud.detect.vitals.store`` has in the database, as values.
What it is not: a rule. The one idea: a look sees only what was measured before it, so the order of looks is
the order in which things were known.
"""

from __future__ import annotations

import itertools
import statistics
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from cloud.detect.vitals.follow import Ask, Before, End, Raise, State, steps
from cloud.detect.vitals.gate import WATCHED
from cloud.detect.vitals.judge import judge
from cloud.detect.vitals.model import Day, Rule, Sample
from cloud.detect.vitals.model import Finding as Found
from cloud.detect.vitals.store import DAYS, DENSE, LONGEST, PACE, READ, SAMPLES, SPARSE
from cloud.detect.vitals.view import day_of
from cloud.incidents.model import Priority
from firmware_protocols.model import AlarmKind, DeviceId, Quantity, Reading
from firmware_protocols.supervision import BY_HAND
from simulators.replay.model import Finding, Record, Row
from simulators.replay.words import of_finding

LOOKED_AFTER: Final = timedelta(seconds=15)
"""How long after a measurement the worker looks: the outbox waits up to 10 s, and the loop turns."""


@dataclass(slots=True)
class Clinic:
    """One home's vital signs. ``before``: all that was found so far."""

    record: Record
    names: Sequence[DeviceId]
    samples: Sequence[Sample]
    days: Sequence[Day]
    before: list[Before] = field(default_factory=list)
    told: dict[int, Found] = field(default_factory=dict)

    def look(self, now: datetime) -> Iterator[Finding]:
        """One look at everything that was measured until ``now``."""
        known = [one for one in self.before if one.due_at is not None or now - one.found_at <= LONGEST]
        judged = judge(self._measured(now), self._days(now), self.record.person, now)
        for step in steps(judged, known, now):
            match step:
                case Raise():
                    yield self._keep(step.finding, State.RAISED, step.priority, now, None)
                case Ask():
                    yield self._keep(step.finding, State.ASKED, None, now, step.due_at)
                case End():
                    yield from self._end(step, now)

    def due(self) -> datetime | None:
        """When the next second measurement was waited for long enough."""
        return min((one.due_at for one in self.before if one.due_at is not None), default=None)

    def _measured(self, now: datetime) -> list[Sample]:
        first = bisect_right(self.samples, now - SAMPLES, key=_at)
        dense = now - DENSE
        upto = bisect_right(self.samples, now, key=_at)
        return [one for one in self.samples[first:upto] if one.at > dense or one.quantity in SPARSE]

    def _days(self, now: datetime) -> Sequence[Day]:
        first = bisect_left(self.days, day_of(now - DAYS), key=lambda one: one.day)
        return self.days[first : bisect_left(self.days, day_of(now), key=lambda one: one.day)]

    def _keep(
        self, found: Found, state: State, priority: Priority | None, now: datetime, due_at: datetime | None
    ) -> Finding:
        number = len(self.before)
        self.before.append(Before(number, found.rule, found.quantity, state, priority, found.at, now, due_at))
        self.told[number] = found
        return self._finding(found, state, priority, now, number)

    def _end(self, end: End, now: datetime) -> Iterator[Finding]:
        asked = end.before
        self.before[asked.id] = replace(asked, state=end.state, due_at=None)
        found = self.told[asked.id]
        yield self._finding(found, end.state, None, now, asked.id)
        if end.unanswered is not None:
            again = replace(found, rule=Rule.NOT_REPEATED)
            yield self._keep(again, State.RAISED, end.unanswered, now, None)

    def _finding(
        self, found: Found, state: State, priority: Priority | None, now: datetime, number: int
    ) -> Finding:
        rows = [Row(self.names[one.device_id], one.quantity.value, one.at, one.value) for one in found.rows]
        device = rows[0].device
        return Finding(
            at=now,
            by="vitals",
            rule=found.rule.value,
            kind=AlarmKind.VITALS.value,
            state=state.value,
            priority=None if priority is None else int(priority),
            device=device,
            room=self.record.devices[device].room,
            sentence=of_finding(found.rule.value, found.quantity.value, found.numbers),
            numbers=dict(found.numbers),
            rows=tuple(rows),
            id=f"v{number}",
            since=found.at,
        )


def run(record: Record) -> Iterator[Finding]:
    """What the worker's looks at vital signs say of ``record``, in order."""
    clinic = _clinic(record)
    if not clinic.samples:
        return
    for planned in (*_looks(record), None):
        while (due := clinic.due()) is not None and (planned is None or due < planned):
            yield from clinic.look(due)
        if planned is not None:
            yield from clinic.look(planned)


def _clinic(record: Record) -> Clinic:
    names = sorted(record.devices)
    number = {name: index for index, name in enumerate(names)}
    hidden = record.plan.withheld
    samples = sorted(
        (
            Sample(number[one.device], one.quantity, one.observed_at, one.value, one.quality)
            for one in record.observed
            if isinstance(one, Reading)
            and one.quantity in READ
            and not hidden.hides(one, record.devices[one.device].kind)
        ),
        key=_at,
    )
    return Clinic(record, names, samples, _daily(record, samples))


def _daily(record: Record, samples: Iterable[Sample]) -> list[Day]:
    """The days' means as the roll-up has them; those before the record begins as they were rolled up."""
    values: dict[tuple[Quantity, object], list[float]] = defaultdict(list)
    days = {}
    for one in samples:
        if one.value is not None and one.quantity in WATCHED:
            key = one.quantity, day_of(one.at)
            values[key].append(float(one.value))
            days[key] = Day(one.quantity, day_of(one.at), len(values[key]), statistics.fmean(values[key]))
    rolled = {(day.quantity, day.day): day for day in record.days}
    return sorted((rolled | days).values(), key=lambda one: one.day)


def _looks(record: Record) -> list[datetime]:
    """When the worker looks: after what is measured by hand, and every few minutes at what never stops."""
    by_hand, dense = set[datetime](), list[datetime]()
    for one in record.observed:
        if isinstance(one, Reading) and one.quantity in READ:
            if record.devices[one.device].kind in BY_HAND:
                by_hand.add(one.observed_at + LOOKED_AFTER)
            else:
                dense.append(one.observed_at + LOOKED_AFTER)
    return sorted({*_last_of_each(sorted(by_hand)), *_paced(sorted(dense))})


def _last_of_each(times: Sequence[datetime]) -> Iterator[datetime]:
    """Of what a device says within moments, the last."""
    for at, following in itertools.pairwise((*times, None)):
        if at is not None and (following is None or following - at > LOOKED_AFTER):
            yield at


def _paced(times: Iterable[datetime]) -> Iterator[datetime]:
    """``times``, no closer together than ``PACE``."""
    last: datetime | None = None
    for at in times:
        if last is None or at - last >= PACE:
            last = at
            yield at


def _at(sample: Sample) -> datetime:
    return sample.at
