"""Who lies unseen, and who is only unseen: ``python -m benchmarks.lies --data DIR [--json] [--page PAGE]``.

What this is: TIHM's homes replayed through the gateway's own surroundings, silences and ``long_lie``, and
lies laid into them: somebody who was in the bathroom, the hall or the kitchen at that moment by their own
sensors, and of whom nothing is heard any more. What it is not: labelled; each call in a life as it was
counts as a false one, although nobody knows that it was. The one idea: how long a silence must be to be
unlike a home is two numbers (``EVERY``, ``FACTOR``); they are chosen on five sixths of the homes by calls and
lies, judged on the last sixth, six times, so no home is judged by numbers that it helped to choose.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Final

from benchmarks.page import over_recordings, table
from benchmarks.situations import HOUR, Event, Replayed, heard_weeks, moments, said
from benchmarks.tihm import TihmHome, read_homes
from edge_agent.rules.silences import EVERY, FACTOR, FEWEST, LEAST_S, Lived, own_s
from firmware_protocols.model import AlarmKind
from firmware_protocols.wire.plan_rules import LongLie

RULES_USED: Final = ("surroundings", "silences", "long_lie", "stillness")
PERSON: Final = frozenset({AlarmKind.LONG_LIE, AlarmKind.STILLNESS})
"""What finds a lie: where the one waits for longer than four hours of the day, the other has called."""
STEP_S: Final = 60.0
SLACK_S: Final = 180.0
"""A lie is looked at each minute, begins a minute after it was seen, and the home asks before it calls."""
ROOMS: Final = {"bathroom": "bathroom", "hallway": "hall", "kitchen": "kitchen"}
"""The sensors after which a silence is judged by everybody's plan, and their rooms."""
PLANTED: Final = 5
"""Lies laid into each home, for each room, by day and by night."""
LASTS_S: Final = 12 * HOUR
WITHIN_H: Final = (1, 2, 4, 8)
GRID: Final = tuple(product((14, 9, 7), (1.5, 2.0, 2.5, 3.0)))
"""``EVERY`` and ``FACTOR`` to choose from. Never the longest of 28 days: that may have been a lie."""
BUDGET: Final = 0.7
"""Calls a home-week: one in ten homes a day (care domain, section 4)."""
FOLDS: Final = 6
ROUNDS: Final = 2_000
PROCESSES: Final = 2
_PLAIN: Final = LongLie()

Rule = tuple[int, float] | None
"""``EVERY`` and ``FACTOR``; ``None``: the plan's waits alone, as they were before."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Of a life as it was, or of a lie: what the home knew of itself when it began, where and at which second
    of the day that was, and how long it lasted. ``called_s``: after how long the real rule called.
    """

    home: int
    lived: tuple[Lived, ...]
    where: str
    clock_s: float
    lasted_s: float
    called_s: float | None = None

    def wait_s(self, rule: Rule) -> float:
        """After how long it is called for."""
        plan_s = _PLAIN.late_s if self.where.startswith("kitchen") else _soon_s(self.clock_s)
        own = 0.0 if rule is None else own_s(self.lived, self.where, *rule)
        return max(plan_s, own or 0.0)


def _soon_s(clock_s: float) -> float:
    """After how long the plan calls for a silence that begins then in the bathroom or the hall."""
    due = (clock_s + _PLAIN.soon_night_s) % (24 * HOUR)
    return _PLAIN.soon_s if 6 * HOUR <= due < 22 * HOUR else _PLAIN.soon_night_s


@dataclass(frozen=True, slots=True)
class Known:
    """One home: ``weeks`` that it was judged after its first, ``lived`` silences, ``lies``, and how often the
    real rule called in the first week (``early``) and ``later``.
    """

    name: str
    weeks: float
    lived: tuple[Silence, ...]
    lies: tuple[Silence, ...]
    early: int
    later: int


def of_home(numbered: tuple[int, TihmHome], seed: int) -> Known:
    """One replay of a home as it was lived, with lies tried from copies of it on the way."""
    number, home = numbered
    events: list[Event] = said(home)
    replay = Replayed(home, RULES_USED)
    planted = _draw(home, events, random.Random(f"{seed} {home.name}"))
    silences, lies, early, later = list[Silence](), list[Silence](), 0, 0
    for second, what in moments(events, home, 0.0, home.days * 86_400.0):
        memory, around = replay.home.silences, replay.home.surroundings
        still_s, lived, where = around.since(around.moved_s), tuple(memory.lived), memory.where
        seen = not (around.moved_by and around.is_exit(around.moved_by) and around.watches(around.moved_in))
        told = [one for one in replay.at(second, what) if one is AlarmKind.LONG_LIE]
        known = len(memory.lived) >= FEWEST
        early, later = early + (0 if known else len(told)), later + (len(told) if known else 0)
        if around.since(around.moved_s) < still_s and still_s >= LEAST_S and where and seen and known:
            silences.append(Silence(number, lived, where, (second - still_s) % 86_400, still_s))
        if what is not None and what[1] and (second, what[0]) in planted and known:
            lies += _lie(replay, number, second)
    return Known(home.name, max(heard_weeks(home) - 1, 0.0), tuple(silences), tuple(lies), early, later)


