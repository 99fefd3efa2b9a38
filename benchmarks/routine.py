"""How well odd days are found: ``python -m benchmarks.routine --data DIR [--json] [--only r1,r2,r4,…]``.

What this is: protocols R1 (altered copies of clean days), R4 (equipment taken away) and R2 (labelled days of
agitation) on the TIHM homes, how often the parts without a budget speak (``weeks``), and what many homes cost
(``growth``). What it is not: training of the shipped file, except with ``--write FILE``. The one idea: a home
is judged by a model, a scale and thresholds that were all made from other homes, and from its own past alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from benchmarks import routine_growth, routine_labels, routine_silence, routine_weeks
from benchmarks.page import write_part
from benchmarks.routine_page import kept, lines
from benchmarks.tihm import TihmHome, read_homes
from cloud.detect.routine import pause
from cloud.detect.routine.budget import WEEK
from cloud.detect.routine.findings import BEHAVIOUR, URGENT
from cloud.detect.routine.grid import Bools, Floats
from cloud.detect.routine.model import RoutineModel, write
from cloud.detect.routine.train import BUDGETS, Examples, Scores, examples, score, train

PROCESSES: Final = 2
SEED: Final = 7
RESAMPLES: Final = 2000
HOURS: Final = np.array(pause.HOURS)
Figures = dict[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One home by a model of the others."""

    home: Examples
    model: RoutineModel
    scores: Scores

    def alerts(self, per_week: float) -> Bools:
        above: Bools = self.scores.day > self.model.thresholds[per_week]
        return above


def made(homes: Sequence[TihmHome], seed: int) -> dict[str, Examples]:
    """The examples of each home with enough days; agitated days get no copies."""
    found = {
        home.name: examples(
            home.history(), home.seconds, home.places, home.agitated, np.random.default_rng([seed, index])
        )
        for index, home in enumerate(homes)
    }
    return {name: one for name, one in found.items() if one is not None}


def judged(held: int, homes: Sequence[Examples]) -> Judged:
    """The home ``held`` by a model trained and calibrated on all others."""
    with threadpool_limits(1):
        model = train([home for index, home in enumerate(homes) if index != held])
        return Judged(homes[held], model, score(model, homes[held]))


def interval(homes: Sequence[Judged], of: Callable[[Sequence[Judged]], float]) -> tuple[float, float, float]:
    """``of`` all homes, and its 95 % interval when homes are drawn anew."""
    random = np.random.default_rng(SEED)
    draws = random.integers(0, len(homes), (RESAMPLES, len(homes)))
    spread = np.nanpercentile([of([homes[i] for i in draw]) for draw in draws], (2.5, 97.5))
    return round(of(homes), 3), round(float(spread[0]), 3), round(float(spread[1]), 3)


def rate(homes: Sequence[Judged], per_week: float) -> float:
    """Alerts a home-week on days as they were lived."""
    alerts = [one.alerts(per_week)[one.home.kind == 0] for one in homes]
    return WEEK * float(np.concatenate(alerts).mean())


def recall(
    homes: Sequence[Judged], per_week: float, kind: int | None = None, *, every: bool = False
) -> float:
    """Share of copies that alert, of one kind or all; those equal to their day only with ``every``."""
    found = [
        one.alerts(per_week)[
            (one.home.kind == kind if kind else one.home.kind > 0) & (every | ~one.home.unchanged)
        ]
        for one in homes
    ]
    return float(np.concatenate(found).mean())


def auroc(homes: Sequence[Judged], kind: int | None = None) -> float:
    """Of usual days against copies, of one kind or all that differ from their day."""
    keep = [
        ~one.home.unchanged & ((one.home.kind == 0) | (one.home.kind == kind if kind else True))
        for one in homes
    ]
    truth = np.concatenate([one.home.kind[use] > 0 for one, use in zip(homes, keep, strict=True)])
    value = np.concatenate([one.scores.day[use] for one, use in zip(homes, keep, strict=True)])
    return float(roc_auc_score(truth, value))


