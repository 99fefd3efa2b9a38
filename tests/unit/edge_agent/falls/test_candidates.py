"""Peaks: the rule, and that it does not depend on how a recording is cut."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.falls.candidates import FLOOR_G, SEPARATION, Floats, peaks


def quiet(length: int, **spikes: float) -> Floats:
    magnitude = np.ones(length)
    for place, height in spikes.items():
        magnitude[int(place[1:])] = height
    return magnitude


def test_a_single_impact_is_the_only_peak() -> None:
    assert peaks(quiet(300, _150=4.0)).tolist() == [150]


def test_a_weak_bump_is_no_peak() -> None:
    assert peaks(quiet(300, _150=FLOOR_G - 0.01)).tolist() == []


def test_of_two_impacts_within_a_second_the_higher_one_counts() -> None:
    assert peaks(quiet(300, _150=3.0, _170=4.0)).tolist() == [170]
    assert peaks(quiet(300, _150=4.0, _170=3.0)).tolist() == [150]


def test_impacts_more_than_a_second_apart_both_count() -> None:
    assert peaks(quiet(300, _100=3.0, _151=4.0)).tolist() == [100, 151]


def test_of_equal_samples_the_first_counts() -> None:
    assert peaks(quiet(300, _150=3.0, _151=3.0, _200=3.0)).tolist() == [150]


def test_an_empty_or_reversed_range_has_no_peaks() -> None:
    assert peaks(quiet(300, _150=4.0), 150, 150).tolist() == []
    assert peaks(np.empty(0)).tolist() == []


@settings(deadline=None)
@given(
    heights=st.lists(st.integers(10, 30), min_size=1, max_size=400),
    cuts=st.lists(st.integers(1, 60), min_size=1, max_size=20),
)
def test_looking_piece_by_piece_finds_what_looking_at_once_finds(heights: list[int], cuts: list[int]) -> None:
    magnitude = np.array(heights) / 10
    found: list[int] = []
    first, turn = 0, 0
    while first < len(magnitude):
        stop = min(first + cuts[turn % len(cuts)], len(magnitude))
        low, high = max(first - SEPARATION, 0), min(stop + SEPARATION, len(magnitude))
        found += (peaks(magnitude[low:high], first - low, stop - low) + low).tolist()
        first, turn = stop, turn + 1
    assert found == peaks(magnitude).tolist()
