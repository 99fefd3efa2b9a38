"""The mat decides as its page says: with hysteresis, and never empty when it cannot know."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_protocols.serial import bed_mat
from firmware_protocols.serial.bed_mat import BedMat, State
from simulators.bed_mat import Mat

PAGE = Path(__file__).parents[3] / "docs" / "protocols" / "bed_mat.md"
Reported = Callable[[int], list[BedMat]]


@pytest.fixture
def mat(tmp_path: Path) -> Iterator[Mat]:
    mat = Mat(tmp_path / "mat")
    yield mat
    mat.cable.pull()


@pytest.fixture
def reported(mat: Mat) -> Iterator[Reported]:
    """The next reports that come out of the near end of the line."""
    framer = bed_mat.framer()
    with mat.cable.link.open("rb", buffering=0) as near:

        def read(count: int) -> list[BedMat]:
            found: list[BedMat] = []
            while len(found) < count and select.select([near], [], [], 10.0)[0]:
                found += map(bed_mat.parse, framer.feed(near.read(4096)))
            return found

        yield read


def state(mat: Mat) -> State:
    """The state it is in by now."""
    return mat.state


def feel(mat: Mat, *loads: int, start_s: int) -> int:
    """One load a second; the moment of the next."""
    for second, load in enumerate(loads):
        mat.feel(load, float(start_s + second))
    return start_s + len(loads)


def test_a_turn_in_bed_is_nobody_getting_up(mat: Mat, reported: Reported) -> None:
    now = feel(mat, 60, 60, 60, 60, 60, start_s=0)
    assert state(mat) is State.OCCUPIED
    now = feel(mat, 3, 4, 3, 2, 60, 3, 3, 3, 3, 60, start_s=now)
    assert state(mat) is State.OCCUPIED
    feel(mat, 3, 3, 3, 3, 3, 3, start_s=now)
    assert state(mat) is State.EMPTY
    assert [report.state for report in reported(4)] == [
        State.STARTING,
        State.OCCUPIED,
        State.OCCUPIED,
        State.EMPTY,
    ]


def test_a_cat_is_not_a_person_and_a_person_is_seen_within_two_seconds(mat: Mat) -> None:
    now = feel(mat, 0, 0, 0, 0, 0, 10, 12, 14, 14, 14, start_s=0)
    assert state(mat) is State.EMPTY
    feel(mat, 40, 55, 60, start_s=now)
    assert state(mat) is State.OCCUPIED


def test_a_cut_cable_is_said_at_once_and_then_it_settles_anew(mat: Mat, reported: Reported) -> None:
    now = feel(mat, 60, 60, 60, 60, 60, start_s=0)
    mat.fail(State.CABLE, float(now))
    feel(mat, 0, 0, 0, 0, 0, start_s=now + 1)
    assert [(report.state, report.load) for report in reported(5)] == [
        (State.STARTING, 60),
        (State.OCCUPIED, 60),
        (State.CABLE, None),
        (State.STARTING, 0),
        (State.EMPTY, 0),
    ]


def test_the_pages_example_says_what_the_page_says() -> None:
    (line,) = (line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("`5A B7"))
    example = bytes.fromhex(line.split("`")[1])
    assert bed_mat.parse(example) == BedMat(counter=7, state=State.OCCUPIED, load=62, movement=3)
