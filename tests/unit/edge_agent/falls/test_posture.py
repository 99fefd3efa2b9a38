"""Posture and calm after a peak: who stays down is told from who goes on."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.falls.around import contexts
from edge_agent.falls.candidates import Floats
from edge_agent.falls.posture import POSTURE, posture
from tests.unit.edge_agent.falls.falling import IMPACT_S, fall, walk


def described(samples: Floats) -> dict[str, float]:
    context = contexts(samples, np.array([round(IMPACT_S * 50)]))
    columns = posture(context, np.linalg.norm(context, axis=2))
    return {name: float(column[0]) for name, column in columns.items()}


def stumble() -> Floats:
    """The impact of a fall, after which the person goes on upright."""
    samples = fall()
    samples[310:] = walk()[310:]
    return samples


def test_every_number_is_documented() -> None:
    assert list(described(fall())) == list(POSTURE)


def test_who_lies_has_turned_and_is_calm() -> None:
    numbers = described(fall())
    assert numbers["turn_end"] == pytest.approx(90, abs=3)
    assert numbers["turn_whole"] == pytest.approx(90, abs=3)
    assert numbers["calm_after"] < 0.06
    assert numbers["path_after"] < 30


def test_who_goes_on_has_not_turned_and_is_not_calm() -> None:
    lying, going = described(fall()), described(stumble())
    assert going["turn_end"] < 20
    assert going["calm_after"] > 1.5 * lying["calm_after"]
    assert going["top_end"] > lying["top_end"]
