"""A plan for a day, made and then improved. Pure.

What this is: a first plan that takes the visits by their due time and gives each to whom it costs least, and
simulated annealing over the order of all visits and who makes each. What it is not: the judge of what comes
out (``check``). The one idea: a move touches few people, so only they are walked again (``price``), and a
million moves a second are tried where they are compiled.

The same day, weights, steps and seed give the same plan; time is counted in steps, never by a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import exp, inf, log
from typing import Final, NamedTuple

import numpy as np

from cloud.visits import strings
from cloud.visits.compiled import entry
from cloud.visits.cost import Weights
from cloud.visits.model import Day, Plan, VisitId, WorkerId
from cloud.visits.moves import make, span, undo
from cloud.visits.price import begin, keep, price
from cloud.visits.tables import ALL, SIZE, Charges, Floats, Ints, Tables, Tour, near_min, tables, tour
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
    """The best tour so far, as arrays."""

    order: Ints
    crew: Ints
    cost: Floats


@dataclass(frozen=True, slots=True)
class Heat:
    """First and last temperature, in mean ways between near visits: a township's are 4 minutes, those of the
    instances of Mankowska 30.
    """

    hot: float = 1.5
    cold: float = 0.05


PLANNED: Final = Heat()
MENDED: Final = Heat(0.25, 0.03)
"""To begin from a plan that is good already. D."""
_BETTER_MIN: Final = 1e-9


def plan(day: Day, weights: Weights, *, steps: int, seed: int = 0) -> Plan:
    """A plan that can be done. Parts that nobody is able to do, and visits with one, are left out.

    ``steps``: moves tried; without any it is the first plan. A day that asks for no more than ``strings``
    knows is planned there, for as long.
    """
    doable, hopeless = split(day)
    if steps and doable.visits and strings.fits(doable):
        found = strings.plan(doable, weights, rounds=steps // strings.WORTH, seed=seed)
    else:
        found = _annealed(Walk(doable, weights), steps, seed)
    return Plan(found.routes, found.left_out | hopeless)


def _annealed(walk: Walk, steps: int, seed: int) -> Plan:
    best = first(walk)
    if steps and best.order:
        best = search(walk, best, steps=steps, seed=seed).tour
    return walk.plan(*best)


def split(day: Day) -> tuple[Day, frozenset[VisitId]]:
    """The day with the visits that somebody is able to make, and those that nobody is."""
    hopeless = frozenset(
        visit.id
        for visit in day.visits
        if not all(any(one.able(part) for one in day.workers) for part in visit.parts)
    )
    doable = tuple(visit for visit in day.visits if visit.id not in hopeless)
    return Day(doable, day.workers, day.travel), hopeless


def search(
    walk: Walk,
    begun: Order,
    *,
    steps: int,
    seed: int = 0,
    heat: Heat = PLANNED,
    charges: Charges | None = None,
    out: frozenset[WorkerId] = frozenset(),
) -> Found:
    """The best tour of ``steps`` tried moves. ``charges``, ``out``: as ``tables`` has them."""
    day = tables(walk.day, walk.weights, charges, out)
    going = tour(day, begun.order, begun.crews)
    best = Best(going.order.copy(), going.crew.copy(), np.zeros(1))
    way_min = near_min(day)
    cooling = np.array([steps, heat.hot * way_min, heat.cold * way_min])
    size = _anneal(day, going, best, np.random.default_rng(seed), cooling)
    crews = [tuple(map(int, row[:parts])) for row, parts in zip(best.crew, day.visit["parts"], strict=True)]
    return Found(Order([int(item) for item in best.order[:size]], crews), float(best.cost[0]))


@entry
def _anneal(tables: Tables, tour: Tour, best: Best, rng: np.random.Generator, cooling: Floats) -> int:
    """Fills ``best``; how many items its order has. ``cooling``: steps, first and last temperature."""
    begin(tables, tour)
    apart = False
    for visit in range(len(tables.visit)):
        apart = apart or (tables.visit[visit]["parts"] > 1 and tables.visit[visit]["most"] > 0)
    steps, hot_min = int(cooling[0]), cooling[1]
    slope = log(cooling[2] / hot_min) / max(steps, 1)
    least, size = tour.cost[ALL], tour.counts[SIZE]
    for number in range(steps):
        made = make(tables, tour, apart, rng)
        cost, worst = inf, 0.0
        low, high = span(tables, tour)
        if made and low < tour.counts[SIZE]:
            cost, worst = price(tables, tour, low, high)
        heat_min = hot_min * exp(slope * number)
        if cost > tour.cost[ALL] - heat_min * log(1.0 - rng.random()):
            undo(tour)
            continue
        keep(tour, cost, worst)
        if cost < least - _BETTER_MIN:
            least, size = cost, tour.counts[SIZE]
            for place in range(size):
                best.order[place] = tour.order[place]
            for visit in range(len(best.crew)):
                best.crew[visit, 0], best.crew[visit, 1] = tour.crew[visit, 0], tour.crew[visit, 1]
    best.cost[0] = least
    return int(size)


def first(walk: Walk) -> Order:
    """By due time, each to the crew that costs least at that moment."""
    order = sorted(range(len(walk.place)), key=lambda visit: (walk.windows[visit][-1][1], visit))
    crews: list[Crew] = [()] * len(order)
    state = walk.morning()
    for visit in order:
        tried = [_tried(walk, state, visit, crew) for crew in product(*walk.able[visit])]
        crews[visit], state = min(tried, key=lambda one: (walk.so_far(one[1]), sum(one[1].free)))
    return Order(order, crews)


def _tried(walk: Walk, state: State, visit: int, crew: Crew) -> tuple[Crew, State]:
    after = state.copy()
    walk.step(after, visit, crew)
    return crew, after
