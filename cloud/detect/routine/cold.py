"""The first week: rules for everybody, until seven days of the person's own are known.

What this is: the cold-start rules of the domain table (section 5, rows 3, 4 and 12). What it is not: as
good as an own baseline. The one idea: only what would worry anybody about any home.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from cloud.detect.routine.findings import Finding, Kind, finding
from cloud.detect.routine.grid import DOORS, HOUR, MEALS, SLOT_S, Floats
from cloud.detect.routine.history import History
from cloud.detect.routine.measures import WAKING
from cloud.detect.routine.pause import last_active

UP_BY_HOUR: Final = 10
"""Row 4: not up by ten o'clock."""
DAY_PAUSE_H: Final = 4
"""Row 3: no activity for four hours of the day."""
LATEST_HOUR: Final = 20
"""After this somebody may have gone to bed."""


def hour(history: History, day: int, now_hour: int, now: datetime) -> Finding | None:
    """Not up by ten, or four hours of day without a sign after having been up; not after an outer door."""
    if now_hour > LATEST_HOUR:
        return None
    active = history.counts[day : day + 1].sum(axis=2) > 0
    last = int(last_active(active, now_hour * HOUR)[0])
    quiet = (now_hour * HOUR - 1 - last) / HOUR
    onset = history.midnight + timedelta(days=day, seconds=(last + 1) * SLOT_S)
    numbers = {"quiet_h": round(quiet, 2)}
    if last < WAKING:
        return _for_all(Kind.DOES_NOT_RISE, numbers, onset, now) if now_hour >= UP_BY_HOUR else None
    if quiet < DAY_PAUSE_H or _went_out(history.counts[day], last):
        return None
    return _for_all(Kind.COLLAPSE, numbers, onset, now)


def night(history: History, day: int, now: datetime) -> Finding | None:
    """A day without kitchen or fridge in a home that has been seen to use them."""
    meals = history.counts[: day + 1, :, MEALS].sum(axis=(1, 2))
    if meals[day] > 0 or not meals[:day].any():
        return None
    return _for_all(Kind.NO_MEALS, {"now": 0.0}, history.midnight + timedelta(days=day), now)


def _for_all(kind: Kind, numbers: Mapping[str, float], onset: datetime, now: datetime) -> Finding:
    return replace(finding(kind, numbers, onset, now), first_week=True)


def _went_out(counts: Floats, last: int) -> bool:
    near = counts[max(last - 1, 0) : last + 1]
    return bool(np.any(near[:, DOORS]))
