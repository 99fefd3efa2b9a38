"""When a home was heard, empty or shared."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cloud.detect.routine.grid import SLOTS, Floats, Place
from cloud.detect.routine.occupancy import Interval, covered, merged, outings, silences, without

pieces = st.lists(
    st.tuples(st.integers(0, 100), st.integers(0, 100)).map(lambda ends: Interval(min(ends), max(ends))),
    max_size=12,
)


@given(pieces)
def test_what_is_in_the_parts_and_what_is_not_make_the_whole(parts: list[Interval]) -> None:
    whole = Interval(0, 100)
    inside, outside = merged(parts), without(whole, parts)
    assert sum(one.length_s for one in (*inside, *outside)) == whole.length_s
    assert merged((*inside, *outside)) == (whole,)


@given(pieces)
def test_merged_intervals_are_in_order_and_apart(parts: list[Interval]) -> None:
    inside = merged(parts)
    assert all(a.end < b.start for a, b in pairwise(inside))


def test_a_device_that_checks_in_is_not_silent() -> None:
    assert silences([0, 3600, 7200, 10800], 12000) == ()


def test_the_silence_that_still_lasts_ends_now() -> None:
    assert silences([0, 100], 10_000) == (Interval(100, 10_000),)


def test_a_slot_touched_by_a_gap_was_not_heard() -> None:
    assert covered(4, 900, [Interval(1000, 1900)]).tolist() == [True, False, False, True]


def day(*signs: tuple[int, Place]) -> Floats:
    counts = np.zeros((1, SLOTS, len(Place)))
    for slot, place in signs:
        counts[0, slot, place] = 1
    return counts


def test_nothing_after_the_front_door_is_an_outing() -> None:
    seen = day((32, Place.LIVING), (33, Place.FRONT_DOOR), (50, Place.HALL))
    assert outings(seen, 3600) == (Interval(34 * 900, 50 * 900),)


def test_nothing_after_the_bedroom_is_no_outing() -> None:
    assert outings(day((32, Place.FRONT_DOOR), (36, Place.BEDROOM), (60, Place.LIVING)), 7200) == ()