def _draw(home: TihmHome, events: Sequence[Event], draw: random.Random) -> set[Event]:
    """Moments at which somebody is in such a room, by room and part of the day, the hours after it heard."""
    found = set[Event]()
    for sensor, by_day in product(ROOMS, (True, False)):
        there = [
            event
            for event in events
            if event[1] == sensor and (6 * HOUR <= event[0] % 86_400 < 22 * HOUR) is by_day
            if not any(part.start < event[0] + LASTS_S and part.end > event[0] for part in home.unheard)
            if event[0] > FEWEST * 86_400
        ]
        found |= set(draw.sample(there, min(PLANTED, len(there))))
    return found


def _lie(replay: Replayed, number: int, second: float) -> Iterator[Silence]:
    """Nothing moves any more, in a copy of the home."""
    copy = replay.copy()
    memory = copy.home.silences
    copy.at(second + STEP_S, None)
    where, lived = memory.where, tuple(memory.lived)
    if not where:  # out of the door a moment ago, or not known to be at home
        return
    steps = (second + STEP_S * step for step in range(2, int(LASTS_S / STEP_S)))
    at_s = next((now for now in steps if PERSON.intersection(copy.at(now, None))), None)
    called_s = None if at_s is None else at_s - second
    yield Silence(number, lived, where, second % 86_400, LASTS_S, called_s)


def called(silences: Sequence[Silence], rule: Rule) -> list[Silence]:
    """Those that are called for."""
    return [one for one in silences if one.lasted_s >= one.wait_s(rule)]


def choose(homes: Sequence[Known]) -> tuple[int, float]:
    """The numbers with which most lies in these homes are called for within two hours, within the budget;
    where none keeps it, those that call least.
    """
    weeks, lies = sum(home.weeks for home in homes), [lie for home in homes for lie in home.lies]
    rates = {rule: sum(len(called(home.lived, rule)) for home in homes) / weeks for rule in GRID}
    found = {rule: sum(lie.wait_s(rule) <= 2 * HOUR for lie in lies) for rule in GRID}
    kept = [rule for rule in GRID if rates[rule] <= BUDGET] or [min(GRID, key=lambda rule: rates[rule])]
    return max(kept, key=lambda rule: (found[rule], -rates[rule]))


def crossed(homes: Sequence[Known]) -> dict[int, tuple[int, float]]:
    """For each home the numbers that the homes of the other folds chose."""
    rules: dict[int, tuple[int, float]] = {}
    for fold in range(FOLDS):
        rule = choose([home for index, home in enumerate(homes) if index % FOLDS != fold])
        rules |= {index: rule for index in range(len(homes)) if index % FOLDS == fold}
    return rules


Hit = tuple[int, bool]


def interval(homes: int, seed: int, of: Callable[[Sequence[int]], float]) -> tuple[float, float, float]:
    """``of`` all homes, and the middle 95 % when homes are drawn anew."""
    draw = random.Random(seed)
    drawn = sorted(of(draw.choices(range(homes), k=homes)) for _ in range(ROUNDS))
    return of(range(homes)), drawn[int(ROUNDS * 0.025)], drawn[int(ROUNDS * 0.975)]


def rate(homes: Sequence[Known], counts: Sequence[int], seed: int) -> tuple[float, float, float]:
    """Calls a home-week."""
    return interval(
        len(homes),
        seed,
        lambda drawn: sum(counts[i] for i in drawn) / (sum(homes[i].weeks for i in drawn) or 1.0),
    )


def recall(homes: int, hits: Sequence[Hit], seed: int) -> tuple[float, float, float]:
    """Of lies, by home."""
    each = [(sum(hit for of, hit in hits if of == i), sum(of == i for of, _ in hits)) for i in range(homes)]
    return interval(
        homes, seed, lambda drawn: sum(each[i][0] for i in drawn) / (sum(each[i][1] for i in drawn) or 1)
    )


