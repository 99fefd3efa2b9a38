"""A framer on a bad line: bytes lost, bytes added, frames cut by the read."""

from __future__ import annotations

from firmware_protocols.serial import micradar

FALL = micradar.encode_fall(True)
QUIET = micradar.encode_presence(True)
# A byte stream in a public parser's tests: stray zeros between frames, and the last frame still arriving.
RECORDED = bytes.fromhex(
    "53 59 80 03 00 01 06 36 54 43 00 53 59 80 03 00 01 06 36 54 43 00"
    "53 59 80 03 00 01 06 36 54 43 00 00 53 59 80 03 00 01 0c 3c 54 43 00"
    "53 59 80 03 00 01 06 36 54 43 00 53 59 80 03 00 01 06 36 54"
)


def test_a_recorded_stream_yields_its_five_frames_and_waits_for_the_sixth() -> None:
    framer = micradar.framer()
    assert framer.feed(RECORDED) == [micradar.encode_body_movement(percent) for percent in (6, 6, 6, 12, 6)]
    assert framer.discarded == 6
    assert framer.feed(b"\x43") == [micradar.encode_body_movement(6)]


def test_a_frame_arriving_byte_by_byte_is_whole_at_its_last_byte() -> None:
    framer = micradar.framer()
    assert [framer.feed(bytes((byte,))) for byte in FALL] == [[]] * (len(FALL) - 1) + [[FALL]]


def test_a_frame_that_lost_a_byte_costs_only_itself() -> None:
    framer = micradar.framer()
    assert framer.feed(QUIET[:4] + QUIET[5:] + FALL) == [FALL]
    assert framer.discarded == len(QUIET) - 1


def test_a_frame_hidden_behind_a_false_start_is_found() -> None:
    framer = micradar.framer()
    assert framer.feed(micradar.START + FALL) == [FALL]
    assert framer.discarded == 2


def test_an_impossible_length_is_not_waited_for() -> None:
    framer = micradar.framer()
    assert framer.feed(bytes.fromhex("53 59 80 01 FF FF") + FALL) == [FALL]


def test_a_false_start_holds_back_what_follows_for_no_more_than_one_frame() -> None:
    framer = micradar.framer()
    largest_lie = bytes.fromhex("53 59 80 01 00 40")
    frames = [frame for _ in range(8) for frame in framer.feed(largest_lie[:6] if _ == 0 else FALL)]
    assert frames == [FALL] * 7
    assert framer.discarded == len(largest_lie)


def test_an_hour_of_noise_leaves_less_than_one_frame_in_memory() -> None:
    framer = micradar.framer()
    noise = bytes(range(256)) * 16
    for _ in range(200):
        assert framer.feed(noise) == []
    assert 200 * len(noise) - framer.discarded < 6 + micradar.MAX_DATA + 3
    assert framer.feed(FALL) == [FALL]
