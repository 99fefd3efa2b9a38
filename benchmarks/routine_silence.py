"""R4: the equipment of a home falls silent for 12, 24 or 48 hours. One technical alert, nothing about the
person.

What this is: replay of each home hour by hour with a stretch of all events, check-ins among them, taken away.
What it is not: a proof that silence and collapse can be told apart by activations alone: they cannot. The one
idea: whoever falls leaves a home whose devices go on checking in; what fails leaves a home without any word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from benchmarks.tihm import TihmHome
from cloud.detect.routine.detector import Own, see_equipment, see_hour, see_night
from cloud.detect.routine.findings import Finding
from cloud.detect.routine.grid import DAY_S, HOUR, SLOT_S, SLOTS
from cloud.detect.routine.history import BASELINE_DAYS, DayState, History
from cloud.detect.routine.model import RoutineModel
from cloud.detect.routine.occupancy import PATIENCE_S, Interval, covered, merged, silences

LENGTHS_H: Final = (12, 24, 48)
CHECK_IN_S: Final = 3600
"""The data has no check-ins: they are laid in where the equipment was heard, and taken away with the rest."""
SETTLED_DAYS: Final = 15
AFTER: Final = timedelta(days=2)
"""Findings up to this long after the stretch count too: half a day must not look like half the activity."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was said in the days around a stretch; the same finding found again counts once."""

    technical: frozenset[datetime]
    behaviour: frozenset[tuple[str, datetime]]


def figures(homes: Sequence[TihmHome], model: RoutineModel, seed: int) -> dict[str, object]:
    """For each length: runs, those with exactly one technical alert, and new behavioural findings."""
    random = np.random.default_rng(seed)
    out: dict[str, object] = {}
    for length_h in LENGTHS_H:
        runs = [one for home in homes if (one := _run(home, model, length_h, random)) is not None]
        out[f"{length_h}_h"] = {
            "runs": len(runs),
            "exactly_one_technical": sum(technical == 1 for technical, _ in runs),
            "behavioural": sum(behavioural for _, behavioural in runs),
        }
    return out


def _run(
    home: TihmHome, model: RoutineModel, length_h: int, random: np.random.Generator
) -> tuple[int, int] | None:
    history = home.history()
    start = _start(history, length_h, random)
    if start is None:
        return None
    gap = Interval(start, start + length_h * 3600.0)
    cut = _without(home, gap)
    with_gap, untouched = replay(cut, model, gap), replay(home, model, gap)
    return (
        len(with_gap.technical - untouched.technical),
        len(with_gap.behaviour - untouched.behaviour),
    )


def _start(history: History, length_h: int, random: np.random.Generator) -> float | None:
    """A full hour after which all days up to two after the stretch were heard before anything was taken."""
    need = length_h // 24 + 4
    fitting = [
        day
        for day in range(SETTLED_DAYS, len(history.states) - need)
        if DayState.UNHEARD not in history.states[day - 1 : day + need]
    ]
    if not fitting:
        return None
    return float(random.choice(fitting) * DAY_S + int(random.integers(0, 24)) * 3600)


def _without(home: TihmHome, gap: Interval) -> TihmHome:
    keep = (home.seconds < gap.start) | (home.seconds >= gap.end)
    return replace(
        home, seconds=home.seconds[keep], places=home.places[keep], unheard=merged((*home.unheard, gap))
    )


def _stretches(home: TihmHome) -> tuple[Interval, ...]:
    """Silences as a gateway would know them: no activation and none of the hourly check-ins for two hours."""
    end = home.days * DAY_S
    times = np.arange(0, end, CHECK_IN_S)
    heard = covered(len(times), CHECK_IN_S, home.unheard)
    words = np.unique(np.concatenate([home.seconds, times[heard]])).astype(np.float64)
    return silences(words.tolist(), float(end))


def replay(home: TihmHome, model: RoutineModel, gap: Interval) -> Replayed:
    """Every hour and night from a day before the stretch until two days after it."""
    history, stretches = home.history(), _stretches(home)
    first, last = int(gap.start // DAY_S) - 1, int(gap.end // DAY_S) + AFTER.days
    own = _own(history, model, first)
    found: list[Finding] = []
    for hour in range(first * 24 + 1, (last + 1) * 24 + 1):
        now = history.midnight + timedelta(hours=hour)
        known = _so_far(stretches, hour * 3600.0)
        until_now = _up_to(history, hour, known)
        found += see_equipment(until_now, known, now)
        seen = [see_hour(until_now, model, own, now)]
        if hour % 24 == 0:
            seen.append(see_night(until_now, model, own, now))
        found += [one.finding for one in seen if one.finding is not None]
    technical = frozenset(one.onset for one in found if one.technical)
    return Replayed(technical, frozenset((one.kind.value, one.onset) for one in found if not one.technical))


def _so_far(stretches: Sequence[Interval], now_s: float) -> tuple[Interval, ...]:
    """What of ``stretches`` was known at ``now_s``: a silence is one only after two hours of it."""
    cut = (Interval(one.start, min(one.end, now_s)) for one in stretches)
    return tuple(one for one in cut if one.length_s > PATIENCE_S)


def _up_to(history: History, hour: int, silent: Sequence[Interval]) -> History:
    """What was known at ``hour``: whole days up to the one that it closes or lies in, cut at the time."""
    day = (hour - 1) // 24
    counts = history.counts[: day + 1].copy()
    counts[day, (hour - 24 * day) * HOUR :] = 0
    return replace(
        history,
        counts=counts,
        heard=covered((day + 1) * SLOTS, SLOT_S, silent).reshape(day + 1, SLOTS),
        states=history.states[: day + 1],
        types=history.types[: day + 1],
    )


def _own(history: History, model: RoutineModel, day: int) -> Own:
    """The scores that the days before ``day`` had by themselves."""
    hours, nights = list[float](), list[float]()
    for one in range(max(day - BASELINE_DAYS, 0), day):
        end = history.midnight + timedelta(days=one + 1)
        known = _up_to(history, (one + 1) * 24, ())
        if history.states[one] is DayState.UNHEARD:
            continue
        looks = [see_hour(known, model, Own(), end - timedelta(hours=back)) for back in range(18, -1, -1)]
        scores = [look.score for look in looks if look.score is not None]
        night = see_night(known, model, Own(), end).score
        if scores and night is not None:
            hours.append(max(scores))
            nights.append(night)
    return Own(hours, nights)
