"""One alarm's journey, put together from what each witness wrote down."""

from __future__ import annotations

import json
from pathlib import Path

from simulators.journey import Journey, _gateway_marks, _lines, strongest

TRACE = [
    {"at": 1.0, "stage": "frame", "device": "wearable", "codec": "motion"},
    {"at": 2.0, "stage": "decided", "id": "OLD", "state": "raised"},
    {"at": 10.0, "stage": "frame", "device": "wearable", "codec": "motion"},
    {"at": 10.5, "stage": "frame", "device": "wearable", "codec": "motion"},
    {"at": 10.6, "stage": "decided", "id": "NEW", "state": "suspected"},
    {"at": 10.7, "stage": "stored", "id": "NEW", "state": "suspected"},
    {"at": 10.8, "stage": "published", "id": "NEW", "epoch": "e", "first": 7},
    {"at": 10.85, "stage": "acked", "epoch": "e", "lane": "t", "first": 7},
    {"at": 10.9, "stage": "acked", "epoch": "e", "lane": "a", "first": 7},
    {"at": 30.6, "stage": "decided", "id": "NEW", "state": "raised"},
]


def test_an_alarm_is_followed_by_its_id_and_then_by_its_batch() -> None:
    marks = _gateway_marks(TRACE, since=9.0)
    assert marks == {"frame": 10.5, "decided": 10.6, "stored": 10.7, "published": 10.8, "acked": 10.9}


def test_an_alarm_before_the_time_is_another_one() -> None:
    assert _gateway_marks(TRACE, since=31.0) == {}


def test_a_half_written_line_is_left_for_later(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_text(json.dumps(TRACE[0]) + "\n" + '{"at": 2', encoding="utf-8")
    assert _lines(file) == [TRACE[0]]
    assert _lines(tmp_path / "none") == []


def test_the_first_word_of_a_stage_counts_and_is_told_once() -> None:
    told: list[tuple[str, float]] = []
    journey = Journey("h001", told=lambda stage, at: told.append((stage, at)))
    journey.mark(sample=1.0)
    journey.mark(sample=9.0, screen=1.5)
    assert journey.between("sample", "screen") == 0.5
    assert journey.between("sample", "raised") is None
    assert told == [("sample", 1.0), ("screen", 1.5)]


def test_the_impact_is_the_strongest_sample() -> None:
    assert strongest([(0, 1000, 0), (3000, -3000, 0), (0, 4000, 0)]) == 1
