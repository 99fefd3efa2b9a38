"""A plan for a day, made and then improved. Pure.

What this is: a first plan that takes the visits by their due time and gives each to whom it costs least, and
simulated annealing over the order of all visits and who makes each. What it is not: the judge of what comes
out (``check``). The one idea: a move touches few people, so only they are walked again (``price``), and a
million moves a second are tried where they are compiled.

The same day, weights, steps and seed give the same plan, unless it is the clock that ends the search
(``pace``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import exp, inf, log
from typing import Final, NamedTuple, TypeVar

import numpy as np

from cloud.visits import strings
from cloud.visits.changes import forget, spread, undo
from cloud.visits.compiled import entry
from cloud.visits.cost import Weights
from cloud.visits.model import Day, Plan, VisitId, WorkerId
from cloud.visits.moves import make
from cloud.visits.pace import STARTS, rounds, slices
from cloud.visits.price import begin, keep, price
from cloud.visits.tables import ALL, WORST, Charges, Floats, Ints, Tables, Tour, items, near_min, tables, tour
from cloud.visits.walk import Crew, State, Walk


class Order(NamedTuple):
    """An order of items (``walk``), and the crew of each visit by its number."""

    order: list[int]
    crews: list[Crew]


class Found(NamedTuple):
    """The best tour of a search, and what the search holds it to cost."""

    tour: Order
    cost: float


class Best(NamedTuple):
    """The best tour so far, as arrays (``tables.Tour``), and its cost."""

    key: Floats
    split: Ints
    crew: Ints
    cost: Floats


@dataclass(frozen=True, slots=True)
class Heat:
    """First and last temperature, in mean ways between near visits.

    Where the cost falls as it cools, measured at 16 temperatures on Mankowska 75_1, 75_2 and 300_5 and a
    township: from one or two such ways down to a twentieth; above that everything boils, below nothing moves.
    """

    hot: float = 1.0
    cold: float = 0.04


Who = TypeVar("Who")

PLANNED: Final = Heat()
LATE: Final = Heat(4.0, 0.05)
"""Where visits may begin late: who is late early on decides the valley, and begun at one way, Mankowska 75_1
ends 11 % above the best listed after 30 s, 6 % at four. D.
"""
WARMED: Final = Heat(0.5, 0.05)
"""To go on from where a search ended: warm enough for whole rounds to change, too cold for its valley. D."""
MENDED: Final = Heat(0.5, 0.02)
"""To begin from a plan that is good already. D."""
_BETTER_MIN: Final = 1e-9
SLICE: Final = 4_096
"""Moves between two looks at the clock, and between two spreads of the keys. D."""


def plan(day: Day, weights: Weights, *, steps: int, seed: int = 0, cpu_s: float = inf) -> Plan:
    """A plan that can be done. Parts that nobody is able to do, and visits with one, are left out.

    ``steps``, ``cpu_s``: moves tried and seconds of the processor, whichever ends first; without any move it
    is the first plan. A day that asks for no more than ``strings`` knows is planned there, for as long.
    """
    doable, hopeless = split(day)
    if steps and doable.visits and strings.fits(doable):
        found = strings.plan(doable, weights, rounds=steps // strings.WORTH, seed=seed, cpu_s=cpu_s)
    else:
        found = _annealed(Walk(doable, weights), steps, seed, cpu_s)
    return Plan(found.routes, found.left_out | hopeless)


def _annealed(walk: Walk, steps: int, seed: int, cpu_s: float) -> Plan:
    best = first(walk)
    if steps and best.order:
        best = _best_of(walk, best, steps, seed, cpu_s)
    return walk.plan(*best)


def _best_of(walk: Walk, begun: Order, steps: int, seed: int, cpu_s: float) -> Order:
    """The best of several searches, the better half of which is warmed and goes on (``pace.rounds``)."""
    going, heat = [begun] * STARTS, LATE if any(walk.soft) else PLANNED
    for turn, (tours, share) in enumerate(rounds(len(walk.place), steps, cpu_s)):
        some, most_s = int(steps * share), cpu_s * share
        found = [
            search(walk, tour, steps=some, seed=(seed, turn, number), cpu_s=most_s, heat=heat)
            for number, tour in enumerate(going[:tours])
        ]
        going, heat = [one.tour for one in sorted(found, key=lambda one: one.cost)], WARMED
    return going[0]


def split(day: Day) -> tuple[Day, frozenset[VisitId]]:
    """The day with the visits that somebody is able to make, and those that nobody is."""
    hopeless = frozenset(
        visit.id
        for visit in day.visits
        if not any(_crews([[who for who in day.workers if who.able(part)] for part in visit.parts]))
    )
    doable = tuple(visit for visit in day.visits if visit.id not in hopeless)
    return Day(doable, day.workers, day.travel), hopeless


def search(
    walk: Walk,
    begun: Order,
    *,
    steps: int,
    seed: int | Sequence[int] = 0,
    cpu_s: float = inf,
    heat: Heat = PLANNED,
    charges: Charges | None = None,
    out: frozenset[WorkerId] = frozenset(),
    often: frozenset[VisitId] = frozenset(),
) -> Found:
    """The best tour of ``steps`` tried moves, or of ``cpu_s`` of this process. ``charges``, ``out``,
    ``often``: as ``tables`` has them.
    """
    day = tables(walk.day, walk.weights, charges, out, often)
    crews = [
        crew if len(set(crew)) == len(crew) else next(_crews(able))
        for crew, able in zip(begun.crews, walk.able, strict=True)
    ]
    going, rng = tour(day, begun.order, crews), np.random.default_rng(seed)
    _begin(day, going)
    best = Best(going.key.copy(), going.split.copy(), going.crew.copy(), going.cost[ALL:WORST].copy())
    way_min = near_min(day)
    hot_min, fall = heat.hot * way_min, heat.cold / heat.hot
    for moves, then, now in slices(steps, SLICE, cpu_s):
        _anneal(day, going, best, rng, np.array([moves, hot_min * fall**then, hot_min * fall**now]))
    found = [tuple(map(int, row[:parts])) for row, parts in zip(best.crew, day.visit["parts"], strict=True)]
    return Found(Order(items(best.key, best.split, day.visit["parts"]), found), float(best.cost[0]))


@entry
def _begin(tables: Tables, tour: Tour) -> None:
    begin(tables, tour)


@entry
def _anneal(tables: Tables, tour: Tour, best: Best, rng: np.random.Generator, cooling: Floats) -> int:
    """Some moves, and whatever is cheaper than ``best`` into it; how many were taken. ``cooling``: how many,
    the temperature at the first and behind the last.
    """
    apart = False
    for visit in range(len(tables.visit)):
        apart = apart or (tables.visit[visit]["parts"] > 1 and tables.visit[visit]["most"] > 0)
    spread(tables, tour)
    taken = 0
    slope = log(cooling[2] / cooling[1]) / cooling[0]
    for number in range(int(cooling[0])):
        forget(tour)
        most = tour.cost[ALL] - cooling[1] * exp(slope * number) * log(1.0 - rng.random())
        if not make(tables, tour, apart, rng) or price(tables, tour, most) > most:
            undo(tour)
            continue
        keep(tables, tour)
        taken += 1
        if tour.cost[ALL] < best.cost[0] - _BETTER_MIN:
            best.cost[0] = tour.cost[ALL]
            for code in range(len(best.key)):
                best.key[code] = tour.key[code]
            for visit in range(len(best.crew)):
                best.crew[visit, 0], best.crew[visit, 1] = tour.crew[visit, 0], tour.crew[visit, 1]
                best.split[visit] = tour.split[visit]
    return taken


def first(walk: Walk) -> Order:
    """By due time, each to the crew that costs least at that moment."""
    order = sorted(range(len(walk.place)), key=lambda visit: (walk.windows[visit][-1][1], visit))
    crews: list[Crew] = [()] * len(order)
    state = walk.morning()
    for visit in order:
        tried = [_tried(walk, state, visit, crew) for crew in _crews(walk.able[visit])]
        crews[visit], state = min(tried, key=lambda one: (walk.so_far(one[1]), sum(one[1].free)))
    return Order(order, crews)


def _crews(able: Sequence[Sequence[Who]]) -> Iterator[tuple[Who, ...]]:
    """One of each; nobody is both people of a visit."""
    return (crew for crew in product(*able) if len(able) == 1 or crew[0] != crew[1])


def _tried(walk: Walk, state: State, visit: int, crew: Crew) -> tuple[Crew, State]:
    after = state.copy()
    walk.step(after, visit, crew)
    return crew, after
