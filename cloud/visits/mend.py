"""A running plan, mended when somebody is taken away or a visit comes on top. Pure.

What this is: what is done or begun stays as it is, and the rest is searched again from where everybody is,
with a price on each part that somebody else than planned would make. What it is not: a new plan; people have
been told who comes, so a change has to be worth it. The one idea: mending is planning with a charge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from cloud.visits.anneal import MENDED, Order, search, split
from cloud.visits.cost import Weights
from cloud.visits.model import Day, Plan, Route, Visit, VisitId, Window, Worker, WorkerId
from cloud.visits.tables import Charges
from cloud.visits.walk import Crew, Walk

MOVED_MIN: Final = 50.0
"""Minutes of travel that it is worth not to send somebody else: as much as to come five minutes late
(``plans.running``), for which nobody looks at the clock; for more, visits are kept by coming late
(``python -m benchmarks.visits replan``).
"""
STARTS: Final = 4
"""Searches that share the steps; the best one counts. From a good plan a search may end in a bad valley: one
long one dropped a visit that three short ones kept, and moved 11 where they moved 3.
"""

Planned = Mapping[tuple[VisitId, int], WorkerId | None]
"""Who was to make each part of what is still to do; ``None``: it comes on top."""


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody is taken from the plan, and goes on at ``back_min`` (infinity: not today) from ``place``."""

    back_min: float
    place: int


def mend(
    day: Day,
    running: Plan,
    *,
    now_min: float,
    away: Mapping[WorkerId, Away],
    weights: Weights,
    steps: int,
    seed: int = 0,
    moved_min: float = MOVED_MIN,
) -> Plan:
    """``running`` as it goes on at ``now_min``. Visits of ``day`` that the plan does not know come on top.
    ``moved_min``: what a part costs that somebody else makes than planned.

    What was begun stays; a part that somebody now away was to make before they are back is given to others,
    or the visit is left out where nobody can come.
    """
    begun = _begun(running, now_min)
    later = _half_begun(running, begun, now_min)
    rest, hopeless = split(_rest(day, running, begun=begun, later=later, now_min=now_min, away=away))
    if not rest.visits:
        return _joined(running, Plan({}, hopeless), later, now_min)
    walk = Walk(rest, weights)
    planned = _planned(rest, running, later)
    order, charges = _order(rest, running, planned, walk), _charges(rest, planned, moved_min)
    out = frozenset(who for who, route in running.routes.items() if route.stops) | away.keys()
    tried = (
        search(
            walk,
            order,
            steps=steps // STARTS,
            seed=STARTS * seed + number,
            heat=MENDED,
            charges=charges,
            out=out,
            often=_astir(planned, away),
        )
        for number in range(STARTS)
    )
    found = walk.plan(*min(tried, key=lambda one: one.cost).tour)
    return _joined(running, Plan(found.routes, found.left_out | hopeless), later, now_min)


def moved(before: Plan, after: Plan) -> frozenset[VisitId]:
    """The visits that somebody else makes than before, or nobody."""
    was, now = _who(before), _who(after)
    return frozenset(visit for (visit, part), who in was.items() if now.get((visit, part)) != who)


def _who(plan: Plan) -> dict[tuple[VisitId, int], WorkerId]:
    return {(stop.visit, stop.part): who for who, route in plan.routes.items() for stop in route.stops}


def _begun(running: Plan, now_min: float) -> frozenset[VisitId]:
    return frozenset(
        stop.visit for route in running.routes.values() for stop in route.stops if stop.start_min <= now_min
    )


def _half_begun(running: Plan, begun: frozenset[VisitId], now_min: float) -> Mapping[VisitId, float]:
    """Visits whose first part was begun, and when the second is to."""
    return {
        stop.visit: stop.start_min
        for route in running.routes.values()
        for stop in route.stops
        if stop.visit in begun and stop.start_min > now_min
    }


def _rest(
    day: Day,
    running: Plan,
    *,
    begun: frozenset[VisitId],
    later: Mapping[VisitId, float],
    now_min: float,
    away: Mapping[WorkerId, Away],
) -> Day:
    """What is still to do, by whom, from where. Of what is half begun, the second part at its time, by
    somebody who did not make the first.
    """
    visits, who = {one.id: one for one in day.visits}, _who(running)
    pinned = tuple(_second(visits[one], at_min) for one, at_min in later.items())
    workers = tuple(
        replace(
            _from_now(one, running.routes.get(one.id, Route()), visits, now_min, away.get(one.id)),
            skills=one.skills | {_fresh(visit) for visit in later if who[visit, 0] != one.id},
        )
        for one in day.workers
    )
    return Day(tuple(one for one in day.visits if one.id not in begun) + pinned, workers, day.travel)


