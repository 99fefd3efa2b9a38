"""Recorded measurements of real homes through the judgement: strictly from the past, and not every day."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from benchmarks.vitals import Home, Replay, read
from cloud.detect.vitals.view import day_of

DATA: Final = Path(os.environ.get("ANBAN_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not (DATA / "tihm_physiology.csv.gz").is_file(), reason=f"no recordings in {DATA}"),
]


@pytest.fixture(scope="module")
def homes() -> list[Home]:
    """Three of those that measured for a month and more."""
    return [home for home in read(DATA) if home.weeks > 4][::7]


def played(home: Home) -> Replay:
    replay = Replay(home)
    replay.run()
    return replay


def test_what_comes_later_changes_nothing_that_was_told(homes: list[Home]) -> None:
    for home in homes:
        half = home.samples[: len(home.samples) // 2]
        until = half[-1].at
        shorter = replace(home, samples=half, days=[day for day in home.days if day.day <= day_of(until)])
        before = [told for told in played(home).told if told[3] < half[0].at + (until - half[0].at) * 0.95]
        assert before == played(shorter).told[: len(before)]
        assert before


def test_a_home_is_told_of_less_than_once_a_day(homes: list[Home]) -> None:
    for home in homes:
        assert len(played(home).told) < 7 * home.weeks
