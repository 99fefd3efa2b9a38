"""A framer on a bad line: bytes lost, bytes added, frames cut by the read."""

from __future__ import annotations

import struct

from firmware_protocols.serial import ld2410, micradar, tinyframe

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


# A byte stream of a breath and heart radar in a public project, its module's own chatter between the frames.
CHATTER = b"\r\n it's working!!!! \r\n"
BREATH_AND_HEART = bytes.fromhex(
    "01 42 7E 00 0C 0A 13 D7 45 9E 72 40 4E AE 4F 3F 42 57 28 3E 85"
    "01 42 7F 00 08 0A 16 D7 01 00 00 00 AE 47 85 42 D0"
    "01 42 80 00 04 0A 15 27 00 00 98 42 25"
)


def test_a_recorded_stream_with_chatter_yields_its_frames() -> None:
    framer = tinyframe.framer()
    stream = BREATH_AND_HEART + CHATTER
    found = framer.feed(stream * 2)
    assert b"".join(found) == BREATH_AND_HEART * 2
    assert len(found) == 6
    assert framer.discarded == 2 * len(CHATTER)


def test_a_receipt_without_data_is_a_frame_with_and_without_a_data_sum() -> None:
    bare = tinyframe.encode(tinyframe.PARAMETERS)
    framer = tinyframe.framer()
    assert framer.feed(bare + b"\xff" + bare + bare) == [bare] * 3
    assert framer.discarded == 1


def test_a_false_start_with_a_wrong_header_sum_waits_for_no_data() -> None:
    framer = tinyframe.framer()
    fall = tinyframe.encode_fall(True)
    lie = bytes.fromhex("01 00 00 04 00 0E 02 00")  # announces 1024 bytes
    assert framer.feed(lie + fall) == [fall]


def test_a_tinyframe_at_its_bound_is_framed_and_one_above_is_not_written() -> None:
    longest = tinyframe.encode(0x0A08, struct.pack("<i", 0) + bytes(tinyframe.MAX_DATA - 4))
    assert tinyframe.framer().feed(longest) == [longest]


def test_a_report_without_checksum_is_believed_only_with_all_its_marks() -> None:
    good = ld2410.encode(ld2410.Report(ld2410.Target.MOVING, moving_cm=120))
    marks = [at for at in range(len(good)) if at < 6 or at in {7, 17, 18} or at >= 19]
    for at in marks:
        broken = bytearray(good)
        broken[at] ^= 0x01
        framer = ld2410.framer()
        assert framer.feed(bytes(broken) + good * 4)[-1] == good, f"byte {at}"
        assert bytes(broken) not in ld2410.framer().feed(bytes(broken) + good * 4), f"byte {at}"
