"""The figures of routine are kept between runs, and shown only where they were measured."""

from __future__ import annotations

from pathlib import Path

from benchmarks.routine_page import kept, lines

SILENCE = {"12_h": {"runs": 22, "exactly_one_technical": 21, "behavioural": 1}, "seconds": 9.0}
LOOKED = {"seconds": 0.7, "worker_cpu_s": 0.1, "database_cpu_s": 0.2}


def test_a_run_in_pieces_adds_up_and_a_part_that_is_measured_again_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    kept({"r4": {**SILENCE, "seconds": 1.0}, "road": {"30": {"hour": LOOKED, "night": LOOKED}}}, file)
    both = kept({"r4": SILENCE, "road": {"300": {"hour": LOOKED, "night": LOOKED}}}, file)
    assert both["r4"] == SILENCE
    assert list(both["road"]) == ["30", "300"]


def test_a_page_holds_what_was_measured_and_nothing_else() -> None:
    assert lines({"r4": SILENCE}) == [
        "| R4, all events taken away for | homes | exactly one technical | behavioural |",
        "| --- | --- | --- | --- |",
        "| 12 h | 22 | 21 | 1 |",
    ]
    assert (
        lines({"road": {"30": {"hour": LOOKED, "night": LOOKED}}})[-1]
        == "| 30 | 0.7 | 0.1 | 0.2 | 0.7 | 0.1 | 0.2 |"
    )
    assert lines({"road": {"3000": {"hour": LOOKED}}})[-1] == "| 3000 | 0.7 | 0.1 | 0.2 | - | - | - |"