def delays(homes: Sequence[Judged], per_week: float, kind: int) -> Floats:
    """Hours from onset to the first alert of each copy of ``kind``; infinite where nothing alerts."""
    out: list[Floats] = []
    for one in homes:
        rows = (one.home.kind == kind) & ~one.home.unchanged
        limit, start = one.model.thresholds[per_week], one.home.start[rows]
        late = (one.scores.hour[rows] > limit) & (start[:, None] < HOURS)
        at = np.where(late.any(axis=1), HOURS[late.argmax(axis=1)], np.inf)
        night = np.where(one.scores.night[rows] > limit, 24.0, np.inf)
        out.append(np.minimum(at, night) - start)
    return np.concatenate(out)


def injected(homes: Sequence[Judged]) -> Figures:
    """R1."""
    return {
        "homes": len(homes),
        "lived_days": int(sum((one.home.kind == 0).sum() for one in homes)),
        "copies": int(sum((one.home.kind > 0).sum() for one in homes)),
        "copies_equal_to_their_day": int(sum(one.home.unchanged.sum() for one in homes)),
        "auroc": interval(homes, auroc),
        "auroc_by_kind": {kind: round(auroc(homes, i), 3) for i, kind in enumerate(BEHAVIOUR, 1)},
        "budgets": {str(budget): _at_budget(homes, budget) for budget in BUDGETS},
    }


def _at_budget(homes: Sequence[Judged], per_week: float) -> Figures:
    return {
        "alerts_per_home_week": interval(homes, partial(rate, per_week=per_week)),
        "homes_above_budget": sum(rate([one], per_week) > per_week for one in homes),
        "highest_home": round(max(rate([one], per_week) for one in homes), 2),
        "recall": interval(homes, partial(recall, per_week=per_week)),
        "recall_with_unfindable_copies": round(recall(homes, per_week, every=True), 3),
        "recall_by_kind": {kind: round(recall(homes, per_week, i), 3) for i, kind in enumerate(BEHAVIOUR, 1)},
        "hours_to_alert": {
            kind: _delay(delays(homes, per_week, BEHAVIOUR.index(kind) + 1)) for kind in URGENT
        },
    }


def _delay(hours: Floats) -> Mapping[str, float]:
    known = np.where(np.isfinite(hours), hours, 99.0)
    middle, high = np.percentile(known, (50, 90), method="higher")
    within = {f"within_{limit}_h": round(float((hours <= limit).mean()), 3) for limit in (3, 4, 6, 8)}
    return {"median": float(middle), "p90": float(high), **within}


def everything(folder: Path, only: Sequence[str], file: Path | None, keep: Path | None) -> Figures:
    """All figures asked for, and the time each took; each is kept in ``keep`` once it is measured."""
    homes = read_homes(folder)
    known = made(homes, SEED)
    rows = list(known.values())
    if file is not None:
        write(file, train(rows))
    parts: dict[str, Callable[[], Figures]] = {
        "r1": lambda: injected(_judges(rows)),
        "r2": lambda: routine_labels.figures(homes, known, SEED),
        "r4": lambda: routine_silence.figures(homes, train(rows), SEED),
        "weeks": lambda: routine_weeks.figures(homes),
        "growth": lambda: routine_growth.figures(homes, SEED),
    }
    figures: Figures = {}
    for name in (one for one in parts if one in only):
        began = time.monotonic()
        measured = {**parts[name](), "seconds": round(time.monotonic() - began, 1)}
        figures = {**figures, **kept({name: measured}, keep)}
    return figures


def _judges(rows: Sequence[Examples]) -> list[Judged]:
    with ProcessPoolExecutor(PROCESSES) as pool:
        return list(pool.map(partial(judged, homes=rows), range(len(rows))))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", default="r1,r2,r4,weeks,growth")
    parser.add_argument("--write", type=Path, help="train on all homes and write the model to this file")
    parser.add_argument("--keep", type=Path, help="add the figures to those in this file: a run in pieces")
    parser.add_argument("--page", type=Path, help="write the tables into this page")
    asked = parser.parse_args()
    figures = everything(asked.data, asked.only.split(","), asked.write, asked.keep)
    if asked.page:
        write_part(asked.page, "routine", lines(figures))
    print(json.dumps(figures, indent=None if asked.json else 2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