def _second(visit: Visit, at_min: float) -> Visit:
    """The second part alone; later than it was planned it would be too far from the first."""
    part = replace(visit.parts[1], skills=visit.parts[1].skills | {_fresh(visit.id)})
    return replace(visit, parts=(part,), windows=(Window(at_min, at_min),), soft=False, load=0.0)


def _fresh(visit: VisitId) -> str:
    """What somebody is able to who did not make the first part of a visit."""
    return f"second of {visit}"


def _from_now(
    worker: Worker, route: Route, visits: Mapping[VisitId, Visit], now_min: float, away: Away | None
) -> Worker:
    """The worker as the rest of the day finds them: after what they began, or when they are back."""
    done = [stop for stop in route.stops if stop.start_min <= now_min]
    free_min, place, carried = max(worker.open_min, now_min), worker.begin, 0.0
    if done:
        final = visits[done[-1].visit]
        free_min = max(now_min, done[-1].start_min + final.parts[done[-1].part].duration_min)
        place = final.place
        carried = sum(visits[stop.visit].load for stop in done if stop.part == 0)
    lunch, rest_min = worker.lunch, route.lunch_min
    if lunch is not None and rest_min is not None and rest_min <= now_min:
        free_min = max(free_min, rest_min + lunch.duration_min)
        lunch = None
    if away is not None:
        free_min, place = max(free_min, away.back_min), away.place
        lunch = None if lunch is None or free_min > lunch.due_min else lunch
    return replace(worker, begin=place, open_min=free_min, lunch=lunch, carries=worker.carries - carried)


def _planned(rest: Day, running: Plan, later: Mapping[VisitId, float]) -> Planned:
    who = _who(running)
    return {
        (visit.id, part): who.get((visit.id, part + (visit.id in later)))
        for visit in rest.visits
        for part in range(len(visit.parts))
    }


def _astir(planned: Planned, away: Mapping[WorkerId, Away]) -> frozenset[VisitId]:
    """What the day is mended for: visits of somebody away, and those that come on top."""
    return frozenset(visit for (visit, _), who in planned.items() if who is None or who in away)


def _order(rest: Day, running: Plan, planned: Planned, walk: Walk) -> Order:
    """The running plan as an order; what is new stands by its due time, with the first who are able to."""
    numbers = {one.id: number for number, one in enumerate(rest.workers)}
    starts = {
        stop.visit: stop.start_min for route in running.routes.values() for stop in reversed(route.stops)
    }
    crews: list[Crew] = []
    for visit, able in zip(rest.visits, walk.able, strict=True):
        crew: Crew = ()
        for part, can in enumerate(able):
            who = planned[visit.id, part]
            free = [one for one in can if one not in crew] or can
            same = numbers.get(who) if who is not None else None
            crew = (*crew, same if same is not None and same in can else free[0])
        crews.append(crew)
    order = sorted(
        range(len(rest.visits)),
        key=lambda one: (starts.get(rest.visits[one].id, rest.visits[one].windows[-1].due_min), one),
    )
    return Order(order, crews)


def _charges(rest: Day, planned: Planned, moved_min: float) -> Charges:
    """What it costs to send somebody else."""
    return {
        part: {one.id: moved_min for one in rest.workers if one.id != who}
        for part, who in planned.items()
        if who is not None
    }


def _joined(running: Plan, found: Plan, later: Mapping[VisitId, float], now_min: float) -> Plan:
    """What was begun, and after it what was found."""
    routes: dict[WorkerId, Route] = {}
    for who in running.routes.keys() | found.routes.keys():
        was, now = running.routes.get(who, Route()), found.routes.get(who, Route())
        done = tuple(stop for stop in was.stops if stop.start_min <= now_min)
        new = tuple(replace(stop, part=stop.part + (stop.visit in later)) for stop in now.stops)
        rested = was.lunch_min is not None and was.lunch_min <= now_min
        lunch_min = was.lunch_min if rested else now.lunch_min
        if lunch_min is None and done and was.lunch_min is not None:
            lunch_min = max(was.lunch_min, now_min)
        if done or new:
            routes[who] = Route(done + new, lunch_min)
    return Plan(routes, found.left_out - {stop.visit for route in routes.values() for stop in route.stops})
