"""The detector on homes that somebody lived in."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from cloud.detect.routine.findings import BEHAVIOUR
from cloud.detect.routine.model import load
from cloud.detect.routine.train import Examples, examples, score, train

DATA = Path(os.environ.get("ANBAN_DATA", Path(__file__).parents[6] / "shared" / "data"))
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the recordings are not at {DATA}"),
]
HOMES = 5


@pytest.fixture(scope="module")
def known() -> list[Examples]:
    """Every eighth day of five homes, and its altered copies."""
    from benchmarks.tihm import read_homes

    rich = [home for home in read_homes(DATA) if home.days > 50][:HOMES]
    skipped = frozenset(day for day in range(120) if day % 8)
    made = [
        examples(one.history(), one.seconds, one.places, skipped | one.agitated, np.random.default_rng(index))
        for index, one in enumerate(rich)
    ]
    return [one for one in made if one is not None]


def test_a_home_that_training_never_saw_is_told_from_its_altered_days(known: list[Examples]) -> None:
    model, held = train(known[1:]), known[0]
    days = score(model, held).day
    usual = days[held.kind == 0]
    for kind in range(1, len(BEHAVIOUR) + 1):
        copies = days[(held.kind == kind) & ~held.unchanged]
        assert np.median(copies) > np.quantile(usual, 0.85), BEHAVIOUR[kind - 1]


def test_training_twice_gives_the_same_model(known: list[Examples]) -> None:
    first, second = train(known[:4]), train(known[:4])
    assert first.thresholds == second.thresholds
    assert np.array_equal(first.night.weights, second.night.weights)


def test_equipment_taken_away_is_one_technical_alert_and_nothing_about_the_person() -> None:
    from benchmarks import routine_silence
    from benchmarks.tihm import read_homes

    rich = [home for home in read_homes(DATA) if home.days > 50][:1]
    for told in routine_silence.figures(rich, load(), seed=1).values():
        assert told == {"runs": 1, "exactly_one_technical": 1, "behavioural": 0}
