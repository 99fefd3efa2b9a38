"""Rules by deadline on the days of people who never heard of them: ``python -m benchmarks.absence --data
DIR [--json]``.

What this is: TIHM (24 homes, three months of motion, doors and fridge), replayed through the product's own
walk, habits and frame, looked at exactly when the frame asks; and R4, stretches in which the equipment says
nothing. What it is not: a measure of what is missed, except by injected stretches: nobody labelled a day on
which somebody did not get up. Each call on an ordinary day is counted as a false one, which is an upper
bound. The one idea: the data hold no check-ins of devices, so those are laid in where the equipment is
taken for heard, and taken away with the rest for R4."""

from __future__ import annotations

import argparse
import json
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.tihm import TihmHome, read_homes
from cloud.detect.routine.grid import Place
from cloud.detect.routine.occupancy import Interval
from cloud.detect.rules.frame import LEAD_IN, Before, End, look, window
from cloud.detect.rules.habits import DAYS, Day, Habits, day_of
from cloud.detect.rules.house import House, walk
from cloud.detect.rules.model import Device, Hole, Known, Line, Sign
from cloud.detect.rules.table import RULES
from firmware_protocols.model import Quantity
from firmware_protocols.wire.plan import Person, Plan

SPANS: Final = timedelta(hours=8)
"""TIHM's clock is local; the plan's zone is UTC+8, and so are the times made here."""
DEVICES: Final = {
    Place.KITCHEN: ("motion", "kitchen"),
    Place.LIVING: ("motion", "living_room"),
    Place.HALL: ("motion", "hall"),
    Place.BEDROOM: ("motion", "bedroom"),
    Place.BATHROOM: ("motion", "bathroom"),
    Place.FRIDGE: ("window", "kitchen"),
    Place.FRONT_DOOR: ("door", "hall"),
    Place.BACK_DOOR: ("door", "hall"),
}
PLAN: Final = Plan(person=Person(lives_alone=True))
"""The defaults, for everybody: TIHM does not say who lives alone, so all are judged."""
SETTLED: Final = 28
"""Days of a home before its calls are counted: by then it has habits of its own."""
LENGTHS_H: Final = (12, 24, 48)
_QUIET: Final = timedelta(minutes=10)
_PACE_OF_THE_BUSY: Final = timedelta(minutes=15)
"""While somebody moves, a look each quarter of an hour is enough: no wait is shorter, and a replay has
years to do."""
_DOORS: Final = frozenset({Place.FRONT_DOOR, Place.BACK_DOOR})


