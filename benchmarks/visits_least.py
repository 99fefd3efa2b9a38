"""How many visits of somebody called away others have to make, whatever a planner does: a lower bound.

What this is: the most of their own open visits that one person can still make after they are back, by trying
every order of them, nobody else asked. What it is not: a plan; whether others have room, and the second
person at a visit of two, are left aside, so more than this may have to move. The one idea: what a planner
falls short of is only what lies above this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from cloud.visits.mend import Away
from cloud.visits.model import Day, Lunch, Plan, Travel, Visit, Worker, WorkerId


class Stand(NamedTuple):
    """After some visits, in whichever order: which, at which place, and whether the rest is behind."""

    made: frozenset[int]
    place: int
    rested: bool


@dataclass(frozen=True, slots=True)
class Alone:
    """One person and what they were to make; each may begin ``late_min`` after it is due."""

    worker: Worker
    rest: Lunch | None
    visits: tuple[Visit, ...]
    travel: Travel
    late_min: float

    def after(self, stand: Stand, free_min: float) -> Iterator[tuple[Stand, float]]:
        """Each one more visit that can be made, with a rest before it or without, and when it is over."""
        for number, visit in enumerate(self.visits):
            for rested, from_min in self._rests(stand.rested, free_min):
                start_min = max(from_min + self.travel[stand.place][visit.place], visit.windows[0].open_min)
                if number not in stand.made and start_min <= visit.windows[-1].due_min + self.late_min:
                    over_min = start_min + visit.parts[0].duration_min
                    yield Stand(stand.made | {number}, visit.place, rested), over_min

    def home(self, stand: Stand, free_min: float) -> bool:
        """Whether they are back in time, rested."""
        way_min = self.travel[stand.place][self.worker.end]
        return any(
            rested and from_min + way_min <= self.worker.close_min
            for rested, from_min in self._rests(stand.rested, free_min)
        )

    def _rests(self, rested: bool, free_min: float) -> Iterator[tuple[bool, float]]:
        yield rested, free_min
        if not rested and self.rest is not None:
            begin_min = max(free_min, self.rest.open_min)
            if begin_min <= self.rest.due_min:
                yield True, begin_min + self.rest.duration_min


def least_moved(
    day: Day, running: Plan, who: WorkerId, away: Away, *, now_min: float, late_min: float
) -> int:
    """Of the visits that ``who`` has not begun, those that others make, or nobody, at the least."""
    alone = _alone(day, running, who, now_min, late_min)
    free_min = max(away.back_min, alone.worker.open_min)
    resting = alone.rest is not None and free_min <= alone.rest.due_min
    stands = {Stand(frozenset(), away.place, not resting): free_min}
    made = 0
    while stands := _one_more(alone, stands):
        made += 1
    return len(alone.visits) - made


def _one_more(alone: Alone, stands: dict[Stand, float]) -> dict[Stand, float]:
    """All stands with one more visit made from which they come home, and the earliest time of each."""
    found: dict[Stand, float] = {}
    for stand, free_min in stands.items():
        for after, over_min in alone.after(stand, free_min):
            if over_min < found.get(after, inf):
                found[after] = over_min
    return {stand: free_min for stand, free_min in found.items() if alone.home(stand, free_min)}


def _alone(day: Day, running: Plan, who: WorkerId, now_min: float, late_min: float) -> Alone:
    worker = next(one for one in day.workers if one.id == who)
    visits, route = {one.id: one for one in day.visits}, running.routes[who]
    begun = {
        stop.visit for any_ in running.routes.values() for stop in any_.stops if stop.start_min <= now_min
    }
    mine = tuple(visits[stop.visit] for stop in route.stops if stop.visit not in begun)
    rested = route.lunch_min is not None and route.lunch_min <= now_min
    return Alone(worker, None if rested else worker.lunch, mine, day.travel[worker.mode], late_min)
