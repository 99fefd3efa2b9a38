"""The folder of the copies: what a time needs, and what may go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud.backup.shelf import Note, Shelf, files, needed, newest_before

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def segment(number: int, timeline: int = 1) -> str:
    return f"{timeline:08X}{0:08X}{number:08X}"


def note(day: int, first: int) -> Note:
    at = NOON + timedelta(days=day)
    return Note(f"base-{day}", at, at + timedelta(minutes=5), segment(first), 1)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Three days of backups, and the log from the first on."""
    made = Shelf(tmp_path / "copies")
    made.prepare()
    for day, first in ((0, 10), (1, 20), (2, 30)):
        made.add(note(day, first))
        for file in files(f"base-{day}"):
            (made.folder / file).touch()
    for number in range(10, 35):
        (made.log / f"{segment(number)}.gz").touch()
    (made.log / f"{segment(35)}.partial.gz").touch()
    return made


def test_the_folder_is_for_us_alone(shelf: Shelf) -> None:
    assert shelf.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("to", "found"),
    [
        (NOON + timedelta(days=1, minutes=6), "base-1"),
        (NOON + timedelta(days=1, minutes=4), "base-0"),
        (NOON + timedelta(minutes=4), None),
        (None, "base-2"),
    ],
)
def test_a_time_begins_with_the_last_backup_that_was_finished_before_it(
    shelf: Shelf, to: datetime | None, found: str | None
) -> None:
    chosen = newest_before(shelf.notes(), to)
    assert (chosen.name if chosen else None) == found


def test_only_the_log_from_its_first_segment_on_is_needed(shelf: Shelf) -> None:
    pieces = [file.name for file in needed(note(2, 30), shelf.segments())]
    assert pieces == [*(f"{segment(number)}.gz" for number in range(30, 35)), f"{segment(35)}.partial.gz"]


def test_a_whole_segment_takes_the_place_of_its_beginning(shelf: Shelf) -> None:
    (shelf.log / f"{segment(35)}.gz").touch()
    pieces = [file.name for file in needed(note(2, 34), shelf.segments())]
    assert pieces == [f"{segment(34)}.gz", f"{segment(35)}.gz"]


def test_histories_are_always_needed_and_timelines_share_one_order(shelf: Shelf) -> None:
    (shelf.log / "00000002.history.gz").touch()
    (shelf.log / f"{segment(5, timeline=2)}.gz").touch()
    (shelf.log / f"{segment(36, timeline=2)}.gz").touch()
    pieces = [file.name for file in needed(note(2, 34), shelf.segments())]
    assert "00000002.history.gz" in pieces
    assert f"{segment(36, timeline=2)}.gz" in pieces
    assert f"{segment(5, timeline=2)}.gz" not in pieces


def test_what_only_an_old_backup_needed_goes_with_it(shelf: Shelf) -> None:
    assert shelf.prune(2) == ["base-0"]
    assert [one.name for one in shelf.notes()] == ["base-1", "base-2"]
    assert shelf.segments()[0].name == f"{segment(20)}.gz"
    assert not list(shelf.folder.glob("base-0*"))


def test_the_last_one_never_goes(shelf: Shelf) -> None:
    shelf.prune(1)
    assert [one.name for one in shelf.notes()] == ["base-2"]
    assert shelf.prune(1) == []


def test_a_backup_without_a_note_does_not_count(shelf: Shelf) -> None:
    (shelf.folder / "base-9.tar.gz").touch()
    assert len(shelf.notes()) == 3
    shelf.prune(3)
    assert not (shelf.folder / "base-9.tar.gz").exists(), "its maker was killed half-way"
