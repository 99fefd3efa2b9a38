"""The last minute of frames: bounded in time, in memory and in bytes, newest first, streams only counted."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.evidence import MOST_BYTES, MOST_FRAME, MOST_FRAMES, Recent
from firmware_protocols.codec import Frame
from firmware_protocols.model import DeviceId, MotionWindow, Observation, Quantity, Reading
from tests.unit.edge_agent.household import NOON, PENDANT, RADAR, WATCH, after


def says(device: DeviceId, quantity: Quantity = Quantity.PRESENCE) -> Reading:
    return Reading(device, quantity, True, NOON)


def add(
    recent: Recent,
    device: DeviceId,
    payload: bytes,
    seconds: float,
    *said: Observation,
    codec: str = "bthome",
) -> None:
    recent.add(codec, Frame(device, payload, after(seconds)), said or (says(device),), after(seconds))


def sealed(recent: Recent, seconds: float) -> dict[str, Any]:
    return dict(recent.seal(after(seconds)))


def test_the_last_minute_is_sealed_newest_first() -> None:
    recent = Recent()
    add(recent, PENDANT, b"\x40\x3a\x01", 0)
    add(recent, RADAR, b"\x53\x59", 50, codec="micradar")
    add(recent, PENDANT, b"\x40\x3a\x04", 60.5)
    assert sealed(recent, 61) == {
        "frames": [
            {"d": PENDANT, "c": "bthome", "x": "403a04", "a": 0.5},
            {"d": RADAR, "c": "micradar", "x": "5359", "a": 11.0},
        ]
    }


def test_what_draws_somebody_is_counted_and_stays_at_home() -> None:
    recent = Recent()
    for tenth in range(20):
        add(recent, WATCH, bytes(40), tenth / 10, MotionWindow(WATCH, NOON, 1, 50.0, 8.0, ((0, 0, 1000),)))
    add(recent, RADAR, bytes(30), 2, says(RADAR), says(RADAR, Quantity.TARGETS))
    add(recent, RADAR, bytes(MOST_FRAME + 1), 2)
    recent.add("ld6002", Frame(RADAR, bytes(12), after(2)), (), after(2))
    add(recent, RADAR, bytes(MOST_FRAME), 3)
    assert sealed(recent, 4)["frames_left_out"] == 23
    assert [frame["x"] for frame in sealed(recent, 4)["frames"]] == ["00" * MOST_FRAME]


def test_nothing_heard_says_nothing() -> None:
    recent = Recent()
    assert sealed(recent, 0) == {}
    add(recent, PENDANT, b"\x40", 0)
    assert sealed(recent, 61) == {}


def test_a_clock_that_was_set_back_hides_what_it_cannot_place() -> None:
    recent = Recent()
    add(recent, PENDANT, b"\x40", 0)
    assert sealed(recent, -3600) == {}


@given(st.lists(st.tuples(st.integers(0, 2 * MOST_FRAME), st.floats(0, 0.1)), min_size=1, max_size=300))
def test_however_much_is_heard_the_record_stays_bounded_and_nothing_is_uncounted(
    frames: list[tuple[int, float]],
) -> None:
    recent, at = Recent(), 0.0
    for size, pause_s in frames:
        at += pause_s
        add(recent, RADAR, bytes(size), at)
    found = sealed(recent, at)
    assert len(json.dumps(found.get("frames", []))) <= MOST_BYTES
    assert len(found.get("frames", [])) + found.get("frames_left_out", 0) == len(frames)


def test_a_flood_costs_no_more_memory_than_the_window_and_keeps_the_newest() -> None:
    recent = Recent()
    for number in range(3 * MOST_FRAMES):
        add(recent, RADAR, number.to_bytes(4, "big"), number / 1000)
    found = sealed(recent, 3 * MOST_FRAMES / 1000)
    assert len(found["frames"]) + found["frames_left_out"] == MOST_FRAMES
    assert found["frames"][0]["x"] == (3 * MOST_FRAMES - 1).to_bytes(4, "big").hex()
