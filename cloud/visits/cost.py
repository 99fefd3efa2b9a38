"""What a plan costs, in minutes. Pure.

What this is: the terms by which two plans are compared, read off a finished plan. What it is not: a rule;
what must not be is ``check``'s. The one idea: the terms are kept apart, and only ``Weights`` says what they
are worth against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from cloud.visits.model import Day, Plan, VisitId


@dataclass(frozen=True, slots=True)
class Weights:
    """Minutes of travel that a minute of each is worth; ``stranger_min``: not the usual worker. D."""

    late: float = 1.0
    worst_late: float = 1.0
    stranger_min: float = 6.0


@dataclass(frozen=True, slots=True)
class Cost:
    """``late_min``: of all parts together; ``worst_late_min``: of the worst one; ``strangers``: parts done by
    somebody else than usual, where there is a usual one; ``left_out``: the weights of visits left out.
    """

    travel_min: float
    late_min: float
    worst_late_min: float
    strangers: int
    left_out: float

    def total(self, weights: Weights) -> float:
        """In minutes of travel."""
        return (
            self.travel_min
            + weights.late * self.late_min
            + weights.worst_late * self.worst_late_min
            + weights.stranger_min * self.strangers
            + self.left_out
        )


def cost(day: Day, plan: Plan) -> Cost:
    """What a plan that can be done costs."""
    visits = {one.id: one for one in day.visits}
    late = [
        max(0.0, stop.start_min - visits[stop.visit].windows[-1].due_min)
        for route in plan.routes.values()
        for stop in route.stops
    ]
    strangers = sum(
        bool(visits[stop.visit].usual) and who not in visits[stop.visit].usual
        for who, route in plan.routes.items()
        for stop in route.stops
    )
    return Cost(
        travel_min=_travel_min(day, plan, {one.id: one.place for one in day.visits}),
        late_min=sum(late),
        worst_late_min=max(late, default=0.0),
        strangers=strangers,
        left_out=sum(visits[one].weight for one in plan.left_out),
    )


def _travel_min(day: Day, plan: Plan, places: dict[VisitId, int]) -> float:
    total_min = 0.0
    for worker in day.workers:
        route = plan.routes.get(worker.id)
        if route is not None and route.stops:
            way = (worker.begin, *(places[stop.visit] for stop in route.stops), worker.end)
            travel = day.travel[worker.mode]
            total_min += sum(travel[here][there] for here, there in pairwise(way))
    return total_min
