"""Which day each duty is given: ``python -m benchmarks.week [--json] [--page FILE]``.

What this is: twelve drawn townships over some weeks of evenings, planned by the product's own choice of a day
(``cloud.visits.week``) and, beside it, by two rules that need no program: whoever is due first goes first,
and everybody on their last day. What it is not: a plan of a day; the way through it is a proxy, the length of
the round that always goes to the nearest. The one idea: the same people, the same doors that stay shut and
the same days on which carers are missing for all three.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.page import table, write_part
from cloud.visits.week import SLACK, Because, Chosen, Owed, choose, overfull_min

TOWNSHIPS: Final = 12
PEOPLE: Final = 250
DAYS: Final = 56
AHEAD: Final = 7
PERIODS: Final = ((7, 0.08), (30, 0.52), (90, 0.40))
"""Days and share of people: the groups of the county's rule (D)."""
VILLAGES: Final = 14
SPREAD_KM, VILLAGE_KM = 4.0, 0.4
MINUTES, WAY_MIN = 30.0, 8.0
CARERS, NURSES = 3, 1
CARER_MIN: Final = 130.0
"""Of a carer's day that is left for duties beside meals, baths and cleaning (D)."""
NURSING: Final = 0.12
"""Share of people whose visit takes a nurse."""
SHUT: Final = 0.05
"""Share of doors that stay shut."""
MISSING: Final = 0.08
"""Share of carers' days that are missing, beside a week in which half are (a festival, a flu)."""
THIN: Final = range(28, 35)
NURSE: Final = frozenset({"nursing"})
ANYBODY: Final = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Person:
    """Where somebody lives (km from the middle), how often they are owed a visit, and by whom."""

    at: tuple[float, float]
    period: int
    need: frozenset[str]
    first_due: int


@dataclass(frozen=True, slots=True)
class Town:
    """``rooms``: minutes by day and skill. ``shut``: whose door stays shut on which day."""

    people: tuple[Person, ...]
    rooms: tuple[Mapping[frozenset[str], float], ...]
    shut: frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Open:
    """A duty on an evening. ``last``: its last day, counted from the evening's tomorrow."""

    who: int
    last: int


Rule = Callable[[Town, int, Sequence[Open], dict[int, tuple[int, Because]]], list[int]]
"""Who is to be visited on a day, in the order in which they are; what is known of evenings before."""


def town(seed: int) -> Town:
    """People in villages, and who works when."""
    rng = Random(seed)
    middles = [(rng.gauss(0, SPREAD_KM), rng.gauss(0, SPREAD_KM)) for _ in range(VILLAGES)]
    people = tuple(_person(rng, middles) for _ in range(PEOPLE))
    rooms = tuple(_room(rng, day) for day in range(DAYS + AHEAD + 1))
    shut = frozenset((who, day) for who in range(PEOPLE) for day in range(DAYS) if rng.random() < SHUT)
    return Town(people, rooms, shut)


def _person(rng: Random, middles: Sequence[tuple[float, float]]) -> Person:
    east, north = rng.choice(middles)
    period = rng.choices([days for days, _ in PERIODS], [share for _, share in PERIODS])[0]
    return Person(
        (east + rng.gauss(0, VILLAGE_KM), north + rng.gauss(0, VILLAGE_KM)),
        period,
        NURSE if rng.random() < NURSING else ANYBODY,
        rng.randrange(period),
    )


def _room(rng: Random, day: int) -> Mapping[frozenset[str], float]:
    missing = 0.5 if day in THIN else MISSING

    def minutes(many: int) -> float:
        return sum(CARER_MIN for _ in range(many) if rng.random() >= missing)

    return {ANYBODY: minutes(CARERS), NURSE: max(CARER_MIN, minutes(NURSES))}


def earliest(town: Town, day: int, owed: Sequence[Open], kept: dict[int, tuple[int, Because]]) -> list[int]:
    """Whoever is due first, until the day is full."""
    return [one.who for one in sorted(owed, key=lambda one: (one.last, one.who))]


def on_the_last(
    town: Town, day: int, owed: Sequence[Open], kept: dict[int, tuple[int, Because]]
) -> list[int]:
    """Everybody on their last day, and then as soon as there is room."""
    return [one.who for one in sorted(owed, key=lambda one: (one.last, one.who)) if one.last <= 0]


def by_flow(town: Town, day: int, owed: Sequence[Open], kept: dict[int, tuple[int, Because]]) -> list[int]:
    """Those whose day it is by the product's own choice, which is kept for the next evening."""
    near = _anchors(town, day, owed, kept)
    asked = [_owed(town, day, one, kept.get(one.who), near) for one in owed]
    found = choose(asked, town.rooms[day : day + AHEAD + 1])
    kept.clear()
    kept |= {one.who: (day + found[one.who].day, found[one.who].because) for one in owed}
    mine = [one for one in owed if found[one.who].day == 0]
    return [one.who for one in sorted(mine, key=lambda one: (one.last, one.who))]


def _anchors(
    town: Town, day: int, owed: Sequence[Open], kept: Mapping[int, tuple[int, Because]]
) -> list[list[tuple[float, float]]]:
    """Where somebody goes anyway on each day: to those whose last day it is, and who had it before."""
    near: list[list[tuple[float, float]]] = [[] for _ in range(AHEAD + 1)]
    for one in owed:
        on = kept[one.who][0] - day if one.who in kept else one.last
        if 0 <= on <= AHEAD:
            near[on].append(town.people[one.who].at)
    return near


