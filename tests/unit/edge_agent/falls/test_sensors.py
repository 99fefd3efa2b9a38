"""The same movement as another sensor feels it."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.falls.around import AFTER, BEFORE, contexts
from edge_agent.falls.candidates import Floats
from edge_agent.falls.features import measure
from edge_agent.falls.sensors import RANGES_G, SHIFT_S, SHORTEST_S, as_others, cut_short
from tests.unit.edge_agent.falls.falling import IMPACT_S, fall


def felt(times: int = 60, seed: int = 1) -> tuple[Floats, Floats]:
    """The invented fall, and how ``times`` other sensors feel it."""
    own = contexts(fall(), np.array([round(IMPACT_S * 50)]))
    return own, as_others(np.repeat(own, times, axis=0), seed)


def test_another_sensor_gives_as_many_samples() -> None:
    own, others = felt()
    assert others.shape[1:] == own.shape[1:]
    assert np.isfinite(others).all()


def test_no_axis_exceeds_the_range_of_any_sensor_and_some_sensors_clip() -> None:
    _, others = felt()
    highest = np.abs(others).max(axis=(1, 2))
    assert highest.max() <= max(RANGES_G)
    assert (highest <= min(RANGES_G)).any()


def test_the_peak_is_where_a_judgement_looks_for_it() -> None:
    _, others = felt()
    reach = round(SHIFT_S * 50)
    near = np.linalg.norm(others[:, BEFORE - reach : BEFORE + reach + 1], axis=2)
    assert (near.max(axis=1) <= np.linalg.norm(others[:, BEFORE], axis=1) + 1e-9).mean() > 0.9


def test_who_lies_afterwards_lies_for_every_sensor() -> None:
    own, others = felt()
    assert measure(others)["turn_end"] == pytest.approx(measure(own)["turn_end"][0], abs=5)


def test_the_same_seed_draws_the_same_sensors() -> None:
    np.testing.assert_array_equal(felt(seed=4)[1], felt(seed=4)[1])


def test_nothing_felt_by_others_is_nothing() -> None:
    own, _ = felt()
    assert len(as_others(own[:0], 1)) == 0


def test_a_link_that_came_late_or_broke_early_leaves_its_last_sample() -> None:
    course = np.arange(BEFORE + AFTER + 1, dtype=np.float64)
    told = cut_short(np.repeat(course[None, :, None], 400, axis=0).repeat(3, axis=2), seed=1)[:, :, 0]
    first, last = told[:, 0], told[:, -1]
    assert (told == np.clip(course, first[:, None], last[:, None])).all()
    assert first.max() <= BEFORE - SHORTEST_S[0] * 50
    assert last.min() >= BEFORE + SHORTEST_S[1] * 50
    assert 0.4 < (first > 0).mean() < 0.6
    assert 0.4 < (last < course[-1]).mean() < 0.6


def test_the_same_seed_cuts_the_same_short() -> None:
    own, _ = felt()
    many = np.repeat(own, 20, axis=0)
    np.testing.assert_array_equal(cut_short(many, 3), cut_short(many, 3))
