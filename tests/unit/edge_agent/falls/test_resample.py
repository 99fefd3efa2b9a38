"""Resampling: values, counts, and that pieces make no difference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge_agent.falls.candidates import Floats
from edge_agent.falls.resample import Resampler


def in_pieces(rate_hz: float, rows: Floats, size: int) -> Floats:
    resampler = Resampler(rate_hz)
    return np.concatenate([resampler.feed(rows[at : at + size]) for at in range(0, len(rows), size)])


def ramp(length: int) -> Floats:
    return np.arange(length, dtype=np.float64)[:, None]


def test_a_sensor_at_about_fifty_hertz_is_left_alone() -> None:
    rows = ramp(30)
    assert Resampler(50.2).feed(rows) is rows


def test_four_samples_at_two_hundred_hertz_become_their_mean() -> None:
    assert in_pieces(200, ramp(12), 12)[:, 0].tolist() == pytest.approx([1.5, 5.5, 9.5])


def test_a_slow_sensor_is_joined_by_straight_lines() -> None:
    assert in_pieces(25, ramp(4), 4)[:, 0].tolist() == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5, 3])


@settings(deadline=None)
@given(rate_hz=st.floats(10, 800), size=st.integers(1, 70), length=st.integers(2, 400))
def test_pieces_give_what_the_whole_gives(rate_hz: float, size: int, length: int) -> None:
    rows = np.random.default_rng(1).normal(size=(length, 2))
    np.testing.assert_allclose(in_pieces(rate_hz, rows, size), in_pieces(rate_hz, rows, length), atol=1e-9)


@given(rate_hz=st.floats(10, 800))
@example(rate_hz=10.25)
def test_ten_seconds_become_five_hundred_samples(rate_hz: float) -> None:
    made = in_pieces(rate_hz, ramp(round(rate_hz * 10)), 25)
    assert abs(len(made) - 500) <= 5 + 30 / rate_hz, "a rate near 50 stays as it is; the last sample ends it"
