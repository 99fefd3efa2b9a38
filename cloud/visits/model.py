"""A day of visits and a plan for it, as values. Pure.

What this is: what is to be done, who works, how long the ways take, and who goes where when. What it is not:
a solver, or the judge of one (``check``). The one idea: a visit consists of one part for each person that it
needs, so a visit of two is one visit, with a rule about how far apart its parts may start.

Times are minutes from the midnight that begins the day; places are rows of the travel tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NewType

VisitId = NewType("VisitId", str)
WorkerId = NewType("WorkerId", str)
Place = int
Travel = Sequence[Sequence[float]]
"""Minutes from each place to each other one; the way back may take longer."""


@dataclass(frozen=True, slots=True)
class Window:
    """A visit begins between ``open_min`` and ``due_min``, both included."""

    open_min: float
    due_min: float

    def __post_init__(self) -> None:
        if not self.open_min <= self.due_min:
            raise ValueError(f"window {self.open_min} to {self.due_min} is empty")


@dataclass(frozen=True, slots=True)
class Part:
    """What one person does at a visit. ``skills``: all of them are needed."""

    duration_min: float
    skills: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Gap:
    """The second part starts ``least_min`` to ``most_min`` after the first; nothing to nothing: together."""

    least_min: float = 0.0
    most_min: float = 0.0

    def __post_init__(self) -> None:
        if not self.least_min <= self.most_min:
            raise ValueError(f"gap {self.least_min} to {self.most_min} is empty")


TOGETHER = Gap()


@dataclass(frozen=True, slots=True)
class Visit:
    """``windows``: in order, apart from each other; each part starts in one of them. ``soft``: to begin late
    costs and breaks nothing. ``weight``: what it costs to leave it out, in minutes of travel; ``must``: that
    it is left out has to be told to people. ``usual``: who comes as a rule, for each part or nobody.
    ``load``: what is carried there, as boxes of meals, by whoever makes the first part.
    """

    id: VisitId
    place: Place
    parts: tuple[Part, ...]
    windows: tuple[Window, ...]
    gap: Gap = TOGETHER
    soft: bool = False
    weight: float = 600.0
    must: bool = True
    usual: frozenset[WorkerId] = frozenset()
    load: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= len(self.parts) <= 2 or not self.windows:  # noqa: PLR2004 - one person or two
            raise ValueError(f"visit {self.id}: needs one part or two, and a window")
        ends = [edge for one in self.windows for edge in (one.open_min, one.due_min)]
        if ends != sorted(ends):
            raise ValueError(f"visit {self.id}: its windows are not in order")


@dataclass(frozen=True, slots=True)
class Lunch:
    """A rest without a place: ``duration_min`` long, begun between ``open_min`` and ``due_min``."""

    duration_min: float = 60.0
    open_min: float = 11 * 60.0
    due_min: float = 13.5 * 60.0


@dataclass(frozen=True, slots=True)
class Worker:
    """``begin``, ``end``: where the day begins and ends; leaves at ``open_min`` at the earliest and is back
    at ``close_min`` at the latest. ``lunch``: owed on a day on which there is any visit. ``mode``: of travel.
    ``carries``: of ``load``, in one day.
    """

    id: WorkerId
    begin: Place
    end: Place
    skills: frozenset[str] = frozenset()
    open_min: float = 0.0
    close_min: float = inf
    lunch: Lunch | None = None
    mode: str = ""
    carries: float = inf

    def able(self, part: Part) -> bool:
        """Whether they can do this part."""
        return part.skills <= self.skills


@dataclass(frozen=True, slots=True)
class Day:
    """Everything that a plan is made from. ``travel``: one table for each mode."""

    visits: tuple[Visit, ...]
    workers: tuple[Worker, ...]
    travel: Mapping[str, Travel]

    def __post_init__(self) -> None:
        _distinct("visits", [one.id for one in self.visits])
        _distinct("workers", [one.id for one in self.workers])
        for worker in self.workers:
            if worker.mode not in self.travel:
                raise ValueError(f"worker {worker.id}: no travel table for mode {worker.mode!r}")


def _distinct(what: str, ids: Sequence[str]) -> None:
    twice = sorted(one for one, times in Counter(ids).items() if times > 1)
    if twice:
        raise ValueError(f"{what}: one id is given twice: {twice[0]}")


@dataclass(frozen=True, slots=True)
class Stop:
    """A worker begins part ``part`` of a visit at ``start_min``."""

    visit: VisitId
    start_min: float
    part: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """One worker's day in order. ``lunch_min``: when they rest."""

    stops: tuple[Stop, ...] = ()
    lunch_min: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Who goes where when, and which visits nobody makes."""

    routes: Mapping[WorkerId, Route] = field(default_factory=dict)
    left_out: frozenset[VisitId] = frozenset()
