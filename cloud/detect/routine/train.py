"""Training of the routine model on homes whose days are known to be clean.

What this is: examples (clean days and their seven altered copies, each beside the home's own past), the fit
and the calibration of the budget. What it is not: needed to judge a home. The one idea: whatever decides
about a home was made from other homes, inside training too: thresholds come from homes that their fit had
not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from cloud.detect.routine import compare, pause
from cloud.detect.routine.altered import altered
from cloud.detect.routine.budget import own_level, threshold
from cloud.detect.routine.findings import BEHAVIOUR, Kind
from cloud.detect.routine.grid import DAY_S, Bools, Floats, Ints, grid
from cloud.detect.routine.history import BASELINE_DAYS, FEWEST_DAYS, DayState, History
from cloud.detect.routine.measures import measure
from cloud.detect.routine.model import Linear, RoutineModel

USUAL_WEIGHT: Final = 6.0
"""A usual day weighs as much as six copies: there are seven of them to one."""
STRENGTH: Final = 0.03
"""D. Inverse of the ridge penalty: the first value tried, not searched."""
FOLDS: Final = 4
UP_AGAIN_HOUR: Final = 12
"""When who does not rise is seen again in the copies."""
BUDGETS: Final = (1.0, 0.5)
"""Alerts per home-week that thresholds are kept for."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Rows of one home: ``kind`` is 0 for a day as lived, 1 to 7 for a copy with ``BEHAVIOUR[kind - 1]``.

    ``unchanged`` marks copies equal to their day (no visit to the bathroom to triple): nobody can find them.
    ``hour`` is (rows, hours, features), ``start`` the hour at which a copy's trouble begins.
    """

    day: Ints
    kind: Ints
    unchanged: Bools
    start: Ints
    hour: Floats
    night: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of the rows of one home on the common scale: per hour, and of the night."""

    hour: Floats
    night: Floats

    @property
    def day(self) -> Floats:
        """One number a day: the worst that was seen at any hour or at night."""
        worst: Floats = np.maximum(self.hour.max(axis=1), self.night)
        return worst


def examples(
    history: History, seconds: Ints, places: Ints, skip: frozenset[int], random: np.random.Generator
) -> Examples | None:
    """Examples of all judged days of a home, None when there is none; days in ``skip`` get no copies."""
    edges = np.searchsorted(seconds, np.arange(len(history.counts) + 1) * DAY_S)
    known, parts = measure(history.counts), list[Examples]()
    for day, state in enumerate(history.states):
        past = history.baseline(day)
        if state is DayState.UNHEARD or len(past) < FEWEST_DAYS:
            continue
        lived = (seconds[edges[day] : edges[day + 1]] % DAY_S, places[edges[day] : edges[day + 1]])
        counts, starts = [history.counts[day]], [0]
        for kind in () if day in skip else BEHAVIOUR:
            start = int(random.integers(8, 19))
            counts.append(grid(*altered(kind, lived, start, random)))
            starts.append(ONSETS.get(kind, start))
        parts.append(_beside(history.counts[past], known[past], np.stack(counts), np.array(starts), day))
    return _joined(parts) if parts else None


ONSETS: Final = {
    Kind.DOES_NOT_RISE: 5,
    Kind.NIGHT_WANDERING: 1,
    Kind.NO_MEALS: 0,
    Kind.SHIFTED_DAY: 0,
    Kind.HALF_ACTIVITY: 0,
    Kind.BATHROOM_OFTEN: 0,
}
"""Hours at which a copy's trouble begins; a collapse at its own."""


def _beside(past: Floats, known: Floats, counts: Floats, starts: Ints, day: int) -> Examples:
    return Examples(
        np.full(len(counts), day),
        np.arange(len(counts)),
        np.array([index > 0 and np.array_equal(one, counts[0]) for index, one in enumerate(counts)]),
        starts,
        np.stack([pause.features(past, counts, hour) for hour in pause.HOURS], axis=1),
        compare.compare(past, counts, known),
    )


