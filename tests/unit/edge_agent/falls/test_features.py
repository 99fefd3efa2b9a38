"""Features: what they mean on a movement whose numbers are known, and that the sensor may be worn any way."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.falls.around import AFTER, BEFORE, contexts
from edge_agent.falls.candidates import Floats, peaks
from edge_agent.falls.features import FEATURES, measure
from tests.unit.edge_agent.falls.falling import IMPACT_S, fall, rotated, walk


def described(samples: Floats) -> dict[str, float]:
    at = peaks(np.linalg.norm(samples, axis=1))
    columns = measure(contexts(samples, at[-1:]))
    return {name: float(column[0]) for name, column in columns.items()}


def test_a_fall_is_described_by_its_weightlessness_impact_and_turn() -> None:
    numbers = described(fall())
    assert numbers["peak"] == pytest.approx(np.linalg.norm([4.0, 1.0, 4.5]), abs=0.1)
    assert numbers["dip"] == pytest.approx(0.2, abs=0.1)
    assert numbers["turn_total"] == pytest.approx(90, abs=3)
    assert numbers["mean_after"] == pytest.approx(1, abs=0.02)
    assert numbers["light_s"] == pytest.approx(0.42, abs=0.06)


def test_walking_turns_little_and_loses_no_speed() -> None:
    numbers = described(walk())
    assert numbers["turn_total"] < 10
    assert numbers["steps_before"] >= 4


def test_every_feature_is_documented_and_every_documented_feature_is_measured() -> None:
    assert set(described(fall())) == set(FEATURES)
    assert all(text for text in FEATURES.values())


@pytest.mark.parametrize("seed", range(5))
def test_a_turned_sensor_gives_the_same_numbers(seed: int) -> None:
    upright, turned = described(fall()), described(rotated(fall(), seed))
    assert turned == pytest.approx(upright, rel=1e-6, abs=1e-5)


def test_all_numbers_are_finite_when_the_sensor_reads_nothing() -> None:
    columns = measure(np.zeros((1, BEFORE + 1 + AFTER, 3)))
    assert all(np.isfinite(column).all() for column in columns.values())


def test_beyond_the_ends_the_outermost_sample_is_held() -> None:
    samples = fall()[:20]
    around = contexts(samples, np.array([5]))
    assert around.shape == (1, BEFORE + 1 + AFTER, 3)
    assert (around[0, : BEFORE - 5] == samples[0]).all()
    assert (around[0, BEFORE + 14 :] == samples[-1]).all()


def test_one_context_or_many_make_no_difference() -> None:
    samples = np.concatenate([walk(), fall()])
    at = peaks(np.linalg.norm(samples, axis=1))
    together = measure(contexts(samples, at))
    for row, index in enumerate(at):
        alone = measure(contexts(samples, np.array([index])))
        for name in FEATURES:
            assert alone[name][0] == pytest.approx(together[name][row], rel=1e-12, abs=1e-12)


def test_the_impact_of_the_invented_fall_is_where_the_other_tests_expect_it() -> None:
    assert peaks(np.linalg.norm(fall(), axis=1)).tolist() == [round(IMPACT_S * 50)]
