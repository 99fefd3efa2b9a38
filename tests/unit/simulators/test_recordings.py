"""Reading one published trial, and what is said when it cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simulators import recordings
from simulators.recordings import RecordingError
from simulators.replay import falls

DATA = Path(os.environ.get("ANBAN_DATA", Path(__file__).parents[4] / "shared" / "data"))
needs_data = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the recordings are not at {DATA}"),
]


def test_a_folder_without_recordings_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="must name the folder with the recordings"):
        recordings.read(tmp_path, "sisfall", "F01_SA01_R01")


def test_an_unknown_set_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="there are: sisfall, wedafall"):
        recordings.read(tmp_path, "other", "F01")


def test_the_command_says_it_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["falls", "--data", str(tmp_path), "--set", "sisfall", "--trial", "F01_SA01_R01"]
    assert falls.main(arguments) == 1
    assert capsys.readouterr().err.count("\n") == 1


class TestWithRecordings:
    pytestmark = needs_data

    def test_a_trial_is_read_in_milli_g(self) -> None:
        recording = recordings.read(DATA, "sisfall", "F01_SA01_R01")
        assert (recording.subject, recording.activity, recording.is_fall) == ("SA01", "F01", True)
        assert len(recording.samples) == 750
        assert 900 < sum(axis * axis for axis in recording.samples[0]) ** 0.5 < 1100

    def test_a_misspelt_trial_is_answered_with_its_neighbours(self) -> None:
        with pytest.raises(RecordingError, match=r"near it: .*F01_SA01_R01"):
            recordings.read(DATA, "sisfall", "F01_SA01_R1")
