"""Sets of recordings: any two files of the layout, at any rate; and what a bad one is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_agent.falls.recordings import SETS, RecordingError, find_set, read_set, windows
from tests.unit.edge_agent.falls.falling import IMPACT_S, START, fall

HEAD = "trial,subject,group,activity,is_fall,position,fs,n"


def write(folder: Path, rows: list[str], name: str = "lab", rate_hz: int = 20, head: str = HEAD) -> None:
    """A set of one invented fall per row, sampled at ``rate_hz``."""
    samples = np.rint(fall() * 1000).astype(np.int16)
    taken = samples[np.arange(0, len(samples), 50 / rate_hz).astype(int)]
    offsets = np.arange(len(rows) + 1) * len(taken)
    np.savez(folder / f"{name}.npz", acc_mg=np.tile(taken, (len(rows), 1)), offsets=offsets)
    (folder / f"{name}_trials.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


def test_a_set_of_another_laboratory_is_read_at_its_own_rate(tmp_path: Path) -> None:
    write(tmp_path, ["F01,a,young,F01,1,waist,20,240", "F02,b,elderly,F02,1,Waist,20,240"])
    which = find_set(tmp_path, "lab")
    first, second = read_set(tmp_path, which)
    assert (which.position, which.range_g) == ("waist", 8.0)
    assert (first.elderly, second.elderly) == (False, True)
    assert first.rate_hz == 20
    assert first.length_s == pytest.approx(12)
    assert len(first.acc_g) == pytest.approx(600, abs=3)
    assert first.impact() / 50 == pytest.approx(IMPACT_S, abs=0.06)


def test_its_packets_hold_half_a_second_and_come_in_time(tmp_path: Path) -> None:
    write(tmp_path, ["F01,a,young,F01,1,wrist,20,240"])
    which = find_set(tmp_path, "lab")
    (trial,) = read_set(tmp_path, which)
    sent = list(windows(trial, which, START))
    assert {len(window.samples_mg) for window in sent} == {10}
    assert {window.rate_hz for window in sent} == {20.0}
    assert (sent[-1].observed_at - START).total_seconds() == pytest.approx(12 - 1 / 20)


def test_a_table_without_rates_is_one_of_fifty_hertz(tmp_path: Path) -> None:
    head, row = HEAD.replace(",fs", ""), "F01,a,young,F01,1,waist,600"
    write(tmp_path, [row], rate_hz=50, head=head)
    assert read_set(tmp_path, find_set(tmp_path, "lab"))[0].rate_hz == 50


def test_the_known_sets_are_found_by_name_or_by_file(tmp_path: Path) -> None:
    for which in SETS.values():
        assert find_set(tmp_path, which.name) == find_set(tmp_path, which.stem) == which


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (["F01,a,young,F01,1,waist,20,240", "F02,a,young,F02,1,wrist,20,240"], "waist or wrist throughout"),
        (["F01,a,young,F01,1,ankle,20,240"], "waist or wrist throughout, not ankle"),
        (["F01,a,young,F01,1,waist,1,240"], "F01: fs is 1 Hz"),
    ],
)
def test_a_set_that_cannot_be_used_says_why(tmp_path: Path, rows: list[str], reason: str) -> None:
    write(tmp_path, rows)
    with pytest.raises(RecordingError, match=reason):
        read_set(tmp_path, find_set(tmp_path, "lab"))


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    write(tmp_path, ["F01,a,young,F01,1,waist,20,240"])
    np.savez(tmp_path / "lab.npz", acc_mg=np.zeros((4, 3), np.int16), offsets=np.array([0, 2, 4]))
    with pytest.raises(RecordingError, match=r"lab_trials\.csv: its rows do not fit"):
        find_set(tmp_path, "lab")


def test_a_set_that_is_not_there_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"lab\.npz"):
        find_set(tmp_path, "lab")