def _joined(parts: Sequence[Examples]) -> Examples:
    names = ("day", "kind", "unchanged", "start", "hour", "night")
    return Examples(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def fit(homes: Sequence[Examples]) -> RoutineModel:
    """The two models of ``homes``, without thresholds."""
    known = [home for home in homes if len(home.day)]
    return RoutineModel(_fit_hour(known), _fit_night(known), {}, {})


def _fit_night(homes: Sequence[Examples]) -> Linear:
    rows = np.concatenate([home.night[~home.unchanged] for home in homes])
    kinds = np.concatenate([home.kind[~home.unchanged] for home in homes])
    scaler = StandardScaler().fit(rows)
    ridge = LogisticRegression(C=STRENGTH, max_iter=300)
    ridge.fit(scaler.transform(rows), kinds, sample_weight=np.where(kinds == 0, USUAL_WEIGHT, 1.0))
    weights, bias = ridge.coef_[1:] - ridge.coef_[0], ridge.intercept_[1:] - ridge.intercept_[0]
    return Linear(scaler.mean_, scaler.scale_, weights.T, bias)


def _fit_hour(homes: Sequence[Examples]) -> Linear:
    chosen = [_hours_told(home) for home in homes]
    rows = np.concatenate([home.hour[use] for home, (use, _) in zip(homes, chosen, strict=True)])
    truth = np.concatenate([ominous for _, ominous in chosen])
    scaler = StandardScaler().fit(rows)
    ridge = LogisticRegression(C=STRENGTH, max_iter=300).fit(scaler.transform(rows), truth)
    return Linear(scaler.mean_, scaler.scale_, ridge.coef_.T, ridge.intercept_)


def _hours_told(home: Examples) -> tuple[Bools, Bools]:
    """Which (row, hour) are examples, and which of those are ominous: silence that has lasted two hours."""
    hour = np.array(pause.HOURS)[None, :]
    kind, start = home.kind[:, None], home.start[:, None]
    rise = (kind == 1 + BEHAVIOUR.index(Kind.DOES_NOT_RISE)) & (hour <= UP_AGAIN_HOUR)
    fell = kind == 1 + BEHAVIOUR.index(Kind.COLLAPSE)
    ominous = (rise | fell) & (hour >= start + 2) & ~home.unchanged[:, None]
    use = (kind == 0) | ominous
    return use, ominous[use]


def score(model: RoutineModel, home: Examples) -> Scores:
    """Scores of all rows of ``home``, strictly from its past, on the model's common scale."""
    hour = model.hour.score(home.hour)
    night = model.night.score(home.night)
    return Scores(
        (_levelled(home, hour, hour.max(axis=1), model.hour.middle)) / model.hour.width,
        (_levelled(home, night[:, None], night, model.night.middle))[:, 0] / model.night.width,
    )


def _levelled(home: Examples, values: Floats, per_day: Floats, middle: float) -> Floats:
    """``values`` (rows, any) less the middle, and less what the home's earlier days had by themselves."""
    usual = home.kind == 0
    days, own = home.day[usual], per_day[usual]
    level = {int(day): own_level(own[days < day][-BASELINE_DAYS:], middle) for day in np.unique(home.day)}
    own_levels: Floats = np.array([level[int(day)] for day in home.day])[:, None]
    return values - middle - own_levels


def scaled(model: RoutineModel, homes: Sequence[Examples]) -> RoutineModel:
    """``model`` with its common scale set by the usual days of ``homes``."""
    hour = np.concatenate([model.hour.score(home.hour[home.kind == 0]).max(axis=1) for home in homes])
    night = np.concatenate([model.night.score(home.night[home.kind == 0]) for home in homes])
    return replace(model, hour=_on_scale(model.hour, hour), night=_on_scale(model.night, night))


def _on_scale(model: Linear, usual: Floats) -> Linear:
    middle, high = np.percentile(usual, (50, 95))
    return replace(model, middle=float(middle), width=float(max(high - middle, 1e-6)))


def train(homes: Sequence[Examples], seed: int = 0) -> RoutineModel:
    """A model of ``homes`` with thresholds from homes that each fold's fit had not seen.

    With too few homes for a budget its threshold is infinite: nothing alerts.
    """
    order = np.random.default_rng(seed).permutation(len(homes))
    usual: list[Floats] = []
    for fold in range(FOLDS):
        held = set(order[fold::FOLDS].tolist())
        rest = [home for index, home in enumerate(homes) if index not in held]
        model = scaled(fit(rest), rest)
        usual += [score(model, homes[index]).day[homes[index].kind == 0] for index in sorted(held)]
    whole = scaled(fit(homes), homes)
    facts = {"homes": float(len(homes)), "usual_days": float(sum(len(days) for days in usual))}
    return replace(whole, thresholds={rate: threshold(usual, rate) for rate in BUDGETS}, training=facts)
