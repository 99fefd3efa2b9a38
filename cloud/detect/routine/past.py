"""Stored days as a history.

What this is: the days of ``store`` put in a row. What it is not: a query, except for training, which reads
whole homes. The one idea: a day that is missing was not heard.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np

from cloud.db import Connection
from cloud.detect.routine import store
from cloud.detect.routine.detector import Own
from cloud.detect.routine.history import BASELINE_DAYS, FEWEST_DAYS, History, known
from cloud.detect.routine.quarters import Days, as_counts, enough
from cloud.detect.routine.store import Kept, nothing
from cloud.detect.routine.times import calendar
from cloud.festivals import FESTIVALS

BY_DAY: Final = 50
BY_NIGHT: Final = 90
"""D. Per cent of the usual activity that must be noticed: a silence is judged while half of the home is
heard, a whole day only when nearly all of it was, or a dead sensor would look like less activity."""
FEWEST: Final = 2 * FEWEST_DAYS
"""Stored days of a home that training learns from."""
_HOMES: Final = 100
_DAY: Final = timedelta(days=1)


def past(kept: Mapping[date, Kept], until: date) -> list[Kept]:
    """The days before ``until`` from the first stored one on."""
    if not kept or min(kept) >= until:
        return []
    first = min(kept)
    each = (first + index * _DAY for index in range((until - first).days))
    return [kept.get(day) or nothing(day) for day in each]


def history_of(
    days: Sequence[Kept], lived: Days | None, per_cent: int, midnight: datetime, market: date | None
) -> History:
    """``days`` that are past, and ``lived`` ones from ``midnight`` on."""
    counts = [day.counts[None] for day in days] + ([] if lived is None else [lived.counts])
    listening = [day.listening[None] for day in days] + ([] if lived is None else [lived.listening])
    return known(
        as_counts(np.concatenate(counts)),
        enough(np.concatenate(listening), per_cent),
        midnight=midnight - len(days) * _DAY,
        calendar=calendar(market, FESTIVALS),
    )


def own_of(days: Iterable[Kept]) -> Own:
    """The scores that ``days`` had by themselves."""
    listed = list(days)[-BASELINE_DAYS:]
    return Own(
        [day.hour_score for day in listed if day.hour_score is not None],
        [day.night_score for day in listed if day.night_score is not None],
    )


async def homes(conn: Connection, until: datetime) -> AsyncIterator[tuple[int, History]]:
    """Every home with enough stored days before the midnight ``until``, by number."""
    after = 0
    while numbers := await store.learnt(conn, after, FEWEST, _HOMES):
        for number in numbers:
            kept = await store.days(conn, number, date.min, until.date())
            yield number, history_of(past(kept, until.date()), None, BY_NIGHT, until, None)
        after = numbers[-1]
