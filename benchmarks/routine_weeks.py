"""How often the parts without a budget speak: the rules of the first week, and the trends.

What this is: every night of the homes' first days by the rule for everybody, and every night of all their
days by the trends, told as the product tells them (``follow``). What it is not: a measure of misses, since
nobody labelled either. The one idea: what is not calibrated must at least be counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from benchmarks.tihm import TihmHome
from cloud.detect.routine import cold
from cloud.detect.routine.findings import Finding
from cloud.detect.routine.follow import Before, to_tell
from cloud.detect.routine.grid import SLOTS
from cloud.detect.routine.history import FEWEST_DAYS, DayState, History
from cloud.detect.routine.quarters import UNKNOWN
from cloud.detect.routine.trends import FEWEST, see_trends

WEEK: Final = 7
_DAY: Final = timedelta(days=1)
Looks = Callable[[History], Iterator[tuple[datetime, list[Finding]]]]


def figures(homes: Sequence[TihmHome]) -> dict[str, object]:
    """Home-weeks looked at, and alerts a home-week of each part and kind."""
    histories = [home.history() for home in homes]
    return {"first_week": _rates(histories, _first_week), "trends": _rates(histories, _trends)}


def _rates(histories: Sequence[History], looks: Looks) -> dict[str, object]:
    days, told = 0, Counter[str]()
    for history in histories:
        before = list[Before]()
        for now, found in looks(history):
            days += now.hour == 0
            for one in to_tell(found, before, now):
                told[one.kind.value] += 1
                before.append(Before(one.kind.value, one.priority, one.onset, now))
    rates = {kind: round(WEEK * n / days, 3) for kind, n in sorted(told.items())}
    return {"home_weeks": round(days / WEEK, 1), "a_home_week": round(sum(rates.values()), 2), **rates}


def _first_week(history: History) -> Iterator[tuple[datetime, list[Finding]]]:
    """Every night of the days before seven usual ones are known."""
    for day in _heard(history):
        if len(history.baseline(day)) >= FEWEST_DAYS:
            return
        now = history.midnight + (day + 1) * _DAY
        yield now, [one for one in (cold.night(history, day, now),) if one is not None]


def _trends(history: History) -> Iterator[tuple[datetime, list[Finding]]]:
    """Every night after the first two weeks; nobody in the data has a mat."""
    for day in _heard(history):
        if day < FEWEST:
            continue
        known = replace(history, counts=history.counts[: day + 1], heard=history.heard[: day + 1],
                        states=history.states[: day + 1], types=history.types[: day + 1])  # fmt: skip
        now = history.midnight + (day + 1) * _DAY
        yield now, list(see_trends(known, np.full((day + 1, SLOTS), UNKNOWN, dtype=np.uint8), now))


def _heard(history: History) -> Iterator[int]:
    return (day for day, state in enumerate(history.states) if state is not DayState.UNHEARD)
