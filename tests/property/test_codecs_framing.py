"""A framer finds every real frame, however the bytes arrive and whatever lies between them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.codec import Framer
from firmware_protocols.registry import FRAMERS
from firmware_protocols.serial import micradar, tinyframe
from firmware_protocols.serial.framing import ResyncFramer
from tests.vectors import load

LARGEST = 6 + micradar.MAX_DATA + 3
QUIET = st.binary(max_size=40).filter(lambda noise: 0x53 not in noise)
"""Noise in which no frame can seem to start."""
functions = st.tuples(st.integers(0, 0xFF), st.integers(0, 0xFF))
real_frames = st.builds(micradar.encode, functions, st.binary(max_size=micradar.MAX_DATA))


def golden(name: str) -> list[bytes]:
    """The frames of the vectors that are understood."""
    return [vector.frame.payload for vector in load(name) if vector.refused is None]


def streams(name: str) -> st.SearchStrategy[bytes]:
    """Real frames, halves of them, and noise."""
    whole = st.sampled_from(golden(name))
    half = st.tuples(whole, st.integers(1, 20)).map(lambda pair: pair[0][: -pair[1]])
    return st.lists(st.one_of(whole, half, st.binary(max_size=40)), max_size=12).map(b"".join)


def largest(framer: Framer) -> int:
    """Bytes that a framer may have to hold back."""
    assert isinstance(framer, ResyncFramer)
    return framer._layout.largest


def feed(framer: Framer, stream: bytes, cuts: list[int]) -> list[bytes]:
    """Feed ``stream`` cut at ``cuts``."""
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [frame for a, b in pairwise(edges) for frame in framer.feed(stream[a:b])]


@pytest.mark.parametrize("name", FRAMERS)
@given(data=st.data(), cuts=st.lists(st.integers(0, 1000), max_size=20))
def test_any_cutting_of_the_same_bytes_yields_the_same_frames(
    name: str, data: st.DataObject, cuts: list[int]
) -> None:
    stream = data.draw(streams(name))
    whole, cut = FRAMERS[name](), FRAMERS[name]()
    assert feed(cut, stream, cuts) == whole.feed(stream)
    assert cut.discarded == whole.discarded


@pytest.mark.parametrize("name", FRAMERS)
@given(stream=st.binary(max_size=2000))
def test_any_bytes_are_framed_without_an_exception_and_each_is_accounted_for(
    name: str, stream: bytes
) -> None:
    framer = FRAMERS[name]()
    found = framer.feed(stream)
    waiting = len(stream) - framer.discarded - sum(map(len, found))
    assert 0 <= waiting < largest(framer)  # what is kept is less than one frame, for ever


@pytest.mark.parametrize("name", FRAMERS)
@given(
    data=st.data(), at=st.integers(0, 1000), change=st.integers(1, 255), cuts=st.lists(st.integers(0, 400))
)
def test_after_a_frame_with_a_changed_byte_the_next_ones_are_found(
    name: str, data: st.DataObject, at: int, change: int, cuts: list[int]
) -> None:
    """The change may lengthen the frame by its own length field, at most to the bound."""
    broken = bytearray(data.draw(st.sampled_from(golden(name))))
    broken[at % len(broken)] ^= change
    good, framer = golden(name)[0], FRAMERS[name]()
    found = feed(framer, bytes(broken) + good * (largest(framer) // len(good) + 2), cuts)
    assert found.count(good) >= 2
    assert found[-1] == good


@pytest.mark.parametrize("name", FRAMERS)
@given(data=st.data(), lost=st.integers(1, 1000))
def test_a_frame_cut_short_costs_itself_and_no_more_than_one_frames_length(
    name: str, data: st.DataObject, lost: int
) -> None:
    whole = data.draw(st.sampled_from(golden(name)))
    good, framer = golden(name)[0], FRAMERS[name]()
    found = framer.feed(whole[: -(lost % len(whole)) or None] + good * (len(whole) // len(good) + 2))
    assert found[-1] == good


@given(parts=st.lists(st.tuples(QUIET, real_frames), min_size=1, max_size=6))
def test_garbage_between_frames_is_dropped_and_counted(parts: list[tuple[bytes, bytes]]) -> None:
    framer = micradar.framer()
    assert framer.feed(b"".join(noise + frame for noise, frame in parts)) == [frame for _, frame in parts]
    assert framer.discarded == sum(len(noise) for noise, _ in parts)


@given(
    damaged=real_frames,
    at=st.integers(0, 1000),
    change=st.integers(1, 255),
    cuts=st.lists(st.integers(0, 400)),
)
def test_after_a_damaged_frame_of_any_content_the_next_ones_are_found(
    damaged: bytes, at: int, change: int, cuts: list[int]
) -> None:
    broken = bytearray(damaged)
    broken[at % len(broken)] ^= change
    fall = micradar.encode_fall(True)
    after = fall * (LARGEST // len(fall) + 2)
    found = feed(micradar.framer(), bytes(broken) + after, cuts)
    assert found.count(fall) >= 2
    assert found[-1] == fall


@given(
    kind=st.builds(
        lambda high, low: high << 8 | low, st.sampled_from(sorted(tinyframe.FAMILIES)), st.integers(0, 255)
    ),
    number=st.integers(0, 0xFFFF),
    data=st.binary(max_size=tinyframe.MAX_DATA),
    cuts=st.lists(st.integers(0, 1100), max_size=5),
)
def test_a_tinyframe_of_any_content_is_one_frame(
    kind: int, number: int, data: bytes, cuts: list[int]
) -> None:
    frame = tinyframe.encode(kind, data, number=number)
    framer = tinyframe.framer()
    assert feed(framer, frame * 2, cuts) == [frame] * 2
    assert framer.discarded == 0


@given(data=st.lists(st.sampled_from([b"\x53", b"\x59", b"\x53\x59", b"\x54\x43", b"\x00"]), max_size=30))
def test_start_marks_inside_the_data_do_not_confuse(data: list[bytes]) -> None:
    body = b"".join(data)[: micradar.MAX_DATA]
    frame = micradar.encode((0x83, 0x0E), body)
    framer = micradar.framer()
    assert framer.feed(frame * 3) == [frame] * 3
    assert framer.discarded == 0
