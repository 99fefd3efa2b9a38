"""Recorded falls and activities, as packets, through the shipped models.

The shipped models were trained on these recordings, so this shows that the files, the features and the stream
still belong together; it says nothing about people they have not seen (``benchmarks/falls.py`` does).
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from edge_agent.falls.calibration import Calibration
from edge_agent.falls.detector import FallDetector, FallFinding
from edge_agent.falls.examples import Examples, best_of_trials, examples
from edge_agent.falls.features import NAMES
from edge_agent.falls.learners import fit
from edge_agent.falls.model import FallModel, load_model
from edge_agent.falls.recordings import SETS, RecordingSet, Trial, read_set, windows
from edge_agent.falls.train import as_model, main
from firmware_protocols.model import DeviceId

DATA: Final = Path(os.environ.get("ANBAN_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
START: Final = datetime(2026, 1, 1, tzinfo=UTC)

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no recordings in {DATA}"),
]


@pytest.fixture(scope="module", params=sorted(SETS))
def which(request: pytest.FixtureRequest) -> RecordingSet:
    return SETS[request.param]


@pytest.fixture(scope="module")
def some(which: RecordingSet) -> list[Trial]:
    """Every seventeenth trial: all activities and most people."""
    return read_set(DATA, which)[::17]


@pytest.fixture(scope="module")
def data(which: RecordingSet, some: list[Trial]) -> Examples:
    return examples(which, some)


@pytest.fixture(scope="module")
def model(which: RecordingSet) -> FallModel:
    return load_model(which.position)


@pytest.fixture(scope="module")
def heard(model: FallModel, some: list[Trial], which: RecordingSet) -> list[list[FallFinding]]:
    """What a fresh detector finds in each trial."""
    return [_heard(FallDetector(model), trial, which) for trial in some]


def _heard(detector: FallDetector, trial: Trial, which: RecordingSet) -> list[FallFinding]:
    """Until the link is lost, at the end of the recording."""
    heard = [finding for window in windows(trial, which, START) for finding in detector.feed(window)]
    return heard + detector.finish(DeviceId(which.position))


def test_the_stream_says_of_every_recording_what_the_whole_recording_says(
    some: list[Trial], data: Examples, model: FallModel, heard: list[list[FallFinding]]
) -> None:
    whole = best_of_trials(data, model.probability(dict(zip(NAMES, data.rows.T, strict=True))), len(some))
    for trial, score, findings in zip(some, whole, heard, strict=True):
        assert bool(findings) == (score >= model.threshold), trial.name


def test_falls_are_found_in_time_and_activities_left_alone(
    some: list[Trial], heard: list[list[FallFinding]]
) -> None:
    in_time, falls, disturbed, activities = 0, 0, 0, 0
    for trial, findings in zip(some, heard, strict=True):
        if trial.is_fall:
            first_s, last_s = trial.accepted_s()
            falls += 1
            in_time += any(first_s <= (one.decided_at - START).total_seconds() <= last_s for one in findings)
        else:
            activities += 1
            disturbed += bool(findings)
    assert in_time >= 0.98 * falls
    assert disturbed <= 0.02 * activities


def test_every_fall_has_its_candidate(some: list[Trial], data: Examples) -> None:
    falls = {number for number, trial in enumerate(some) if trial.is_fall}
    assert falls == set(data.trial[data.is_fall].tolist())


def test_an_exported_model_answers_as_what_was_fitted_does_for_people_it_has_not_seen(
    which: RecordingSet, data: Examples
) -> None:
    unseen = data.subject == data.subject[-1]
    learnt = fit(data, ~unseen, seed=3)
    columns = dict(zip(NAMES, data.rows[unseen].T, strict=True))
    line = Calibration(slope=0.8, offset=-0.3)
    answer = as_model(which, data, learnt, line, {}).probability(columns)
    expected = line.probability(learnt.log_odds(data.rows[unseen]))
    np.testing.assert_allclose(answer, expected, rtol=0, atol=1e-9)


def test_training_needs_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["falls", "--data", str(tmp_path), "--out", str(tmp_path / "models")]) == 1
    assert "sisfall_waist_50hz.npz" in capsys.readouterr().err
    assert list((tmp_path / "models").iterdir()) == []


def test_the_same_seed_gives_the_same_model(data: Examples) -> None:
    everyone = np.ones(len(data.trial), dtype=np.bool_)
    first, second = (fit(data, everyone, seed=5) for _ in range(2))
    assert first.log_odds(data.rows).tolist() == second.log_odds(data.rows).tolist()
