"""How well vital signs are judged: ``python -m benchmarks.vitals --data DIR [--json] [--seed N]``.

What this is: every measurement of TIHM's homes (Palermo et al. 2023) replayed in order through the product's
own ``judge`` and ``follow``, beside fixed limits, against the alerts that a monitoring team verified. What it
is not: training; nothing here is fitted, and nothing looks ahead. The one idea: a home's day is the unit,
because the team's alerts carry a time that is some 45 minutes off the measurement they speak of. A day
without a label is not a day without trouble, so precision is a lower bound.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import time
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from benchmarks.page import table, write_part
from cloud.detect.vitals.follow import Ask, Before, End, Raise, State, steps
from cloud.detect.vitals.gate import sift
from cloud.detect.vitals.judge import judge
from cloud.detect.vitals.model import RULES, Day, Gated, Judged, Person, Rule, Sample
from cloud.detect.vitals.store import DAYS, SAMPLES
from cloud.detect.vitals.view import day_of
from edge_agent.falls.card import wilson
from firmware_protocols.model import Quantity
from firmware_protocols.wire.plan import LIMITS

ZONE: Final = timezone(timedelta(hours=8))
"""The data's local times are read as those of the product's days."""
ROUNDS: Final = 2_000
QUANTITIES: Final[Mapping[str, tuple[Quantity, int]]] = {
    "Systolic blood pressure": (Quantity.SYSTOLIC, 1),
    "Diastolic blood pressure": (Quantity.DIASTOLIC, 1),
    "Heart rate": (Quantity.PULSE_RATE, 1),
    "Body Temperature": (Quantity.BODY_TEMPERATURE, 2),
    "Body weight": (Quantity.BODY_WEIGHT, 3),
    "Total body water": (Quantity.BODY_WATER, 3),
}
"""As the quantity, and the device that it came with."""
KINDS: Final[Mapping[str, frozenset[Quantity]]] = {
    "Blood pressure": frozenset({Quantity.SYSTOLIC, Quantity.DIASTOLIC}),
    "Pulse": frozenset({Quantity.PULSE_RATE}),
    "Body temperature": frozenset({Quantity.BODY_TEMPERATURE}),
    "Weight": frozenset({Quantity.BODY_WEIGHT}),
    "Body water": frozenset({Quantity.BODY_WATER}),
}
"""The team's labels; of temperature there is none."""
FIXED: Final[Mapping[Quantity, tuple[float, float]]] = {
    Quantity.SYSTOLIC: (100, 160),
    Quantity.DIASTOLIC: (60, 100),
    Quantity.PULSE_RATE: (50, 100),
    Quantity.BODY_TEMPERATURE: (35.0, 37.8),
}
"""Usual fixed limits of telemonitoring, on any one measurement. Weight: 2 kg since the last."""

Key = tuple[str, date]
"""A home's day."""


@dataclass(frozen=True, slots=True)
class Home:
    """What one home measured, oldest first, and its days."""

    name: str
    samples: Sequence[Sample]
    days: Sequence[Day]

    @property
    def weeks(self) -> float:
        """From the first to the last measurement."""
        return ((self.samples[-1].at - self.samples[0].at).days + 1) / 7