@dataclass(slots=True)
class Replay:
    """One home under a hand-turned clock. ``dead``: stretches in which the gateway says nothing."""

    home: TihmHome
    dead: tuple[Interval, ...] = ()
    before: list[Before] = field(default_factory=list)
    days: dict[date, Day] = field(default_factory=dict)
    raised: list[tuple[str, datetime]] = field(default_factory=list)
    looks: int = 0
    _signs: list[Sign] = field(default_factory=list)
    _starts: list[datetime] = field(default_factory=list)
    devices: dict[int, Device] = field(default_factory=dict)
    _walked: tuple[tuple[datetime, int, datetime], House] | None = None

    def __post_init__(self) -> None:
        """Activations become signs: motion that is over a minute later, a door that opens and closes."""
        places = sorted(set(self.home.places.tolist()))
        self.devices = {place: _device(Place(place)) for place in places}
        for second, place in zip(self.home.seconds.tolist(), self.home.places.tolist(), strict=True):
            self._signs += _said(self.at(second), Place(place))
        self._signs.sort(key=lambda sign: sign.at)
        self._starts = [sign.at for sign in self._signs]

    def at(self, second: float) -> datetime:
        """A moment of the home's own clock."""
        first = datetime(self.home.first.year, self.home.first.month, self.home.first.day, tzinfo=UTC)
        return first - SPANS + timedelta(seconds=second)

    def run(self, begins: datetime, ends: datetime) -> None:
        """Look whenever the frame asks."""
        now = begins
        while now < ends:
            due = self._look(now)
            quiet = not self._between(now - _QUIET, now)
            now = max(due if quiet else now + _PACE_OF_THE_BUSY, now + timedelta(seconds=30))

    def house(self, since: datetime, until: datetime) -> House:
        """One walk over that time."""
        return walk(self._between(since, until), self.devices, PLAN, since, until)

    def _look(self, now: datetime) -> datetime:
        self.looks += 1
        until = self._until(now)
        since = self._whole_hour(window(self.before, now))
        signs, house = self._seen(since, until)
        known = Known(
            now=now,
            until=until,
            plan=PLAN,
            devices=self._heard(until),
            lines=(Line("gw", until),),
            signs=tuple(signs),
            house=house,
            habits=self.habits(until),
        )
        looked = look(known, self.before, RULES)
        for step in looked.steps:
            if isinstance(step, End):
                self.before = [_ended(one, step.before.id, now) for one in self.before]
            else:
                found = step.finding
                number = len(self.raised)
                self.before.append(
                    Before(number, found.rule, found.subject, found.priority, found.since, now)
                )
                self.raised.append((f"{found.rule} P{int(found.priority)}", now))
        self.before = [
            one for one in self.before if one.ended_at is None or now - one.ended_at < timedelta(days=8)
        ]
        return looked.due_at

    def _seen(self, since: datetime, until: datetime) -> tuple[list[Sign], House]:
        """The signs and what they say; at night, when nothing comes, the same again."""
        signs = self._between(since, until)
        holes = [
            one
            for one in (Hole(self.at(gap.start), self.at(gap.end)) for gap in self.dead)
            if one.until <= until
        ]
        key = (since, len(signs) + len(holes), signs[-1].at if signs else since)
        if self._walked is None or self._walked[0] != key:
            self._walked = (key, walk(signs, self.devices, PLAN, since, until, holes=holes))
        return signs, self._walked[1]

    def _whole_hour(self, moment: datetime) -> datetime:
        return moment.replace(minute=0, second=0, microsecond=0)

    def _until(self, now: datetime) -> datetime:
        """The last heartbeat: none in a dead stretch."""
        second = (now - self.at(0)).total_seconds()
        for gap in self.dead:
            if gap.start <= second < gap.end:
                return self.at(gap.start)
        return now

    def _between(self, since: datetime, until: datetime) -> list[Sign]:
        found = self._signs[bisect_left(self._starts, since) : bisect_right(self._starts, until)]
        return [sign for sign in found if not self._is_lost(sign.at)]

    def _is_lost(self, moment: datetime) -> bool:
        second = (moment - self.at(0)).total_seconds()
        return any(gap.start <= second < gap.end for gap in self.dead)

    def _heard(self, until: datetime) -> dict[int, Device]:
        """Devices check in every forty minutes, except where all of the home's equipment is taken for
        silent.
        """
        second = (until - self.at(0)).total_seconds() // 2_400 * 2_400
        for gap in self.home.unheard:
            if gap.start <= second < gap.end:
                second = gap.start
        heard = self.at(second)
        return {
            number: Device(one.id, one.name, one.kind, one.room, heard)
            for number, one in self.devices.items()
        }

    def habits(self, until: datetime) -> Habits:
        """What is usual for them at ``until``, by the days before."""
        yesterday = PLAN.local(until).date() - timedelta(days=1)
        wanted = [yesterday - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
        for day in wanted:
            if day not in self.days:
                self.days[day] = self._learn(day)
        return Habits(tuple((day, self.days[day]) for day in wanted if self.days[day].told), yesterday)

    def _learn(self, day: date) -> Day:
        second = (day - self.home.first).days * 86_400
        if second < 0 or any(gap.start < second + 86_400 and gap.end > second for gap in self.home.unheard):
            return Day()
        begins, ends = self.at(second), self.at(second + 86_400)
        signs = self._between(begins - LEAD_IN, ends)
        return day_of(walk(signs, self.devices, PLAN, begins - LEAD_IN, ends), PLAN, day, {})


def _device(place: Place) -> Device:
    kind, room = DEVICES[place]
    return Device(int(place), place.name.lower(), kind, room)


def _said(moment: datetime, place: Place) -> Iterable[Sign]:
    if place in _DOORS or place is Place.FRIDGE:
        closed = moment + timedelta(seconds=20)
        yield Sign(moment, moment, int(place), Quantity.OPENING, 1)
        yield Sign(closed, closed, int(place), Quantity.OPENING, 0)
    else:
        over = moment + timedelta(minutes=1)
        yield Sign(moment, moment, int(place), Quantity.MOTION, 1)
        yield Sign(over, over, int(place), Quantity.MOTION, 0)


def _ended(one: Before, number: int, now: datetime) -> Before:
    return (
        Before(one.id, one.rule, one.subject, one.priority, one.since, one.found_at, now)
        if one.id == number
        else one
    )


def ordinary(homes: Sequence[TihmHome], days: int) -> dict[str, object]:
    """Calls a home-week on days that are taken for ordinary, by rule, with 95 % intervals over homes."""
    calls: Counter[str] = Counter()
    by_home: list[tuple[int, float]] = []
    looks = 0
    for home in homes:
        replay = Replay(home)
        first, last = SETTLED, min(home.days - 1, SETTLED + days)
        replay.run(replay.at((first - 2) * 86_400), replay.at(last * 86_400))
        begins = replay.at(first * 86_400)
        counted = [rule for rule, at in replay.raised if at >= begins and not rule.startswith("home_silent")]
        calls.update(counted)
        by_home.append((len(counted), max(last - first, 0) / 7))
        looks += replay.looks
    weeks = sum(one[1] for one in by_home)
    return {
        "homes": len(homes),
        "home_weeks": round(weeks, 1),
        "looks": looks,
        "calls_a_home_week": {rule: round(count / weeks, 3) for rule, count in sorted(calls.items())},
        "calls": dict(sorted(calls.items())),
        "by_home": [[count, round(length, 2)] for count, length in by_home],
        "all": round(sum(calls.values()) / weeks, 3),
        "all_interval": _interval(by_home),
    }


def _interval(by_home: Sequence[tuple[int, float]], draws: int = 1_000) -> list[float]:
    """Homes drawn anew."""
    random = np.random.default_rng(1)
    counts, weeks = np.array([one[0] for one in by_home]), np.array([one[1] for one in by_home])
    drawn = random.integers(0, len(by_home), (draws, len(by_home)))
    rates = counts[drawn].sum(axis=1) / weeks[drawn].sum(axis=1)
    return [round(float(value), 3) for value in np.quantile(rates, (0.025, 0.975))]


def silence(homes: Sequence[TihmHome], seed: int) -> dict[str, object]:
    """R4: calls that a dead stretch adds. ``technical``: of the home; ``behavioural``: of the person."""
    found: dict[str, object] = {}
    for length_h in LENGTHS_H:
        runs = [_cut(home, length_h, _random(home, length_h, seed)) for home in homes]
        found[f"{length_h}_h"] = {
            "runs": len(runs),
            "exactly_one_technical": sum(technical == 1 for technical, _ in runs),
            "behavioural": sum(behavioural for _, behavioural in runs),
        }
    return found


def _random(home: TihmHome, length_h: int, seed: int) -> np.random.Generator:
    """The same for a home, whichever others are judged beside it."""
    return np.random.default_rng([seed, length_h, *home.name.encode()])


def _cut(home: TihmHome, length_h: int, random: np.random.Generator) -> tuple[int, int]:
    """New technical and new behavioural calls from the stretch until a day after it. A call that the same
    home has without the stretch is none of the stretch's.
    """
    start = (SETTLED + int(random.integers(0, 5))) * 86_400.0 + float(random.integers(0, 24)) * 3_600
    gap = Interval(start, start + length_h * 3_600.0)
    told = _told(home, gap, (gap,))
    behavioural = Counter(rule for rule in told if not rule.startswith("home_silent"))
    if behavioural:
        behavioural -= Counter(_told(home, gap, ()))
    technical = max(
        told.count("home_silent P3"), told.count("home_silent P2")
    )  # one alarm that grew urgent is one
    return technical, behavioural.total()


def _told(home: TihmHome, gap: Interval, dead: tuple[Interval, ...]) -> list[str]:
    """The calls from the beginning of ``gap`` until a day after it."""
    replay = Replay(home, dead)
    replay.run(replay.at(gap.start - 2 * 86_400), replay.at(gap.end + 86_400))
    return [rule for rule, at in replay.raised if at >= replay.at(gap.start)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--days", type=int, default=28, help="counted days of each home")
    parser.add_argument("--first", type=int, default=0, help="leave out so many homes")
    parser.add_argument("--homes", type=int, default=24, help="and take so many")
    parser.add_argument("--only", choices=("ordinary", "silence"), default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    begun = time.perf_counter()
    homes = [home for home in read_homes(given.data) if home.days > SETTLED + 10][
        given.first : given.first + given.homes
    ]
    document: dict[str, object] = {}
    if given.only != "silence":
        document["ordinary"] = ordinary(homes, given.days)
    if given.only != "ordinary":
        document["silence"] = silence(homes, given.seed)
    document["took_s"] = round(time.perf_counter() - begun, 1)
    print(json.dumps(document, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
