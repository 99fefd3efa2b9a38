"""Recorded homes go the product's own way: a home without a word is told of, and nobody in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.absence import SETTLED, Replay
from benchmarks.tihm import read_homes
from cloud.detect.routine.occupancy import Interval

DATA = Path(os.environ.get("ANBAN_DATA", Path(__file__).parents[4] / "shared" / "data"))
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the recordings are not at {DATA}")


def test_half_a_day_without_a_word_is_one_technical_call_and_none_about_the_person() -> None:
    homes = [home for home in read_homes(DATA) if home.days > SETTLED + 10][:1]
    start = SETTLED * 86_400.0 + 9 * 3_600
    gap = Interval(start, start + 12 * 3_600.0)
    replay = Replay(homes[0], (gap,))
    replay.run(replay.at(gap.start), replay.at(gap.end + 4 * 3_600))
    assert [rule for rule, _ in replay.raised] == ["home_silent P3"]