@dataclass(slots=True)
class Replay:
    """One home through the product. ``noticed``: days on which a measurement was found
    wanting, whether or not a second one confirmed it; ``told``: alarms."""

    home: Home
    noticed: set[tuple[Quantity, date]] = field(default_factory=set)
    told: list[tuple[Quantity, Rule, int, datetime]] = field(default_factory=list)
    asked: int = 0
    before: list[Before] = field(default_factory=list)

    def run(self) -> None:
        """Look after each measurement, and whenever a second one was waited for long enough."""
        moments = sorted({sample.at for sample in self.home.samples})
        for now, then in zip(moments, [*moments[1:], datetime.max.replace(tzinfo=ZONE)], strict=True):
            self._look(now)
            while (due := self._next_due()) is not None and due < then:
                self._look(due)

    def _next_due(self) -> datetime | None:
        return min((one.due_at for one in self.before if one.due_at is not None), default=None)

    def _look(self, now: datetime) -> None:
        judged = self._judged(now)
        self.noticed |= {
            (finding.quantity, day_of(finding.at))
            for finding in judged.findings
            if _speaks_of_today(finding.rule)
        }
        for step in steps(judged, self.before, now):
            self._take(step, now)

    def _judged(self, now: datetime) -> Judged:
        samples, days = self.home.samples, self.home.days
        first = bisect_left(samples, now - SAMPLES, key=lambda one: one.at)
        last = bisect_right(samples, now, key=lambda one: one.at)
        since = bisect_left(days, day_of(now - DAYS), key=lambda one: one.day)
        until = bisect_left(days, day_of(now), key=lambda one: one.day)
        return judge(samples[first:last], days[since:until], Person(), now)

    def _take(self, step: Raise | Ask | End, now: datetime) -> None:
        number = len(self.before)
        match step:
            case Raise(finding, priority):
                self._tell(finding.quantity, finding.rule, int(priority), finding.at)
                at = (finding.rule, finding.quantity, State.RAISED, priority, finding.at, now, None)
                self.before.append(Before(number, *at))
            case Ask(finding, due_at):
                self.asked += 1
                asked = (finding.rule, finding.quantity, State.ASKED, None, finding.at, now, due_at)
                self.before.append(Before(number, *asked))
            case End(asked_before, state, unanswered):
                self.before[asked_before.id] = replace(asked_before, state=state, due_at=None)
                if unanswered is not None:
                    self._tell(asked_before.quantity, Rule.NOT_REPEATED, int(unanswered), asked_before.at)
                    kept = replace(
                        asked_before,
                        id=number,
                        rule=Rule.NOT_REPEATED,
                        state=State.RAISED,
                        priority=unanswered,
                        found_at=now,
                        due_at=None,
                    )
                    self.before.append(kept)

    def _tell(self, quantity: Quantity, rule: Rule, priority: int, at: datetime) -> None:
        self.told.append((quantity, rule, priority, at))


def _speaks_of_today(rule: Rule) -> bool:
    return RULES[rule].priority is not None and not RULES[rule].slow


