"""A framer finds every real frame, however the bytes arrive and whatever lies between them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.codec import Framer
from firmware_protocols.registry import FRAMERS
from firmware_protocols.serial import micradar

LARGEST = 6 + micradar.MAX_DATA + 3
QUIET = st.binary(max_size=40).filter(lambda noise: 0x53 not in noise)
"""Noise in which no frame can seem to start."""
functions = st.tuples(st.integers(0, 0xFF), st.integers(0, 0xFF))
real_frames = st.builds(micradar.encode, functions, st.binary(max_size=micradar.MAX_DATA))
streams = st.lists(st.one_of(real_frames, st.binary(max_size=40)), max_size=12).map(b"".join)


def feed(framer: Framer, stream: bytes, cuts: list[int]) -> list[bytes]:
    """Feed ``stream`` cut at ``cuts``."""
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [frame for a, b in pairwise(edges) for frame in framer.feed(stream[a:b])]


@pytest.mark.parametrize("name", FRAMERS)
@given(stream=streams, cuts=st.lists(st.integers(0, 1000), max_size=20))
def test_any_cutting_of_the_same_bytes_yields_the_same_frames(
    name: str, stream: bytes, cuts: list[int]
) -> None:
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
    assert 0 <= waiting < LARGEST  # what is kept is less than one frame, for ever


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
def test_after_a_damaged_frame_the_next_ones_are_found(
    damaged: bytes, at: int, change: int, cuts: list[int]
) -> None:
    """The damage may lengthen the frame by its own length field, at most to the bound."""
    broken = bytearray(damaged)
    broken[at % len(broken)] ^= change
    fall = micradar.encode_fall(True)
    after = fall * (LARGEST // len(fall) + 2)
    found = feed(micradar.framer(), bytes(broken) + after, cuts)
    assert found.count(fall) >= 2
    assert found[-1] == fall


@given(data=st.lists(st.sampled_from([b"\x53", b"\x59", b"\x53\x59", b"\x54\x43", b"\x00"]), max_size=30))
def test_start_marks_inside_the_data_do_not_confuse(data: list[bytes]) -> None:
    body = b"".join(data)[: micradar.MAX_DATA]
    frame = micradar.encode((0x83, 0x0E), body)
    framer = micradar.framer()
    assert framer.feed(frame * 3) == [frame] * 3
    assert framer.discarded == 0
