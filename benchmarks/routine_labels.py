"""R2: TIHM's verified days of agitation in homes that no model has seen, beside what needs no model.

What this is: a logistic model of all other homes' earlier weeks, judged on a home and week that it has not
seen, in several ways: by the nightly features, by the level of activity, by the home's own label history, and
by level and history together. What it is not: a claim to find agitation, since days without a label are not
days without it, and few homes hold most labels. The one idea: nothing of the future and nothing of the judged
home is used, not even a scale; only its own earlier labels, as they would have come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.tihm import TihmHome
from cloud.detect.routine.grid import DAY_S, Bools, Floats, Ints
from cloud.detect.routine.train import Examples

FEWEST_LABELS: Final = 5
"""Labelled days of earlier weeks without which nothing is fitted."""
HISTORY_D: Final = (14, 7)
RESAMPLES: Final = 1000
STRENGTH: Final = 0.1
"""D. Inverse of the ridge penalty; with 0.01 the order of the ways is the same."""
BASELINE: Final = "label_history_only"


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """One row a day of all homes: ``count`` log of activations, ``history`` logs of own labels before."""

    count: Floats
    history: Floats
    night: Floats
    truth: Bools
    week: Ints
    home: Ints


def figures(homes: Sequence[TihmHome], known: Mapping[str, Examples], seed: int) -> dict[str, object]:
    """SE, SP, AUC, AP of each way; the threshold flags as many earlier days as were labelled."""
    days = _days([home for home in homes if home.name in known], known)
    level, random = days.count[:, None], np.random.default_rng(seed)
    ways = {
        "level_and_history": np.hstack([level, days.history]),
        BASELINE: days.history,
        "event_count": level,
        "nightly_features": days.night,
        "nightly_features_and_history": np.hstack([days.night, days.history]),
        "random": random.random((len(days.truth), 3)),
    }
    judged = {name: _unseen(columns, days) for name, columns in ways.items()}
    told = ~np.isnan(judged[BASELINE][0])
    out: dict[str, object] = {"days": int(told.sum()), "agitated": int(days.truth[told].sum())}
    out["homes_with_labels"] = len(np.unique(days.home[told & days.truth]))
    for name, (scores, flags) in judged.items():
        out[name] = _measured(days.truth[told], scores[told], flags[told])
    both = [judged[name][0] for name in ("level_and_history", BASELINE)]
    out["level_and_history_less_label_history"] = {
        "auc": _gain(days, told, both, roc_auc_score, random),
        "ap": _gain(days, told, both, average_precision_score, random),
    }
    return out


def _days(homes: Sequence[TihmHome], known: Mapping[str, Examples]) -> Days:
    parts = [_of_home(number, home, known[home.name]) for number, home in enumerate(homes)]
    names = ("count", "history", "night", "truth", "week", "home")
    return Days(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _of_home(number: int, home: TihmHome, one: Examples) -> Days:
    lived = one.kind == 0
    days = one.day[lived]
    before = [
        [sum(day - back <= label < day for label in home.agitated) for back in HISTORY_D] for day in days
    ]
    return Days(
        np.log1p(np.bincount(home.seconds // DAY_S, minlength=home.days)[days]),
        np.log1p(np.array(before, dtype=np.float64)),
        np.clip(one.night[lived], -6, 6),
        np.array([int(day) in home.agitated for day in days]),
        (home.first.toordinal() - date(2019, 4, 1).toordinal() + days) // 7,
        np.full(len(days), number),
    )


def _unseen(columns: Floats, days: Days) -> tuple[Floats, Bools]:
    """Scores and flags of each day by a model of other homes' earlier weeks; NaN where none can be fitted."""
    scores, flags = np.full(len(days.truth), np.nan), np.zeros(len(days.truth), dtype=np.bool_)
    for home, week in sorted({(int(a), int(b)) for a, b in zip(days.home, days.week, strict=True)}):
        past, present = (days.home != home) & (days.week < week), (days.home == home) & (days.week == week)
        if days.truth[past].sum() < FEWEST_LABELS:
            continue
        ridge = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=500)
        model = make_pipeline(StandardScaler(), ridge).fit(columns[past], days.truth[past])
        limit = np.quantile(model.predict_proba(columns[past])[:, 1], 1 - days.truth[past].mean())
        scores[present] = model.predict_proba(columns[present])[:, 1]
        flags[present] = scores[present] > limit
    return scores, flags


def _measured(truth: Bools, scores: Floats, flags: Bools) -> dict[str, float]:
    return {
        "se": round(float(flags[truth].mean()), 3),
        "sp": round(float(1 - flags[~truth].mean()), 3),
        "auc": round(float(roc_auc_score(truth, scores)), 3),
        "ap": round(float(average_precision_score(truth, scores)), 3),
    }


def _gain(
    days: Days,
    told: Bools,
    scores: Sequence[Floats],
    of: Callable[[Bools, Floats], float],
    random: np.random.Generator,
) -> tuple[float, float, float]:
    """How much better the first scores are, and the 95 % interval when homes are drawn anew."""
    rows = [np.flatnonzero(told & (days.home == home)) for home in np.unique(days.home[told])]

    def gain(chosen: Ints) -> float:
        first, second = (float(of(days.truth[chosen], one[chosen])) for one in scores)
        return first - second

    drawn = (
        np.concatenate([rows[i] for i in random.integers(0, len(rows), len(rows))]) for _ in range(RESAMPLES)
    )
    spread = [gain(chosen) for chosen in drawn if days.truth[chosen].any()]
    low, high = np.percentile(spread, (2.5, 97.5))
    return round(gain(np.concatenate(rows)), 3), round(float(low), 3), round(float(high), 3)
