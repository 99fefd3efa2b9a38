"""Training of many homes: the same model wherever it runs, and a clear word where it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from cloud.detect.routine.grid import DAY_S
from cloud.detect.routine.history import History
from cloud.detect.routine.model import RoutineModel
from cloud.detect.routine.parallel import FEWEST_HOMES, Backend, BackendError, lived, train_many
from tests.unit.cloud.detect.routine import lives

DAYS = 10


@pytest.fixture(scope="module")
def homes() -> list[tuple[int, History]]:
    return [(seed, lives.history(*lives.lived(DAYS, seed), days=DAYS)) for seed in range(FEWEST_HOMES)]


@pytest.fixture(scope="module")
def alone(homes: list[tuple[int, History]]) -> RoutineModel:
    return train_many(homes, Backend("sequential"))


@pytest.mark.parametrize(
    "backend", [Backend("loky", jobs=2), Backend("threading", jobs=2), Backend("dask", jobs=1)]
)
def test_every_back_end_gives_the_same_model(
    backend: Backend, homes: list[tuple[int, History]], alone: RoutineModel
) -> None:
    model = train_many(homes, backend)
    assert model.thresholds == alone.thresholds
    assert np.array_equal(model.night.weights, alone.night.weights)
    assert np.array_equal(model.hour.weights, alone.hour.weights)


def test_a_day_that_was_counted_can_be_altered_like_one_that_was_seen() -> None:
    history = lives.history(*lives.lived(3), days=3)
    seconds, places = lived(history)
    again = lives.history(seconds, places, days=3)
    assert (np.diff(seconds) >= 0).all()
    assert seconds.max() < 3 * DAY_S
    assert np.array_equal(again.counts, history.counts)


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        (Backend("spark"), "write one of"),
        (Backend("ray"), "the package ray is not installed here"),
        (Backend("dask", address="tcp://127.0.0.1:1", answer_s=0.1), "no scheduler answers"),
    ],
)
def test_where_it_cannot_run_is_said(backend: Backend, said: str, homes: list[tuple[int, History]]) -> None:
    with pytest.raises(BackendError, match=said):
        train_many(homes, backend)


def test_too_few_homes_are_refused() -> None:
    with pytest.raises(ValueError, match="training needs"):
        train_many([], Backend("sequential"))
