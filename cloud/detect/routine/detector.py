"""Looks at one home: every hour for what cannot wait, at night for the whole day.

What this is: the decisions, as functions of a history and a time. What it is not: storage; the shell keeps
the scores of earlier days and joins findings of one day. The one idea: equipment comes first. A day or
pause that was not wholly heard gives one technical finding and never one about the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from cloud.detect.routine import cold, compare, pause
from cloud.detect.routine.budget import own_level
from cloud.detect.routine.findings import BEHAVIOUR, TODAY, Finding, Kind, finding
from cloud.detect.routine.grid import DAY_S, HOUR, SLOT_S, SLOTS, Floats
from cloud.detect.routine.history import BASELINE_DAYS, FEWEST_DAYS, UNHEARD_SLOTS, History
from cloud.detect.routine.measures import WAKING
from cloud.detect.routine.model import Linear, RoutineModel
from cloud.detect.routine.occupancy import Interval, merged
from cloud.detect.routine.words import in_words

TOLD: Final = 3
"""Numbers of the comparison that a nightly finding names beside those of its sentence."""


@dataclass(frozen=True, slots=True)
class Own:
    """Scores that the home's earlier days had by themselves, oldest first: the highest of each day's hours,
    and of its night. Not levelled; the last 28 are used.
    """

    hour: Sequence[float] = field(default=())
    night: Sequence[float] = field(default=())


@dataclass(frozen=True, slots=True)
class Seen:
    """``score`` is to be kept for ``Own``; None when the time was not judged by the model."""

    score: float | None
    finding: Finding | None


def see_hour(history: History, model: RoutineModel, own: Own, now: datetime, per_week: float = 1.0) -> Seen:
    """Does the pause that lasts at the full local hour ``now`` mean that somebody does not rise, or fell?

    ``history`` reaches to ``now``; its last day may be unfinished. Nothing is said before 6 o'clock.
    ``per_week`` is one of the budgets that the model keeps (KeyError otherwise).
    """
    day, hour = _place(history, now)
    if hour not in pause.HOURS or not _heard(history, day, hour * HOUR):
        return Seen(None, None)
    past = history.counts[history.baseline(day)]
    today = history.counts[day]
    if len(past) < FEWEST_DAYS:
        return Seen(None, None)
    row = pause.features(past, today[None], hour)[0]
    score = float(model.hour.score(row))
    if _level(score, own.hour, model.hour) <= model.thresholds[per_week]:
        return Seen(score, None)
    return Seen(score, _pause(history, row, day, hour, now))


def see_night(history: History, model: RoutineModel, own: Own, now: datetime, per_week: float = 1.0) -> Seen:
    """What was unlike this person in the day that ended at the local midnight ``now``."""
    day, _ = _place(history, now)
    if not _heard(history, day, SLOTS):
        return Seen(None, None)
    past = history.counts[history.baseline(day)]
    if len(past) < FEWEST_DAYS:
        return Seen(None, cold.night(history, day, now))
    row = compare.compare(past, history.counts[day][None])[0]
    score = float(model.night.score(row))
    if _level(score, own.night, model.night) <= model.thresholds[per_week]:
        return Seen(score, None)
    return Seen(score, _day(history, model, row, day, now))


def see_equipment(history: History, unheard: Sequence[Interval], now: datetime) -> tuple[Finding, ...]:
    """One technical finding for each stretch of silence that ``now`` lies in or that ended within the last
    day.

    A stretch keeps its onset while it lasts, so looking again finds the same one, not another.
    """
    at_s = (now - history.midnight).total_seconds()
    return tuple(
        finding(Kind.EQUIPMENT_SILENT, _silent(one, at_s), _at(history, one.start), now)
        for one in merged(unheard)
        if one.start <= at_s and one.end > at_s - DAY_S
    )


def _silent(stretch: Interval, at_s: float) -> Mapping[str, float]:
    return {"silent_h": round((min(stretch.end, at_s) - stretch.start) / 3600, 1)}


def _place(history: History, now: datetime) -> tuple[int, int]:
    """The day that ``now`` closes or lies in, and its hour, 1 to 24."""
    hours = int((now - history.midnight).total_seconds() // 3600)
    return (hours - 1) // 24, (hours - 1) % 24 + 1


def _heard(history: History, day: int, end: int) -> bool:
    return int((~history.heard[day, :end]).sum()) <= UNHEARD_SLOTS and bool(
        history.heard[day, max(end - HOUR, 0) : end].all()
    )


def _level(score: float, own: Sequence[float], model: Linear) -> float:
    usual = own_level(np.array(own[-BASELINE_DAYS:], dtype=np.float64), model.middle)
    return (score - model.middle - usual) / model.width


def _at(history: History, seconds: float) -> datetime:
    return history.midnight + timedelta(seconds=seconds)


def _pause(history: History, row: Floats, day: int, hour: int, now: datetime) -> Finding:
    active = history.counts[day : day + 1].sum(axis=2) > 0
    last = int(pause.last_active(active, hour * HOUR)[0])
    kind = Kind.DOES_NOT_RISE if last < WAKING + HOUR else Kind.COLLAPSE
    told = dict(zip(pause.FEATURES, row.tolist(), strict=True))
    onset = _at(history, day * DAY_S + max(last + 1, 0) * SLOT_S)
    return finding(
        kind,
        {"quiet_h": round(told["pause"], 1), "usual": round(told["expected"], 1)},
        onset,
        now,
    )


def _day(history: History, model: RoutineModel, row: Floats, day: int, now: datetime) -> Finding:
    index = int(model.night.odds(row).argmax())
    shares = model.night.shares(row, index)
    kind = BEHAVIOUR[index]
    names = [compare.FEATURES[i] for i in np.argsort(shares)[::-1][:TOLD]]
    told = dict(zip(compare.FEATURES, row.tolist(), strict=True))
    numbers = in_words(kind, history.counts[history.baseline(day)], history.counts[day])
    found = finding(kind, numbers, _at(history, day * DAY_S), now)
    weighed = {name: round(told[name], 2) for name in names}
    return replace(found, weighed=weighed, priority=max(found.priority, TODAY))
