"""The replay of recorded homes calls for what is acted into them, and for nothing in a day as any other."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from benchmarks.situations import ACTS, HOUR, Act, replay, said
from benchmarks.tihm import TihmHome
from cloud.detect.routine.grid import DAY_S, Place

USUAL = (
    (7.0, Place.KITCHEN),
    (8.0, Place.LIVING),
    (12.0, Place.KITCHEN),
    (13.0, Place.LIVING),
    (18.0, Place.KITCHEN),
    (19.0, Place.LIVING),
)


def home() -> TihmHome:
    """Three days like any other: a movement every ten minutes of the day, and to bed at ten."""
    moved = []
    for day in range(3):
        for begins, place in USUAL:
            moved += [
                (day * DAY_S + begins * HOUR + step * 600, place) for step in range(6 if begins != 19 else 18)
            ]
        moved.append((day * DAY_S + 22 * HOUR, Place.BEDROOM))
    seconds = np.array([int(second) for second, _ in moved], dtype=np.int64)
    places = np.array([int(place) for _, place in moved], dtype=np.int64)
    return TihmHome("made", date(2026, 6, 1), 3, seconds, places, (), frozenset())


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_what_is_acted_in_is_called_for_in_time_and_the_day_without_it_is_quiet(act: Act) -> None:
    lived = home()
    events = said(lived)
    at_s = DAY_S + sum(act.hour) / 2 * HOUR
    quiet = replay(events, lived, act.plan, 0.0, 2 * DAY_S)
    told = replay(act.play(events, at_s), lived, act.plan, 0.0, 2 * DAY_S)
    assert act.kind not in {one.kind for one in quiet}
    assert [one.at_s for one in told if one.kind is act.kind and at_s <= one.at_s <= at_s + act.within_s]
