"""TI radars, EnOcean, the bed mat: real frames are found on a bad line, and nothing gets through wrong."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocols.errors import DecodeError
from firmware_protocols.model import Event, Quality, Quantity, Reading
from firmware_protocols.registry import CODECS, FRAMERS, SENDERS
from firmware_protocols.serial import bed_mat, enocean, ti_mmwave
from firmware_protocols.serial.bed_mat import BedMat, State
from firmware_protocols.serial.enocean import Telegram
from firmware_protocols.serial.ti_mmwave import Target
from tests.property.frames import frame, u8

# -- real frames -------------------------------------------------------------------------------------

wild = st.floats(width=32)
"""Any float that fits, not a number and infinite ones too."""
tame = st.floats(-15, 15, width=32)
targets = st.builds(Target, id=u8, x=wild, y=wild, z=wild, vx=wild, vy=wild, vz=wild)
known_tlvs = st.one_of(
    st.tuples(
        st.sampled_from([ti_mmwave.TARGETS, ti_mmwave.TARGETS_L]),
        st.lists(targets, max_size=4).map(ti_mmwave.encode_targets),
    ),
    st.tuples(
        st.just(ti_mmwave.HEIGHTS), st.dictionaries(u8, wild, max_size=4).map(ti_mmwave.encode_heights)
    ),
    st.tuples(st.just(ti_mmwave.PRESENCE), st.booleans().map(ti_mmwave.encode_presence)),
    st.tuples(st.just(ti_mmwave.ZONES), st.lists(st.booleans(), max_size=9).map(ti_mmwave.encode_zones)),
    st.tuples(
        st.just(ti_mmwave.VITALS),
        st.builds(lambda h, b, d: ti_mmwave.encode_vitals(h, b, deviation=d), wild, wild, wild),
    ),
)
any_tlvs = st.one_of(
    known_tlvs, st.tuples(st.sampled_from([*range(320), *range(1000, 1050)]), st.binary(max_size=40))
)
ti_frames = st.builds(
    ti_mmwave.encode, st.lists(any_tlvs, max_size=5), padding=st.sampled_from([1, ti_mmwave.PADDING])
)
senders = st.binary(min_size=4, max_size=4).map(lambda raw: raw.hex().upper())
telegrams = st.builds(
    Telegram,
    kind=st.sampled_from([0xD5, 0xF6, 0xA5, 0xD2, 0x30]),
    data=st.binary(min_size=1, max_size=9),
    sender=senders,
    status=u8,
)
enocean_frames = st.one_of(
    telegrams.map(enocean.encode_telegram),
    st.builds(
        enocean.encode, u8, st.binary(max_size=enocean.MAX_DATA), st.binary(max_size=enocean.MAX_OPTIONAL)
    ),
)
percents = st.none() | st.integers(0, 100)
reports = st.builds(BedMat, counter=u8, state=st.sampled_from(State), load=percents, movement=percents)
mat_frames = reports.map(bed_mat.encode)


@dataclass(frozen=True)
class Format:
    """One format for the tests that hold for all. ``good``: a frame that ends every stream."""

    frames: st.SearchStrategy[bytes]
    start: bytes
    largest: int
    good: bytes


FORMATS: Mapping[str, Format] = {
    "ti_people_tracking": Format(
        ti_frames,
        ti_mmwave.START,
        ti_mmwave.MAX_FRAME,
        ti_mmwave.encode([(ti_mmwave.TARGETS, ti_mmwave.encode_targets([Target(1, 1.0, 2.0)] * 9))]),
    ),
    "enocean": Format(
        enocean_frames,
        enocean.START,
        7 + enocean.MAX_DATA + enocean.MAX_OPTIONAL,
        enocean.encode_contact("01825DAB", closed=False),
    ),
    "bed_mat": Format(
        mat_frames, bed_mat.START, 5 + bed_mat.MAX_BODY, bed_mat.encode(BedMat(1, State.EMPTY, 0, 0))
    ),
}
by_format = pytest.mark.parametrize("name", FORMATS)
cutting = st.lists(st.integers(0, 4000), max_size=12)


def feed(name: str, stream: bytes, cuts: list[int]) -> tuple[list[bytes], int]:
    """The frames of ``stream`` cut at ``cuts``, and how many bytes were thrown away."""
    framer = FRAMERS[name]()
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [found for a, b in pairwise(edges) for found in framer.feed(stream[a:b])], framer.discarded


def quiet(name: str) -> st.SearchStrategy[bytes]:
    """Noise in which no frame of the format can seem to start."""
    start = FORMATS[name].start[0]
    return st.binary(max_size=30).map(lambda noise: noise.replace(bytes((start,)), b"\x00"))


# -- on the line -------------------------------------------------------------------------------------


@by_format
@given(data=st.data(), cuts=cutting)
@settings(deadline=None, max_examples=50)
def test_every_frame_between_noise_is_found_however_the_bytes_arrive(
    name: str, data: st.DataObject, cuts: list[int]
) -> None:
    parts = data.draw(st.lists(st.tuples(quiet(name), FORMATS[name].frames), max_size=5))
    stream = b"".join(noise + real for noise, real in parts)
    found, discarded = feed(name, stream, cuts)
    assert found == [real for _, real in parts]
    assert discarded == sum(len(noise) for noise, _ in parts)


@by_format
@given(data=st.data(), at=st.integers(0, 4000), change=st.integers(1, 255), cuts=cutting)
@settings(deadline=None, max_examples=50)
def test_after_a_corrupted_byte_the_next_valid_frame_is_found(
    name: str, data: st.DataObject, at: int, change: int, cuts: list[int]
) -> None:
    broken = bytearray(data.draw(FORMATS[name].frames))
    broken[at % len(broken)] ^= change
    good = FORMATS[name].good
    found, _ = feed(name, bytes(broken) + good * (FORMATS[name].largest // len(good) + 2), cuts)
    assert found.count(good) >= 2
    assert found[-1] == good


@by_format
@given(data=st.data())
@settings(deadline=None, max_examples=150)
def test_whatever_a_framer_hands_over_is_decoded_or_refused(name: str, data: st.DataObject) -> None:
    payload = bytearray(data.draw(FORMATS[name].frames))
    for at, change in data.draw(st.lists(st.tuples(st.integers(0, 4000), u8), max_size=2)):
        payload[at % len(payload)] ^= change
    for codec in {name, "ti_vitals" if name == "ti_people_tracking" else name}:
        try:
            observations = CODECS[codec].decode(frame(bytes(payload))).observations
        except DecodeError:
            continue
        for observation in observations:
            if isinstance(observation, Reading):
                told = observation.quality is Quality.GOOD
                assert told == (observation.value is not None)
                assert not told or math.isfinite(observation.value or 0.0)


@pytest.mark.parametrize(
    "good",
    [enocean.encode_contact("01825DAB", closed=True), bed_mat.encode(BedMat(9, State.OCCUPIED, 62, 3))],
    ids=["enocean", "bed_mat"],
)
@given(at=st.integers(0, 40), change=st.integers(1, 255))
def test_no_changed_byte_gets_through_where_there_is_a_checksum(good: bytes, at: int, change: int) -> None:
    codec = "enocean" if good.startswith(enocean.START) else "bed_mat"
    damaged = bytearray(good)
    damaged[at % len(good)] ^= change
    with pytest.raises(DecodeError):
        CODECS[codec].decode(frame(bytes(damaged)))


# -- what was said comes back ------------------------------------------------------------------------


def values(payload: bytes, codec: str) -> dict[Quantity, float | bool | None]:
    """The readings of one frame."""
    observations = CODECS[codec].decode(frame(payload)).observations
    return {each.quantity: each.value for each in observations if isinstance(each, Reading)}


@given(people=st.lists(st.builds(Target, id=u8, x=tame, y=tame, vx=tame, vy=tame), min_size=1, max_size=4))
def test_the_nearest_and_the_fastest_decide(people: list[Target]) -> None:
    told = values(
        ti_mmwave.encode([(ti_mmwave.TARGETS, ti_mmwave.encode_targets(people))]), "ti_people_tracking"
    )
    assert told[Quantity.TARGETS] == len(people)
    assert told[Quantity.PRESENCE] is True
    assert told[Quantity.MOTION] == any(each.speed_m_s >= ti_mmwave.MOVING_M_S for each in people)
    nearest = min(each.distance_m for each in people)
    if all(each.distance_m < 20 for each in people):
        assert told[Quantity.DISTANCE] == pytest.approx(nearest, abs=0.0501)
    else:
        assert told[Quantity.DISTANCE] is None


@given(tops=st.dictionaries(u8, st.floats(0, 3, width=32), min_size=1, max_size=4))
def test_the_lowest_person_is_the_one_whose_height_is_told(tops: dict[int, float]) -> None:
    people = [Target(id=each, x=0.0, y=1.0) for each in tops]
    payload = ti_mmwave.encode(
        [
            (ti_mmwave.TARGETS, ti_mmwave.encode_targets(people)),
            (ti_mmwave.HEIGHTS, ti_mmwave.encode_heights(tops)),
        ]
    )
    assert values(payload, "ti_people_tracking")[Quantity.HEIGHT] == pytest.approx(
        min(tops.values()), abs=0.0501
    )


@given(heart=st.floats(1, 250, width=32), breath=st.floats(1, 60, width=32))
def test_one_persons_rates_come_back(heart: float, breath: float) -> None:
    payload = ti_mmwave.encode(
        [
            (ti_mmwave.TARGETS, ti_mmwave.encode_targets([Target(0, 0.0, 1.0)])),
            (ti_mmwave.VITALS, ti_mmwave.encode_vitals(heart, breath)),
        ]
    )
    told = values(payload, "ti_vitals")
    assert told[Quantity.HEART_RATE] == pytest.approx(heart, abs=0.0501)
    assert told[Quantity.RESPIRATION_RATE] == pytest.approx(breath, abs=0.0501)
    assert Quantity.HEART_RATE not in values(payload, "ti_people_tracking")


@given(lengths=st.lists(st.sampled_from([ti_mmwave.TARGETS, ti_mmwave.PRESENCE]), min_size=1, unique=True))
def test_lengths_that_count_their_own_header_are_never_read_as_persons(lengths: list[int]) -> None:
    made = {
        ti_mmwave.TARGETS: ti_mmwave.encode_targets([Target(0, 1.0, 2.0)]),
        ti_mmwave.PRESENCE: ti_mmwave.encode_presence(True),
    }
    right = ti_mmwave.encode([(kind, made[kind]) for kind in lengths])
    wrong = right
    for kind in lengths:
        tlv = struct.pack("<2I", kind, len(made[kind]))
        wrong = wrong.replace(tlv, struct.pack("<2I", kind, len(made[kind]) + 8))
    with pytest.raises(DecodeError):
        CODECS["ti_people_tracking"].decode(frame(wrong))


@given(telegram=telegrams)
def test_a_telegram_names_its_sender(telegram: Telegram) -> None:
    assert SENDERS["enocean"].of(enocean.encode_telegram(telegram)) == telegram.sender


@given(payload=enocean_frames)
def test_asking_for_the_sender_of_any_framed_packet_never_fails(payload: bytes) -> None:
    found = SENDERS["enocean"].of(payload)
    assert found is None or re.fullmatch(SENDERS["enocean"].address, found)
    assert enocean.framer().feed(payload) == [payload]


@pytest.mark.parametrize("codec", SENDERS)
def test_the_example_of_an_address_is_one(codec: str) -> None:
    assert re.fullmatch(SENDERS[codec].address, SENDERS[codec].example)


@given(sender=senders, closed=st.booleans())
def test_a_contact_comes_back(sender: str, closed: bool) -> None:
    assert values(enocean.encode_contact(sender, closed), "enocean") == {Quantity.OPENING: not closed}
    assert values(enocean.encode_contact(sender, closed, teach_in=True), "enocean") == {}


@given(sender=senders, button=st.integers(0, 3))
def test_a_rocker_tells_its_press_once(sender: str, button: int) -> None:
    def events(payload: bytes) -> int:
        return sum(isinstance(o, Event) for o in CODECS["enocean"].decode(frame(payload)).observations)

    assert events(enocean.encode_rocker(sender, True, button)) == 1
    assert events(enocean.encode_rocker(sender, False, button)) == 0


@given(report=reports)
def test_a_bed_mats_report_comes_back(report: BedMat) -> None:
    assert bed_mat.parse(bed_mat.encode(report)) == report


@given(report=reports)
def test_a_bed_mat_that_cannot_know_never_says_empty(report: BedMat) -> None:
    told = values(bed_mat.encode(report), "bed_mat")
    knows = report.state in {State.EMPTY, State.OCCUPIED}
    assert (told[Quantity.IN_BED] is not None) == knows
    assert told[Quantity.IN_BED] is not False or report.state is State.EMPTY
    assert knows or told[Quantity.BED_LOAD] is None
    if report.state is not State.STARTING:
        assert told[Quantity.PROBLEM] is not knows
