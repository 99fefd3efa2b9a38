"""One county's day of home care, drawn from a seed, planned by the product's own way from tasks to plans.

What this is: 12 townships, 300 workers, 3,000 people of whom 105 are bathed by two, so 3,105 tasks; a third
lives in the county town, which is cut because it has more workers than one search plans for. What it is
not: a measured county; where people live and what they need is assumed (D), by the figures that the
comparison of solvers was made with. The one idea: nothing is taken past the border that a real evening
passes: tasks and carers in, appointments out. Beside it stands what the same county would take if nobody
rested and nobody had to wait for a second person: about the least that any plan of it can take.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as clock
from math import cos, radians
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from cloud.respond.travel import Mode, Point
from cloud.visits import strings
from cloud.visits.check import broken
from cloud.visits.cost import Weights, cost
from cloud.visits.forms.table import VisitKind
from cloud.visits.model import Day, Visit, VisitId
from cloud.visits.plans.areas import cut, planned
from cloud.visits.plans.build import Asked, Carer, Made, day_of
from cloud.visits.task import Task

DAY: Final = date(2026, 11, 26)
ZONE: Final = ZoneInfo("Asia/Shanghai")
MIDNIGHT: Final = datetime.combine(DAY, clock(), ZONE)
TOWNSHIPS: Final = (105, 18, 18, 18, 18, 18, 18, 18, 18, 17, 17, 17)
"""Workers of each; ten people for each worker."""
BATHS: Final = 105
NURSES: Final = 5
"""One worker in five is a nurse, by car."""
SPREAD_KM: Final = 3.0
ENDLESS: Final = 10**9
"""More strings than any time allows."""
APART_KM: Final = 25.0
KM_PER_DEGREE: Final = 111.2
CARE, NURSING, BATH = frozenset({"care"}), frozenset({"nursing"}), frozenset({"bathing"})


@dataclass(frozen=True, slots=True)
class CountyResult:
    """``what``: which of it was planned. ``pairs``: visits of two that two make together, of how many; the
    checker counts a plan without a rest as broken.
    """

    seed: int
    what: str
    tasks: int
    workers: int
    groups: int
    left_out: int
    travel_h: float
    pairs: tuple[int, int]
    broken: int
    cpu_s: float

    @property
    def row(self) -> tuple[object, ...]:
        """As the table has it."""
        return (
            f"{self.seed} ({self.tasks} / {self.workers}, {self.groups} groups)",
            self.what,
            self.left_out,
            f"{self.travel_h:.1f}",
            "/".join(map(str, self.pairs)),
            self.broken,
            f"{self.cpu_s:.0f}",
        )


COUNTY_HEAD: Final = (
    "seed (tasks / workers)",
    "what",
    "left out",
    "travel h",
    "visits of two",
    "broken rules",
    "CPU-s",
)


def county(seed: int, *, usual: bool) -> list[Asked]:
    """Its townships."""
    rng = Random(seed)
    baths = [False] * (10 * sum(TOWNSHIPS) - BATHS) + [True] * BATHS
    rng.shuffle(baths)
    found, first = [], 0
    for number, workers in enumerate(TOWNSHIPS):
        middle = Point(27.5 + number // 4 * APART_KM / KM_PER_DEGREE, 109.5 + number % 4 * APART_KM / 100)
        carers = tuple(_carer(rng, middle, first + one) for one in range(workers))
        mine = baths[10 * first : 10 * (first + workers)]
        tasks = tuple(_task(rng, middle, carers, bath=bath, usual=usual) for bath in mine)
        found.append(Asked(DAY, ZONE, tasks, carers))
        first += workers
    return found


def measure_county(seed: int, *, moves: int, usual: bool) -> CountyResult:
    """Plan the whole of it, one search after another. ``moves``: tried for each task."""
    townships = county(seed, usual=usual)
    begun = time.process_time()
    groups = [group for township in townships for group in cut(township)]
    made = [planned(group, moves) for group in groups]
    spent_s = time.process_time() - begun
    tasks = [task for township in townships for task in township.tasks]
    two = [one for plan in made for one in plan.appointments if one.task.people > 1]
    return CountyResult(
        seed,
        "usual carers count" if usual else "as it is",
        sum(task.people for task in tasks),
        sum(len(township.carers) for township in townships),
        len(groups),
        sum(len(plan.left) for plan in made),
        sum(plan.travel_min for plan in made) / 60,
        (sum(len(set(one.staff_ids)) > 1 for one in two), sum(task.people > 1 for task in tasks)),
        sum(_broken(plan) for plan in made),
        spent_s,
    )


def measure_relaxed(seed: int, *, worker_s: float = 0.4) -> CountyResult:
    """The same county without rests and without waiting for a second person, planned by ``strings``.
    ``worker_s``: processor seconds for each worker.
    """
    townships = county(seed, usual=False)
    begun = time.process_time()
    days = [_relaxed(day_of(group)) for township in townships for group in cut(township)]
    plans = [strings.plan(day, Weights(), rounds=ENDLESS, cpu_s=worker_s * len(day.workers)) for day in days]
    spent_s = time.process_time() - begun
    costs = [cost(day, plan) for day, plan in zip(days, plans, strict=True)]
    return CountyResult(
        seed,
        "no rests, nobody waits for a second person",
        sum(len(day.visits) for day in days),
        sum(len(day.workers) for day in days),
        len(days),
        sum(len(plan.left_out) for plan in plans),
        sum(one.travel_min for one in costs) / 60,
        (0, sum(task.people > 1 for township in townships for task in township.tasks)),
        sum(len(broken(day, plan)) for day, plan in zip(days, plans, strict=True)),
        spent_s,
    )


def _relaxed(day: Day) -> Day:
    workers = tuple(replace(worker, lunch=None) for worker in day.workers)
    return replace(day, visits=tuple(one for visit in day.visits for one in _apart(visit)), workers=workers)


def _apart(visit: Visit) -> Iterator[Visit]:
    for number, part in enumerate(visit.parts):
        yield replace(visit, id=VisitId(f"{visit.id}/{number}"), parts=(part,))


def _broken(plan: Made) -> int:
    return len(plan.faults)


def _point(rng: Random, middle: Point) -> Point:
    north, east = rng.gauss(0, SPREAD_KM), rng.gauss(0, SPREAD_KM)
    return Point(
        middle.latitude + north / KM_PER_DEGREE,
        middle.longitude + east / (KM_PER_DEGREE * cos(radians(middle.latitude))),
    )


def _carer(rng: Random, middle: Point, number: int) -> Carer:
    nurse = number % NURSES == 0
    skills = CARE | NURSING | BATH if nurse else CARE | BATH if number % 2 else CARE
    mode = Mode.CAR if nurse else Mode.BIKE
    return Carer(number, skills, mode, _point(rng, middle), 480, 1020, rests=True)


def _task(rng: Random, middle: Point, carers: tuple[Carer, ...], *, bath: bool, usual: bool) -> Task:
    meal = not bath and rng.random() < 0.15
    skills = BATH if bath else NURSING if not meal and rng.random() < 0.1 else CARE
    lasts = 40 if bath else 10 if meal else round(rng.triangular(10, 45, 20))
    open_min = rng.uniform(480, 840)
    windows = ((480, 720), (780, 960), (open_min, open_min + 120), (480, 960))
    since, until = (660, 760) if meal else rng.choice(windows)
    home = _point(rng, middle)
    able = [one.staff_id for one in carers if skills <= one.skills]
    return Task(
        resident_id=0,
        home_id=0,
        division="",
        latitude=home.latitude,
        longitude=home.longitude,
        kind=VisitKind.SERVICE,
        visit_id=None,
        open_at=MIDNIGHT + timedelta(minutes=since),
        due_at=MIDNIGHT + timedelta(minutes=until),
        overdue=False,
        group=None,
        minutes=lasts,
        people=2 if bath else 1,
        skills=skills,
        usual=(rng.choice(able),) if usual else (),
    )
