"""An order of visits, and who makes each, walked into times. Pure.

What this is: from "these visits in this order by these people" to who begins what when, and what that costs.
What it is not: a search (``anneal``). The one idea: one order for everybody together. Each visit is placed at
the earliest time at which its people can be there, so two people can never wait for each other in a circle,
and what cannot be placed is left out on the spot: whatever order is walked, the plan can be done.

An order is made of items: a visit as number; or, where its second part begins a good while after the first,
each part as an item of its own, so that both people may do something between (``Walk.first``, ``second``).
A first part is never put off for a second one; where that would be needed, the order costs infinitely much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from cloud.visits.cost import Weights
from cloud.visits.model import Day, Plan, Route, Stop, VisitId, WorkerId

Crew = tuple[int, ...]
"""Who makes a visit, one worker (as number) for each part."""
Ready = tuple[float, float | None]
"""When somebody begins, and the rest that they take on the way there."""
_ROUNDS: Final = 4
"""How often two people are asked to wait for each other; a gap and two rests need no more."""
_ROUNDING_MIN: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a visit as it was placed; ``rest_min``: the lunch that is taken on the way there."""

    visit: int
    part: int
    worker: int
    start_min: float
    rest_min: float | None


class State:
    """Where everybody is after some items; changed by ``Walk.step``. ``at``: a place, or -1 before any.

    ``begun``: first parts by visit, when they began; ``None``: left out. It is replaced, never changed.
    ``spent``: in minutes, but for the worst lateness, ``worst``; ``late``: that of the last item.
    ``trace``: what was placed, where somebody wants to know; not copied.
    """

    __slots__ = ("at", "begun", "carried", "free", "late", "rested", "spent", "trace", "worst")

    def __init__(
        self, free: list[float], at: list[int], rested: list[bool], spent: float, worst: float
    ) -> None:
        self.free = free
        self.at = at
        self.rested = rested
        self.spent = spent
        self.worst = worst
        self.late = 0.0
        self.carried = [0.0] * len(free)
        self.begun: dict[int, float | None] = {}
        self.trace: list[Step] | None = None

    def copy(self) -> State:
        """The same, to go on from on another way."""
        other = State(self.free[:], self.at[:], self.rested[:], self.spent, self.worst)
        other.begun = self.begun
        other.carried = self.carried[:]
        return other


