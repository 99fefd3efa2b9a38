"""R2: TIHM's verified days of agitation, week by week, beside what needs no model.

What this is: a logistic model on the nightly features, trained on all earlier weeks, judged on the next one,
beside "label history only", "event count" and chance. What it is not: a claim to find agitation, since days
without a label are not days without it, and few homes hold most labels. The one idea: nothing of the future
is used, not even a scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.tihm import TihmHome
from cloud.detect.routine.grid import Bools, Floats, Ints
from cloud.detect.routine.train import Examples

FIRST_WEEK: Final = 5
"""Weeks of labels before the first one that is judged."""
Rows = tuple[Floats, Bools, Ints]


def figures(homes: Sequence[TihmHome], known: Mapping[str, Examples], seed: int) -> dict[str, object]:
    """SE, SP, AUC, AP of each way; the threshold flags as many past days as were labelled."""
    table, truth, week = _rows(homes, known)
    ways = {
        "routine": table[:, 2:],
        "routine_and_history": table[:, 1:],
        "label_history_only": table[:, 1:2],
        "event_count": table[:, :1],
    }
    out: dict[str, object] = {"days": len(truth), "agitated": int(truth.sum())}
    for name, columns in ways.items():
        out[name] = _rolled(columns, truth, week)
    chance = np.random.default_rng(seed).random((len(truth), 3))
    out["random"] = _rolled(chance, truth, week)
    return out


def _rows(homes: Sequence[TihmHome], known: Mapping[str, Examples]) -> Rows:
    """Event count, own label history, nightly features; the truth; the calendar week."""
    tables, truths, weeks = list[Floats](), list[Bools](), list[Ints]()
    for home in (one for one in homes if one.name in known):
        one = known[home.name]
        lived = one.kind == 0
        days = one.day[lived]
        agitated = np.array([int(day) in home.agitated for day in days])
        before = [sum(day - 14 <= label < day for label in home.agitated) for day in days.tolist()]
        count = np.bincount(home.seconds // 86_400, minlength=home.days)[days]
        tables.append(np.column_stack([np.log1p(count), np.log1p(before), one.night[lived]]))
        truths.append(agitated)
        weeks.append((home.first.toordinal() - date(2019, 4, 1).toordinal() + days) // 7)
    return np.concatenate(tables), np.concatenate(truths), np.concatenate(weeks)


def _rolled(columns: Floats, truth: Bools, week: Ints) -> dict[str, float]:
    scores, flags = np.full(len(truth), np.nan), np.zeros(len(truth), dtype=np.bool_)
    for now in range(FIRST_WEEK, int(week.max()) + 1):
        past, present = week < now, week == now
        if truth[past].sum() < 5 or not present.any():
            continue
        model = make_pipeline(
            StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=500)
        )
        model.fit(columns[past], truth[past])
        limit = np.quantile(model.predict_proba(columns[past])[:, 1], 1 - truth[past].mean())
        scores[present] = model.predict_proba(columns[present])[:, 1]
        flags[present] = scores[present] > limit
    told = ~np.isnan(scores)
    return {
        "se": round(float(flags[told & truth].mean()), 3),
        "sp": round(float(1 - flags[told & ~truth].mean()), 3),
        "auc": round(float(roc_auc_score(truth[told], scores[told])), 3),
        "ap": round(float(average_precision_score(truth[told], scores[told])), 3),
    }