def measure(folder: Path, seed: int) -> dict[str, Any]:
    """All figures."""
    began = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES) as pool:
        every = [*pool.map(partial(of_home, seed=seed), enumerate(read_homes(folder)))]
    homes = [home for home in every if home.weeks > 0]
    homes = [_renumbered(home, index) for index, home in enumerate(homes)]
    rules, shipped = crossed(homes), choose(homes)
    ways: dict[str, Mapping[int, Rule]] = {
        "the plan's waits": dict.fromkeys(rules),
        "unlike its own days": rules,
    }
    return {
        "seed": seed,
        "homes": len(homes),
        "home_weeks": round(sum(home.weeks for home in homes), 1),
        "chosen": [f"1 of {every_} x {factor}" for every_, factor in dict.fromkeys(rules.values())],
        "chosen_by_all": f"1 of {shipped[0]} x {shipped[1]}",
        "shipped": f"1 of {EVERY} x {FACTOR}",
        "ways": {name: _way(homes, way, seed) for name, way in ways.items()},
        "replayed": _replayed(homes, seed),
        "first_week": {"homes": len(every), "calls": sum(home.early for home in every)},
        "took_s": round(time.perf_counter() - began, 1),
    }


def _renumbered(home: Known, number: int) -> Known:
    lies = tuple(
        Silence(number, lie.lived, lie.where, lie.clock_s, lie.lasted_s, lie.called_s) for lie in home.lies
    )
    return Known(home.name, home.weeks, home.lived, lies, home.early, home.later)


def _way(homes: Sequence[Known], rules: Mapping[int, Rule], seed: int) -> dict[str, Any]:
    counts = [len(called(home.lived, rules[i])) for i, home in enumerate(homes)]
    waits = [(i, lie.where, lie.wait_s(rules[i])) for i, home in enumerate(homes) for lie in home.lies]
    return {"calls": _rounded(rate(homes, counts, seed)), "recall": _recalls(len(homes), waits, seed)}


def _replayed(homes: Sequence[Known], seed: int) -> dict[str, Any]:
    """The real rule with the numbers that are shipped, which all homes together have chosen."""
    never = float("inf")
    waits = [
        (i, lie.where, never if lie.called_s is None else lie.called_s)
        for i, home in enumerate(homes)
        for lie in home.lies
    ]
    calls = rate(homes, [home.later for home in homes], seed)
    return {"calls": _rounded(calls), "recall": _recalls(len(homes), waits, seed)}


def _recalls(homes: int, waits: Sequence[tuple[int, str, float]], seed: int) -> dict[str, Any]:
    """By room and part of the day, and of all, within each of ``WITHIN_H``."""
    places = ["all", *sorted({where for _, where, _ in waits})]
    return {
        place: {
            "lies": sum(place in {"all", where} for _, where, _ in waits),
            **{
                f"within_{hours}_h": _rounded(
                    recall(
                        homes,
                        [
                            (i, w <= hours * HOUR + SLACK_S)
                            for i, where, w in waits
                            if place in {"all", where}
                        ],
                        seed,
                    )
                )
                for hours in WITHIN_H
            },
        }
        for place in places
    }


def _rounded(values: tuple[float, float, float]) -> list[float]:
    return [round(value, 3) for value in values]


def lines(figures: Mapping[str, Any]) -> list[str]:
    """The figures as a page shows them."""
    ways = {**figures["ways"], f"shipped ({figures['shipped']}), with `stillness`": figures["replayed"]}
    heads = ("way", "calls a home-week", *(f"lies within {hours} h" for hours in WITHIN_H))
    rows = [(name, _said(way["calls"]), *_row(way["recall"]["all"])) for name, way in ways.items()]
    shipped = figures["replayed"]["recall"]
    places = [(name, one["lies"], *_row(one)) for name, one in shipped.items() if name != "all"]
    return [
        f"TIHM, {figures['homes']} homes, {figures['home_weeks']} heard home-weeks after the first week;"
        f" {shipped['all']['lies']} lies. Intervals: 95 %, by drawing homes anew. Chosen by the other homes:"
        f" {', '.join(figures['chosen'])}; by all: {figures['chosen_by_all']}. First week,"
        f" {figures['first_week']['homes']} homes: {figures['first_week']['calls']} calls."
        f" {figures['took_s']} s.",
        "",
        *table(heads, rows),
        "",
        "The rule as it is shipped, with `stillness`, by where and when somebody lies:",
        "",
        *table(("last seen", "lies", *(f"within {hours} h" for hours in WITHIN_H)), places),
    ]


def _row(one: Mapping[str, Any]) -> list[str]:
    return [_said(one[f"within_{hours}_h"]) for hours in WITHIN_H]


def _said(values: Sequence[float]) -> str:
    return "{:.2f} ({:.2f}-{:.2f})".format(*values)


def main() -> None:
    """Measure and print."""
    over_recordings("lies", __doc__, measure, lines)


if __name__ == "__main__":
    main()
