"""The daily routine of a record: judged every waking hour and every night, from its own past alone.

What this is: what ``cloud.detect.routine.look`` has in the database, in memory. What it is not: the detector.
The one idea: a day is counted when it is over, once; an hour's look adds only the day that is lived.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np

from cloud.detect.routine.detector import see_hour, see_night
from cloud.detect.routine.findings import TODAY, Trend
from cloud.detect.routine.findings import Finding as Found
from cloud.detect.routine.follow import Before, to_tell
from cloud.detect.routine.grid import HOUR, SLOT_S, SLOTS
from cloud.detect.routine.look import AGAIN_DAYS, FEVER, SEEN_DAYS, listened
from cloud.detect.routine.model import RoutineModel, load
from cloud.detect.routine.past import BY_DAY, BY_NIGHT, history_of, own_of, past
from cloud.detect.routine.quarters import WHOLE, Days, Said, days_of, faded
from cloud.detect.routine.sensors import Sensor, place_of
from cloud.detect.routine.store import Kept
from cloud.detect.routine.times import Look, look_at, next_look
from cloud.detect.routine.trends import see_trends
from cloud.series.signs import SIGNS, Quarter, Sign
from firmware_protocols.model import AlarmKind, AlarmState, DeviceId, Quality, Quantity, Reading
from firmware_protocols.wire.plan import DEFAULT_ZONE
from simulators.replay.model import Finding, Record, Row
from simulators.replay.words import of_finding

HARDLY_ANY: Final = 20
"""Signs: of published homes, whose sensors never check in, a day with fewer is one of failing equipment
(``benchmarks.tihm``)."""
_MOST_ROWS: Final = 12
_DAY: Final = timedelta(days=1)
_SLOT: Final = timedelta(seconds=SLOT_S)


@dataclass(slots=True)
class Diary:
    """One home. ``quarters``: by their beginning. ``kept``: the days that are over, with their scores."""

    record: Record
    names: Sequence[DeviceId]
    sensors: Mapping[int, Sensor]
    quarters: Mapping[datetime, Sequence[tuple[int, Quantity, list[float]]]]
    model: RoutineModel
    per_week: float
    earlier: Sequence[Finding]
    weights: dict[int, float] = field(default_factory=dict)
    judged: date | None = None
    kept: dict[date, Kept] = field(default_factory=dict)
    hour_scores: dict[date, float] = field(default_factory=dict)
    before: list[Before] = field(default_factory=list)

    def look(self, now: datetime) -> Iterator[Finding]:
        """One look."""
        at = look_at(now, self.record.plan.time_zone or DEFAULT_ZONE)
        found = self._night(at) if at.judges_yesterday(self.judged) else []
        if at.waking:
            found += self._hour(at)
        for one in to_tell(found, self.before, now):
            if not one.urgent or self._is_silence(one.onset, now):
                self.before.append(Before(one.kind.value, one.priority, one.onset, now))
                yield self._told(one, now)

    def _hour(self, at: Look) -> list[Found]:
        """The pause that lasts at the full hour."""
        today, slots = at.of_day, int((at.hour - at.of_day).total_seconds()) // SLOT_S
        said = self._said(today, at.hour)
        if self.record.checked_in and not said.spoke(self.weights or self.sensors, slots - HOUR):
            return []
        days = past(self.kept, today.date())[-SEEN_DAYS:]
        history = history_of(days, self._counted(said, slots), BY_DAY, today, None)
        seen = see_hour(history, self.model, own_of(days), at.hour, self.per_week)
        if seen.score is not None:
            day = today.date()
            self.hour_scores[day] = max(seen.score, self.hour_scores.get(day, seen.score))
        return [seen.finding] if seen.finding else []

    def _night(self, at: Look) -> list[Found]:
        """The day that ended last, and what the weeks up to it have brought."""
        end, again = at.midnight, AGAIN_DAYS if self.kept else SEEN_DAYS
        first = end - again * _DAY
        said = self._said(first, end)
        lived = self._counted(said, again * SLOTS)
        days = past(self.kept, first.date())[again - SEEN_DAYS :] if again < SEEN_DAYS else []
        history = history_of(days, lived, BY_NIGHT, first, None)
        seen = see_night(history, self.model, own_of(past(self.kept, end.date())), end, self.per_week)
        beds = np.concatenate([*(day.in_bed[None] for day in days), lived.in_bed])
        found = [one for one in (seen.finding,) if one is not None and self._listened(one, said, again)]
        found += [self._graver(one, end) for one in see_trends(history, beds, end)]
        self._keep(first.date(), lived, at.yesterday, seen.score)
        self.weights = faded(self.weights, lived.carried, again)
        self.judged = at.yesterday
        return found

    def _keep(self, first: date, lived: Days, yesterday: date, night_score: float | None) -> None:
        """The days as they are counted now; a score once given stays."""
        for index in range(len(lived.counts)):
            day = first + index * _DAY
            old = self.kept.get(day)
            night = old.night_score if old else None
            self.kept[day] = Kept(
                day,
                lived.counts[index],
                lived.listening[index],
                lived.in_bed[index],
                self.hour_scores.get(day),
                night_score if day == yesterday else night,
            )

    def _counted(self, said: Said, slots: int) -> Days:
        days = days_of(said, self.sensors, self.weights, slots)
        if self.record.checked_in:
            return days
        heard = np.repeat(days.counts.sum(axis=(1, 2)) >= HARDLY_ANY, SLOTS).reshape(-1, SLOTS)
        if slots % SLOTS:
            heard[-1] = np.arange(SLOTS) < slots % SLOTS  # today is not over: nobody knows yet
        return replace(days, listening=np.where(heard, WHOLE, 0).astype(np.uint8))

    def _said(self, since: datetime, until: datetime) -> Said:
        """What was said from ``since`` (a midnight, slot 0) up to ``until``."""
        signs, words = list[Quarter](), defaultdict[int, list[int]](list)
        for slot in range(int((until - since) / _SLOT)):
            for sensor, quantity, (n, total, low, high) in self.quarters.get(since + slot * _SLOT, ()):
                words[sensor].append(slot)
                if high > 0 or SIGNS.get(quantity) is Sign.CHANGE:
                    signs.append(Quarter(sensor, quantity, slot, int(n), total, low, high))
        return Said(tuple(signs), {sensor: np.unique(slots) for sensor, slots in words.items()})

    def _listened(self, found: Found, said: Said, days: int) -> bool:
        return not self.record.checked_in or listened(found, said, self.sensors, days)

    def _graver(self, found: Found, end: datetime) -> Found:
        """More visits at night are looked at today when there is fever too."""
        feverish = any(
            one.calls and one.by == "vitals" and one.rule.startswith("fever") and end - FEVER < one.at <= end
            for one in self.earlier
        )
        return replace(found, priority=TODAY) if feverish and found.kind is Trend.TOILETING else found

    def _is_silence(self, since: datetime, now: datetime) -> bool:
        """Whether nothing has moved since; a state must have changed to be somebody."""
        values: dict[tuple[DeviceId, Quantity], list[float]] = defaultdict(list)
        for one in self.record.observed:
            if isinstance(one, Reading) and one.value is not None and since < one.observed_at <= now:
                values[one.device, one.quantity].append(float(one.value))
        watched = {sensor.name for sensor in self.sensors.values()}
        return not any(
            device in watched and _stirs(quantity, said) for (device, quantity), said in values.items()
        )

    def _told(self, found: Found, now: datetime) -> Finding:
        rows = self._rows(found)
        named = [one for one in self.sensors.values() if one.place in found.rests_on.places]
        device = rows[-1].device if rows else DeviceId((named or list(self.sensors.values()))[0].name)
        return Finding(
            at=now,
            by="routine",
            rule=found.sentence,
            kind=AlarmKind.ROUTINE.value,
            state=AlarmState.RAISED.value,
            priority=found.priority,
            device=device,
            room=self.record.devices[device].room,
            sentence=of_finding(found.sentence, "", found.numbers),
            numbers=dict(found.numbers),
            rows=rows,
            id=f"d{len(self.before)}",
            since=found.onset,
        )

    def _rows(self, found: Found) -> tuple[Row, ...]:
        """The last quarters with a sign of somebody at the places that matter, up to the finding's end."""
        first = found.onset - _DAY
        first -= timedelta(seconds=first.timestamp() % SLOT_S)
        told = [
            one
            for one in self._said(first, found.rests_on.until).signs
            if self.sensors[one.sensor].place in found.rests_on.places
            and one.quantity in SIGNS
            and one.high > 0
        ]
        return tuple(
            Row(self.names[one.sensor], one.quantity.value, first + one.slot * _SLOT, one.total)
            for one in told[-_MOST_ROWS:]
        )


