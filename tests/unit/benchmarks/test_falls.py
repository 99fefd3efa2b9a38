"""The benchmark of falls: which sets it sees, and where its figures go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fall_figures import calibrated, share
from benchmarks.fall_tables import markdown
from benchmarks.falls import sets_in
from edge_agent.falls.recordings import Trial

HALF: dict[str, Any] = {
    "sensitivity": share(np.array([True, False])),
    "specificity": share(np.array([True, True])),
    "false_alarms_per_hour": 0.0,
    "auc": 0.75,
}
RESULT: dict[str, Any] = {
    "seed": 1,
    "sets": {},
    "F2": [
        {
            "trained on": "here",
            "worn at": "waist",
            "tested on": "there",
            "tested at": "waist",
            "F2": HALF,
            "F3": HALF,
        }
    ],
    "added_rss_mib": 20.0,
}


def trial(is_fall: bool) -> Trial:
    return Trial("t", "s", False, "a", is_fall, np.zeros((50, 3), dtype=np.int16), None, None)


def test_a_folder_s_sets_are_those_with_samples_and_a_table_of_falls(tmp_path: Path) -> None:
    for stem in ("there", "sisfall_waist_50hz"):
        (tmp_path / f"{stem}.npz").touch()
        (tmp_path / f"{stem}_trials.csv").write_text("trial,is_fall,position\n")
    (tmp_path / "untabled.npz").touch()
    (tmp_path / "unsampled_trials.csv").write_text("trial,is_fall,position\n")
    (tmp_path / "other.npz").touch()
    (tmp_path / "other_trials.csv").write_text("trial,home\n")
    assert sets_in(tmp_path) == ["sisfall", "there"]


def test_every_figure_has_its_row_with_its_interval() -> None:
    row = "| F2 here (waist) → there (waist) | 0.5000 [0.095, 0.905] | 1.0000 [0.342, 1.000] | 0 | 0.75000 |"
    assert row in markdown(RESULT)


def test_a_probability_is_compared_with_what_was_so() -> None:
    said = np.array([0.0, 0.02, 0.6, 0.7, 1.0])
    found = calibrated([trial(fall) for fall in (False, False, True, False, True)], said)
    assert [(step["from"], step["was"]["hits"], step["was"]["of"]) for step in found["steps"]] == [
        (0.0, 0, 2),
        (0.5, 1, 2),
        (0.95, 1, 1),
    ]
