"""TI radars, EnOcean and the bed mat at their very limits, by the figures of their pages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from firmware_protocols.codec import Frame
from firmware_protocols.errors import Truncated, UnknownFormat
from firmware_protocols.model import DeviceId, Quality, Quantity, Reading
from firmware_protocols.registry import CODECS
from firmware_protocols.serial import bed_mat, enocean, ti_mmwave
from firmware_protocols.serial.bed_mat import BedMat, State
from firmware_protocols.serial.ti_mmwave import Target, Tlv

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
HERE = Target(0, 0.0, 2.0)


def told(codec: str, *tlvs: Tlv) -> dict[Quantity, tuple[float | bool | None, Quality]]:
    frame = Frame(DeviceId("radar"), ti_mmwave.encode(tlvs), NOW)
    readings = CODECS[codec].decode(frame).observations
    return {each.quantity: (each.value, each.quality) for each in readings if isinstance(each, Reading)}


def people(*targets: Target) -> Tlv:
    return ti_mmwave.TARGETS, ti_mmwave.encode_targets(targets)


@pytest.mark.parametrize(("speed", "moves"), [(0.0, False), (0.199, False), (0.2001, True), (-3.0, True)])
def test_who_is_faster_than_the_threshold_moves(speed: float, moves: bool) -> None:
    assert told("ti_people_tracking", people(Target(0, 1.0, 1.0, vy=speed)))[Quantity.MOTION][0] is moves


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (3.0, (3.0, Quality.GOOD)),
        (3.01, (None, Quality.OUT_OF_RANGE)),
        (0.0, (0.0, Quality.GOOD)),
        (-0.5, (-0.5, Quality.GOOD)),
        (-0.51, (None, Quality.OUT_OF_RANGE)),
        (float("nan"), (None, Quality.NO_VALUE)),
        (float("-inf"), (None, Quality.NO_VALUE)),
    ],
)
def test_a_height_is_believed_within_its_limits(top: float, expected: tuple[float | None, Quality]) -> None:
    heights = (ti_mmwave.HEIGHTS, ti_mmwave.encode_heights({0: top}))
    assert told("ti_people_tracking", people(HERE), heights)[Quantity.HEIGHT] == expected


@pytest.mark.parametrize(
    ("deviation", "rates"),
    [(0.0, (None, None)), (-1.0, (None, None)), (0.0199, (60.0, None)), (0.0201, (60.0, 14.0))],
)
def test_the_deviation_of_breath_decides_which_rates_are_told(
    deviation: float, rates: tuple[float | None, float | None]
) -> None:
    vitals = (ti_mmwave.VITALS, ti_mmwave.encode_vitals(60.0, 14.0, deviation=deviation))
    said = told("ti_vitals", people(HERE), vitals)
    assert (said[Quantity.HEART_RATE][0], said[Quantity.RESPIRATION_RATE][0]) == rates


@pytest.mark.parametrize("behind", [31, 32])
def test_no_more_may_stand_behind_the_last_tlv_than_padding(behind: int) -> None:
    frame = ti_mmwave.encode([(ti_mmwave.PRESENCE, ti_mmwave.encode_presence(True))], padding=1)
    size = len(frame) + behind
    longer = frame[:12] + size.to_bytes(4, "little") + frame[16:] + bytes(behind)
    assert ti_mmwave.framer().feed(longer) == ([longer] if behind < ti_mmwave.PADDING else [])
    if behind >= ti_mmwave.PADDING:
        with pytest.raises(UnknownFormat, match="32 bytes behind the last TLV"):
            ti_mmwave.decode_people(Frame(DeviceId("radar"), longer, NOW))


def test_a_length_that_no_radar_sends_is_not_waited_for() -> None:
    good = ti_mmwave.encode([people(HERE)])
    lie = ti_mmwave.START + bytes(4) + (ti_mmwave.MAX_FRAME + 1).to_bytes(4, "little") + bytes(24)
    assert ti_mmwave.framer().feed(lie + good) == [good]


def test_what_does_not_fit_is_refused_by_the_encoders() -> None:
    with pytest.raises(ValueError, match="at most 32 in 8192 fit"):
        ti_mmwave.encode([(1, b"")] * (ti_mmwave.MAX_TLVS + 1))
    with pytest.raises(ValueError, match="at most 32 in 8192 fit"):
        ti_mmwave.encode([(1, bytes(ti_mmwave.MAX_FRAME))])
    with pytest.raises(ValueError, match="at most 40 and 24 bytes fit"):
        enocean.encode(1, bytes(enocean.MAX_DATA + 1))
    with pytest.raises(ValueError, match="at most 40 and 24 bytes fit"):
        enocean.encode(1, b"", bytes(enocean.MAX_OPTIONAL + 1))
    with pytest.raises(ValueError, match="counter 256"):
        bed_mat.encode(BedMat(256, State.EMPTY))
    with pytest.raises(ValueError, match="101 % does not fit"):
        bed_mat.encode(BedMat(0, State.EMPTY, load=101))


def test_a_body_too_short_for_a_bed_mat_is_no_frame() -> None:
    short = bytes.fromhex("5A B7 02 01 07")
    payload = short + bed_mat._crc16(short[2:]).to_bytes(2, "big")
    assert bed_mat.framer().feed(payload) == []
    with pytest.raises(Truncated):
        bed_mat.parse(payload)


def test_nobodys_position_leaves_the_codec() -> None:
    """ADR 0022: how near and how high, never where."""
    here = told("ti_people_tracking", people(Target(7, 1.23, 2.34, 0.9, 0.1, 0.1, 0.1)))
    assert set(here) == {Quantity.TARGETS, Quantity.PRESENCE, Quantity.MOTION, Quantity.DISTANCE}
    mirrored = told("ti_people_tracking", people(Target(7, -2.34, 1.23, 0.9, 0.1, 0.1, 0.1)))
    assert here == mirrored
