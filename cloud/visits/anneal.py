"""A plan for a day, made and then improved. Pure.

What this is: a first plan that takes the visits by their due time and gives each to whom it costs least, and
simulated annealing over the order of all visits and who makes each. What it is not: the judge of what comes
out (``check``). The one idea: a move touches few people. Only they, and whoever is with them at a visit of
two, are walked again, and no further than the tour can still be accepted; all others are where they were.

The same day, weights, steps and seed give the same plan; time is counted in steps, never by a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import exp, inf, log
from random import Random
from typing import Final, NamedTuple

from cloud.visits.cost import Weights
from cloud.visits.model import Day, Plan
from cloud.visits.walk import Crew, State, Walk

HOT: Final = 1.5
COLD: Final = 0.05
"""First and last temperature, in mean ways between near visits: a township's are 4 minutes, those of the
instances of Mankowska 30. The best of several tried on both; seeds differ as much as neighbouring values.
"""
NEIGHBOURS: Final = 15
"""How many near visits a visit is tried beside."""
_SHIFT: Final = 8
"""How far in the order a visit is moved without a reason."""
_TWO_ITEMS: Final = 0.05
_BESIDE: Final = 0.55
_EXCHANGED: Final = 0.65
_TAILS: Final = 0.75
_OTHER_CREW: Final = 0.85
"""Up to where in 0 to 1 the draw of a move means which; the rest shifts. D."""
Move = tuple[list[int], dict[int, Crew]]
"""An order, and the crews of the visits that it touches."""


class Tour(NamedTuple):
    """An order of items (``walk``), and the crew of each visit by its number."""

    order: list[int]
    crews: list[Crew]


def plan(day: Day, weights: Weights, *, steps: int, seed: int = 0) -> Plan:
    """A plan that can be done. Parts that nobody is able to do, and visits with one, are left out."""
    able = [all(any(one.able(part) for one in day.workers) for part in visit.parts) for visit in day.visits]
    doable = tuple(visit for visit, can in zip(day.visits, able, strict=True) if can)
    hopeless = {visit.id for visit, can in zip(day.visits, able, strict=True) if not can}
    walk = Walk(Day(doable, day.workers, day.travel), weights)
    best = Search(walk, first(walk), Random(seed)).run(steps) if doable else Tour([], [])  # noqa: S311
    found = walk.plan(*best)
    return Plan(found.routes, found.left_out | hopeless)


def first(walk: Walk) -> Tour:
    """By due time, each to the crew that costs least at that moment."""
    order = sorted(range(len(walk.place)), key=lambda visit: (walk.windows[visit][-1][1], visit))
    crews: list[Crew] = [()] * len(order)
    state = walk.morning()
    for visit in order:
        tried = [_tried(walk, state, visit, crew) for crew in product(*walk.able[visit])]
        crews[visit], state = min(tried, key=lambda one: (walk.so_far(one[1]), sum(one[1].free)))
    return Tour(order, crews)


def _tried(walk: Walk, state: State, visit: int, crew: Crew) -> tuple[Crew, State]:
    after = state.copy()
    walk.step(after, visit, crew)
    return crew, after


class Search:
    """One tour on its way; ``states``: everybody before each place of the order."""

    def __init__(self, walk: Walk, tour: Tour, rng: Random) -> None:
        self.walk = walk
        self.rng = rng
        self.order, self.crews = list(tour.order), list(tour.crews)
        self.near = [near(walk, visit) for visit in range(len(tour.crews))]
        self.apart = [visit for visit, (_, most_min) in enumerate(walk.gap) if most_min > 0]
        self.apart = [visit for visit in self.apart if len(walk.lasts[visit]) > 1]
        self.others = (
            (_EXCHANGED, self._exchanged),
            (_TAILS, self._tails),
            (_OTHER_CREW, self._other_crew),
            (1.0, self._shifted),
        )
        self.states: list[State] = [walk.morning()]
        self.places: dict[int, int] = {}
        self.cost = inf
        self._record(0, range(len(walk.begin)))

    def run(self, steps: int) -> Tour:
        """The best tour of ``steps`` tried moves."""
        best_cost, best = self.cost, Tour(self.order[:], self.crews[:])
        hot_min, cooling = HOT * self._near_min(), log(COLD / HOT) / max(steps, 1)
        for step in range(steps):
            heat_min = hot_min * exp(cooling * step)
            taken = self._try(self.cost - heat_min * log(1.0 - self.rng.random()))
            if taken and self.cost < best_cost - 1e-9:
                best_cost, best = self.cost, Tour(self.order[:], self.crews[:])
        return best

    def _near_min(self) -> float:
        """The mean way to a near visit; a minute where there is none."""
        travel, place = self.walk.travel[0], self.walk.place
        ways = [travel[place[one]][place[two]] for one, near in enumerate(self.near) for two in near]
        return max(1.0, sum(ways) / len(ways)) if ways else 1.0

    def _try(self, limit: float) -> bool:
        """One move; whether it was taken."""
        changed = self._move()
        if changed is None:
            return False
        old_order, (order, crews) = self.order, changed
        old_crews = {visit: self.crews[visit] for visit in crews}
        begin = self._first_difference(order, crews)
        touched = {who for changed in (crews, old_crews) for crew in changed.values() for who in crew}
        self.order = order
        self._assign(crews)
        if self._price(begin, touched, limit) <= limit:
            self._record(begin, touched)
            return True
        self.order = old_order
        self._assign(old_crews)
        return False

    def _assign(self, crews: Mapping[int, Crew]) -> None:
        for visit, crew in crews.items():
            self.crews[visit] = crew

    def _price(self, begin: int, touched: Iterable[int], limit: float) -> float:
        """What the tour costs, or infinity as soon as that is above ``limit``."""
        walk, state, ahead = self.walk, self.states[begin].copy(), set(touched)
        for item in self.order[begin:]:
            self._go(state, item, ahead)
            if walk.so_far(state) > limit:
                return inf
        return walk.home(state)

    def _record(self, begin: int, touched: Iterable[int]) -> None:
        """Make the tour the one that moves begin from."""
        states, ahead = self.states[: begin + 1], set(touched)
        for item in self.order[begin:]:
            state = states[-1].copy()
            self._go(state, item, ahead)
            states.append(state)
        self.states = states
        self.places = {item: place for place, item in enumerate(self.order)}
        self.cost = self.walk.home(states[-1])

    def _go(self, state: State, item: int, touched: set[int]) -> None:
        """The next item; whoever makes one together with somebody touched is touched from then on."""
        crew = self.crews[item % len(self.crews)]
        if touched.isdisjoint(crew):
            self._as_before(state, item, crew)
        else:
            touched.update(crew)
            self.walk.step(state, item, crew)

    def _as_before(self, state: State, item: int, crew: Crew) -> None:
        """The item as the last tour had it: nobody who makes it is touched."""
        place = self.places[item]
        before, after = self.states[place], self.states[place + 1]
        for who in crew:
            state.free[who], state.at[who] = after.free[who], after.at[who]
            state.rested[who] = after.rested[who]
        state.spent += after.spent - before.spent
        state.worst = max(state.worst, after.late)
        if after.begun is not before.begun:
            visit = self.walk.visit(item)
            state.begun = {**state.begun, visit: after.begun[visit]}

    def _first_difference(self, order: Sequence[int], crews: Mapping[int, Crew]) -> int:
        """The first place that ``order`` and ``crews`` change."""
        changed = {visit for visit, crew in crews.items() if crew != self.crews[visit]}
        for place, (was, becomes) in enumerate(zip(self.order, order, strict=False)):
            if was != becomes or was % len(self.crews) in changed:
                return place
        return min(len(self.order), len(order))

    def _move(self) -> Move | None:
        """Another order, and the crews of what it touches; ``None``: this one cannot be made."""
        chance, item = self.rng.random(), self.rng.choice(self.order)
        if self.apart and chance < _TWO_ITEMS:
            return self._parted_or_joined(self.rng.choice(self.apart))
        if chance < _BESIDE and self.near[self.walk.visit(item)]:
            return self._beside(item)
        return next(move for most, move in self.others if chance < most)(item)

    def _beside(self, item: int) -> Move | None:
        """Just before or after a near visit, by somebody who is there."""
        visit = self.walk.visit(item)
        other = self._an_item(self.rng.choice(self.near[visit]))
        who = self.crews[self.walk.visit(other)][self.rng.choice(self.walk.parts(other))]
        parts = [part for part in self.walk.parts(item) if who in self.walk.able[visit][part]]
        crew = self._with(visit, self.rng.choice(parts), who) if parts else None
        if crew is None:
            return None
        order = self.order[:]
        order.remove(item)
        order.insert(order.index(other) + self.rng.randrange(2), item)
        return order, {visit: crew}

    def _other_crew(self, item: int) -> Move | None:
        visit, part = self.walk.visit(item), self.rng.choice(self.walk.parts(item))
        crew = self._with(visit, part, self.rng.choice(self.walk.able[visit][part]))
        return None if crew is None or crew == self.crews[visit] else (self.order, {visit: crew})

    def _exchanged(self, item: int) -> Move | None:
        """Two visits change places and people."""
        visit = self.walk.visit(item)
        other = self._an_item(self.rng.randrange(len(self.crews)))
        part, there = self.rng.choice(self.walk.parts(item)), self.rng.choice(self.walk.parts(other))
        one, two = self.crews[visit][part], self.crews[self.walk.visit(other)][there]
        crew, crew_there = self._with(visit, part, two), self._with(self.walk.visit(other), there, one)
        if visit == self.walk.visit(other) or crew is None or crew_there is None:
            return None
        order = self.order[:]
        here, away = order.index(item), order.index(other)
        order[here], order[away] = other, item
        return order, {visit: crew, self.walk.visit(other): crew_there}

    def _tails(self, item: int) -> Move | None:
        """From here on two people change what they do, as far as each is able to."""
        one = self.crews[self.walk.visit(item)][self.rng.choice(self.walk.parts(item))]
        two = self.rng.randrange(len(self.walk.begin))
        swapped = {one: two, two: one}
        crews: dict[int, Crew] = {}
        for later in self.order[self.order.index(item) :] if one != two else ():
            visit = self.walk.visit(later)
            crew = crews.get(visit, self.crews[visit])
            for part in self.walk.parts(later):
                who = swapped.get(crew[part], crew[part])
                if who in self.walk.able[visit][part]:
                    crew = (*crew[:part], who, *crew[part + 1 :])
            if len(set(crew)) == len(crew):
                crews[visit] = crew
        return (self.order, crews) if crews else None

    def _shifted(self, item: int) -> Move:
        order = self.order[:]
        place = order.index(item)
        order.pop(place)
        order.insert(max(0, place + self.rng.randint(-_SHIFT, _SHIFT)), item)
        return order, {self.walk.visit(item): self.crews[self.walk.visit(item)]}

    def _parted_or_joined(self, visit: int) -> Move:
        """The parts of a visit as items of their own, or one item again."""
        order, first, second = self.order[:], self.walk.first(visit), self.walk.second(visit)
        if visit in order:
            place = order.index(visit)
            order[place] = first
            order.insert(place + self.rng.randint(1, _SHIFT), second)
        else:
            order[order.index(self.rng.choice((first, second)))] = visit
            order = [item for item in order if item not in {first, second}]
        return order, {visit: self.crews[visit]}

    def _an_item(self, visit: int) -> int:
        if visit in self.order:
            return visit
        return self.rng.choice((self.walk.first(visit), self.walk.second(visit)))

    def _with(self, visit: int, part: int, who: int) -> Crew | None:
        """The crew with ``who`` in it, unless they are not able to, or would be there twice."""
        if who not in self.walk.able[visit][part]:
            return None
        crew = list(self.crews[visit])
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