def read(folder: Path) -> list[Home]:
    """Every home's measurements."""
    found: dict[str, list[Sample]] = defaultdict(list)
    with gzip.open(folder / "tihm_physiology.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["device_type"] in QUANTITIES:
                quantity, device = QUANTITIES[row["device_type"]]
                at = datetime.fromisoformat(row["t"]).replace(tzinfo=ZONE)
                found[row["home"]].append(Sample(device, quantity, at, float(row["value"])))
    return [_home(name, samples) for name, samples in sorted(found.items())]


def _home(name: str, samples: list[Sample]) -> Home:
    samples.sort(key=lambda sample: (sample.at, sample.quantity.number))
    sums: dict[tuple[date, Quantity], list[float]] = defaultdict(list)
    for sample in samples:
        if sample.value is not None:
            sums[day_of(sample.at), sample.quantity].append(sample.value)
    days = [Day(quantity, day, len(of), sum(of) / len(of)) for (day, quantity), of in sorted(sums.items())]
    return Home(name, samples, days)


def labels(folder: Path) -> dict[str, set[Key]]:
    """The home-days of each kind that the team marked."""
    found: dict[str, set[Key]] = defaultdict(set)
    with (folder / "tihm_labels.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[row["type"]].add((row["home"], datetime.fromisoformat(row["t"]).date()))
    return found


Rules = Callable[[Home], Iterator[tuple[Quantity, date]]]


def outside(limits: Mapping[Quantity, tuple[float | None, float | None]]) -> Rules:
    """Days with any one measurement outside ``limits``; no gate, no second look."""

    def rule(home: Home) -> Iterator[tuple[Quantity, date]]:
        for sample in home.samples:
            low, high = limits.get(sample.quantity, (None, None))
            value = sample.value
            if value is None or (low is None and high is None):
                continue
            if (low is not None and value <= low) or (high is not None and value >= high):
                yield sample.quantity, day_of(sample.at)

    return rule


def fixed(home: Home) -> Iterator[tuple[Quantity, date]]:
    """Usual fixed limits, and two kilograms since the last weighing."""
    yield from outside(FIXED)(home)
    last: float | None = None
    for sample in home.samples:
        if sample.quantity is Quantity.BODY_WEIGHT and sample.value is not None:
            if last is not None and abs(sample.value - last) > 2:
                yield sample.quantity, day_of(sample.at)
            last = sample.value


@dataclass(frozen=True, slots=True)
class Tally:
    """Home-days of one kind: alerted, labelled, both, and all that were measured."""

    alerted: frozenset[Key]
    labelled: frozenset[Key]
    measured: frozenset[Key]

    def figures(self, seed: int) -> dict[str, Any]:
        """Precision and recall with Wilson's interval over days and the bootstrap's over homes."""
        both = self.alerted & self.labelled
        return {
            "days": len(self.measured),
            "alerted": len(self.alerted),
            "labelled": len(self.labelled),
            "both": len(both),
            "precision": _share(both, self.alerted, seed),
            "recall": _share(both, self.labelled, seed),
        }


def _share(part: frozenset[Key], of: frozenset[Key], seed: int) -> dict[str, Any] | None:
    if not of:
        return None
    return {
        "value": round(len(part) / len(of), 3),
        "wilson": [round(end, 3) for end in wilson(len(part), len(of))],
        "homes": _bootstrap(part, of, seed),
    }


def _bootstrap(part: frozenset[Key], of: frozenset[Key], seed: int) -> list[float] | None:
    """The middle 95 % over homes drawn with replacement; of fewer than three homes there is none."""
    parts, wholes = Counter(home for home, _ in part), Counter(home for home, _ in of)
    homes = sorted(wholes)
    if len(homes) < 3:
        return None
    draw = random.Random(seed)
    shares = []
    for _ in range(ROUNDS):
        drawn = draw.choices(homes, k=len(homes))
        shares.append(sum(parts[home] for home in drawn) / sum(wholes[home] for home in drawn))
    shares.sort()
    return [round(shares[int(ROUNDS * end)], 3) for end in (0.025, 0.975)]


def measure(folder: Path, seed: int) -> dict[str, Any]:
    """All figures."""
    began = time.perf_counter()
    homes, marked = read(folder), labels(folder)
    replays = [Replay(home) for home in homes]
    for replay in replays:
        replay.run()
    took_s = time.perf_counter() - began
    noticed = {replay.home.name: replay.noticed for replay in replays}
    told = {
        replay.home.name: {(quantity, day_of(at)) for quantity, _, _, at in replay.told} for replay in replays
    }
    limits = {quantity: (spec.usual.low, spec.usual.high) for quantity, spec in LIMITS.items()}
    ways: dict[str, Mapping[str, Iterable[tuple[Quantity, date]]]] = {
        "told": told,
        "noticed": noticed,
        "fixed": {home.name: set(fixed(home)) for home in homes},
        "gateway": {home.name: set(outside(limits)(home)) for home in homes},
    }
    weeks = sum(home.weeks for home in homes)
    return {
        "seed": seed,
        "homes": len(homes),
        "home_weeks": round(weeks, 1),
        "looks": sum(len({sample.at for sample in home.samples}) for home in homes),
        "took_s": round(took_s, 1),
        "kinds": {kind: _kind(kind, homes, ways, marked, seed) for kind in KINDS},
        "alerts_per_home_week": {
            "told": round(sum(len(replay.told) for replay in replays) / weeks, 2),
            "told_urgent": round(_urgent(replays) / weeks, 3),
            "asked": round(sum(replay.asked for replay in replays) / weeks, 2),
            **{name: round(_days(ways[name]) / weeks, 2) for name in ("noticed", "fixed", "gateway")},
        },
        "rules": dict(Counter(rule.value for replay in replays for _, rule, _, _ in replay.told)),
        "gated": dict(Counter(one.fault.value for home in homes for one in _gated(home))),
    }


def _urgent(replays: Iterable[Replay]) -> int:
    return sum(priority <= 2 for replay in replays for _, _, priority, _ in replay.told)


def _days(way: Mapping[str, Iterable[tuple[Quantity, date]]]) -> int:
    """Home-days of a kind with an alert: who alerts with every measurement is counted once a day."""
    return sum(
        len({(kind, day) for quantity, day in found for kind, of in KINDS.items() if quantity in of})
        for found in way.values()
    )


def _gated(home: Home) -> list[Gated]:
    return sift(home.samples)[1]


def _kind(
    kind: str,
    homes: Iterable[Home],
    ways: Mapping[str, Mapping[str, Iterable[tuple[Quantity, date]]]],
    marked: Mapping[str, set[Key]],
    seed: int,
) -> dict[str, Any]:
    """Each way's figures over the days on which this kind was measured."""
    of = KINDS[kind]
    measured = frozenset(
        (home.name, day_of(sample.at)) for home in homes for sample in home.samples if sample.quantity in of
    )
    labelled = frozenset(marked.get(kind, ())) & measured
    unmeasured = len(marked.get(kind, set()) - measured)
    found = {
        name: frozenset((home, day) for home, seen in way.items() for quantity, day in seen if quantity in of)
        for name, way in ways.items()
    }
    tallies = {name: Tally(alerted, labelled, measured).figures(seed) for name, alerted in found.items()}
    return {"labelled_unmeasured": unmeasured, **tallies}


def lines(figures: Mapping[str, Any]) -> list[str]:
    """The figures as a page shows them."""
    alerts = figures["alerts_per_home_week"]
    rows = [
        (kind, ways["told"]["labelled"], *(_pair(ways[name]) for name in _WAYS))
        for kind, ways in figures["kinds"].items()
    ]
    return [
        f"TIHM, {figures['homes']} homes, {figures['home_weeks']} home-weeks, {figures['looks']} looks in"
        f" {figures['took_s']} s. Told per home-week: {alerts['told']}, urgent {alerts['told_urgent']}.",
        "Recall, precision by home-day (Wilson, 95 %):",
        "",
        *table(("what", "labelled days", *_WAYS.values()), rows),
    ]


_WAYS: Final[Mapping[str, str]] = {"told": "told", "noticed": "noticed", "fixed": "fixed limits"}


def _pair(row: Mapping[str, Any]) -> str:
    shares = [row["recall"], row["precision"]]
    return ", ".join(
        "none" if one is None else "{:.2f} ({:.2f}-{:.2f})".format(one["value"], *one["wilson"])
        for one in shares
    )


def show(figures: Mapping[str, Any]) -> None:
    """Print a table."""
    print(
        f"{figures['homes']} homes, {figures['home_weeks']} home-weeks, {figures['looks']} looks"
        f" in {figures['took_s']} s, seed {figures['seed']}"
    )
    print(f"alerts per home-week: {figures['alerts_per_home_week']}")
    print(f"told by rule: {figures['rules']}")
    print(f"samples not scored: {figures['gated']}")
    for kind, ways in figures["kinds"].items():
        print(f"\n{kind} ({ways['labelled_unmeasured']} labelled days without a measurement)")
        for name, row in ways.items():
            if isinstance(row, dict):
                print(f"  {name:8} {_line(row)}")


def _line(row: Mapping[str, Any]) -> str:
    counts = (
        f"days {row['days']:4} alerted {row['alerted']:4} labelled {row['labelled']:4} both {row['both']:4}"
    )
    return f"{counts}  precision {_interval(row['precision'])}  recall {_interval(row['recall'])}"


def _interval(share: Mapping[str, Any] | None) -> str:
    if share is None:
        return "none"
    low, high = share["wilson"]
    homes = "" if share["homes"] is None else f" homes {share['homes'][0]:.2f}-{share['homes'][1]:.2f}"
    return f"{share['value']:.3f} ({low:.2f}-{high:.2f}{homes})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the recordings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--page", type=Path, help="write the table into this page")
    given = parser.parse_args()
    figures = measure(given.data, given.seed)
    if given.page:
        write_part(given.page, "vitals", lines(figures))
    print(json.dumps(figures, indent=2)) if given.json else show(figures)


if __name__ == "__main__":
    main()