def _owed(
    town: Town,
    day: int,
    one: Open,
    kept: tuple[int, Because] | None,
    near: Sequence[Sequence[tuple[float, float]]],
) -> Owed:
    person = town.people[one.who]
    ways = tuple(_way_min(person.at, [at for at in places if at != person.at]) for places in near)
    before = Chosen(kept[0] - day, kept[1]) if kept is not None and kept[0] >= day else None
    return Owed(one.who, MINUTES + WAY_MIN, (person.need,), one.last, person.period, ways, kept=before)


def _way_min(at: tuple[float, float], places: Sequence[tuple[float, float]]) -> float:
    nearest_km = min((math.dist(at, other) for other in places), default=SPREAD_KM)
    return min(nearest_km, SPREAD_KM) * 1.3 / 17.0 * 60


@dataclass(frozen=True, slots=True)
class Result:
    """Of one rule, over all townships. ``overfull``: days that asked for more than there was, or for more
    than what is not kept for emergencies; ``late``: visits to people at whose door nobody stood until their
    last day; ``km``: of the day's round, for each visit.
    """

    rule: str
    visits: int
    each: float
    late: int
    late_most_days: int
    overfull: int
    beyond_slack: int
    days: int
    km: float
    cpu_s: float

    @property
    def row(self) -> tuple[object, ...]:
        """As the table has it."""
        return (
            self.rule,
            self.visits,
            f"{self.each:.2f}",
            f"{self.late} ({self.late / max(self.visits, 1):.1%})",
            self.late_most_days,
            f"{self.overfull} of {self.days}",
            f"{self.beyond_slack} of {self.days}",
            f"{self.km:.2f}",
            f"{self.cpu_s:.1f}",
        )


HEAD: Final = (
    "rule",
    "visits made",
    "for each that was owed",
    "late",
    "latest, days",
    "days that asked for more than there was",
    "days beyond 85 %",
    "km of round a visit",
    "CPU-s",
)
RULES: Final[Mapping[str, Rule]] = {
    "due first": earliest,
    "on the last day": on_the_last,
    "by flow": by_flow,
}


def measure(name: str, towns: Sequence[Town]) -> Result:
    """One rule on all townships."""
    begun, found = time.process_time(), [_run(RULES[name], one) for one in towns]
    spent_s = time.process_time() - begun
    visits = sum(one.visits for one in found)
    fair = sum(_fair(person) for one in towns for person in one.people)
    return Result(
        name,
        visits,
        visits / fair,
        sum(one.late for one in found),
        max(one.late_most_days for one in found),
        sum(one.overfull for one in found),
        sum(one.beyond_slack for one in found),
        DAYS * len(towns),
        sum(one.km for one in found) / visits,
        spent_s,
    )


def _fair(person: Person) -> int:
    """Visits that are owed to somebody, if each is made on its last day."""
    return max(0, (DAYS - 1 - person.first_due) // person.period + 1)


def _run(rule: Rule, town: Town) -> Result:
    due = [person.first_due for person in town.people]
    tried: dict[int, int] = {}
    kept: dict[int, tuple[int, Because]] = {}
    result = Result("", 0, 0.0, 0, 0, 0, 0, DAYS, 0.0, 0.0)
    for day in range(DAYS):
        owed = [Open(who, last - day) for who, last in enumerate(due) if last - day <= AHEAD]
        asked = rule(town, day, owed, kept)
        must = [who for who in asked if rule is not earliest or due[who] <= day]
        made, opened = _made(town, day, asked), []
        for who in made:
            late = max(0, min(tried.setdefault(who, day), day) - due[who])
            if (who, day) in town.shut:
                continue
            opened.append(who)
            del tried[who]
            result = replace(
                result, late=result.late + (late > 0), late_most_days=max(result.late_most_days, late)
            )
            due[who] = day + town.people[who].period
            kept.pop(who, None)
        result = replace(
            result,
            visits=result.visits + len(opened),
            overfull=result.overfull + _beyond(town, day, must, 1.0),
            beyond_slack=result.beyond_slack + _beyond(town, day, must, SLACK),
            km=result.km + _round_km([town.people[who].at for who in made]),
        )
    return result


def _made(town: Town, day: int, asked: Sequence[int]) -> list[int]:
    """As many as there are minutes for, in that order; what takes no nurse is made by a carer first."""
    left = dict(town.rooms[day])
    made: list[int] = []
    for who in asked:
        need = town.people[who].need
        able = [skills for skills in (ANYBODY, NURSE) if need <= skills and left[skills] >= MINUTES + WAY_MIN]
        if able:
            left[able[0]] -= MINUTES + WAY_MIN
            made.append(who)
    return made


def _beyond(town: Town, day: int, must: Sequence[int], share: float) -> bool:
    owed = [Owed(who, MINUTES + WAY_MIN, (town.people[who].need,), 0, 1, (0.0,)) for who in must]
    return bool(owed) and bool(
        overfull_min(owed, town.rooms[day : day + 1], dict.fromkeys(must, 0), share)[0]
    )


def _round_km(places: Sequence[tuple[float, float]]) -> float:
    """From the middle, always to the nearest, and back."""
    left, here, total = list(places), (0.0, 0.0), 0.0
    while left:
        following = min(left, key=lambda at: math.dist(here, at))
        left.remove(following)
        total, here = total + math.dist(here, following), following
    return total + math.dist(here, (0.0, 0.0))


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="The day of each duty, by three rules.")
    parser.add_argument("--townships", type=int, default=TOWNSHIPS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--page", type=Path, help="write the table into the part `week` of this page")
    args = parser.parse_args(argv)
    towns = [town(seed) for seed in range(args.townships)]
    results = [measure(name, towns) for name in RULES]
    lines = table(HEAD, [one.row for one in results])
    if args.page:
        write_part(args.page, "week", lines)
    print(json.dumps([asdict(one) for one in results]) if args.json else "\n".join(lines))


if __name__ == "__main__":
    main()
