"""The trained file, and the promise that its thresholds keep."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cloud.detect.routine.budget import own_level, threshold
from cloud.detect.routine.model import SHIPPED, RoutineModelError, load, write


def test_the_shipped_file_is_what_is_written_again(tmp_path: Path) -> None:
    write(tmp_path / "again.json", load())
    assert (tmp_path / "again.json").read_bytes() == SHIPPED.read_bytes()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": 0}, "not of format 1"),
        ({"thresholds": {"1.0": 0.0}}, "its checksum is another one"),
        ({"features": {}}, "its checksum is another one"),
    ],
)
def test_a_changed_file_is_refused(change: dict[str, object], reason: str, tmp_path: Path) -> None:
    file = tmp_path / "changed.json"
    file.write_text(
        json.dumps({**json.loads(SHIPPED.read_text(encoding="utf-8")), **change}), encoding="utf-8"
    )
    with pytest.raises(RoutineModelError, match=reason):
        load(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RoutineModelError, match="No such file"):
        load(tmp_path / "none.json")


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_bytes(b"\xff")
    with pytest.raises(RoutineModelError, match="not a JSON document"):
        load(tmp_path / "model.json")


def test_unseen_homes_stay_within_the_budget_on_average() -> None:
    random = np.random.default_rng(5)
    reached = []
    for _ in range(200):
        homes = [random.normal(random.normal(), 1, 40) for _ in range(22)]
        limit = threshold(homes[1:], 1.0)
        reached.append(7 * float((homes[0] > limit).mean()))
    assert np.mean(reached) <= 1.0


def test_too_few_homes_keep_no_promise_and_nothing_alerts() -> None:
    assert threshold([np.zeros(30)] * 3, 1.0) == float("inf")


def test_the_own_past_counts_more_the_longer_it_is() -> None:
    assert own_level(np.array([]), 1.0) == 0
    levels = [own_level(np.full(days, 3.0), 1.0) for days in (1, 7, 28)]
    assert levels == sorted(levels)
    assert levels[1] == 1.0
