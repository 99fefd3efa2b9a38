"""Calibration: a probability that can be taken at its word."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.falls.calibration import Calibration
from edge_agent.falls.train import calibrate


def test_scores_that_are_too_sure_are_brought_down_to_what_was_so() -> None:
    draw = np.random.default_rng(3)
    honest = draw.normal(0, 2, 20_000)
    is_fall = draw.random(20_000) < 1 / (1 + np.exp(-honest))
    line = calibrate(2.5 * honest + 1, is_fall)
    assert line.slope == pytest.approx(1 / 2.5, rel=0.05)
    assert line.probability(2.5 * np.array([0.0, 1.0]) + 1) == pytest.approx([0.5, 0.731], abs=0.03)


def test_the_order_of_scores_stays() -> None:
    scores = np.array([-3.0, -1.0, 0.5, 4.0])
    assert (np.diff(Calibration(slope=0.3, offset=2.0).probability(scores)) > 0).all()


def test_a_recording_without_a_candidate_is_no_fall() -> None:
    assert Calibration(slope=0.9, offset=1.0).probability(np.array([-np.inf])).tolist() == [0.0]