class Walk:
    """A day in the form that a walk reads fast: everything by number."""

    def __init__(self, day: Day, weights: Weights) -> None:
        self.day = day
        self.weights = weights
        self.begin = [one.begin for one in day.workers]
        self.end = [one.end for one in day.workers]
        self.close = [one.close_min for one in day.workers]
        self.travel = [day.travel[one.mode] for one in day.workers]
        self.lunch = [
            (one.lunch.duration_min, one.lunch.open_min, one.lunch.due_min) if one.lunch else None
            for one in day.workers
        ]
        self.place = [one.place for one in day.visits]
        self.windows = [[(one.open_min, one.due_min) for one in visit.windows] for visit in day.visits]
        self.lasts = [[part.duration_min for part in visit.parts] for visit in day.visits]
        self.gap = [(one.gap.least_min, one.gap.most_min) for one in day.visits]
        self.soft = [one.soft for one in day.visits]
        self.weight = [one.weight for one in day.visits]
        self.load = [one.load for one in day.visits]
        self.carries = [one.carries for one in day.workers]
        self.able = [
            [[i for i, who in enumerate(day.workers) if who.able(part)] for part in visit.parts]
            for visit in day.visits
        ]
        self.usual = [{i for i, who in enumerate(day.workers) if who.id in one.usual} for one in day.visits]

    def morning(self) -> State:
        """Nobody has left yet."""
        workers = self.day.workers
        rested = [one.lunch is None for one in workers]
        return State([one.open_min for one in workers], [-1] * len(workers), rested, 0.0, 0.0)

    def first(self, visit: int) -> int:
        """The item that is the first part alone."""
        return len(self.place) + visit

    def second(self, visit: int) -> int:
        """The item that is the second part alone."""
        return 2 * len(self.place) + visit

    def visit(self, item: int) -> int:
        """The visit that an item belongs to."""
        return item % len(self.place)

    def parts(self, item: int) -> range:
        """The parts of the visit that an item is."""
        alone, visit = divmod(item, len(self.place))
        return range(alone - 1, alone) if alone else range(len(self.lasts[visit]))

    def step(self, state: State, item: int, crew: Crew) -> bool:
        """Place the next item, or leave its visit out; whether it was placed."""
        state.late = 0.0
        alone, visit = divmod(item, len(self.place))
        if alone:
            return (self._first if alone == 1 else self._second)(state, visit, crew)
        if len(crew) == 1:
            ready = self._ready(state, visit, 0, crew[0], 0.0)
            if ready is not None:
                self._put(state, visit, 0, crew[0], ready)
                return True
        else:
            both = self._two(state, visit, crew)
            if both is not None:
                for part, one in enumerate(both):
                    self._put(state, visit, part, crew[part], one)
                return True
        state.spent += self.weight[visit]
        return False

    def home(self, state: State) -> float:
        """What the whole day costs when everybody goes home now."""
        ways = (self.travel[who][place][self.end[who]] for who, place in enumerate(state.at) if place >= 0)
        return self.so_far(state) + sum(ways)

    def so_far(self, state: State) -> float:
        """What it costs at the least, whatever comes after."""
        return state.spent + self.weights.worst_late * state.worst

    def plan(self, order: Iterable[int], crews: Sequence[Crew]) -> Plan:
        """The plan that an order is."""
        state, out = self.morning(), set[VisitId]()
        state.trace = trace = list[Step]()
        for item in order:
            visit = self.visit(item)
            if not self.step(state, item, crews[visit]):
                out.add(self.day.visits[visit].id)
        return Plan(self._routes(state, trace), frozenset(out))

    def _routes(self, state: State, trace: Iterable[Step]) -> dict[WorkerId, Route]:
        stops: dict[int, list[Stop]] = defaultdict(list)
        rests: dict[int, float | None] = {}
        for one in trace:
            stops[one.worker].append(Stop(self.day.visits[one.visit].id, one.start_min, one.part))
            if one.rest_min is not None:
                rests[one.worker] = one.rest_min
        for who in stops:
            lunch = self.lunch[who]
            if lunch is not None and not state.rested[who]:
                rests[who] = max(state.free[who], lunch[1])
        return {
            self.day.workers[who].id: Route(tuple(found), rests.get(who))
            for who, found in sorted(stops.items())
        }

    def _late(self, state: State, late_min: float) -> None:
        if late_min > 0:
            state.spent += self.weights.late * late_min
            state.late = max(state.late, late_min)
            state.worst = max(state.worst, late_min)

    def _first(self, state: State, visit: int, crew: Crew) -> bool:
        ready = self._ready(state, visit, 0, crew[0], 0.0) if crew[0] != crew[1] else None
        state.begun = {**state.begun, visit: ready[0] if ready else None}
        if ready is None:
            state.spent += self.weight[visit]
            return False
        self._put(state, visit, 0, crew[0], ready)
        return True

    def _second(self, state: State, visit: int, crew: Crew) -> bool:
        begun_min = state.begun.get(visit, inf)
        if begun_min is None:
            return False
        least_min, most_min = self.gap[visit]
        ready = self._ready(state, visit, 1, crew[1], begun_min + least_min)
        if ready is None or ready[0] > begun_min + most_min + _ROUNDING_MIN:
            state.spent = inf
            return False
        self._put(state, visit, 1, crew[1], ready)
        return True

    def _put(self, state: State, visit: int, part: int, who: int, ready: Ready) -> None:
        start_min, rest_min = ready
        here, place, usual = state.at[who], self.place[visit], self.usual[visit]
        way_min = self.travel[who][here if here >= 0 else self.begin[who]][place]
        state.spent += way_min
        if usual and who not in usual:
            state.spent += self.weights.stranger_min
        self._late(state, start_min - self.windows[visit][-1][1])
        state.free[who] = start_min + self.lasts[visit][part]
        state.at[who] = place
        state.carried[who] += self.load[visit] if part == 0 else 0.0
        if rest_min is not None:
            state.rested[who] = True
        if state.trace is not None:
            state.trace.append(Step(visit, part, who, start_min, rest_min))

    def _two(self, state: State, visit: int, crew: Crew) -> tuple[Ready, Ready] | None:
        """Both starts, each put off until the gap holds."""
        if crew[0] == crew[1]:
            return None
        least_min, most_min = self.gap[visit]
        first_min = 0.0
        for _ in range(_ROUNDS):
            first = self._ready(state, visit, 0, crew[0], first_min)
            if first is None:
                return None
            second = self._ready(state, visit, 1, crew[1], first[0] + least_min)
            if second is None:
                return None
            first_min = second[0] - most_min
            if first[0] >= first_min:
                return first, second
        return None

    def _ready(self, state: State, visit: int, part: int, who: int, not_before_min: float) -> Ready | None:
        """When a worker can begin at the earliest, and the rest they take before; ``None``: they cannot."""
        free_min, here, place = state.free[who], state.at[who], self.place[visit]
        travel = self.travel[who]
        way_min = travel[here if here >= 0 else self.begin[who]][place]
        start_min = self._open(visit, max(free_min + way_min, not_before_min))
        laden = part == 0 and state.carried[who] + self.load[visit] > self.carries[who]
        if start_min is None or laden:
            return None
        lasts_min, home_min = self.lasts[visit][part], travel[place][self.end[who]]
        lunch = self.lunch[who]
        if lunch is None or state.rested[who]:
            in_time = start_min + lasts_min + home_min <= self.close[who]
            return (start_min, None) if in_time else None
        long_min, from_min, due_min = lunch
        after_min = max(start_min + lasts_min, from_min)
        rest_min = max(free_min, from_min)
        hidden = rest_min <= due_min and rest_min + long_min + way_min <= start_min
        if not hidden and after_min <= due_min and after_min + long_min + home_min <= self.close[who]:
            return start_min, None
        if rest_min > due_min:
            return None
        start_min = self._open(visit, max(rest_min + long_min + way_min, not_before_min))
        if start_min is None or start_min + lasts_min + home_min > self.close[who]:
            return None
        return start_min, rest_min

    def _open(self, visit: int, at_min: float) -> float | None:
        """The first moment from ``at_min`` on at which the visit may begin."""
        for open_min, due_min in self.windows[visit]:
            if at_min <= due_min:
                return max(at_min, open_min)
        return at_min if self.soft[visit] else None
