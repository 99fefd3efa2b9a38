"""Packets to candidates: order, gaps, rates, clipping, and bounded memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.falls.around import AFTER, contexts
from edge_agent.falls.candidates import Floats, peaks
from edge_agent.falls.stream import Arrival, Candidate, MotionStream
from firmware_protocols.model import MotionWindow
from tests.unit.edge_agent.falls.falling import IMPACT_S, START, fall, packets, walk


def run(stream: MotionStream, windows: list[MotionWindow]) -> tuple[list[Arrival], list[Candidate]]:
    arrivals, found = [], []
    for window in windows:
        arrival, candidates = stream.feed(window)
        arrivals.append(arrival)
        found += candidates
    return arrivals, found


def impact_times(found: list[Candidate]) -> list[float]:
    return [round((candidate.at - START).total_seconds(), 3) for candidate in found]


@settings(deadline=None, max_examples=30)
@given(size=st.integers(1, 80), seed=st.integers(0, 5))
def test_any_packet_size_finds_what_the_whole_recording_finds(size: int, seed: int) -> None:
    samples = np.concatenate([walk(seed=seed), fall(seed=seed), walk(seed=seed + 1)])
    _, found = run(MotionStream(), list(packets(samples, size=size)))
    magnitude = np.sqrt(np.einsum("nk,nk->n", samples, samples))
    at = peaks(magnitude, 0, len(magnitude) - AFTER)
    assert impact_times(found) == (at / 50).tolist()
    streamed: Floats = np.concatenate([candidate.context for candidate in found])
    np.testing.assert_array_equal(streamed, contexts(samples, at))


def test_a_peak_is_settled_three_seconds_after_it_at_most_a_packet_later() -> None:
    _, found = run(MotionStream(), list(packets(fall())))
    wait = found[0].decided_at - found[0].at
    assert timedelta(seconds=3) <= wait <= timedelta(seconds=3.5)


@pytest.mark.parametrize("rate_hz", [20.0, 25.0, 31.25, 100.0, 200.0])
def test_the_time_of_the_impact_is_right_at_any_rate(rate_hz: float) -> None:
    samples = fall()
    time = np.arange(round(12 * rate_hz)) / rate_hz
    resampled = np.column_stack([np.interp(time, np.arange(len(samples)) / 50, axis) for axis in samples.T])
    _, found = run(MotionStream(), list(packets(resampled, rate_hz=rate_hz)))
    assert impact_times(found) == pytest.approx([IMPACT_S], abs=0.06)


def test_a_counter_that_wraps_is_no_gap() -> None:
    arrivals, found = run(MotionStream(), list(packets(fall(), counter=65530)))
    assert set(arrivals) == {Arrival.USED}
    assert impact_times(found) == [IMPACT_S]


def test_a_lost_packet_is_bridged_and_the_impact_keeps_its_time() -> None:
    windows = list(packets(fall()))
    del windows[8]
    arrivals, found = run(MotionStream(), windows)
    assert arrivals.count(Arrival.BRIDGED) == 1
    assert impact_times(found) == [IMPACT_S]
    assert found[0].bridged == pytest.approx(25 / 351, abs=0.002)


def test_a_lost_impact_is_not_invented() -> None:
    windows = list(packets(fall()))
    del windows[12]
    assert run(MotionStream(), windows)[1] == []


def test_copies_and_late_packets_change_nothing() -> None:
    windows = list(packets(fall()))
    disturbed = [copy for window in windows for copy in (window, window)]
    disturbed.insert(20, windows[3])
    arrivals, found = run(MotionStream(), disturbed)
    _, clean = run(MotionStream(), windows)
    assert arrivals.count(Arrival.REPEATED) == len(windows) + 1
    assert impact_times(found) == impact_times(clean)
    np.testing.assert_array_equal(found[0].context, clean[0].context)


def test_a_burst_after_a_stalled_link_is_no_gap() -> None:
    windows = list(packets(fall()))
    late = windows[17].observed_at
    stalled = [replace(w, observed_at=late) if 11 <= n <= 17 else w for n, w in enumerate(windows)]
    arrivals, found = run(MotionStream(), stalled)
    assert set(arrivals) == {Arrival.USED}
    assert len(found) == 1


def test_after_a_long_gap_the_pending_impact_is_judged_and_the_stream_starts_anew() -> None:
    windows = list(packets(fall()))
    before = [w for w in windows if w.observed_at <= START + timedelta(seconds=7.5)]
    after = replace(windows[0], counter=40, observed_at=START + timedelta(seconds=60))
    arrivals, found = run(MotionStream(), [*before, after])
    assert arrivals[-1] == Arrival.RESTARTED
    assert impact_times(found) == [IMPACT_S]


def test_a_device_that_restarted_its_counter_is_followed_again() -> None:
    first = list(packets(walk(5.0), counter=300))
    again = list(packets(fall(), counter=0, start=START + timedelta(seconds=30)))
    arrivals, found = run(MotionStream(), first + again)
    assert arrivals.count(Arrival.RESTARTED) == 1
    assert (START + timedelta(seconds=30 + IMPACT_S)) in [candidate.at for candidate in found]


def test_a_restart_under_a_clock_set_back_is_followed_after_a_while() -> None:
    first = list(packets(walk(5.0), counter=300))
    again = list(packets(np.concatenate([walk(60.0), fall()]), counter=0, start=START - timedelta(hours=1)))
    arrivals, found = run(MotionStream(), first + again)
    assert Arrival.RESTARTED in arrivals
    assert START - timedelta(hours=1) + timedelta(seconds=60 + IMPACT_S) in [
        candidate.at for candidate in found
    ]


def test_a_change_of_rate_or_range_starts_anew() -> None:
    first = list(packets(walk(5.0)))
    other = list(packets(walk(5.0), counter=len(first), range_g=8.0, start=first[-1].observed_at))
    arrivals, _ = run(MotionStream(), first + other)
    assert arrivals[len(first)] == Arrival.RESTARTED


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_hz": 0.0},
        {"rate_hz": float("nan")},
        {"rate_hz": 5.0},
        {"rate_hz": 1e9},
        {"range_g": 0.0},
        {"range_g": float("inf")},
        {"samples_mg": ()},
        {"samples_mg": ((32767, 0, 0),) * 25},
    ],
)
def test_a_packet_no_sensor_can_have_measured_is_refused_and_costs_only_itself(
    wrong: dict[str, object],
) -> None:
    windows = list(packets(fall()))
    windows[5] = replace(windows[5], **wrong)  # type: ignore[arg-type]
    arrivals, found = run(MotionStream(), windows)
    assert arrivals[5] == Arrival.REFUSED
    assert arrivals[6] == Arrival.BRIDGED
    assert impact_times(found) == [IMPACT_S]


def test_clipped_samples_are_counted() -> None:
    _, found = run(MotionStream(), list(packets(fall(), range_g=2.0)))
    assert found[0].clipped == 2


def test_memory_does_not_grow_with_the_hours() -> None:
    stream = MotionStream()
    for window in packets(walk(600.0)):
        stream.feed(window)
        assert len(stream._rows) <= 400


def test_nothing_is_pending_before_anything_came() -> None:
    assert MotionStream().finish() == []
