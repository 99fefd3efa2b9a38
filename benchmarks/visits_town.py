"""One township's day of home care, drawn from a seed: the shape of a county of the region, and no real place.

What this is: 260 visits and 25 workers with skills, modes of travel, rests, usual carers and baths that take
two. What it is not: a measured town; where people live and what they need is assumed (D), by the figures that
the comparison of solvers was made with. The one idea: distances are a plane's, times are as a person needs.
"""

from __future__ import annotations

from math import hypot
from random import Random
from typing import Final

from cloud.visits.model import Day, Lunch, Part, Visit, VisitId, Window, Worker, WorkerId

VISITS: Final = 260
WORKERS: Final = 25
BATHS: Final = 9
"""3.5 % of the visits take two people."""
NURSES: Final = 5
SPREAD_KM: Final = 3.0
WINDING: Final = 1.3
"""Road by great circle; the literature gives 1.2 to 1.5."""
STOP_MIN: Final = 1.5
SPEED_KM_H: Final = {"bike": 17.0, "car": 32.0}
MEALS: Final = 0.15
MEAL: Final = Window(660, 760)
DAY: Final = (480.0, 1020.0)
CARE, NURSING, BATH = frozenset({"care"}), frozenset({"nursing"}), frozenset({"bath"})


def town(seed: int) -> Day:
    """A day of a township."""
    rng = Random(seed)
    places = [(rng.gauss(0, SPREAD_KM), rng.gauss(0, SPREAD_KM)) for _ in range(WORKERS + VISITS)]
    workers = tuple(_worker(number) for number in range(WORKERS))
    visits = tuple(_visit(rng, number) for number in range(VISITS))
    return Day(visits, workers, {mode: _travel(places, speed) for mode, speed in SPEED_KM_H.items()})


def _worker(number: int) -> Worker:
    """Each begins and ends at home."""
    nurse = number < NURSES
    skills = CARE | NURSING | BATH if nurse else CARE | BATH if number % 2 else CARE
    return Worker(
        WorkerId(f"w{number}"), number, number, skills, *DAY, Lunch(), mode="car" if nurse else "bike"
    )


def _visit(rng: Random, number: int) -> Visit:
    bath, meal = number < BATHS, BATHS <= number < BATHS + MEALS * VISITS
    skill = NURSING if not meal and rng.random() < 0.1 else CARE
    lasts_min = 40.0 if bath else 10.0 if meal else rng.triangular(10, 45, 20)
    parts = (Part(lasts_min, CARE), Part(lasts_min, BATH)) if bath else (Part(lasts_min, skill),)
    usual = rng.randrange(NURSES) if skill is NURSING else rng.randrange(NURSES, WORKERS)
    return Visit(
        VisitId(f"v{number}"),
        WORKERS + number,
        parts,
        (MEAL if meal else _window(rng),),
        weight=2_000,
        usual=frozenset({WorkerId(f"w{usual}")}),
    )


def _window(rng: Random) -> Window:
    """Half a day, two hours, or the whole day."""
    open_min = rng.uniform(480, 840)
    return rng.choice(
        (Window(480, 720), Window(780, 960), Window(open_min, open_min + 120), Window(480, 960))
    )


def _travel(places: list[tuple[float, float]], speed_km_h: float) -> list[list[float]]:
    min_per_km = WINDING / speed_km_h * 60
    return [[_way_min(here, there, min_per_km) for there in places] for here in places]


def _way_min(here: tuple[float, float], there: tuple[float, float], min_per_km: float) -> float:
    if here == there:
        return 0.0
    return hypot(here[0] - there[0], here[1] - there[1]) * min_per_km + STOP_MIN
