"""What 30 to 3,000 homes cost: an hour's and a night's scoring, and training.

What this is: homes made by drawing whole days of the TIHM homes anew, and time measured on them. What it is
not: a measure of quality. The one idea: time is measured on some homes and at several sizes, so growth is
seen. Homes are made and altered each by itself, so beyond 300 their examples are not made anew: the fits take
the 300 homes' examples as often as it needs, and the time to make them is that of 300, by the home.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.tihm import TihmHome
from cloud.detect.routine.detector import Own, see_hour, see_night
from cloud.detect.routine.grid import DAY_S
from cloud.detect.routine.history import DayState
from cloud.detect.routine.train import Examples, examples, train

SCORED: Final = (30, 300, 3000)
TRAINED: Final = (30, 300, 3000)
DISTINCT: Final = 300
DAYS: Final = 29
TRAINING_DAYS: Final = 17
"""Seven to begin with and ten that are altered: more days of one home add less than more homes."""


def drawn(homes: Sequence[TihmHome], days: int, random: np.random.Generator) -> TihmHome:
    """A home of ``days`` heard days drawn with replacement from one of ``homes``."""
    home = homes[int(random.integers(len(homes)))]
    fitting = [day for day, state in enumerate(home.history().states) if state is not DayState.UNHEARD]
    chosen = random.choice(fitting, days)
    edges = np.searchsorted(home.seconds, np.arange(home.days + 1) * DAY_S)
    parts = [slice(edges[day], edges[day + 1]) for day in chosen]
    seconds = [home.seconds[part] % DAY_S + at * DAY_S for at, part in enumerate(parts)]
    places = np.concatenate([home.places[part] for part in parts])
    return TihmHome("drawn", home.first, days, np.concatenate(seconds), places, (), frozenset())


def figures(homes: Sequence[TihmHome], seed: int) -> dict[str, object]:
    """Seconds on one core."""
    rich = [home for home in homes if home.days > DAYS]
    with threadpool_limits(1):
        return {
            "scoring_s": {str(many): scoring(rich, many, seed) for many in SCORED},
            "training_s": {str(many): training(rich, many, seed) for many in TRAINED},
        }


def scoring(homes: Sequence[TihmHome], many: int, seed: int) -> dict[str, float]:
    """An hour's look and a night's look at ``many`` homes; making their counts is told apart."""
    random = np.random.default_rng(seed)
    model = train([one for one in (_examples(drawn(homes, 12, random), random) for _ in range(20)) if one])
    read, hour, night = 0.0, 0.0, 0.0
    for _ in range(many):
        home = drawn(homes, DAYS, random)
        began = time.process_time()
        history = home.history()
        read += time.process_time() - began
        end = history.midnight + timedelta(days=DAYS)
        began = time.process_time()
        see_hour(history, model, Own(), end - timedelta(hours=10))
        hour += time.process_time() - began
        began = time.process_time()
        see_night(history, model, Own(), end)
        night += time.process_time() - began
    return {"read": round(read, 2), "hour": round(hour, 2), "night": round(night, 2)}


def training(homes: Sequence[TihmHome], many: int, seed: int) -> dict[str, float]:
    """Examples of ``many`` homes, and the fits with their calibration."""
    random = np.random.default_rng(seed)
    distinct, rows, made = min(many, DISTINCT), list[Examples](), 0.0
    for _ in range(distinct):
        home = drawn(homes, TRAINING_DAYS, random)
        began = time.process_time()
        one = _examples(home, random)
        made += time.process_time() - began
        rows += [one] if one else []
    began = time.process_time()
    train(rows * (many // distinct))
    return {
        "examples": round(made * many / distinct, 1),
        "fits": round(time.process_time() - began, 1),
    }


def _examples(home: TihmHome, random: np.random.Generator) -> Examples | None:
    return examples(home.history(), home.seconds, home.places, frozenset(), random)