def run(record: Record, per_week: float, said: Sequence[Finding]) -> Iterator[Finding]:
    """What the routine detector says of ``record``; ``per_week``: its budget of alerts a home-week, one of
    those that its model keeps; ``said``: what was said before it.
    """
    diary = _diary(record, per_week, said)
    if not diary.sensors:
        return
    zone = record.plan.time_zone or DEFAULT_ZONE
    now = next_look(look_at(record.begins, zone))
    while now <= record.ends + _DAY:
        yield from diary.look(now)
        now = next_look(look_at(now, zone))


def _diary(record: Record, per_week: float, said: Sequence[Finding]) -> Diary:
    names = sorted(record.devices)
    placed = (
        (n, name, place, place_of(place.kind, place.room, name))
        for n, (name, place) in enumerate(sorted(record.devices.items()))
    )
    sensors = {
        n: Sensor(n, name, place.room, place.kind, tells)
        for n, name, place, tells in placed
        if tells is not None
    }
    quarters = _quarters(record, {DeviceId(one.name): one.id for one in sensors.values()})
    return Diary(record, names, sensors, quarters, load(), per_week, said)


def _quarters(
    record: Record, numbers: Mapping[DeviceId, int]
) -> Mapping[datetime, list[tuple[int, Quantity, list[float]]]]:
    """The roll-up of a quarter of an hour, by its beginning."""
    sums: dict[tuple[datetime, int, Quantity], list[float]] = {}
    hidden = record.plan.withheld
    for one in record.observed:
        if not isinstance(one, Reading) or one.value is None or one.quality is not Quality.GOOD:
            continue
        if one.device not in numbers or hidden.hides(one, record.devices[one.device].kind):
            continue
        at, value = one.observed_at, float(one.value)
        begins = at - timedelta(seconds=at.timestamp() % SLOT_S)
        n, total, low, high = sums.get((begins, numbers[one.device], one.quantity), (0.0, 0.0, value, value))
        sums[begins, numbers[one.device], one.quantity] = [
            n + 1,
            total + value,
            min(low, value),
            max(high, value),
        ]
    found: dict[datetime, list[tuple[int, Quantity, list[float]]]] = defaultdict(list)
    for (begins, sensor, quantity), told in sums.items():
        found[begins].append((sensor, quantity, told))
    return found


def _stirs(quantity: Quantity, said: Sequence[float]) -> bool:
    sign = SIGNS.get(quantity)
    if sign is Sign.EACH:
        return max(said) > 0
    return sign is Sign.CHANGE and max(said) > 0 and min(said) == 0
