"""A plan for a day, made and then improved. Pure.

What this is: a first plan that takes the visits by their due time and gives each to whom it costs least, and
simulated annealing over the order of all visits and who makes each. What it is not: the judge of what comes
out (``check``). The one idea: a move changes the order or one crew; only what comes after the first changed
place is walked again, and no further than it can still be accepted.

The same day, weights, steps and seed give the same plan; time is counted in steps, never by a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import exp, inf, log
from random import Random
from typing import Final, NamedTuple

from cloud.visits.cost import Weights
from cloud.visits.model import Day, Plan
from cloud.visits.walk import Crew, State, Walk

HOT_MIN: Final = 15.0
COLD_MIN: Final = 0.3
"""First and last temperature in minutes of travel: measured on townships and the instances of Mankowska."""
NEIGHBOURS: Final = 15
"""How many near visits a visit is tried beside."""
_SHIFT: Final = 8
"""How far in the order a visit is moved without a reason."""


class Tour(NamedTuple):
    """An order of all visits, and the crew of each by number of the visit."""

    order: list[int]
    crews: list[Crew]


def plan(day: Day, weights: Weights, *, steps: int, seed: int = 0, hot_min: float = HOT_MIN) -> Plan:
    """A plan that can be done. Parts that nobody is able to do, and visits with one, are left out."""
    able = [all(any(one.able(part) for one in day.workers) for part in visit.parts) for visit in day.visits]
    doable = tuple(visit for visit, can in zip(day.visits, able, strict=True) if can)
    hopeless = {visit.id for visit, can in zip(day.visits, able, strict=True) if not can}
    walk = Walk(Day(doable, day.workers, day.travel), weights)
    best = Search(walk, first(walk), Random(seed)).run(steps, hot_min) if doable else Tour([], [])  # noqa: S311
    found = walk.plan(*best)
    return Plan(found.routes, found.left_out | hopeless)


def first(walk: Walk) -> Tour:
    """By due time, each to the crew that costs least at that moment."""
    order = sorted(range(len(walk.place)), key=lambda visit: (walk.windows[visit][-1][1], visit))
    crews: list[Crew] = [()] * len(order)
    state = walk.morning()
    for visit in order:
        best = inf, (), state
        for crew in product(*walk.able[visit]):
            after = state.copy()
            walk.step(after, visit, crew)
            spent = after.spent + 0.01 * sum(after.free[who] for who in set(crew))
            if not best[1] or spent < best[0]:
                best = spent, crew, after
        _, crews[visit], state = best
    return Tour(order, crews)


class Search:
    """One tour on its way; ``states``: everybody before each place of the order."""

    def __init__(self, walk: Walk, tour: Tour, rng: Random) -> None:
        self.walk = walk
        self.rng = rng
        self.order, self.crews = list(tour.order), list(tour.crews)
        self.near = [near(walk, visit) for visit in range(len(tour.order))]
        self.states: list[State] = [walk.morning()]
        self.cost = inf
        self._record(0)

    def run(self, steps: int, hot_min: float) -> Tour:
        """The best tour of ``steps`` tried moves."""
        best_cost, best = self.cost, Tour(self.order[:], self.crews[:])
        cooling = log(COLD_MIN / hot_min) / max(steps, 1)
        for step in range(steps):
            heat_min = hot_min * exp(cooling * step)
            if (
                self._try(self.cost - heat_min * log(1.0 - self.rng.random()))
                and self.cost < best_cost - 1e-9
            ):
                best_cost, best = self.cost, Tour(self.order[:], self.crews[:])
        return best

    def _try(self, limit: float) -> bool:
        """One move; whether it was taken."""
        order, changed = self.order, self._move()
        if changed is None:
            return False
        new_order, crews = changed
        old_crews = {visit: self.crews[visit] for visit in crews}
        begin = _first_difference(order, new_order, crews)
        for visit, crew in crews.items():
            self.crews[visit] = crew
        self.order = new_order
        if self._price(begin, limit) <= limit:
            self._record(begin)
            return True
        self.order = order
        for visit, crew in old_crews.items():
            self.crews[visit] = crew
        return False

    def _price(self, begin: int, limit: float) -> float:
        """What the tour costs, or something above ``limit`` as soon as it must be."""
        state, step, crews = self.states[begin].copy(), self.walk.step, self.crews
        for visit in self.order[begin:]:
            step(state, visit, crews[visit])
            if state.spent > limit:
                return inf
        return self.walk.home(state)

    def _record(self, begin: int) -> None:
        del self.states[begin + 1 :]
        state = self.states[begin]
        for visit in self.order[begin:]:
            state = state.copy()
            self.walk.step(state, visit, self.crews[visit])
            self.states.append(state)
        self.cost = self.walk.home(state)

    def _move(self) -> tuple[list[int], dict[int, Crew]] | None:
        """Another order and the crews that change; ``None``: this one cannot be made."""
        chance, visit = self.rng.random(), self.rng.randrange(len(self.order))
        if chance < 0.6 and self.near[visit]:  # noqa: PLR2004 - shares of the moves
            return self._beside(visit, self.rng.choice(self.near[visit]))
        if chance < 0.8:  # noqa: PLR2004
            return self._other_crew(visit)
        return self._shifted(visit)

    def _beside(self, visit: int, other: int) -> tuple[list[int], dict[int, Crew]] | None:
        """Just before or after a near visit, by somebody who is there."""
        crew = self._with(visit, self.rng.choice(self.crews[other]))
        if crew is None:
            return None
        order = self.order[:]
        order.remove(visit)
        order.insert(order.index(other) + self.rng.randrange(2), visit)
        return order, {visit: crew}

    def _other_crew(self, visit: int) -> tuple[list[int], dict[int, Crew]] | None:
        part = self.rng.randrange(len(self.crews[visit]))
        crew = self._replaced(visit, part, self.rng.choice(self.walk.able[visit][part]))
        return None if crew is None else (self.order, {visit: crew})

    def _shifted(self, visit: int) -> tuple[list[int], dict[int, Crew]]:
        order = self.order[:]
        place = order.index(visit)
        order.pop(place)
        order.insert(max(0, place + self.rng.randint(-_SHIFT, _SHIFT)), visit)
        return order, {}

    def _with(self, visit: int, who: int) -> Crew | None:
        """The crew with ``who`` in it, in a part that they are able to do."""
        parts = [part for part, able in enumerate(self.walk.able[visit]) if who in able]
        return self._replaced(visit, self.rng.choice(parts), who, same=True) if parts else None

    def _replaced(self, visit: int, part: int, who: int, *, same: bool = False) -> Crew | None:
        crew = list(self.crews[visit])
        if crew[part] == who and not same:
            return None
        crew[part] = who
        return tuple(crew) if len(set(crew)) == len(crew) else None


def near(walk: Walk, visit: int) -> list[int]:
    """The visits beside which this one is best made: near, and not too early or late for each other."""
    travel = walk.travel[0]

    def apart_min(before: int, after: int) -> float:
        way_min = travel[walk.place[before]][walk.place[after]]
        free_min = walk.windows[before][0][0] + walk.lasts[before][0] + way_min
        last_min = walk.windows[before][-1][1] + walk.lasts[before][0] + way_min
        late_min = max(0.0, free_min - walk.windows[after][-1][1])
        wait_min = max(0.0, walk.windows[after][0][0] - last_min)
        return way_min + late_min + wait_min

    able = [set[int]().union(*parts) for parts in walk.able]
    others = [one for one in range(len(walk.place)) if one != visit and able[one] & able[visit]]
    others.sort(key=lambda one: min(apart_min(one, visit), apart_min(visit, one)))
    return others[:NEIGHBOURS]


def _first_difference(order: Sequence[int], other: Sequence[int], crews: dict[int, Crew]) -> int:
    for place, (was, becomes) in enumerate(zip(order, other, strict=True)):
        if was != becomes or was in crews:
            return place
    return len(order)
